/* SPDX-License-Identifier: MIT */
/* rendezvous - users that wait until enough of them are there. */
#include <math.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/internal.h"
#include "capi/registry.h"
#include "run/load.h"

#define LOGGER "locust.runners"

struct acr_capi_rendezvous {
    struct acr_capi *capi;
    acr_rendezvous *definition;
    struct acr_list waiting; /* users */
    size_t count;            /* of them */
    struct acr_timer timer;  /* from the first of them on */
    uint64_t meetings;       /* that are over */
    uint64_t timeouts;       /* of those */
    bool told_of_shortage;   /* in the log */
};

static struct acr_loop *loop_of(const struct acr_capi_rendezvous *place)
{
    return place->capi->scenario.engine->loop;
}

/* ---- when it is complete */

/* While users are started or ended, "all" is not known. */
static bool is_complete(const struct acr_capi_rendezvous *place)
{
    struct acr_load *load = place->capi->scenario.load;
    if (place->definition->users > 0)
        return place->count >= place->definition->users;
    return acr_load_status(load)->state == ACR_RUN_RUNNING && place->count >= acr_load_user_count(load);
}

/* All of them are woken in one phase, so they run in one phase b. */
static void release(struct acr_capi_rendezvous *place, bool met)
{
    struct acr_list *link;
    acr_timer_disarm(&place->timer);
    place->count = 0;
    place->meetings++;
    while ((link = acr_list_take_first(&place->waiting)) != NULL) {
        acr_user *user = ACR_LIST_ENTRY(link, acr_user, queued);
        user->met = met;
        acr_fiber_wake(user->fiber);
    }
}

static void on_timer(struct acr_timer *timer)
{
    struct acr_capi_rendezvous *place = ACR_CONTAINER_OF(timer, struct acr_capi_rendezvous, timer);
    if (place->timeouts++ == 0)
        acr_log(ACR_LOG_WARNING, LOGGER, "rendezvous %s: only %zu came within %g s, they go on without the others",
                place->definition->name, place->count, place->definition->timeout);
    release(place, false);
}

void acr_capi_places_check(struct acr_capi *capi)
{
    for (size_t i = 0; i < capi->place_count; i++)
        if (capi->places[i].count > 0 && is_complete(&capi->places[i]))
            release(&capi->places[i], true);
}

/* ---- users */

static void tell_of_shortage(struct acr_capi_rendezvous *place)
{
    const acr_rendezvous *definition = place->definition;
    const struct acr_load *load = place->capi->scenario.load;
    if (place->told_of_shortage || definition->users <= acr_load_status(load)->users)
        return;
    place->told_of_shortage = true;
    acr_log(ACR_LOG_WARNING, LOGGER, "rendezvous %s: %u users are to meet, but the test has only %zu", definition->name,
            definition->users, acr_load_status(load)->users);
}

static void arrive(struct acr_capi_rendezvous *place, acr_user *user)
{
    double timeout = place->definition->timeout;
    acr_nanos now = acr_loop_refresh_now(loop_of(place));
    tell_of_shortage(place);
    if (place->count == 1 && timeout > 0)
        acr_timer_arm(&place->timer, acr_deadline_after(now, acr_nanos_from_seconds(timeout)));
    user->met = false;
    acr_list_append(&place->waiting, &user->queued);
}

static void leave(struct acr_capi_rendezvous *place, acr_user *user)
{
    acr_list_remove(&user->queued);
    if (--place->count == 0)
        acr_timer_disarm(&place->timer);
}

static bool wait_for_others(struct acr_capi_rendezvous *place, acr_user *user)
{
    int rc = 0;
    arrive(place, user);
    while (rc == 0 && acr_list_linked(&user->queued))
        rc = acr_fiber_wait(user->fiber);
    if (acr_list_linked(&user->queued))
        leave(place, user);
    return acr_capi_may_go_on(user, rc) && user->met;
}

/* One turn, which is when those that have been woken run. */
static bool pause_a_turn(acr_user *user)
{
    return acr_capi_may_go_on(user, acr_fiber_sleep_until(user->fiber, 0));
}

bool acr_meet(acr_user *user, const acr_rendezvous *rendezvous)
{
    struct acr_capi_rendezvous *place = rendezvous->place_;
    if (place == NULL) {
        acr_log_error(user, "acr_meet(): this rendezvous was not made by ACR_RENDEZVOUS at file level");
        acr_stop_user(user);
    }
    if (place == NULL || !acr_capi_may_wait(user))
        return false;
    if (user->told) { /* in its on_stop: nobody would end the wait */
        pause_a_turn(user);
        return false;
    }
    place->count++;
    if (!is_complete(place))
        return wait_for_others(place, user);
    release(place, true);
    return pause_a_turn(user);
}

/* ---- life cycle */

int acr_capi_places_open(struct acr_capi *capi, struct acr_error *error)
{
    acr_rendezvous *const *registered = acr_registry()->rendezvous;
    size_t count = acr_registry()->rendezvous_count;
    capi->places = acr_alloc_zero(count * sizeof *capi->places);
    for (size_t i = 0; i < count; i++) {
        struct acr_capi_rendezvous *place = &capi->places[i];
        if (!(registered[i]->timeout >= 0) || isinf(registered[i]->timeout))
            return acr_error_set(error, ACR_ERR_SCRIPT, "rendezvous %s: .timeout must be seconds, or 0 for none",
                                 registered[i]->name);
        place->capi = capi;
        place->definition = registered[i];
        acr_list_init(&place->waiting);
        acr_timer_init(&place->timer, loop_of(place), on_timer);
        place->definition->place_ = place;
        capi->place_count++;
    }
    return 0;
}

void acr_capi_places_close(struct acr_capi *capi)
{
    for (size_t i = 0; i < capi->place_count; i++)
        capi->places[i].definition->place_ = NULL;
    acr_free(capi->places);
}

void acr_capi_places_report(struct acr_capi *capi)
{
    for (size_t i = 0; i < capi->place_count; i++)
        if (capi->places[i].timeouts > 0)
            acr_log(ACR_LOG_WARNING, LOGGER, "rendezvous %s: %llu of %llu meetings timed out",
                    capi->places[i].definition->name, (unsigned long long)capi->places[i].timeouts,
                    (unsigned long long)capi->places[i].meetings);
}
