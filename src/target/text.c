/* SPDX-License-Identifier: MIT */
/* text - the small formatting that answers need, without printf on the way of a request. */
#include "target/text.h"

#include <stdlib.h>

void acr_text_put(struct acr_buffer *out, struct acr_str text)
{
    if (acr_buffer_append_str(out, text) != 0)
        abort();
}

static void put_char(struct acr_buffer *out, char c)
{
    acr_text_put(out, (struct acr_str){&c, 1});
}

void acr_text_put_u64(struct acr_buffer *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    acr_text_put(out, (struct acr_str){digits + at, sizeof digits - at});
}

static void put_escape(struct acr_buffer *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
    acr_text_put(out, (struct acr_str){escape, sizeof escape});
}

/* Length of the UTF-8 sequence at the front (RFC 3629), 0 when there is none. */
static size_t utf8_size(struct acr_str text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    size_t size = at[0] >= 0xc2 && at[0] <= 0xdf   ? 2
                  : (at[0] & 0xf0) == 0xe0         ? 3
                  : at[0] >= 0xf0 && at[0] <= 0xf4 ? 4
                                                   : 0;
    if (size == 0 || size > text.size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool surrogate_or_beyond = (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f);
    return overlong || surrogate_or_beyond ? 0 : size;
}

static size_t put_json_char(struct acr_buffer *out, struct acr_str text)
{
    unsigned char byte = (unsigned char)*text.data;
    if (byte == '"' || byte == '\\') {
        put_char(out, '\\');
        put_char(out, (char)byte);
    } else if (byte == '\n') {
        acr_text_put(out, ACR_STR("\\n"));
    } else if (byte < 0x20 || byte == 0x7f) {
        put_escape(out, byte);
    } else {
        size_t size = utf8_size(text);
        if (size == 0)
            put_escape(out, byte);
        else
            acr_text_put(out, (struct acr_str){text.data, size});
        return size == 0 ? 1 : size;
    }
    return 1;
}

static bool json_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

void acr_text_put_json(struct acr_buffer *out, struct acr_str text)
{
    put_char(out, '"');
    for (size_t i = 0; i < text.size;) {
        size_t start = i;
        while (i < text.size && json_plain(text.data[i]))
            i++;
        acr_text_put(out, (struct acr_str){text.data + start, i - start});
        if (i < text.size)
            i += put_json_char(out, (struct acr_str){text.data + i, text.size - i});
    }
    put_char(out, '"');
}

void acr_text_put_html(struct acr_buffer *out, struct acr_str text)
{
    for (size_t i = 0; i < text.size; i++) {
        switch (text.data[i]) {
        case '&':
            acr_text_put(out, ACR_STR("&amp;"));
            break;
        case '<':
            acr_text_put(out, ACR_STR("&lt;"));
            break;
        case '>':
            acr_text_put(out, ACR_STR("&gt;"));
            break;
        case '"':
            acr_text_put(out, ACR_STR("&quot;"));
            break;
        default:
            put_char(out, text.data[i]);
        }
    }
}

static int hex_digit(char c)
{
    c = acr_char_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void acr_text_put_decoded(struct acr_buffer *out, struct acr_str text)
{
    for (size_t i = 0; i < text.size; i++) {
        int high = text.data[i] == '%' && i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.data[i + 2]) : -1;
        if (low >= 0) {
            put_char(out, (char)(high * 16 + low));
            i += 2;
        } else {
            put_char(out, text.data[i] == '+' ? ' ' : text.data[i]);
        }
    }
}

bool acr_text_next_pair(struct acr_str *rest, struct acr_str *ret_name, struct acr_str *ret_value)
{
    while (rest->size > 0) {
        ptrdiff_t end = acr_str_find_char(*rest, '&');
        struct acr_str pair = {rest->data, end < 0 ? rest->size : (size_t)end};
        size_t used = end < 0 ? rest->size : (size_t)end + 1;
        *rest = (struct acr_str){rest->data + used, rest->size - used};
        if (pair.size == 0)
            continue;
        ptrdiff_t equals = acr_str_find_char(pair, '=');
        size_t name_size = equals < 0 ? pair.size : (size_t)equals;
        size_t value_start = equals < 0 ? pair.size : name_size + 1;
        *ret_name = (struct acr_str){pair.data, name_size};
        *ret_value = (struct acr_str){pair.data + value_start, pair.size - value_start};
        return true;
    }
    return false;
}

struct acr_str acr_text_parameter(struct acr_str query, struct acr_str name)
{
    struct acr_str found, value;
    while (acr_text_next_pair(&query, &found, &value))
        if (acr_str_equal(found, name))
            return value;
    return (struct acr_str){NULL, 0};
}

uint64_t acr_text_parameter_u64(struct acr_str query, struct acr_str name, uint64_t fallback)
{
    uint64_t number;
    return acr_str_parse_u64(acr_text_parameter(query, name), &number) == 0 ? number : fallback;
}

bool acr_text_double(struct acr_str text, double *ret_number)
{
    char copy[32];
    if (text.size == 0 || text.size >= sizeof copy || *text.data < '.' || *text.data > '9')
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    char *end;
    double number = strtod(copy, &end);
    if (*end != '\0')
        return false;
    *ret_number = number;
    return true;
}

double acr_text_parameter_double(struct acr_str query, struct acr_str name, double fallback)
{
    double number;
    return acr_text_double(acr_text_parameter(query, name), &number) ? number : fallback;
}
