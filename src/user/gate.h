/* SPDX-License-Identifier: MIT */
/*
 * gate - where users wait for their slot of a limiter, first come, first served.
 *
 * A slot is given to who waits when its time has come, not before: a user that ends while it waits costs none. All on
 * the loop's thread; O(1) for each user.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/list.h"
#include "loop/fiber.h"
#include "loop/timer.h"
#include "user/limiter.h"

struct acr_gate {
    struct acr_loop *loop;
    struct acr_limiter limiter;
    struct acr_list queue; /* of places, first come first */
    struct acr_timer timer;
};

/* Of one fiber in the queue. The caller owns the memory, which is not on a stack (loop/fiber.h, rule 1). */
struct acr_gate_place {
    struct acr_list link;
    struct acr_fiber *fiber;
    bool passed;
};

void acr_gate_init(struct acr_gate *gate, struct acr_loop *loop);
/* Nobody may wait. Accepts one that is all zero. */
void acr_gate_done(struct acr_gate *gate);

/* Opens it: the limiter begins now. Whoever waits already waits on. */
void acr_gate_begin(struct acr_gate *gate, const struct acr_limits *limits);

/* Waits for a slot, or takes one that is there. ret_waited: whether others ran meanwhile. 0 or ACR_ERR_CANCELLED.
 * `place` is for this call only. */
ACR_MUST_CHECK int acr_gate_pass(struct acr_gate *gate, struct acr_gate_place *place, struct acr_fiber *fiber,
                                 bool *ret_waited);
