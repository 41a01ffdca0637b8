/* SPDX-License-Identifier: MIT */
/* watch - pings, and what is said when they are not answered. */
#include "run/watch.h"

#include <stdio.h>

#include "base/log.h"
#include "base/memory.h"

#define LOGGER "locust.runners"

/* A stall's length is known this well. */
#define PING_INTERVAL (100 * ACR_NANOS_PER_MILLI)
/* Silences that are worth a warning. */
static const acr_nanos worth_warning[] = {ACR_NANOS_PER_SECOND, 5 * ACR_NANOS_PER_SECOND};

static acr_nanos queued_so_far(const struct acr_watch *watch)
{
    return watch->queued != NULL ? watch->queued(watch->context) : -1;
}

/* Of the time since the ping was sent, how long the load thread waited for a processor. */
static acr_nanos queued_since(const struct acr_watch *watch)
{
    acr_nanos now = queued_so_far(watch);
    return now >= 0 && watch->queued_before >= 0 ? now - watch->queued_before : 0;
}

/* Whose code it is that does not yield. */
static void name_culprit(const struct acr_watch *watch, char *out, size_t size)
{
    struct acr_run_place place;
    if (watch->place == NULL || !watch->place(watch->context, &place))
        snprintf(out, size, "a call in the scenario");
    else if (place.class_name == NULL)
        snprintf(out, size, "%s", place.work);
    else
        snprintf(out, size, "%s of %s (user %llu)", place.work, place.class_name,
                 (unsigned long long)place.user_number);
}

/* `begin` is the record's first words, with the seconds to follow; `end` its last ones. */
static void warn(const struct acr_watch *watch, const char *begin, const char *script, const char *end)
{
    acr_nanos silence = acr_loop_now(watch->loop) - watch->sent;
    acr_nanos queued = queued_since(watch);
    /* Whoever has run so long without an answer is to blame, on whatever machine. */
    if (queued > silence / 2 && silence - queued < worth_warning[0])
        acr_log(ACR_LOG_WARNING, LOGGER,
                "%s %.1f s: it waited for a processor for %.1f s, this machine is overloaded%s", begin,
                acr_nanos_to_seconds(silence), acr_nanos_to_seconds(queued), end);
    else
        acr_log(ACR_LOG_WARNING, LOGGER, "%s %.1f s: %s%s", begin, acr_nanos_to_seconds(silence), script, end);
}

static void warn_of_silence(const struct acr_watch *watch)
{
    char culprit[256], text[320];
    name_culprit(watch, culprit, sizeof culprit);
    snprintf(text, sizeof text, "%s does not yield to other users", culprit);
    warn(watch, "The load thread has not answered for", text, ".");
}

static void ping(struct acr_watch *watch)
{
    watch->sent = acr_loop_now(watch->loop);
    watch->queued_before = queued_so_far(watch);
    acr_message_post(watch->ping, watch->load);
    watch->ping = NULL;
}

static void on_timer(struct acr_timer *timer)
{
    struct acr_watch *watch = ACR_CONTAINER_OF(timer, struct acr_watch, timer);
    acr_nanos now = acr_loop_now(watch->loop);
    if (watch->ping != NULL) {
        ping(watch);
        watch->warnings = 0;
    } else if (watch->warnings < ACR_ARRAY_SIZE(worth_warning) && now - watch->sent > worth_warning[watch->warnings]) {
        watch->warnings++;
        watch->stalled = true;
        warn_of_silence(watch);
    }
    acr_timer_arm(timer, acr_deadline_after(now, PING_INTERVAL));
}

void acr_watch_init(struct acr_watch *watch, const struct acr_watch_setup *setup)
{
    *watch = (struct acr_watch){.loop = setup->loop,
                                .load = setup->load,
                                .queued = setup->queued,
                                .place = setup->place,
                                .context = setup->context};
    watch->ping = acr_message_new(ACR_MESSAGE_PING);
    acr_timer_init(&watch->timer, setup->loop, on_timer);
}

void acr_watch_done(struct acr_watch *watch)
{
    acr_timer_disarm(&watch->timer);
    acr_message_free(watch->ping);
    watch->ping = NULL;
}

void acr_watch_start(struct acr_watch *watch)
{
    acr_timer_arm(&watch->timer, acr_loop_now(watch->loop));
}

void acr_watch_stop(struct acr_watch *watch)
{
    acr_timer_disarm(&watch->timer);
}

acr_nanos acr_watch_silence(const struct acr_watch *watch)
{
    if (watch->ping != NULL)
        return 0;
    acr_nanos silence = acr_loop_now(watch->loop) - watch->sent, own = silence - queued_since(watch);
    return own > silence / 3 ? own : silence / 3;
}

void acr_watch_answered(struct acr_watch *watch, struct acr_message *ping)
{
    watch->ping = ping;
    if (!watch->stalled)
        return;
    watch->stalled = false;
    warn(watch, "The load thread was blocked for", "a call in the scenario did not yield",
         "; response times of that span include it.");
}
