/* SPDX-License-Identifier: MIT */
/*
 * wait - how long a user pauses between two tasks.
 *
 * Both generations: 0.9's whole milliseconds, both ends included, and 2.x's between, constant and pacing in seconds
 * (spec/locust-2.md 2.4; pacing on the monotonic clock, so a clock step does not stretch a wait).
 */
#pragma once

#include "base/error.h"
#include "base/random.h"
#include "base/time.h"

enum acr_wait_kind {
    ACR_WAIT_MILLIS,   /* uniform whole milliseconds in low..high (locustfile 0.9); negative ones: no wait */
    ACR_WAIT_BETWEEN,  /* uniform seconds in low..high */
    ACR_WAIT_CONSTANT, /* low seconds */
    ACR_WAIT_PACING,   /* so that tasks start every `low` seconds */
};

struct acr_wait {
    enum acr_wait_kind kind;
    double low, high;
};

/* Per user and task set; a zeroed one, then acr_wait_begin(). */
struct acr_wait_state {
    acr_nanos last_start; /* when the task that just ran was started */
};

/* ACR_ERR_INVALID for low > high, bounds that are not a number or negative (but for millis), millis that are not whole;
 * `error` says which. */
ACR_MUST_CHECK int acr_wait_check(const struct acr_wait *wait, struct acr_error *error);

/* Call when the user starts, at `now` (monotonic). */
void acr_wait_begin(struct acr_wait_state *state, acr_nanos now);

/* Nanoseconds from `now` until the next task may start; 0: at once. */
acr_nanos acr_wait_next(const struct acr_wait *wait, struct acr_wait_state *state, struct acr_random *random,
                        acr_nanos now);
