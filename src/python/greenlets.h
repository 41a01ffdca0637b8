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

/* Is this the thread that runs the engine, and no forked child of its process? Others hold the interpreter lock when
 * they call, but cannot wait here. */
bool acr_python_in_load_thread(void);

/* The fiber of the calling greenlet, for one blocking call; NULL with an exception when this greenlet is the hub, which
 * must not wait. */
struct acr_fiber *acr_python_fiber_take(void);
void acr_python_fiber_give(struct acr_fiber *fiber);

/*
 * The end of a test reaches its users by UserKill, a GreenletExit of the Python half's. One that waits for an answer
 * then finishes that request first, for at most ACR_PYTHON_STOP_GRACE, so that what the target served is in the report:
 * the kill is put aside when it arrives and comes back after the request. A second one is not put aside, nor is
 * anything else that is thrown in: kills by the script, gevent.Timeout.
 */
#define ACR_PYTHON_STOP_GRACE (2 * ACR_NANOS_PER_SECOND)

/* This fiber's wait is for an answer: a UserKill may be put aside. */
void acr_python_fiber_shield(struct acr_fiber *fiber);

/* The answer is there. True when a kill was put aside: raise it now with acr_python_fiber_raise(), or let it arrive a
 * little later with acr_python_fiber_kill_later(). */
bool acr_python_fiber_unshield(struct acr_fiber *fiber);
void acr_python_fiber_raise(struct acr_fiber *fiber);

/* Lets the kill arrive at the end of the greenlet's `with` block (acr_python_late_kill_raise()), at its next wait in
 * the engine, or, when it comes by neither soon, wherever it waits. */
void acr_python_fiber_kill_later(struct acr_fiber *fiber);

/* The late kill of the running greenlet: raised, false if there is none; or forgotten, because it ends anyway. */
bool acr_python_late_kill_raise(void);
void acr_python_late_kill_forget(void);

/* How often any greenlet has waited in the engine so far: a task that left it unchanged did not let others run. */
uint64_t acr_python_suspensions(void);
