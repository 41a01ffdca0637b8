/* SPDX-License-Identifier: MIT */
/*
 * exchange - one request and the answer that a route gives to it.
 *
 * A route reads the request and calls one of the acr_target_answer... functions once, or sets `outcome` to something
 * other than an answer. What is too long for memory is sent as a flow: a function that is asked for the next piece
 * whenever the socket took the one before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/str.h"
#include "base/time.h"
#include "target/request.h"

/* Longest body that is kept for a route that reads it; more is answered with 413. */
#define ACR_TARGET_BODY_MAX (1024 * 1024)
/* Piece that a flow should append at most. */
#define ACR_TARGET_PIECE_MAX (size_t)(64 * 1024)

struct acr_target;
struct acr_target_exchange;

enum acr_target_outcome {
    ACR_TARGET_ANSWER,
    ACR_TARGET_DROP,  /* close without an answer */
    ACR_TARGET_RESET, /* the same with a TCP reset */
    ACR_TARGET_STALL, /* say nothing, keep the connection open */
};

/* What follows the answer's last byte. */
enum acr_target_ending {
    ACR_TARGET_KEEP,
    ACR_TARGET_CLOSE,
    ACR_TARGET_SILENCE, /* stay connected, never send more */
};

struct acr_target_flow;
/* Appends the next piece; false when nothing follows it. */
typedef bool acr_target_flow_fn(struct acr_target_flow *flow, struct acr_buffer *out);
struct acr_target_flow {
    acr_target_flow_fn *fn; /* NULL: none */
    uint64_t done;          /* in whatever unit the function counts */
    uint64_t total;
    acr_nanos pause; /* from one piece to the next; 0: as fast as the socket takes them */
};

/* An answer composed once: status line and fields, and the body; what changes from request to request goes between. */
struct acr_target_block {
    int status;
    char *text; /* owned */
    size_t head_size;
    size_t body_size;
};

void acr_target_block_init(struct acr_target_block *block, int status, const char *type, const char *field_lines,
                           struct acr_str body);
void acr_target_block_done(struct acr_target_block *block);

struct acr_target_exchange {
    struct acr_target *target;
    const struct acr_target_request *request;
    const struct acr_target_block *block; /* the route's own; NULL when it composes */
    struct acr_str rest;                  /* what follows the path of a route that stands for all below it */
    struct acr_str body;                  /* when the route keeps it */
    uint64_t body_size;                   /* as received, without chunk lines */
    uint64_t connection_id;
    uint64_t connection_requests; /* requests on this connection, this one included */
    bool head_only;

    /* filled by the route: */
    enum acr_target_outcome outcome;
    enum acr_target_ending ending;
    bool close; /* "Connection: close", and so it is */
    int status;
    acr_nanos delay;
    struct acr_target_flow flow;
    struct acr_buffer *out;     /* the answer is appended here */
    struct acr_buffer *lines;   /* empty at first; further header lines, each with CRLF */
    struct acr_buffer *content; /* empty at first; a place to compose a body in */
};

void acr_target_answer_block(struct acr_target_exchange *exchange, const struct acr_target_block *block);

/* `type` NULL: no Content-Type. The body is left out where HTTP has none (HEAD, 204, 304). */
void acr_target_answer(struct acr_target_exchange *exchange, int status, const char *type, struct acr_str body);

/* As acr_target_answer, with exchange->content as the body. */
void acr_target_answer_content(struct acr_target_exchange *exchange, int status, const char *type);

/* A 200 whose body is the flow's: with that Content-Length, or chunked (the flow writes the chunks). */
void acr_target_answer_flow(struct acr_target_exchange *exchange, const char *type, uint64_t length,
                            struct acr_target_flow flow);
void acr_target_answer_chunked(struct acr_target_exchange *exchange, const char *type, struct acr_target_flow flow);

/* 302 or another status with a Location. */
void acr_target_answer_redirect(struct acr_target_exchange *exchange, int status, struct acr_str location);

/* Adds "name: value" to the next answer; bytes that would end the line are dropped. */
void acr_target_exchange_line(struct acr_target_exchange *exchange, const char *name, struct acr_str value);

/* The value of a cookie of the request; {NULL, 0} when it is not there. */
struct acr_str acr_target_exchange_cookie(const struct acr_target_exchange *exchange, struct acr_str name);

/* Takes the next "name=value" off *rest, which starts as the Cookie field; false at the end. */
bool acr_target_next_cookie(struct acr_str *rest, struct acr_str *ret_name, struct acr_str *ret_value);

/* "Not Found"; "Status" for a number without a name. */
const char *acr_target_reason(int status);
