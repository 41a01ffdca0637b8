/* SPDX-License-Identifier: MIT */
/*
 * buffer - a run of bytes that grows up to a named limit.
 *
 * The caller owns the struct; a zeroed one is empty and without limit. Growing past `limit` fails with
 * ACR_ERR_TOO_LARGE and leaves the contents as they were. `data` is NULL while nothing was ever stored; it is
 * not terminated. Growth doubles, so appending n bytes one by one costs O(n).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct acr_buffer {
    char *data;
    size_t size;
    size_t capacity;
    size_t limit; /* most bytes ever held; 0 = no limit */
};

void acr_buffer_init(struct acr_buffer *buffer, size_t limit);

/* Frees the bytes; the struct is empty and usable afterwards. */
void acr_buffer_done(struct acr_buffer *buffer);

/* Empties without freeing. */
static inline void acr_buffer_reset(struct acr_buffer *buffer)
{
    buffer->size = 0;
}

/* Makes room for `extra` more bytes behind `size`. ACR_ERR_TOO_LARGE past the limit. */
ACR_MUST_CHECK int acr_buffer_reserve(struct acr_buffer *buffer, size_t extra);
ACR_MUST_CHECK int acr_buffer_append(struct acr_buffer *buffer, const void *bytes, size_t size);
ACR_MUST_CHECK int acr_buffer_append_str(struct acr_buffer *buffer, struct acr_str str);
ACR_MUST_CHECK int acr_buffer_append_format(struct acr_buffer *buffer, const char *format, ...) ACR_PRINTF(2, 3);

/* Drops the first `size` bytes. */
void acr_buffer_drop_front(struct acr_buffer *buffer, size_t size);

/* Hands the bytes over (free with acr_free); the buffer is empty afterwards. */
char *acr_buffer_take(struct acr_buffer *buffer, size_t *ret_size);

static inline struct acr_str acr_buffer_str(const struct acr_buffer *buffer)
{
    return (struct acr_str){buffer->data, buffer->size};
}
