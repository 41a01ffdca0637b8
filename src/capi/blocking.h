/* SPDX-License-Identifier: MIT */
/*
 * blocking - a user's work on a thread, and what it may ask for there.
 *
 * While the work runs, the user's coroutine waits, and user->in_work is set: what the user has is the thread's then,
 * and the load thread looks at nothing of it. What the work records is kept, and counted on the load thread while the
 * work waits for that (now and then) or is over.
 */
#pragma once

#include "capi/internal.h"

/* How long the end of a test waits for work that does not return, unless --stop-timeout says. */
#define ACR_CAPI_BLOCKED_MAX (30 * ACR_NANOS_PER_SECOND)

/* Runs a task, or does not, if its user is being ended. */
void acr_capi_run_blocking(acr_user *user, const acr_task *task);

/* For a user in work: is it to end? Its sleep. */
bool acr_capi_work_ending(const acr_user *user);
bool acr_capi_work_sleep(acr_user *user, acr_nanos span);

/* For a user in work. `error`: NULL for a success. */
void acr_capi_work_record(acr_user *user, const acr_request_record *record);

/* A user in work asked for something that waits. */
void acr_capi_work_refuse_wait(const acr_user *user);

/* Is the caller on a thread of some user's work, where `function` cannot be called? Says so once. */
bool acr_capi_refuse_in_work(const char *function);

/* On the load thread, for a user in work: ends it as soon as it returns; not at all, if no thread has begun with it. */
void acr_capi_work_stop(acr_user *user);
/* It has not returned since. */
void acr_capi_work_is_late(acr_user *user);

/* The user has ended. */
void acr_capi_work_free(acr_user *user);

/* Whose work the calling thread does; NULL: nobody's. Also from a signal handler. */
const acr_user *acr_capi_blocking_user(void);
