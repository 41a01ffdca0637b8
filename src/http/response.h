/* SPDX-License-Identifier: MIT */
/*
 * response - one answer: status, head, decoded body, times, and the answers that redirected to it.
 *
 * Reference counted, one thread; it may outlive its client and the acr_http. The head is kept as the bytes that came;
 * header fields are looked up in it when asked for, which most requests never do. A streamed response holds its
 * connection until its body was read to the end or it was closed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/time.h"
#include "http/body.h"
#include "http/decode.h"
#include "http/head.h"
#include "http/url.h"
#include "loop/fiber.h"

struct acr_connection;
struct acr_response_pool;

struct acr_response { /* fields may be read, not written */
    int status;
    bool has_cookies; /* the head has a Set-Cookie */
    bool complete;    /* the body is all there */
    bool close;       /* the connection ends with this answer */
    unsigned redirect_count;
    struct acr_str head;    /* status line and fields, with the blank line; owned */
    struct acr_buffer body; /* decoded; of a streamed one: what was received and not yet taken */
    uint64_t wire_bytes;    /* body bytes as sent by the server, before decoding, without chunk lines */
    struct acr_url *url;    /* owned copy when this answer came over a redirect, else NULL: the request's */
    acr_nanos started;      /* monotonic: just before the (first) request was sent, or a connection for it made */
    acr_nanos head_at;      /* when the head was complete */
    acr_nanos finished;     /* when the body was complete; for a streamed one, as head_at until then */
    struct acr_response *previous; /* the redirect that led here, or NULL; owned */

    /* private */
    unsigned references;
    struct acr_body framing;
    struct acr_decoder *decoder;
    struct acr_connection *connection; /* streamed and not complete */
    int failure;                       /* how reading the streamed body ended; 0: it did not fail */
    struct acr_str method;             /* of the request that this answers; owned */
    struct acr_response_pool *pool;
    uint32_t room_used;
    char room[]; /* for method and head, if they fit */
};

struct acr_response *acr_response_ref(struct acr_response *response);

/* The last one closes a streamed response and frees it and its history. Accepts NULL. */
void acr_response_unref(struct acr_response *response);

/* Parses the head into caller's memory (about 8 KiB): for walking all fields. It refers to response->head. */
void acr_response_head(const struct acr_response *response, struct acr_head *ret_head);

/* The value of the first field of that name; {NULL, 0} when there is none. */
struct acr_str acr_response_header(const struct acr_response *response, struct acr_str name);

struct acr_str acr_response_reason(const struct acr_response *response);

/* Streamed only: waits until at least one decoded byte can be taken from response->body, or the end. 0 with an empty
 * body means the end. Take bytes with acr_buffer_drop_front(). `read_timeout` in nanoseconds without progress,
 * ACR_NEVER: none. Errors as acr_client_request, after the bytes that came before; asked again, the same code. After
 * acr_response_close() there is nothing more to come, which is no error. */
ACR_MUST_CHECK int acr_response_wait_body(struct acr_response *response, struct acr_fiber *fiber,
                                          acr_nanos read_timeout, struct acr_error *error);

/* Streamed only: waits until the whole body is in response->body, however large. Errors as above. */
ACR_MUST_CHECK int acr_response_read_all(struct acr_response *response, struct acr_fiber *fiber, acr_nanos read_timeout,
                                         struct acr_error *error);

/* Streamed only: gives the connection up unless the body was complete. No effect otherwise. */
void acr_response_close(struct acr_response *response);
