/* SPDX-License-Identifier: MIT */
/* control - users over time, tables over time, and how a run ends. */
#include "run/control.h"

#include <signal.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "loop/timer.h"
#include "run/hatch.h"
#include "run/message.h"
#include "run/watch.h"

#define RUNNERS "locust.runners"
#define MAIN "locust.main"

/* A table waits so long for fresh numbers. */
#define SNAPSHOT_WAIT (200 * ACR_NANOS_PER_MILLI)
/* How old numbers may be when the load thread is lost; also when no table is printed. */
#define REFRESH_INTERVAL ACR_NANOS_PER_SECOND

enum control_state {
    STATE_WAITING,
    STATE_HATCHING,
    STATE_RUNNING,
    STATE_STOPPING,
    STATE_FINISHING,
    STATE_ABANDONING, /* waits for one more snapshot */
    STATE_DONE,
};

struct acr_control {
    struct acr_control_setup setup;
    struct acr_loop *loop;
    struct acr_mailbox *mailbox;
    enum control_state state;
    bool closing;
    bool gave_up_listeners; /* not users: they had ended */
    bool snapshot_late;     /* one is still awaited */

    size_t *counts; /* users per class */
    size_t *order;  /* class numbers in order of start */
    size_t users;   /* how many will be started */
    size_t handed;  /* how many were handed to the load thread */
    acr_nanos hatch_start;
    bool hatched_asked; /* HATCHED is with the load thread */
    bool users_gone;    /* ENDED came while HATCHED was */
    struct acr_timer hatch_timer;

    struct acr_timer time_limit;
    struct acr_timer stop_limit;

    struct acr_snapshot *snapshot; /* the latest */
    struct acr_message *asking;    /* SNAPSHOT message; NULL while the load thread has it */
    bool table_wanted, csv_wanted;
    struct acr_timer table_timer, csv_timer, refresh_timer, snapshot_timer;

    struct acr_watch watch;
    size_t user_count; /* as last heard */
    struct acr_output output;
    int exit_code;
};

static acr_nanos wall_now(const struct acr_control *control)
{
    const struct acr_clock *clock = acr_loop_clock(control->loop);
    return clock->wall(clock);
}

static void arm_after(struct acr_control *control, struct acr_timer *timer, acr_nanos delay)
{
    acr_timer_arm(timer, acr_deadline_after(acr_loop_now(control->loop), delay));
}

static void post(struct acr_control *control, enum acr_message_kind kind)
{
    acr_message_post(acr_message_new(kind), control->setup.load);
}

/* ---- the end */

static int exit_code_of(const struct acr_control *control)
{
    const struct acr_snapshot *snapshot = control->snapshot;
    return snapshot->error_count > 0 || snapshot->total.failure_count > 0 ? 1 : 0;
}

static void report(struct acr_control *control)
{
    acr_output_csv(&control->output, control->snapshot);
    if (control->output.csv_failed && control->exit_code == 0)
        control->exit_code = 1;
    acr_log(ACR_LOG_INFO, MAIN, "Shutting down (exit code %d), bye.", control->exit_code);
    acr_output_final(&control->output, control->snapshot, control->snapshot->total.last_wall);
}

static void done(struct acr_control *control)
{
    control->state = STATE_DONE;
    acr_loop_stop(control->loop);
}

static void stop_timers(struct acr_control *control)
{
    struct acr_timer *timers[] = {&control->hatch_timer,   &control->time_limit, &control->stop_limit,
                                  &control->table_timer,   &control->csv_timer,  &control->refresh_timer,
                                  &control->snapshot_timer};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(timers); i++)
        acr_timer_disarm(timers[i]);
    acr_watch_stop(&control->watch);
    control->table_wanted = control->csv_wanted = false;
}

static void finish(struct acr_control *control)
{
    control->state = STATE_FINISHING;
    stop_timers(control);
    acr_log(ACR_LOG_INFO, MAIN, "Cleaning up runner...");
    acr_log(ACR_LOG_INFO, MAIN, "Running teardowns...");
    post(control, ACR_MESSAGE_FINISH);
}

static void finish_all_dead(struct acr_control *control)
{
    acr_log(ACR_LOG_INFO, RUNNERS, "All locusts dead\n");
    finish(control);
}

static void on_final(struct acr_control *control, const struct acr_message *final)
{
    bool began = control->state != STATE_WAITING;
    stop_timers(control);
    control->exit_code = final->exit_code >= 0 ? final->exit_code : final->failed ? 1 : exit_code_of(control);
    if (began)
        report(control);
    else
        acr_log(ACR_LOG_INFO, MAIN, "Shutting down (exit code %d), bye.", control->exit_code);
    done(control);
}

static void ask_for_snapshot(struct acr_control *control)
{
    if (control->asking != NULL)
        acr_message_post(control->asking, control->setup.load);
    control->asking = NULL;
    if (!acr_timer_armed(&control->snapshot_timer))
        arm_after(control, &control->snapshot_timer, SNAPSHOT_WAIT);
}

/* Whether the load thread answers is known only now that its last snapshot came, or was late. */
static void log_abandoned(const struct acr_control *control)
{
    if (control->snapshot_late)
        acr_log(ACR_LOG_WARNING, RUNNERS, "The load thread does not answer; the report is made without it.");
    else if (control->gave_up_listeners)
        acr_log(ACR_LOG_WARNING, RUNNERS, "Not waiting any longer for the scenario's listeners to return.");
    else
        acr_log(ACR_LOG_WARNING, RUNNERS, "Not waiting any longer for %zu users to end.", control->user_count);
}

static void abandon(struct acr_control *control)
{
    log_abandoned(control);
    control->exit_code = exit_code_of(control);
    report(control);
    done(control);
    control->setup.abandon(control->setup.context, control->exit_code);
}

/* Does without the users that are left, and without the load thread if it does not answer. */
static void give_up(struct acr_control *control)
{
    stop_timers(control);
    control->gave_up_listeners = control->state == STATE_FINISHING;
    control->state = STATE_ABANDONING;
    ask_for_snapshot(control);
}

/* ---- stopping */

static void stop(struct acr_control *control)
{
    acr_nanos timeout = control->setup.options->stop_timeout;
    control->state = STATE_STOPPING;
    acr_timer_disarm(&control->hatch_timer);
    acr_timer_disarm(&control->time_limit);
    if (timeout > 0)
        arm_after(control, &control->stop_limit, timeout);
    post(control, ACR_MESSAGE_STOP);
}

static bool before_stop(const struct acr_control *control)
{
    return control->state <= STATE_RUNNING;
}

static void on_time_limit(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, time_limit);
    acr_log(ACR_LOG_INFO, MAIN, "Time limit reached. Stopping Locust.");
    stop(control);
}

static void on_stop_limit(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, stop_limit);
    if (control->watch.stalled) {
        give_up(control);
        return;
    }
    acr_log(ACR_LOG_WARNING, RUNNERS, "Not all users ended within %g s; the report is made without them.",
            acr_nanos_to_seconds(control->setup.options->stop_timeout));
    finish(control);
}

void acr_control_signal(struct acr_control *control, int signal_number)
{
    const char *name = signal_number == SIGTERM ? "SIGTERM" : "SIGINT";
    if (before_stop(control)) {
        acr_log(ACR_LOG_INFO, MAIN, "Got %s: stopping. Another one ends the test at once.", name);
        stop(control);
    } else if (control->state < STATE_ABANDONING) {
        acr_log(ACR_LOG_INFO, MAIN, "Got another %s.", name);
        give_up(control);
    }
}

/* ---- hatching */

static void hand_over(struct acr_control *control, size_t due)
{
    if (due == control->handed)
        return;
    struct acr_message *spawn = acr_message_new(ACR_MESSAGE_SPAWN);
    spawn->class_numbers = control->order + control->handed;
    spawn->class_number_count = due - control->handed;
    control->handed = due;
    acr_message_post(spawn, control->setup.load);
}

static void ask_hatched(struct acr_control *control)
{
    struct acr_message *hatched = acr_message_new(ACR_MESSAGE_HATCHED);
    hatched->reset = control->setup.options->reset_stats;
    control->hatched_asked = true;
    acr_message_post(hatched, control->setup.load);
}

static void on_hatch(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, hatch_timer);
    double rate = control->setup.options->spawn_rate;
    acr_nanos elapsed = acr_loop_now(control->loop) - control->hatch_start;
    hand_over(control, acr_hatch_due(rate, elapsed, control->users));
    /* One interval after the last user hatching is complete, as in Locust 0.9. */
    acr_nanos next = acr_hatch_time(rate, control->handed);
    if (control->handed < control->users || next > elapsed) {
        acr_timer_arm(timer, acr_deadline_after(control->hatch_start, next));
        return;
    }
    ask_hatched(control);
}

static void log_hatched(const struct acr_control *control, bool reset)
{
    struct acr_buffer text = {0};
    for (size_t i = 0; i < control->setup.class_count; i++) {
        int rc = acr_buffer_append_format(&text, "%s%s: %zu", i == 0 ? "" : ", ", control->setup.classes[i].name,
                                          control->counts[i]);
        (void)rc; /* without a limit there is no failure */
    }
    acr_log(ACR_LOG_INFO, RUNNERS, "All locusts hatched: %.*s", ACR_STR_ARGS(acr_buffer_str(&text)));
    acr_buffer_done(&text);
    if (reset)
        acr_log(ACR_LOG_INFO, RUNNERS, "Resetting stats\n");
}

static void on_hatched(struct acr_control *control, const struct acr_message *hatched)
{
    control->hatched_asked = false;
    if (control->state != STATE_HATCHING)
        return;
    if (!hatched->dropped)
        log_hatched(control, hatched->reset);
    control->state = STATE_RUNNING;
    if (control->users_gone)
        finish_all_dead(control);
}

/* The load thread is stopping all users. If all had been started by now, hatching is complete, one interval early. */
static void on_limit(struct acr_control *control)
{
    if (control->state != STATE_HATCHING || control->hatched_asked)
        return;
    acr_timer_disarm(&control->hatch_timer);
    if (control->handed == control->users)
        ask_hatched(control);
}

static void on_ready(struct acr_control *control)
{
    const struct acr_run_options *options = control->setup.options;
    if (control->state != STATE_WAITING)
        return;
    acr_log(ACR_LOG_INFO, RUNNERS, "Hatching and swarming %zu clients at the rate %g clients/s...", control->users,
            options->spawn_rate);
    control->state = STATE_HATCHING;
    control->hatch_start = acr_loop_now(control->loop);
    acr_timer_arm(&control->hatch_timer, control->hatch_start);
    acr_watch_start(&control->watch);
    arm_after(control, &control->refresh_timer, REFRESH_INTERVAL);
    if (options->run_time > 0)
        arm_after(control, &control->time_limit, options->run_time);
    if (options->print_tables)
        acr_output_table(&control->output, control->snapshot, wall_now(control));
    if (options->print_tables && options->table_interval > 0)
        arm_after(control, &control->table_timer, options->table_interval);
    if (options->csv_base != NULL && options->csv_interval > 0)
        arm_after(control, &control->csv_timer, options->csv_interval);
}

static void on_ended(struct acr_control *control)
{
    if (control->state == STATE_STOPPING)
        finish(control);
    else if (control->hatched_asked)
        control->users_gone = true;
    else if (control->state == STATE_HATCHING || control->state == STATE_RUNNING)
        finish_all_dead(control);
}

/* ---- numbers */

static void show(struct acr_control *control)
{
    acr_timer_disarm(&control->snapshot_timer);
    if (control->table_wanted)
        acr_output_table(&control->output, control->snapshot, wall_now(control));
    if (control->csv_wanted)
        acr_output_csv(&control->output, control->snapshot);
    control->table_wanted = control->csv_wanted = false;
    if (control->state == STATE_ABANDONING)
        abandon(control);
}

static void on_snapshot_late(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, snapshot_timer);
    control->snapshot_late = true;
    show(control);
}

static void on_table(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, table_timer);
    control->table_wanted = true;
    ask_for_snapshot(control);
    arm_after(control, timer, control->setup.options->table_interval);
}

static void on_refresh(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, refresh_timer);
    ask_for_snapshot(control);
    arm_after(control, timer, REFRESH_INTERVAL);
}

static void on_csv(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, csv_timer);
    control->csv_wanted = true;
    ask_for_snapshot(control);
    arm_after(control, timer, control->setup.options->csv_interval);
}

/* ---- mail */

static void take_numbers(struct acr_control *control, struct acr_message *message)
{
    control->user_count = message->user_count;
    if (message->snapshot == NULL)
        return;
    acr_snapshot_unref(control->snapshot);
    control->snapshot = message->snapshot;
    message->snapshot = NULL;
}

/* Frees the message, but for the two that are used again and again. */
static void keep_or_free(struct acr_control *control, struct acr_message *message)
{
    if (message->kind == ACR_MESSAGE_PING)
        acr_watch_answered(&control->watch, message);
    else if (message->kind == ACR_MESSAGE_SNAPSHOT)
        control->asking = message;
    else
        acr_message_free(message);
}

static void handle(struct acr_control *control, const struct acr_message *message)
{
    switch (message->kind) {
    case ACR_MESSAGE_READY:
        on_ready(control);
        break;
    case ACR_MESSAGE_HATCHED:
        on_hatched(control, message);
        break;
    case ACR_MESSAGE_SNAPSHOT:
        control->snapshot_late = false;
        show(control);
        break;
    case ACR_MESSAGE_LIMIT:
        on_limit(control);
        break;
    case ACR_MESSAGE_QUIT:
        if (before_stop(control))
            stop(control);
        break;
    case ACR_MESSAGE_ENDED:
        on_ended(control);
        break;
    case ACR_MESSAGE_FINAL:
        on_final(control, message);
        break;
    default:
        break;
    }
}

static void on_mail(struct acr_mail *mail, void *context)
{
    struct acr_control *control = context;
    struct acr_message *message = acr_message_of(mail);
    if (control->closing) {
        acr_message_free(message);
        return;
    }
    take_numbers(control, message);
    if (control->state != STATE_DONE)
        handle(control, message);
    keep_or_free(control, message);
}

/* ---- life cycle */

static void init_timers(struct acr_control *control)
{
    acr_timer_init(&control->hatch_timer, control->loop, on_hatch);
    acr_timer_init(&control->time_limit, control->loop, on_time_limit);
    acr_timer_init(&control->stop_limit, control->loop, on_stop_limit);
    acr_timer_init(&control->table_timer, control->loop, on_table);
    acr_timer_init(&control->csv_timer, control->loop, on_csv);
    acr_timer_init(&control->refresh_timer, control->loop, on_refresh);
    acr_timer_init(&control->snapshot_timer, control->loop, on_snapshot_late);
    acr_watch_init(&control->watch, control->loop, control->setup.load, control->setup.queued, control->setup.context);
}

static void plan_users(struct acr_control *control)
{
    const struct acr_control_setup *setup = &control->setup;
    control->counts = acr_alloc_zero((setup->class_count + 1) * sizeof *control->counts);
    acr_user_shares(setup->classes, setup->class_count, setup->options->users, control->counts);
    for (size_t i = 0; i < setup->class_count; i++)
        control->users += control->counts[i];
    control->order = acr_alloc((control->users + 1) * sizeof *control->order);
    acr_user_start_order(control->counts, setup->class_count, setup->random, control->order);
}

int acr_control_open(const struct acr_control_setup *setup, struct acr_control **ret_control, struct acr_error *error)
{
    struct acr_control *control = acr_alloc_zero(sizeof *control);
    control->setup = *setup;
    control->loop = setup->loop;
    int rc = acr_mailbox_open(control->loop, on_mail, control, &control->mailbox, error);
    if (rc < 0) {
        acr_free(control);
        return rc;
    }
    init_timers(control);
    plan_users(control);
    control->snapshot = acr_snapshot_ref(setup->snapshot);
    control->asking = acr_message_new(ACR_MESSAGE_SNAPSHOT);
    control->output.print = setup->print;
    control->output.context = setup->context;
    control->output.csv_base = setup->options->csv_base;
    *ret_control = control;
    return 0;
}

void acr_control_close(struct acr_control *control)
{
    if (control == NULL)
        return;
    control->closing = true;
    stop_timers(control);
    acr_mailbox_close(control->mailbox);
    acr_message_free(control->asking);
    acr_watch_done(&control->watch);
    acr_snapshot_unref(control->snapshot);
    acr_output_done(&control->output);
    acr_free(control->counts);
    acr_free(control->order);
    acr_free(control);
}

struct acr_mailbox *acr_control_mailbox(struct acr_control *control)
{
    return control->mailbox;
}

bool acr_control_done(const struct acr_control *control)
{
    return control->state == STATE_DONE;
}

int acr_control_exit_code(const struct acr_control *control)
{
    return control->exit_code;
}
