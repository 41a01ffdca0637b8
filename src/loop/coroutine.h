/* SPDX-License-Identifier: MIT */
/*
 * coroutine - a fiber with a stack of its own.
 *
 * Stacks come from one MAP_NORESERVE mapping per pool, cut into slots with a guard page below each (MADV_GUARD_INSTALL
 * where the kernel has it, else mprotect, else none with a word in acr_coroutine_pool_guarded()). A slot's
 * touched pages are given back when many are free. The switch is assembly on x86-64 and aarch64 (loop/arch),
 * setjmp elsewhere; it saves the callee-saved registers and the floating-point control words.
 *
 * A coroutine ends when its function returns; `ended` is then called on the loop's stack, after which its slot is
 * reused. Children end before the pool: acr_coroutine_pool_close() requires that none is alive.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "loop/fiber.h"

struct acr_coroutine;
struct acr_coroutine_pool;

typedef void acr_coroutine_fn(struct acr_coroutine *coroutine, void *context);

struct acr_coroutine_options {
    size_t stack_bytes; /* usable bytes per stack, rounded up to pages; 0 = 64 KiB less the guard page */
    size_t max_count;   /* most coroutines alive at once; 0 = 1,000,000, or fewer if address space is short */
    size_t room_bytes;  /* for the caller's own data, of those of the stack: in the page that an idle one has anyway */
};

/* ACR_ERR_SYSTEM when the address space is not to be had. `options` may be NULL. */
ACR_MUST_CHECK int acr_coroutine_pool_open(struct acr_loop *loop, const struct acr_coroutine_options *options,
                                           struct acr_coroutine_pool **ret_pool, struct acr_error *error);
/* Not from `ended`. Accepts NULL. */
void acr_coroutine_pool_close(struct acr_coroutine_pool *pool);

/* Coroutines alive; while `ended` runs, its own still counts. */
size_t acr_coroutine_pool_count(const struct acr_coroutine_pool *pool);

/* Deepest stack use of any coroutine of this pool so far, in bytes: the lowest page that was touched. Looks at every
 * stack, so it is for reports; 0 when the kernel does not say. */
size_t acr_coroutine_pool_high_water(const struct acr_coroutine_pool *pool);

/* Usable bytes of each stack. */
size_t acr_coroutine_pool_stack_bytes(const struct acr_coroutine_pool *pool);

/* Is there a guard page below each stack? */
bool acr_coroutine_pool_guarded(const struct acr_coroutine_pool *pool);

#define ACR_COROUTINE_KEPT_BYTES 16

/* Each coroutine has the bytes at `state` for itself: they are zero when it begins, and after each wait what they were
 * before it. It is for what a language has per thread of execution: the exceptions of C++ that are being handled. When
 * the pool is closed they are again what they are now. At most once, while none is alive. */
void acr_coroutine_pool_keep(struct acr_coroutine_pool *pool, void *state);

/* Makes a coroutine that first runs in the next phase b. `ended` may be NULL; context is borrowed until it was called.
 * ret_coroutine may be NULL. ACR_ERR_LIMIT when max_count are alive. */
ACR_MUST_CHECK int acr_coroutine_start(struct acr_coroutine_pool *pool, acr_coroutine_fn *fn, acr_coroutine_fn *ended,
                                       void *context, struct acr_coroutine **ret_coroutine);

/* The wait the coroutine is in, or else its next one, returns ACR_ERR_CANCELLED. One that has not run yet
 * never runs; `ended` is called all the same. */
void acr_coroutine_cancel(struct acr_coroutine *coroutine);

/* The room_bytes of the pool that are this coroutine's, zeroed at its start and there until `ended` has returned. Their
 * first 128 are what its code should touch first whenever it goes on: they are fetched into the cache when it is woken.
 */
void *acr_coroutine_room(struct acr_coroutine *coroutine);

/* The fiber to hand to everything that waits. */
struct acr_fiber *acr_coroutine_fiber(struct acr_coroutine *coroutine);

/*
 * Who runs: for those who look from another thread, or from a signal handler.
 */

/* Whom it runs for, and what it does for it; the latter by its fiber, which is at hand where that changes often. The
 * texts must live as long as the pool; NULL: not said. */
void acr_coroutine_set_owner(struct acr_coroutine *coroutine, const char *owner, uint64_t number);
void acr_coroutine_set_work(struct acr_fiber *fiber, const char *work);

struct acr_coroutine_running {
    const char *owner;
    uint64_t number;
    const char *work;
    uintptr_t stack_low, stack_high; /* the guard page ends at `stack_low` */
};

/* False: none runs. From any thread while the pool is open. Another thread may get the words of two coroutines mixed
 * when they take turns just then. */
bool acr_coroutine_pool_running(const struct acr_coroutine_pool *pool, struct acr_coroutine_running *ret_running);

/* For a signal handler that is about to jump from the coroutine that runs (if any) to a frame of the loop's stack. The
 * coroutine never ends, and nothing of the pool may be used any more. */
void acr_coroutine_pool_desert(struct acr_coroutine_pool *pool);
