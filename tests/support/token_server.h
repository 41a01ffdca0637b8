/* SPDX-License-Identifier: MIT */
/*
 * token_server - an HTTP server that answers each request with the request's own token, in many manners.
 *
 * The token is the value of the header X-Token. The path says how it comes back:
 *
 *     /echo       at once, with a Content-Length
 *     /drip       byte by byte, head and all
 *     /chunked    in chunks of one byte
 *     /large      behind TOKEN_LARGE bytes 'x'
 *     /close      with "Connection: close"
 *     /end        with neither length nor chunks, until the end of the connection
 *     /redirect   by way of a 302 to /echo, with a body of its own
 *     /upload     after the body was read slowly
 *     /continue   after the head was answered with 100 Continue
 *     /early      before the body is read, which then is not
 *     /twice      two times (the second answer is nobody's)
 *     /cut        only half of it, then the end
 *     /reset      not at all: the connection is reset
 *     /none       not at all: the connection is closed
 *     /stall      not at all, and nothing else happens until the client hangs up
 *     /bye        at once, and then the connection is closed although it could be kept
 */
#pragma once

#include <stdatomic.h>

#include "support/servers.h"

#define TOKEN_LARGE (1 << 20)

struct token_seen { /* shared with the child */
    atomic_uint connections;
    atomic_uint requests; /* heads that arrived */
    atomic_uint answers;  /* whole answers that were handed to the kernel, redirects included */
    atomic_uint confused; /* requests that were not well-formed: bytes of one taken for another */
};

struct token_server {
    struct server server;
    struct token_seen *seen;
    struct tls_seen *tls; /* NULL: without TLS */
    char base[64];
};

/* `options` NULL: without TLS. */
struct token_server token_server_start(const struct tls_server_options *options);
void token_server_stop(struct token_server *server);
