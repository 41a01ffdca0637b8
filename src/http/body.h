/* SPDX-License-Identifier: MIT */
/*
 * body - where an answer's body begins and ends: Content-Length, chunked with trailers, or until the end of the stream.
 *
 * Turns received bytes into body bytes without copying: each call says how many input bytes were consumed and which run
 * of them is body. Feed until `done`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "http/head.h"

/* Longest chunk-size line, extensions included, and longest trailer section. */
#define ACR_BODY_CHUNK_LINE_MAX 4096
#define ACR_BODY_TRAILER_MAX (64 * 1024)

enum acr_body_kind { ACR_BODY_NONE, ACR_BODY_LENGTH, ACR_BODY_CHUNKED, ACR_BODY_UNTIL_END };

struct acr_body { /* private but for kind and done */
    enum acr_body_kind kind;
    bool done;
    uint8_t state;
    uint32_t line_size;
    uint64_t remaining;
};

/* Chooses the framing for an answer to `method` (RFC 9112 6.3): none after HEAD and for 1xx, 204, 304. */
void acr_body_init(struct acr_body *body, struct acr_str method, const struct acr_head *head);

/* Consumes up to all of data[0..size). `ret_consumed` bytes are used up; `ret_content` is the (possibly empty) run of
 * body bytes among them. Call again with the rest while consumed < size and not done. ACR_ERR_MALFORMED (bad chunk
 * size, missing line end), ACR_ERR_TOO_LARGE. */
ACR_MUST_CHECK int acr_body_feed(struct acr_body *body, const char *data, size_t size, size_t *ret_consumed,
                                 struct acr_str *ret_content);

/* The stream ended: fine (done) for UNTIL_END, ACR_ERR_CLOSED_EARLY otherwise. */
ACR_MUST_CHECK int acr_body_end(struct acr_body *body);
