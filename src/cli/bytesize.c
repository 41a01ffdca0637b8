/* SPDX-License-Identifier: MIT */
/* bytesize - digits, and at most one letter. */
#include "cli/bytesize.h"

#include <string.h>

#include "base/str.h"

int acr_bytesize_parse(const char *text, size_t *ret_bytes)
{
    static const char units[] = "kmg";
    size_t digits = strspn(text, "0123456789");
    uint64_t number = 0, factor = 1;
    int rc = acr_str_parse_u64((struct acr_str){text, digits}, &number);
    if (rc < 0)
        return rc;
    if (text[digits] != '\0') {
        const char *unit = strchr(units, acr_char_lower(text[digits]));
        if (unit == NULL || text[digits + 1] != '\0')
            return ACR_ERR_INVALID;
        factor <<= 10 * (unit - units + 1);
    }
    return __builtin_mul_overflow(number, factor, ret_bytes) ? ACR_ERR_LIMIT : 0;
}
