/* SPDX-License-Identifier: MIT */
/*
 * limiter - slots are numbered 0, 1, 2 ...; between a number and its time stands the integral of the ceiling.
 *
 * Step k (0, 1, ...) lasts from k * period on and has the rate step * (k + 1), so step * period * k * (k + 1) / 2 slots
 * lie before it. The last step is the one that reaches the ceiling; it has no end. Numbers are not rounded: where a
 * step ends between two slots, the part of a slot that has passed counts for the next one.
 */
#include "user/limiter.h"

#include <math.h>

/* Number of the step that has no end. */
static double last_step(const struct acr_limits *limits)
{
    return limits->ceiling > 0 ? ceil(limits->ceiling / limits->step) - 1 : INFINITY;
}

static double rate_of(const struct acr_limits *limits, double step)
{
    double rate = limits->step * (step + 1);
    return limits->ceiling > 0 ? fmin(rate, limits->ceiling) : rate;
}

static double slots_before(const struct acr_limits *limits, double step)
{
    return limits->step * acr_nanos_to_seconds(limits->period) * step * (step + 1) / 2;
}

/* The number that belongs to a time, in seconds since the begin. */
static double number_at(const struct acr_limits *limits, double seconds)
{
    if (limits->step <= 0)
        return limits->ceiling * seconds;
    double period = acr_nanos_to_seconds(limits->period);
    double step = fmin(floor(seconds / period), last_step(limits));
    return slots_before(limits, step) + (seconds - step * period) * rate_of(limits, step);
}

/* The step in which the slot lies: of the quadratic above. */
static double step_of(const struct acr_limits *limits, double number)
{
    double slots_in_first = limits->step * acr_nanos_to_seconds(limits->period);
    double step = floor((sqrt(1 + 8 * number / slots_in_first) - 1) / 2);
    return fmin(step, last_step(limits));
}

static double time_of(const struct acr_limits *limits, double number)
{
    if (limits->step <= 0)
        return number / limits->ceiling;
    double step = step_of(limits, number);
    double begin = step * acr_nanos_to_seconds(limits->period);
    return begin + (number - slots_before(limits, step)) / rate_of(limits, step);
}

void acr_limiter_begin(struct acr_limiter *limiter, const struct acr_limits *limits, acr_nanos now)
{
    *limiter = (struct acr_limiter){.limits = *limits, .begin = now};
}

/* The next slot that is not gone yet. */
static double next_number(const struct acr_limiter *limiter, acr_nanos now)
{
    acr_nanos passed = now - limiter->begin - ACR_LIMITER_LATENESS;
    if (passed <= 0)
        return limiter->next;
    return fmax(limiter->next, number_at(&limiter->limits, acr_nanos_to_seconds(passed)));
}

static acr_nanos at(const struct acr_limiter *limiter, double number)
{
    return acr_deadline_after(limiter->begin, acr_nanos_from_seconds(time_of(&limiter->limits, number)));
}

acr_nanos acr_limiter_next(const struct acr_limiter *limiter, acr_nanos now)
{
    return at(limiter, next_number(limiter, now));
}

acr_nanos acr_limiter_take(struct acr_limiter *limiter, acr_nanos now)
{
    double number = next_number(limiter, now);
    limiter->next = number + 1;
    return at(limiter, number);
}
