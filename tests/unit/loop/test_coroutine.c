/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <fenv.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "loop/coroutine.h"
#include "loop/loop.h"
#include "loop/sanitizer.h"

static struct acr_clock_fake fake;
static struct acr_loop *loop;
static struct acr_coroutine_pool *pool;

static int setup(void **state)
{
    (void)state;
    acr_clock_fake_init(&fake, ACR_NANOS_PER_SECOND, 0);
    if (acr_loop_open(&fake.clock, &loop, NULL) < 0)
        return -1;
    return acr_coroutine_pool_open(loop, NULL, &pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    acr_coroutine_pool_close(pool);
    acr_loop_close(loop);
    return 0;
}

/* What a coroutine did, and what its waits returned. */
struct record {
    int runs;
    int ends;
    int results[4];
    int result_count;
    acr_nanos deadline;
};

static void count_end(struct acr_coroutine *coroutine, void *context)
{
    (void)coroutine;
    ((struct record *)context)->ends++;
}

static void wait_twice(struct acr_coroutine *coroutine, void *context)
{
    struct record *record = context;
    record->runs++;
    for (int i = 0; i < 2; i++) {
        int rc = acr_fiber_wait(acr_coroutine_fiber(coroutine));
        record->results[record->result_count++] = rc;
    }
}

static void turn(void)
{
    assert_int_equal(acr_loop_turn(loop, 0), 0);
}

static void test_a_coroutine_first_runs_in_the_next_turn_and_ends_when_its_function_returns(void **state)
{
    (void)state;
    struct record record = {0};
    struct acr_coroutine *coroutine;
    assert_int_equal(acr_coroutine_start(pool, wait_twice, count_end, &record, &coroutine), 0);
    assert_int_equal(record.runs, 0);
    assert_int_equal(acr_coroutine_pool_count(pool), 1);
    turn();
    assert_int_equal(record.runs, 1);
    acr_fiber_wake(acr_coroutine_fiber(coroutine));
    turn();
    acr_fiber_wake(acr_coroutine_fiber(coroutine));
    assert_int_equal(record.ends, 0);
    turn();
    assert_int_equal(record.ends, 1);
    assert_int_equal(record.results[0], 0);
    assert_int_equal(record.results[1], 0);
    assert_int_equal(acr_coroutine_pool_count(pool), 0);
}

static void test_one_cancelled_before_its_first_run_never_runs_but_ends(void **state)
{
    (void)state;
    struct record record = {0};
    struct acr_coroutine *coroutine;
    assert_int_equal(acr_coroutine_start(pool, wait_twice, count_end, &record, &coroutine), 0);
    acr_coroutine_cancel(coroutine);
    assert_int_equal(record.ends, 0);
    turn();
    assert_int_equal(record.runs, 0);
    assert_int_equal(record.ends, 1);
    assert_int_equal(acr_coroutine_pool_count(pool), 0);
}

static void test_a_cancelled_wait_returns_once_and_the_next_one_waits(void **state)
{
    (void)state;
    struct record record = {0};
    struct acr_coroutine *coroutine;
    assert_int_equal(acr_coroutine_start(pool, wait_twice, count_end, &record, &coroutine), 0);
    turn();
    acr_coroutine_cancel(coroutine);
    turn();
    assert_int_equal(record.result_count, 1);
    assert_int_equal(record.results[0], ACR_ERR_CANCELLED);
    turn();
    assert_int_equal(record.result_count, 1);
    acr_fiber_wake(acr_coroutine_fiber(coroutine));
    turn();
    assert_int_equal(record.ends, 1);
    assert_int_equal(record.results[1], 0);
}

static void test_a_cancel_wins_over_a_wake_that_was_not_resumed_yet(void **state)
{
    (void)state;
    struct record record = {0};
    struct acr_coroutine *coroutine;
    assert_int_equal(acr_coroutine_start(pool, wait_twice, count_end, &record, &coroutine), 0);
    turn();
    acr_fiber_wake(acr_coroutine_fiber(coroutine));
    acr_coroutine_cancel(coroutine);
    turn();
    assert_int_equal(record.results[0], ACR_ERR_CANCELLED);
    turn();
    assert_int_equal(record.result_count, 1);
    acr_coroutine_cancel(coroutine);
    turn();
    assert_int_equal(record.ends, 1);
}
