/* SPDX-License-Identifier: MIT */
/* Runs on two threads by the machine's clock; those that end the process are held in a child. */
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "report/console.h"
#include "run/local.h"
#include "support/fake_scenario.h"

#define MILLI ACR_NANOS_PER_MILLI
#define SECOND ACR_NANOS_PER_SECOND
#define USERS_MAX 200
/* Ends a child that hangs, so that the test fails instead of waiting for its own limit. */
#define CHILD_SECONDS 60

struct bench {
    struct fake_scenario fake;
    struct acr_run_options options;
    int output; /* what goes to standard error */
    int old_stderr;
    char *text;
};

static int setup(void **state)
{
    struct bench *bench = acr_alloc_zero(sizeof *bench);
    fake_scenario_init(&bench->fake, acr_clock_system(), USERS_MAX);
    bench->fake.context = bench;
    bench->fake.pause = MILLI;
    bench->options =
        (struct acr_run_options){.users = 20, .spawn_rate = 1000, .print_tables = true, .error_exit_code = 1};
    bench->options.csv_interval = bench->options.table_interval = 2 * SECOND;
    bench->options.name_width = ACR_CONSOLE_NAME_WIDTH;
    bench->output = memfd_create("output", MFD_CLOEXEC);
    bench->old_stderr = dup(STDERR_FILENO);
    if (bench->output < 0 || bench->old_stderr < 0)
        return -1;
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    fake_scenario_done(&bench->fake);
    close(bench->output);
    close(bench->old_stderr);
    acr_free(bench->text);
    acr_free(bench);
    return 0;
}

static void divert_stderr(const struct bench *bench)
{
    assert_true(dup2(bench->output, STDERR_FILENO) >= 0);
}

static int hold(struct bench *bench)
{
    struct acr_error error = {0};
    divert_stderr(bench);
    int result = acr_run_local(&bench->fake.scenario, &bench->options, &error);
    assert_true(dup2(bench->old_stderr, STDERR_FILENO) >= 0);
    return result;
}

/* Holds the run in a child process; returns its wait status. */
static int hold_in_child(struct bench *bench)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(CHILD_SECONDS);
        divert_stderr(bench);
        int result = acr_run_local(&bench->fake.scenario, &bench->options, NULL);
        _exit(100 + result); /* acr_run_local() should not have returned */
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static const char *output(struct bench *bench)
{
    off_t size = lseek(bench->output, 0, SEEK_END);
    acr_free(bench->text);
    bench->text = acr_alloc_zero((size_t)size + 1);
    assert_int_equal(pread(bench->output, bench->text, (size_t)size, 0), size);
    return bench->text;
}

static void check_printed(struct bench *bench, const char *text)
{
    if (strstr(output(bench), text) == NULL)
        fail_msg("'%s' was not printed:\n%s", text, bench->text);
}

/* The request count in the last request table. */
static unsigned long last_total(struct bench *bench)
{
    const char *row = NULL, *end = strstr(output(bench), "Percentage of the requests");
    assert_non_null(end);
    for (const char *at = bench->text; (at = strstr(at, "\n Total ")) != NULL && at < end; at++)
        row = at;
    assert_non_null(row);
    return strtoul(row + strlen("\n Total "), NULL, 10);
}

static void turn_until_finished(struct fake_scenario *fake)
{
    while (!acr_load_finished(fake->scenario.load))
        assert_int_equal(acr_loop_turn(fake->engine.loop, ACR_NEVER), 0);
}

static void turn_until_recorded(struct fake_scenario *fake, size_t count)
{
    while (fake->recorded < count)
        assert_int_equal(acr_loop_turn(fake->engine.loop, ACR_NEVER), 0);
}

static void test_a_run_ends_at_its_time_limit_with_every_request_in_the_table(void **state)
{
    struct bench *bench = *state;
    bench->options.run_time = 200 * MILLI;
    assert_int_equal(hold(bench), 0);
    assert_int_equal(fake_scenario_started(&bench->fake), 20);
    assert_int_equal(bench->fake.stopped, 20);
    assert_int_equal(last_total(bench), bench->fake.recorded);
    check_printed(bench, "/INFO/locust.main: Starting Locust (Acrida " ACR_VERSION ")\n");
    check_printed(bench, "Hatching and swarming 20 clients at the rate 1000 clients/s...\n");
    check_printed(bench, "All locusts hatched: Alpha: 7, Beta: 13\n");
    check_printed(bench, "Time limit reached. Stopping Locust.\n");
    check_printed(bench, "Shutting down (exit code 0), bye.\n");
}

/* More than one user may be answered in the turn that reaches the limit. */
static void test_the_request_limit_ends_the_run_within_one_request_per_user(void **state)
{
    struct bench *bench = *state;
    bench->options.request_limit = 500;
    assert_int_equal(hold(bench), 0);
    assert_in_range(bench->fake.recorded, 500, 519);
    assert_int_equal(last_total(bench), bench->fake.recorded);
    check_printed(bench, "All locusts dead\n\n");
}

static void interrupt_after_some(struct fake_scenario *fake)
{
    turn_until_recorded(fake, 50);
    raise(SIGINT);
    turn_until_finished(fake);
}

static void on_usr(int signal_number)
{
    (void)signal_number;
}

static void test_a_signal_stops_the_test_and_the_former_handlers_come_back(void **state)
{
    struct bench *bench = *state;
    struct sigaction mine = {.sa_handler = on_usr}, before, after;
    assert_int_equal(sigaction(SIGINT, &mine, &before), 0);
    bench->fake.drive = interrupt_after_some;
    bench->fake.requests_fail = true;
    assert_int_equal(hold(bench), 1);
    assert_int_equal(sigaction(SIGINT, &before, &after), 0);
    assert_true(after.sa_handler == on_usr);
    assert_true(bench->fake.stopped > 0);
    check_printed(bench, "Got SIGINT: stopping.");
    check_printed(bench, "Error report");
    check_printed(bench, "Shutting down (exit code 1), bye.");
}

static void terminate_a_child(struct fake_scenario *fake)
{
    turn_until_recorded(fake, 50);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        raise(SIGTERM);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    turn_until_recorded(fake, 100);
    acr_load_request_quit(fake->scenario.load);
    turn_until_finished(fake);
}

static void test_a_signal_to_a_child_of_the_script_is_the_childs_alone(void **state)
{
    struct bench *bench = *state;
    bench->fake.drive = terminate_a_child;
    assert_int_equal(hold(bench), 0);
    assert_null(strstr(output(bench), "SIGTERM"));
    assert_true(bench->fake.recorded >= 100);
}

static void test_a_failing_set_up_ends_the_run_with_exit_code_1(void **state)
{
    struct bench *bench = *state;
    bench->fake.set_up_result = -1;
    assert_int_equal(hold(bench), 1);
    assert_int_equal(fake_scenario_started(&bench->fake), 0);
    check_printed(bench, "Shutting down (exit code 1), bye.");
}

static void test_files_that_cannot_be_written_prevent_the_run(void **state)
{
    struct bench *bench = *state;
    struct acr_error error = {0};
    bench->options.csv_base = "/nonexistent/folder/run";
    divert_stderr(bench);
    int result = acr_run_local(&bench->fake.scenario, &bench->options, &error);
    assert_true(dup2(bench->old_stderr, STDERR_FILENO) >= 0);
    assert_int_equal(result, -1);
    assert_non_null(strstr(error.detail, "/nonexistent/folder/run"));
    assert_int_equal(fake_scenario_started(&bench->fake), 0);
}

static int break_loop(struct acr_scenario *scenario, struct acr_error *error)
{
    (void)scenario;
    return acr_error_set(error, ACR_ERR_SYSTEM, "the loop broke");
}

static void test_a_loop_that_breaks_is_reported_and_gives_exit_code_1(void **state)
{
    struct bench *bench = *state;
    struct acr_scenario_ops ops = *bench->fake.scenario.ops;
    ops.run = break_loop;
    bench->fake.scenario.ops = &ops;
    assert_int_equal(hold(bench), 1);
    check_printed(bench, "ERROR/locust.runners: system call failed: the loop broke\n");
    check_printed(bench, "Shutting down (exit code 1), bye.");
}

/* ---- in a child */

static void block(struct fake_scenario *fake, int signals)
{
    turn_until_recorded(fake, 50);
    for (int i = 0; i < signals; i++)
        raise(SIGINT);
    for (;;)
        pause();
}

static void block_after_two_signals(struct fake_scenario *fake)
{
    block(fake, 2);
}

static void test_two_signals_end_the_process_with_its_tables_although_the_load_thread_is_stuck(void **state)
{
    struct bench *bench = *state;
    bench->fake.drive = block_after_two_signals;
    bench->fake.requests_fail = true;
    int status = hold_in_child(bench);
    assert_true(WIFEXITED(status));
    check_printed(bench, "Got another SIGINT.");
    check_printed(bench, "Shutting down (exit code ");
    check_printed(bench, "Percentage of the requests completed within given times");
    assert_in_range(WEXITSTATUS(status), 0, 1);
}

static void block_after_three_signals(struct fake_scenario *fake)
{
    block(fake, 3);
}

static void test_a_third_signal_kills(void **state)
{
    struct bench *bench = *state;
    bench->fake.drive = block_after_three_signals;
    int status = hold_in_child(bench);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static void test_users_that_stay_beyond_the_stop_timeout_do_not_keep_the_process(void **state)
{
    struct bench *bench = *state;
    bench->fake.users_stay = true;
    bench->fake.requests_fail = true;
    bench->options.run_time = 50 * MILLI;
    bench->options.stop_timeout = 50 * MILLI;
    int status = hold_in_child(bench);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    check_printed(bench, "Not all users ended within 0.05 s");
    check_printed(bench, "Error report");
}

static void terminate_twice(struct fake_scenario *fake)
{
    turn_until_recorded(fake, 20);
    raise(SIGTERM);
    turn_until_recorded(fake, 2000);
    raise(SIGTERM);
    turn_until_finished(fake);
}

static void test_a_second_signal_does_without_users_that_stay(void **state)
{
    struct bench *bench = *state;
    bench->fake.users_stay = true;
    bench->fake.drive = terminate_twice;
    int status = hold_in_child(bench);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(last_total(bench) >= 2000);
    check_printed(bench, "Not waiting any longer for ");
}
