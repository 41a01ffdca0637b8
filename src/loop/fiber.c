/* SPDX-License-Identifier: MIT */
/* fiber - waits, wakes, timeouts and cancels, whatever the stacks are made of. */
#include "loop/fiber.h"

#include "loop/internal.h"

#define CACHE_LINE 64

/* What a resumed coroutine touches first; fetched when it is woken, needed in the next phase b. */
#define STACK_LINES 7
#define DATA_LINES 2

static void on_timer(struct acr_timer *timer)
{
    struct acr_fiber *fiber = ACR_CONTAINER_OF(timer, struct acr_fiber, timer);
    fiber->timed_out = true;
    acr_fiber_schedule(fiber);
}

void acr_fiber_init(struct acr_fiber *fiber, struct acr_loop *loop, const struct acr_fiber_ops *ops)
{
    *fiber = (struct acr_fiber){.loop = loop, .ops = ops};
    acr_list_init(&fiber->ready);
    acr_timer_init(&fiber->timer, loop, on_timer);
}

void acr_fiber_done(struct acr_fiber *fiber)
{
    acr_timer_disarm(&fiber->timer);
    acr_list_remove(&fiber->ready);
}

static void fetch_ahead(const char *address, int lines)
{
    for (int line = 0; address != NULL && line < lines; line++)
        __builtin_prefetch(address + CACHE_LINE * line, 1);
}

void acr_fiber_schedule(struct acr_fiber *fiber)
{
    if (acr_list_linked(&fiber->ready))
        return;
    acr_list_append(&fiber->loop->ready, &fiber->ready);
    fetch_ahead(fiber->stack, STACK_LINES);
    fetch_ahead(fiber->data, DATA_LINES);
    acr_loop_update_fd(fiber->loop);
}

void acr_fiber_wake(struct acr_fiber *fiber)
{
    fiber->woken = true;
    if (fiber->waiting)
        acr_fiber_schedule(fiber);
}

void acr_fiber_cancel(struct acr_fiber *fiber)
{
    fiber->cancelled = true;
    if (fiber->waiting || fiber->sleeping)
        acr_fiber_schedule(fiber);
}

void acr_fiber_forget_wake(struct acr_fiber *fiber)
{
    fiber->woken = false;
    acr_list_remove(&fiber->ready);
}

/* Whoever resumes the fiber for reasons of its own (a stray switch of a greenlet) only makes it look again. */
static bool is_over(const struct acr_fiber *fiber)
{
    return fiber->cancelled || fiber->timed_out || (fiber->waiting && fiber->woken);
}

/* 0 when woken or timed out; else the wait was cancelled. */
static int suspend(struct acr_fiber *fiber, acr_nanos deadline)
{
    fiber->timed_out = false;
    int rc = 0;
    if (!is_over(fiber)) {
        acr_timer_arm(&fiber->timer, deadline);
        do {
            rc = fiber->ops->suspend(fiber);
        } while (rc == 0 && !is_over(fiber));
        acr_timer_disarm(&fiber->timer);
        acr_list_remove(&fiber->ready);
    }
    fiber->waiting = false;
    fiber->sleeping = false;
    if (rc == 0 && fiber->cancelled)
        rc = ACR_ERR_CANCELLED;
    if (rc < 0)
        fiber->cancelled = false;
    return rc;
}

int acr_fiber_wait(struct acr_fiber *fiber)
{
    return acr_fiber_wait_until(fiber, ACR_NEVER);
}

/* A wake wins over a timeout that came in the same turn, a cancel over both. */
int acr_fiber_wait_until(struct acr_fiber *fiber, acr_nanos deadline)
{
    fiber->waiting = true;
    int rc = suspend(fiber, deadline);
    if (rc == 0 && !fiber->woken)
        rc = ACR_ERR_TIMED_OUT;
    fiber->woken = false; /* consumed, or meant for the wait that was cancelled */
    return rc;
}

/* A deadline in the past is due in the next turn, which is what lets all others run. */
int acr_fiber_sleep_until(struct acr_fiber *fiber, acr_nanos deadline)
{
    fiber->sleeping = true;
    return suspend(fiber, deadline);
}

struct acr_fiber *acr_fiber_take_next(struct acr_fiber *fiber)
{
    struct acr_list *first = fiber->loop->resuming.next;
    if (first == &fiber->loop->resuming)
        return NULL;
    struct acr_fiber *next = ACR_LIST_ENTRY(first, struct acr_fiber, ready);
    if (next == fiber || next->ops != fiber->ops)
        return NULL;
    acr_list_remove(first);
    return next;
}
