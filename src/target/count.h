/* SPDX-License-Identifier: MIT */
/*
 * count - what one thread of the target has answered, so that both ends of a test can be compared.
 *
 * Written by the serving thread; read and zeroed by any thread of the same target. The lock is taken only where there
 * is more than one thread. An answer is counted before its first byte is sent, so whoever has received it finds it
 * counted.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/map.h"
#include "base/str.h"

/* Distinct paths that are told apart; the others are added up. */
#define ACR_TARGET_PATHS_MAX 1000
#define ACR_TARGET_STATUS_MAX 1000

struct acr_target_path {
    uint64_t answers;
};

struct acr_target_counts {
    pthread_mutex_t lock;
    bool shared; /* several threads: take the lock */
    uint64_t answers;
    uint64_t unanswered; /* dropped, reset, stalled */
    uint64_t connections_accepted;
    uint64_t connections_open; /* survives a reset */
    uint64_t bytes_received;   /* of requests that were answered or not, heads and bodies as they came */
    uint64_t bytes_sent;       /* of answers, heads and bodies as sent */
    uint64_t by_status[ACR_TARGET_STATUS_MAX];
    struct acr_map paths; /* path -> struct acr_target_path, owned */
    struct acr_target_path other_paths;
};

void acr_target_counts_init(struct acr_target_counts *counts, bool shared);
void acr_target_counts_done(struct acr_target_counts *counts);

static inline void acr_target_counts_lock(struct acr_target_counts *counts)
{
    if (counts->shared)
        pthread_mutex_lock(&counts->lock);
}

static inline void acr_target_counts_unlock(struct acr_target_counts *counts)
{
    if (counts->shared)
        pthread_mutex_unlock(&counts->lock);
}

/* Where answers to `path` are counted; stays valid until done. The lock must be held. */
struct acr_target_path *acr_target_counts_path(struct acr_target_counts *counts, struct acr_str path);

/* Adds `from` to `to`; takes from's lock. */
void acr_target_counts_add(struct acr_target_counts *to, struct acr_target_counts *from);

/* Zeroes all but connections_open; takes the lock. */
void acr_target_counts_reset(struct acr_target_counts *counts);

/* Appends them as a JSON object. */
void acr_target_counts_json(struct acr_target_counts *counts, struct acr_buffer *out);
