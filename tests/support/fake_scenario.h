/* SPDX-License-Identifier: MIT */
/*
 * fake_scenario - a scenario in C for tests of the runner: users on coroutines that record made-up requests.
 *
 * Its engine has a loop and statistics only. The clock is the caller's.
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "loop/coroutine.h"
#include "run/load.h"
#include "run/scenario.h"

#define FAKE_CLASSES 2
#define FAKE_EVENTS_MAX 1024

struct fake_user;

struct fake_scenario {
    struct acr_scenario scenario; /* two classes, "Alpha" (weight 1) and "Beta" (weight 2) */
    struct acr_engine engine;
    struct acr_user_class classes[FAKE_CLASSES];
    struct acr_coroutine_pool *pool;
    struct fake_user **users;
    size_t user_capacity;

    /* What is to happen. */
    acr_nanos pause;                           /* between two requests of a user */
    acr_nanos response_time;                   /* of each request */
    bool users_end_at_once;                    /* without a request */
    bool requests_fail;                        /* all of them */
    bool users_stay;                           /* do not end when stopped */
    acr_nanos stop_time;                       /* a user that is stopped takes so long to end */
    int set_up_result;                         /* not 0: fails */
    void (*on_set_up)(struct fake_scenario *); /* NULL: nothing */
    void (*drive)(struct fake_scenario *);     /* instead of turning the loop until finished; NULL: do that */
    void (*on_event)(struct fake_scenario *, enum acr_run_event event); /* NULL: nothing */
    void *context;                                                      /* of those above */

    /* What happened. */
    enum acr_run_event events[FAKE_EVENTS_MAX];
    size_t event_count;
    uint64_t spawned; /* as told with the last ACR_RUN_SPAWNING_COMPLETE */
    struct acr_run_status status;
    uint64_t exit_code; /* as told with ACR_RUN_QUIT */
    size_t started[FAKE_CLASSES];
    size_t stopped;  /* how many user_stop calls */
    size_t recorded; /* requests, whether or not they were reset */
};

/* Room for `users_max` users. Fails the test when anything fails. */
void fake_scenario_init(struct fake_scenario *fake, const struct acr_clock *clock, size_t users_max);

/* Ends users that stayed, and frees everything. */
void fake_scenario_done(struct fake_scenario *fake);

size_t fake_scenario_started(const struct fake_scenario *fake);

/* How many of a class are there that were not stopped. */
size_t fake_scenario_staying(const struct fake_scenario *fake, size_t class_number);

/* Ends a user of the class as if by itself; there must be one. */
void fake_scenario_lose(struct fake_scenario *fake, size_t class_number);

/* How often `event` was told. */
size_t fake_scenario_events(const struct fake_scenario *fake, enum acr_run_event event);
