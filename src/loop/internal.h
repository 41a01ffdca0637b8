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
 * The timer wheel. The ring has a slot per tick (1 ms) for the next 4095 ticks, so the usual waits are stored once and
 * never moved. What is further away lies on levels of 64 slots, whose unit is 2048 ticks on the first and 64 times that
 * of the level below on each other, and moves down when its slot begins, at the latest from the first level to the
 * ring.
 *
 * A timer of the levels is on that of the highest 6-bit digit in which its time, in units, differs from `unit`, in the
 * slot that digit names. So every occupied slot is ahead without wrapping around, and whatever is on a level comes
 * before all of the next: the earliest slot is the lowest set bit of the first level that has any.
 *
 * A slot is an array: to fire or to move its timers is to walk pointers that can be fetched ahead, where a linked list
 * waits for memory at each timer (with 100,000 of them: 1.1 against 0.5 us per wake).
 *
 * 6 levels are 36 bits of units, 47 of ticks; acr_nanos ends after 43.
 */
#define ACR_WHEEL_RING_SLOTS 4096
#define ACR_WHEEL_UNIT_BITS 11
#define ACR_WHEEL_DIGIT_BITS 6
#define ACR_WHEEL_LEVEL_SLOTS (1 << ACR_WHEEL_DIGIT_BITS)
#define ACR_WHEEL_LEVELS 6

/* Numbers of slots: the ring's, the levels', and two more. */
enum {
    ACR_WHEEL_FIRST_LEVEL = ACR_WHEEL_RING_SLOTS,
    ACR_WHEEL_DUE = ACR_WHEEL_FIRST_LEVEL + ACR_WHEEL_LEVELS * ACR_WHEEL_LEVEL_SLOTS, /* fire in the next turn */
    ACR_WHEEL_FIRING, /* are being fired; withdrawn ones are NULL */
    ACR_WHEEL_SLOTS,
};

struct acr_wheel_slot {
    struct acr_timer **timers;
    uint32_t count;
    uint32_t capacity;
};

struct acr_wheel {
    uint64_t tick;                                     /* every slot up to here was emptied */
    uint64_t unit;                                     /* every slot of the levels up to here was emptied */
    uint64_t ring_words;                               /* which words of ring_occupied are not 0 */
    uint64_t ring_occupied[ACR_WHEEL_RING_SLOTS / 64]; /* a bit per slot */
    uint64_t level_occupied[ACR_WHEEL_LEVELS];         /* a bit per slot */
    struct acr_wheel_slot slots[ACR_WHEEL_SLOTS];
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

/* `wheel` is zeroed. */
void acr_wheel_init(struct acr_wheel *wheel, acr_nanos now);
void acr_wheel_done(struct acr_wheel *wheel);

/* Is there a timer whose deadline had passed when it was armed? */
static inline bool acr_wheel_is_due(const struct acr_wheel *wheel)
{
    return wheel->slots[ACR_WHEEL_DUE].count > 0;
}

/* When the wheel next wants to be advanced: at most the earliest deadline rounded up to a tick. ACR_NEVER: no timer. */
acr_nanos acr_wheel_next(const struct acr_wheel *wheel);

/* Calls every timer that was due when it began. */
void acr_wheel_fire(struct acr_wheel *wheel, acr_nanos now);
