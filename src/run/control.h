/* SPDX-License-Identifier: MIT */
/*
 * control - the runner's state machine: what happens when, from the first user to the last table.
 *
 *     waiting    READY -> hatching
 *     hatching   HATCHED -> running; START -> hatching anew
 *     running    START -> hatching; all users dead (ENDED) -> finishing
 *     stopping   ENDED -> finishing, or after a HALT -> stopped
 *     stopped    START -> hatching a new test; none for a second -> finishing
 *     finishing  FINAL -> done
 *
 *     waiting, hatching, running   time limit, signal, QUIT, HALT -> stopping
 *
 * START, HALT and QUIT are what a script asks for. A START while users are being stopped by a HALT comes into force
 * when they are gone; while they are hatched it replaces the number there was. What happens when it is up to the ramp
 * (run/ramp.h). QUIT, the time limit and signals end the run from every state; nothing is begun after them, nor after
 * the request limit.
 *
 * A second signal, or a stop timeout while the load thread does not answer, skips what is left: the report is made from
 * the last snapshot there is and `abandon` is called. Once the run is being ended, a user that keeps the load thread
 * silent for `silence_max`, or beyond the stop timeout, or at a second signal, is interrupted as by a crash
 * (run/crash.h).
 *
 * CRASHED ends the run from every state: the load thread sends FINAL by itself; if it does not, it is abandoned.
 *
 * It lives on its own loop and knows the load thread only as a mailbox, so a test can turn both loops by hand with a
 * clock of its own. Opened and closed on any thread while nobody turns the loop.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/random.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "run/local.h"
#include "run/output.h"
#include "run/watch.h"
#include "stats/snapshot.h"
#include "user/class.h"

struct acr_control;

struct acr_control_setup {
    const struct acr_run_options *options; /* borrowed, as are all pointers but `snapshot` */
    const struct acr_user_class *classes;
    size_t class_count;
    struct acr_random *random; /* used by acr_control_open() only */
    struct acr_loop *loop;
    struct acr_mailbox *load;
    struct acr_snapshot *snapshot; /* what to show before the load thread sends one; a reference is taken */
    acr_output_fn *print;
    /* The run is over although the load thread is not: everything has been printed, the process should end. */
    void (*abandon)(void *context, int exit_code);
    acr_watch_queued_fn *queued; /* of the load thread; may be NULL, as */
    acr_watch_place_fn *place;
    acr_nanos silence_max; /* as in struct acr_scenario */
    void *context;         /* of all these functions */
};

ACR_MUST_CHECK int acr_control_open(const struct acr_control_setup *setup, struct acr_control **ret_control,
                                    struct acr_error *error);
/* Accepts NULL. */
void acr_control_close(struct acr_control *control);

/* Where the load thread posts to. */
struct acr_mailbox *acr_control_mailbox(struct acr_control *control);

/* SIGINT or SIGTERM was received. */
void acr_control_signal(struct acr_control *control, int signal_number);

/* Stops the loop's acr_loop_run() when it turns true. */
bool acr_control_done(const struct acr_control *control);

/* Once done. */
int acr_control_exit_code(const struct acr_control *control);
