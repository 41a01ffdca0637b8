/* SPDX-License-Identifier: MIT */
/* What a script asks of a run: another number of users, a stop, a new test. */
#include "unit/run/bench.h"

#include <signal.h>

static int setup(void **state)
{
    return bench_setup(state);
}

static int teardown(void **state)
{
    return bench_teardown(state);
}

static void request(struct bench *bench, size_t users, double rate)
{
    acr_load_request_start(bench->load, users, rate, false);
    settle(bench);
}

/* `users` live, and the classes have their shares of them. */
static void check_shares(struct bench *bench, size_t users)
{
    size_t shares[FAKE_CLASSES];
    acr_user_shares(bench->fake.classes, FAKE_CLASSES, users, shares);
    for (size_t i = 0; i < FAKE_CLASSES; i++)
        assert_int_equal(fake_scenario_staying(&bench->fake, i), shares[i]);
    assert_int_equal(acr_load_user_count(bench->load), users);
}

static void end(struct bench *bench)
{
    acr_control_signal(bench->control, SIGINT);
    advance_to_end(bench);
}

/* ---- while a test runs */

static void drive_raise_and_lower(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    check_shares(bench, 3);
    assert_int_equal(fake->status.state, ACR_RUN_RUNNING);
    request(bench, 9, 2);
    assert_int_equal(fake->status.state, ACR_RUN_HATCHING);
    assert_int_equal(fake->status.users, 9);
    assert_int_equal(acr_load_user_count(bench->load), 4);
    advance(bench, 1100 * MILLI);
    assert_int_equal(acr_load_user_count(bench->load), 6);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_SPAWNING_COMPLETE), 1);
    advance(bench, 2 * SECOND);
    check_shares(bench, 9);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_SPAWNING_COMPLETE), 2);
    assert_int_equal(fake->spawned, 9);
    assert_int_equal(fake->status.state, ACR_RUN_RUNNING);
    request(bench, 4, 0);
    advance(bench, 20 * MILLI);
    check_shares(bench, 4);
    assert_int_equal(fake->spawned, 4);
    assert_true(fake->status.rate == 2);
    request(bench, 4, 1);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_SPAWNING_COMPLETE), 4);
    check_shares(bench, 4);
    assert_int_equal(times_printed(bench, "All locusts hatched"), 2);
    end(bench);
}

static void test_users_are_added_and_taken_away_and_each_change_is_told_once(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(hold(bench, drive_raise_and_lower), 0);
    assert_printed(bench, "Hatching and swarming 3 clients at the rate 1 clients/s",
                   "All locusts hatched: Alpha: 1, Beta: 2\n",
                   "Hatching and swarming 6 clients at the rate 2 clients/s",
                   "All locusts hatched: Alpha: 2, Beta: 4\n", "Killing 5 locusts\n", "Got SIGINT");
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_TEST_START), 1);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_TEST_STOP), 1);
    assert_int_equal(last_total(bench), bench->fake.recorded);
}

static void drive_changes_while_hatching(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4100 * MILLI);
    assert_int_equal(acr_load_user_count(bench->load), 5);
    request(bench, 30, 10);
    advance(bench, SECOND);
    assert_int_equal(acr_load_user_count(bench->load), 16);
    request(bench, 6, 10);
    advance(bench, 20 * MILLI);
    check_shares(bench, 6);
    assert_int_equal(fake->spawned, 6);
    request(bench, 100, 10);
    request(bench, 12, 1000);
    advance(bench, 50 * MILLI);
    check_shares(bench, 12);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_SPAWNING_COMPLETE), 2);
    advance(bench, 20 * SECOND);
    check_shares(bench, 12);
    end(bench);
}

static void test_a_change_while_users_are_being_started_replaces_the_one_before(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 1000;
    assert_int_equal(hold(bench, drive_changes_while_hatching), 0);
    assert_int_equal(times_printed(bench, "All locusts hatched"), 1);
}

static void drive_slow_enders(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    fake->stop_time = 2 * SECOND;
    request(bench, 1, 1);
    advance(bench, SECOND);
    assert_int_equal(acr_load_user_count(bench->load), 3);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_SPAWNING_COMPLETE), 1);
    request(bench, 2, 1000);
    assert_int_equal(acr_load_user_count(bench->load), 4);
    advance(bench, 500 * MILLI);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_SPAWNING_COMPLETE), 1);
    advance(bench, 600 * MILLI);
    check_shares(bench, 2);
    assert_int_equal(fake->spawned, 2);
    end(bench);
}

static void test_a_change_is_complete_when_those_that_were_too_many_are_gone(void **state)
{
    hold(*state, drive_slow_enders);
}

static void drive_lower_by_rate(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 50 * MILLI);
    acr_load_request_start(bench->load, 4, 2, true);
    advance(bench, 50 * MILLI);
    assert_int_equal(acr_load_user_count(bench->load), 9);
    advance(bench, 2 * SECOND);
    assert_int_equal(acr_load_user_count(bench->load), 5);
    advance(bench, 500 * MILLI);
    check_shares(bench, 4);
    assert_int_equal(fake->spawned, 4);
    end(bench);
}

static void test_users_may_be_taken_away_by_the_rate(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 10;
    bench->options.spawn_rate = 1000;
    hold(bench, drive_lower_by_rate);
}

static void drive_lost_users(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 50 * MILLI);
    check_shares(bench, 9);
    fake_scenario_lose(fake, 0);
    fake_scenario_lose(fake, 1);
    advance(bench, 5 * SECOND);
    assert_int_equal(acr_load_user_count(bench->load), 7);
    request(bench, 12, 1000);
    advance(bench, 50 * MILLI);
    check_shares(bench, 12);
    fake_scenario_lose(fake, 1);
    fake_scenario_lose(fake, 1);
    settle(bench);
    request(bench, 11, 1000);
    advance(bench, 50 * MILLI);
    check_shares(bench, 11);
    end(bench);
}

static void test_users_that_ended_are_made_up_for_by_the_next_change_only(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 9;
    bench->options.spawn_rate = 1000;
    hold(bench, drive_lost_users);
}

static void drive_random_changes(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    struct acr_random random;
    acr_random_init(&random, 5);
    for (int i = 0; i < 300; i++) {
        size_t users = (size_t)acr_random_below(&random, 400);
        fake->stop_time = (acr_nanos)acr_random_below(&random, 40) * MILLI;
        acr_load_request_start(bench->load, users + 1, 1 + (double)acr_random_below(&random, 20000),
                               acr_random_below(&random, 2) == 0);
        advance(bench, (acr_nanos)acr_random_below(&random, 60) * MILLI);
    }
    fake->stop_time = 0;
    request(bench, 200, 1e6);
    advance(bench, SECOND);
    check_shares(bench, 200);
    assert_int_equal(fake->spawned, 200);
    end(bench);
}

static void test_any_sequence_of_changes_ends_with_the_number_and_no_request_is_lost(void **state)
{
    struct bench *bench = *state;
    bench->fake.pause = 20 * MILLI;
    assert_int_equal(hold(bench, drive_random_changes), 0);
    assert_int_equal(acr_load_user_count(bench->load), 0);
    assert_int_equal(last_total(bench), bench->fake.recorded);
}

/* ---- ends of changes and changes at the end */

static void drive_signal_in_change(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    acr_load_request_start(bench->load, 100, 10, false);
    acr_control_signal(bench->control, SIGTERM);
    acr_load_request_start(bench->load, 200, 10, false);
    settle(bench);
    assert_int_equal(acr_load_user_count(bench->load), 0);
    advance_to_end(bench);
    acr_load_request_start(bench->load, 5, 10, false);
}

static void test_a_signal_wins_over_a_change_that_was_asked_for_at_the_same_time(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(hold(bench, drive_signal_in_change), 0);
    assert_int_equal(fake_scenario_started(&bench->fake), 3);
    assert_int_equal(bench->fake.status.state, ACR_RUN_STOPPED);
}

static void drive_time_limit_in_change(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    request(bench, 1000, 10);
    advance_to_end(bench);
}

static void test_the_time_limit_ends_a_change(void **state)
{
    struct bench *bench = *state;
    bench->options.run_time = 5 * SECOND;
    assert_int_equal(hold(bench, drive_time_limit_in_change), 0);
    assert_in_range(fake_scenario_started(&bench->fake), 12, 14);
    assert_int_equal(acr_load_user_count(bench->load), 0);
}

static void drive_last_user_asks_for_more(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 2 * SECOND);
    acr_load_request_start(bench->load, 2, 10, false);
    fake_scenario_lose(fake, 1);
    while (acr_load_user_count(bench->load) > 0) /* the control thread is slow to hear of it */
        assert_int_equal(acr_loop_turn(fake->engine.loop, 0), 0);
    advance(bench, SECOND);
    check_shares(bench, 2);
    fake_scenario_lose(fake, 0);
    fake_scenario_lose(fake, 1);
    advance_to_end(bench);
}

static void test_a_user_may_ask_for_others_before_it_ends_as_the_last_one(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 1;
    assert_int_equal(hold(bench, drive_last_user_asks_for_more), 0);
    assert_printed(bench, "All locusts hatched", "All locusts hatched: Alpha: 1, Beta: 1\n", "All locusts dead");
}

static void drive_to_nobody(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    request(bench, 0, 1);
    advance(bench, 900 * MILLI);
    assert_false(acr_load_finished(bench->load));
    assert_int_equal(fake->spawned, 0);
    request(bench, 2, 100);
    advance(bench, 3 * SECOND);
    check_shares(bench, 2);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_TEST_START), 1);
    request(bench, 0, 1);
    advance(bench, 1050 * MILLI);
    assert_true(acr_load_finished(bench->load));
}

static void test_a_run_without_users_by_the_scripts_will_waits_a_second_for_others(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(hold(bench, drive_to_nobody), 0);
    assert_int_equal(times_printed(bench, "All locusts dead"), 0);
    assert_printed(bench, "has started none since", "Shutting down (exit code 0)");
}

static void drive_limit_after_change(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 10 * MILLI);
    acr_load_request_start(bench->load, 50, 1, false);
    advance_to_end(bench);
    assert_int_equal(fake->recorded, 5);
}

static void test_the_request_limit_ends_a_run_that_was_about_to_grow(void **state)
{
    struct bench *bench = *state;
    bench->options.request_limit = 5;
    assert_int_equal(hold(bench, drive_limit_after_change), 0);
    assert_printed(bench, "All locusts dead");
}

static void drive_limit_before_plan(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 1995 * MILLI);
    assert_int_equal(fake->recorded, 2);
    acr_load_request_start(bench->load, 50, 1000, false);
    bench->clock.monotonic_now += 10 * MILLI;
    while (acr_load_user_count(bench->load) > 0) /* the control thread has heard of neither yet */
        assert_int_equal(acr_loop_turn(fake->engine.loop, 0), 0);
    advance_to_end(bench);
    assert_int_equal(fake->recorded, 3);
}

static void test_a_limit_reached_before_a_change_is_planned_completes_nothing(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 1;
    bench->options.spawn_rate = 10;
    bench->options.request_limit = 3;
    assert_int_equal(hold(bench, drive_limit_before_plan), 0);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_SPAWNING_COMPLETE), 1);
    assert_printed(bench, "All locusts dead", "Shutting down");
}

static void ask_at_the_limit(struct fake_scenario *fake, enum acr_run_event event)
{
    if (event == ACR_RUN_TEST_STOPPING)
        acr_load_request_start(fake->scenario.load, 50, 1, false);
}

static void test_nothing_begins_anew_after_the_request_limit(void **state)
{
    struct bench *bench = *state;
    bench->options.users = 1;
    bench->options.request_limit = 2;
    bench->fake.on_event = ask_at_the_limit;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_int_equal(bench->fake.recorded, 2);
}

/* ---- stop and start */

static void drive_stop_and_start(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    fake->requests_fail = false;
    acr_load_request_stop(bench->load);
    settle(bench);
    assert_int_equal(acr_load_user_count(bench->load), 0);
    assert_int_equal(fake->status.state, ACR_RUN_STOPPED);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_TEST_STOP), 1);
    size_t before = fake->recorded;
    advance(bench, 500 * MILLI);
    request(bench, 6, 100);
    assert_int_equal(fake->status.state, ACR_RUN_HATCHING);
    advance(bench, 2500 * MILLI);
    check_shares(bench, 6);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_TEST_START), 2);
    end(bench);
    assert_int_equal(acr_stats_request_count(fake->engine.stats), fake->recorded - before);
}

static void test_a_test_begun_after_a_stop_has_statistics_of_its_own(void **state)
{
    struct bench *bench = *state;
    bench->fake.requests_fail = true;
    assert_int_equal(hold(bench, drive_stop_and_start), 0);
    const enum acr_run_event expected[] = {ACR_RUN_TEST_START,    ACR_RUN_SPAWNING_COMPLETE, ACR_RUN_TEST_STOPPING,
                                           ACR_RUN_TEST_STOP,     ACR_RUN_TEST_START,        ACR_RUN_SPAWNING_COMPLETE,
                                           ACR_RUN_TEST_STOPPING, ACR_RUN_TEST_STOP,         ACR_RUN_QUITTING};
    assert_int_equal(bench->fake.event_count, ACR_ARRAY_SIZE(expected));
    assert_memory_equal(bench->fake.events, expected, sizeof expected);
    assert_int_equal(times_printed(bench, "Error report"), 0);
}

static void drive_start_while_stopping(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    fake->stop_time = SECOND;
    acr_load_request_stop(bench->load);
    acr_load_request_stop(bench->load);
    settle(bench);
    assert_int_equal(fake->status.state, ACR_RUN_CLEANUP);
    request(bench, 2, 100);
    assert_int_equal(fake->status.state, ACR_RUN_CLEANUP);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_TEST_START), 1);
    advance(bench, 1100 * MILLI);
    check_shares(bench, 2);
    assert_int_equal(fake_scenario_events(fake, ACR_RUN_TEST_START), 2);
    acr_load_request_stop(bench->load);
    request(bench, 5, 100);
    acr_load_request_stop(bench->load);
    advance(bench, 2500 * MILLI);
    assert_true(acr_load_finished(bench->load));
}

static void test_a_start_while_users_are_stopped_waits_for_them_and_a_stop_takes_it_back(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(hold(bench, drive_start_while_stopping), 0);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_TEST_START), 2);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_TEST_STOP), 2);
}

static void drive_stop_in_change(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 1500 * MILLI);
    acr_load_request_start(bench->load, 100, 1, false);
    acr_load_request_stop(bench->load);
    advance(bench, 800 * MILLI);
    assert_int_equal(acr_load_user_count(bench->load), 0);
    advance(bench, 300 * MILLI);
    assert_true(acr_load_finished(bench->load));
}

static void test_a_stop_ends_a_change_and_the_run_is_over_a_second_later(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(hold(bench, drive_stop_in_change), 0);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_SPAWNING_COMPLETE), 0);
    assert_printed(bench, "has started none since", "Shutting down (exit code 0), bye.");
}

static void restart_when_stopped(struct fake_scenario *fake, enum acr_run_event event)
{
    if (event == ACR_RUN_TEST_STOP && fake_scenario_events(fake, ACR_RUN_TEST_STOP) < 3)
        acr_load_request_start(fake->scenario.load, 4, 1000, false);
    if (event == ACR_RUN_SPAWNING_COMPLETE)
        acr_load_request_stop(fake->scenario.load);
}

static void test_listeners_may_start_and_stop_tests(void **state)
{
    struct bench *bench = *state;
    bench->fake.on_event = restart_when_stopped;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_TEST_START), 3);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_TEST_STOP), 3);
    assert_int_equal(fake_scenario_started(&bench->fake), 3 + 4 + 4);
}

static void stop_at_the_start(struct fake_scenario *fake, enum acr_run_event event)
{
    if (event == ACR_RUN_TEST_START && fake_scenario_events(fake, ACR_RUN_TEST_START) == 1)
        acr_load_request_stop(fake->scenario.load);
}

static void test_a_stop_before_the_first_user_starts_none(void **state)
{
    struct bench *bench = *state;
    bench->fake.on_event = stop_at_the_start;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_int_equal(fake_scenario_started(&bench->fake), 0);
    assert_int_equal(bench->fake.status.state, ACR_RUN_STOPPED);
}

static void ask_at_the_start(struct fake_scenario *fake, enum acr_run_event event)
{
    if (event == ACR_RUN_TEST_START)
        acr_load_request_start(fake->scenario.load, 7, 1000, false);
}

static void test_a_start_before_the_first_user_says_how_many(void **state)
{
    struct bench *bench = *state;
    bench->fake.on_event = ask_at_the_start;
    bench->options.run_time = SECOND;
    assert_int_equal(hold(bench, drive_to_end), 0);
    assert_int_equal(fake_scenario_started(&bench->fake), 7);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_SPAWNING_COMPLETE), 1);
}

static void drive_signal_after_stop(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    fake->stop_time = SECOND;
    acr_load_request_stop(bench->load);
    advance(bench, 500 * MILLI);
    request(bench, 5, 10);
    acr_control_signal(bench->control, SIGINT);
    settle(bench);
    assert_int_equal(times_printed(bench, "Got SIGINT: stopping"), 1);
    advance(bench, 600 * MILLI);
    assert_true(acr_load_finished(bench->load));
}

static void test_a_signal_while_a_script_stops_its_users_ends_the_run(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(hold(bench, drive_signal_after_stop), 0);
    assert_int_equal(fake_scenario_started(&bench->fake), 3);
    assert_int_equal(fake_scenario_events(&bench->fake, ACR_RUN_TEST_STOP), 1);
}

static void drive_signal_when_stopped(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    acr_load_request_stop(bench->load);
    advance(bench, 100 * MILLI);
    acr_control_signal(bench->control, SIGTERM);
    settle(bench);
    assert_true(acr_load_finished(bench->load));
}

static void test_a_signal_between_two_tests_ends_the_run_at_once(void **state)
{
    hold(*state, drive_signal_when_stopped);
}

static void drive_hanging_stop(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 4 * SECOND);
    fake->users_stay = true;
    acr_load_request_stop(bench->load);
    request(bench, 5, 10);
    advance_to_end(bench);
}

static void test_users_that_do_not_end_by_a_scripts_stop_end_the_run_by_the_stop_timeout(void **state)
{
    struct bench *bench = *state;
    bench->options.stop_timeout = 2 * SECOND;
    assert_int_equal(hold(bench, drive_hanging_stop), 0);
    assert_printed(bench, "Not all users ended within 2 s", "Shutting down");
}

/* ---- exit codes and --reset-stats */

static void drive_reset(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, 3500 * MILLI);
    request(bench, 5, 100);
    advance(bench, 500 * MILLI);
    assert_int_equal(times_printed(bench, "Resetting stats"), 1);
    acr_load_request_stop(bench->load);
    request(bench, 2, 100);
    advance(bench, 500 * MILLI);
    assert_int_equal(times_printed(bench, "Resetting stats"), 2);
    end(bench);
}

static void test_reset_stats_empties_them_once_in_each_test(void **state)
{
    struct bench *bench = *state;
    bench->options.reset_stats = true;
    hold(bench, drive_reset);
}

static void drive_one_second(struct fake_scenario *fake)
{
    struct bench *bench = bench_of(fake);
    advance(bench, SECOND);
    end(bench);
}

static void test_the_exit_code_of_failed_requests_can_be_chosen(void **state)
{
    struct bench *bench = *state;
    bench->fake.requests_fail = true;
    bench->fake.scenario.faulty = true;
    bench->options.error_exit_code = 5;
    assert_int_equal(hold(bench, drive_one_second), 5);
}

static void test_what_counts_like_a_failed_request_gives_its_exit_code(void **state)
{
    struct bench *bench = *state;
    bench->fake.scenario.erred = true;
    assert_int_equal(hold(bench, drive_one_second), 1);
}

static void test_a_faulty_script_gives_exit_code_2(void **state)
{
    struct bench *bench = *state;
    bench->fake.scenario.faulty = true;
    assert_int_equal(hold(bench, drive_one_second), 2);
}
