/* SPDX-License-Identifier: MIT */
/*
 * bench - a whole run on one thread: the test turns both loops and moves the clock. For tests of the state machine.
 */
#pragma once

#include "support/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "report/console.h"
#include "run/control.h"
#include "run/internal.h"
#include "support/fake_scenario.h"

#define MILLI ACR_NANOS_PER_MILLI
#define SECOND ACR_NANOS_PER_SECOND
#define USERS_MAX 2000
#define STEP (5 * MILLI)

struct bench {
    struct fake_scenario fake;
    struct acr_clock_fake clock;
    struct acr_loop *loop; /* the control thread's, were it one */
    struct acr_load *load;
    struct acr_control *control;
    struct acr_run_options options;
    int output; /* log records and tables, in order */
    char *text; /* what `output` held when it was last looked at */
    bool blocked;
    bool queued_all_along; /* the load thread gets a tenth of a processor */
    acr_nanos silence_max;
    const char *class_name; /* whose code runs while the load thread is blocked; NULL: a listener's */
    bool abandoned;
    int abandon_code;
};

static inline void print(void *context, struct acr_str text)
{
    struct bench *bench = context;
    assert_int_equal(write(bench->output, text.data, text.size), text.size);
}

static inline void abandon(void *context, int exit_code)
{
    struct bench *bench = context;
    bench->abandoned = true;
    bench->abandon_code = exit_code;
}

static inline acr_nanos queued(void *context)
{
    const struct bench *bench = context;
    return bench->queued_all_along ? bench->clock.monotonic_now * 9 / 10 : -1;
}

static inline bool place(void *context, struct acr_run_place *ret_place)
{
    const struct bench *bench = context;
    *ret_place = (struct acr_run_place){.class_name = bench->class_name, .user_number = 7, .work = "spin"};
    return bench->blocked;
}

static inline struct bench *bench_of(struct fake_scenario *fake)
{
    return fake->context;
}

static inline int bench_setup(void **state)
{
    struct bench *bench = acr_alloc_zero(sizeof *bench);
    acr_clock_fake_init(&bench->clock, 1000 * SECOND, 1700000000 * SECOND);
    fake_scenario_init(&bench->fake, &bench->clock.clock, USERS_MAX);
    bench->fake.context = bench;
    bench->options = (struct acr_run_options){.users = 3,
                                              .spawn_rate = 1,
                                              .csv_interval = 2 * SECOND,
                                              .table_interval = 2 * SECOND,
                                              .name_width = ACR_CONSOLE_NAME_WIDTH,
                                              .print_tables = true,
                                              .error_exit_code = 1};
    bench->output = memfd_create("output", MFD_CLOEXEC);
    assert_true(bench->output >= 0);
    acr_log_set_fd(bench->output);
    *state = bench;
    return 0;
}

static inline int bench_teardown(void **state)
{
    struct bench *bench = *state;
    acr_log_set_fd(STDERR_FILENO);
    acr_log_set_level(ACR_LOG_INFO);
    acr_control_close(bench->control);
    acr_load_close(bench->load);
    acr_loop_close(bench->loop);
    fake_scenario_done(&bench->fake);
    close(bench->output);
    acr_free(bench->text);
    acr_free(bench);
    return 0;
}

/* ---- driving */

/* Turns both loops until mail has had time to go there and back a few times. */
static inline void settle(struct bench *bench)
{
    for (int i = 0; i < 8; i++) {
        assert_int_equal(acr_loop_turn(bench->loop, 0), 0);
        if (!bench->blocked)
            assert_int_equal(acr_loop_turn(bench->fake.engine.loop, 0), 0);
    }
}

static inline void advance(struct bench *bench, acr_nanos time)
{
    settle(bench);
    for (; time > 0; time -= STEP) {
        acr_nanos step = time < STEP ? time : STEP;
        bench->clock.monotonic_now += step;
        bench->clock.wall_now += step;
        settle(bench);
    }
}

static inline void advance_to_end(struct bench *bench)
{
    for (int i = 0; !acr_load_finished(bench->load); i++) {
        assert_true(i < 1000);
        advance(bench, 100 * MILLI);
    }
}

static inline void drive_to_end(struct fake_scenario *fake)
{
    advance_to_end(bench_of(fake));
}

/* Holds the run; `drive` is what happens while the scenario's loop would turn. Returns the exit code. */
static inline int hold(struct bench *bench, void (*drive)(struct fake_scenario *))
{
    struct acr_snapshot *snapshot = acr_snapshot_take(bench->fake.engine.stats);
    struct acr_control_setup control = {.options = &bench->options,
                                        .classes = bench->fake.classes,
                                        .class_count = FAKE_CLASSES,
                                        .random = &bench->fake.engine.random,
                                        .snapshot = snapshot,
                                        .print = print,
                                        .abandon = abandon,
                                        .queued = queued,
                                        .place = place,
                                        .silence_max = bench->silence_max,
                                        .context = bench};
    assert_int_equal(acr_loop_open(&bench->clock.clock, &bench->loop, NULL), 0);
    assert_int_equal(acr_load_open(&bench->fake.scenario, &bench->load, NULL), 0);
    control.loop = bench->loop;
    control.load = acr_load_mailbox(bench->load);
    assert_int_equal(acr_control_open(&control, &bench->control, NULL), 0);
    acr_snapshot_unref(snapshot);
    acr_load_connect(bench->load, acr_control_mailbox(bench->control), bench->options.users, bench->options.spawn_rate);
    bench->fake.engine.request_limit = bench->options.request_limit;
    bench->fake.drive = drive;
    int rc = acr_load_run(bench->load, NULL);
    assert_int_equal(rc, bench->fake.set_up_result == 0 ? 0 : ACR_ERR_SCRIPT);
    settle(bench);
    assert_true(acr_control_done(bench->control));
    return acr_control_exit_code(bench->control);
}

/* ---- looking */

static inline const char *output(struct bench *bench)
{
    off_t size = lseek(bench->output, 0, SEEK_END);
    acr_free(bench->text);
    bench->text = acr_alloc_zero((size_t)size + 1);
    assert_int_equal(pread(bench->output, bench->text, (size_t)size, 0), size);
    return bench->text;
}

static inline size_t times_printed(struct bench *bench, const char *text)
{
    size_t count = 0;
    for (const char *at = output(bench); (at = strstr(at, text)) != NULL; at += strlen(text))
        count++;
    return count;
}

/* Each of the texts, up to a NULL, must follow the one before. */
static inline void check_printed_in_order(struct bench *bench, const char *const *texts)
{
    const char *at = output(bench);
    for (; *texts != NULL; texts++) {
        const char *found = strstr(at, *texts);
        if (found == NULL)
            print_error("not printed, or not in this order: %s\n%s\n", *texts, bench->text);
        assert_non_null(found);
        at = found + strlen(*texts);
    }
}
#define assert_printed(bench, ...) check_printed_in_order(bench, (const char *const[]){__VA_ARGS__, NULL})

/* The request count in the last request table; a percentile table may follow it. */
static inline unsigned long last_total(struct bench *bench)
{
    const char *row = NULL, *end = strstr(output(bench), "Percentage of the requests");
    for (const char *at = bench->text; (at = strstr(at, "\n Total ")) != NULL && (end == NULL || at < end); at++)
        row = at;
    assert_non_null(row);
    return strtoul(row + strlen("\n Total "), NULL, 10);
}
