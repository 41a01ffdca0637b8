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

/* A user's code has ended, for whatever reason; it is not replaced before the number of users is next changed. `id` as
 * given to user_start; it may be given again to another one. */
void acr_load_user_ended(struct acr_load *load, uint64_t id);

/*
 * What a script may ask for at any time, also in the middle of a turn: they return at once, and happen in the order
 * they were asked for. Once the run is being ended they have no effect.
 */

/* So many users, at that rate (<= 0: the rate there is): more are started, or the newest ended, until the number is
 * right; SPAWNING_COMPLETE tells when it is. After a stop it begins a new test. `ends_by_rate`: as in 2.x; else users
 * that are too many end at once. */
void acr_load_request_start(struct acr_load *load, size_t users, double rate, bool ends_by_rate);

/* Stops all users. The run then waits a little for a new start, and ends without one. */
void acr_load_request_stop(struct acr_load *load);

/* Ends the run as if the time were up. */
void acr_load_request_quit(struct acr_load *load);

/* Users that were told to end do not, for longer than can be waited for: if the test is being ended, its report is made
 * without them, unless --stop-timeout says how long they may take. */
void acr_load_give_up(struct acr_load *load);

/* What was asked for counts at once. */
const struct acr_run_status *acr_load_status(const struct acr_load *load);

/* Live users, those that are about to end included. */
size_t acr_load_user_count(const struct acr_load *load);

/* True once the run is over and the front end's loop must return. */
bool acr_load_finished(const struct acr_load *load);

/* Called (once, on the load thread, within a turn of the loop) when acr_load_finished() turns true, so that a front end
 * inside another event loop can leave it. NULL: nobody. */
void acr_load_on_finished(struct acr_load *load, void (*fn)(void *context), void *context);
