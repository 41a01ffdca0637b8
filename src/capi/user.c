/* SPDX-License-Identifier: MIT */
/* user - the life of a user on its coroutine, and what it may ask of it. */
#include <pthread.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/blocking.h"
#include "capi/events.h"
#include "capi/internal.h"
#include "run/crash.h"
#include "run/load.h"

/* How long a request on its way may take when its user is to end. */
#define PATIENCE (2 * ACR_NANOS_PER_SECOND)
/* Calls that a task may make after it was told to return. */
#define LATE_WAITS_MAX 1000

static struct acr_loop *loop_of(const acr_user *user)
{
    return user->capi->scenario.engine->loop;
}

/* ---- a copy of the process, by fork() */

/* It has the connections of all users, and no control thread. */
static bool is_child;

static void on_fork_child(void)
{
    is_child = true;
}

int acr_capi_children_open(void)
{
    static bool watched;
    is_child = false;
    if (!watched && pthread_atfork(NULL, NULL, on_fork_child) != 0)
        return ACR_ERR_OUT_OF_MEMORY;
    watched = true;
    return 0;
}

void acr_capi_end_child(void)
{
    static const char text[] =
        "acrida: a child that the scenario made by fork() went on as a user, and was ended: there, "
        "call exec...() or _exit()\n";
    if (ACR_LIKELY(!is_child))
        return;
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(ACR_EXIT_CRASHED);
}

/* ---- waits */

bool acr_capi_may_go_on(acr_user *user, int code)
{
    user->waited = true;
    if (code == ACR_ERR_CANCELLED || user->end_wanted) {
        user->ending = true;
        user->end_wanted = false;
    }
    return !user->ending;
}

bool acr_capi_may_wait(acr_user *user)
{
    acr_capi_end_child();
    if (ACR_UNLIKELY(user->in_work)) {
        acr_capi_work_refuse_wait(user);
        return false;
    }
    if (ACR_UNLIKELY(user->capi->listening > 0)) {
        acr_capi_refuse_wait(user->capi);
        return false;
    }
    if (ACR_LIKELY(!user->ending))
        return true;
    if (++user->late_waits > LATE_WAITS_MAX) {
        acr_log(ACR_LOG_WARNING, "locust.runners",
                "%s: %s was cut off, because it does not return although its user is being ended (see acr_ending())",
                user->class->definition->name, acr_capi_what_runs(user));
        user->late_waits = 0;
        longjmp(*user->top, 1);
    }
    return false;
}

/* ---- the life of a user */

static void on_patience(struct acr_timer *timer)
{
    acr_user *user = ACR_CONTAINER_OF(timer, acr_user, patience);
    if (user->in_work)
        acr_capi_work_is_late(user);
    else
        acr_coroutine_cancel(user->coroutine);
}

void acr_capi_call_end(acr_user *user)
{
    acr_capi_end_child();
    acr_capi_answers_end(user);
    acr_capi_texts_free(user);
}

/* Whatever cuts a call off comes back here. */
static void call_from_top(acr_user *user, void (*fn)(acr_user *user))
{
    jmp_buf top;
    user->top = &top;
    if (setjmp(top) == 0)
        fn(user);
    acr_capi_call_end(user);
    user->set = NULL;
    user->task = NULL;
}

/* It may wait like any other code, even if its user was told to end. */
static void call_on_stop(acr_user *user)
{
    user->ending = user->leaving = false;
    user->late_waits = 0;
    acr_coroutine_set_work(user->fiber, "on_stop");
    if (user->class->definition->on_stop != NULL)
        call_from_top(user, user->class->definition->on_stop);
}

static void live(struct acr_coroutine *coroutine, void *context)
{
    acr_user *user = acr_coroutine_room(coroutine);
    (void)context;
    user->fiber = acr_coroutine_fiber(coroutine);
    acr_coroutine_set_owner(coroutine, user->class->definition->name, acr_user_number(user));
    acr_coroutine_set_work(user->fiber, "on_start");
    if (user->class->definition->on_start != NULL)
        call_from_top(user, user->class->definition->on_start);
    if (!user->ending && !user->leaving)
        call_from_top(user, acr_capi_run_tasks);
    call_on_stop(user);
}

/* On the loop's stack. */
static void ended(struct acr_coroutine *coroutine, void *context)
{
    acr_user *user = acr_coroutine_room(coroutine);
    struct acr_capi *capi = user->capi;
    struct acr_load *load = capi->scenario.load;
    uint64_t id = user->id;
    (void)context;
    acr_timer_disarm(&user->patience);
    acr_capi_streams_free(user);
    acr_capi_rows_end(user);
    acr_client_free(user->client);
    capi->users[id] = NULL;
    acr_capi_work_free(user);
    acr_free(user->state);
    acr_load_user_ended(load, id);
    acr_capi_places_check(capi);
}

static void remember(struct acr_capi *capi, acr_user *user)
{
    if (user->id >= capi->user_capacity) {
        size_t capacity = 2 * (user->id + 32);
        capi->users = acr_realloc(capi->users, capacity * sizeof(acr_user *));
        for (size_t i = capi->user_capacity; i < capacity; i++)
            capi->users[i] = NULL;
        capi->user_capacity = capacity;
    }
    capi->users[user->id] = user;
}

/* Once: who comes after it finds none either. */
static void tell_of_no_stack(struct acr_capi *capi)
{
    if (!capi->told_no_stack)
        acr_log(
            ACR_LOG_ERROR, "locust.runners",
            "There is no memory for the stack of another user: %zu are alive, and others do not start. Ask for fewer "
            "users, for smaller stacks (--stack-size), or allow the process more memory (ulimit -v).",
            acr_load_user_count(capi->scenario.load) - 1);
    capi->told_no_stack = capi->scenario.erred = true;
}

void acr_capi_user_start(struct acr_capi *capi, size_t class_number, uint64_t id)
{
    struct acr_coroutine *coroutine;
    if (acr_coroutine_start(capi->pool, live, ended, NULL, &coroutine) != 0) {
        tell_of_no_stack(capi);
        acr_load_user_ended(capi->scenario.load, id);
        acr_capi_places_check(capi);
        return;
    }
    acr_user *user = acr_coroutine_room(coroutine);
    user->coroutine = coroutine;
    user->capi = capi;
    user->class = &capi->classes[class_number];
    user->id = id;
    if (user->class->definition->state_size > 0)
        user->state = acr_alloc_zero(user->class->definition->state_size);
    acr_random_init(&user->random, capi->seed + id);
    acr_list_init(&user->streams);
    acr_timer_init(&user->patience, loop_of(user), on_patience);
    acr_list_init(&user->rows);
    acr_list_init(&user->queued);
    remember(capi, user);
}

void acr_capi_user_stop(acr_user *user)
{
    user->told = true;
    if (user->in_work) {
        acr_capi_work_stop(user);
    } else if (user->in_request) {
        user->end_wanted = true;
        acr_timer_arm(&user->patience, acr_deadline_after(acr_loop_now(loop_of(user)), PATIENCE));
    } else {
        acr_coroutine_cancel(user->coroutine);
    }
}

/* ---- what a task may ask for */

void *acr_state(acr_user *user)
{
    return user->state;
}

uint64_t acr_user_number(const acr_user *user)
{
    return user->id + 1;
}

void *acr_task_data(const acr_user *user)
{
    return user->task != NULL ? user->task->data : NULL;
}

const char *acr_class_name(const acr_user *user)
{
    return user->class->definition->name;
}

const char *acr_host(const acr_user *user)
{
    return user->class->host;
}

bool acr_ending(const acr_user *user)
{
    return user->in_work ? acr_capi_work_ending(user) : user->ending;
}

bool acr_sleep(acr_user *user, double seconds)
{
    if (user->in_work)
        return acr_capi_work_sleep(user, acr_nanos_from_seconds(seconds));
    if (!acr_capi_may_wait(user))
        return false;
    acr_nanos deadline = acr_deadline_after(acr_loop_refresh_now(loop_of(user)), acr_nanos_from_seconds(seconds));
    return acr_capi_may_go_on(user, acr_fiber_sleep_until(user->fiber, deadline));
}

double acr_now(const acr_user *user)
{
    const struct acr_clock *clock = user->capi->scenario.engine->clock;
    return acr_nanos_to_seconds(clock->monotonic(clock));
}

int64_t acr_random_int(acr_user *user, int64_t low, int64_t high)
{
    if (high <= low)
        return low;
    uint64_t span = (uint64_t)high - (uint64_t)low + 1; /* 0: all there are */
    uint64_t random = span != 0 ? acr_random_below(&user->random, span) : acr_random_u64(&user->random);
    return (int64_t)((uint64_t)low + random);
}

double acr_random_real(acr_user *user)
{
    return acr_random_unit(&user->random);
}

void acr_interrupt(acr_user *user, bool at_once)
{
    if (user->set == NULL)
        return;
    user->set->interrupted = true;
    user->set->at_once = at_once;
}

void acr_stop_user(acr_user *user)
{
    user->leaving = true;
}

void acr_quit(acr_user *user)
{
    const struct acr_capi *capi = acr_capi_current();
    (void)user;
    if (capi != NULL && capi->scenario.load != NULL)
        acr_load_request_quit(capi->scenario.load);
}
