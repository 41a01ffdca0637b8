/* SPDX-License-Identifier: MIT */
/*
 * timer - call a function once, at or after a deadline.
 *
 * Timers live in a hashed wheel of 1 ms slots: arming and disarming cost O(1), a timer fires less than a slot
 * late plus whatever the loop is late. Order among timers of one slot is not promised. The clock is the loop's, so a
 * test moves time by hand.
 *
 * The caller owns the memory. An armed timer must not be moved or freed; acr_timer_disarm() makes that safe
 * again and may be called at any time, also from the timer's own callback and from that of another timer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct acr_loop;
struct acr_timer;
typedef void acr_timer_fn(struct acr_timer *timer);

#define ACR_TIMER_IDLE UINT32_MAX

struct acr_timer { /* complete only so that it can be embedded; fields are private */
    struct acr_loop *loop;
    acr_timer_fn *fn;
    acr_nanos deadline;
    uint32_t slot;  /* of the wheel; ACR_TIMER_IDLE while not armed */
    uint32_t index; /* in the slot */
};

void acr_timer_init(struct acr_timer *timer, struct acr_loop *loop, acr_timer_fn *fn);

/* Arms the timer, or moves it if armed. A deadline in the past fires in the next turn; ACR_NEVER disarms. */
void acr_timer_arm(struct acr_timer *timer, acr_nanos deadline);

/* No effect if not armed. Once it returns, the callback will not run. */
void acr_timer_disarm(struct acr_timer *timer);

bool acr_timer_armed(const struct acr_timer *timer);
