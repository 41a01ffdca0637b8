/* SPDX-License-Identifier: MIT */
/*
 * internal - what the files of loop/ share and nobody else sees.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/list.h"
#include "base/time.h"
#include "loop/loop.h"
#include "loop/timer.h"

/* Events taken per turn; the kernel keeps the rest for the next one. */
#define ACR_LOOP_BATCH_MAX 512

/*
 * The timer wheel: levels of 64 slots. A slot of level 0 is one tick (1 ms), a slot of the next level spans all of the
 * level below. A timer sits on the level of the highest 6-bit digit in which its tick differs from `tick`, in the slot
 * that digit names. So every occupied slot is ahead of `tick` without wrapping around, and whatever is on a level comes
 * before all of the next: the earliest slot is the lowest set bit of the first level that has any.
 *
 * 8 levels are 48 bits of milliseconds; acr_nanos ends after 43.
 */
#define ACR_WHEEL_DIGIT_BITS 6
#define ACR_WHEEL_SLOTS (1 << ACR_WHEEL_DIGIT_BITS)
#define ACR_WHEEL_LEVELS 8

struct acr_wheel {
    uint64_t tick; /* every slot up to here was emptied */
    uint64_t occupied[ACR_WHEEL_LEVELS];
    struct acr_list slots[ACR_WHEEL_LEVELS][ACR_WHEEL_SLOTS];
    struct acr_list due;    /* fire in the next turn */
    struct acr_list firing; /* fire in this turn */
};

/* Everything a waiting fiber or a running batch may be reached from is in here and not on a stack: the stack of the
 * loop's caller is itself put aside while a greenlet runs (fiber.h, rule 1). */
struct acr_loop {
    const struct acr_clock *clock;
    acr_nanos now;
    struct acr_list ready;    /* fibers woken for the next phase b */
    struct acr_list resuming; /* fibers of the running phase b */
    struct acr_list flushes;
    bool in_turn;
    bool stopped;
    bool no_pwait2; /* the kernel has no epoll_pwait2 */
    bool embedded;  /* acr_loop_fd() was asked for: somebody else does the waiting */
    bool signalled; /* the eventfd was written since the last turn began */
    int epoll_fd;
    acr_nanos alarm; /* what the timerfd is set to, ACR_NEVER when it is not */
    struct acr_source signal_source;
    struct acr_source alarm_source;
    int batch_size;
    struct epoll_event batch[ACR_LOOP_BATCH_MAX]; /* data.ptr: the source, NULL once removed */
    struct acr_wheel wheel;
};

/* In embedded mode and outside of a turn: makes acr_loop_fd() readable now if there is something to do, else no later
 * than at the next deadline. */
void acr_loop_update_fd(struct acr_loop *loop);

/* As acr_source_add, for descriptors that are only ever read: an eventfd is writable from the start. */
ACR_MUST_CHECK int acr_source_add_reader(struct acr_source *source, struct acr_loop *loop, int fd, acr_source_fn *fn);

void acr_wheel_init(struct acr_wheel *wheel, acr_nanos now);

/* When the wheel next wants to be advanced: at most the earliest deadline rounded up to a tick. ACR_NEVER: no timer. */
acr_nanos acr_wheel_next(const struct acr_wheel *wheel);

/* Calls every timer that was due when it began. */
void acr_wheel_fire(struct acr_wheel *wheel, acr_nanos now);
