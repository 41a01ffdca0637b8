/* SPDX-License-Identifier: MIT */
/* increase - a number, and what stands behind a slash. */
#include "cli/increase.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "cli/number.h"
#include "cli/timespan.h"
#include "user/limiter.h"

static int check(double step, acr_nanos period, bool has_period)
{
    if (step == -1 && !has_period)
        return 0;
    if (isnan(step) || step <= 0 || period <= 0)
        return ACR_ERR_INVALID;
    return step >= ACR_LIMITS_RATE_MIN && step <= ACR_LIMITS_RATE_MAX ? 0 : ACR_ERR_LIMIT;
}

int acr_increase_parse(const char *text, double *ret_step, acr_nanos *ret_period)
{
    const char *slash = strchrnul(text, '/');
    acr_nanos period = ACR_NANOS_PER_SECOND;
    double step;
    char *number = acr_strndup(text, (size_t)(slash - text));
    int rc = acr_number_parse_float(number, &step);
    acr_free(number);
    if (rc == 0 && *slash == '/')
        rc = acr_timespan_parse(slash + 1, &period);
    if (rc == 0)
        rc = check(step, period, *slash == '/');
    if (rc < 0)
        return rc;
    *ret_step = step > 0 ? step : 0;
    *ret_period = period;
    return 0;
}
