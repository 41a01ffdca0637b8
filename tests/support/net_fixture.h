/* SPDX-License-Identifier: MIT */
/*
 * net_fixture - a loop with a clock moved by hand, coroutines on it and a net, for tests.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"
#include "loop/coroutine.h"
#include "loop/loop.h"
#include "net/net.h"

struct net_fixture {
    struct acr_clock_fake clock;
    struct acr_loop *loop;
    struct acr_coroutine_pool *pool;
    struct acr_net *net;
};

void net_fixture_open(struct net_fixture *fixture, const struct acr_net_options *options);
/* All coroutines must have ended. */
void net_fixture_close(struct net_fixture *fixture);

/* Runs `fn` in a coroutine from the next turn on. While it waits its stack is copied away and overwritten, as a
 * greenlet's is (fiber.h, rule 1). */
struct acr_coroutine *net_fixture_start(struct net_fixture *fixture, acr_coroutine_fn *fn, void *context);

/* Turns the loop until all coroutines have ended; the test fails after 20 seconds. */
void net_fixture_run(struct net_fixture *fixture);

/* Turns the loop until `condition` holds; the test fails after 20 seconds. */
void net_fixture_run_until(struct net_fixture *fixture, bool (*condition)(void *context), void *context);

/* Turns the loop a few times without blocking for long. */
void net_fixture_turn(struct net_fixture *fixture);

/* Moves the clock. */
void net_fixture_advance(struct net_fixture *fixture, acr_nanos by);

/* Descriptors this process has open. */
size_t net_fixture_descriptors(void);

/*
 * Cancels the operation `fn` at its first wait, then in another run at its second, and so on until a run gets through;
 * each wait once as it begins and once when what it waited for has come. `fn` returns the operation's result and leaves
 * nothing behind; it gets `context`. The test fails when a cancelled run does not return ACR_ERR_CANCELLED or leaves a
 * descriptor open. Returns the number of waits of the run that got through, whose result must be 0.
 */
typedef int net_fixture_operation_fn(struct net_fixture *fixture, struct acr_fiber *fiber, void *context);
unsigned net_fixture_cancel_each_wait(struct net_fixture *fixture, net_fixture_operation_fn *fn, void *context);
