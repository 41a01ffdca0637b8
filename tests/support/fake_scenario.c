/* SPDX-License-Identifier: MIT */
/* fake_scenario - users on coroutines, and the bookkeeping of what the runner did to them. */
#include "support/fake_scenario.h"

#include "support/unit.h"

struct fake_user {
    struct fake_scenario *fake;
    struct acr_coroutine *coroutine;
    size_t class_number;
    uint64_t id;
    bool stopped;
};

static struct fake_scenario *fake_of(struct acr_scenario *scenario)
{
    return ACR_CONTAINER_OF(scenario, struct fake_scenario, scenario);
}

static void record(struct fake_user *user)
{
    struct fake_scenario *fake = user->fake;
    struct acr_stats *stats = fake->engine.stats;
    struct acr_str name = user->class_number == 0 ? ACR_STR("/alpha") : ACR_STR("/beta");
    struct acr_stats_entry *entry = acr_stats_entry_get(stats, name, ACR_STR("GET"));
    if (fake->requests_fail)
        acr_stats_failure(stats, entry, fake->response_time, ACR_STR("refused"));
    else
        acr_stats_success(stats, entry, fake->response_time, 100);
    fake->recorded++;
}

static bool limit_reached(const struct fake_scenario *fake)
{
    return fake->engine.request_limit > 0 && acr_stats_request_count(fake->engine.stats) >= fake->engine.request_limit;
}

static void user_main(struct acr_coroutine *coroutine, void *context)
{
    struct fake_user *user = context;
    struct fake_scenario *fake = user->fake;
    struct acr_fiber *fiber = acr_coroutine_fiber(coroutine);
    while (!fake->users_end_at_once) {
        record(user);
        if (limit_reached(fake))
            return;
        int rc = acr_fiber_sleep_until(fiber, acr_loop_now(fake->engine.loop) + fake->pause);
        if (rc < 0 && !fake->users_stay) {
            acr_nanos time = user->stopped ? fake->stop_time : 0;
            rc = acr_fiber_sleep_until(fiber, acr_loop_now(fake->engine.loop) + time);
            (void)rc; /* it ends in any case */
            return;
        }
    }
}

static void user_ended(struct acr_coroutine *coroutine, void *context)
{
    (void)coroutine;
    struct fake_user *user = context;
    struct fake_scenario *fake = user->fake;
    uint64_t id = user->id;
    fake->users[id] = NULL;
    acr_free(user);
    if (fake->scenario.load != NULL)
        acr_load_user_ended(fake->scenario.load, id);
}

static void start_user(struct acr_scenario *scenario, size_t class_number, uint64_t id)
{
    struct fake_scenario *fake = fake_of(scenario);
    assert_true(id < fake->user_capacity);
    struct fake_user *user = acr_alloc_zero(sizeof *user);
    user->fake = fake;
    user->class_number = class_number;
    user->id = id;
    fake->users[id] = user;
    fake->started[class_number]++;
    assert_int_equal(acr_coroutine_start(fake->pool, user_main, user_ended, user, &user->coroutine), 0);
}

static void stop_user(struct acr_scenario *scenario, uint64_t id)
{
    struct fake_scenario *fake = fake_of(scenario);
    fake->stopped++;
    assert_false(fake->users[id]->stopped);
    fake->users[id]->stopped = true;
    acr_coroutine_cancel(fake->users[id]->coroutine);
}

static int run(struct acr_scenario *scenario, struct acr_error *error)
{
    (void)error;
    struct fake_scenario *fake = fake_of(scenario);
    if (fake->drive != NULL)
        fake->drive(fake);
    int rc = 0;
    while (rc == 0 && fake->drive == NULL && !acr_load_finished(scenario->load))
        rc = acr_loop_turn(fake->engine.loop, ACR_NEVER);
    return rc;
}

static int set_up(struct acr_scenario *scenario)
{
    struct fake_scenario *fake = fake_of(scenario);
    if (fake->on_set_up != NULL)
        fake->on_set_up(fake);
    return fake->set_up_result;
}

static void on_event(struct acr_scenario *scenario, enum acr_run_event event, uint64_t value)
{
    struct fake_scenario *fake = fake_of(scenario);
    assert_true(fake->event_count < FAKE_EVENTS_MAX);
    fake->events[fake->event_count++] = event;
    if (event == ACR_RUN_SPAWNING_COMPLETE)
        fake->spawned = value;
    if (event == ACR_RUN_QUIT)
        fake->exit_code = value;
    if (fake->on_event != NULL)
        fake->on_event(fake, event);
}

static void on_status(struct acr_scenario *scenario, const struct acr_run_status *status)
{
    fake_of(scenario)->status = *status;
}

static const struct acr_scenario_ops fake_ops = {.user_start = start_user,
                                                 .user_stop = stop_user,
                                                 .run = run,
                                                 .set_up = set_up,
                                                 .event = on_event,
                                                 .status = on_status};

void fake_scenario_init(struct fake_scenario *fake, const struct acr_clock *clock, size_t users_max)
{
    *fake = (struct fake_scenario){.pause = ACR_NANOS_PER_SECOND, .response_time = 20 * ACR_NANOS_PER_MILLI};
    fake->classes[0] = (struct acr_user_class){.name = "Alpha", .weight = 1};
    fake->classes[1] = (struct acr_user_class){.name = "Beta", .weight = 2};
    fake->scenario = (struct acr_scenario){.ops = &fake_ops,
                                           .engine = &fake->engine,
                                           .classes = fake->classes,
                                           .class_count = FAKE_CLASSES,
                                           .exit_code = -1};
    fake->engine.clock = clock;
    acr_random_init(&fake->engine.random, 1);
    assert_int_equal(acr_loop_open(clock, &fake->engine.loop, NULL), 0);
    assert_int_equal(acr_net_open(fake->engine.loop, NULL, &fake->engine.net, NULL), 0);
    fake->engine.stats = acr_stats_new(clock);
    struct acr_coroutine_options options = {.max_count = users_max};
    assert_int_equal(acr_coroutine_pool_open(fake->engine.loop, &options, &fake->pool, NULL), 0);
    fake->user_capacity = users_max;
    fake->users = acr_alloc_zero(users_max * sizeof(struct fake_user *));
}

void fake_scenario_done(struct fake_scenario *fake)
{
    fake->users_stay = false;
    for (size_t i = 0; i < fake->user_capacity; i++)
        if (fake->users[i] != NULL)
            acr_coroutine_cancel(fake->users[i]->coroutine);
    while (acr_coroutine_pool_count(fake->pool) > 0)
        assert_int_equal(acr_loop_turn(fake->engine.loop, 0), 0);
    acr_coroutine_pool_close(fake->pool);
    acr_stats_free(fake->engine.stats);
    acr_net_close(fake->engine.net);
    acr_loop_close(fake->engine.loop);
    acr_free(fake->users);
}

size_t fake_scenario_started(const struct fake_scenario *fake)
{
    return fake->started[0] + fake->started[1];
}

size_t fake_scenario_staying(const struct fake_scenario *fake, size_t class_number)
{
    size_t count = 0;
    for (size_t i = 0; i < fake->user_capacity; i++) {
        const struct fake_user *user = fake->users[i];
        count += user != NULL && user->class_number == class_number && !user->stopped;
    }
    return count;
}

void fake_scenario_lose(struct fake_scenario *fake, size_t class_number)
{
    size_t i = 0;
    while (i < fake->user_capacity && (fake->users[i] == NULL || fake->users[i]->class_number != class_number))
        i++;
    assert_true(i < fake->user_capacity);
    acr_coroutine_cancel(fake->users[i]->coroutine);
}

size_t fake_scenario_events(const struct fake_scenario *fake, enum acr_run_event event)
{
    size_t count = 0;
    for (size_t i = 0; i < fake->event_count; i++)
        count += fake->events[i] == event;
    return count;
}
