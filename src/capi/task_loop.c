/* SPDX-License-Identifier: MIT */
/* task_loop - picks tasks, runs them, waits between them; task sets within task sets. */
#include "base/memory.h"
#include "capi/blocking.h"
#include "capi/internal.h"

static struct acr_loop *loop_of(const acr_user *user)
{
    return user->capi->scenario.engine->loop;
}

static void set_tasks(struct acr_capi_set *set, struct acr_capi_tasks tasks, bool sequence)
{
    set->tasks = tasks.items;
    set->sequence = sequence;
    while (set->task_count < tasks.count)
        set->weight += acr_capi_task_weight(&tasks.items[set->task_count++]);
}

static void set_wait(struct acr_capi_set *set, const acr_wait_time *wait)
{
    static const enum acr_wait_kind kinds[] = {[ACR_WAIT_KIND_BETWEEN] = ACR_WAIT_BETWEEN,
                                               [ACR_WAIT_KIND_CONSTANT] = ACR_WAIT_CONSTANT,
                                               [ACR_WAIT_KIND_PACING] = ACR_WAIT_PACING};
    set->has_wait = wait->kind != ACR_WAIT_KIND_NONE;
    if (wait->kind == ACR_WAIT_KIND_FUNCTION)
        set->wait_fn = wait->fn;
    else if (set->has_wait)
        set->wait = (struct acr_wait){kinds[wait->kind], wait->low, wait->high};
}

static const acr_task *pick_in_turn(struct acr_capi_set *set)
{
    const acr_task *task = &set->tasks[set->position];
    if (++set->repeated >= acr_capi_task_weight(task)) {
        set->repeated = 0;
        set->position = (set->position + 1) % set->task_count;
    }
    return task;
}

static const acr_task *pick(acr_user *user, struct acr_capi_set *set)
{
    if (set->sequence)
        return pick_in_turn(set);
    const acr_task *task = set->tasks;
    uint64_t point = acr_random_below(&user->random, set->weight);
    for (; point >= acr_capi_task_weight(task); task++)
        point -= acr_capi_task_weight(task);
    return task;
}

/* How long to wait after a task; 0: not at all. */
static acr_nanos wait_after(acr_user *user, struct acr_capi_set *set, acr_nanos now)
{
    if (set->wait_fn != NULL) {
        acr_coroutine_set_work(user->fiber, "the wait function");
        return acr_nanos_from_seconds(set->wait_fn(user));
    }
    return set->has_wait ? acr_wait_next(&set->wait, &set->wait_state, &user->random, now) : 0;
}

/* Without a wait, a task that never waits itself must still let the others run. */
static void pause_after(acr_user *user, struct acr_capi_set *set, bool waits)
{
    bool has_wait = waits && (set->has_wait || set->wait_fn != NULL);
    if (!has_wait && user->waited)
        return; /* without reading the clock, which is half of what a task costs */
    acr_nanos now = acr_loop_refresh_now(loop_of(user));
    acr_nanos wait = has_wait ? wait_after(user, set, now) : 0;
    if ((wait > 0 || !user->waited) && acr_capi_may_wait(user))
        acr_capi_may_go_on(user, acr_fiber_sleep_until(user->fiber, acr_deadline_after(now, wait)));
}

/* With a ceiling of tasks per second, the next one waits for its slot. */
static bool may_begin(acr_user *user)
{
    struct acr_capi *capi = user->capi;
    bool waited;
    if (!acr_limits_any(&capi->limits))
        return true;
    if (!acr_capi_may_wait(user))
        return false;
    int rc = acr_gate_pass(&capi->gate, &user->place, user->fiber, &waited);
    return waited ? acr_capi_may_go_on(user, rc) : true;
}

static void run_function(acr_user *user, const acr_task *task)
{
    if (task->blocking)
        acr_capi_run_blocking(user, task);
    else
        task->run(user);
}

static void run_set(acr_user *user, const acr_task_set *definition);

/* Returns whether there is a wait after it. */
static bool run_task(acr_user *user, struct acr_capi_set *set, const acr_task *task)
{
    user->waited = false;
    user->task = task;
    if (task->set != NULL) {
        struct acr_capi_set inner = {0};
        user->set = &inner;
        run_set(user, task->set);
        user->set = set;
        user->task = NULL;
        return !inner.at_once;
    }
    acr_coroutine_set_work(user->fiber, task->function);
    if (may_begin(user))
        run_function(user, task);
    user->task = NULL;
    acr_capi_call_end(user);
    return true;
}

static bool goes_on(const acr_user *user, const struct acr_capi_set *set)
{
    return !user->ending && !user->leaving && !set->interrupted;
}

static void run_loop(acr_user *user, struct acr_capi_set *set)
{
    acr_wait_begin(&set->wait_state, acr_loop_now(loop_of(user)));
    while (goes_on(user, set)) {
        bool waits = run_task(user, set, pick(user, set));
        if (goes_on(user, set))
            pause_after(user, set, waits);
    }
}

static void call(acr_user *user, acr_task_fn *fn)
{
    if (fn != NULL)
        fn(user);
    acr_capi_call_end(user);
}

/* It may wait like any other code, even if its user is being ended. */
static void call_on_stop(acr_user *user, acr_task_fn *fn)
{
    bool ending = user->ending;
    user->ending = false;
    user->late_waits = 0;
    acr_coroutine_set_work(user->fiber, "on_stop of a task set");
    call(user, fn);
    user->ending = user->ending || ending;
}

/* Fills in user->set, which the caller has put there. */
static void run_set(acr_user *user, const acr_task_set *definition)
{
    struct acr_capi_set *set = user->set;
    set_tasks(set, acr_capi_tasks_of(definition->tasks), definition->sequence);
    set_wait(set, &definition->wait);
    if (!set->has_wait)
        set_wait(set, &user->class->definition->wait);
    acr_coroutine_set_work(user->fiber, "on_start of a task set");
    call(user, definition->on_start);
    run_loop(user, set);
    user->set = set;
    call_on_stop(user, definition->on_stop);
}

void acr_capi_run_tasks(acr_user *user)
{
    const acr_user_definition *definition = user->class->definition;
    struct acr_capi_set set = {0};
    set_tasks(&set, acr_capi_user_tasks(definition), definition->sequence);
    set_wait(&set, &definition->wait);
    user->set = &set;
    run_loop(user, &set);
}
