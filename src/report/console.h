/* SPDX-License-Identifier: MIT */
/*
 * console - Locust's tables as text: requests, percentiles, errors.
 *
 * Pure formatting of a snapshot into a buffer, byte for byte the layout of spec/locust-0.9.md section 6; who prints it
 * and when is the runner's business.
 */
#pragma once

#include "base/buffer.h"
#include "stats/snapshot.h"

/* Width of the name column; longer labels push the rest to the right, as in Locust. */
#define ACR_CONSOLE_NAME_WIDTH 60

/* The request table (6.1), a line each, with the empty line at its end. `now_wall` is what req/s refers to: the present
 * while the test runs; the last request (`snapshot->total.last_wall`) in the final report, as Locust does, because the
 * rate decays with the clock. The total's share of failures refers to all requests, like the rows' (Locust 0.9 divides
 * by the successes there and reaches more than 100 %). */
void acr_console_requests(const struct acr_snapshot *snapshot, acr_nanos now_wall, struct acr_buffer *out);

/* The percentile table (6.2). */
void acr_console_percentiles(const struct acr_snapshot *snapshot, struct acr_buffer *out);

/* The error report (6.3); nothing when there are no errors. */
void acr_console_errors(const struct acr_snapshot *snapshot, struct acr_buffer *out);
