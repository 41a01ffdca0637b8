/* SPDX-License-Identifier: MIT */
/*
 * target - the built-in HTTP server: a small site to aim at, with pages that are slow, wrong or broken on purpose.
 *
 * A struct acr_target serves one listening socket on one loop and lives on that loop's thread. It counts each answer
 * before the first byte of it is sent (GET /__stats__), so a test can compare both ends exactly.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/time.h"
#include "loop/loop.h"

/* Most threads that may serve one port. */
#define ACR_TARGET_THREADS_MAX 64

struct acr_target_options { /* strings are borrowed until the target is closed */
    const char *host;       /* address or name to listen on */
    uint16_t port;          /* 0: any free one */
    unsigned threads;       /* used by acr_target_main() only */
    acr_nanos delay_min;    /* every answer waits for a time in this range */
    acr_nanos delay_max;
    double error_rate;    /* share of requests answered with 500 instead, 0..1 */
    double stall_rate;    /* share of requests never answered, 0..1 */
    uint64_t stall_after; /* after so many answers (all threads) nothing is answered any more; 0: never */
    bool require_login;   /* /profile needs a session: 403 without */
    bool quiet;           /* acr_target_main(): no summary at the end */
    uint64_t seed;        /* of everything that is random */
    const char *tls_cert; /* PEM chain: serve HTTPS */
    const char *tls_key;  /* NULL: in tls_cert */
};

struct acr_target;

/* 127.0.0.1, port 8000, one thread, no faults, a random seed. */
void acr_target_options_init(struct acr_target_options *options);

/* Listens. ACR_ERR_RESOLVE for the host, ACR_ERR_SYSTEM with the address when it cannot be bound, ACR_ERR_TLS for the
 * certificate. */
ACR_MUST_CHECK int acr_target_open(struct acr_loop *loop, const struct acr_target_options *options,
                                   struct acr_target **ret_target, struct acr_error *error);

/* A further server for the same port on another thread's loop, sharing counts and options. To be called before any of
 * them serves, with options.threads > 1; `first` must be closed last. */
ACR_MUST_CHECK int acr_target_open_beside(struct acr_target *first, struct acr_loop *loop,
                                          struct acr_target **ret_target, struct acr_error *error);

/* The port that is listened on. */
uint16_t acr_target_port(const struct acr_target *target);

/* Serves a connected stream socket (taken): one end of a socketpair, for tests. ACR_ERR_SYSTEM, and it is closed. */
ACR_MUST_CHECK int acr_target_adopt(struct acr_target *target, int fd);

/* Requests answered by all threads, and connections open now. */
uint64_t acr_target_answers(const struct acr_target *target);
uint64_t acr_target_connections_open(const struct acr_target *target);

/* Closes the socket and all connections. Accepts NULL. */
void acr_target_close(struct acr_target *target);

/* The command `acrida target`: argv[0] is its name. Prints "target listening on http://HOST:PORT" (https with
 * --tls-cert) and serves until SIGINT or SIGTERM. Returns the exit code: 0, 1 when it cannot listen, 2 for wrong usage.
 */
int acr_target_main(int argc, char **argv);
