/* SPDX-License-Identifier: MIT */
/* blocking - from the coroutine to a thread and back. */
#include "capi/blocking.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "loop/work.h"
#include "run/load.h"

#define LOGGER "locust.runners"

/* How often the load thread looks whether work returned whose user is to end. */
#define LATE_INTERVAL (2 * ACR_NANOS_PER_SECOND)
/* What was recorded is counted when it is so old or so much, for the tables of a test whose tasks run for long. */
#define RECORD_AGE_MAX (100 * ACR_NANOS_PER_MILLI)
#define RECORDS_MAX 1000

struct record {
    struct record *next;
    double seconds;
    uint64_t bytes;
    const char *name, *error; /* in `texts`, as the type, which comes first; error: NULL for a success */
    char texts[];
};

struct acr_capi_work {
    struct acr_work work;
    acr_user *user;
    acr_blocking_fn *fn;
    void *argument;
    bool over;
    acr_nanos late; /* when the run's end no longer waits for it */
    struct record *first, **last;
    size_t count;
    acr_nanos recorded; /* the first one */
};

/* Whose work this thread is doing. */
static _Thread_local const acr_user *here;

static struct acr_loop *loop_of(const acr_user *user)
{
    return user->capi->scenario.engine->loop;
}

/* ---- records */

/* Returns what comes behind its end. */
static char *append(char *out, struct acr_str text)
{
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return out + text.size + 1;
}

static struct record *record_new(const acr_request_record *given)
{
    struct acr_str type = acr_str_of(given->type), name = acr_str_of(given->name);
    struct acr_str error = acr_str_of(given->error != NULL ? given->error : "");
    struct record *record = acr_alloc(sizeof *record + type.size + name.size + error.size + 3);
    char *second = append(record->texts, type), *third = append(second, name);
    append(third, error);
    *record = (struct record){
        .seconds = given->seconds, .bytes = given->bytes, .name = second, .error = given->error != NULL ? third : NULL};
    return record;
}

static void count(acr_user *user, const struct record *record)
{
    if (record->error != NULL)
        acr_record_failure(user, record->texts, record->name, record->seconds, record->error);
    else
        acr_record_success(user, record->texts, record->name, record->seconds, record->bytes);
}

/* On the load thread, while the work waits for it or is over: so the user is the load thread's as well. */
static void count_all(struct acr_work *work)
{
    struct acr_capi_work *self = ACR_CONTAINER_OF(work, struct acr_capi_work, work);
    struct record *record = self->first;
    self->user->in_work = false;
    self->first = NULL;
    self->count = 0;
    while (record != NULL) {
        struct record *next = record->next;
        count(self->user, record);
        acr_free(record);
        record = next;
    }
    self->user->in_work = true;
    if (self->user->ending) /* by the limit of requests */
        acr_work_interrupt(work);
}

void acr_capi_work_record(acr_user *user, const acr_request_record *record)
{
    struct acr_capi_work *self = user->work;
    const struct acr_clock *clock = user->capi->scenario.engine->clock;
    acr_nanos now = clock->monotonic(clock);
    if (self->first == NULL) {
        self->last = &self->first;
        self->recorded = now;
    }
    *self->last = record_new(record);
    self->last = &(*self->last)->next;
    if (++self->count >= RECORDS_MAX || now - self->recorded >= RECORD_AGE_MAX)
        acr_work_call(&self->work, count_all);
}

/* ---- work */

static void run(struct acr_work *work)
{
    struct acr_capi_work *self = ACR_CONTAINER_OF(work, struct acr_capi_work, work);
    here = self->user;
    self->fn(self->user, self->argument);
    acr_capi_end_child();
    here = NULL;
}

static void on_over(struct acr_work *work)
{
    struct acr_capi_work *self = ACR_CONTAINER_OF(work, struct acr_capi_work, work);
    count_all(work);
    self->over = true;
    acr_fiber_wake(self->user->fiber);
}

static struct acr_capi_work *work_of(acr_user *user)
{
    if (user->work == NULL) {
        user->work = acr_alloc_zero(sizeof *user->work);
        user->work->user = user;
        acr_work_init(&user->work->work, user->capi->threads, run, on_over);
    }
    return user->work;
}

void acr_capi_work_free(acr_user *user)
{
    if (user->work != NULL)
        acr_work_done(&user->work->work);
    acr_free(user->work);
}

static void look_again(acr_user *user)
{
    acr_timer_arm(&user->patience, acr_deadline_after(acr_loop_now(loop_of(user)), LATE_INTERVAL));
}

static void expect_end(acr_user *user)
{
    user->work->late = acr_deadline_after(acr_loop_now(loop_of(user)), ACR_CAPI_BLOCKED_MAX);
    look_again(user);
}

static void stop(acr_user *user)
{
    struct acr_capi_work *self = user->work;
    self->over = acr_work_withdraw(&self->work);
    if (self->over)
        return;
    acr_work_interrupt(&self->work);
    expect_end(user);
}

void acr_capi_work_stop(acr_user *user)
{
    user->end_wanted = true;
    if (user->work->over)
        return; /* and it is about to go on */
    stop(user);
    if (user->work->over)
        acr_fiber_wake(user->fiber);
}

void acr_capi_work_is_late(acr_user *user)
{
    struct acr_capi *capi = user->capi;
    if (!capi->told_late)
        acr_log(ACR_LOG_WARNING, LOGGER,
                "%s: %s still blocks although its user is being ended. The end of the test waits for it for %g s at "
                "most, or for --stop-timeout",
                user->class->definition->name, acr_capi_what_runs(user), acr_nanos_to_seconds(ACR_CAPI_BLOCKED_MAX));
    capi->told_late = true;
    if (acr_loop_now(loop_of(user)) >= user->work->late)
        acr_load_give_up(capi->scenario.load);
    look_again(user);
}

/* Once: what fails or waits for one user does so for others. */
static void say_if_short(acr_user *user, int rc, int system)
{
    struct acr_capi *capi = user->capi;
    if (rc == 0 && (capi->told_short || acr_work_pool_waiting(capi->threads) == 0))
        return;
    if (!capi->told_short && rc == 0)
        acr_log(
            ACR_LOG_WARNING, LOGGER,
            "There are no more threads for work that blocks (at most %d, or what the system allows): users wait for "
            "one.",
            ACR_BLOCKING_MAX);
    else if (!capi->told_short)
        acr_log(ACR_LOG_ERROR, LOGGER, "%s: %s was not run: no thread for work that blocks: %s",
                user->class->definition->name, acr_capi_what_runs(user), strerror(system));
    capi->told_short = true;
    capi->scenario.erred = capi->scenario.erred || rc != 0;
}

/* The function must have returned before the user goes on, whatever it is told: it has the user's memory. */
static int wait_for(acr_user *user)
{
    int result = 0;
    while (!user->work->over) {
        int rc = acr_fiber_wait(user->fiber);
        if (rc == 0)
            continue;
        result = rc;
        if (!user->work->over)
            stop(user);
    }
    acr_timer_disarm(&user->patience);
    return result;
}

bool acr_blocking(acr_user *user, acr_blocking_fn *fn, void *argument)
{
    if (user->in_work) {
        fn(user, argument);
        return !acr_ending(user);
    }
    if (!acr_capi_may_wait(user))
        return false;
    struct acr_capi_work *self = work_of(user);
    self->fn = fn;
    self->argument = argument;
    self->over = false;
    user->in_work = true;
    int rc = acr_work_begin(&self->work), system = errno;
    say_if_short(user, rc, system);
    if (rc == 0 && user->told) /* this is its on_stop */
        expect_end(user);
    if (rc == 0)
        rc = wait_for(user);
    user->in_work = false;
    return rc == ACR_ERR_SYSTEM ? false : acr_capi_may_go_on(user, rc);
}

static void run_task(acr_user *user, void *argument)
{
    const acr_task *task = argument;
    task->run(user);
}

void acr_capi_run_blocking(acr_user *user, const acr_task *task)
{
    acr_blocking(user, run_task, (void *)task);
}

/* ---- what it may ask for */

bool acr_capi_work_ending(const acr_user *user)
{
    return acr_work_interrupted(&user->work->work);
}

bool acr_capi_work_sleep(acr_user *user, acr_nanos span)
{
    return acr_work_sleep(&user->work->work, span);
}

static void refuse(const acr_user *user, const char *what)
{
    static atomic_bool told;
    if (!atomic_exchange(&told, true))
        acr_log(ACR_LOG_ERROR, LOGGER,
                "%s: %s called %s from work that blocks; nothing was done (said once; acrida.h says at acr_blocking() "
                "what may be called there)",
                user->class->definition->name, acr_capi_what_runs(user), what);
}

void acr_capi_work_refuse_wait(const acr_user *user)
{
    refuse(user, "a function that waits");
}

bool acr_capi_refuse_in_work(const char *function)
{
    if (ACR_LIKELY(here == NULL))
        return false;
    refuse(here, function);
    return true;
}

const acr_user *acr_capi_blocking_user(void)
{
    return here;
}
