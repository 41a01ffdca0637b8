/* SPDX-License-Identifier: MIT */
/* timer - a ring of ticks with a few levels of coarser slots behind it (the picture is in internal.h). */
#include "loop/timer.h"

#include "base/memory.h"
#include "loop/internal.h"

#define TICK ACR_NANOS_PER_MILLI

/* Timers fetched ahead of the one that is fired or moved. */
#define FETCH_AHEAD 8

/* A larger array is not kept when its slot was emptied. */
#define CAPACITY_KEPT 256

void acr_wheel_init(struct acr_wheel *wheel, acr_nanos now)
{
    wheel->tick = now > 0 ? (uint64_t)(now / TICK) : 0;
    wheel->unit = wheel->tick >> ACR_WHEEL_UNIT_BITS;
}

void acr_wheel_done(struct acr_wheel *wheel)
{
    for (int slot = 0; slot < ACR_WHEEL_SLOTS; slot++)
        acr_free(wheel->slots[slot].timers);
}

/* Rounded up, so that a timer is never early. */
static uint64_t tick_of(acr_nanos deadline)
{
    return (uint64_t)(deadline / TICK) + (deadline % TICK != 0);
}

static void append(struct acr_wheel *wheel, uint32_t number, struct acr_timer *timer)
{
    struct acr_wheel_slot *slot = &wheel->slots[number];
    if (slot->count == slot->capacity) {
        slot->capacity = slot->capacity != 0 ? 2 * slot->capacity : 8;
        slot->timers = acr_realloc(slot->timers, slot->capacity * sizeof(struct acr_timer *));
    }
    timer->slot = number;
    timer->index = slot->count;
    slot->timers[slot->count++] = timer;
}

/* `tick` must be later than the wheel's. */
static void insert(struct acr_wheel *wheel, struct acr_timer *timer, uint64_t tick)
{
    if (tick - wheel->tick < ACR_WHEEL_RING_SLOTS) {
        uint32_t number = tick % ACR_WHEEL_RING_SLOTS;
        wheel->ring_words |= UINT64_C(1) << number / 64;
        wheel->ring_occupied[number / 64] |= UINT64_C(1) << number % 64;
        append(wheel, number, timer);
        return;
    }
    uint64_t unit = tick >> ACR_WHEEL_UNIT_BITS;
    uint32_t level = (63 - (uint32_t)__builtin_clzll(unit ^ wheel->unit)) / ACR_WHEEL_DIGIT_BITS;
    uint32_t digit = (unit >> (level * ACR_WHEEL_DIGIT_BITS)) % ACR_WHEEL_LEVEL_SLOTS;
    wheel->level_occupied[level] |= UINT64_C(1) << digit;
    append(wheel, ACR_WHEEL_FIRST_LEVEL + level * ACR_WHEEL_LEVEL_SLOTS + digit, timer);
}

static void mark_empty(struct acr_wheel *wheel, uint32_t number)
{
    if (number < ACR_WHEEL_RING_SLOTS) {
        wheel->ring_occupied[number / 64] &= ~(UINT64_C(1) << number % 64);
        if (wheel->ring_occupied[number / 64] == 0)
            wheel->ring_words &= ~(UINT64_C(1) << number / 64);
    } else if (number < ACR_WHEEL_DUE) {
        uint32_t offset = number - ACR_WHEEL_FIRST_LEVEL;
        wheel->level_occupied[offset / ACR_WHEEL_LEVEL_SLOTS] &= ~(UINT64_C(1) << offset % ACR_WHEEL_LEVEL_SLOTS);
    }
}

/* The last timer of the slot takes the place, but for a slot that is being walked. */
static void withdraw(struct acr_wheel *wheel, struct acr_timer *timer)
{
    struct acr_wheel_slot *slot = &wheel->slots[timer->slot];
    if (timer->slot == ACR_WHEEL_FIRING) {
        slot->timers[timer->index] = NULL;
    } else {
        struct acr_timer *last = slot->timers[--slot->count];
        slot->timers[timer->index] = last;
        last->index = timer->index;
        if (slot->count == 0)
            mark_empty(wheel, timer->slot);
    }
    timer->slot = ACR_TIMER_IDLE;
}

/* The tick of the first occupied slot of the ring, UINT64_MAX if there is none. */
static uint64_t ring_first(const struct acr_wheel *wheel)
{
    if (wheel->ring_words == 0)
        return UINT64_MAX;
    uint32_t from = (wheel->tick + 1) % ACR_WHEEL_RING_SLOTS;
    uint32_t word = from / 64;
    uint64_t bits = wheel->ring_occupied[word] >> from % 64 << from % 64;
    if (bits == 0) {
        /* Bit 0 becomes the word after this one; this one, whose lower slots come a lap later, the last. */
        uint32_t shift = (word + 1) % 64;
        uint64_t words = wheel->ring_words >> shift | wheel->ring_words << (64 - shift) % 64;
        word = (word + 1 + (uint32_t)__builtin_ctzll(words)) % 64;
        bits = wheel->ring_occupied[word];
    }
    uint32_t number = word * 64 + (uint32_t)__builtin_ctzll(bits);
    return wheel->tick + 1 + (number - from) % ACR_WHEEL_RING_SLOTS;
}

/* The number of the first occupied slot of the levels and the unit it begins at; UINT64_MAX if there is none. */
static uint64_t levels_first(const struct acr_wheel *wheel, uint32_t *ret_number)
{
    for (uint32_t level = 0; level < ACR_WHEEL_LEVELS; level++) {
        if (wheel->level_occupied[level] == 0)
            continue;
        uint32_t digit = (uint32_t)__builtin_ctzll(wheel->level_occupied[level]);
        uint32_t shift = level * ACR_WHEEL_DIGIT_BITS;
        uint64_t above = wheel->unit >> (shift + ACR_WHEEL_DIGIT_BITS);
        *ret_number = ACR_WHEEL_FIRST_LEVEL + level * ACR_WHEEL_LEVEL_SLOTS + digit;
        return (above << ACR_WHEEL_DIGIT_BITS | digit) << shift;
    }
    return UINT64_MAX;
}

/* UINT64_MAX stays what it is. */
static uint64_t unit_begin(uint64_t unit)
{
    return unit != UINT64_MAX ? unit << ACR_WHEEL_UNIT_BITS : UINT64_MAX;
}

acr_nanos acr_wheel_next(const struct acr_wheel *wheel)
{
    uint32_t number;
    uint64_t ring = ring_first(wheel);
    uint64_t levels = unit_begin(levels_first(wheel, &number));
    uint64_t tick = ring < levels ? ring : levels;
    return tick <= (uint64_t)(ACR_NEVER / TICK) ? (acr_nanos)tick * TICK : ACR_NEVER;
}

/* Takes the slot's array away; the slot has that of ACR_WHEEL_FIRING then, which is empty. */
static struct acr_wheel_slot *begin_walk(struct acr_wheel *wheel, uint32_t number)
{
    struct acr_wheel_slot *walked = &wheel->slots[ACR_WHEEL_FIRING];
    struct acr_wheel_slot taken = wheel->slots[number];
    wheel->slots[number] = *walked;
    *walked = taken;
    mark_empty(wheel, number);
    return walked;
}

static void end_walk(struct acr_wheel_slot *walked)
{
    walked->count = 0;
    if (walked->capacity <= CAPACITY_KEPT)
        return;
    acr_free(walked->timers);
    *walked = (struct acr_wheel_slot){0};
}

static void fetch_ahead(const struct acr_wheel_slot *walked, uint32_t position)
{
    if (position + FETCH_AHEAD < walked->count)
        __builtin_prefetch(walked->timers[position + FETCH_AHEAD], 1);
}

/* The callbacks may withdraw any timer, and arm any: none of those lands here, because the walked slots are past. */
static void fire_slot(struct acr_wheel *wheel, uint32_t number)
{
    struct acr_wheel_slot *walked = begin_walk(wheel, number);
    for (uint32_t i = 0; i < walked->count && i < FETCH_AHEAD; i++)
        __builtin_prefetch(walked->timers[i], 1);
    for (uint32_t i = 0; i < walked->count; i++) {
        fetch_ahead(walked, i);
        walked->timers[i]->slot = ACR_WHEEL_FIRING;
    }
    for (uint32_t i = 0; i < walked->count; i++) {
        struct acr_timer *timer = walked->timers[i];
        if (timer == NULL)
            continue;
        timer->slot = ACR_TIMER_IDLE;
        timer->fn(timer);
    }
    end_walk(walked);
}

/* Spreads a slot of the levels that begins at `unit` over the levels below and the ring. */
static void spread_slot(struct acr_wheel *wheel, uint32_t number, uint64_t unit)
{
    wheel->unit = unit;
    if (unit_begin(unit) - 1 > wheel->tick)
        wheel->tick = unit_begin(unit) - 1;
    struct acr_wheel_slot *walked = begin_walk(wheel, number);
    for (uint32_t i = 0; i < walked->count; i++) {
        fetch_ahead(walked, i);
        insert(wheel, walked->timers[i], tick_of(walked->timers[i]->deadline));
    }
    end_walk(walked);
}

/* Visits occupied slots only, so a clock that jumps by hours costs no more than the timers there are. */
static void advance(struct acr_wheel *wheel, uint64_t until)
{
    for (;;) {
        uint32_t number = 0;
        uint64_t unit = levels_first(wheel, &number);
        uint64_t tick = ring_first(wheel);
        if (unit_begin(unit) <= tick && unit_begin(unit) <= until) {
            spread_slot(wheel, number, unit);
        } else if (tick <= until) {
            wheel->tick = tick;
            fire_slot(wheel, tick % ACR_WHEEL_RING_SLOTS);
        } else {
            break;
        }
    }
    if (until > wheel->tick)
        wheel->tick = until;
    if (until >> ACR_WHEEL_UNIT_BITS > wheel->unit)
        wheel->unit = until >> ACR_WHEEL_UNIT_BITS;
}

void acr_wheel_fire(struct acr_wheel *wheel, acr_nanos now)
{
    if (acr_wheel_is_due(wheel))
        fire_slot(wheel, ACR_WHEEL_DUE);
    if (now > 0)
        advance(wheel, (uint64_t)(now / TICK));
}

void acr_timer_init(struct acr_timer *timer, struct acr_loop *loop, acr_timer_fn *fn)
{
    *timer = (struct acr_timer){.loop = loop, .fn = fn, .deadline = ACR_NEVER, .slot = ACR_TIMER_IDLE};
}

void acr_timer_arm(struct acr_timer *timer, acr_nanos deadline)
{
    struct acr_loop *loop = timer->loop;
    acr_timer_disarm(timer);
    if (deadline == ACR_NEVER)
        return;
    timer->deadline = deadline;
    if (deadline <= loop->now || tick_of(deadline) <= loop->wheel.tick)
        append(&loop->wheel, ACR_WHEEL_DUE, timer);
    else
        insert(&loop->wheel, timer, tick_of(deadline));
    if (loop->embedded && !loop->in_turn)
        acr_loop_update_fd(loop);
}

void acr_timer_disarm(struct acr_timer *timer)
{
    if (acr_timer_armed(timer))
        withdraw(&timer->loop->wheel, timer);
}

bool acr_timer_armed(const struct acr_timer *timer)
{
    return timer->slot != ACR_TIMER_IDLE;
}
