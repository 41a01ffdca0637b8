/* SPDX-License-Identifier: MIT */
/*
 * ramp - one change of the number of users: who starts, who ends, and when.
 *
 * The classes get their shares of the new number (acr_user_shares()), so that their mix is right after each change;
 * users that ended by themselves since the last one are made up for. Where a class has to give users up to another
 * while the number rises (or to get some while it falls), both happen at once and at the beginning: the number itself
 * never goes astray. The rest starts by the rate, user k at k / rate. What is too many ends at once, as in Locust 0.9,
 * or by the rate, too, as in 2.x.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/random.h"
#include "base/time.h"
#include "user/class.h"

/* Users in the order of their turns, as the numbers of their classes. */
struct acr_ramp_line {
    size_t *class_numbers; /* owned */
    size_t count;
    size_t handed;  /* how many had their turn */
    size_t at_once; /* how many have it at the beginning */
    double rate;    /* of the others; 0 = there are none */
};

struct acr_ramp { /* zeroed: nothing to do; fields may be read, `handed` written by the one who hands over */
    struct acr_ramp_line starts, ends;
    size_t target; /* users once it is over: what was asked for, less what no class takes */
};

/* From `live` users of each class to a total of `target` users; what `ramp` held is dropped. `ends_by_rate`: else all
 * at once. */
void acr_ramp_plan(struct acr_ramp *ramp, const struct acr_user_class *classes, size_t class_count, const size_t *live,
                   size_t target, double rate, bool ends_by_rate, struct acr_random *random);
void acr_ramp_done(struct acr_ramp *ramp);

/* How many of the line have had, or have now, their turn `elapsed` nanoseconds after the beginning. */
size_t acr_ramp_due(const struct acr_ramp_line *line, acr_nanos elapsed);

/* When there is something to do next, counted from the beginning; when all is done, the end: one interval after the
 * last start, as in Locust 0.9, or with the last of those that end. */
acr_nanos acr_ramp_next(const struct acr_ramp *ramp);

/* Has everybody had a turn? */
bool acr_ramp_is_handed(const struct acr_ramp *ramp);

/* How many users of a class start in all. */
size_t acr_ramp_starts_of(const struct acr_ramp *ramp, size_t class_number);
