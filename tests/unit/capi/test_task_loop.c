/* SPDX-License-Identifier: MIT */
/* A user's tasks on a coroutine, with the test's clock. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "capi/internal.h"
#include "run/internal.h"

#define SECOND ACR_NANOS_PER_SECOND

static struct acr_clock_fake fake;
static struct acr_engine engine;
static struct acr_capi capi;
static struct acr_capi_class class;
static struct acr_load *load;
static int log_file;
static char trace[4096]; /* a letter for each thing that happened */
static size_t traced;

static int setup(void **state)
{
    (void)state;
    log_file = memfd_create("log", MFD_CLOEXEC);
    acr_log_set_fd(log_file);
    acr_clock_fake_init(&fake, 1000 * SECOND, 0);
    engine = (struct acr_engine){.clock = &fake.clock};
    class = (struct acr_capi_class){0};
    capi = (struct acr_capi){.scenario.engine = &engine, .classes = &class, .seed = 1};
    memset(trace, 0, sizeof trace);
    traced = 0;
    if (acr_loop_open(&fake.clock, &engine.loop, NULL) < 0 || acr_load_open(&capi.scenario, &load, NULL) < 0)
        return -1;
    return acr_coroutine_pool_open(engine.loop, NULL, &capi.pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(acr_coroutine_pool_count(capi.pool), 0);
    acr_coroutine_pool_close(capi.pool);
    acr_load_close(load);
    acr_loop_close(engine.loop);
    acr_free(capi.users);
    acr_log_set_fd(STDERR_FILENO);
    close(log_file);
    return 0;
}

static void note(char letter)
{
    if (traced + 1 < sizeof trace)
        trace[traced++] = letter;
}

static void turn(void)
{
    assert_int_equal(acr_loop_turn(engine.loop, 0), 0);
}

/* Time goes on in steps of a millisecond. */
static void advance(double seconds)
{
    for (acr_nanos left = acr_nanos_from_seconds(seconds); left > 0; left -= ACR_NANOS_PER_MILLI) {
        turn();
        fake.monotonic_now += ACR_NANOS_PER_MILLI;
    }
    turn();
}

static void start(const acr_user_definition *definition)
{
    class.definition = definition;
    acr_capi_user_start(&capi, 0, 0);
}

/* Told to end, it does. */
static void stop(void)
{
    acr_capi_user_stop(capi.users[0]);
    for (int i = 0; i < 3 && capi.users[0] != NULL; i++)
        turn();
    assert_null(capi.users[0]);
}

static size_t count_of(char letter)
{
    size_t count = 0;
    for (size_t i = 0; i < traced; i++)
        count += trace[i] == letter;
    return count;
}

/* ---- what users do */

#define NOTES(name, letter)          \
    static void name(acr_user *user) \
    {                                \
        (void)user;                  \
        note(letter);                \
    }
NOTES(task_a, 'a')
NOTES(task_b, 'b')
NOTES(task_c, 'c')
NOTES(enter, '(')
NOTES(leave, ')')
NOTES(begin, '<')
NOTES(end, '>')

static void interrupt_late(acr_user *user)
{
    note('i');
    acr_interrupt(user, false);
}

static void interrupt_at_once(acr_user *user)
{
    note('i');
    acr_interrupt(user, true);
}

static void stop_user(acr_user *user)
{
    note('s');
    acr_stop_user(user);
}

static void sleep_long(acr_user *user)
{
    note('z');
    note(acr_sleep(user, 3600) ? '+' : '-');
}

static void sleep_in_stop(acr_user *user)
{
    note(acr_sleep(user, 0.5) ? '>' : '!');
}

/* ---- which task is next */

static void test_tasks_come_as_often_as_they_weigh(void **state)
{
    (void)state;
    static const acr_user_definition definition = {
        .name = "chooser",
        .wait = acr_constant(0.001),
        .tasks = {ACR_TASK(task_a, .weight = 6), ACR_TASK(task_b, .weight = 3), ACR_TASK(task_c)}};
    start(&definition);
    advance(3);
    stop();
    assert_in_range(traced, 2990, 3002);
    assert_in_range(count_of('a'), traced * 6 / 10 - 90, traced * 6 / 10 + 90);
    assert_in_range(count_of('b'), traced * 3 / 10 - 90, traced * 3 / 10 + 90);
    assert_in_range(count_of('c'), traced / 10 - 60, traced / 10 + 60);
}

static void test_the_same_seed_makes_the_same_choices(void **state)
{
    (void)state;
    static const acr_user_definition definition = {
        .name = "chooser", .wait = acr_constant(0.001), .tasks = {ACR_TASK(task_a), ACR_TASK(task_b)}};
    char first[sizeof trace];
    for (int i = 0; i < 3; i++) {
        capi.seed = i == 2 ? 99 : 7;
        traced = 0;
        memset(trace, 0, sizeof trace);
        start(&definition);
        advance(0.1);
        stop();
        if (i == 0)
            memcpy(first, trace, sizeof trace);
        assert_int_equal(strcmp(first, trace) == 0, i < 2);
    }
}

static void test_a_sequence_repeats_its_tasks_by_weight_and_begins_again(void **state)
{
    (void)state;
    static const acr_user_definition definition = {
        .name = "walker",
        .wait = acr_constant(1),
        .tasks = {ACR_TASK(task_a), ACR_TASK(task_b, .weight = 3), ACR_TASK(task_c)},
        .sequence = true};
    start(&definition);
    advance(11.5);
    stop();
    assert_string_equal(trace, "abbbcabbbcab");
}

/* ---- sets */

static void test_a_set_runs_until_it_is_interrupted_and_is_entered_anew(void **state)
{
    (void)state;
    static const acr_task_set set = {.tasks = {ACR_TASK(task_a), ACR_TASK(interrupt_at_once)},
                                     .sequence = true,
                                     .on_start = enter,
                                     .on_stop = leave};
    static const acr_user_definition definition = {.name = "visitor",
                                                   .wait = acr_constant(1),
                                                   .tasks = {ACR_SUBSET(set), ACR_TASK(task_b)},
                                                   .sequence = true,
                                                   .on_start = begin,
                                                   .on_stop = end};
    start(&definition);
    advance(4.5);
    stop();
    assert_string_equal(trace, "<(ai)b(ai)b(a)>"); /* waits after a and b, none after the interrupt */
}

static void test_after_a_late_interrupt_the_outer_wait_comes(void **state)
{
    (void)state;
    static const acr_task_set set = {.tasks = {ACR_TASK(interrupt_late)}, .wait = acr_constant(100)};
    static const acr_user_definition definition = {
        .name = "visitor", .wait = acr_constant(1), .tasks = {ACR_SUBSET(set), ACR_TASK(task_b)}, .sequence = true};
    start(&definition);
    advance(0.5);
    assert_string_equal(trace, "i");
    advance(1);
    assert_string_equal(trace, "ib");
    stop();
}

static void test_a_set_has_its_own_wait_or_that_of_the_user(void **state)
{
    (void)state;
    static const acr_task_set slow = {.tasks = {ACR_TASK(task_a)}, .wait = acr_constant(2)};
    static const acr_task_set plain = {.tasks = {ACR_TASK(task_b)}};
    static const acr_user_definition with_own = {
        .name = "visitor", .wait = acr_constant(1), .tasks = {ACR_SUBSET(slow)}};
    static const acr_user_definition without = {
        .name = "visitor", .wait = acr_constant(1), .tasks = {ACR_SUBSET(plain)}};
    start(&with_own);
    advance(4.5);
    stop();
    assert_string_equal(trace, "aaa");
    start(&without);
    advance(4.5);
    stop();
    assert_string_equal(trace, "aaabbbbb");
}

static void test_the_end_leaves_all_sets_from_within(void **state)
{
    (void)state;
    static const acr_task_set inner = {
        .tasks = {ACR_TASK(task_a), ACR_TASK(stop_user)}, .sequence = true, .on_start = enter, .on_stop = leave};
    static const acr_task_set outer = {.tasks = {ACR_SUBSET(inner)}, .on_start = enter, .on_stop = leave};
    static const acr_user_definition definition = {
        .name = "visitor", .tasks = {ACR_SUBSET(outer)}, .on_start = begin, .on_stop = end};
    start(&definition);
    for (int i = 0; i < 5; i++)
        turn();
    assert_null(capi.users[0]);
    assert_string_equal(trace, "<((as))>");
}

static void test_interrupting_the_tasks_of_the_user_ends_it(void **state)
{
    (void)state;
    static const acr_user_definition definition = {
        .name = "visitor", .tasks = {ACR_TASK(interrupt_late)}, .on_start = begin, .on_stop = end};
    start(&definition);
    for (int i = 0; i < 5; i++)
        turn();
    assert_null(capi.users[0]);
    assert_string_equal(trace, "<i>");
}

/* ---- waits and ends */

static void test_a_task_that_never_waits_lets_others_run(void **state)
{
    (void)state;
    static const acr_user_definition definition = {.name = "hasty", .tasks = {ACR_TASK(task_a)}};
    start(&definition);
    for (size_t i = 0; i < 10; i++)
        turn();
    assert_in_range(traced, 5, 10); /* one in each turn, not all the time in the first */
    stop();
}

static void test_pacing_counts_from_the_beginning_of_the_task(void **state)
{
    (void)state;
    static const acr_user_definition definition = {
        .name = "pacer", .wait = acr_constant_pacing(1), .tasks = {ACR_TASK(task_a)}};
    start(&definition);
    advance(3.5);
    stop();
    assert_string_equal(trace, "aaaa");
}

static double half_a_second(acr_user *user)
{
    assert_int_equal(acr_user_number(user), 1);
    return 0.5;
}

static void test_a_function_may_say_how_long_to_wait(void **state)
{
    (void)state;
    static const acr_user_definition definition = {
        .name = "chooser", .wait = acr_wait_by(half_a_second), .tasks = {ACR_TASK(task_a)}};
    start(&definition);
    advance(1.75);
    stop();
    assert_string_equal(trace, "aaaa");
}

static void test_a_user_told_to_end_ends_at_its_wait_and_its_stops_may_wait(void **state)
{
    (void)state;
    static const acr_task_set set = {.tasks = {ACR_TASK(sleep_long)}, .on_stop = sleep_in_stop};
    static const acr_user_definition definition = {
        .name = "sleeper", .tasks = {ACR_SUBSET(set)}, .on_stop = sleep_in_stop};
    start(&definition);
    advance(1);
    acr_capi_user_stop(capi.users[0]);
    advance(0.4);
    assert_string_equal(trace, "z-");
    advance(0.2);
    assert_string_equal(trace, "z->");
    advance(0.5);
    assert_string_equal(trace, "z->>");
    assert_null(capi.users[0]);
}

static void sleep_for_ever(acr_user *user)
{
    for (;;) {
        acr_format(user, "%d", 1); /* what it was given goes with it */
        acr_sleep(user, 1);
    }
}

static void test_a_task_that_goes_on_is_cut_off_and_the_user_s_stop_runs(void **state)
{
    (void)state;
    static const acr_task_set set = {.tasks = {ACR_TASK(sleep_for_ever)}, .on_stop = leave};
    static const acr_user_definition definition = {.name = "stubborn", .tasks = {ACR_SUBSET(set)}, .on_stop = end};
    char text[512] = "";
    start(&definition);
    advance(1);
    stop();
    assert_string_equal(trace, ">"); /* not the set's: its stack is gone */
    assert_true(pread(log_file, text, sizeof text - 1, 0) > 0);
    assert_non_null(strstr(text, "stubborn: sleep_for_ever was cut off"));
}

static void test_a_user_that_is_ended_before_it_ran_never_runs(void **state)
{
    (void)state;
    static const acr_user_definition definition = {
        .name = "late", .tasks = {ACR_TASK(task_a)}, .on_start = begin, .on_stop = end};
    start(&definition);
    stop();
    assert_string_equal(trace, "");
}

static void test_state_is_zeroed_and_numbers_are_within_their_bounds(void **state)
{
    (void)state;
    static const acr_user_definition definition = {
        .name = "owner", .wait = acr_constant(1), .tasks = {ACR_TASK(task_a)}, .state_size = 64};
    static const char zeros[64];
    start(&definition);
    acr_user *user = capi.users[0];
    assert_memory_equal(acr_state(user), zeros, sizeof zeros);
    bool seen[3] = {false};
    for (int i = 0; i < 200; i++) {
        int64_t number = acr_random_int(user, -1, 1);
        assert_in_range(number + 1, 0, 2);
        seen[number + 1] = true;
        assert_true(acr_random_real(user) >= 0 && acr_random_real(user) < 1);
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    assert_int_equal(acr_random_int(user, 5, 4), 5);
    acr_random_int(user, INT64_MIN, INT64_MAX);
    stop();
}
