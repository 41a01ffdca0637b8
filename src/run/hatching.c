/* SPDX-License-Identifier: MIT */
/* hatching - a change of the number of users, from the wish to the word that it is done. */
#include "run/hatching.h"

#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "loop/loop.h"

#define LOGGER "locust.runners"

static void log_change(const struct acr_hatching *hatching)
{
    const struct acr_ramp *ramp = &hatching->ramp;
    if (ramp->ends.count > ramp->starts.count)
        acr_log(ACR_LOG_INFO, LOGGER, "Killing %zu locusts", ramp->ends.count - ramp->starts.count);
    else if (ramp->starts.count > 0 || !hatching->by_script)
        acr_log(ACR_LOG_INFO, LOGGER, "Hatching and swarming %zu clients at the rate %g clients/s...",
                ramp->starts.count, hatching->rate);
}

static void hand_over(struct acr_hatching *hatching, enum acr_message_kind kind, struct acr_ramp_line *line,
                      acr_nanos elapsed)
{
    size_t count = acr_ramp_due(line, elapsed) - line->handed;
    if (count == 0)
        return;
    struct acr_message *order = acr_message_new(kind);
    order->class_numbers = acr_alloc(count * sizeof *order->class_numbers);
    memcpy(order->class_numbers, line->class_numbers + line->handed, count * sizeof *order->class_numbers);
    order->class_number_count = count;
    line->handed += count;
    acr_message_post(order, hatching->load);
}

static void ask_hatched(struct acr_hatching *hatching)
{
    struct acr_message *hatched = acr_message_new(ACR_MESSAGE_HATCHED);
    hatched->change = hatching->change;
    hatched->users = hatching->ramp.target;
    hatched->reset = hatching->resets && hatching->reset_due;
    hatching->asked = true;
    acr_message_post(hatched, hatching->load);
}

static void on_timer(struct acr_timer *timer)
{
    struct acr_hatching *hatching = ACR_CONTAINER_OF(timer, struct acr_hatching, timer);
    acr_nanos elapsed = acr_loop_now(hatching->loop) - hatching->start;
    hand_over(hatching, ACR_MESSAGE_SHED, &hatching->ramp.ends, elapsed);
    hand_over(hatching, ACR_MESSAGE_SPAWN, &hatching->ramp.starts, elapsed);
    acr_nanos next = acr_ramp_next(&hatching->ramp);
    if (!acr_ramp_is_handed(&hatching->ramp) || next > elapsed) {
        acr_timer_arm(timer, acr_deadline_after(hatching->start, next));
        return;
    }
    ask_hatched(hatching);
}

static void log_hatched(const struct acr_hatching *hatching, bool reset)
{
    struct acr_buffer text = {0};
    for (size_t i = 0; i < hatching->class_count; i++) {
        int rc = acr_buffer_append_format(&text, "%s%s: %zu", i == 0 ? "" : ", ", hatching->classes[i].name,
                                          acr_ramp_starts_of(&hatching->ramp, i));
        (void)rc; /* without a limit there is no failure */
    }
    if (hatching->ramp.starts.count > 0 || !hatching->by_script)
        acr_log(ACR_LOG_INFO, LOGGER, "All locusts hatched: %.*s", ACR_STR_ARGS(acr_buffer_str(&text)));
    acr_buffer_done(&text);
    if (reset)
        acr_log(ACR_LOG_INFO, LOGGER, "Resetting stats\n");
}

void acr_hatching_init(struct acr_hatching *hatching, const struct acr_hatching_setup *setup)
{
    *hatching = (struct acr_hatching){.classes = setup->classes,
                                      .class_count = setup->class_count,
                                      .loop = setup->loop,
                                      .load = setup->load,
                                      .resets = setup->resets,
                                      .reset_due = true};
    acr_random_init(&hatching->random, setup->seed);
    acr_timer_init(&hatching->timer, setup->loop, on_timer);
}

void acr_hatching_done(struct acr_hatching *hatching)
{
    acr_timer_disarm(&hatching->timer);
    acr_ramp_done(&hatching->ramp);
}

void acr_hatching_begin(struct acr_hatching *hatching, bool fresh)
{
    struct acr_message *change = acr_message_new(ACR_MESSAGE_CHANGE);
    change->change = ++hatching->change;
    change->users = hatching->users;
    change->rate = hatching->rate;
    change->fresh = fresh;
    hatching->reset_due = hatching->reset_due || fresh;
    hatching->planned = hatching->asked = false;
    acr_timer_disarm(&hatching->timer);
    acr_message_post(change, hatching->load);
}

bool acr_hatching_plan(struct acr_hatching *hatching, const struct acr_message *change)
{
    if (change->change != hatching->change)
        return false;
    acr_ramp_plan(&hatching->ramp, hatching->classes, hatching->class_count, change->live, hatching->users,
                  hatching->rate, hatching->ends_by_rate, &hatching->random);
    log_change(hatching);
    hatching->planned = true;
    hatching->start = acr_loop_now(hatching->loop);
    acr_timer_arm(&hatching->timer, hatching->start);
    return true;
}

bool acr_hatching_is_complete(struct acr_hatching *hatching, const struct acr_message *hatched)
{
    if (!hatched->dropped) {
        log_hatched(hatching, hatched->reset); /* the next ramp is not planned yet, even if it was asked for */
        hatching->reset_due = false;
    }
    if (hatched->change != hatching->change)
        return false;
    hatching->asked = false;
    return true;
}

void acr_hatching_stop(struct acr_hatching *hatching)
{
    acr_timer_disarm(&hatching->timer);
}

void acr_hatching_cut_short(struct acr_hatching *hatching)
{
    if (hatching->asked)
        return;
    acr_hatching_stop(hatching);
    if (hatching->planned && acr_ramp_is_handed(&hatching->ramp))
        ask_hatched(hatching);
}
