/* SPDX-License-Identifier: MIT */
/*
 * str - a borrowed run of bytes, and what is asked of one.
 *
 * A struct acr_str points into memory that somebody else owns and is not terminated. {NULL, 0} is the empty one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

struct acr_str {
    const char *data;
    size_t size;
};

#define ACR_STR(literal) ((struct acr_str){(literal), sizeof(literal) - 1})
/* For printf: "%.*s", ACR_STR_ARGS(s) */
#define ACR_STR_ARGS(str) (int)(str).size, (str).data

static inline struct acr_str acr_str_of(const char *text)
{
    return (struct acr_str){text, text != NULL ? strlen(text) : 0};
}

static inline bool acr_str_equal(struct acr_str a, struct acr_str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline char acr_char_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* ASCII letters without regard to case, all other bytes as they are. */
bool acr_str_equal_nocase(struct acr_str a, struct acr_str b);
bool acr_str_starts_nocase(struct acr_str str, struct acr_str prefix);

bool acr_str_ends(struct acr_str str, struct acr_str suffix);

/* Without spaces and tabs at both ends. */
struct acr_str acr_str_trim(struct acr_str str);

/* Index of the first `c`, or -1. */
ptrdiff_t acr_str_find_char(struct acr_str str, char c);

/* Is `token` (any case) one of the comma separated words of `list`? As in "Connection: keep-alive, Upgrade". */
bool acr_str_has_token(struct acr_str list, struct acr_str token);

/* Digits only, nothing else; ACR_ERR_INVALID for an empty one or a stray byte, ACR_ERR_LIMIT past UINT64_MAX. */
ACR_MUST_CHECK int acr_str_parse_u64(struct acr_str str, uint64_t *ret_value);
