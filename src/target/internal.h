/* SPDX-License-Identifier: MIT */
/*
 * internal - what the files of the target share: its state per thread, and what the threads share.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "target/count.h"
#include "target/exchange.h"
#include "target/request.h"
#include "target/route.h"
#include "target/target.h"

#define ACR_TARGET_READ_SIZE (64 * 1024)

struct acr_target_tls;

struct acr_target_shared {
    struct acr_target_options options;
    uint16_t port;
    atomic_uint_least64_t connections; /* ever, for their ids */
    atomic_uint_least64_t answers;     /* kept only for stall_after */
    uint64_t secret;                   /* sessions and tokens are signed with it */
    struct acr_target_tls *tls;        /* NULL: plain */
    size_t target_count;
    struct acr_target *targets[ACR_TARGET_THREADS_MAX]; /* written before any of them serves */
};

struct acr_target {
    struct acr_loop *loop;
    struct acr_target_shared *shared; /* owned by targets[0] */
    struct acr_source listener;
    int listen_fd;
    struct acr_timer accept_again; /* descriptors were out */
    struct acr_list connections;
    struct acr_list spare; /* closed connections' memory */
    struct acr_random random;
    struct acr_target_counts counts;
    struct acr_target_router router;
    struct acr_target_path *refused_count; /* requests that could not be understood */
    bool faulty;                           /* the options ask for delays, errors or stalls */

    /* Scratch of the request being handled; nothing in it outlives one call into a connection. */
    struct acr_target_request request;
    struct acr_buffer out;
    struct acr_buffer lines;
    struct acr_buffer content;
    char read[ACR_TARGET_READ_SIZE];
};
