/* SPDX-License-Identifier: MIT */
/*
 * text - what the reports share: labels, columns, Python's quoting, milliseconds.
 *
 * Everything appends to a buffer; what exceeds its limit is left out, because a report is better cut than missing.
 */
#pragma once

#include "base/buffer.h"
#include "base/time.h"

/* The percentiles of Locust 0.9's tables: 50 66 75 80 90 95 98 99 100 %. */
#define ACR_TEXT_PERCENTILES 9
extern const double acr_text_percentiles[ACR_TEXT_PERCENTILES];

void acr_text_append(struct acr_buffer *out, struct acr_str str);
void acr_text_format(struct acr_buffer *out, const char *format, ...) ACR_PRINTF(2, 3);

/* Fills what was appended since `start` with blanks to `width` characters: code points, as Python counts. */
void acr_text_pad(struct acr_buffer *out, size_t start, size_t width);

/* "GET /path"; only the name when there is no method. */
void acr_text_label(struct acr_buffer *out, struct acr_str method, struct acr_str name);

/* `str` as Python's repr() writes it: quoted, with escapes for what is not printable. A byte that is not UTF-8 becomes
 * \xNN. Code points that Unicode has not assigned count as printable. */
void acr_text_python_repr(struct acr_buffer *out, struct acr_str str);

/* Failures in percent of all requests, 0 without requests. */
double acr_text_fail_percent(uint64_t successes, uint64_t failures);

static inline double acr_text_millis(double nanos)
{
    return nanos / (double)ACR_NANOS_PER_MILLI;
}

static inline uint64_t acr_text_millis_rounded(uint64_t nanos)
{
    return (nanos + ACR_NANOS_PER_MILLI / 2) / (uint64_t)ACR_NANOS_PER_MILLI;
}
