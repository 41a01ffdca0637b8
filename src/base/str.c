/* SPDX-License-Identifier: MIT */
/* str - questions about borrowed runs of bytes. */
#include "base/str.h"

bool acr_str_equal_nocase(struct acr_str a, struct acr_str b)
{
    return a.size == b.size && acr_str_starts_nocase(a, b);
}

bool acr_str_starts_nocase(struct acr_str str, struct acr_str prefix)
{
    if (str.size < prefix.size)
        return false;
    for (size_t i = 0; i < prefix.size; i++)
        if (acr_char_lower(str.data[i]) != acr_char_lower(prefix.data[i]))
            return false;
    return true;
}

bool acr_str_ends(struct acr_str str, struct acr_str suffix)
{
    return str.size >= suffix.size &&
           acr_str_equal((struct acr_str){str.data + str.size - suffix.size, suffix.size}, suffix);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct acr_str acr_str_trim(struct acr_str str)
{
    while (str.size > 0 && is_blank(str.data[0])) {
        str.data++;
        str.size--;
    }
    while (str.size > 0 && is_blank(str.data[str.size - 1]))
        str.size--;
    return str;
}

ptrdiff_t acr_str_find_char(struct acr_str str, char c)
{
    const char *found = str.size > 0 ? memchr(str.data, c, str.size) : NULL;
    return found != NULL ? found - str.data : -1;
}

bool acr_str_has_token(struct acr_str list, struct acr_str token)
{
    while (list.size > 0) {
        ptrdiff_t comma = acr_str_find_char(list, ',');
        size_t size = comma >= 0 ? (size_t)comma : list.size;
        if (acr_str_equal_nocase(acr_str_trim((struct acr_str){list.data, size}), token))
            return true;
        size_t step = comma >= 0 ? size + 1 : size;
        list.data += step;
        list.size -= step;
    }
    return false;
}

int acr_str_parse_u64(struct acr_str str, uint64_t *ret_value)
{
    if (str.size == 0)
        return ACR_ERR_INVALID;
    uint64_t value = 0;
    for (size_t i = 0; i < str.size; i++) {
        if (str.data[i] < '0' || str.data[i] > '9')
            return ACR_ERR_INVALID;
        unsigned digit = (unsigned)(str.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return ACR_ERR_LIMIT;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return 0;
}
