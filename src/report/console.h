/* SPDX-License-Identifier: MIT */
/*
 * console - Locust's tables as text: requests, percentiles, errors.
 *
 * Pure formatting into a buffer, byte for byte the layout of spec/locust-0.9.md section 6; who prints it and when is
 * the runner's business. A table is made of a snapshot, or row by row of numbers that were found elsewhere: its head,
 * its rows, its end with the total.
 *
 * `name_width` is the width of the name column; longer labels push the rest to the right, as in Locust.
 */
#pragma once

#include "base/buffer.h"
#include "report/text.h"
#include "stats/snapshot.h"

#define ACR_CONSOLE_NAME_WIDTH 60 /* unless a scenario wants another */
#define ACR_CONSOLE_NAME_WIDTH_MAX 1000

/* Times are milliseconds, 0 when there are none; shown without their fraction. */
struct acr_request_row {
    struct acr_str method, name;
    uint64_t requests; /* that succeeded */
    uint64_t failures;
    double average_ms, least_ms, most_ms, median_ms;
    double rps;
};

struct acr_percentile_row {
    struct acr_str method, name;
    uint64_t requests;
    double times_ms[ACR_TEXT_PERCENTILES];
};

void acr_console_requests_head(unsigned name_width, struct acr_buffer *out);
void acr_console_requests_row(const struct acr_request_row *row, unsigned name_width, struct acr_buffer *out);
/* With the empty line behind the table. Of `total` no times are shown. */
void acr_console_requests_end(const struct acr_request_row *total, unsigned name_width, struct acr_buffer *out);

void acr_console_percentiles_head(unsigned name_width, struct acr_buffer *out);
void acr_console_percentiles_row(const struct acr_percentile_row *row, unsigned name_width, struct acr_buffer *out);
/* `total` may be NULL. */
void acr_console_percentiles_end(const struct acr_percentile_row *total, unsigned name_width, struct acr_buffer *out);

/* The request table (6.1). `now_wall` is what req/s refers to: the present while the test runs; the last request
 * (`snapshot->total.last_wall`) in the final report, as Locust does, because the rate decays with the clock. The
 * total's share of failures refers to all requests, like the rows' (Locust 0.9 divides by the successes there and
 * reaches more than 100 %). */
void acr_console_requests(const struct acr_snapshot *snapshot, acr_nanos now_wall, unsigned name_width,
                          struct acr_buffer *out);

/* The percentile table (6.2). */
void acr_console_percentiles(const struct acr_snapshot *snapshot, unsigned name_width, struct acr_buffer *out);

/* The error report (6.3); nothing when there are no errors. */
void acr_console_errors(const struct acr_stats_error *errors, size_t count, unsigned name_width,
                        struct acr_buffer *out);
