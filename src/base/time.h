/* SPDX-License-Identifier: MIT */
/*
 * time - the one type for time, and a clock that a test can move by hand.
 *
 * acr_nanos is a signed count of nanoseconds. On the monotonic clock it is a point in time without meaning
 * of its own; on the wall clock it counts from the Unix epoch. Deadlines are absolute and monotonic.
 */
#pragma once

#include <stdint.h>

typedef int64_t acr_nanos;

#define ACR_NANOS_PER_MICRO INT64_C(1000)
#define ACR_NANOS_PER_MILLI INT64_C(1000000)
#define ACR_NANOS_PER_SECOND INT64_C(1000000000)

/* A deadline that never comes. */
#define ACR_NEVER INT64_MAX

/* Where "now" comes from. The caller owns it; it outlives everything that was given it. */
struct acr_clock {
    acr_nanos (*monotonic)(const struct acr_clock *clock);
    acr_nanos (*wall)(const struct acr_clock *clock);
};

/* The machine's clocks. Static storage. */
const struct acr_clock *acr_clock_system(void);

/* A clock for tests: stands still until its fields are changed. Embed it, init it, pass `&fake.clock`. */
struct acr_clock_fake {
    struct acr_clock clock;
    acr_nanos monotonic_now;
    acr_nanos wall_now;
};

void acr_clock_fake_init(struct acr_clock_fake *fake, acr_nanos monotonic_now, acr_nanos wall_now);

/* Seconds to nanoseconds; saturates at ACR_NEVER, negative and NaN give 0. */
acr_nanos acr_nanos_from_seconds(double seconds);

static inline double acr_nanos_to_seconds(acr_nanos nanos)
{
    return (double)nanos / 1e9;
}

/* `now + delta` without overflow: ACR_NEVER when it would. */
static inline acr_nanos acr_deadline_after(acr_nanos now, acr_nanos delta)
{
    return delta >= ACR_NEVER - now ? ACR_NEVER : now + delta;
}
