/* SPDX-License-Identifier: MIT */
/*
 * load - the load thread's end of a run: starts and stops users as the control thread says, hands out snapshots.
 *
 * The control thread (local.c) owns the runner's state; the two meet in two mailboxes only. Everything declared here is
 * for the load thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "run/scenario.h"

struct acr_load;

/* A user's code has ended, for whatever reason; it is not replaced. `id` as given to user_start. */
void acr_load_user_ended(struct acr_load *load, uint64_t id);

/* Asks the control thread to end the test as if the time were up (runner.quit() in a script). */
void acr_load_request_quit(struct acr_load *load);

/* Live users. */
size_t acr_load_user_count(const struct acr_load *load);

/* True once the run is over and the front end's loop must return. */
bool acr_load_finished(const struct acr_load *load);

/* Called (once, on the load thread, within a turn of the loop) when acr_load_finished() turns true, so that a front end
 * inside another event loop can leave it. NULL: nobody. */
void acr_load_on_finished(struct acr_load *load, void (*fn)(void *context), void *context);
