/* SPDX-License-Identifier: MIT */
/* hatch - spreads the start of users over time. */
#include "run/hatch.h"

acr_nanos acr_hatch_time(double rate, size_t number)
{
    return acr_nanos_from_seconds((double)number / rate);
}

size_t acr_hatch_due(double rate, acr_nanos elapsed, size_t users)
{
    double estimate = acr_nanos_to_seconds(elapsed) * rate + 1;
    size_t due = estimate < (double)users ? (size_t)estimate : users;
    /* The estimate may be off by the noise of a division; acr_hatch_time() decides. */
    while (due > 0 && acr_hatch_time(rate, due - 1) > elapsed)
        due--;
    while (due < users && acr_hatch_time(rate, due) <= elapsed)
        due++;
    return due;
}
