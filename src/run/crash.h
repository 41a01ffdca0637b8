/* SPDX-License-Identifier: MIT */
/*
 * crash - what becomes of a run when compiled code of a scenario crashes: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT.
 *
 *     handler         on a stack of its own; keeps what the signal tells, starts an alarm
 *     load thread     jumps back to acr_crash_guard(): no user runs any more, the run ends with what was counted
 *     other threads   stay in the handler for good; the load thread is told to end the run
 *
 * The crash may have left a lock of the C library taken or the heap torn, so whatever is done afterwards may hang or
 * crash again. A second crash stays in the handler. The control thread does not wait long for the load thread
 * (run/control.h), and when nobody has ended the process before, the alarm does.
 *
 * A task that holds the load thread up for good is interrupted the same way, and one that calls exit() ends the run so.
 *
 * Signals have one handler per process, so this is the process's. With ACRIDA_CORE=1 in the environment the process
 * ends by the signal, at the place of the crash, for the sake of a core dump.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "run/scenario.h"

/* The exit code of a run that ended by a crash, or that had to be left because a task never gave way. */
#define ACR_EXIT_CRASHED 3

/* Sets the handlers up, on the load thread. `scenario` is borrowed and has `place` among its ops. `tell` is called
 * once, at most, in the handler, on any thread: it lets the control thread know. */
ACR_MUST_CHECK int acr_crash_open(struct acr_scenario *scenario, void (*tell)(void *context), void *context,
                                  struct acr_error *error);
/* Puts the former handlers back. Has no effect if not open. */
void acr_crash_close(void);

/* Calls `fn` on the load thread. False when it was left in the middle by a crash. Just calls it if not open. */
bool acr_crash_guard(void (*fn)(void *context), void *context);

/* Takes the load thread out of what it does, as a crash would. For another thread. False if not open, or too late. */
bool acr_crash_interrupt(void);

/* Was there a crash, or an interruption, since acr_crash_open()? From any thread. */
bool acr_crash_happened(void);

/* Logs what crashed and where in the scenario, the first time it is called. For a load thread that is out of it. */
void acr_crash_report(void);
/* The first half of it, which needs no memory: for others, when the load thread does not come back. */
void acr_crash_report_briefly(void);

/* Ends the process after a crash, when everything has been printed. */
_Noreturn void acr_crash_exit(void);
