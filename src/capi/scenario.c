/* SPDX-License-Identifier: MIT */
/* scenario - loads the object, makes classes of what it registers, and drives their users for the run. */
#include "capi/scenario.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/blocking.h"
#include "capi/events.h"
#include "capi/exceptions.h"
#include "capi/internal.h"
#include "capi/json.h"
#include "capi/object.h"
#include "capi/once.h"
#include "capi/own_options.h"
#include "capi/ratio.h"
#include "capi/registry.h"
#include "capi/stacks.h"
#include "report/console.h"
#include "run/load.h"

/* Each takes some of a user's stack. */
#define SETS_DEEP_MAX 32
/* The sum of so large ones is still a number. */
#define WEIGHT_MAX 1e12

static struct acr_capi *current;

struct acr_capi *acr_capi_current(void)
{
    return current;
}

/* So long a task may keep all others waiting once the run is to end. */
#define SILENCE_MAX (5 * ACR_NANOS_PER_SECOND)

static struct acr_capi *cast(struct acr_scenario *scenario)
{
    return ACR_CONTAINER_OF(scenario, struct acr_capi, scenario);
}

/* ---- driven by the run */

static void user_start(struct acr_scenario *scenario, size_t class_number, uint64_t id)
{
    acr_capi_user_start(cast(scenario), class_number, id);
}

static void user_stop(struct acr_scenario *scenario, uint64_t id)
{
    struct acr_capi *capi = cast(scenario);
    if (id < capi->user_capacity && capi->users[id] != NULL)
        acr_capi_user_stop(capi->users[id]);
}

static int run(struct acr_scenario *scenario, struct acr_error *error)
{
    int rc = 0;
    while (rc == 0 && !acr_load_finished(scenario->load))
        rc = acr_loop_turn(scenario->engine->loop, ACR_NEVER);
    acr_capi_stacks_tell(cast(scenario));
    return rc == 0 ? 0 : acr_error_set(error, rc, "the loop broke");
}

static void event(struct acr_scenario *scenario, enum acr_run_event number, uint64_t value)
{
    struct acr_capi *capi = cast(scenario);
    if (number == ACR_RUN_TEST_STOP)
        acr_capi_places_report(capi);
    acr_capi_tell(capi, number, value);
    if (number == ACR_RUN_TEST_START && acr_limits_any(&capi->limits))
        acr_gate_begin(&capi->gate, &capi->limits);
}

static int options_help(struct acr_scenario *scenario, struct acr_buffer *out, struct acr_error *error)
{
    (void)scenario;
    (void)error;
    acr_capi_options_help(out);
    return 0;
}

static void status(struct acr_scenario *scenario, const struct acr_run_status *status)
{
    if (status->state == ACR_RUN_RUNNING)
        acr_capi_places_check(cast(scenario));
}

static int task_ratio(struct acr_scenario *scenario, bool as_json, struct acr_buffer *out, struct acr_error *error)
{
    int rc = acr_capi_ratio(cast(scenario), as_json, out);
    return rc == 0 ? 0 : acr_error_set(error, rc, "the task ratio");
}

/* ---- looked at by the run */

static bool place(const struct acr_scenario *scenario, struct acr_run_place *ret_place)
{
    const struct acr_capi *capi = ACR_CONTAINER_OF(scenario, const struct acr_capi, scenario);
    const acr_user *blocking = acr_capi_blocking_user();
    struct acr_coroutine_running running;
    if (blocking != NULL) {
        *ret_place =
            (struct acr_run_place){.class_name = blocking->class->definition->name,
                                   .user_number = acr_user_number(blocking),
                                   .work = blocking->task != NULL ? blocking->task->function : "acr_blocking()",
                                   .is_beside = true};
        return true;
    }
    if (acr_coroutine_pool_running(capi->pool, &running)) {
        *ret_place = (struct acr_run_place){.class_name = running.owner,
                                            .user_number = running.number,
                                            .work = running.work,
                                            .stack_low = running.stack_low,
                                            .stack_high = running.stack_high};
        return running.owner != NULL && running.work != NULL;
    }
    *ret_place = (struct acr_run_place){.work = atomic_load_explicit(&capi->moment, memory_order_relaxed)};
    return ret_place->work != NULL;
}

static void desert(struct acr_scenario *scenario)
{
    acr_coroutine_pool_desert(cast(scenario)->pool);
}

/* ---- loading */

/* Among the names that were asked for; none: all classes. */
static bool is_wanted(const struct acr_capi_words *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return names->count == 0;
}

static size_t definition_count(const struct acr_capi *capi)
{
    return capi->only != NULL ? 1 : acr_registry()->user_count;
}

static const acr_user_definition *definition_at(const struct acr_capi *capi, size_t number)
{
    return capi->only != NULL ? capi->only : acr_registry()->users[number].definition;
}

static bool is_class(const struct acr_capi *capi, const char *name)
{
    for (size_t i = 0; i < definition_count(capi); i++)
        if (strcmp(definition_at(capi, i)->name, name) == 0)
            return true;
    return false;
}

static int read_rest(const struct acr_capi *capi, const struct acr_scenario_request *request,
                     struct acr_capi_words *names, struct acr_error *error)
{
    if (request->has_tags)
        return acr_error_set(error, ACR_ERR_USAGE, "--tags and --exclude-tags are for Python: tasks in C have no tags");
    int rc = acr_capi_options_read(request, names, error);
    for (size_t i = 0; rc == 0 && i < names->count; i++)
        if (!is_class(capi, names->items[i]))
            rc = acr_error_set(error, ACR_ERR_SCRIPT, "Unknown user class(es): %s", names->items[i]);
    return rc;
}

static int check_wait(const char *owner, const acr_wait_time *wait, struct acr_error *error)
{
    struct acr_error why = {0};
    if (wait->kind < ACR_WAIT_KIND_NONE || wait->kind > ACR_WAIT_KIND_FUNCTION ||
        (wait->kind == ACR_WAIT_KIND_FUNCTION && wait->fn == NULL))
        return acr_error_set(
            error, ACR_ERR_SCRIPT,
            "%s.wait: make it by acr_between(), acr_constant(), ..., or by acr_wait_by() of a function", owner);
    struct acr_wait checked = {wait->kind == ACR_WAIT_KIND_BETWEEN ? ACR_WAIT_BETWEEN : ACR_WAIT_CONSTANT, wait->low,
                               wait->high};
    if (wait->kind == ACR_WAIT_KIND_NONE || wait->kind == ACR_WAIT_KIND_FUNCTION || acr_wait_check(&checked, &why) == 0)
        return 0;
    return acr_error_set(error, ACR_ERR_SCRIPT, "%s.wait: %s", owner, why.detail);
}

static int check_tasks(const char *owner, struct acr_capi_tasks tasks, int depth, struct acr_error *error);

static int check_task(const char *owner, const acr_task *task, size_t number, int depth, struct acr_error *error)
{
    const char *name = acr_capi_task_name(task);
    if (!acr_capi_is_task(task) || name == NULL)
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s: task %zu has no %s", owner, number,
                             acr_capi_is_task(task) ? ".name" : ".run");
    if (task->set == NULL)
        return 0;
    int rc = check_wait(name, &task->set->wait, error);
    return rc < 0 ? rc : check_tasks(name, acr_capi_tasks_of(task->set->tasks), depth + 1, error);
}

static int check_tasks(const char *owner, struct acr_capi_tasks tasks, int depth, struct acr_error *error)
{
    int rc = 0;
    if (depth > SETS_DEEP_MAX)
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s: task sets more than %d deep", owner, SETS_DEEP_MAX);
    if (tasks.count == 0)
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s has nothing to do: give it .tasks", owner);
    for (size_t i = 0; rc == 0 && i < tasks.count; i++)
        rc = check_task(owner, &tasks.items[i], i + 1, depth, error);
    return rc;
}

/* It may be of another protocol than HTTP, then without a scheme, too: "127.0.0.1:6379". Whether requests can be made
 * of it turns out at the first one. */
static int check_host(const char *owner, int code, const char *host, struct acr_error *error)
{
    struct acr_str text = acr_str_of(host);
    struct acr_error why = {0};
    struct acr_url url = {0};
    if (strchr(host, ':') == NULL)
        return acr_error_set(
            error, code, "%s: '%s' has no scheme: write http://%s, or https:// (for another protocol with its port)",
            owner, host, host);
    if (!acr_str_starts_nocase(text, ACR_STR("http://")) && !acr_str_starts_nocase(text, ACR_STR("https://")))
        return 0;
    int rc = acr_url_parse(text, &url, &why);
    acr_url_done(&url);
    return rc == 0 ? 0 : acr_error_set(error, code, "%s: '%s': %s", owner, host, why.detail);
}

static int check_definition(const acr_user_definition *definition, struct acr_error *error)
{
    char owner[128];
    snprintf(owner, sizeof owner, "%s.host", definition->name);
    int rc = definition->host != NULL ? check_host(owner, ACR_ERR_SCRIPT, definition->host, error) : 0;
    rc = rc < 0 ? rc : check_wait(definition->name, &definition->wait, error);
    return rc < 0 ? rc : check_tasks(definition->name, acr_capi_user_tasks(definition), 0, error);
}

static int add_class(struct acr_capi *capi, const acr_user_definition *definition, struct acr_error *error)
{
    if (!(definition->weight >= 0 && definition->weight <= WEIGHT_MAX))
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s.weight must not be negative, nor more than %g",
                             definition->name, WEIGHT_MAX);
    const char *host = capi->host != NULL ? capi->host : definition->host;
    size_t at = capi->scenario.class_count++;
    capi->classes[at] = (struct acr_capi_class){.definition = definition, .host = host};
    acr_map_init(&capi->classes[at].routes);
    capi->scenario.classes[at] = (struct acr_user_class){.name = definition->name,
                                                         .host = host,
                                                         .weight = definition->weight > 0 ? definition->weight : 1,
                                                         .fixed_count = definition->fixed_count};
    return check_definition(definition, error);
}

/* Keeps the one class that has the tasks of --run-tasks, with nothing else to do. */
static int keep_tasks(struct acr_capi *capi, const char *names, struct acr_error *error)
{
    size_t count = capi->scenario.class_count, chosen = 0;
    const acr_user_definition **definitions = acr_alloc_zero((count + 1) * sizeof *definitions);
    for (size_t i = 0; i < count; i++)
        definitions[i] = capi->classes[i].definition;
    int rc = acr_capi_once_new(names, definitions, count, &capi->once, &chosen, error);
    acr_free(definitions);
    if (rc < 0)
        return rc;
    capi->classes[0].host = capi->classes[chosen].host;
    capi->classes[0].definition = acr_capi_once_definition(capi->once);
    capi->scenario.classes[0] =
        (struct acr_user_class){.name = capi->classes[0].definition->name, .host = capi->classes[0].host, .weight = 1};
    capi->scenario.class_count = 1;
    return 0;
}

static int make_classes(struct acr_capi *capi, const struct acr_scenario_request *request, struct acr_error *error)
{
    const struct acr_registry *registry = acr_registry();
    size_t count = definition_count(capi);
    capi->scenario.classes = acr_alloc_zero((count + 1) * sizeof *capi->scenario.classes);
    capi->classes = acr_alloc_zero((count + 1) * sizeof *capi->classes);
    struct acr_capi_words names = {0};
    int rc = read_rest(capi, request, &names, error);
    for (size_t i = 0; i < registry->test_count; i++)
        capi->has_request_listeners |= registry->tests[i]->on_request != NULL;
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (is_wanted(&names, definition_at(capi, i)->name))
            rc = add_class(capi, definition_at(capi, i), error);
    acr_free(names.items);
    if (rc == 0 && capi->host != NULL && !request->may_be_empty)
        rc = check_host("option -H", ACR_ERR_USAGE, capi->host, error);
    if (rc == 0 && capi->scenario.class_count == 0 && !request->may_be_empty)
        rc = acr_error_set(error, ACR_ERR_SCRIPT, "No user class found in %s: define one with ACR_USER(...)",
                           capi->is_own               ? "this program"
                           : request->path_count == 1 ? request->paths[0]
                                                      : "any of the files");
    if (rc == 0 && request->run_tasks != NULL)
        rc = keep_tasks(capi, request->run_tasks, error);
    return rc;
}

/* ---- life cycle */

static void scenario_close(struct acr_scenario *scenario)
{
    struct acr_capi *capi = cast(scenario);
    current = NULL;
    acr_coroutine_pool_close(capi->pool);
    acr_gate_done(&capi->gate);
    acr_work_pool_close(capi->threads);
    for (size_t i = 0; i < scenario->class_count; i++)
        acr_capi_routes_free(&capi->classes[i]);
    acr_capi_patterns_free(capi);
    acr_capi_feeders_close(capi);
    acr_capi_places_close(capi);
    acr_capi_json_free(capi->json);
    acr_engine_close(scenario->engine);
    acr_capi_options_forget();
    if (!capi->is_own)
        acr_registry_clear();
    for (size_t i = 0; i < capi->object_count; i++)
        acr_object_close(capi->objects[i]);
    acr_free(capi->objects);
    acr_capi_once_free(capi->once);
    acr_free(capi->classes);
    acr_free(scenario->classes);
    acr_free(capi->users);
    acr_free(capi->host);
    acr_free(capi);
}

/* The same choices each time with the same seed. */
static int choose_seed(uint64_t *ret_seed, struct acr_error *error)
{
    const char *given = getenv("ACRIDA_SEED");
    char *rest = NULL;
    if (given == NULL || given[0] == '\0') {
        *ret_seed = acr_random_seed();
        return 0;
    }
    *ret_seed = strtoull(given, &rest, 0);
    return *rest == '\0' ? 0 : acr_error_set(error, ACR_ERR_INVALID, "ACRIDA_SEED: not a whole number: '%s'", given);
}

static const struct acr_scenario_ops ops = {.user_start = user_start,
                                            .user_stop = user_stop,
                                            .run = run,
                                            .event = event,
                                            .status = status,
                                            .task_ratio = task_ratio,
                                            .options_help = options_help,
                                            .place = place,
                                            .desert = desert,
                                            .close = scenario_close};

static struct acr_capi *capi_new(const struct acr_scenario_request *request)
{
    struct acr_capi *capi = acr_alloc_zero(sizeof *capi);
    capi->scenario = (struct acr_scenario){.ops = &ops,
                                           .report = {.csv_interval = 2 * ACR_NANOS_PER_SECOND,
                                                      .table_interval = 2 * ACR_NANOS_PER_SECOND,
                                                      .name_width = ACR_CONSOLE_NAME_WIDTH},
                                           .silence_max = SILENCE_MAX,
                                           .exit_code = -1};
    capi->host = request->host != NULL ? acr_strdup(request->host) : NULL;
    capi->limits = request->limits;
    acr_map_init(&capi->patterns);
    capi->json = acr_capi_json_new();
    return capi;
}

static int open_objects(struct acr_capi *capi, const struct acr_scenario_request *request, struct acr_error *error)
{
    capi->objects = acr_alloc_zero(request->path_count * sizeof *capi->objects);
    for (size_t i = 0; i < request->path_count; i++) {
        int rc = acr_object_open(request->paths[i], &capi->objects[capi->object_count], error);
        if (rc < 0)
            return rc;
        capi->object_count++;
    }
    return 0;
}

static int load(struct acr_capi *capi, const struct acr_scenario_request *request, struct acr_scenario **ret_scenario,
                struct acr_error *error)
{
    int rc = acr_engine_open(acr_clock_system(), &capi->scenario.engine, error);
    if (rc == 0)
        rc = choose_seed(&capi->seed, error);
    if (rc == 0)
        rc = acr_capi_children_open();
    if (rc == 0)
        acr_gate_init(&capi->gate, capi->scenario.engine->loop);
    if (rc == 0)
        rc = acr_work_pool_open(capi->scenario.engine->loop, ACR_BLOCKING_MAX, &capi->threads, error);
    if (rc == 0)
        rc = capi->is_own ? 0 : open_objects(capi, request, error);
    if (rc == 0)
        rc = acr_registry_check(error);
    if (rc == 0)
        rc = make_classes(capi, request, error);
    if (rc == 0)
        rc = acr_capi_places_open(capi, error);
    if (rc == 0 && !request->may_be_empty)
        rc = acr_capi_feeders_open(capi, error);
    if (rc == 0)
        rc = acr_capi_stacks_open(capi, request->stack_size, error);
    if (rc < 0) {
        scenario_close(&capi->scenario);
        return rc;
    }
    acr_capi_keep_exceptions(capi->pool);
    current = capi;
    *ret_scenario = &capi->scenario;
    return 0;
}

int acr_capi_load(const struct acr_scenario_request *request, struct acr_scenario **ret_scenario,
                  struct acr_error *error)
{
    return load(capi_new(request), request, ret_scenario, error);
}

int acr_capi_load_own(const struct acr_scenario_request *request, const acr_user_definition *only,
                      struct acr_scenario **ret_scenario, struct acr_error *error)
{
    struct acr_capi *capi = capi_new(request);
    capi->is_own = true;
    capi->only = only;
    return load(capi, request, ret_scenario, error);
}
