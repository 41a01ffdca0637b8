/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <math.h>
#include <string.h>

#include "user/wait.h"

#define MILLI ACR_NANOS_PER_MILLI
#define SECOND ACR_NANOS_PER_SECOND

static acr_nanos next_wait(enum acr_wait_kind kind, double low, double high, struct acr_random *random)
{
    struct acr_wait wait = {kind, low, high};
    struct acr_wait_state state = {0};
    struct acr_error error = {0};
    assert_int_equal(acr_wait_check(&wait, &error), 0);
    acr_wait_begin(&state, 5 * SECOND);
    return acr_wait_next(&wait, &state, random, 5 * SECOND);
}

static void test_millis_are_whole_with_both_ends_and_evenly_spread(void **state)
{
    (void)state;
    struct acr_random random;
    acr_random_init(&random, 4);
    int seen[4] = {0};
    for (int i = 0; i < 40000; i++) {
        acr_nanos pause = next_wait(ACR_WAIT_MILLIS, 1000, 1003, &random);
        assert_int_equal(pause % MILLI, 0);
        assert_in_range(pause / MILLI, 1000, 1003);
        seen[pause / MILLI - 1000]++;
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(seen[i], 9500, 10500);
    assert_int_equal(next_wait(ACR_WAIT_MILLIS, 1001, 1001, &random), 1001 * MILLI);
    assert_int_equal(next_wait(ACR_WAIT_MILLIS, 0, 0, &random), 0);
}

static void test_negative_millis_are_no_wait(void **state)
{
    (void)state;
    struct acr_random random;
    acr_random_init(&random, 9);
    assert_int_equal(next_wait(ACR_WAIT_MILLIS, -20, -10, &random), 0);
    int none = 0;
    for (int i = 0; i < 10000; i++) {
        acr_nanos pause = next_wait(ACR_WAIT_MILLIS, -1, 1, &random);
        assert_in_range(pause, 0, MILLI);
        none += pause == 0;
    }
    assert_in_range(none, 6400, 6930);
}

static void test_between_covers_its_range_evenly(void **state)
{
    (void)state;
    struct acr_random random;
    acr_random_init(&random, 5);
    int quarter[4] = {0};
    for (int i = 0; i < 40000; i++) {
        acr_nanos pause = next_wait(ACR_WAIT_BETWEEN, 0.5, 2.5, &random);
        assert_true(pause >= SECOND / 2 && pause <= 5 * SECOND / 2);
        quarter[(pause - SECOND / 2) * 4 / (2 * SECOND + 1)]++;
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(quarter[i], 9500, 10500);
}

static void test_constant_is_constant(void **state)
{
    (void)state;
    struct acr_random random;
    acr_random_init(&random, 6);
    assert_int_equal(next_wait(ACR_WAIT_CONSTANT, 1.5, 0, &random), 3 * SECOND / 2);
    assert_int_equal(next_wait(ACR_WAIT_CONSTANT, 0, 0, &random), 0);
}

static void test_pacing_takes_the_time_of_the_task_off_the_wait(void **state)
{
    (void)state;
    struct acr_wait wait = {ACR_WAIT_PACING, 2, 0};
    struct acr_wait_state pace = {0};
    struct acr_random random;
    acr_random_init(&random, 7);
    acr_nanos start = 100 * SECOND;
    acr_wait_begin(&pace, start);
    assert_int_equal(acr_wait_next(&wait, &pace, &random, start + SECOND / 2), 3 * SECOND / 2);
    /* The second task starts 2 s after the first and takes 0.1 s. */
    assert_int_equal(acr_wait_next(&wait, &pace, &random, start + 2 * SECOND + SECOND / 10), SECOND * 19 / 10);
}

static void test_pacing_does_not_catch_up_after_a_slow_task(void **state)
{
    (void)state;
    struct acr_wait wait = {ACR_WAIT_PACING, 1, 0};
    struct acr_wait_state pace = {0};
    struct acr_random random;
    acr_random_init(&random, 8);
    acr_wait_begin(&pace, 0);
    assert_int_equal(acr_wait_next(&wait, &pace, &random, 5 * SECOND), 0);
    assert_int_equal(acr_wait_next(&wait, &pace, &random, 5 * SECOND + SECOND / 4), 3 * SECOND / 4);
}

static void check_refused(enum acr_wait_kind kind, double low, double high, const char *word)
{
    struct acr_wait wait = {kind, low, high};
    struct acr_error error = {0};
    assert_int_equal(acr_wait_check(&wait, &error), ACR_ERR_INVALID);
    assert_non_null(strstr(error.detail, word));
}

static void test_wrong_bounds_are_refused_with_their_reason(void **state)
{
    (void)state;
    check_refused(ACR_WAIT_MILLIS, 2000, 1000, "longer than the longest");
    check_refused(ACR_WAIT_BETWEEN, 2, 1, "longer than the longest");
    check_refused(ACR_WAIT_MILLIS, 0.5, 1, "shortest wait is not a whole number");
    check_refused(ACR_WAIT_MILLIS, 0, 1.25, "longest wait is not a whole number");
    check_refused(ACR_WAIT_MILLIS, 0, 1e17, "too long");
    check_refused(ACR_WAIT_MILLIS, -1e17, 0, "too long");
    check_refused(ACR_WAIT_BETWEEN, -1, 1, "shortest wait is negative");
    check_refused(ACR_WAIT_BETWEEN, 0, NAN, "longest wait is not a number");
    check_refused(ACR_WAIT_CONSTANT, INFINITY, 0, "infinite");
    check_refused(ACR_WAIT_PACING, -0.1, 0, "pacing wait is negative");
}

static void test_a_constant_does_not_mind_an_unused_upper_bound(void **state)
{
    (void)state;
    struct acr_wait wait = {ACR_WAIT_CONSTANT, 3, 0};
    assert_int_equal(acr_wait_check(&wait, NULL), 0);
}
