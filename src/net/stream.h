/* SPDX-License-Identifier: MIT */
/*
 * stream - bytes in and out without blocking: TCP, TLS over TCP, or the datagrams of UDP.
 *
 * read and write do what can be done now. A stream belongs to one loop; whoever holds it sets `on_ready`, which is
 * called in phase a whenever reading or writing may get further (and after the peer hung up). on_ready must read until
 * ACR_ERR_AGAIN or an end, because descriptors are edge-triggered; the stream itself takes care that an end of
 * stream that came together with data is seen. on_ready may close the stream.
 *
 * What arrived before on_ready was set has been noted but not announced: read once after setting it. With nothing there
 * that costs no system call.
 *
 * Over UDP each write is one datagram, which is taken whole or not at all, and each read gives one, which has 0 bytes
 * if it is empty; there is no end. What fails there is one datagram: the stream goes on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "loop/loop.h"

struct acr_stream;

/* Called in phase a. `stream->context` is the holder's. */
typedef void acr_stream_ready_fn(struct acr_stream *stream);

struct acr_stream_ops {
    /* > 0: bytes read. ACR_ERR_AGAIN: none now. ACR_ERR_END: orderly end. ACR_ERR_RESET, ACR_ERR_TLS, ACR_ERR_SYSTEM:
     * broken; detail in `error`. UDP: CONNECT_REFUSED, CONNECT_FAILED for a datagram sent earlier; TOO_LARGE for one
     * that is longer than `size`, and gone. */
    ssize_t (*read)(struct acr_stream *stream, void *buffer, size_t size, struct acr_error *error);
    /* >= 0: bytes taken, possibly fewer than size; 0 or ACR_ERR_AGAIN: none now, on_ready will be called. Errors as
     * read. What was not taken must be offered again as it was, and no less of it (TLS has it encrypted already). */
    ssize_t (*write)(struct acr_stream *stream, const void *bytes, size_t size, struct acr_error *error);
    /* Says that nothing more will be written; reading goes on. ACR_ERR_AGAIN: not now, on_ready will be called. Errors
     * as write; ACR_ERR_INVALID: UDP. */
    int (*end)(struct acr_stream *stream, struct acr_error *error);
    /* Sends what an orderly end needs if that is possible at once, closes the descriptor, frees the stream. */
    void (*close)(struct acr_stream *stream);
};

struct acr_stream { /* embedded first in each implementation */
    const struct acr_stream_ops *ops;
    acr_stream_ready_fn *on_ready;
    void *context;
    int fd;
};

static inline ssize_t acr_stream_read(struct acr_stream *stream, void *buffer, size_t size, struct acr_error *error)
{
    return stream->ops->read(stream, buffer, size, error);
}

static inline ssize_t acr_stream_write(struct acr_stream *stream, const void *bytes, size_t size,
                                       struct acr_error *error)
{
    return stream->ops->write(stream, bytes, size, error);
}

static inline int acr_stream_end(struct acr_stream *stream, struct acr_error *error)
{
    return stream->ops->end(stream, error);
}

/* Accepts NULL. */
static inline void acr_stream_close(struct acr_stream *stream)
{
    if (stream != NULL)
        stream->ops->close(stream);
}
