/* SPDX-License-Identifier: MIT */
/*
 * internal - the load thread's end of a run as the runner sees it; scenarios see run/load.h.
 */
#pragma once

#include "base/error.h"
#include "loop/mailbox.h"
#include "run/load.h"

/* Opens the mailbox on the scenario's loop. `scenario` is borrowed. */
ACR_MUST_CHECK int acr_load_open(struct acr_scenario *scenario, struct acr_load **ret_load, struct acr_error *error);
/* Accepts NULL. */
void acr_load_close(struct acr_load *load);

/* Where to post to the load thread. */
struct acr_mailbox *acr_load_mailbox(struct acr_load *load);

/* The control thread's mailbox, and what the first test begins with; once, before anything else runs. */
void acr_load_connect(struct acr_load *load, struct acr_mailbox *control, size_t users, double rate);

/* The scenario crashed. At most once; on any thread, also in a signal handler. */
void acr_load_tell_crash(struct acr_load *load);

/* The whole run as the load thread sees it: test start, set-up, the loop, test stop, quitting. The last thing it does
 * is to post FINAL. ACR_ERR_SCRIPT when set-up failed or the scenario crashed (which was logged, `error` stays
 * empty); a negative code when the loop broke. */
ACR_MUST_CHECK int acr_load_run(struct acr_load *load, struct acr_error *error);
