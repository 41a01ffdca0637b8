/* SPDX-License-Identifier: MIT */
/*
 * greenlets - fibers made of greenlets, and the engine's place in gevent's hub.
 *
 * The only file that talks to greenlet and gevent. A fiber stands for whatever greenlet calls; it is taken for the time
 * of one blocking call. While a greenlet waits its C stack is copied away (loop/fiber.h rule 1).
 */
#pragma once

#include "python/state.h"

#include "loop/fiber.h"

/* Finds the hub of this thread, opens the engine, watches its descriptor. -1 with an exception. Later calls do nothing.
 */
int acr_python_attach_hub(void);

/* The fiber of the calling greenlet, for one blocking call; NULL with an exception when this greenlet is the hub, which
 * must not wait. */
struct acr_fiber *acr_python_fiber_take(void);
void acr_python_fiber_give(struct acr_fiber *fiber);

/* How often any greenlet has waited in the engine so far: a task that left it unchanged did not let others run. */
uint64_t acr_python_suspensions(void);
