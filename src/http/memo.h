/* SPDX-License-Identifier: MIT */
/*
 * memo - what the client made of the last heads, for when the same bytes come again.
 *
 * Servers send the same head over and over for one URL, or at least within one second of their Date. To compare it with
 * the last one costs a tenth of parsing it. Internal to http.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/body.h"
#include "http/head.h"

/* What a client needs to know of a head. */
struct acr_head_facts {
    int status;
    bool has_cookies;
    bool close; /* no answer can follow this one */
    bool has_length;
    enum acr_content_coding coding;
    uint64_t content_length;
    struct acr_str content_encoding; /* points into the head */
    struct acr_body framing;         /* before the first byte of the body */
};

#define ACR_MEMO_HEAD_MAX 512
#define ACR_MEMO_METHOD_MAX 8

struct acr_memo { /* private; zeroed: nothing known */
    uint16_t size;
    uint16_t method_size;
    uint16_t misses; /* in a row */
    struct acr_head_facts facts;
    char method[ACR_MEMO_METHOD_MAX];
    char bytes[ACR_MEMO_HEAD_MAX];
};

/* Entries of the table; a power of two. URLs share one by chance, which costs them time only. */
#define ACR_MEMO_COUNT 32

/* The entry for a URL, told by the address of its text. */
struct acr_memo *acr_memo_find(struct acr_memo table[ACR_MEMO_COUNT], const void *url_text);

/* Does an answer to `method` that starts with data[0..size) have the known head? Then its facts (valid until the next
 * note), and its size in *ret_size; else NULL. */
const struct acr_head_facts *acr_memo_recall(struct acr_memo *memo, struct acr_str method, const char *data,
                                             size_t size, size_t *ret_size);

/* Remembers a head, unless it is long or the last ones were never seen again. */
void acr_memo_note(struct acr_memo *memo, struct acr_str method, const struct acr_head_facts *facts,
                   struct acr_str head);
