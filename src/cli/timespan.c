/* SPDX-License-Identifier: MIT */
/* timespan - reads "1h30m". */
#include "cli/timespan.h"

#include <stdint.h>

#include "base/str.h"

/* Digits at the front of `rest`, which moves behind them. ACR_ERR_INVALID when there are none. */
static int take_number(struct acr_str *rest, uint64_t *ret_value)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] >= '0' && rest->data[size] <= '9')
        size++;
    int rc = acr_str_parse_u64((struct acr_str){rest->data, size}, ret_value);
    if (rc == 0)
        *rest = (struct acr_str){rest->data + size, rest->size - size};
    return rc;
}

static int add_seconds(uint64_t *total, uint64_t number, uint64_t seconds)
{
    uint64_t product;
    if (__builtin_mul_overflow(number, seconds, &product) || __builtin_add_overflow(*total, product, total))
        return ACR_ERR_LIMIT;
    return *total <= (uint64_t)(ACR_NEVER / ACR_NANOS_PER_SECOND) ? 0 : ACR_ERR_LIMIT;
}

/* Finds the unit's letter among those that may still come, and moves behind it. */
static int take_unit(struct acr_str *rest, const char **units, uint64_t *ret_seconds)
{
    const char *unit = rest->size > 0 ? memchr(*units, rest->data[0], strlen(*units)) : NULL;
    if (unit == NULL)
        return ACR_ERR_INVALID;
    *ret_seconds = *unit == 'h' ? 3600 : *unit == 'm' ? 60 : 1;
    *units = unit + 1;
    *rest = (struct acr_str){rest->data + 1, rest->size - 1};
    return 0;
}

int acr_timespan_parse(const char *text, acr_nanos *ret_span)
{
    struct acr_str rest = acr_str_of(text);
    const char *units = "hms";
    uint64_t total = 0, number, seconds;
    bool bare = true;
    do {
        int rc = take_number(&rest, &number);
        if (rc == 0 && bare && rest.size == 0)
            seconds = 1;
        else if (rc == 0)
            rc = take_unit(&rest, &units, &seconds);
        if (rc == 0)
            rc = add_seconds(&total, number, seconds);
        if (rc < 0)
            return rc;
        bare = false;
    } while (rest.size > 0);
    *ret_span = (acr_nanos)total * ACR_NANOS_PER_SECOND;
    return 0;
}
