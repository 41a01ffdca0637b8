/* SPDX-License-Identifier: MIT */
/*
 * hatching - carries one change of the number of users out: asks the load thread who lives, plans the ramp, hands users
 * over by the clock, and asks to be told when all is done.
 *
 *     begin() --CHANGE back, plan()--> users handed over, one after the other --HATCHED back, is_complete()-->
 *
 * A change that is begun in the middle of another replaces it; messages that come back of an earlier one are void. For
 * the control thread.
 */
#pragma once

#include <stdbool.h>

#include "base/random.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "run/message.h"
#include "run/ramp.h"
#include "user/class.h"

struct acr_hatching { /* fields are private, but for these, set before begin() */
    size_t users;     /* wanted */
    double rate;
    bool ends_by_rate;
    bool by_script; /* a script asked for it: nothing to do is not worth a record */

    const struct acr_user_class *classes;
    size_t class_count;
    struct acr_loop *loop;
    struct acr_mailbox *load;
    struct acr_random random;
    uint64_t change; /* counts them */
    bool planned;    /* the ramp is that of this change */
    bool asked;      /* HATCHED is with the load thread */
    bool resets;     /* --reset-stats: at the end of the first change of a test (D39) */
    bool reset_due;
    struct acr_ramp ramp;
    acr_nanos start;
    struct acr_timer timer;
};

struct acr_hatching_setup { /* borrowed */
    const struct acr_user_class *classes;
    size_t class_count;
    struct acr_loop *loop;
    struct acr_mailbox *load;
    bool resets;
    uint64_t seed; /* of the order of starts */
};

void acr_hatching_init(struct acr_hatching *hatching, const struct acr_hatching_setup *setup);
void acr_hatching_done(struct acr_hatching *hatching);

/* `fresh`: a new test begins with it. */
void acr_hatching_begin(struct acr_hatching *hatching, bool fresh);

/* CHANGE came back: plans and starts the clock. False when it is of an earlier change. */
bool acr_hatching_plan(struct acr_hatching *hatching, const struct acr_message *change);

/* HATCHED came back: logs it. True when the change is complete, false when it was an earlier one. */
bool acr_hatching_is_complete(struct acr_hatching *hatching, const struct acr_message *hatched);

/* Hands nobody over any more. */
void acr_hatching_stop(struct acr_hatching *hatching);

/* The same; but if all have been handed over, it is complete, though its time is not over. */
void acr_hatching_cut_short(struct acr_hatching *hatching);
