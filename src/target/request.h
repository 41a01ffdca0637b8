/* SPDX-License-Identifier: MIT */
/*
 * request - the head of an HTTP/1.x request, taken apart in place.
 *
 * Strings point into the parsed bytes. Lenient in two points only, as RFC 9112 2.2 allows: a bare LF ends a line, blank
 * lines before the request line are skipped. Everything else that is wrong gets the status to answer with, after which
 * the connection cannot be used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/* Longest head that is taken, blank line included; more is answered with 431. */
#define ACR_TARGET_HEAD_MAX (64 * 1024)
#define ACR_TARGET_FIELDS_MAX 128

struct acr_target_field {
    struct acr_str name;
    struct acr_str value;
};

struct acr_target_request {
    struct acr_str method;
    struct acr_str target; /* as received */
    struct acr_str path;   /* not decoded; "/" when an absolute form has none */
    struct acr_str query;  /* without '?' */
    int minor_version;     /* 0 or 1 */
    bool close;            /* no further request may follow on this connection */
    bool keep_alive_line;  /* HTTP/1.0 that asked for keep-alive: the answer has to confirm it */
    bool chunked;
    bool expect_continue;
    bool has_length;
    uint64_t content_length;
    size_t head_size; /* bytes up to and including the blank line */
    size_t field_count;
    struct acr_target_field fields[ACR_TARGET_FIELDS_MAX];
};

/* Returns 0 when data[0..size) holds a complete head, which then fills `ret_request`; ACR_ERR_AGAIN when more bytes are
 * needed. ACR_ERR_INVALID: answer with *ret_status (400, 431, 501, 505) and close. `ret_request` is scribbled on in all
 * cases. */
ACR_MUST_CHECK int acr_target_request_parse(const char *data, size_t size, struct acr_target_request *ret_request,
                                            int *ret_status);

/* The value of the first field of that name (any case); {NULL, 0} when there is none. */
struct acr_str acr_target_request_field(const struct acr_target_request *request, struct acr_str name);
