/* SPDX-License-Identifier: MIT */
/* buffer - growth by doubling, up to the limit. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define SMALLEST_CAPACITY 64

void acr_buffer_init(struct acr_buffer *buffer, size_t limit)
{
    *buffer = (struct acr_buffer){.limit = limit};
}

void acr_buffer_done(struct acr_buffer *buffer)
{
    acr_free(buffer->data);
    *buffer = (struct acr_buffer){.limit = buffer->limit};
}

int acr_buffer_reserve(struct acr_buffer *buffer, size_t extra)
{
    if (extra <= buffer->capacity - buffer->size)
        return 0;
    if (extra > SIZE_MAX / 4 || buffer->size > SIZE_MAX / 4)
        return ACR_ERR_TOO_LARGE;
    size_t wanted = buffer->size + extra;
    if (buffer->limit != 0 && wanted > buffer->limit)
        return ACR_ERR_TOO_LARGE;
    size_t capacity = buffer->capacity != 0 ? buffer->capacity * 2 : SMALLEST_CAPACITY;
    if (capacity < wanted)
        capacity = wanted;
    if (buffer->limit != 0 && capacity > buffer->limit)
        capacity = buffer->limit;
    buffer->data = acr_realloc(buffer->data, capacity);
    buffer->capacity = capacity;
    return 0;
}

int acr_buffer_append(struct acr_buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return 0;
    int error = acr_buffer_reserve(buffer, size);
    if (error != 0)
        return error;
    memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    return 0;
}

int acr_buffer_append_str(struct acr_buffer *buffer, struct acr_str str)
{
    return acr_buffer_append(buffer, str.data, str.size);
}

int acr_buffer_append_format(struct acr_buffer *buffer, const char *format, ...)
{
    char few[256];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(few, sizeof few, format, args);
    va_end(args);
    if (size < 0)
        return ACR_ERR_INVALID;
    if ((size_t)size < sizeof few)
        return acr_buffer_append(buffer, few, (size_t)size);
    /* Not in place: the end that vsnprintf() writes behind the text may be past the limit. */
    char *many = acr_alloc((size_t)size + 1);
    va_start(args, format);
    vsnprintf(many, (size_t)size + 1, format, args);
    va_end(args);
    int error = acr_buffer_append(buffer, many, (size_t)size);
    acr_free(many);
    return error;
}

void acr_buffer_drop_front(struct acr_buffer *buffer, size_t size)
{
    memmove(buffer->data, buffer->data + size, buffer->size - size);
    buffer->size -= size;
}

char *acr_buffer_take(struct acr_buffer *buffer, size_t *ret_size)
{
    char *data = buffer->data;
    *ret_size = buffer->size;
    *buffer = (struct acr_buffer){.limit = buffer->limit};
    return data;
}
