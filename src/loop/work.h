/* SPDX-License-Identifier: MIT */
/*
 * work - functions that block, run on threads beside the loop.
 *
 * A thread is made when work comes and none is idle, up to a maximum; then work waits for its turn, in order. Threads
 * are kept for the work to come and end with the pool. They are given no signals but those of their own faults, and a
 * stack to handle these on.
 *
 * What runs there touches nothing of the loop. It may be interrupted, which it notices by asking or in
 * acr_work_sleep(), and it may have something done on the loop's thread meanwhile (acr_work_call()).
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/list.h"
#include "base/time.h"
#include "loop/loop.h"
#include "loop/mailbox.h"

struct acr_work_pool;
struct acr_work;
typedef void acr_work_fn(struct acr_work *work);

/* Embed it. The caller owns the memory, on the heap; it stays from acr_work_begin() until `over` was called. Fields are
 * private. */
struct acr_work {
    struct acr_work_pool *pool;
    struct acr_list link; /* in the pool's queue */
    struct acr_mail mail;
    acr_work_fn *run, *over;
    acr_work_fn *call; /* to be called before it goes on; NULL: it is over */
    atomic_bool interrupted;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* `interrupted` or `call` */
};

/* thread_max: at least one. */
ACR_MUST_CHECK int acr_work_pool_open(struct acr_loop *loop, size_t thread_max, struct acr_work_pool **ret_pool,
                                      struct acr_error *error);
/* All work must be over. Waits for the threads. Accepts NULL. */
void acr_work_pool_close(struct acr_work_pool *pool);

/* Work for which no thread is there, because the maximum is busy or the system gives no more. */
size_t acr_work_pool_waiting(struct acr_work_pool *pool);

/* `run` is called on a thread, `over` afterwards on the loop's, in phase a. */
void acr_work_init(struct acr_work *work, struct acr_work_pool *pool, acr_work_fn *run, acr_work_fn *over);
/* It must not be begun, or be over. */
void acr_work_done(struct acr_work *work);

/*
 * On the loop's thread:
 */

/* Begins it; it may be begun again when it is over. ACR_ERR_SYSTEM when there is no thread at all, and none is to be
 * had; errno says why. */
ACR_MUST_CHECK int acr_work_begin(struct acr_work *work);

/* Takes it back if no thread has begun with it yet; then it is over, without a call. */
bool acr_work_withdraw(struct acr_work *work);

/* Asks it to end soon. Lasts until it is over. */
void acr_work_interrupt(struct acr_work *work);

/*
 * In `run`:
 */

/* Also for the loop's thread. */
bool acr_work_interrupted(const struct acr_work *work);

/* False when it is interrupted, which ends the sleep. */
bool acr_work_sleep(struct acr_work *work, acr_nanos span);

/* Has fn(work) called on the loop's thread, in phase a, and waits until it has returned: meanwhile this thread touches
 * nothing. */
void acr_work_call(struct acr_work *work, acr_work_fn *fn);
