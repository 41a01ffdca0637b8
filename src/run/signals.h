/* SPDX-License-Identifier: MIT */
/*
 * signals - SIGINT and SIGTERM as events on a loop.
 *
 * Handlers, not blocked masks: the children of a script would inherit a mask. A handler only writes to an eventfd; a
 * third signal, or one in a forked child, takes the default action. One per process at a time.
 */
#pragma once

#include "base/error.h"
#include "loop/loop.h"

struct acr_signals;

/* `fn` is called on the loop's thread, once per signal received; context is borrowed. */
ACR_MUST_CHECK int acr_signals_open(struct acr_loop *loop, void (*fn)(void *context, int signal_number), void *context,
                                    struct acr_signals **ret_signals, struct acr_error *error);

/* Puts the former handlers back. Accepts NULL. */
void acr_signals_close(struct acr_signals *signals);
