/* SPDX-License-Identifier: MIT */
/* reporter - asks for snapshots and has them shown. */
#include "run/reporter.h"

#include "loop/loop.h"

/* A table waits so long for fresh numbers. */
#define SNAPSHOT_WAIT (200 * ACR_NANOS_PER_MILLI)
/* How old numbers may be when the load thread is lost; also when no table is printed. */
#define REFRESH_INTERVAL ACR_NANOS_PER_SECOND

static acr_nanos wall_now(const struct acr_reporter *reporter)
{
    const struct acr_clock *clock = acr_loop_clock(reporter->loop);
    return clock->wall(clock);
}

static void arm_after(struct acr_reporter *reporter, struct acr_timer *timer, acr_nanos delay)
{
    acr_timer_arm(timer, acr_deadline_after(acr_loop_now(reporter->loop), delay));
}

static void show(struct acr_reporter *reporter)
{
    acr_timer_disarm(&reporter->late_timer);
    if (reporter->table_wanted)
        acr_output_table(&reporter->output, reporter->snapshot, wall_now(reporter));
    if (reporter->csv_wanted)
        acr_output_csv(&reporter->output, reporter->snapshot);
    reporter->table_wanted = reporter->csv_wanted = false;
    reporter->shown(reporter);
}

static void on_late(struct acr_timer *timer)
{
    struct acr_reporter *reporter = ACR_CONTAINER_OF(timer, struct acr_reporter, late_timer);
    reporter->late = true;
    show(reporter);
}

static void on_table(struct acr_timer *timer)
{
    struct acr_reporter *reporter = ACR_CONTAINER_OF(timer, struct acr_reporter, table_timer);
    reporter->table_wanted = true;
    acr_reporter_ask(reporter);
    arm_after(reporter, timer, reporter->options->table_interval);
}

static void on_csv(struct acr_timer *timer)
{
    struct acr_reporter *reporter = ACR_CONTAINER_OF(timer, struct acr_reporter, csv_timer);
    reporter->csv_wanted = true;
    acr_reporter_ask(reporter);
    arm_after(reporter, timer, reporter->options->csv_interval);
}

static void on_refresh(struct acr_timer *timer)
{
    struct acr_reporter *reporter = ACR_CONTAINER_OF(timer, struct acr_reporter, refresh_timer);
    acr_reporter_ask(reporter);
    arm_after(reporter, timer, REFRESH_INTERVAL);
}

void acr_reporter_init(struct acr_reporter *reporter, const struct acr_reporter_setup *setup)
{
    *reporter = (struct acr_reporter){.snapshot = acr_snapshot_ref(setup->snapshot),
                                      .options = setup->options,
                                      .loop = setup->loop,
                                      .load = setup->load,
                                      .shown = setup->shown,
                                      .asking = acr_message_new(ACR_MESSAGE_SNAPSHOT)};
    reporter->output.print = setup->print;
    reporter->output.context = setup->context;
    reporter->output.csv_base = setup->options->csv_base;
    reporter->output.name_width = setup->options->name_width;
    acr_timer_init(&reporter->table_timer, setup->loop, on_table);
    acr_timer_init(&reporter->csv_timer, setup->loop, on_csv);
    acr_timer_init(&reporter->refresh_timer, setup->loop, on_refresh);
    acr_timer_init(&reporter->late_timer, setup->loop, on_late);
}

void acr_reporter_done(struct acr_reporter *reporter)
{
    acr_reporter_stop(reporter);
    acr_message_free(reporter->asking);
    acr_snapshot_unref(reporter->snapshot);
    acr_output_done(&reporter->output);
}

void acr_reporter_start(struct acr_reporter *reporter)
{
    const struct acr_run_options *options = reporter->options;
    arm_after(reporter, &reporter->refresh_timer, REFRESH_INTERVAL);
    if (options->print_tables)
        acr_output_table(&reporter->output, reporter->snapshot, wall_now(reporter));
    if (options->print_tables && options->table_interval > 0)
        arm_after(reporter, &reporter->table_timer, options->table_interval);
    if (options->csv_base != NULL && options->csv_interval > 0)
        arm_after(reporter, &reporter->csv_timer, options->csv_interval);
}

void acr_reporter_stop(struct acr_reporter *reporter)
{
    acr_timer_disarm(&reporter->table_timer);
    acr_timer_disarm(&reporter->csv_timer);
    acr_timer_disarm(&reporter->refresh_timer);
    acr_timer_disarm(&reporter->late_timer);
    reporter->table_wanted = reporter->csv_wanted = false;
}

void acr_reporter_ask(struct acr_reporter *reporter)
{
    if (reporter->asking != NULL)
        acr_message_post(reporter->asking, reporter->load);
    reporter->asking = NULL;
    if (!acr_timer_armed(&reporter->late_timer))
        arm_after(reporter, &reporter->late_timer, SNAPSHOT_WAIT);
}

void acr_reporter_take(struct acr_reporter *reporter, struct acr_message *message)
{
    reporter->user_count = message->user_count;
    if (message->snapshot == NULL)
        return;
    acr_snapshot_unref(reporter->snapshot);
    reporter->snapshot = message->snapshot;
    message->snapshot = NULL;
}

void acr_reporter_answered(struct acr_reporter *reporter, struct acr_message *message)
{
    reporter->asking = message;
    reporter->late = false;
    show(reporter);
}

bool acr_reporter_write_files(struct acr_reporter *reporter)
{
    acr_output_csv(&reporter->output, reporter->snapshot);
    return !reporter->output.csv_failed;
}

void acr_reporter_print_final(struct acr_reporter *reporter)
{
    acr_output_final(&reporter->output, reporter->snapshot, reporter->snapshot->total.last_wall);
}
