/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "cli/increase.h"

static void check(const char *text, double step, acr_nanos seconds)
{
    double found = -7;
    acr_nanos period = 77;
    if (acr_increase_parse(text, &found, &period) != 0 || found != step || period != seconds * ACR_NANOS_PER_SECOND)
        fail_msg("'%s' was read as %g per %lld ns", text, found, (long long)period);
}

static void check_refused(const char *text, int code)
{
    double step = -7;
    acr_nanos period = 77;
    if (acr_increase_parse(text, &step, &period) != code)
        fail_msg("'%s' was read as %g per %lld ns", text, step, (long long)period);
    assert_true(step == -7 && period == 77);
}

static void test_a_number_is_per_second_or_per_the_time_behind_it(void **state)
{
    (void)state;
    check("10", 10, 1);
    check("10/1s", 10, 1);
    check("10/1m", 10, 60);
    check("0.5/1h30m", 0.5, 5400);
    check("1e3/20", 1000, 20);
    check("1000000000", 1e9, 1);
    check("0.000001", 1e-6, 1);
}

static void test_minus_one_is_no_increase(void **state)
{
    (void)state;
    check("-1", 0, 1);
    check("-1.0", 0, 1);
}

static void test_anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "fast", "0",     "-2",      "-1/1m", "10/",   "/1m",
                                        "10/m", "10/0", "10/0s", "10/1m/2", "nan",   "10/-1", "10 per s"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(texts); i++)
        check_refused(texts[i], ACR_ERR_INVALID);
}

static void test_numbers_that_cannot_be_meant_are_refused(void **state)
{
    (void)state;
    check_refused("inf", ACR_ERR_LIMIT);
    check_refused("1e10", ACR_ERR_LIMIT);
    check_refused("1e-7/1s", ACR_ERR_LIMIT);
    check_refused("10/99999999999h", ACR_ERR_LIMIT);
}
