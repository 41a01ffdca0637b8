/* SPDX-License-Identifier: MIT */
/*
 * engine - what one load thread runs on: loop, network, HTTP, statistics, random numbers.
 *
 * Everything belongs to the load thread. Made once per process and front end; opened in this order and closed in the
 * reverse one.
 */
#pragma once

#include "base/error.h"
#include "base/random.h"
#include "http/client.h"
#include "loop/loop.h"
#include "net/net.h"
#include "stats/stats.h"

struct acr_engine {
    const struct acr_clock *clock;
    struct acr_loop *loop;
    struct acr_net *net;
    struct acr_http *http;
    struct acr_stats *stats;
    struct acr_random random;
    /* Requests after which users end (-n); 0 = none. Checked by the front end after each record: when
     * acr_stats_request_count() has reached it, the recording user ends. The end of that user stops all others
     * (load.c). */
    uint64_t request_limit;
};

ACR_MUST_CHECK int acr_engine_open(const struct acr_clock *clock, struct acr_engine **ret_engine,
                                   struct acr_error *error);
/* All users and clients must be gone. Accepts NULL. */
void acr_engine_close(struct acr_engine *engine);
