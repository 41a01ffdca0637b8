/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <fenv.h>
#include <signal.h>
#include <string.h>
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

/* Fills its room, which `context` must find as it was, and its stack below it. */
static void use_room(struct acr_coroutine *coroutine, void *context)
{
    volatile char below[8192];
    memset((void *)below, 'x', sizeof below);
    char *room = acr_coroutine_room(coroutine);
    assert_int_equal(room[0] | room[99], 0);
    memset(room, 'r', 100);
    assert_int_equal(acr_fiber_wait(acr_coroutine_fiber(coroutine)), 0);
    assert_int_equal(below[0] + below[sizeof below - 1], 2 * 'x');
    ((struct record *)context)->runs++;
}

static void check_room(struct acr_coroutine *coroutine, void *context)
{
    const char *room = acr_coroutine_room(coroutine);
    for (int i = 0; i < 100; i++)
        assert_int_equal(room[i], 'r');
    ((struct record *)context)->ends++;
}

static void test_a_room_is_zeroed_and_its_coroutine_s_own_until_that_has_ended(void **state)
{
    (void)state;
    struct record record = {0};
    const struct acr_coroutine_options options = {.room_bytes = 100};
    struct acr_coroutine_pool *roomy;
    struct acr_coroutine *coroutines[40]; /* more than there are ways to begin a stack */
    assert_int_equal(acr_coroutine_pool_open(loop, &options, &roomy, NULL), 0);
    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < 40; i++)
            assert_int_equal(acr_coroutine_start(roomy, use_room, check_room, &record, &coroutines[i]), 0);
        turn();
        for (int i = 0; i < 40; i++)
            acr_fiber_wake(acr_coroutine_fiber(coroutines[i]));
        turn();
        assert_int_equal(record.runs, round * 40);
        assert_int_equal(record.ends, round * 40);
    }
    acr_coroutine_pool_close(roomy);
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

static void cancel_self_then_wait(struct acr_coroutine *coroutine, void *context)
{
    acr_coroutine_cancel(coroutine);
    wait_twice(coroutine, context);
}

static void test_one_cancelled_during_its_own_run_notices_at_its_next_wait(void **state)
{
    (void)state;
    struct record record = {0};
    struct acr_coroutine *coroutine;
    assert_int_equal(acr_coroutine_start(pool, cancel_self_then_wait, count_end, &record, &coroutine), 0);
    turn();
    assert_int_equal(record.result_count, 1);
    assert_int_equal(record.results[0], ACR_ERR_CANCELLED);
    acr_fiber_wake(acr_coroutine_fiber(coroutine));
    turn();
    assert_int_equal(record.results[1], 0);
    assert_int_equal(record.ends, 1);
}

static char *loop_stack_mark; /* a frame of the loop's caller */

static void check_stack(struct acr_coroutine *coroutine, void *context)
{
    char *here = __builtin_frame_address(0);
    assert_true(here < loop_stack_mark && loop_stack_mark - here < 64 * 1024);
    assert_true(acr_loop_in_turn(loop));
    count_end(coroutine, context);
}

static void do_nothing(struct acr_coroutine *coroutine, void *context)
{
    (void)coroutine;
    (void)context;
}

static void test_ended_runs_on_the_stack_of_the_loop(void **state)
{
    (void)state;
    loop_stack_mark = __builtin_frame_address(0);
    struct record record = {0};
    assert_int_equal(acr_coroutine_start(pool, do_nothing, check_stack, &record, NULL), 0);
    turn();
    assert_int_equal(record.ends, 1);
}

static void start_next(struct acr_coroutine *coroutine, void *context)
{
    count_end(coroutine, context);
    if (((struct record *)context)->ends < 5)
        assert_int_equal(acr_coroutine_start(pool, do_nothing, start_next, context, NULL), 0);
}

static void test_ended_may_start_the_next_one(void **state)
{
    (void)state;
    struct record record = {0};
    assert_int_equal(acr_coroutine_start(pool, do_nothing, start_next, &record, NULL), 0);
    for (int turns = 1; turns <= 5; turns++) {
        turn();
        assert_int_equal(record.ends, turns);
    }
    turn();
    assert_int_equal(acr_coroutine_pool_count(pool), 0);
}

static void sleep_until(struct acr_coroutine *coroutine, void *context)
{
    struct record *record = context;
    record->results[0] = acr_fiber_sleep_until(acr_coroutine_fiber(coroutine), record->deadline);
}

#ifdef ACR_WITH_TSAN
#define MANY 1000 /* it has no more than some 8,000 fibers */
#else
#define MANY 10000
#endif

static void test_ten_thousand_sleep_at_once_and_all_come_back(void **state)
{
    (void)state;
    enum { COUNT = MANY };
    struct record *records = acr_alloc_zero(COUNT * sizeof *records);
    for (int round = 0; round < 3; round++) {
        acr_nanos begin = fake.monotonic_now;
        for (int i = 0; i < COUNT; i++) {
            records[i].deadline = begin + i * ACR_NANOS_PER_MILLI / 10;
            assert_int_equal(acr_coroutine_start(pool, sleep_until, count_end, &records[i], NULL), 0);
        }
        assert_int_equal(acr_coroutine_pool_count(pool), COUNT);
        for (int millis = 0; millis <= COUNT / 10; millis++) {
            fake.monotonic_now = begin + millis * ACR_NANOS_PER_MILLI;
            turn();
        }
        assert_int_equal(acr_coroutine_pool_count(pool), 0);
        for (int i = 0; i < COUNT; i++)
            assert_true(records[i].ends == round + 1 && records[i].results[0] == 0);
    }
    acr_free(records);
}

static void test_the_pool_refuses_more_than_its_limit_and_reuses_what_ended(void **state)
{
    (void)state;
    struct acr_coroutine_pool *small;
    const struct acr_coroutine_options options = {.max_count = 2};
    assert_int_equal(acr_coroutine_pool_open(loop, &options, &small, NULL), 0);
    struct record record = {0};
    struct acr_coroutine *untouched = NULL;
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 2; i++)
            assert_int_equal(acr_coroutine_start(small, do_nothing, count_end, &record, NULL), 0);
        assert_int_equal(acr_coroutine_start(small, do_nothing, count_end, &record, &untouched), ACR_ERR_LIMIT);
        turn();
        assert_int_equal(record.ends, 2 * round);
    }
    assert_null(untouched);
    acr_coroutine_pool_close(small);
}

static void test_address_space_that_is_not_to_be_had_is_an_error(void **state)
{
    (void)state;
    struct acr_coroutine_pool *huge = NULL;
    struct acr_error error = {0};
    const struct acr_coroutine_options options = {.max_count = 4000u * 1000 * 1000, .stack_bytes = 1 << 20};
    assert_int_equal(acr_coroutine_pool_open(loop, &options, &huge, &error), ACR_ERR_SYSTEM);
    assert_int_equal(error.code, ACR_ERR_SYSTEM);
    assert_null(huge);
}

struct rounding {
    int mode;
    int runs;
    bool wrong;
};

/* A division shows the mode of the vector unit; on x86-64 fegetround() reads that of the x87. */
static void keep_rounding(struct acr_coroutine *coroutine, void *context)
{
    struct rounding *rounding = context;
    volatile double one = 1.0, three = 3.0;
    fesetround(rounding->mode);
    while (rounding->runs < 3 && acr_fiber_sleep_until(acr_coroutine_fiber(coroutine), 0) == 0) {
        bool up = one / three > 1.0 / 3.0;
        if (up != (rounding->mode == FE_UPWARD) || fegetround() != rounding->mode)
            rounding->wrong = true;
        rounding->runs++;
    }
}

static void test_each_stack_keeps_its_rounding_mode(void **state)
{
    (void)state;
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    struct rounding roundings[ACR_ARRAY_SIZE(modes)] = {0};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(modes); i++) {
        roundings[i].mode = modes[i];
        assert_int_equal(acr_coroutine_start(pool, keep_rounding, NULL, &roundings[i], NULL), 0);
    }
    for (int turns = 0; turns < 5; turns++) {
        turn();
        assert_int_equal(fegetround(), FE_TONEAREST);
    }
    for (size_t i = 0; i < ACR_ARRAY_SIZE(modes); i++) {
        assert_false(roundings[i].wrong);
        assert_int_equal(roundings[i].runs, 3);
    }
}

/* Touches `depth` frames and waits at the bottom, so that the stack is left when it is deep. */
static __attribute__((noinline)) int recurse(struct acr_fiber *fiber, int depth)
{
    char frame[512];
    memset(frame, depth, sizeof frame);
    __asm__ volatile("" : : "r"(frame) : "memory"); /* all of it is needed */
    if (depth == 0)
        return acr_fiber_wait(fiber);
    int rc = recurse(fiber, depth - 1);
    return frame[sizeof frame - 1] == (char)depth ? rc : ACR_ERR_INVALID;
}

static void recurse_deeply(struct acr_coroutine *coroutine, void *context)
{
    struct record *record = context;
    record->results[0] = recurse(acr_coroutine_fiber(coroutine), record->runs);
}

static size_t high_water_after_recursion(int depth)
{
    struct record record = {.runs = depth};
    struct acr_coroutine *coroutine;
    assert_int_equal(acr_coroutine_start(pool, recurse_deeply, count_end, &record, &coroutine), 0);
    turn();
    acr_fiber_wake(acr_coroutine_fiber(coroutine));
    turn();
    assert_int_equal(record.ends, 1);
    assert_int_equal(record.results[0], 0);
    return acr_coroutine_pool_high_water(pool);
}

/* What a language has per thread of execution. */
static struct {
    uint64_t first, second;
} per_thread;

struct keeper {
    uint64_t value;
    int waits;
};

static void change_and_wait(struct acr_coroutine *coroutine, void *context)
{
    struct keeper *keeper = context;
    assert_true(per_thread.first == 0 && per_thread.second == 0);
    for (; keeper->waits > 0; keeper->waits--) {
        per_thread.first = keeper->value + (uint64_t)keeper->waits;
        per_thread.second = ~keeper->value;
        assert_int_equal(acr_fiber_wait(acr_coroutine_fiber(coroutine)), 0);
        assert_int_equal(per_thread.first, keeper->value + (uint64_t)keeper->waits);
        assert_int_equal(per_thread.second, ~keeper->value);
    }
}

static void test_each_coroutine_keeps_what_a_language_has_per_thread(void **state)
{
    (void)state;
    struct keeper keepers[3] = {{100, 1}, {200, 3}, {300, 2}}, late = {400, 1};
    struct acr_coroutine *coroutines[3], *last;
    assert_int_equal(sizeof per_thread, ACR_COROUTINE_KEPT_BYTES);
    per_thread.first = 7;
    per_thread.second = 8;
    acr_coroutine_pool_keep(pool, &per_thread);
    for (int i = 0; i < 3; i++)
        assert_int_equal(acr_coroutine_start(pool, change_and_wait, NULL, &keepers[i], &coroutines[i]), 0);
    turn();
    for (int round = 0; round < 3; round++) {
        for (int i = 2; i >= 0; i--)
            if (keepers[i].waits > 0)
                acr_fiber_wake(acr_coroutine_fiber(coroutines[i]));
        turn();
        assert_true(per_thread.first == 0 && per_thread.second == 0);
    }
    assert_int_equal(acr_coroutine_start(pool, change_and_wait, NULL, &late, &last), 0);
    turn();
    acr_fiber_wake(acr_coroutine_fiber(last));
    turn();
    assert_int_equal(acr_coroutine_pool_count(pool), 0);
    acr_coroutine_pool_close(pool);
    assert_int_equal(per_thread.first, 7);
    assert_int_equal(per_thread.second, 8);
    assert_int_equal(acr_coroutine_pool_open(loop, NULL, &pool, NULL), 0);
}

static void test_the_high_water_mark_tells_the_deepest_stack(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    assert_int_equal(acr_coroutine_pool_high_water(pool), 0);
    size_t shallow = high_water_after_recursion(0);
    assert_in_range(shallow, page, 4 * page);
    size_t deep = high_water_after_recursion(50);
    assert_in_range(deep, 50 * 512, 64 * 1024 - page);
    assert_int_equal(deep % page, 0);
    assert_int_equal(high_water_after_recursion(0), deep);
}

#define SLOT_PAGES 16

static uintptr_t guard_page;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    _exit((uintptr_t)info->si_addr / 4096 == guard_page ? 42 : 43);
}

static void overflow_in_child(void)
{
    static char signal_stack[64 * 1024];
    stack_t alternate = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_ONSTACK | SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    struct record record = {.runs = 1000};
    struct acr_coroutine *coroutine;
    if (acr_coroutine_start(pool, recurse_deeply, NULL, &record, &coroutine) < 0)
        _exit(1);
    guard_page = (uintptr_t)coroutine / 4096 - (SLOT_PAGES - 1); /* it lies in the last page of its slot */
    _exit(acr_loop_turn(loop, 0) < 0 ? 2 : 0);
}

static void test_a_stack_that_overflows_hits_its_guard_page(void **state)
{
    (void)state;
    assert_true(acr_coroutine_pool_guarded(pool));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        overflow_in_child();
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}
