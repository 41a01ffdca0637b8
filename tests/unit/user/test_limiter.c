/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "user/limiter.h"

#define MILLI ACR_NANOS_PER_MILLI
#define SECOND ACR_NANOS_PER_SECOND
/* When tests begin. */
#define BEGIN (7 * SECOND)

static struct acr_limiter begin(double ceiling, double step, acr_nanos period)
{
    struct acr_limiter limiter;
    struct acr_limits limits = {ceiling, step, period};
    assert_true(acr_limits_any(&limits));
    acr_limiter_begin(&limiter, &limits, BEGIN);
    return limiter;
}

/* Times are computed, so they may be off by a nanosecond or two. */
static void check_time(acr_nanos time, double seconds)
{
    acr_nanos wanted = BEGIN + (acr_nanos)(seconds * 1e9 + 0.5);
    if (time < wanted - 2 || time > wanted + 2)
        fail_msg("%lld instead of %lld", (long long)time, (long long)wanted);
}

/* Slots that someone takes who always waits, from `now` up to `end`, both since the begin. */
static int count_until(struct acr_limiter *limiter, acr_nanos now, acr_nanos end)
{
    int count = 0;
    acr_nanos time;
    while ((time = acr_limiter_next(limiter, BEGIN + now)) < BEGIN + end) {
        now = time > BEGIN + now ? time - BEGIN : now;
        assert_int_equal(acr_limiter_take(limiter, BEGIN + now), time);
        count++;
    }
    return count;
}

static void test_nothing_is_limited_without_a_rate(void **state)
{
    (void)state;
    assert_false(acr_limits_any(&(struct acr_limits){.period = SECOND}));
}

static void test_slots_are_evenly_spaced_and_do_not_drift(void **state)
{
    (void)state;
    static const double rates[] = {500, 3, 0.4, 70000, 1.0 / 7};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(rates); i++) {
        struct acr_limiter limiter = begin(rates[i], 0, 0);
        for (int slot = 0; slot < 100000; slot++) {
            acr_nanos now = acr_limiter_next(&limiter, BEGIN);
            check_time(now, slot / rates[i]);
            assert_int_equal(acr_limiter_take(&limiter, now), now);
        }
    }
}

static void test_slots_may_be_taken_ahead(void **state)
{
    (void)state;
    struct acr_limiter limiter = begin(10, 0, 0);
    for (int slot = 0; slot < 50; slot++)
        check_time(acr_limiter_take(&limiter, BEGIN), slot / 10.0);
    check_time(acr_limiter_next(&limiter, BEGIN), 5);
}

static void test_looking_takes_nothing(void **state)
{
    (void)state;
    struct acr_limiter limiter = begin(10, 0, 0);
    for (int i = 0; i < 5; i++)
        check_time(acr_limiter_next(&limiter, BEGIN + SECOND), 0.95);
}

static void test_idle_time_gives_no_burst(void **state)
{
    (void)state;
    struct acr_limiter limiter = begin(500, 0, 0);
    assert_int_equal(count_until(&limiter, 0, SECOND), 500);
    /* Nobody comes for an hour; then there are the slots of the last 50 ms and no others. */
    acr_nanos now = 3600 * SECOND;
    assert_in_range(count_until(&limiter, now, now + 1), 25, 27);
    assert_in_range(count_until(&limiter, now + 1, now + SECOND), 499, 500);
}

static void test_who_comes_a_little_late_each_time_still_reaches_the_ceiling(void **state)
{
    (void)state;
    struct acr_limiter limiter = begin(1000, 0, 0);
    acr_nanos now = BEGIN;
    int taken = 0;
    for (; now < BEGIN + 10 * SECOND; taken++) {
        acr_nanos time = acr_limiter_take(&limiter, now);
        now = (time > now ? time : now) + MILLI * (taken % 10 == 0 ? 8 : 0); /* every tenth is slow */
    }
    assert_in_range(taken, 9990, 10050);
}

static void test_the_ceiling_rises_by_steps(void **state)
{
    (void)state;
    struct acr_limiter limiter = begin(0, 10, SECOND);
    for (int second = 0; second < 200; second++)
        assert_int_equal(count_until(&limiter, second * SECOND, (second + 1) * SECOND), 10 * (second + 1));
}

static void test_each_step_is_evenly_spaced(void **state)
{
    (void)state;
    struct acr_limiter limiter = begin(0, 10, 60 * SECOND);
    for (int slot = 0; slot < 600; slot++)
        check_time(acr_limiter_take(&limiter, BEGIN), slot / 10.0);
    for (int slot = 0; slot < 1200; slot++)
        check_time(acr_limiter_take(&limiter, BEGIN), 60 + slot / 20.0);
}

static void test_the_ceiling_ends_the_rise(void **state)
{
    (void)state;
    struct acr_limiter limiter = begin(35, 10, 2 * SECOND);
    static const int per_step[] = {20, 40, 60, 70, 70, 70};
    for (int step = 0; step < 6; step++)
        assert_int_equal(count_until(&limiter, 2 * step * SECOND, 2 * (step + 1) * SECOND), per_step[step]);
}

static void test_a_ceiling_below_the_first_step_holds_from_the_begin(void **state)
{
    (void)state;
    struct acr_limiter limiter = begin(5, 10, SECOND);
    for (int slot = 0; slot < 1000; slot++)
        check_time(acr_limiter_take(&limiter, BEGIN), slot / 5.0);
}

static void test_a_step_that_ends_between_two_slots_hands_its_part_on(void **state)
{
    (void)state;
    /* 0.75, 1.5, 2.25 ... per second: the second slot is a third into the second step's first slot. */
    struct acr_limiter limiter = begin(0, 0.75, SECOND);
    static const double times[] = {0, 1 + 0.25 / 1.5, 1 + 1.25 / 1.5, 2 + 0.75 / 2.25, 2 + 1.75 / 2.25};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(times); i++)
        check_time(acr_limiter_take(&limiter, BEGIN), times[i]);
}

static void test_idle_time_gives_no_burst_while_the_ceiling_rises(void **state)
{
    (void)state;
    struct acr_limiter limiter = begin(0, 100, SECOND);
    assert_in_range(count_until(&limiter, 9 * SECOND + SECOND / 2, 10 * SECOND), 545, 552);
}

static void test_extreme_rates_keep_their_order(void **state)
{
    (void)state;
    static const struct acr_limits extremes[] = {{ACR_LIMITS_RATE_MAX, 0, 0},
                                                 {ACR_LIMITS_RATE_MIN, 0, 0},
                                                 {0, ACR_LIMITS_RATE_MIN, SECOND},
                                                 {ACR_LIMITS_RATE_MAX, ACR_LIMITS_RATE_MIN, 3600 * SECOND},
                                                 {ACR_LIMITS_RATE_MIN, ACR_LIMITS_RATE_MAX, SECOND}};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(extremes); i++) {
        struct acr_limiter limiter = begin(extremes[i].ceiling, extremes[i].step, extremes[i].period);
        acr_nanos last = acr_limiter_take(&limiter, BEGIN);
        assert_int_equal(last, BEGIN);
        for (int slot = 0; slot < 1000; slot++) {
            acr_nanos next = acr_limiter_take(&limiter, BEGIN);
            assert_true(next >= last);
            last = next;
        }
        assert_true(acr_limiter_next(&limiter, BEGIN + (acr_nanos)4e18) > BEGIN);
    }
}
