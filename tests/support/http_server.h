/* SPDX-License-Identifier: MIT */
/*
 * http_server - a server that plays a script, for tests of the HTTP client.
 *
 * It knows next to nothing about HTTP: it reads requests by their Content-Length and sends bytes as they are written
 * down, so that it can lie. The nth connection plays the nth row of the script, further ones the last row; what is done
 * with a row is closed. Nothing sleeps: a GATE holds until the test opens it.
 */
#pragma once

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "support/servers.h"

enum http_step_kind {
    HTTP_DONE,      /* the end of a row: close */
    HTTP_READ,      /* a request: head and body */
    HTTP_READ_HEAD, /* a request's head only */
    HTTP_READ_BODY, /* the rest of that request */
    HTTP_SEND,      /* the bytes, in one go */
    HTTP_DRIP,      /* the bytes, one by one */
    HTTP_REPEAT,    /* the bytes, `count` times */
    HTTP_ECHO,      /* 200 with the request's X-Token as body; without one its request line */
    HTTP_GATE,      /* wait until the test opens it: http_server_open_gate() */
    HTTP_END,       /* no more will be sent; what was sent before leaves with it if corked */
    HTTP_CORK,      /* what is sent from here on leaves in one go with the END or an UNCORK */
    HTTP_UNCORK,
    HTTP_RESET, /* close with a reset */
    HTTP_STALL, /* do nothing until the client hangs up */
    HTTP_AGAIN, /* play the row from its start */
};

struct http_step {
    enum http_step_kind kind;
    const char *bytes;
    size_t size;
    unsigned long long count;
};

/* Steps with their braces; the others are written as {HTTP_READ}. */
#define HTTP_BYTES(literal)                       \
    {                                             \
        HTTP_SEND, (literal), sizeof(literal) - 1 \
    }
/* An answer with its length. */
#define HTTP_ANSWER(text)           \
    {                               \
        HTTP_SEND, (text), SIZE_MAX \
    }
#define HTTP_DRIPPED(literal)                     \
    {                                             \
        HTTP_DRIP, (literal), sizeof(literal) - 1 \
    }
#define HTTP_TIMES(number, literal)                           \
    {                                                         \
        HTTP_REPEAT, (literal), sizeof(literal) - 1, (number) \
    }

#define HTTP_STEPS_MAX 24
#define HTTP_ROWS_MAX 6

struct http_script {
    struct http_step rows[HTTP_ROWS_MAX][HTTP_STEPS_MAX];
};

#define HTTP_LOG_MAX (1 << 20)

struct http_seen { /* shared with the child */
    atomic_uint connections;
    atomic_uint requests; /* whole ones */
    atomic_uint bodies;   /* bytes of bodies */
    atomic_uint closed;   /* connections that were played to their end */
    atomic_uint gates;    /* reached */
    sem_t gate;
    atomic_size_t log_size;
    char log[HTTP_LOG_MAX]; /* heads and bodies of up to 64 KiB, as they came */
};

struct http_server {
    struct server server;
    struct http_seen *seen;
    struct tls_seen *tls; /* NULL: without TLS */
    char base[64];        /* "http://127.0.0.1:port" */
};

#define HTTP_ROW(...) \
    {                 \
        __VA_ARGS__   \
    }
#define HTTP_SCRIPT(...) (&(const struct http_script){.rows = {__VA_ARGS__}})

/* The script is the child's by inheritance. */
struct http_server http_server_start(const struct http_script *script);
/* As http_server_start, on that port; seen is NULL when it is taken. */
struct http_server http_server_start_on(uint16_t port, const struct http_script *script);
/* As http_server_start, over TLS; base is "https://127.0.0.1:port". */
struct http_server http_server_start_tls(const struct http_script *script, const struct tls_server_options *options);
void http_server_stop(struct http_server *server);

/* Lets one GATE through. */
void http_server_open_gate(struct http_server *server);

/* Waits (in the test, without turning its loop) until `counter` is at least `value`; the test fails after 20 s. */
void http_server_wait_for(const atomic_uint *counter, unsigned value);

/* What was logged so far, as text; valid until the next call. */
const char *http_server_log(const struct http_server *server);
