/* SPDX-License-Identifier: MIT */
/* wait - draws the pause between two tasks. */
#include "user/wait.h"

#include <math.h>
#include <stdbool.h>

/* Whole numbers up to here are exact in a double, and so is the distance of two of them plus one. */
#define MILLIS_MAX 4503599627370496.0 /* 2^52 */

static int check_bound(double bound, const char *which, struct acr_error *error)
{
    if (isnan(bound))
        return acr_error_set(error, ACR_ERR_INVALID, "the %s wait is not a number", which);
    if (isinf(bound))
        return acr_error_set(error, ACR_ERR_INVALID, "the %s wait is infinite", which);
    return 0;
}

static int check_not_negative(double bound, const char *which, struct acr_error *error)
{
    if (bound < 0)
        return acr_error_set(error, ACR_ERR_INVALID, "the %s wait is negative (%g)", which, bound);
    return 0;
}

static int check_millis(double bound, const char *which, struct acr_error *error)
{
    if (bound != floor(bound))
        return acr_error_set(error, ACR_ERR_INVALID, "the %s wait is not a whole number of milliseconds (%g)", which,
                             bound);
    if (fabs(bound) > MILLIS_MAX)
        return acr_error_set(error, ACR_ERR_INVALID, "the %s wait is too long (%g ms)", which, bound);
    return 0;
}

static bool has_range(const struct acr_wait *wait)
{
    return wait->kind == ACR_WAIT_MILLIS || wait->kind == ACR_WAIT_BETWEEN;
}

int acr_wait_check(const struct acr_wait *wait, struct acr_error *error)
{
    if (!has_range(wait)) {
        const char *which = wait->kind == ACR_WAIT_PACING ? "pacing" : "constant";
        int rc = check_bound(wait->low, which, error);
        return rc == 0 ? check_not_negative(wait->low, which, error) : rc;
    }
    int (*check_more)(double, const char *, struct acr_error *) =
        wait->kind == ACR_WAIT_MILLIS ? check_millis : check_not_negative;
    int rc = check_bound(wait->low, "shortest", error);
    if (rc == 0)
        rc = check_bound(wait->high, "longest", error);
    if (rc == 0 && wait->low > wait->high)
        rc = acr_error_set(error, ACR_ERR_INVALID, "the shortest wait (%g) is longer than the longest (%g)", wait->low,
                           wait->high);
    if (rc == 0)
        rc = check_more(wait->low, "shortest", error);
    if (rc == 0)
        rc = check_more(wait->high, "longest", error);
    return rc;
}

void acr_wait_begin(struct acr_wait_state *state, acr_nanos now)
{
    state->last_start = now;
}

static acr_nanos draw_millis(const struct acr_wait *wait, struct acr_random *random)
{
    int64_t low = (int64_t)wait->low;
    uint64_t span = (uint64_t)((int64_t)wait->high - low) + 1;
    int64_t millis = low + (int64_t)acr_random_below(random, span);
    if (millis <= 0)
        return 0;
    return millis < ACR_NEVER / ACR_NANOS_PER_MILLI ? millis * ACR_NANOS_PER_MILLI : ACR_NEVER;
}

static acr_nanos until_pace(const struct acr_wait *wait, const struct acr_wait_state *state, acr_nanos now)
{
    acr_nanos next = acr_deadline_after(state->last_start, acr_nanos_from_seconds(wait->low));
    return next > now ? next - now : 0;
}

static acr_nanos draw(const struct acr_wait *wait, const struct acr_wait_state *state, struct acr_random *random,
                      acr_nanos now)
{
    switch (wait->kind) {
    case ACR_WAIT_MILLIS:
        return draw_millis(wait, random);
    case ACR_WAIT_BETWEEN:
        return acr_nanos_from_seconds(wait->low + acr_random_unit(random) * (wait->high - wait->low));
    case ACR_WAIT_CONSTANT:
        return acr_nanos_from_seconds(wait->low);
    case ACR_WAIT_PACING:
        return until_pace(wait, state, now);
    }
    return 0;
}

acr_nanos acr_wait_next(const struct acr_wait *wait, struct acr_wait_state *state, struct acr_random *random,
                        acr_nanos now)
{
    acr_nanos pause = draw(wait, state, random, now);
    state->last_start = acr_deadline_after(now, pause);
    return pause;
}
