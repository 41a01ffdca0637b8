/* SPDX-License-Identifier: MIT */
/* number - Python's spellings of int and float. */
#include "cli/number.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/str.h"

/* No number that means anything is longer. */
#define NUMBER_MAX 400

static struct acr_str strip(const char *text)
{
    struct acr_str str = acr_str_of(text);
    while (str.size > 0 && isspace((unsigned char)str.data[0]))
        str = (struct acr_str){str.data + 1, str.size - 1};
    while (str.size > 0 && isspace((unsigned char)str.data[str.size - 1]))
        str.size--;
    return str;
}

static struct acr_str skip(struct acr_str str, size_t count)
{
    return (struct acr_str){str.data + count, str.size - count};
}

/* 36 for what is no digit in any radix. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = acr_char_lower(c);
    return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : 36;
}

/* Looks at the raw text: " 010" with its blank is decimal, to Python as well. */
static unsigned radix_of(const char *text)
{
    if (text[0] != '0')
        return 10;
    if (text[1] == 'x' || text[1] == 'X')
        return 16;
    return text[1] == 'b' || text[1] == 'B' ? 2 : 8;
}

static bool has_prefix(struct acr_str digits, unsigned radix)
{
    char letter = radix == 16 ? 'x' : radix == 8 ? 'o' : radix == 2 ? 'b' : '\0';
    return letter != '\0' && digits.size > 1 && digits.data[0] == '0' && acr_char_lower(digits.data[1]) == letter;
}

static int parse_digits(struct acr_str digits, unsigned radix, uint64_t *ret_value)
{
    uint64_t value = 0;
    bool after_digit = false;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] == '_' && after_digit) {
            after_digit = false;
            continue;
        }
        unsigned digit = digit_value(digits.data[i]);
        if (digit >= radix)
            return ACR_ERR_INVALID;
        after_digit = true;
        if (__builtin_mul_overflow(value, radix, &value) || __builtin_add_overflow(value, digit, &value))
            value = INT64_MAX; /* whatever follows, it will be clamped */
    }
    if (!after_digit)
        return ACR_ERR_INVALID;
    *ret_value = value < INT64_MAX ? value : INT64_MAX;
    return 0;
}

int acr_number_parse_integer(const char *text, int64_t *ret_value)
{
    unsigned radix = radix_of(text);
    struct acr_str digits = strip(text);
    bool negative = digits.size > 0 && digits.data[0] == '-';
    if (negative || (digits.size > 0 && digits.data[0] == '+'))
        digits = skip(digits, 1);
    if (has_prefix(digits, radix))
        digits = skip(digits, digits.size > 2 && digits.data[2] == '_' ? 3 : 2);
    if (radix == 2 && digits.size == 0 && strlen(text) == 2)
        digits = ACR_STR("0"); /* optparse reads a bare "0b" as zero */
    uint64_t value;
    int rc = parse_digits(digits, radix, &value);
    if (rc < 0)
        return rc;
    *ret_value = negative ? -(int64_t)value : (int64_t)value;
    return 0;
}

/* strtod() also takes hexadecimal and "nan(...)", which float() does not. */
static bool is_float_char(char c)
{
    return (c != '\0' && strchr("0123456789+-.eEaAfFiInNtTyY", c) != NULL);
}

/* Underscores may stand between digits only. */
static int copy_without_underscores(struct acr_str str, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < str.size; i++) {
        char c = str.data[i];
        if (c == '_') {
            bool between = i > 0 && i + 1 < str.size && isdigit((unsigned char)str.data[i - 1]) &&
                           isdigit((unsigned char)str.data[i + 1]);
            if (!between)
                return ACR_ERR_INVALID;
            continue;
        }
        if (!is_float_char(c) || used + 1 >= NUMBER_MAX)
            return ACR_ERR_INVALID;
        out[used++] = c;
    }
    out[used] = '\0';
    return used > 0 ? 0 : ACR_ERR_INVALID;
}

int acr_number_parse_float(const char *text, double *ret_value)
{
    char clean[NUMBER_MAX];
    int rc = copy_without_underscores(strip(text), clean);
    if (rc < 0)
        return rc;
    char *end;
    double value = strtod(clean, &end);
    if (*end != '\0')
        return ACR_ERR_INVALID;
    *ret_value = value;
    return 0;
}
