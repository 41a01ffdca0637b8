/* SPDX-License-Identifier: MIT */
/*
 * error - the one error convention.
 *
 * A function that can fail returns int: 0, or a negative ACR_ERR_ code from error.def. Outputs come last,
 * are named ret_..., and are untouched on failure. Detail (host, path, line, errno) goes into an optional
 * struct acr_error, filled where it is known; every filler accepts NULL.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define ACR_MUST_CHECK __attribute__((warn_unused_result))
#define ACR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum acr_error_code {
    ACR_OK = 0,
#define ACR_ERROR(name, number, title, text) ACR_ERR_##name = -(number),
#include "base/error.def"
#undef ACR_ERROR
};

/* Longest detail kept, terminator included; longer ones are cut. */
#define ACR_ERROR_DETAIL_MAX 256

/* Owner: the caller. A zeroed one is empty. */
struct acr_error {
    int code;                          /* ACR_ERR_..., 0 when empty */
    int system;                        /* errno at the point of failure, 0 when none */
    char detail[ACR_ERROR_DETAIL_MAX]; /* what, where; never the code's own text */
};

/* "ReadTimeout"; "Unknown" for a number that is not in the list. Static storage. */
const char *acr_error_name(int code);

/* "read timed out". Static storage. */
const char *acr_error_text(int code);

/* Makes it empty. Cheaper than to zero it, detail and all, where that is done for each request. */
static inline void acr_error_clear(struct acr_error *error)
{
    error->code = error->system = 0;
    error->detail[0] = '\0';
}

/* Fills `error` if it is not NULL and returns `code`, so that a failing path can be one line. */
int acr_error_set(struct acr_error *error, int code, const char *format, ...) ACR_PRINTF(3, 4);

/* As acr_error_set, and remembers `system` (an errno) and appends its text. */
int acr_error_set_system(struct acr_error *error, int code, int system, const char *format, ...) ACR_PRINTF(4, 5);

/* Writes "text: detail" (or only the text) into `out`, always terminated. */
void acr_error_format(const struct acr_error *error, char *out, size_t size);
