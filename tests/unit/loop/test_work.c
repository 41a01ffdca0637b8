/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "loop/loop.h"
#include "loop/work.h"

#define JOBS 8
#define HOUR (3600 * ACR_NANOS_PER_SECOND)

static struct acr_loop *loop;
static struct acr_work_pool *pool;
static pid_t loop_thread;

struct job {
    struct acr_work work;
    pid_t thread; /* it ran on */
    bool result;
    int over; /* calls */
    int calls, over_at_last_call;
    int number; /* in which it began */
};

static struct job jobs[JOBS];
static sem_t begun, go_on;
static pthread_barrier_t barrier;
static atomic_int running, running_most, begins;

static void on_over(struct acr_work *work)
{
    assert_int_equal(gettid(), loop_thread);
    ((struct job *)work)->over++;
}

static void turn_until_over(size_t count)
{
    size_t over = 0;
    while (over < count) {
        assert_int_equal(acr_loop_turn(loop, ACR_NEVER), 0);
        over = 0;
        for (int i = 0; i < JOBS; i++)
            over += jobs[i].over > 0;
    }
}

static void open_pool(size_t thread_max)
{
    assert_int_equal(acr_work_pool_open(loop, thread_max, &pool, NULL), 0);
}

static void begin(struct job *job, acr_work_fn *run)
{
    acr_work_init(&job->work, pool, run, on_over);
    assert_int_equal(acr_work_begin(&job->work), 0);
}

static int setup(void **state)
{
    (void)state;
    loop_thread = gettid();
    running = running_most = begins = 0;
    for (int i = 0; i < JOBS; i++)
        jobs[i] = (struct job){.thread = 0};
    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    return acr_loop_open(acr_clock_system(), &loop, NULL);
}

static int teardown(void **state)
{
    (void)state;
    acr_work_pool_close(pool);
    acr_loop_close(loop);
    for (int i = 0; i < JOBS; i++)
        if (jobs[i].work.pool != NULL)
            acr_work_done(&jobs[i].work);
    sem_destroy(&begun);
    sem_destroy(&go_on);
    return 0;
}

static void note_thread(struct acr_work *work)
{
    ((struct job *)work)->thread = gettid();
}

static void test_work_runs_on_another_thread_and_is_over_on_the_loop_s(void **state)
{
    (void)state;
    open_pool(4);
    begin(&jobs[0], note_thread);
    turn_until_over(1);
    assert_int_equal(jobs[0].over, 1);
    assert_int_not_equal(jobs[0].thread, 0);
    assert_int_not_equal(jobs[0].thread, loop_thread);
}

static void meet(struct acr_work *work)
{
    note_thread(work);
    pthread_barrier_wait(&barrier);
}

static void test_there_are_as_many_threads_as_work_that_blocks(void **state)
{
    (void)state;
    open_pool(JOBS);
    pthread_barrier_init(&barrier, NULL, JOBS);
    for (int i = 0; i < JOBS; i++)
        begin(&jobs[i], meet);
    assert_int_equal(acr_work_pool_waiting(pool), 0);
    turn_until_over(JOBS);
    for (int i = 1; i < JOBS; i++)
        assert_int_not_equal(jobs[i].thread, jobs[i - 1].thread);
    pthread_barrier_destroy(&barrier);
}

static void test_an_idle_thread_is_used_again(void **state)
{
    (void)state;
    open_pool(JOBS);
    begin(&jobs[0], note_thread);
    turn_until_over(1);
    pid_t first = jobs[0].thread;
    for (int i = 0; i < 1000; i++) {
        jobs[0].thread = jobs[0].over = 0;
        assert_int_equal(acr_work_begin(&jobs[0].work), 0);
        turn_until_over(1);
        assert_int_equal(jobs[0].thread, first);
    }
}

static void wait_for_leave(struct acr_work *work)
{
    int now = ++running;
    if (now > running_most)
        running_most = now;
    ((struct job *)work)->number = begins++;
    sem_post(&begun);
    sem_wait(&go_on);
    running--;
}

static void test_beyond_the_maximum_work_waits_its_turn(void **state)
{
    (void)state;
    open_pool(2);
    for (int i = 0; i < JOBS; i++) {
        begin(&jobs[i], wait_for_leave);
        if (i < 2)
            sem_wait(&begun);
    }
    assert_int_equal(acr_work_pool_waiting(pool), JOBS - 2);
    for (int i = 0; i < JOBS; i++)
        sem_post(&go_on);
    turn_until_over(JOBS);
    assert_int_equal(running_most, 2);
    for (int i = 0; i < JOBS; i++)
        assert_in_range(jobs[i].number, i > 0 ? i - 1 : 0, i + 1);
}

static void test_work_that_waits_can_be_taken_back(void **state)
{
    (void)state;
    open_pool(1);
    begin(&jobs[0], wait_for_leave);
    sem_wait(&begun);
    begin(&jobs[1], wait_for_leave);
    begin(&jobs[2], wait_for_leave);
    assert_true(acr_work_withdraw(&jobs[1].work));
    assert_false(acr_work_withdraw(&jobs[1].work));
    assert_false(acr_work_withdraw(&jobs[0].work));
    assert_int_equal(acr_work_pool_waiting(pool), 1);
    sem_post(&go_on);
    sem_post(&go_on);
    turn_until_over(2);
    assert_int_equal(jobs[1].over, 0);
    assert_int_equal(begins, 2);
    assert_int_equal(acr_work_begin(&jobs[1].work), 0);
    sem_post(&go_on);
    turn_until_over(3);
}

static void sleep_long(struct acr_work *work)
{
    struct job *job = (struct job *)work;
    sem_post(&begun);
    job->result = acr_work_sleep(work, HOUR);
    job->calls += acr_work_sleep(work, HOUR); /* at once */
}

static void sleep_a_moment(struct acr_work *work)
{
    ((struct job *)work)->result = acr_work_sleep(work, ACR_NANOS_PER_MILLI);
}

static void test_an_interrupt_ends_a_sleep_and_lasts_until_the_work_is_over(void **state)
{
    (void)state;
    open_pool(1);
    jobs[0].result = true;
    begin(&jobs[0], sleep_long);
    sem_wait(&begun);
    assert_false(acr_work_interrupted(&jobs[0].work));
    acr_work_interrupt(&jobs[0].work);
    turn_until_over(1);
    assert_false(jobs[0].result);
    assert_int_equal(jobs[0].calls, 0);
    assert_true(acr_work_interrupted(&jobs[0].work));
    jobs[0].work.run = sleep_a_moment;
    jobs[0].over = 0;
    assert_int_equal(acr_work_begin(&jobs[0].work), 0);
    turn_until_over(1);
    assert_true(jobs[0].result);
}

static void on_call(struct acr_work *work)
{
    struct job *job = (struct job *)work;
    assert_int_equal(gettid(), loop_thread);
    job->calls++;
    job->over_at_last_call = job->over;
    if (job->calls == 500)
        acr_work_interrupt(work);
}

static void call_often(struct acr_work *work)
{
    struct job *job = (struct job *)work;
    while (acr_work_sleep(work, 0)) {
        int before = job->calls;
        acr_work_call(work, on_call);
        if (job->calls != before + 1)
            abort();
    }
}

static void test_a_call_is_made_on_the_loop_s_thread_while_the_work_waits(void **state)
{
    (void)state;
    open_pool(JOBS);
    for (int i = 0; i < JOBS; i++)
        begin(&jobs[i], call_often);
    turn_until_over(JOBS);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i].calls, 500);
        assert_int_equal(jobs[i].over, 1);
        assert_int_equal(jobs[i].over_at_last_call, 0);
    }
}

static void look_at_signals(struct acr_work *work)
{
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    ((struct job *)work)->result = sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1 &&
                                   sigismember(&mask, SIGSEGV) == 0 && sigismember(&mask, SIGABRT) == 0;
}

static void test_threads_get_no_signals_but_of_their_own_faults(void **state)
{
    (void)state;
    open_pool(1);
    begin(&jobs[0], look_at_signals);
    turn_until_over(1);
    assert_true(jobs[0].result);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGINT), 0);
}

static void test_a_pool_may_be_closed_without_having_worked(void **state)
{
    (void)state;
    open_pool(3);
}
