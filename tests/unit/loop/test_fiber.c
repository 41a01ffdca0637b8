/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "base/time.h"
#include "loop/loop.h"
#include "support/thread_fiber.h"

#define START ACR_NANOS_PER_SECOND
#define MILLI ACR_NANOS_PER_MILLI

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

static void turn(void)
{
    assert_int_equal(acr_loop_turn(loop, 0), 0);
}

static void turn_at(acr_nanos now)
{
    fake.monotonic_now = now;
    turn();
}

/* What the fiber is to do, step by step, and what came of it. */
#define STEPS_MAX 4
#define UNFINISHED 1 /* no error code is positive */

struct script {
    struct {
        enum { END, WAIT, WAIT_UNTIL, SLEEP_UNTIL, WAKE_SELF, CANCEL_SELF } kind;
        acr_nanos deadline;
    } steps[STEPS_MAX + 1];
    int results[STEPS_MAX];
};

static int run_step(struct acr_fiber *fiber, int kind, acr_nanos deadline)
{
    switch (kind) {
    case WAIT:
        return acr_fiber_wait(fiber);
    case WAIT_UNTIL:
        return acr_fiber_wait_until(fiber, deadline);
    case SLEEP_UNTIL:
        return acr_fiber_sleep_until(fiber, deadline);
    case WAKE_SELF:
        acr_fiber_wake(fiber);
        return 0;
    default:
        acr_fiber_cancel(fiber);
        return 0;
    }
}

static void run_script(struct thread_fiber *self)
{
    struct script *script = self->context;
    for (int i = 0; script->steps[i].kind != END; i++) {
        int rc = run_step(&self->fiber, (int)script->steps[i].kind, script->steps[i].deadline);
        script->results[i] = rc;
    }
}

/* Starts the script and runs it up to its first suspension. */
static struct thread_fiber *start(struct script *script)
{
    for (int i = 0; i < STEPS_MAX; i++)
        script->results[i] = UNFINISHED;
    struct thread_fiber *fiber = thread_fiber_new(loop, run_script, script);
    turn();
    return fiber;
}

static void finish(struct thread_fiber *fiber)
{
    assert_true(fiber->finished);
    thread_fiber_free(fiber);
}

static void test_a_wake_ends_the_wait_in_the_next_turn(void **state)
{
    (void)state;
    struct script script = {{{WAIT}}};
    struct thread_fiber *fiber = start(&script);
    turn();
    assert_int_equal(script.results[0], UNFINISHED);
    acr_fiber_wake(&fiber->fiber);
    assert_int_equal(script.results[0], UNFINISHED);
    turn();
    assert_int_equal(script.results[0], 0);
    finish(fiber);
}

static void test_a_wake_before_the_wait_is_kept_and_several_count_as_one(void **state)
{
    (void)state;
    struct script script = {{{WAKE_SELF}, {WAKE_SELF}, {WAIT}, {WAIT}}};
    struct thread_fiber *fiber = start(&script);
    assert_int_equal(script.results[2], 0);
    turn();
    assert_int_equal(script.results[3], UNFINISHED);
    acr_fiber_wake(&fiber->fiber);
    acr_fiber_wake(&fiber->fiber);
    turn();
    assert_int_equal(script.results[3], 0);
    finish(fiber);
}

static void test_a_wait_times_out_at_its_deadline(void **state)
{
    (void)state;
    struct script script = {{{WAIT_UNTIL, START + 5 * MILLI}, {WAIT_UNTIL, START}}};
    struct thread_fiber *fiber = start(&script);
    turn_at(START + 5 * MILLI - 1);
    assert_int_equal(script.results[0], UNFINISHED);
    turn_at(START + 5 * MILLI);
    assert_int_equal(script.results[0], ACR_ERR_TIMED_OUT);
    turn();
    assert_int_equal(script.results[1], ACR_ERR_TIMED_OUT);
    finish(fiber);
}

static struct acr_fiber *woken_by_timer;

static void wake_fiber(struct acr_timer *timer)
{
    (void)timer;
    acr_fiber_wake(woken_by_timer);
}

static void test_a_wake_wins_over_a_timeout_of_the_same_turn(void **state)
{
    (void)state;
    struct script script = {{{WAIT_UNTIL, START + 5 * MILLI}, {WAIT_UNTIL, START + 50 * MILLI}}};
    struct thread_fiber *fiber = start(&script);
    struct acr_timer later;
    woken_by_timer = &fiber->fiber;
    acr_timer_init(&later, loop, wake_fiber);
    acr_timer_arm(&later, START + 7 * MILLI);
    turn_at(START + 10 * MILLI);
    assert_int_equal(script.results[0], 0);
    turn_at(START + 50 * MILLI);
    assert_int_equal(script.results[1], ACR_ERR_TIMED_OUT);
    finish(fiber);
}

static void test_a_sleep_keeps_a_wake_for_the_next_wait(void **state)
{
    (void)state;
    struct script script = {{{SLEEP_UNTIL, START + 5 * MILLI}, {WAIT}, {WAIT}}};
    struct thread_fiber *fiber = start(&script);
    acr_fiber_wake(&fiber->fiber);
    turn_at(START + 4 * MILLI);
    assert_int_equal(script.results[0], UNFINISHED);
    turn_at(START + 5 * MILLI);
    assert_int_equal(script.results[0], 0);
    assert_int_equal(script.results[1], 0);
    assert_int_equal(script.results[2], UNFINISHED);
    acr_fiber_wake(&fiber->fiber);
    turn();
    finish(fiber);
}

static int others_ran;

static void note_run(struct thread_fiber *self)
{
    (void)self;
    others_ran++;
}

static void test_a_sleep_into_the_past_lets_the_others_run_once(void **state)
{
    (void)state;
    others_ran = 0;
    struct script script = {{{SLEEP_UNTIL, 0}, {SLEEP_UNTIL, 0}}};
    struct thread_fiber *fiber = thread_fiber_new(loop, run_script, &script);
    script.results[0] = script.results[1] = UNFINISHED;
    struct thread_fiber *other = thread_fiber_new(loop, note_run, NULL);
    turn();
    assert_int_equal(others_ran, 1);
    assert_int_equal(script.results[0], UNFINISHED);
    turn();
    assert_int_equal(script.results[0], 0);
    assert_int_equal(script.results[1], UNFINISHED);
    turn();
    assert_int_equal(script.results[1], 0);
    finish(fiber);
    finish(other);
}

static void test_a_cancel_ends_a_wait_a_timed_wait_and_a_sleep(void **state)
{
    (void)state;
    static const int kinds[] = {WAIT, WAIT_UNTIL, SLEEP_UNTIL};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(kinds); i++) {
        struct script script = {{{0}, {WAIT_UNTIL, START + 5 * MILLI}}};
        script.steps[0].kind = kinds[i];
        script.steps[0].deadline = START + 10 * MILLI;
        fake.monotonic_now = START;
        acr_loop_refresh_now(loop);
        struct thread_fiber *fiber = start(&script);
        acr_fiber_cancel(&fiber->fiber);
        turn();
        assert_int_equal(script.results[0], ACR_ERR_CANCELLED);
        turn_at(START + 20 * MILLI);
        assert_int_equal(script.results[1], ACR_ERR_TIMED_OUT);
        finish(fiber);
    }
}

static void test_a_cancel_during_the_own_run_ends_the_next_wait_even_with_a_wake_pending(void **state)
{
    (void)state;
    struct script script = {{{WAKE_SELF}, {CANCEL_SELF}, {WAIT}, {WAIT}}};
    struct thread_fiber *fiber = start(&script);
    assert_int_equal(script.results[2], ACR_ERR_CANCELLED);
    assert_int_equal(script.results[3], UNFINISHED);
    acr_fiber_wake(&fiber->fiber);
    turn();
    assert_int_equal(script.results[3], 0);
    finish(fiber);
}

static void test_a_cancelled_sleep_keeps_the_wake_of_the_next_wait(void **state)
{
    (void)state;
    struct script script = {{{SLEEP_UNTIL, START + 5 * MILLI}, {WAIT}}};
    struct thread_fiber *fiber = start(&script);
    acr_fiber_wake(&fiber->fiber);
    acr_fiber_cancel(&fiber->fiber);
    turn();
    assert_int_equal(script.results[0], ACR_ERR_CANCELLED);
    assert_int_equal(script.results[1], 0);
    finish(fiber);
}

static void test_a_cancel_between_timeout_and_resumption_wins(void **state)
{
    (void)state;
    struct script script = {{{WAIT_UNTIL, START + 5 * MILLI}}};
    struct thread_fiber *fiber = start(&script);
    acr_fiber_wake(&fiber->fiber);
    acr_fiber_cancel(&fiber->fiber);
    turn_at(START + 5 * MILLI);
    assert_int_equal(script.results[0], ACR_ERR_CANCELLED);
    finish(fiber);
}

static void test_a_stray_switch_does_not_end_a_wait(void **state)
{
    (void)state;
    struct script script = {{{WAIT_UNTIL, START + 5 * MILLI}, {SLEEP_UNTIL, START + 9 * MILLI}}};
    struct thread_fiber *fiber = start(&script);
    thread_fiber_switch(fiber);
    assert_int_equal(script.results[0], UNFINISHED);
    turn_at(START + 5 * MILLI);
    assert_int_equal(script.results[0], ACR_ERR_TIMED_OUT);
    thread_fiber_switch(fiber);
    assert_int_equal(script.results[1], UNFINISHED);
    turn_at(START + 9 * MILLI);
    assert_int_equal(script.results[1], 0);
    finish(fiber);
}

static void test_a_stray_switch_that_comes_first_consumes_the_wake(void **state)
{
    (void)state;
    struct script script = {{{WAIT}, {WAIT}}};
    struct thread_fiber *fiber = start(&script);
    acr_fiber_wake(&fiber->fiber);
    thread_fiber_switch(fiber);
    assert_int_equal(script.results[0], 0);
    turn();
    turn();
    assert_int_equal(script.results[1], UNFINISHED);
    acr_fiber_wake(&fiber->fiber);
    turn();
    finish(fiber);
}

/* Two that wake each other without end. */
struct pair {
    struct thread_fiber *peer;
    int runs;
};
#define PAIR_RUNS 20

static void wake_each_other(struct thread_fiber *self)
{
    struct pair *pair = self->context;
    while (pair->runs < PAIR_RUNS) {
        pair->runs++;
        acr_fiber_wake(&pair->peer->fiber);
        if (acr_fiber_wait(&self->fiber) < 0)
            return;
    }
}

static void test_fibers_that_wake_each_other_run_at_most_once_per_turn(void **state)
{
    (void)state;
    struct pair pairs[2] = {0};
    struct thread_fiber *one = thread_fiber_new(loop, wake_each_other, &pairs[0]);
    struct thread_fiber *two = thread_fiber_new(loop, wake_each_other, &pairs[1]);
    pairs[0].peer = two;
    pairs[1].peer = one;
    for (int turns = 1; turns <= 10; turns++) {
        turn();
        assert_in_range(pairs[0].runs + pairs[1].runs, turns, 2 * turns + 1);
    }
    while (!one->finished || !two->finished) {
        acr_fiber_wake(&one->fiber);
        acr_fiber_wake(&two->fiber);
        turn();
    }
    finish(one);
    finish(two);
}

static void test_forgetting_takes_a_wake_back(void **state)
{
    (void)state;
    struct script script = {{{WAIT}}};
    struct thread_fiber *fiber = start(&script);
    acr_fiber_wake(&fiber->fiber);
    acr_fiber_forget_wake(&fiber->fiber);
    turn();
    assert_int_equal(script.results[0], UNFINISHED);
    acr_fiber_cancel(&fiber->fiber);
    turn();
    finish(fiber);
}

/* A fiber without a stack: it only notes its turns, and in its own takes the next one. */
struct noting_fiber {
    struct acr_fiber fiber;
    struct acr_fiber *taken;
    int resumed;
};

static int no_suspend(struct acr_fiber *fiber)
{
    (void)fiber;
    return ACR_ERR_CANCELLED;
}

static void take_next(struct acr_fiber *fiber)
{
    struct noting_fiber *noting = ACR_CONTAINER_OF(fiber, struct noting_fiber, fiber);
    noting->resumed++;
    noting->taken = acr_fiber_take_next(fiber);
}

static const struct acr_fiber_ops noting_ops = {no_suspend, take_next};
static const struct acr_fiber_ops other_ops = {no_suspend, take_next};

static void test_a_fiber_takes_the_next_one_of_its_kind_off_the_turn(void **state)
{
    (void)state;
    struct noting_fiber fibers[4] = {0};
    for (int i = 0; i < 4; i++) {
        acr_fiber_init(&fibers[i].fiber, loop, i < 3 ? &noting_ops : &other_ops);
        acr_fiber_schedule(&fibers[i].fiber);
    }
    turn();
    assert_ptr_equal(fibers[0].taken, &fibers[1].fiber); /* whoever takes it resumes it: the loop does not */
    assert_int_equal(fibers[1].resumed, 0);
    assert_int_equal(fibers[2].resumed, 1);
    assert_null(fibers[2].taken); /* the next one is of another kind */
    assert_int_equal(fibers[3].resumed, 1);
    assert_null(fibers[3].taken);
    assert_null(acr_fiber_take_next(&fibers[0].fiber)); /* outside of a turn */
    for (int i = 0; i < 4; i++)
        acr_fiber_done(&fibers[i].fiber);
}
