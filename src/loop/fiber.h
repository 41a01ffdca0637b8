/* SPDX-License-Identifier: MIT */
/*
 * fiber - something that runs, waits, and is resumed by the loop: a C coroutine or a Python greenlet.
 *
 * Code that waits (connect, request, sleep) is written once, against this interface. How a stack is put aside is the
 * business of the implementation behind `ops`: loop/coroutine.c switches stacks, src/python switches greenlets.
 *
 * Three rules:
 *
 * 1. THE STACK OF A WAITING FIBER IS NOT THERE. A greenlet's stack is copied away and its addresses are reused by the
 *    next one. Whatever a source, timer, mail or other fiber may touch while this one waits must be on the heap;
 *    a pointer to a local variable must not be reachable from anything but the waiting code itself.
 * 2. Every wait can be cancelled and then returns ACR_ERR_CANCELLED. The caller unwinds: it withdraws whatever
 *    still refers to it (timer, source, queue entry), then returns the same code. A cancel is delivered to one wait
 * only; code that waits again afterwards (a user's on_stop) waits normally.
 * 3. acr_fiber_wait() may return only for the wake it waited for: wakes are remembered, never lost, never doubled. A
 *    waiter loops on its own condition all the same.
 *
 * The owner of the memory is whoever made the fiber (heap; rule 1). One thread: the loop's.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/list.h"
#include "base/time.h"
#include "loop/timer.h"

struct acr_loop;
struct acr_fiber;

struct acr_fiber_ops {
    /* Called by the fiber's own code: put the stack aside, run others. 0 once resumed by the loop;
     * ACR_ERR_CANCELLED when this wait was cancelled. */
    int (*suspend)(struct acr_fiber *fiber);
    /* Called by the loop in phase b: run the fiber until it suspends or ends. The fiber's memory may be gone
     * afterwards. */
    void (*resume)(struct acr_fiber *fiber);
};

struct acr_fiber { /* complete only so that it can be embedded; fields are private */
    struct acr_loop *loop;
    const struct acr_fiber_ops *ops;
    struct acr_list ready; /* in the loop's list of woken fibers */
    struct acr_timer timer;
    const void *stack; /* where the suspended stack begins, if it is known: fetched ahead */
    const void *data;  /* what its code touches first when it goes on, if that is known: likewise */
    bool waiting;      /* inside acr_fiber_wait */
    bool sleeping;     /* inside acr_fiber_sleep_until */
    bool woken;        /* a wake that no wait has consumed yet */
    bool timed_out;    /* the timer fired */
    bool cancelled;    /* a cancel that no wait has returned yet */
};

void acr_fiber_init(struct acr_fiber *fiber, struct acr_loop *loop, const struct acr_fiber_ops *ops);

/* Withdraws the fiber from the loop (timer, ready list). It must not be waiting. */
void acr_fiber_done(struct acr_fiber *fiber);

/* Lets the present or the next acr_fiber_wait() return 0. Several wakes before a wait count as one. */
void acr_fiber_wake(struct acr_fiber *fiber);

/* Lets the present or the next wait or sleep return ACR_ERR_CANCELLED. Several cancels before it count as one; a cancel
 * wins over a wake and over a timeout that came before the fiber was resumed. */
void acr_fiber_cancel(struct acr_fiber *fiber);

/* Waits for a wake. 0, or ACR_ERR_CANCELLED. */
ACR_MUST_CHECK int acr_fiber_wait(struct acr_fiber *fiber);

/* As acr_fiber_wait, but ACR_ERR_TIMED_OUT at `deadline` (loop clock; ACR_NEVER: none). */
ACR_MUST_CHECK int acr_fiber_wait_until(struct acr_fiber *fiber, acr_nanos deadline);

/* Waits until `deadline`; a deadline in the past still lets all others run once. 0, or ACR_ERR_CANCELLED. A wake
 * that arrives meanwhile is kept for the next wait. */
ACR_MUST_CHECK int acr_fiber_sleep_until(struct acr_fiber *fiber, acr_nanos deadline);

/* For implementations of ops: has the fiber resumed in the next phase b, whatever it waits for. To start one. */
void acr_fiber_schedule(struct acr_fiber *fiber);

/* For implementations of ops: drops a wake that was queued for a wait that will not happen (cancelled). */
void acr_fiber_forget_wake(struct acr_fiber *fiber);

/* For implementations whose suspend can switch straight to another fiber instead of going back to the loop: takes the
 * one that phase b would resume next, if it is of the same kind. It must then be resumed as ops->resume would. NULL:
 * there is none. */
struct acr_fiber *acr_fiber_take_next(struct acr_fiber *fiber);
