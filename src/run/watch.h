/* SPDX-License-Identifier: MIT */
/*
 * watch - does the load thread still turn its loop? Asks often, and logs a long silence: twice while it lasts, once
 * with its length when it is over.
 *
 * A silence has one of two causes, and the record says which: a call in the scenario that does not yield, or a machine
 * that has no processor to give. For the former it names the task, where the front end tells.
 */
#pragma once

#include <stdbool.h>

#include "loop/timer.h"
#include "run/message.h"
#include "run/scenario.h"

/* How long the load thread has waited for a processor so far, in nanoseconds; -1: not known. */
typedef acr_nanos acr_watch_queued_fn(void *context);
/* Whose code the load thread runs; false: nobody's. */
typedef bool acr_watch_place_fn(void *context, struct acr_run_place *ret_place);

struct acr_watch { /* fields are private but for `stalled` */
    bool stalled;
    struct acr_loop *loop;
    struct acr_mailbox *load;
    struct acr_message *ping; /* NULL while the load thread has it */
    struct acr_timer timer;
    acr_nanos sent;
    acr_nanos queued_before;
    size_t warnings; /* of this silence */
    acr_watch_queued_fn *queued;
    acr_watch_place_fn *place;
    void *context;
};

struct acr_watch_setup { /* everything is borrowed */
    struct acr_loop *loop;
    struct acr_mailbox *load;
    acr_watch_queued_fn *queued; /* may be NULL, as */
    acr_watch_place_fn *place;
    void *context; /* of both */
};

void acr_watch_init(struct acr_watch *watch, const struct acr_watch_setup *setup);
void acr_watch_done(struct acr_watch *watch);

void acr_watch_start(struct acr_watch *watch);
/* An answer may still come. */
void acr_watch_stop(struct acr_watch *watch);

/* How long the load thread has not answered, less what it had to wait for a processor, but a third of it at least: on
 * the busiest machine it is to end. */
acr_nanos acr_watch_silence(const struct acr_watch *watch);

/* The PING message came back; it is taken. */
void acr_watch_answered(struct acr_watch *watch, struct acr_message *ping);
