/* SPDX-License-Identifier: MIT */
/* control - users over time, tables over time, and how a run ends. */
#include "run/control.h"

#include <signal.h>

#include "base/log.h"
#include "base/memory.h"
#include "loop/timer.h"
#include "run/crash.h"
#include "run/hatching.h"
#include "run/message.h"
#include "run/reporter.h"
#include "run/watch.h"

#define RUNNERS "locust.runners"
#define MAIN "locust.main"

/* Of Locust 2.x, for a listener that raised. */
#define EXIT_CODE_FAULTY 2

/* After a script has stopped all users it has so long to start some; then the run is over. */
#define RESTART_GRACE ACR_NANOS_PER_SECOND

/* So long the load thread may take to come back from a crash and to make the report of it. */
#define CRASH_GRACE (5 * ACR_NANOS_PER_SECOND)

enum control_state {
    STATE_WAITING,
    STATE_HATCHING,
    STATE_RUNNING,
    STATE_STOPPING,
    STATE_STOPPED, /* by the script, which may start anew */
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

    struct acr_hatching hatching;
    bool start_waiting; /* a script asked for it while users were being stopped */
    bool goes_on;       /* STATE_STOPPING: a script's stop, not the end of the run */
    bool limited;       /* the request limit was reached: nothing is begun any more */
    bool users_gone;    /* ENDED came while HATCHED was with the load thread */

    bool crashed;
    bool lost; /* a task held the load thread up for too long */

    struct acr_timer time_limit, stop_limit, idle_timer, silence_timer;
    struct acr_reporter reporter;
    bool reporting;
    struct acr_watch watch;
    int exit_code;
};

static void arm_after(struct acr_control *control, struct acr_timer *timer, acr_nanos delay)
{
    acr_timer_arm(timer, acr_deadline_after(acr_loop_now(control->loop), delay));
}

static void post(struct acr_control *control, enum acr_message_kind kind)
{
    acr_message_post(acr_message_new(kind), control->setup.load);
}

/* ---- the end */

static bool has_failures(const struct acr_control *control)
{
    const struct acr_snapshot *snapshot = control->reporter.snapshot;
    return snapshot->error_count > 0 || snapshot->total.failure_count > 0;
}

static void report(struct acr_control *control)
{
    if (!acr_reporter_write_files(&control->reporter) && control->exit_code == 0)
        control->exit_code = 1;
    acr_log(ACR_LOG_INFO, MAIN, "Shutting down (exit code %d), bye.", control->exit_code);
    acr_reporter_print_final(&control->reporter);
}

static void done(struct acr_control *control)
{
    control->state = STATE_DONE;
    acr_loop_stop(control->loop);
}

static void stop_timers(struct acr_control *control)
{
    acr_hatching_stop(&control->hatching);
    acr_timer_disarm(&control->time_limit);
    acr_timer_disarm(&control->stop_limit);
    acr_timer_disarm(&control->idle_timer);
    acr_timer_disarm(&control->silence_timer);
    acr_reporter_stop(&control->reporter);
    acr_watch_stop(&control->watch);
}

/* From here on no user may hold the load thread up for long. */
static void limit_silence(struct acr_control *control)
{
    if (control->setup.silence_max == 0)
        return;
    acr_watch_start(&control->watch);
    arm_after(control, &control->silence_timer, control->setup.silence_max);
}

static void finish(struct acr_control *control)
{
    control->state = STATE_FINISHING;
    stop_timers(control);
    limit_silence(control);
    acr_log(ACR_LOG_INFO, MAIN, "Cleaning up runner...");
    acr_log(ACR_LOG_INFO, MAIN, "Running teardowns...");
    post(control, ACR_MESSAGE_FINISH);
}

static void finish_all_dead(struct acr_control *control)
{
    acr_log(ACR_LOG_INFO, RUNNERS, "All locusts dead\n");
    finish(control);
}

static int final_exit_code(const struct acr_control *control, const struct acr_message *final)
{
    if (final->crashed)
        return ACR_EXIT_CRASHED;
    if (final->exit_code >= 0)
        return final->exit_code;
    if (final->failed)
        return 1;
    if (has_failures(control) || final->erred)
        return control->setup.options->error_exit_code;
    return final->faulty ? EXIT_CODE_FAULTY : 0;
}

static void on_final(struct acr_control *control, const struct acr_message *final)
{
    bool began = control->state != STATE_WAITING;
    stop_timers(control);
    control->exit_code = final_exit_code(control, final);
    if (began)
        report(control);
    else
        acr_log(ACR_LOG_INFO, MAIN, "Shutting down (exit code %d), bye.", control->exit_code);
    done(control);
}

/* Whether the load thread answers is known only now that its last snapshot came, or was late. */
static void log_abandoned(const struct acr_control *control)
{
    if (control->reporter.late || control->crashed)
        acr_log(ACR_LOG_WARNING, RUNNERS, "The load thread does not answer; the report is made without it.");
    else if (control->gave_up_listeners)
        acr_log(ACR_LOG_WARNING, RUNNERS, "Not waiting any longer for the scenario's listeners to return.");
    else
        acr_log(ACR_LOG_WARNING, RUNNERS, "Not waiting any longer for %zu users to end.", control->reporter.user_count);
}

static int abandoned_exit_code(const struct acr_control *control)
{
    if (control->crashed || control->lost)
        return ACR_EXIT_CRASHED;
    return has_failures(control) ? control->setup.options->error_exit_code : 0;
}

static void abandon(struct acr_control *control)
{
    acr_crash_report_briefly();
    log_abandoned(control);
    control->exit_code = abandoned_exit_code(control);
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
    acr_reporter_ask(&control->reporter);
}

/* ---- stopping */

static void stop_users(struct acr_control *control)
{
    acr_nanos timeout = control->setup.options->stop_timeout;
    control->state = STATE_STOPPING;
    control->start_waiting = false;
    acr_hatching_stop(&control->hatching);
    acr_timer_disarm(&control->idle_timer);
    if (timeout > 0)
        arm_after(control, &control->stop_limit, timeout);
    post(control, ACR_MESSAGE_STOP);
}

/* Is the run still to go on? */
static bool is_open(const struct acr_control *control)
{
    return control->state <= STATE_RUNNING || control->state == STATE_STOPPED ||
           (control->state == STATE_STOPPING && control->goes_on);
}

/* Ends the run. */
static void stop(struct acr_control *control)
{
    control->goes_on = false;
    acr_timer_disarm(&control->time_limit);
    if (control->state == STATE_STOPPED)
        finish(control);
    else if (control->state != STATE_STOPPING)
        stop_users(control);
    if (control->state == STATE_STOPPING)
        limit_silence(control);
}

static void on_time_limit(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, time_limit);
    acr_log(ACR_LOG_INFO, MAIN, "Time limit reached. Stopping Locust.");
    stop(control);
}

/* And not a listener, which cannot give way. */
static bool is_held_by_user(const struct acr_control *control)
{
    struct acr_run_place place;
    return control->setup.silence_max > 0 && control->setup.place(control->setup.context, &place) &&
           place.class_name != NULL;
}

/* Takes the load thread from a user, so that it tells what was counted; does without it when that cannot be done. */
static void break_silence(struct acr_control *control)
{
    bool held = is_held_by_user(control);
    if (held && !control->lost && acr_crash_interrupt())
        arm_after(control, &control->silence_timer, CRASH_GRACE); /* CRASHED and FINAL are to come before that */
    else
        give_up(control);
    control->lost = control->lost || held;
}

static void on_stop_limit(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, stop_limit);
    if (control->crashed) {
        abandon(control);
        return;
    }
    if (control->watch.stalled) {
        break_silence(control);
        return;
    }
    acr_log(ACR_LOG_WARNING, RUNNERS, "Not all users ended within %g s; the report is made without them.",
            acr_nanos_to_seconds(control->setup.options->stop_timeout));
    finish(control);
}

/* The request limit ends all users, too, but no clock runs then. */
static void on_late(struct acr_control *control)
{
    bool is_stopping = control->state == STATE_STOPPING && control->setup.options->stop_timeout == 0;
    bool is_limited = control->state <= STATE_RUNNING && control->limited;
    if (!is_stopping && !is_limited)
        return;
    acr_log(ACR_LOG_WARNING, RUNNERS, "Not all users end; the report is made without them.");
    finish(control);
}

static void on_silence_timer(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, silence_timer);
    acr_nanos left = control->setup.silence_max - acr_watch_silence(&control->watch);
    if (left > 0 || !is_held_by_user(control)) {
        arm_after(control, timer, left > 0 ? left : control->setup.silence_max);
        return;
    }
    break_silence(control);
}

/* The load thread makes the report of it, if it still can. */
static void on_crashed(struct acr_control *control)
{
    control->crashed = true;
    if (control->state >= STATE_ABANDONING)
        return;
    stop_timers(control);
    if (control->state != STATE_WAITING)
        control->state = STATE_FINISHING;
    arm_after(control, &control->stop_limit, CRASH_GRACE);
    post(control, ACR_MESSAGE_FINISH);
}

void acr_control_signal(struct acr_control *control, int signal_number)
{
    const char *name = signal_number == SIGTERM ? "SIGTERM" : "SIGINT";
    if (is_open(control)) {
        acr_log(ACR_LOG_INFO, MAIN, "Got %s: stopping. Another one ends the test at once.", name);
        stop(control);
    } else if (control->state < STATE_ABANDONING) {
        acr_log(ACR_LOG_INFO, MAIN, "Got another %s.", name);
        if (control->watch.stalled && !control->crashed)
            break_silence(control);
        else
            give_up(control);
    }
}

/* ---- changing the number of users */

static void begin_change(struct acr_control *control, bool fresh)
{
    control->state = STATE_HATCHING;
    control->start_waiting = control->users_gone = false;
    acr_timer_disarm(&control->idle_timer);
    acr_hatching_begin(&control->hatching, fresh);
}

static void on_change(struct acr_control *control, const struct acr_message *change)
{
    if (control->state != STATE_HATCHING || control->limited || !acr_hatching_plan(&control->hatching, change))
        return;
    if (!control->reporting)
        acr_reporter_start(&control->reporter);
    control->reporting = true;
}

static void on_hatched(struct acr_control *control, const struct acr_message *hatched)
{
    if (control->state != STATE_HATCHING || !acr_hatching_is_complete(&control->hatching, hatched))
        return;
    control->state = STATE_RUNNING;
    if (control->users_gone)
        finish_all_dead(control);
}

/* The load thread is stopping all users. If all had been started by now, hatching is complete, one interval early. */
static void on_limit(struct acr_control *control)
{
    control->limited = true;
    if (control->state == STATE_HATCHING)
        acr_hatching_cut_short(&control->hatching);
}

static void start_clocks(struct acr_control *control)
{
    acr_watch_start(&control->watch);
    if (control->setup.options->run_time > 0)
        arm_after(control, &control->time_limit, control->setup.options->run_time);
}

static void on_ready(struct acr_control *control)
{
    if (!is_open(control))
        return;
    start_clocks(control);
    if (control->state == STATE_WAITING)
        begin_change(control, false);
}

/* ---- what a script asks for */

static void on_start(struct acr_control *control, const struct acr_message *start)
{
    if (!is_open(control) || control->limited)
        return;
    struct acr_hatching *hatching = &control->hatching;
    hatching->users = start->users;
    hatching->rate = start->rate > 0 ? start->rate : hatching->rate;
    hatching->ends_by_rate = start->ends_by_rate;
    hatching->by_script = true;
    if (control->state == STATE_STOPPING)
        control->start_waiting = true;
    else if (control->state != STATE_WAITING)
        begin_change(control, control->state == STATE_STOPPED);
}

static void on_halt(struct acr_control *control)
{
    control->start_waiting = false;
    if (control->state > STATE_RUNNING || control->limited)
        return;
    control->goes_on = true;
    stop_users(control);
}

static void on_quit(struct acr_control *control)
{
    if (is_open(control))
        stop(control);
}

/* ---- no user is left */

/* It was the script's will, and it may want others. */
static void wait_for_script(struct acr_control *control)
{
    arm_after(control, &control->idle_timer, RESTART_GRACE);
}

static void on_idle(struct acr_timer *timer)
{
    struct acr_control *control = ACR_CONTAINER_OF(timer, struct acr_control, idle_timer);
    acr_log(ACR_LOG_INFO, RUNNERS, "The script stopped all users and has started none since: the run is over.");
    finish(control);
}

static void on_stopped(struct acr_control *control)
{
    acr_timer_disarm(&control->stop_limit);
    if (!control->goes_on) {
        finish(control);
        return;
    }
    control->state = STATE_STOPPED;
    if (control->start_waiting)
        begin_change(control, true);
    else
        wait_for_script(control);
}

static void on_ended(struct acr_control *control, const struct acr_message *ended)
{
    const struct acr_hatching *hatching = &control->hatching;
    if (ended->change != hatching->change)
        return;
    if (control->state == STATE_STOPPING)
        on_stopped(control);
    else if (hatching->asked)
        control->users_gone = true;
    else if (control->state == STATE_RUNNING && hatching->by_script && hatching->users == 0 && !control->limited)
        wait_for_script(control);
    else if (control->state == STATE_HATCHING || control->state == STATE_RUNNING)
        finish_all_dead(control);
}

/* ---- mail */

/* Frees the message, but for the two that are used again and again. */
static void keep_or_free(struct acr_control *control, struct acr_message *message)
{
    if (message->kind == ACR_MESSAGE_PING)
        acr_watch_answered(&control->watch, message);
    else if (message->kind == ACR_MESSAGE_SNAPSHOT)
        acr_reporter_answered(&control->reporter, message);
    else
        acr_message_free(message);
}

static void handle(struct acr_control *control, const struct acr_message *message)
{
    switch (message->kind) {
    case ACR_MESSAGE_READY:
        on_ready(control);
        break;
    case ACR_MESSAGE_CHANGE:
        on_change(control, message);
        break;
    case ACR_MESSAGE_HATCHED:
        on_hatched(control, message);
        break;
    case ACR_MESSAGE_LIMIT:
        on_limit(control);
        break;
    case ACR_MESSAGE_START:
        on_start(control, message);
        break;
    case ACR_MESSAGE_HALT:
        on_halt(control);
        break;
    case ACR_MESSAGE_QUIT:
        on_quit(control);
        break;
    case ACR_MESSAGE_LATE:
        on_late(control);
        break;
    case ACR_MESSAGE_ENDED:
        on_ended(control, message);
        break;
    case ACR_MESSAGE_CRASHED:
        on_crashed(control);
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
    acr_reporter_take(&control->reporter, message);
    if (control->state != STATE_DONE)
        handle(control, message);
    keep_or_free(control, message);
}

/* ---- life cycle */

static void on_shown(struct acr_reporter *reporter)
{
    struct acr_control *control = ACR_CONTAINER_OF(reporter, struct acr_control, reporter);
    if (control->state == STATE_ABANDONING)
        abandon(control);
}

static void init_parts(struct acr_control *control)
{
    const struct acr_control_setup *setup = &control->setup;
    acr_hatching_init(&control->hatching, &(struct acr_hatching_setup){.classes = setup->classes,
                                                                       .class_count = setup->class_count,
                                                                       .loop = control->loop,
                                                                       .load = setup->load,
                                                                       .resets = setup->options->reset_stats,
                                                                       .seed = acr_random_u64(setup->random)});
    control->hatching.users = setup->options->users;
    control->hatching.rate = setup->options->spawn_rate;
    acr_timer_init(&control->time_limit, control->loop, on_time_limit);
    acr_timer_init(&control->stop_limit, control->loop, on_stop_limit);
    acr_timer_init(&control->idle_timer, control->loop, on_idle);
    acr_timer_init(&control->silence_timer, control->loop, on_silence_timer);
    acr_watch_init(&control->watch, &(struct acr_watch_setup){.loop = control->loop,
                                                              .load = setup->load,
                                                              .queued = setup->queued,
                                                              .place = setup->place,
                                                              .context = setup->context});
    acr_reporter_init(&control->reporter, &(struct acr_reporter_setup){.options = setup->options,
                                                                       .loop = control->loop,
                                                                       .load = setup->load,
                                                                       .snapshot = setup->snapshot,
                                                                       .print = setup->print,
                                                                       .context = setup->context,
                                                                       .shown = on_shown});
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
    init_parts(control);
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
    acr_watch_done(&control->watch);
    acr_reporter_done(&control->reporter);
    acr_hatching_done(&control->hatching);
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
