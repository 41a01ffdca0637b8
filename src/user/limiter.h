/* SPDX-License-Identifier: MIT */
/*
 * limiter - when the next task may begin, so that no more than so many begin per second.
 *
 * Slots for tasks lie evenly in time: at a ceiling of 500 per second one every two milliseconds, not 500 at the start
 * of each second. A slot that nobody took is gone; only those of the last ACR_LIMITER_LATENESS are kept, so that a
 * thread that came late by that much still reaches the ceiling.
 *
 * With a step the ceiling rises: it is `step` in the first period, twice that in the second, and so on, up to `ceiling`
 * if there is one.
 *
 * Time goes in and comes out; nothing here waits. O(1).
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"

#define ACR_LIMITER_LATENESS (50 * ACR_NANOS_PER_MILLI)

/* Higher rates, and lower ones but 0, are not meant; whoever reads limits from a person refuses them. */
#define ACR_LIMITS_RATE_MAX 1e9
#define ACR_LIMITS_RATE_MIN 1e-6
#define ACR_LIMITS_RATES "0.000001 to 1000000000"

struct acr_limits {
    double ceiling;   /* tasks that may begin per second; 0: no end to it */
    double step;      /* what the ceiling begins with and grows by; 0: it is `ceiling` all the time */
    acr_nanos period; /* how long each step lasts, > 0 if there is one */
};

struct acr_limiter { /* fields are private */
    struct acr_limits limits;
    acr_nanos begin;
    double next; /* number of the next slot; slots before it are taken or gone */
};

/* Do they limit anything? */
static inline bool acr_limits_any(const struct acr_limits *limits)
{
    return limits->ceiling > 0 || limits->step > 0;
}

/* The first slot is at `now`. `limits` limit something. */
void acr_limiter_begin(struct acr_limiter *limiter, const struct acr_limits *limits, acr_nanos now);

/* When the next free slot is, seen at `now`; at most `now`: at once. */
acr_nanos acr_limiter_next(const struct acr_limiter *limiter, acr_nanos now);

/* Takes that slot, and returns its time. */
acr_nanos acr_limiter_take(struct acr_limiter *limiter, acr_nanos now);
