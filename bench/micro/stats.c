/* SPDX-License-Identifier: MIT */
/* stats - nanoseconds per record on the request path, microseconds per snapshot. */
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/random.h"
#include "stats/snapshot.h"

#define ROUNDS 9
#define CALLS_PER_ROUND 1000000
#define NAMES 100
#define SAMPLES 4096 /* power of two */

static acr_nanos now_nanos(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (acr_nanos)now.tv_sec * ACR_NANOS_PER_SECOND + now.tv_nsec;
}

struct bench {
    struct acr_stats *stats;
    struct acr_stats_entry *entries[NAMES];
    char names[NAMES][32];
    acr_nanos samples[SAMPLES]; /* response times of 200 µs to 50 ms, mostly short */
};

typedef void bench_fn(struct bench *bench, unsigned call);

static void success_of_one_name(struct bench *bench, unsigned call)
{
    acr_stats_success(bench->stats, bench->entries[0], bench->samples[call % SAMPLES], 612);
}

static void success_of_a_hundred_names(struct bench *bench, unsigned call)
{
    acr_stats_success(bench->stats, bench->entries[call % NAMES], bench->samples[call % SAMPLES], 612);
}

static void find_and_success(struct bench *bench, unsigned call)
{
    struct acr_stats_entry *entry =
        acr_stats_entry_get(bench->stats, acr_str_of(bench->names[call % NAMES]), ACR_STR("GET"));
    acr_stats_success(bench->stats, entry, bench->samples[call % SAMPLES], 612);
}

static void failure(struct bench *bench, unsigned call)
{
    acr_stats_failure(bench->stats, bench->entries[0], bench->samples[call % SAMPLES],
                      ACR_STR("HTTPError('500 Server Error: INTERNAL SERVER ERROR for url: http://127.0.0.1:8000/')"));
}

static void failure_with_an_address(struct bench *bench, unsigned call)
{
    acr_stats_failure(bench->stats, bench->entries[0], bench->samples[call % SAMPLES],
                      ACR_STR("ConnectionError(MaxRetryError('<Connection object at 0x7f1234567890>: refused'))"));
}

static void clock_only(struct bench *bench, unsigned call)
{
    (void)call;
    bench->samples[0] += acr_stats_now_wall(bench->stats) & 1;
}

/* Prints the best of several rounds: the machine is shared, and noise only ever adds. */
static void measure(const char *name, struct bench *bench, bench_fn *fn, unsigned calls)
{
    acr_nanos best = ACR_NEVER;
    for (int round = 0; round < ROUNDS; round++) {
        acr_nanos start = now_nanos();
        for (unsigned call = 0; call < calls; call++)
            fn(bench, call);
        acr_nanos elapsed = now_nanos() - start;
        best = elapsed < best ? elapsed : best;
    }
    printf("%-40s %10.1f ns\n", name, (double)best / calls);
}

static void snapshot(struct bench *bench, unsigned call)
{
    (void)call;
    acr_snapshot_unref(acr_snapshot_take(bench->stats));
}

static void fill_names(struct bench *bench, int count)
{
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "/item/%d", i);
        struct acr_stats_entry *entry = acr_stats_entry_get(bench->stats, acr_str_of(name), ACR_STR("GET"));
        acr_stats_success(bench->stats, entry, bench->samples[i % SAMPLES], 612);
    }
}

int main(void)
{
    static struct bench bench;
    struct acr_random random;
    acr_random_init(&random, 1);
    bench.stats = acr_stats_new(acr_clock_system());
    for (int i = 0; i < SAMPLES; i++)
        bench.samples[i] = (acr_nanos)(200000 + (acr_random_u64(&random) % 50000000 >> acr_random_below(&random, 8)));
    for (int i = 0; i < NAMES; i++) {
        snprintf(bench.names[i], sizeof bench.names[i], "/some/path/%d", i);
        bench.entries[i] = acr_stats_entry_get(bench.stats, acr_str_of(bench.names[i]), ACR_STR("GET"));
    }
    measure("wall clock alone", &bench, clock_only, CALLS_PER_ROUND);
    measure("success, one name", &bench, success_of_one_name, CALLS_PER_ROUND);
    measure("success, 100 names", &bench, success_of_a_hundred_names, CALLS_PER_ROUND);
    measure("find the entry and success", &bench, find_and_success, CALLS_PER_ROUND);
    measure("failure", &bench, failure, CALLS_PER_ROUND);
    measure("failure, address to mask", &bench, failure_with_an_address, CALLS_PER_ROUND);
    measure("snapshot, 100 names", &bench, snapshot, 100);
    fill_names(&bench, 1000);
    measure("snapshot, 1,100 names", &bench, snapshot, 20);
    fill_names(&bench, 20000);
    measure("snapshot, 20,000 names", &bench, snapshot, 2);
    acr_stats_free(bench.stats);
    return 0;
}
