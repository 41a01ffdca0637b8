/* SPDX-License-Identifier: MIT */
/* memo - a small table of heads, compared byte by byte. */
#include "http/memo.h"

#include "base/memory.h"

/* After so many heads that never came again only every such is noted. */
#define PATIENCE 16

struct acr_memo *acr_memo_find(struct acr_memo table[ACR_MEMO_COUNT], const void *url_text)
{
    /* Fibonacci hashing; the address of an allocation ends in zeros. */
    uint64_t hash = ((uint64_t)(uintptr_t)url_text >> 4) * UINT64_C(0x9e3779b97f4a7c15);
    return &table[hash >> 32 & (ACR_MEMO_COUNT - 1)];
}

const struct acr_head_facts *acr_memo_recall(struct acr_memo *memo, struct acr_str method, const char *data,
                                             size_t size, size_t *ret_size)
{
    if (memo->size == 0 || size < memo->size || method.size != memo->method_size)
        return NULL;
    if (memcmp(data, memo->bytes, memo->size) != 0 || memcmp(method.data, memo->method, method.size) != 0)
        return NULL;
    memo->misses = 0;
    *ret_size = memo->size;
    return &memo->facts;
}

void acr_memo_note(struct acr_memo *memo, struct acr_str method, const struct acr_head_facts *facts,
                   struct acr_str head)
{
    if (memo->misses < UINT16_MAX)
        memo->misses++;
    else
        memo->misses = PATIENCE;
    if (memo->misses > PATIENCE && memo->misses % PATIENCE != 0)
        return;
    if (head.size > ACR_MEMO_HEAD_MAX || method.size > ACR_MEMO_METHOD_MAX)
        return;
    memcpy(memo->bytes, head.data, head.size);
    memcpy(memo->method, method.data, method.size);
    memo->size = (uint16_t)head.size;
    memo->method_size = (uint16_t)method.size;
    memo->facts = *facts;
    if (facts->content_encoding.data != NULL)
        memo->facts.content_encoding.data = memo->bytes + (facts->content_encoding.data - head.data);
}
