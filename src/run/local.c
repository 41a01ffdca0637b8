/* SPDX-License-Identifier: MIT */
/* local - puts the two threads of a headless run together. */
#include "run/local.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "report/csv.h"
#include "run/control.h"
#include "run/crash.h"
#include "run/internal.h"
#include "run/signals.h"

/* On the heap: a front end may put this thread's stack aside while the control thread works with it (loop/fiber.h). */
struct local {
    struct acr_scenario *scenario;
    struct acr_run_options options;
    struct acr_loop *loop; /* the control thread's */
    struct acr_load *load;
    struct acr_control *control;
    struct acr_signals *signals;
    pthread_t thread;
    int schedstat; /* the load thread's; -1 where the kernel has none */
};

/* Tables go past stdio, whose locks the load thread may hold while it is stuck. */
static void print(void *context, struct acr_str text)
{
    (void)context;
    while (text.size > 0) {
        ssize_t written = write(STDERR_FILENO, text.data, text.size);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = STDERR_FILENO, .events = POLLOUT};
            poll(&wait, 1, -1);
            continue;
        }
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nobody reads it */
        text.data += written;
        text.size -= (size_t)written;
    }
}

static void abandon(void *context, int exit_code)
{
    (void)context;
    if (acr_crash_happened())
        acr_crash_exit();
    _exit(exit_code);
}

static void tell_crash(void *context)
{
    acr_load_tell_crash(((struct local *)context)->load);
}

/* /proc/self/task/TID/schedstat: nanoseconds on a processor, nanoseconds waiting for one, how often. Opened by the
 * load thread, read by the control thread. */
static int open_schedstat(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", (int)gettid());
    return open(path, O_RDONLY | O_CLOEXEC);
}

static acr_nanos queued(void *context)
{
    const struct local *local = context;
    char text[128];
    ssize_t size = local->schedstat >= 0 ? pread(local->schedstat, text, sizeof text - 1, 0) : -1;
    if (size <= 0)
        return -1;
    text[size] = '\0';
    char *second = strchr(text, ' ');
    return second != NULL ? (acr_nanos)strtoll(second, NULL, 10) : -1;
}

static bool place(void *context, struct acr_run_place *ret_place)
{
    const struct acr_scenario *scenario = ((struct local *)context)->scenario;
    return scenario->ops->place(scenario, ret_place);
}

static void on_signal(void *context, int signal_number)
{
    struct local *local = context;
    acr_control_signal(local->control, signal_number);
}

static void *control_main(void *context)
{
    struct local *local = context;
    if (acr_loop_run(local->loop) < 0) {
        acr_log(ACR_LOG_CRITICAL, "locust.runners", "The control thread's event loop broke.");
        _exit(1);
    }
    return NULL;
}

/* Shows now, and not after an hour's test, that the files cannot be written. */
static int write_first_csv(const struct local *local, const struct acr_snapshot *snapshot, struct acr_error *error)
{
    return local->options.csv_base == NULL ? 0 : acr_csv_write(snapshot, local->options.csv_base, error);
}

static int open_control(struct local *local, struct acr_error *error)
{
    struct acr_scenario *scenario = local->scenario;
    struct acr_snapshot *snapshot = acr_snapshot_take(scenario->engine->stats);
    struct acr_control_setup setup = {
        .options = &local->options,
        .classes = scenario->classes,
        .class_count = scenario->class_count,
        .random = &scenario->engine->random,
        .loop = local->loop,
        .load = acr_load_mailbox(local->load),
        .snapshot = snapshot,
        .print = print,
        .abandon = abandon,
        .queued = queued,
        .place = scenario->ops->place != NULL ? place : NULL,
        .silence_max = scenario->silence_max,
        .context = local,
    };
    int rc = write_first_csv(local, snapshot, error);
    if (rc == 0)
        rc = acr_control_open(&setup, &local->control, error);
    acr_snapshot_unref(snapshot);
    return rc;
}

static void close_all(struct local *local)
{
    acr_crash_close();
    acr_signals_close(local->signals);
    acr_control_close(local->control);
    acr_load_close(local->load);
    acr_loop_close(local->loop);
    if (local->schedstat >= 0)
        close(local->schedstat);
    acr_free(local);
}

static int open_all(struct local *local, struct acr_error *error)
{
    int rc = acr_loop_open(local->scenario->engine->clock, &local->loop, error);
    if (rc == 0)
        rc = acr_load_open(local->scenario, &local->load, error);
    if (rc == 0)
        rc = open_control(local, error);
    if (rc < 0)
        return rc;
    acr_load_connect(local->load, acr_control_mailbox(local->control), local->options.users, local->options.spawn_rate);
    rc = acr_signals_open(local->loop, on_signal, local, &local->signals, error);
    if (rc == 0 && local->scenario->ops->place != NULL)
        rc = acr_crash_open(local->scenario, tell_crash, local, error);
    if (rc < 0)
        return rc;
    int system = pthread_create(&local->thread, NULL, control_main, local);
    if (system != 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, system, "pthread_create");
    return 0;
}

static void log_broken(const struct acr_error *error)
{
    char text[ACR_ERROR_DETAIL_MAX + 64];
    acr_error_format(error, text, sizeof text);
    acr_log(ACR_LOG_ERROR, "locust.runners", "%s", text);
}

static void log_start(const struct local *local)
{
    if (local->options.run_time > 0)
        acr_log(ACR_LOG_INFO, "locust.main", "Run time limit set to %g seconds",
                acr_nanos_to_seconds(local->options.run_time));
    acr_log(ACR_LOG_INFO, "locust.main", "Starting Locust (Acrida %s)", ACR_VERSION);
}

static void tell_quit(void *context)
{
    const struct local *local = context;
    struct acr_scenario *scenario = local->scenario;
    if (scenario->ops->event != NULL && !acr_crash_happened())
        scenario->ops->event(scenario, ACR_RUN_QUIT, (uint64_t)acr_control_exit_code(local->control));
}

/* The run itself; returns its exit code. */
static int hold(struct local *local)
{
    struct acr_error error = {0};
    int rc = acr_load_run(local->load, &error);
    if (rc < 0 && error.code != 0)
        log_broken(&error);
    pthread_join(local->thread, NULL);
    int exit_code = acr_control_exit_code(local->control);
    acr_crash_guard(tell_quit, local);
    acr_crash_report();
    if (acr_crash_happened())
        acr_crash_exit();
    /* Users that did not end in time hold on to the engine, so it cannot be closed: the process ends here. */
    if (acr_load_user_count(local->load) > 0)
        _exit(exit_code);
    return exit_code;
}

int acr_run_local(struct acr_scenario *scenario, const struct acr_run_options *options, struct acr_error *error)
{
    struct local *local = acr_alloc_zero(sizeof *local);
    local->scenario = scenario;
    local->options = *options;
    local->schedstat = open_schedstat();
    scenario->engine->request_limit = options->request_limit;
    log_start(local);
    int result = open_all(local, error) < 0 ? -1 : hold(local);
    close_all(local);
    return result;
}
