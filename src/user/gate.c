/* SPDX-License-Identifier: MIT */
/* gate - a queue and one timer, set to the next slot. */
#include "user/gate.h"

#include "loop/loop.h"

static bool takes_slot(struct acr_gate *gate, acr_nanos now)
{
    if (acr_limiter_next(&gate->limiter, now) > now)
        return false;
    acr_limiter_take(&gate->limiter, now);
    return true;
}

/* Lets in whose slots have come, and sets the timer to the next one. */
static void let_in(struct acr_gate *gate, acr_nanos now)
{
    while (!acr_list_empty(&gate->queue) && takes_slot(gate, now)) {
        struct acr_list *first = acr_list_take_first(&gate->queue);
        struct acr_gate_place *place = ACR_LIST_ENTRY(first, struct acr_gate_place, link);
        place->passed = true;
        acr_fiber_wake(place->fiber);
    }
    if (!acr_list_empty(&gate->queue))
        acr_timer_arm(&gate->timer, acr_limiter_next(&gate->limiter, now));
}

static void on_slot(struct acr_timer *timer)
{
    struct acr_gate *gate = ACR_CONTAINER_OF(timer, struct acr_gate, timer);
    let_in(gate, acr_loop_now(gate->loop));
}

void acr_gate_init(struct acr_gate *gate, struct acr_loop *loop)
{
    *gate = (struct acr_gate){.loop = loop};
    acr_list_init(&gate->queue);
    acr_timer_init(&gate->timer, loop, on_slot);
}

void acr_gate_done(struct acr_gate *gate)
{
    if (gate->loop != NULL)
        acr_timer_disarm(&gate->timer);
}

void acr_gate_begin(struct acr_gate *gate, const struct acr_limits *limits)
{
    acr_nanos now = acr_loop_refresh_now(gate->loop);
    acr_limiter_begin(&gate->limiter, limits, now);
    let_in(gate, now);
}

int acr_gate_pass(struct acr_gate *gate, struct acr_gate_place *place, struct acr_fiber *fiber, bool *ret_waited)
{
    acr_nanos now = acr_loop_refresh_now(gate->loop);
    *ret_waited = !acr_list_empty(&gate->queue) || !takes_slot(gate, now);
    if (!*ret_waited)
        return 0;
    bool is_first = acr_list_empty(&gate->queue);
    *place = (struct acr_gate_place){.fiber = fiber};
    acr_list_append(&gate->queue, &place->link);
    if (is_first)
        acr_timer_arm(&gate->timer, acr_limiter_next(&gate->limiter, now));
    int rc = 0;
    while (rc == 0 && !place->passed)
        rc = acr_fiber_wait(fiber);
    if (!place->passed)
        acr_list_remove(&place->link);
    return rc;
}
