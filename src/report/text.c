/* SPDX-License-Identifier: MIT */
/* text - labels, columns and Python's quoting. */
#include "report/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const double acr_text_percentiles[ACR_TEXT_PERCENTILES] = {0.5, 0.66, 0.75, 0.80, 0.90, 0.95, 0.98, 0.99, 1.0};

void acr_text_append(struct acr_buffer *out, struct acr_str str)
{
    if (acr_buffer_append_str(out, str) != 0)
        return;
}

void acr_text_format(struct acr_buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0 || acr_buffer_reserve(out, (size_t)size + 1) != 0)
        return;
    va_start(args, format);
    vsnprintf(out->data + out->size, (size_t)size + 1, format, args);
    va_end(args);
    out->size += (size_t)size;
}

static bool continues_character(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

void acr_text_pad(struct acr_buffer *out, size_t start, size_t width)
{
    size_t characters = 0;
    for (size_t i = start; i < out->size; i++)
        characters += !continues_character((unsigned char)out->data[i]);
    for (; characters < width; characters++)
        acr_text_append(out, ACR_STR(" "));
}

void acr_text_label(struct acr_buffer *out, struct acr_str method, struct acr_str name)
{
    if (method.size > 0) {
        acr_text_append(out, method);
        acr_text_append(out, ACR_STR(" "));
    }
    acr_text_append(out, name);
}

double acr_text_fail_percent(uint64_t successes, uint64_t failures)
{
    uint64_t requests = successes + failures;
    return requests > 0 ? (double)failures / (double)requests * 100 : 0;
}

/* Length of the well-formed character at `at`, 0 if there is none (RFC 3629: no surrogates, no overlong forms). */
static size_t decode(const unsigned char *at, size_t room, uint32_t *ret_code)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    if (length == 0 || length > room)
        return 0;
    uint32_t code = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (!continues_character(at[i]))
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    if ((length == 3 && code < 0x800) || (length == 4 && code < 0x10000) || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000))
        return 0;
    *ret_code = code;
    return length;
}

/* What Python's str.isprintable() refuses: categories Cc, Cf, Co, Zl, Zp and Zs but the blank, and noncharacters. */
static bool is_printable(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x00, 0x1f},        {0x7f, 0xa0},       {0xad, 0xad},       {0x600, 0x605},     {0x61c, 0x61c},
        {0x6dd, 0x6dd},      {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},     {0x1680, 0x1680},
        {0x180e, 0x180e},    {0x2000, 0x200f},   {0x2028, 0x202f},   {0x205f, 0x206f},   {0x3000, 0x3000},
        {0xe000, 0xf8ff},    {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},   {0xfff0, 0xfffb},   {0x110bd, 0x110bd},
        {0x110cd, 0x110cd},  {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe00ff},
        {0xe01f0, 0x10ffff},
    };
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (code >= hidden[i].first && code <= hidden[i].last)
            return false;
    return (code & 0xfffe) != 0xfffe;
}

static void escape(struct acr_buffer *out, uint32_t code)
{
    if (code == '\n' || code == '\r' || code == '\t')
        acr_text_format(out, "\\%c", code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
    else if (code < 0x100)
        acr_text_format(out, "\\x%02x", code);
    else
        acr_text_format(out, code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
}

void acr_text_python_repr(struct acr_buffer *out, struct acr_str str)
{
    bool has_single = acr_str_find_char(str, '\'') >= 0, has_double = acr_str_find_char(str, '"') >= 0;
    char quote = has_single && !has_double ? '"' : '\'';
    struct acr_str quotes = {&quote, 1};
    acr_text_append(out, quotes);
    for (size_t at = 0, length; at < str.size; at += length) {
        uint32_t code = (unsigned char)str.data[at];
        length = decode((const unsigned char *)str.data + at, str.size - at, &code);
        bool valid = length > 0;
        length = valid ? length : 1;
        if (valid && (code == '\\' || code == (unsigned char)quote))
            acr_text_append(out, ACR_STR("\\"));
        if (valid && is_printable(code))
            acr_text_append(out, (struct acr_str){str.data + at, length});
        else
            escape(out, code);
    }
    acr_text_append(out, quotes);
}
