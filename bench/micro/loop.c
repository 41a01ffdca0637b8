/* SPDX-License-Identifier: MIT */
/* loop - what a switch, a start, an idle coroutine and a timer's wake cost. Usage: bench_loop [count] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/random.h"
#include "base/time.h"
#include "loop/coroutine.h"
#include "loop/loop.h"
#include "loop/switch.h"

#define SWITCH_PAIRS 20000000
#define YIELDS 10000000
#define SLEEP_SECONDS 10

struct bench {
    struct acr_loop *loop;
    struct acr_coroutine_pool *pool;
    struct acr_random random;
    size_t count;
    acr_nanos end;   /* of the sleepers */
    uint64_t wakes;  /* of the sleepers */
    uint64_t yields; /* left */
};

static void check(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, acr_error_text(rc));
    exit(1);
}

static acr_nanos now(void)
{
    return acr_clock_system()->monotonic(acr_clock_system());
}

static acr_nanos cpu_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * ACR_NANOS_PER_SECOND +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * ACR_NANOS_PER_MICRO;
}

/* Resident pages plus page tables, which are the larger part of nothing but grow with the stacks' spacing. */
static size_t resident_bytes(void)
{
    size_t kib[2] = {0, 0};
    char line[128];
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib[0] = strtoull(line + 6, NULL, 10);
        if (strncmp(line, "VmPTE:", 6) == 0)
            kib[1] = strtoull(line + 6, NULL, 10);
    }
    if (status != NULL)
        fclose(status);
    return (kib[0] + kib[1]) * 1024;
}

static void turn_until_none(struct bench *bench)
{
    while (acr_coroutine_pool_count(bench->pool) > 0)
        check(acr_loop_turn(bench->loop, ACR_NEVER), "turn");
}

struct switch_pair {
    struct acr_switch here;
    struct acr_switch there;
};

static void switch_back(void *context)
{
    struct switch_pair *pair = context;
    for (;;)
        acr_switch_to(&pair->there, &pair->here);
}

static void measure_switch(void)
{
    static char stack[64 * 1024];
    struct switch_pair pair;
    acr_switch_init(&pair.there, stack, sizeof stack, switch_back, &pair);
    acr_nanos begin = now();
    for (int i = 0; i < SWITCH_PAIRS; i++)
        acr_switch_to(&pair.here, &pair.there);
    printf("switch, bare                %8.1f ns\n", (double)(now() - begin) / (2.0 * SWITCH_PAIRS));
}

static void yield_on(struct acr_coroutine *coroutine, void *context)
{
    struct bench *bench = context;
    struct acr_fiber *fiber = acr_coroutine_fiber(coroutine);
    while (bench->yields > 0) {
        bench->yields--;
        acr_fiber_wake(fiber);
        check(acr_fiber_sleep_until(fiber, 0), "sleep");
        check(acr_fiber_wait(fiber), "wait");
    }
}

static void wait_idle(struct acr_coroutine *coroutine, void *context)
{
    (void)context;
    while (acr_fiber_wait(acr_coroutine_fiber(coroutine)) == 0)
        ;
}

/* A resumed wait with everything around it: two switches, ready list, and a share of the turn. */
static void measure_wait(struct bench *bench)
{
    enum { FIBERS = 1000, TURNS = 10000 };
    static struct acr_coroutine *all[FIBERS];
    for (int i = 0; i < FIBERS; i++)
        check(acr_coroutine_start(bench->pool, wait_idle, NULL, NULL, &all[i]), "start");
    acr_nanos begin = now();
    for (int turns = 0; turns < TURNS; turns++) {
        check(acr_loop_turn(bench->loop, 0), "turn");
        for (int i = 0; i < FIBERS; i++)
            acr_fiber_wake(acr_coroutine_fiber(all[i]));
    }
    printf("wake and resume             %8.1f ns\n", (double)(now() - begin) / FIBERS / TURNS);
    for (int i = 0; i < FIBERS; i++)
        acr_coroutine_cancel(all[i]);
    turn_until_none(bench);
}

static void measure_yield(struct bench *bench)
{
    bench->yields = YIELDS;
    for (int i = 0; i < 1000; i++)
        check(acr_coroutine_start(bench->pool, yield_on, NULL, bench, NULL), "start");
    acr_nanos begin = now();
    turn_until_none(bench);
    printf("yield (a sleep in the past) %8.1f ns\n", (double)(now() - begin) / YIELDS);
}

static void start_all(struct bench *bench, struct acr_coroutine **all, const char *which)
{
    acr_nanos begin = now();
    for (size_t i = 0; i < bench->count; i++)
        check(acr_coroutine_start(bench->pool, wait_idle, NULL, bench, &all[i]), "start");
    check(acr_loop_turn(bench->loop, 0), "turn");
    printf("start, %-20s %8.0f per second\n", which, (double)bench->count / acr_nanos_to_seconds(now() - begin));
}

static void measure_start(struct bench *bench)
{
    struct acr_coroutine **all = calloc(bench->count, sizeof *all);
    memset(all, 1, bench->count * sizeof *all);
    size_t before = resident_bytes();
    start_all(bench, all, "fresh stacks");
    printf("resident per idle coroutine %8.2f KiB, page tables included (%zu coroutines, %s)\n",
           (double)(resident_bytes() - before) / 1024 / (double)bench->count, bench->count,
           acr_coroutine_pool_guarded(bench->pool) ? "guarded" : "not guarded");
    acr_nanos begin = now();
    for (size_t i = 0; i < bench->count; i++)
        acr_coroutine_cancel(all[i]);
    turn_until_none(bench);
    printf("cancel and end              %8.0f per second\n",
           (double)bench->count / acr_nanos_to_seconds(now() - begin));
    printf("resident afterwards         %8.2f KiB per former coroutine\n",
           (double)(resident_bytes() - before) / 1024 / (double)bench->count);
    start_all(bench, all, "used stacks");
    for (size_t i = 0; i < bench->count; i++)
        acr_coroutine_cancel(all[i]);
    turn_until_none(bench);
    printf("high-water mark             %8zu bytes\n", acr_coroutine_pool_high_water(bench->pool));
    free(all);
}

/* Waits of 1 to 2 seconds, as of users with a wait time. */
static void sleep_on(struct acr_coroutine *coroutine, void *context)
{
    struct bench *bench = context;
    acr_nanos deadline = acr_loop_now(bench->loop);
    while (deadline < bench->end) {
        acr_nanos delay =
            ACR_NANOS_PER_SECOND + (acr_nanos)acr_random_below(&bench->random, (uint64_t)ACR_NANOS_PER_SECOND);
        deadline = acr_loop_now(bench->loop) + delay;
        if (acr_fiber_sleep_until(acr_coroutine_fiber(coroutine), deadline) < 0)
            return;
        bench->wakes++;
    }
}

static void measure_sleepers(struct bench *bench)
{
    acr_nanos start = acr_loop_refresh_now(bench->loop);
    bench->end = start + SLEEP_SECONDS * ACR_NANOS_PER_SECOND;
    for (size_t i = 0; i < bench->count; i++)
        check(acr_coroutine_start(bench->pool, sleep_on, NULL, bench, NULL), "start");
    check(acr_loop_turn(bench->loop, 0), "turn");
    while (now() < start + 3 * ACR_NANOS_PER_SECOND)
        check(acr_loop_turn(bench->loop, ACR_NANOS_PER_MILLI), "turn");
    uint64_t wakes_before = bench->wakes;
    acr_nanos begin = now(), cpu_begin = cpu_time();
    while (now() < bench->end)
        check(acr_loop_turn(bench->loop, ACR_NANOS_PER_MILLI), "turn");
    double cpu = (double)(cpu_time() - cpu_begin);
    double wakes = (double)(bench->wakes - wakes_before);
    printf("wake of a sleeper           %8.3f us of CPU (%zu wait 1-2 s, %.0f wakes/s, %.1f %% of a core)\n",
           cpu / 1000 / wakes, bench->count, wakes / acr_nanos_to_seconds(now() - begin),
           100 * cpu / (double)(now() - begin));
    turn_until_none(bench);
}

static void do_nothing(struct acr_timer *timer)
{
    (void)timer;
}

/* The wheel alone, on a clock that is moved by a millisecond per turn: arm, cascade, fire. */
static void measure_timers(size_t count)
{
    struct acr_clock_fake fake;
    acr_clock_fake_init(&fake, ACR_NANOS_PER_SECOND, 0);
    struct acr_loop *loop;
    check(acr_loop_open(&fake.clock, &loop, NULL), "loop");
    struct acr_random random;
    acr_random_init(&random, 1);
    struct acr_timer *timers = calloc(count, sizeof *timers);
    acr_nanos begin = now();
    for (size_t i = 0; i < count; i++) {
        acr_timer_init(&timers[i], loop, do_nothing);
        acr_timer_arm(&timers[i], fake.monotonic_now + ACR_NANOS_PER_SECOND +
                                      (acr_nanos)acr_random_below(&random, (uint64_t)ACR_NANOS_PER_SECOND));
    }
    acr_nanos armed = now();
    for (int millis = 0; millis < 2001; millis++) {
        fake.monotonic_now += ACR_NANOS_PER_MILLI;
        check(acr_loop_turn(loop, 0), "turn");
    }
    printf("timer: arm %.3f us, cascade and fire with 2001 turns %.3f us (%zu timers)\n",
           (double)(armed - begin) / 1000 / (double)count, (double)(now() - armed) / 1000 / (double)count, count);
    free(timers);
    acr_loop_close(loop);
}

int main(int argc, char **argv)
{
    struct bench bench = {.count = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000};
    acr_random_init(&bench.random, 1);
    measure_switch();
    check(acr_loop_open(acr_clock_system(), &bench.loop, NULL), "loop");
    check(acr_coroutine_pool_open(bench.loop, NULL, &bench.pool, NULL), "pool");
    measure_start(&bench);
    measure_wait(&bench);
    measure_yield(&bench);
    measure_timers(bench.count);
    measure_sleepers(&bench);
    acr_coroutine_pool_close(bench.pool);
    acr_loop_close(bench.loop);
    return 0;
}
