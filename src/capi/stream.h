/* SPDX-License-Identifier: MIT */
/*
 * stream - a raw connection of a scenario in C: what connecting (connect.c) and using one (stream.c) share.
 *
 * A call on a stream is one exchange: acr_capi_stream_begin(), then what it has to do, then acr_capi_stream_finish().
 * In between its user waits as in a request: one that is to end gets two seconds to finish the call (user.c).
 */
#pragma once

#include "capi/internal.h"
#include "net/stream.h"

struct acr_capi_stream {
    acr_user *user;
    struct acr_list link;     /* among the user's */
    struct acr_stream *below; /* NULL: not connected, or not any more */
    bool datagrams;
    bool secure;             /* TLS */
    bool ended;              /* by the peer */
    bool awaited;            /* the user's fiber waits for it */
    bool asked;              /* something was sent since the last call that received */
    acr_nanos timeout;       /* of each wait; 0: none */
    acr_nanos sent;          /* when the first of what `asked` tells of was */
    acr_nanos arrived;       /* when the loop last saw something happen */
    acr_nanos answered;      /* when the loop saw what was read last */
    struct acr_buffer early; /* bytes that came behind what was asked for */
    size_t early_used;       /* of them */
    char *why;               /* why the last call failed; NULL: it did not */
    struct acr_str host;     /* within `where` */
    char where[];            /* "host:port", for people */
};

/* Is the user doing work that blocks, on a thread, or is it another user that calls? Then the call has no hand on the
 * stream, which is said. */
bool acr_capi_stream_refuse(acr_stream *stream);

/* Forgets how the call before ended. After it user->in_request tells whether the call may wait. */
void acr_capi_stream_begin(acr_stream *stream);

/* Waits until the stream may get further. 0, ACR_ERR_TIMED_OUT, ACR_ERR_CANCELLED. */
ACR_MUST_CHECK int acr_capi_stream_wait(acr_stream *stream, acr_nanos deadline);

/* When a wait that begins now is over. */
acr_nanos acr_capi_stream_deadline(const acr_stream *stream);

/* The end of a call, which failed if `code` is negative; `error` then says why. Returns whether it did not. */
bool acr_capi_stream_finish(acr_stream *stream, int code, const struct acr_error *error);

/* From now on `below` carries it. */
void acr_capi_stream_attach(acr_stream *stream, struct acr_stream *below);
