/* SPDX-License-Identifier: MIT */
/* error_text - masking of addresses and cutting. */
#include "stats/error_text.h"

#include <stdbool.h>
#include <string.h>

#define TARGET "object at 0x"
#define MASK "0x...."
#define CUT "..."
#define ROUNDS_MAX 16 /* different addresses masked in one text */

static const char *find(const char *from, const char *end, const char *what, size_t size)
{
    return from < end ? memmem(from, (size_t)(end - from), what, size) : NULL;
}

/* The first address that is not masked yet, with its 0x. */
static bool find_address(struct acr_str text, struct acr_str *ret_address)
{
    if (text.size == 0)
        return false; /* an empty text may have no data, and NULL takes no offset */
    const char *end = text.data + text.size;
    const char *at = text.data;
    while ((at = find(at, end, TARGET, sizeof TARGET - 1)) != NULL) {
        at += sizeof TARGET - 3;
        const char *close = memchr(at, '>', (size_t)(end - at));
        if (close == NULL)
            return false;
        struct acr_str address = {at, (size_t)(close - at)};
        if (!acr_str_equal(address, ACR_STR(MASK))) {
            *ret_address = address;
            return true;
        }
    }
    return false;
}

/* Copies `text` with every `address` replaced; what does not fit is left out. */
static size_t replace(struct acr_str text, struct acr_str address, char *out, size_t room)
{
    const char *end = text.data + text.size;
    size_t used = 0;
    for (const char *at = text.data; at < end;) {
        const char *hit = find(at, end, address.data, address.size);
        size_t size = (size_t)((hit != NULL ? hit : end) - at);
        if (size > room - used)
            size = room - used;
        memcpy(out + used, at, size);
        used += size;
        if (hit == NULL || room - used < sizeof MASK - 1)
            break;
        memcpy(out + used, MASK, sizeof MASK - 1);
        used += sizeof MASK - 1;
        at = hit + address.size;
    }
    return used;
}

/* Where to cut so that no character is split. */
static size_t character_start(const char *bytes, size_t at)
{
    while (at > 0 && ((unsigned char)bytes[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static struct acr_str cut(struct acr_error_text *memory, struct acr_str text)
{
    size_t size = character_start(text.data, sizeof memory->bytes - (sizeof CUT - 1));
    memmove(memory->bytes, text.data, size);
    memcpy(memory->bytes + size, CUT, sizeof CUT - 1);
    return (struct acr_str){memory->bytes, size + sizeof CUT - 1};
}

struct acr_str acr_error_text_mask(struct acr_error_text *memory, struct acr_str text)
{
    struct acr_str address;
    if (text.size > sizeof memory->bytes)
        text = cut(memory, text);
    for (int round = 0; round < ROUNDS_MAX && find_address(text, &address); round++) {
        size_t size = replace(text, address, memory->spare, sizeof memory->spare);
        memcpy(memory->bytes, memory->spare, size);
        text = (struct acr_str){memory->bytes, size};
    }
    return text;
}
