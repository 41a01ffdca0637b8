/* SPDX-License-Identifier: MIT */
/* timer - a hierarchical wheel with a bitmap per level (the picture is in internal.h). */
#include "loop/timer.h"

#include "loop/internal.h"

#define TICK ACR_NANOS_PER_MILLI

void acr_wheel_init(struct acr_wheel *wheel, acr_nanos now)
{
    wheel->tick = now > 0 ? (uint64_t)(now / TICK) : 0;
    for (int level = 0; level < ACR_WHEEL_LEVELS; level++) {
        wheel->occupied[level] = 0;
        for (int slot = 0; slot < ACR_WHEEL_SLOTS; slot++)
            acr_list_init(&wheel->slots[level][slot]);
    }
    acr_list_init(&wheel->due);
    acr_list_init(&wheel->firing);
}

/* Rounded up, so that a timer is never early. */
static uint64_t tick_of(acr_nanos deadline)
{
    return (uint64_t)(deadline / TICK) + (deadline % TICK != 0);
}

/* `tick` must be later than the wheel's. */
static void insert(struct acr_wheel *wheel, struct acr_timer *timer, uint64_t tick)
{
    unsigned level = (63 - (unsigned)__builtin_clzll(tick ^ wheel->tick)) / ACR_WHEEL_DIGIT_BITS;
    unsigned slot = (tick >> (level * ACR_WHEEL_DIGIT_BITS)) % ACR_WHEEL_SLOTS;
    wheel->occupied[level] |= UINT64_C(1) << slot;
    acr_list_append(&wheel->slots[level][slot], &timer->link);
}

/* Unlinks an armed timer and clears its slot's bit if it was the last one there. */
static void withdraw(struct acr_wheel *wheel, struct acr_timer *timer)
{
    struct acr_list *head = timer->link.next;
    acr_list_remove(&timer->link);
    if (!acr_list_empty(head))
        return;
    uintptr_t offset = (uintptr_t)head - (uintptr_t)wheel->slots;
    if (offset >= sizeof wheel->slots)
        return; /* it was due or firing */
    unsigned index = (unsigned)(offset / sizeof *head);
    wheel->occupied[index / ACR_WHEEL_SLOTS] &= ~(UINT64_C(1) << index % ACR_WHEEL_SLOTS);
}

/* The first occupied slot and the tick it begins at; false when there is none. */
static bool first_slot(const struct acr_wheel *wheel, unsigned *ret_level, unsigned *ret_slot, uint64_t *ret_tick)
{
    for (unsigned level = 0; level < ACR_WHEEL_LEVELS; level++) {
        if (wheel->occupied[level] == 0)
            continue;
        unsigned slot = (unsigned)__builtin_ctzll(wheel->occupied[level]);
        unsigned shift = level * ACR_WHEEL_DIGIT_BITS;
        uint64_t above = wheel->tick >> (shift + ACR_WHEEL_DIGIT_BITS);
        *ret_level = level;
        *ret_slot = slot;
        *ret_tick = (above << ACR_WHEEL_DIGIT_BITS | slot) << shift;
        return true;
    }
    return false;
}

acr_nanos acr_wheel_next(const struct acr_wheel *wheel)
{
    unsigned level, slot;
    uint64_t tick;
    if (!first_slot(wheel, &level, &slot, &tick) || tick > (uint64_t)(ACR_NEVER / TICK))
        return ACR_NEVER;
    return (acr_nanos)tick * TICK;
}

/* Spreads a slot that begins now over the levels below; what is due by `until` goes to the due list. */
static void empty_slot(struct acr_wheel *wheel, unsigned level, unsigned slot, uint64_t until)
{
    struct acr_list *head = &wheel->slots[level][slot];
    wheel->occupied[level] &= ~(UINT64_C(1) << slot);
    if (level == 0) {
        acr_list_splice(head, &wheel->due);
        return;
    }
    struct acr_list *link;
    while ((link = acr_list_take_first(head)) != NULL) {
        struct acr_timer *timer = ACR_LIST_ENTRY(link, struct acr_timer, link);
        uint64_t tick = tick_of(timer->deadline);
        if (tick <= until)
            acr_list_append(&wheel->due, link);
        else
            insert(wheel, timer, tick);
    }
}

/* Visits occupied slots only, so a clock that jumps by hours costs no more than the timers there are. */
static void advance(struct acr_wheel *wheel, uint64_t until)
{
    unsigned level, slot;
    uint64_t tick;
    while (first_slot(wheel, &level, &slot, &tick) && tick <= until) {
        wheel->tick = tick;
        empty_slot(wheel, level, slot, until);
    }
    if (until > wheel->tick)
        wheel->tick = until;
}

void acr_wheel_fire(struct acr_wheel *wheel, acr_nanos now)
{
    if (now > 0)
        advance(wheel, (uint64_t)(now / TICK));
    acr_list_splice(&wheel->due, &wheel->firing);
    struct acr_list *link;
    while ((link = acr_list_take_first(&wheel->firing)) != NULL) {
        struct acr_timer *timer = ACR_LIST_ENTRY(link, struct acr_timer, link);
        timer->fn(timer);
    }
}

void acr_timer_init(struct acr_timer *timer, struct acr_loop *loop, acr_timer_fn *fn)
{
    acr_list_init(&timer->link);
    timer->loop = loop;
    timer->fn = fn;
    timer->deadline = ACR_NEVER;
}

void acr_timer_arm(struct acr_timer *timer, acr_nanos deadline)
{
    struct acr_loop *loop = timer->loop;
    acr_timer_disarm(timer);
    if (deadline == ACR_NEVER)
        return;
    timer->deadline = deadline;
    if (deadline <= loop->now || tick_of(deadline) <= loop->wheel.tick)
        acr_list_append(&loop->wheel.due, &timer->link);
    else
        insert(&loop->wheel, timer, tick_of(deadline));
    if (loop->embedded && !loop->in_turn)
        acr_loop_update_fd(loop);
}

void acr_timer_disarm(struct acr_timer *timer)
{
    if (acr_list_linked(&timer->link))
        withdraw(&timer->loop->wheel, timer);
}

bool acr_timer_armed(const struct acr_timer *timer)
{
    return acr_list_linked(&timer->link);
}
