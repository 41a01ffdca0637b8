/* SPDX-License-Identifier: MIT */
/* The whole of a run on one thread: the test turns both loops and moves the clock. */
#include "unit/run/bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int setup(void **state)
{
    return bench_setup(state);
}

static int teardown(void **state)
{
    return bench_teardown(state);
}

/* ---- tests: users over time */

static void drive_three_users(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    settle(bench);
    assert_int_equal(fake_scenario_started(fake), 1);
    advance(bench, 995 * MILLI);
    assert_int_equal(fake_scenario_started(fake), 1);
    advance(bench, 10 * MILLI);
    assert_int_equal(fake_scenario_started(fake), 2);
    advance(bench, SECOND);
    assert_int_equal(fake_scenario_started(fake), 3);
    advance(bench, 985 * MILLI);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_SPAWNING_COMPLETE), 0);
    assert_int_equal(times_printed(bench, "All locusts hatched"), 0);
    advance(bench, 10 * MILLI);
    assert_int_equal(fake->spawned, 3);
    assert_printed(bench, "INFO/locust.runners: Hatching and swarming 3 clients at the rate 1 clients/s...\n",
                   "INFO/locust.runners: All locusts hatched: Alpha: 1, Beta: 2\n");
    acr_control_signal(bench->control, SIGINT);
    advance_to_end(bench);
}

static void test_three_users_start_a_second_apart_and_hatching_is_complete_one_interval_later(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(hold(bench, drive_three_users), 0);
    assert_int_equal(bench->fake.started[0], 1);
    assert_int_equal(bench->fake.started[1], 2);
}

static void drive_many_users(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 15 * MILLI);
    assert_in_range(fake_scenario_started(fake), 100, 200);
    advance(bench, 250 * MILLI);
    assert_int_equal(fake_scenario_started(fake), 2000);
    assert_int_equal(acr_load_user_count(bench->load), 2000);
    acr_control_signal(bench->control, SIGTERM);
    advance_to_end(bench);
}

static void test_a_high_rate_starts_users_in_batches_and_stop_ends_every_one(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 2000;
    bench->options.spawn_rate = 10000;
    assert_int_equal(hold(bench, drive_many_users), 0);
    assert_int_equal(bench->fake.stopped, 2000);
    assert_int_equal(acr_load_user_count(bench->load), 0);
    assert_int_equal(last_total(bench), bench->fake.recorded);
}

static void drive_signal_after_a_second(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 1100 * MILLI);
    acr_control_signal(bench->control, SIGTERM);
    advance_to_end(bench);
}

static void test_a_stop_during_hatching_starts_nobody_else(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 100;
    assert_int_equal(hold(bench, drive_signal_after_a_second), 0);
    assert_int_equal(fake_scenario_started(&bench->fake), 2);
    assert_int_equal(bench->fake.stopped, 2);
    assert_int_equal(times_printed(bench, "All locusts hatched"), 0);
    assert_printed(bench, "Got SIGTERM: stopping", "Shutting down (exit code 0), bye.");
}

static void test_listeners_hear_of_each_moment_once_and_in_order(void **state)
{
    struct bench *bench = *state;
    bench->options.run_time = 5 * SECOND;
    hold(bench, drive_to_end);
    const enum acr_run_event expected[] = {ACR_RUN_TEST_START, ACR_RUN_SPAWNING_COMPLETE, ACR_RUN_TEST_STOPPING,
                                           ACR_RUN_TEST_STOP, ACR_RUN_QUITTING};
    assert_int_equal(bench->fake.event_count, ACR_ARRAY_SIZE(expected));
    assert_memory_equal(bench->fake.events, expected, sizeof expected);
}

/* ---- tests: how a run ends */

static void test_a_run_with_a_time_limit_prints_what_locust_prints(void **state)
{
    struct bench *bench = *state;
    bench->options.run_time = 5 * SECOND;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_printed(bench, "Hatching and swarming 3 clients", "# reqs", "All locusts hatched: ", " GET /alpha",
                   "/locust.main: Time limit reached. Stopping Locust.\n", "/locust.main: Cleaning up runner...\n",
                   "/locust.main: Running teardowns...\n", "/locust.main: Shutting down (exit code 0), bye.\n",
                   " GET /alpha", " GET /beta", " Total", "Percentage of the requests completed within given times",
                   " GET /alpha", " GET /beta");
    assert_int_equal(times_printed(bench, "Error report"), 0);
    /* User 0 at 0, 1 .. 5 s, user 1 at 1 .. 5 s, user 2 at 2 .. 5 s, less what falls on the very end. */
    assert_in_range(bench->fake.recorded, 12, 15);
    assert_int_equal(last_total(bench), bench->fake.recorded);
}

static void test_a_run_whose_users_all_end_is_over_when_hatching_is(void **state)
{
    struct bench *bench = *state;
    bench->fake.users_end_at_once = true;
    acr_nanos start = bench->clock.monotonic_now;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_in_range(bench->clock.monotonic_now - start, 3 * SECOND, 3 * SECOND + 200 * MILLI);
    assert_printed(bench, "All locusts hatched: Alpha: 1, Beta: 2\n", "/locust.runners: All locusts dead\n\n",
                   "Shutting down (exit code 0), bye.\n");
}

static void test_failed_requests_make_the_exit_code_1_also_after_a_signal(void **state)
{
    struct bench *bench = *state;
    bench->fake.requests_fail = true;
    assert_int_equal(hold(bench, drive_signal_after_a_second), 1);
    assert_printed(bench, "Shutting down (exit code 1), bye.", "Error report", "GET /", "refused");
}

static void test_a_script_may_choose_its_own_exit_code(void **state)
{
    struct bench *bench = *state;
    bench->fake.requests_fail = true;
    bench->fake.scenario.exit_code = 7;
    assert_int_equal(hold(bench, drive_signal_after_a_second), 7);
    assert_printed(bench, "Shutting down (exit code 7), bye.");
}

static void drive_quit(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 500 * MILLI);
    acr_load_request_quit(bench->load);
    advance_to_end(bench);
}

static void test_a_script_may_end_the_test(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(hold(bench, drive_quit), 0);
    assert_int_equal(bench->fake.stopped, 1);
    assert_printed(bench, "Shutting down (exit code 0), bye.", " Total");
}

static void test_a_failing_set_up_starts_nobody_and_gives_exit_code_1(void **state)
{
    struct bench *bench = *state;
    bench->fake.set_up_result = -1;
    assert_int_equal(hold(bench, NULL), 1);
    assert_int_equal(fake_scenario_started(&bench->fake), 0);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_QUITTING), 1);
    assert_printed(bench, "Shutting down (exit code 1), bye.");
    assert_int_equal(times_printed(bench, "# reqs"), 0);
    assert_int_equal(times_printed(bench, "Hatching"), 0);
}

static void signal_in_set_up(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    acr_control_signal(bench->control, SIGINT);
}

static void test_a_signal_during_set_up_ends_the_test_before_it_begins(void **state)
{
    struct bench *bench = *state;
    bench->fake.on_set_up = signal_in_set_up;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_int_equal(fake_scenario_started(&bench->fake), 0);
    assert_printed(bench, "Got SIGINT: stopping", "Shutting down (exit code 0), bye.");
}

/* ---- tests: -n */

static void test_the_request_limit_ends_all_users_at_exactly_that_count(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 10;
    bench->options.spawn_rate = 100;
    bench->options.request_limit = 25;
    bench->fake.pause = 30 * MILLI;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_int_equal(bench->fake.recorded, 25);
    assert_int_equal(last_total(bench), 25);
    assert_printed(bench, "All locusts hatched: Alpha: 3, Beta: 7\n", "All locusts dead\n\n", "Shutting down");
}

static void test_a_limit_reached_by_the_only_user_still_reports_hatching_complete(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 1;
    bench->options.request_limit = 1;
    acr_nanos start = bench->clock.monotonic_now;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_true(bench->clock.monotonic_now - start <= 200 * MILLI);
    assert_int_equal(bench->fake.recorded, 1);
    assert_int_equal(bench->fake.spawned, 1);
    assert_printed(bench, "All locusts hatched: Alpha: 0, Beta: 1\n", "All locusts dead\n\n");
}

static void test_a_limit_reached_before_all_have_started_starts_nobody_else(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 1000;
    bench->options.request_limit = 5;
    bench->fake.pause = 100 * MILLI;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_int_equal(bench->fake.recorded, 5);
    assert_int_equal(fake_scenario_started(&bench->fake), 1);
    assert_printed(bench, "All locusts dead\n\n");
    assert_int_equal(times_printed(bench, "All locusts hatched"), 0);
}

static void test_a_limit_reached_in_the_middle_of_a_batch_ends_the_run(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 2000;
    bench->options.spawn_rate = 1e6;
    bench->options.request_limit = 5;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_true(fake_scenario_started(&bench->fake) < 2000);
    assert_int_equal(last_total(bench), bench->fake.recorded);
    assert_printed(bench, "All locusts dead\n\n", "Shutting down");
}

/* ---- tests: tables and files */

static void drive_seven_seconds(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    settle(bench);
    assert_int_equal(times_printed(bench, "# reqs"), 1);
    advance(bench, 7 * SECOND);
    assert_int_equal(times_printed(bench, "# reqs"), 4);
    acr_control_signal(bench->control, SIGINT);
    advance_to_end(bench);
    /* The two tables of the end come when the scenario has left its loop. */
    assert_int_equal(times_printed(bench, "# reqs"), 4);
}

static void test_tables_come_at_once_every_two_seconds_and_at_the_end(void **state)
{
    struct bench *bench = *state;
    hold(bench, drive_seven_seconds);
    assert_int_equal(times_printed(bench, "# reqs"), 6);
}

static void test_without_periodic_tables_those_of_the_end_are_printed(void **state)
{
    struct bench *bench = *state;
    bench->options.print_tables = false;
    bench->options.run_time = 5 * SECOND;
    hold(bench, drive_to_end);
    assert_int_equal(times_printed(bench, "# reqs"), 2);
}

static void test_no_table_is_printed_when_the_log_level_is_above_info(void **state)
{
    struct bench *bench = *state;
    acr_log_set_level(ACR_LOG_WARNING);
    bench->options.run_time = 5 * SECOND;
    bench->fake.requests_fail = true;
    assert_int_equal(hold(bench, drive_to_end), 1);
    assert_string_equal(output(bench), "");
}

static void test_reset_stats_empties_them_once_when_hatching_is_complete(void **state)
{
    struct bench *bench = *state;
    bench->options.reset_stats = true;
    bench->options.run_time = 4500 * MILLI;
    hold(bench, drive_to_end);
    assert_int_equal(times_printed(bench, "/locust.runners: Resetting stats\n\n"), 1);
    /* Three users at 4 s, and some of those at 3 s; before that there were six. */
    assert_in_range(last_total(bench), 3, 6);
    assert_true(bench->fake.recorded >= 9);
}

static void check_file_has(const char *base, const char *suffix, const char *text)
{
    char path[128], content[4096] = "";
    snprintf(path, sizeof path, "%s%s", base, suffix);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    content[fread(content, 1, sizeof content - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(content, text));
}

static void drive_csv(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 2100 * MILLI);
    check_file_has(bench->options.csv_base, "_requests.csv", "\"GET\",\"/beta\",");
    advance(bench, 3 * SECOND);
    acr_control_signal(bench->control, SIGINT);
    advance_to_end(bench);
}

static void test_csv_files_are_written_meanwhile_and_hold_the_final_numbers(void **state)
{
    struct bench *bench = *state;
    char folder[] = "/tmp/acrida-test-XXXXXX", base[64], total[64], path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(base, sizeof base, "%s/run", folder);
    bench->options.csv_base = base;
    hold(bench, drive_csv);
    snprintf(total, sizeof total, "\"Total\",%zu,0,", bench->fake.recorded);
    check_file_has(base, "_requests.csv", total);
    check_file_has(base, "_distribution.csv", "\"Total\",");
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", base, i == 0 ? "_requests.csv" : "_distribution.csv");
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void test_files_that_cannot_be_written_are_logged_once_and_make_the_exit_code_1(void **state)
{
    struct bench *bench = *state;
    bench->options.csv_base = "/nonexistent/folder/run";
    bench->options.run_time = 9 * SECOND;
    assert_int_equal(hold(bench, drive_to_end), 1);
    assert_int_equal(times_printed(bench, "CSV files: "), 1);
    assert_printed(bench, "CSV files: ", "/nonexistent/folder/run", "Shutting down (exit code 1), bye.");
}

/* ---- tests: a load thread that does not answer */

static void drive_stall(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    size_t tables = times_printed(bench, "# reqs");
    bench->blocked = true;
    advance(bench, SECOND);
    assert_int_equal(times_printed(bench, "WARNING"), 0);
    advance(bench, 3 * SECOND + 900 * MILLI);
    assert_int_equal(times_printed(bench, "WARNING/locust.runners: The load thread has not answered for 1."), 1);
    assert_int_equal(times_printed(bench, "WARNING"), 1);
    assert_true(times_printed(bench, "# reqs") >= tables + 2);
    bench->blocked = false;
    advance(bench, 100 * MILLI);
    assert_int_equal(times_printed(bench, "WARNING/locust.runners: The load thread was blocked for 4."), 1);
    assert_int_equal(times_printed(bench, "WARNING"), 2);
    advance(bench, 5 * SECOND);
    assert_int_equal(times_printed(bench, "WARNING"), 2);
    acr_control_signal(bench->control, SIGINT);
    advance_to_end(bench);
}

static void test_a_blocked_load_thread_is_reported_once_with_its_seconds_and_tables_go_on(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(hold(bench, drive_stall), 0);
    assert_false(bench->abandoned);
    assert_int_equal(last_total(bench), bench->fake.recorded);
}

static void drive_starvation(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, SECOND);
    bench->blocked = true;
    advance(bench, 3 * SECOND);
    assert_printed(bench, "has not answered for 1.", "it waited for a processor for ", "this machine is overloaded.");
    bench->blocked = false;
    advance(bench, 100 * MILLI);
    assert_printed(bench, "was blocked for ", "it waited for a processor for 2.",
                   "this machine is overloaded; response times");
    assert_int_equal(times_printed(bench, "yield"), 0);
    acr_control_signal(bench->control, SIGINT);
    advance_to_end(bench);
}

static void test_an_overloaded_machine_is_not_blamed_on_the_scenario(void **state)
{
    struct bench *bench = *state;
    bench->queued_all_along = true;
    hold(bench, drive_starvation);
}

static void drive_late_table(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 1990 * MILLI);
    bench->blocked = true;
    size_t tables = times_printed(bench, "# reqs");
    advance(bench, 100 * MILLI);
    assert_int_equal(times_printed(bench, "# reqs"), tables);
    advance(bench, 150 * MILLI);
    assert_int_equal(times_printed(bench, "# reqs"), tables + 1);
    bench->blocked = false;
    advance(bench, 100 * MILLI);
    assert_int_equal(times_printed(bench, "# reqs"), tables + 1);
    acr_control_signal(bench->control, SIGINT);
    advance_to_end(bench);
}

static void test_a_table_waits_for_fresh_numbers_only_briefly(void **state)
{
    hold(*state, drive_late_table);
}

static void drive_time_limit_while_blocked(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    bench->blocked = true;
    advance(bench, 2 * SECOND);
    assert_printed(bench, "Time limit reached. Stopping Locust.");
    assert_false(bench->abandoned);
    advance(bench, 4 * SECOND);
}

static void test_a_run_that_is_over_while_the_load_thread_is_blocked_waits_for_the_stop_timeout(void **state)
{
    struct bench *bench = *state;
    bench->options.run_time = 5 * SECOND;
    bench->options.stop_timeout = 3 * SECOND;
    bench->options.print_tables = false;
    hold(bench, drive_time_limit_while_blocked);
    assert_true(bench->abandoned);
    assert_int_equal(bench->abandon_code, 0);
    assert_printed(bench, "Time limit reached", "The load thread does not answer; the report is made without it.",
                   "Shutting down (exit code 0), bye.", "Percentage of the requests");
    /* All but those of the last second. */
    assert_in_range(last_total(bench), bench->fake.recorded - 3, bench->fake.recorded);
}

static void drive_time_limit_and_recovery(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    bench->blocked = true;
    advance(bench, 20 * SECOND);
    bench->blocked = false;
    advance_to_end(bench);
}

static void test_without_a_stop_timeout_the_run_waits_until_the_load_thread_is_back(void **state)
{
    struct bench *bench = *state;
    bench->options.run_time = 5 * SECOND;
    assert_int_equal(hold(bench, drive_time_limit_and_recovery), 0);
    assert_false(bench->abandoned);
    assert_printed(bench, "Time limit reached", "was blocked for ", "Shutting down");
}

static void drive_two_signals_while_blocked(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4500 * MILLI);
    bench->blocked = true;
    advance(bench, 2 * SECOND);
    acr_control_signal(bench->control, SIGINT);
    advance(bench, 2 * SECOND);
    assert_false(bench->abandoned);
    acr_control_signal(bench->control, SIGINT);
    advance(bench, 300 * MILLI);
    assert_true(bench->abandoned);
}

static void test_a_second_signal_ends_the_run_although_the_load_thread_is_blocked(void **state)
{
    struct bench *bench = *state;
    bench->fake.requests_fail = true;
    hold(bench, drive_two_signals_while_blocked);
    assert_int_equal(bench->abandon_code, 1);
    assert_printed(bench, "Got SIGINT: stopping", "Got another SIGINT", "Shutting down (exit code 1), bye.",
                   "Percentage of the requests", "Error report");
}

static void drive_stall_of_user(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 2 * SECOND);
    bench->class_name = "Alpha";
    bench->blocked = true;
    advance(bench, 6 * SECOND);
    acr_control_signal(bench->control, SIGINT);
    advance(bench, 4900 * MILLI);
    assert_false(bench->abandoned);
    advance(bench, 400 * MILLI);
    assert_true(bench->abandoned);
}

static void test_a_user_that_never_yields_is_named_and_left_behind_some_seconds_after_the_end(void **state)
{
    struct bench *bench = *state;
    bench->silence_max = 5 * SECOND;
    hold(bench, drive_stall_of_user);
    assert_int_equal(bench->abandon_code, 3);
    assert_printed(bench, "has not answered for 1.", "spin of Alpha (user 7) does not yield to other users.",
                   "has not answered for 5.", "spin of Alpha (user 7) does not yield to other users.", "Got SIGINT",
                   "The load thread does not answer", "Shutting down (exit code 3), bye.");
    assert_int_equal(times_printed(bench, "has not answered"), 2);
}

static void drive_stall_of_listener(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 2 * SECOND);
    bench->blocked = true;
    acr_control_signal(bench->control, SIGINT);
    advance(bench, 60 * SECOND);
    assert_false(bench->abandoned);
    bench->blocked = false;
    advance_to_end(bench);
}

static void test_a_listener_that_takes_long_is_waited_for(void **state)
{
    struct bench *bench = *state;
    bench->silence_max = 5 * SECOND;
    assert_int_equal(hold(bench, drive_stall_of_listener), 0);
    assert_printed(bench, "has not answered for 1.", "spin does not yield", "was blocked for ", "Shutting down");
}

/* ---- tests: crashes */

static void drive_crash(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4500 * MILLI);
    acr_load_tell_crash(bench->load);
    bench->blocked = true;
    advance(bench, 4900 * MILLI);
    assert_false(bench->abandoned);
    advance(bench, 200 * MILLI);
    assert_true(bench->abandoned);
}

static void test_a_load_thread_that_does_not_come_back_from_a_crash_is_left_behind(void **state)
{
    struct bench *bench = *state;
    hold(bench, drive_crash);
    assert_int_equal(bench->abandon_code, 3);
    assert_printed(bench, "The load thread does not answer", "Shutting down (exit code 3), bye.",
                   "Percentage of the requests");
    assert_in_range(last_total(bench), bench->fake.recorded - 3, bench->fake.recorded);
}

static void drive_crash_elsewhere(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4500 * MILLI);
    acr_load_tell_crash(bench->load);
    advance_to_end(bench);
}

static void test_after_a_crash_on_another_thread_the_load_thread_leaves_its_loop(void **state)
{
    struct bench *bench = *state;
    hold(bench, drive_crash_elsewhere);
    assert_false(bench->abandoned);
    assert_int_equal(last_total(bench), bench->fake.recorded);
    assert_int_equal(bench->fake.stopped, 0);
}

/* ---- tests: users that do not end */

static void drive_two_signals(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4500 * MILLI);
    acr_control_signal(bench->control, SIGINT);
    advance(bench, 10 * SECOND);
    assert_false(bench->abandoned);
    size_t before = fake->recorded;
    acr_control_signal(bench->control, SIGTERM);
    advance(bench, 10 * MILLI);
    assert_true(bench->abandoned);
    assert_int_equal(last_total(bench), before);
}

static void test_a_second_signal_gives_up_waiting_for_users_with_the_latest_numbers(void **state)
{
    struct bench *bench = *state;
    bench->fake.users_stay = true;
    hold(bench, drive_two_signals);
    assert_printed(bench, "Not waiting any longer for 3 users to end.", "Shutting down (exit code 0), bye.");
}

static void test_the_stop_timeout_ends_the_run_without_the_users_that_are_left(void **state)
{
    struct bench *bench = *state;
    bench->fake.users_stay = true;
    bench->options.run_time = 5 * SECOND;
    bench->options.stop_timeout = 2 * SECOND;
    acr_nanos start = bench->clock.monotonic_now;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_in_range(bench->clock.monotonic_now - start, 7 * SECOND, 7 * SECOND + 200 * MILLI);
    assert_false(bench->abandoned);
    assert_int_equal(acr_load_user_count(bench->load), 3);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_QUITTING), 1);
    assert_printed(bench, "Not all users ended within 2 s", "Shutting down (exit code 0), bye.", " Total");
    assert_int_equal(last_total(bench), bench->fake.recorded);
}

static void drive_users_given_up(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    acr_load_give_up(bench->load); /* nobody is being ended: nothing to wait for */
    advance(bench, SECOND);
    assert_false(acr_load_finished(bench->load));
    acr_control_signal(bench->control, SIGINT);
    advance(bench, SECOND);
    assert_false(acr_load_finished(bench->load));
    acr_load_give_up(bench->load);
    acr_load_give_up(bench->load);
    advance(bench, SECOND);
    assert_int_equal(acr_load_finished(bench->load), bench->options.stop_timeout == 0);
    advance_to_end(bench);
}

static void test_users_that_are_given_up_are_waited_for_no_longer(void **state)
{
    struct bench *bench = *state;
    bench->fake.users_stay = true;
    assert_int_equal(hold(bench, drive_users_given_up), 0);
    assert_int_equal(acr_load_user_count(bench->load), 3);
    assert_int_equal(times_printed(bench, "Not all users end; the report is made without them."), 1);
    assert_printed(bench, "Not all users end; the report", "Shutting down (exit code 0), bye.", " Total");
}

static void test_the_stop_timeout_says_how_long_users_that_are_given_up_may_take(void **state)
{
    struct bench *bench = *state;
    bench->fake.users_stay = true;
    bench->options.stop_timeout = 20 * SECOND;
    assert_int_equal(hold(bench, drive_users_given_up), 0);
    assert_int_equal(times_printed(bench, "Not all users end;"), 0);
    assert_printed(bench, "Not all users ended within 20 s", "Shutting down (exit code 0), bye.");
}
