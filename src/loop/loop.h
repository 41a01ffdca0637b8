/* SPDX-License-Identifier: MIT */
/*
 * loop - decides when code runs: descriptors, deadlines, woken fibers, queued sends.
 *
 * A loop belongs to one thread; nothing here but acr_mailbox_post() (mailbox.h) may be called from another.
 * One turn has three phases, and the order is a promise (engine.md: 10-12 % cheaper than event by event):
 *
 *     a  every ready descriptor's source and every due timer is called: they receive, parse, wake fibers
 *     b  every fiber woken so far is resumed: users look at their answers and queue new requests
 *     c  every queued flush is run: what they queued is sent
 *
 * A fiber woken in b or c runs in the next turn, which then does not block.
 *
 * A loop can stand alone (acr_loop_run) or live inside another event loop: watch acr_loop_fd() for reading
 * and call acr_loop_turn(loop, 0) whenever it is readable. The descriptor also becomes readable when a timer
 * is due and when a fiber was woken, or a timer armed, outside of a turn.
 *
 * Descriptors are edge-triggered and registered once: a source must read until it would block, and must keep
 * reading while EPOLLRDHUP, EPOLLHUP or EPOLLERR is set, or an end of stream that came with data is lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "base/time.h"

struct acr_loop;
struct acr_source;
struct acr_flush;

/* `events` is a mask of EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR. */
typedef void acr_source_fn(struct acr_source *source, uint32_t events);
typedef void acr_flush_fn(struct acr_flush *flush);

/* A watched descriptor. The caller owns the memory and the descriptor; fields are private. */
struct acr_source {
    struct acr_loop *loop; /* NULL while not added */
    acr_source_fn *fn;
    int fd;
    int batch_slot; /* where in the running batch, -1 when not in it */
};

/* Something to be done in phase c. The caller owns the memory; fields are private. */
struct acr_flush {
    struct acr_list link;
    acr_flush_fn *fn;
};

/* `clock` is borrowed. ACR_ERR_SYSTEM when the kernel gives no descriptor. */
ACR_MUST_CHECK int acr_loop_open(const struct acr_clock *clock, struct acr_loop **ret_loop, struct acr_error *error);

/* All sources, timers and fibers must be gone. Accepts NULL. */
void acr_loop_close(struct acr_loop *loop);

/* The time at the start of the present phase; cheap. Advances only in a turn and in acr_loop_refresh_now(). */
acr_nanos acr_loop_now(const struct acr_loop *loop);

/* Reads the clock, and moves acr_loop_now() along: for measuring, and for code that runs outside of a turn. */
acr_nanos acr_loop_refresh_now(struct acr_loop *loop);

const struct acr_clock *acr_loop_clock(const struct acr_loop *loop);

/* One turn; blocks in phase a for at most `max_wait` nanoseconds (ACR_NEVER: no bound), not at all when a fiber is
 * ready. Must not be called from inside a turn: ACR_ERR_INVALID. ACR_ERR_SYSTEM when waiting failed. */
ACR_MUST_CHECK int acr_loop_turn(struct acr_loop *loop, acr_nanos max_wait);

/* Turns until acr_loop_stop(). */
ACR_MUST_CHECK int acr_loop_run(struct acr_loop *loop);

/* Ends acr_loop_run() after the present turn. Same thread; from another, post a mail that calls it. */
void acr_loop_stop(struct acr_loop *loop);

/* Is a turn running? Then queued flushes and woken fibers need no help to be seen. */
bool acr_loop_in_turn(const struct acr_loop *loop);

/* For embedding: readable whenever a turn has something to do. Owned by the loop. The first call makes the loop keep
 * that promise, which costs a system call now and then; a loop that stands alone should not ask. */
int acr_loop_fd(struct acr_loop *loop);

/* Watches `fd` for reading, writing and hang-up, edge-triggered. ACR_ERR_SYSTEM; errno says why. */
ACR_MUST_CHECK int acr_source_add(struct acr_source *source, struct acr_loop *loop, int fd, acr_source_fn *fn);

/* Stops watching; its events still in the running batch are dropped. No effect if not added. The descriptor
 * stays open. */
void acr_source_remove(struct acr_source *source);

void acr_flush_init(struct acr_flush *flush, acr_flush_fn *fn);

/* Runs `fn` once in phase c of this turn; outside of a turn, at once. No effect if queued already. */
void acr_flush_later(struct acr_flush *flush, struct acr_loop *loop);

/* Takes it off the queue. No effect if not queued. */
void acr_flush_cancel(struct acr_flush *flush);
