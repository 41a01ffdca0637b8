/* SPDX-License-Identifier: MIT */
/*
 * connection - one client of the target, from accept to close.
 *
 * Requests are answered strictly in order. Plain answers gather in target->out and leave with one send at the end of
 * what was received. An answer that has to wait - for its time, for room in the socket, for a flow - is set aside in
 * the connection; until it is through nothing further is parsed, and what arrives stays in the socket.
 *
 * Nothing frees a connection but the callback that was called from the loop; everything below it only sets `phase`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "http/body.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "target/exchange.h"

struct acr_target;
struct acr_target_path;
struct ssl_st;

enum acr_target_phase {
    ACR_TARGET_READING, /* between requests, or in the middle of one */
    ACR_TARGET_BUSY,    /* an answer is on its way: held back, waiting for the socket, or flowing */
    ACR_TARGET_SILENT,  /* nothing will be sent any more: waiting for the client to hang up */
    ACR_TARGET_CLOSED,
};

struct acr_target_connection {
    struct acr_source source;
    struct acr_timer timer;
    struct acr_list link; /* in target->connections, or target->spare */
    struct acr_target *target;
    struct ssl_st *tls; /* NULL: plain */
    enum acr_target_phase phase;
    bool hung_up;  /* the client has sent its last byte, or is gone */
    bool unread;   /* the socket may hold input that was not looked at */
    bool held;     /* the end of `out`, or the next piece of the flow, waits for the timer */
    bool lingers;  /* close only when the client's input is read, lest a reset overtakes the answer */
    bool draining; /* silent because it lingers */
    uint64_t id;
    uint64_t requests;
    struct acr_buffer in; /* received, not parsed: an incomplete head, or what came behind a busy answer */

    /* BUSY: */
    struct acr_buffer out;
    size_t out_sent;
    size_t out_allowed; /* bytes of out that may be sent now */
    struct acr_target_flow flow;
    enum acr_target_ending ending;
    /* what a held answer will be counted as; NULL: not counted */
    struct acr_target_path *held_path;
    int held_status;
    size_t held_size;
    bool flow_counted;

    /* a request whose body is still coming: */
    bool in_body;
    bool keeps_body;
    struct acr_body framing;
    struct acr_buffer kept; /* its head, then as much of the body as the route wants */
    size_t kept_head_size;
    uint64_t body_size;
    uint64_t wire_size; /* head and body as they came */
};

/* Takes `fd`, connected and non-blocking. ACR_ERR_SYSTEM, and it is closed. */
ACR_MUST_CHECK int acr_target_connection_open(struct acr_target *target, int fd);

/* Moves the answer at target->out[start..] into the connection, behind a send of what is in front of it, and makes the
 * connection busy with it. `delay` 0: it may leave at once. */
void acr_target_connection_set_aside(struct acr_target_connection *connection, size_t start,
                                     const struct acr_target_exchange *exchange);

/* Sends the answers in target->out. */
void acr_target_connection_send(struct acr_target_connection *connection);

/* No more answers: with a TCP reset or not. */
void acr_target_connection_abandon(struct acr_target_connection *connection, bool reset);

/* Closes every connection and frees the spare ones. */
void acr_target_connections_done(struct acr_target *target);
