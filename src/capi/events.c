/* SPDX-License-Identifier: MIT */
/* events - calls what ACR_TEST and ACR_LISTENER named. */
#include "capi/events.h"

#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "capi/blocking.h"
#include "capi/registry.h"
#include "run/load.h"

#define EXIT_CODE_MAX 255

static void call(acr_test_fn *fn)
{
    if (fn != NULL)
        fn();
}

static void tell_one(const acr_test_definition *test, enum acr_run_event event, uint64_t value)
{
    switch (event) {
    case ACR_RUN_TEST_START:
        call(test->on_start);
        break;
    case ACR_RUN_SPAWNING_COMPLETE:
        if (test->on_spawning_complete != NULL)
            test->on_spawning_complete((size_t)value);
        break;
    case ACR_RUN_TEST_STOPPING:
        call(test->on_stopping);
        break;
    case ACR_RUN_TEST_STOP:
        call(test->on_stop);
        break;
    case ACR_RUN_QUITTING:
        call(test->on_quitting);
        break;
    case ACR_RUN_QUIT:
        if (test->on_quit != NULL)
            test->on_quit((int)value);
        break;
    }
}

static const char *const moments[] = {
    [ACR_RUN_TEST_START] = "on_start of ACR_TEST",
    [ACR_RUN_SPAWNING_COMPLETE] = "on_spawning_complete of ACR_TEST",
    [ACR_RUN_TEST_STOPPING] = "on_stopping of ACR_TEST",
    [ACR_RUN_TEST_STOP] = "on_stop of ACR_TEST",
    [ACR_RUN_QUITTING] = "on_quitting of ACR_TEST",
    [ACR_RUN_QUIT] = "on_quit of ACR_TEST",
};

static void set_moment(struct acr_capi *capi, const char *moment)
{
    atomic_store_explicit(&capi->moment, moment, memory_order_relaxed);
}

static void initialise(struct acr_capi *capi)
{
    const struct acr_registry *registry = acr_registry();
    capi->initialised = true;
    set_moment(capi, "on_init of ACR_TEST");
    for (size_t i = 0; i < registry->test_count; i++)
        call(registry->tests[i]->on_init);
}

void acr_capi_tell(struct acr_capi *capi, enum acr_run_event event, uint64_t value)
{
    const struct acr_registry *registry = acr_registry();
    capi->listening++;
    if (!capi->initialised)
        initialise(capi);
    set_moment(capi, moments[event]);
    for (size_t i = 0; i < registry->test_count; i++)
        tell_one(registry->tests[i], event, value);
    set_moment(capi, NULL);
    capi->listening--;
}

void acr_capi_tell_request(const acr_request_record *record)
{
    const struct acr_registry *registry = acr_registry();
    struct acr_capi *capi = record->user->capi;
    if (capi->telling_request)
        return;
    capi->telling_request = true;
    capi->listening++;
    for (size_t i = 0; i < registry->test_count; i++)
        if (registry->tests[i]->on_request != NULL)
            registry->tests[i]->on_request(record);
    capi->listening--;
    capi->telling_request = false;
}

void acr_fire(acr_user *user, const char *event, void *argument)
{
    const struct acr_registry *registry = acr_registry();
    struct acr_capi *capi = acr_capi_current();
    if (capi == NULL || acr_capi_refuse_in_work("acr_fire()"))
        return;
    capi->listening++;
    for (size_t i = 0; i < registry->listener_count; i++)
        if (strcmp(registry->listeners[i].event, event) == 0)
            registry->listeners[i].fn(user, argument);
    capi->listening--;
}

void acr_capi_refuse_wait(struct acr_capi *capi)
{
    if (!capi->wait_refused)
        acr_log(ACR_LOG_ERROR, "locust.runners",
                "a listener must not wait: what it asked for was not done (said once; see ACR_TEST in acrida.h)");
    capi->wait_refused = true;
}

/* ---- what listeners ask for */

static double seconds_of(uint64_t nanos)
{
    return (double)nanos / ACR_NANOS_PER_SECOND;
}

static void summarise(const struct acr_stats_entry *total, const struct acr_stats_entry *entry, acr_summary *ret)
{
    const struct acr_histogram *times = &entry->successes;
    double seconds = acr_nanos_to_seconds(total->last_wall - total->start_wall);
    *ret = (acr_summary){
        .successes = entry->success_count,
        .failures = entry->failure_count,
        .average = acr_histogram_mean(times) / ACR_NANOS_PER_SECOND,
        .median = seconds_of(acr_histogram_quantile(times, 0.5)),
        .p95 = seconds_of(acr_histogram_percentile(times, 0.95)),
        .p99 = seconds_of(acr_histogram_percentile(times, 0.99)),
        .max = seconds_of(times->max_nanos),
        .requests_per_second = (double)entry->success_count / (seconds > 1 ? seconds : 1),
    };
}

bool acr_totals(const char *type, const char *name, acr_summary *ret)
{
    const struct acr_capi *capi = acr_capi_current();
    *ret = (acr_summary){0};
    if (capi == NULL || acr_capi_refuse_in_work("acr_totals()"))
        return false;
    struct acr_stats *stats = capi->scenario.engine->stats;
    const struct acr_stats_entry *total = acr_stats_total(stats), *entry = total;
    if (type != NULL || name != NULL)
        entry = acr_stats_entry_find(stats, acr_str_of(name), acr_str_of(type));
    if (entry == NULL || entry->success_count + entry->failure_count == 0)
        return false;
    summarise(total, entry, ret);
    return true;
}

size_t acr_user_count(void)
{
    const struct acr_capi *capi = acr_capi_current();
    if (capi == NULL || capi->scenario.load == NULL || acr_capi_refuse_in_work("acr_user_count()"))
        return 0;
    return acr_load_user_count(capi->scenario.load);
}

void acr_set_exit_code(int exit_code)
{
    struct acr_capi *capi = acr_capi_current();
    if (exit_code < 0 || exit_code > EXIT_CODE_MAX)
        acr_log(ACR_LOG_ERROR, "locust.runners", "acr_set_exit_code(%d): an exit code is a number from 0 to %d",
                exit_code, EXIT_CODE_MAX);
    else if (capi != NULL && !acr_capi_refuse_in_work("acr_set_exit_code()"))
        capi->scenario.exit_code = exit_code;
}
