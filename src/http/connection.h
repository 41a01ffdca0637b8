/* SPDX-License-Identifier: MIT */
/*
 * connection - one HTTP/1.1 connection: one exchange at a time, many one after the other.
 *
 * Internal to http. States: idle (in its client's pool; whatever arrives kills it), sending and receiving (both go on
 * at once, since a server may answer before it has all of the request), over (the answer is complete or the exchange
 * failed, but the waiter has not looked yet), lent (a streamed answer holds it; there may be no waiter). The bytes of
 * the request head are copied in; the body is borrowed until the exchange ends, so its bytes must not lie on a fiber's
 * stack. The waiter is woken when the exchange is over, when a streamed head is there or more of its body, for a 100
 * Continue, and when the connection wants to be resumed.
 */
#pragma once

#include "base/list.h"
#include "http/memo.h"
#include "http/response.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/stream.h"

struct acr_http;
struct acr_client;
struct acr_tls_settings;

/* One connection may keep the loop for so many reads (or writes) in a turn, then the others have theirs. */
#define ACR_CONNECTION_READS_PER_TURN 16
#define ACR_CONNECTION_WRITES_PER_TURN 8
/* Interim answers (1xx) before the final one; more are an attempt to keep us busy. */
#define ACR_CONNECTION_INTERIMS_MAX 100

struct acr_connection {
    struct acr_list link; /* in its client's list of idle or of busy connections */
    struct acr_http *http;
    struct acr_client *client;
    struct acr_stream *stream; /* NULL once lost */
    struct acr_flush flush;
    struct acr_fiber *waiter; /* of the exchange that runs; NULL when idle, and when lent and nobody waits */

    /* where it leads: what a pooled one is found by */
    struct acr_str host; /* owned */
    uint16_t port;
    bool secure;
    const struct acr_tls_settings *tls;

    /* the request */
    struct acr_buffer out; /* head bytes, then (small) body */
    size_t out_sent;
    uint64_t head;        /* what `out` holds, if it can be sent again (struct acr_request); 0: it cannot */
    uint64_t jar_version; /* of the cookies in it */
    struct acr_str body;  /* borrowed rest that was not worth copying */
    bool hold_body;       /* waiting for 100 Continue */

    /* the answer */
    struct acr_buffer in; /* an incomplete head */
    size_t in_scanned;
    struct acr_memo *memo;         /* heads of earlier answers */
    struct acr_response *response; /* being received; owned until taken or lent */
    uint64_t body_max;
    bool streaming; /* hand the body out as it comes */
    bool head_done;
    bool paused;        /* stopped by ourselves, with no event to come: the stream window is full, or others' turn */
    bool exchange_over; /* complete, or failed with `failure` */
    bool received_any;  /* a byte of an answer has come in this exchange */
    bool reusable;
    bool broken;        /* the request could not be sent whole; an answer may still come */
    int send_failure;   /* code of a write that has just failed */
    bool response_lent; /* streamed: the caller owns the response, this is a loan */
    unsigned interims;
    uint64_t served;         /* exchanges completed before this one */
    acr_nanos last_progress; /* when a byte last went in either direction */
    int failure;             /* why the exchange failed; 0: it did not, or is not over */
    struct acr_error error;  /* of the last operation that failed; only looked at when the exchange did */
};

/* Takes the stream. `host` is copied. */
struct acr_connection *acr_connection_new(struct acr_client *client, struct acr_stream *stream, struct acr_str host,
                                          uint16_t port, bool secure, const struct acr_tls_settings *tls);

/* Closes and frees, whatever its state; a response being received is dropped, a lent one is left incomplete. */
void acr_connection_free(struct acr_connection *connection);

/* Begins an exchange: connection->out holds the head. The response is `response` (taken). Bytes go out in phase c. */
void acr_connection_begin(struct acr_connection *connection, struct acr_fiber *waiter, struct acr_response *response,
                          struct acr_str body);

/* The streamed answer goes to the caller, who owns it from now on; what is left of the request is not sent. */
void acr_connection_lend(struct acr_connection *connection);

/* Lets a held body go. */
void acr_connection_release_body(struct acr_connection *connection);

/* Goes on where it paused; called by the waiter, who looks at the outcome afterwards. No effect otherwise. */
void acr_connection_resume(struct acr_connection *connection);

/* Waits until the waiter is woken or the server was silent for `silence` nanoseconds (ACR_NEVER: no bound). 0: look
 * again; ACR_ERR_READ_TIMEOUT, ACR_ERR_WRITE_TIMEOUT, ACR_ERR_CANCELLED. */
ACR_MUST_CHECK int acr_connection_wait(struct acr_connection *connection, struct acr_fiber *fiber, acr_nanos silence);

/* Fills in why an exchange ended with `code`, which acr_connection_wait() returned or `failure` holds; returns it. */
int acr_connection_explain(const struct acr_connection *connection, int code, struct acr_error *error);

/* Can the next exchange use it? Asked after exchange_over. */
bool acr_connection_reusable(const struct acr_connection *connection);
