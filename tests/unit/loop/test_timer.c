/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdlib.h>

#include "base/random.h"
#include "base/time.h"
#include "loop/internal.h"
#include "loop/loop.h"
#include "loop/timer.h"

#define START (123 * ACR_NANOS_PER_SECOND + 456789)

static struct acr_clock_fake fake;
static struct acr_loop *loop;

static int setup(void **state)
{
    (void)state;
    acr_clock_fake_init(&fake, START, 0);
    return acr_loop_open(&fake.clock, &loop, NULL);
}

static int teardown(void **state)
{
    (void)state;
    acr_loop_close(loop);
    return 0;
}

/* A timer that notes when and as which it fired. */
struct probe {
    struct acr_timer timer;
    int fired;
    int order;
    acr_nanos fired_at;
    struct acr_timer *disarms;
    acr_nanos arms_again; /* 0: not */
};

static int order_count;

static void on_probe(struct acr_timer *timer)
{
    struct probe *probe = ACR_CONTAINER_OF(timer, struct probe, timer);
    assert_true(acr_loop_in_turn(loop));
    assert_false(acr_timer_armed(timer));
    probe->fired++;
    probe->order = order_count++;
    probe->fired_at = acr_loop_now(loop);
    if (probe->disarms != NULL)
        acr_timer_disarm(probe->disarms);
    if (probe->arms_again != 0)
        acr_timer_arm(timer, probe->arms_again);
}

static void probe_init(struct probe *probe)
{
    *probe = (struct probe){0};
    acr_timer_init(&probe->timer, loop, on_probe);
}

static void turn_at(acr_nanos now)
{
    fake.monotonic_now = now;
    assert_int_equal(acr_loop_turn(loop, 0), 0);
}

static void test_a_timer_is_never_early_and_less_than_a_tick_late(void **state)
{
    (void)state;
    for (acr_nanos delay = 1; delay < 200 * ACR_NANOS_PER_MILLI; delay = delay * 3 / 2 + 1) {
        struct probe probe;
        probe_init(&probe);
        acr_nanos deadline = acr_loop_now(loop) + delay;
        acr_timer_arm(&probe.timer, deadline);
        assert_true(acr_timer_armed(&probe.timer));
        turn_at(deadline - 1);
        assert_int_equal(probe.fired, 0);
        turn_at(deadline + ACR_NANOS_PER_MILLI - 1);
        assert_int_equal(probe.fired, 1);
    }
}

static void test_a_deadline_in_the_past_fires_in_the_next_turn(void **state)
{
    (void)state;
    static const acr_nanos deadlines[] = {-5, 0, 1, START - ACR_NANOS_PER_SECOND, START - 1, START};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(deadlines); i++) {
        struct probe probe;
        probe_init(&probe);
        acr_timer_arm(&probe.timer, deadlines[i]);
        assert_true(acr_timer_armed(&probe.timer));
        assert_int_equal(probe.fired, 0);
        turn_at(START);
        assert_int_equal(probe.fired, 1);
    }
}

static void test_arming_again_moves_and_never_disarms(void **state)
{
    (void)state;
    struct probe probe;
    probe_init(&probe);
    acr_timer_arm(&probe.timer, START + ACR_NANOS_PER_SECOND);
    acr_timer_arm(&probe.timer, START + 3 * ACR_NANOS_PER_SECOND);
    turn_at(START + 2 * ACR_NANOS_PER_SECOND);
    assert_int_equal(probe.fired, 0);
    acr_timer_arm(&probe.timer, ACR_NEVER);
    assert_false(acr_timer_armed(&probe.timer));
    turn_at(START + 10 * ACR_NANOS_PER_SECOND);
    assert_int_equal(probe.fired, 0);
    acr_timer_disarm(&probe.timer);
}

static void test_ticks_fire_in_order_when_the_clock_jumps(void **state)
{
    (void)state;
    struct probe probes[5];
    static const acr_nanos delays_ms[5] = {70, 3, 5000, 4, 3600 * 1000};
    static const int expected[5] = {2, 0, 3, 1, 4};
    order_count = 0;
    for (int i = 0; i < 5; i++) {
        probe_init(&probes[i]);
        acr_timer_arm(&probes[i].timer, START + delays_ms[i] * ACR_NANOS_PER_MILLI);
    }
    turn_at(START + 2 * 3600 * ACR_NANOS_PER_SECOND);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(probes[i].fired, 1);
        assert_int_equal(probes[i].order, expected[i]);
    }
}

static void test_a_timer_armed_in_its_own_callback_fires_in_a_later_turn(void **state)
{
    (void)state;
    struct probe probe;
    probe_init(&probe);
    probe.arms_again = START; /* always in the past */
    acr_timer_arm(&probe.timer, START);
    for (int turns = 1; turns <= 3; turns++) {
        turn_at(START);
        assert_int_equal(probe.fired, turns);
    }
    acr_timer_disarm(&probe.timer);
    turn_at(START);
    assert_int_equal(probe.fired, 3);
}

static void test_a_callback_can_disarm_another_of_its_slot(void **state)
{
    (void)state;
    struct probe probes[2];
    for (int i = 0; i < 2; i++) {
        probe_init(&probes[i]);
        acr_timer_arm(&probes[i].timer, START + ACR_NANOS_PER_SECOND);
    }
    probes[0].disarms = &probes[1].timer;
    probes[1].disarms = &probes[0].timer;
    turn_at(START + 2 * ACR_NANOS_PER_SECOND);
    assert_int_equal(probes[0].fired + probes[1].fired, 1);
    assert_false(acr_timer_armed(&probes[0].timer));
    assert_false(acr_timer_armed(&probes[1].timer));
}

static void test_deadlines_up_to_the_end_of_time_wait_their_time(void **state)
{
    (void)state;
    struct probe far, furthest;
    probe_init(&far);
    probe_init(&furthest);
    acr_nanos century = 100 * INT64_C(365) * 86400 * ACR_NANOS_PER_SECOND;
    acr_timer_arm(&far.timer, START + century);
    acr_timer_arm(&furthest.timer, ACR_NEVER - 1);
    turn_at(START + century - 1);
    assert_int_equal(far.fired, 0);
    turn_at(START + century + ACR_NANOS_PER_MILLI);
    assert_int_equal(far.fired, 1);
    turn_at(ACR_NEVER - 2);
    assert_int_equal(furthest.fired, 0);
    acr_timer_disarm(&furthest.timer);
}

/* Every level, every way to go on: the wheel against a plain comparison. */
static void test_many_timers_fire_when_a_plain_list_says(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct probe *probes = calloc(COUNT, sizeof *probes);
    struct acr_random random;
    acr_random_init(&random, 7);
    for (int i = 0; i < COUNT; i++)
        probe_init(&probes[i]);
    acr_nanos now = START;
    for (int round = 0; round < 400; round++) {
        for (int i = 0; i < 20; i++) {
            struct probe *probe = &probes[acr_random_below(&random, COUNT)];
            if (acr_random_below(&random, 4) == 0)
                acr_timer_disarm(&probe->timer);
            else
                acr_timer_arm(&probe->timer, now + (acr_nanos)(acr_random_u64(&random) >> (20 + round % 40)));
        }
        now += (acr_nanos)(acr_random_u64(&random) >> (24 + acr_random_below(&random, 40)));
        for (int i = 0; i < COUNT; i++)
            probes[i].fired = 0;
        bool armed[COUNT];
        for (int i = 0; i < COUNT; i++)
            armed[i] = acr_timer_armed(&probes[i].timer);
        turn_at(now);
        for (int i = 0; i < COUNT; i++) {
            acr_nanos deadline = probes[i].timer.deadline;
            bool early = deadline > now;
            bool due = deadline <= now - ACR_NANOS_PER_MILLI;
            assert_false(probes[i].fired && (early || !armed[i]));
            assert_true(!armed[i] || !due || probes[i].fired == 1);
            assert_true(!armed[i] || probes[i].fired == !acr_timer_armed(&probes[i].timer));
        }
    }
    for (int i = 0; i < COUNT; i++)
        acr_timer_disarm(&probes[i].timer);
    free(probes);
}

/* Waits for real, a few milliseconds. */
static void check_that_a_turn_waits(bool without_pwait2)
{
    acr_loop_close(loop);
    assert_int_equal(acr_loop_open(acr_clock_system(), &loop, NULL), 0);
    loop->no_pwait2 = without_pwait2;
    struct probe probe;
    probe_init(&probe);
    acr_nanos deadline = acr_loop_refresh_now(loop) + 3 * ACR_NANOS_PER_MILLI;
    acr_timer_arm(&probe.timer, deadline);
    assert_int_equal(acr_loop_turn(loop, ACR_NANOS_PER_MILLI), 0);
    assert_true(acr_loop_now(loop) >= deadline || probe.fired == 0);
    int turns = 0;
    for (; probe.fired == 0; turns++)
        assert_int_equal(acr_loop_turn(loop, ACR_NEVER), 0);
    assert_true(probe.fired_at >= deadline);
    assert_true(turns <= 2); /* it did not spin; one turn more when the deadline is beyond the ring's unit */
}

static void test_a_turn_waits_for_the_next_deadline(void **state)
{
    (void)state;
    check_that_a_turn_waits(false);
}

static void test_a_kernel_that_waits_in_milliseconds_does_not_make_the_loop_spin(void **state)
{
    (void)state;
    check_that_a_turn_waits(true);
}
