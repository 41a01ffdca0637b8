/* SPDX-License-Identifier: MIT */
/*
 * switch - leave one stack and go on with another. One implementation per machine, in arch/.
 *
 * Callee-saved registers and the floating-point control words belong to the stack (of the latter only the rounding mode
 * where setjmp does the work); the signal mask does not.
 */
#pragma once

#include <stddef.h>

/* What was left behind is on the stack itself; this says where. */
struct acr_switch {
    void *state;
};

/* Must not return. */
typedef void acr_switch_entry(void *context);

/* Prepares the stack [low, low + size) so that the first switch to it calls `entry`. The floating-point control words
 * are those of the caller. */
void acr_switch_init(struct acr_switch *target, void *low, size_t size, acr_switch_entry *entry, void *context);

/* Leaves the present stack in `from` and goes on where `to` was left. */
void acr_switch_to(struct acr_switch *from, struct acr_switch *to);
