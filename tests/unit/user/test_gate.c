/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "loop/coroutine.h"
#include "loop/loop.h"
#include "user/gate.h"

#define MILLI ACR_NANOS_PER_MILLI
#define SECOND ACR_NANOS_PER_SECOND
#define USERS 20

static struct acr_clock_fake fake;
static struct acr_loop *loop;
static struct acr_coroutine_pool *pool;
static struct acr_gate gate;

/* One that goes through the gate again and again. */
struct walker {
    struct acr_coroutine *coroutine;
    struct acr_gate_place place;
    int passes, waits;
    int rounds; /* it wants to make */
    int result; /* of the last one */
};

static struct walker walkers[USERS];
static struct walker *order[1000]; /* in which they passed */
static int passed;

static int setup(void **state)
{
    (void)state;
    acr_clock_fake_init(&fake, SECOND, 0);
    passed = 0;
    for (int i = 0; i < USERS; i++)
        walkers[i] = (struct walker){.rounds = 1000};
    if (acr_loop_open(&fake.clock, &loop, NULL) < 0)
        return -1;
    acr_gate_init(&gate, loop);
    return acr_coroutine_pool_open(loop, NULL, &pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < USERS; i++)
        if (walkers[i].coroutine != NULL)
            acr_coroutine_cancel(walkers[i].coroutine);
    assert_int_equal(acr_loop_turn(loop, 0), 0);
    assert_int_equal(acr_coroutine_pool_count(pool), 0);
    acr_gate_done(&gate);
    acr_coroutine_pool_close(pool);
    acr_loop_close(loop);
    return 0;
}

static void walk(struct acr_coroutine *coroutine, void *context)
{
    struct walker *walker = context;
    bool waited;
    while (walker->passes < walker->rounds) {
        walker->result = acr_gate_pass(&gate, &walker->place, acr_coroutine_fiber(coroutine), &waited);
        walker->waits += waited;
        if (walker->result != 0)
            return;
        walker->passes++;
        order[passed++] = walker;
    }
}

static void forget(struct acr_coroutine *coroutine, void *context)
{
    (void)coroutine;
    ((struct walker *)context)->coroutine = NULL;
}

static void start(int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(acr_coroutine_start(pool, walk, forget, &walkers[i], &walkers[i].coroutine), 0);
}

static void open_gate(double rate)
{
    acr_gate_begin(&gate, &(struct acr_limits){.ceiling = rate});
}

/* Lets time pass in steps of one millisecond. */
static void run(acr_nanos span)
{
    for (acr_nanos end = fake.monotonic_now + span; fake.monotonic_now < end; fake.monotonic_now += MILLI)
        for (int i = 0; i < 3; i++)
            assert_int_equal(acr_loop_turn(loop, 0), 0);
}

static void test_all_pass_at_the_rate_and_in_turn(void **state)
{
    (void)state;
    open_gate(100);
    start(USERS);
    run(5 * SECOND);
    assert_in_range(passed, 499, 501);
    /* The first one found a slot, and was back before the others came. */
    assert_ptr_equal(order[0], &walkers[0]);
    for (int i = 1; i < passed; i++)
        assert_ptr_equal(order[i], &walkers[(i - 1) % USERS]);
}

static void test_no_slot_is_lost_to_a_late_loop(void **state)
{
    (void)state;
    open_gate(100);
    start(USERS);
    for (int i = 0; i < 125; i++) {
        fake.monotonic_now += 40 * MILLI;
        for (int turn = 0; turn < 3; turn++)
            assert_int_equal(acr_loop_turn(loop, 0), 0);
    }
    assert_in_range(passed, 499, 501);
}

static void test_slots_of_a_long_stall_are_gone(void **state)
{
    (void)state;
    open_gate(100);
    start(USERS);
    run(SECOND);
    int before = passed;
    fake.monotonic_now += 10 * SECOND;
    run(10 * MILLI);
    assert_in_range(passed - before, 5, 8);
    run(SECOND);
    assert_in_range(passed - before, 104, 109);
}

static void test_one_that_finds_a_slot_does_not_wait(void **state)
{
    (void)state;
    open_gate(10);
    walkers[0].rounds = 1;
    start(1);
    run(MILLI);
    assert_int_equal(walkers[0].passes, 1);
    assert_int_equal(walkers[0].waits, 0);
}

static void test_one_that_is_cancelled_leaves_its_slot_to_the_next(void **state)
{
    (void)state;
    open_gate(10);
    start(USERS);
    run(50 * MILLI); /* the first one has passed and stands there again */
    assert_int_equal(passed, 1);
    for (int i = 1; i < USERS - 1; i++)
        acr_coroutine_cancel(walkers[i].coroutine);
    run(200 * MILLI);
    assert_int_equal(walkers[1].result, ACR_ERR_CANCELLED);
    assert_null(walkers[1].coroutine);
    assert_int_equal(passed, 3);
    assert_ptr_equal(order[1], &walkers[0]);
    assert_ptr_equal(order[2], &walkers[USERS - 1]);
}

static void test_the_last_one_may_be_cancelled_and_others_come_later(void **state)
{
    (void)state;
    open_gate(10);
    walkers[1].rounds = 3;
    start(2);
    run(10 * MILLI);
    acr_coroutine_cancel(walkers[0].coroutine);
    acr_coroutine_cancel(walkers[1].coroutine);
    run(SECOND);
    assert_int_equal(passed, 1);
    walkers[1].passes = 0;
    assert_int_equal(acr_coroutine_start(pool, walk, forget, &walkers[1], &walkers[1].coroutine), 0);
    run(SECOND);
    assert_int_equal(walkers[1].passes, 3);
}

static void test_a_new_test_begins_with_its_own_limits(void **state)
{
    (void)state;
    open_gate(10);
    start(2);
    run(SECOND);
    assert_in_range(passed, 9, 11);
    open_gate(1000);
    int before = passed;
    run(SECOND / 10);
    assert_in_range(passed - before, 98, 102);
}
