/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "stats/snapshot.h"

#define SECOND ACR_NANOS_PER_SECOND
#define MILLI ACR_NANOS_PER_MILLI
#define START (INT64_C(1500000000) * SECOND)
#define READERS 4

static struct acr_clock_fake now;
static struct acr_stats *stats;

static int setup(void **state)
{
    acr_clock_fake_init(&now, 0, START);
    stats = acr_stats_new(&now.clock);
    return 0;
}

static int teardown(void **state)
{
    acr_stats_free(stats);
    return 0;
}

static struct acr_stats_entry *entry_of(const char *name)
{
    return acr_stats_entry_get(stats, acr_str_of(name), ACR_STR("GET"));
}

static void assert_str(struct acr_str str, const char *expected)
{
    assert_int_equal(str.size, strlen(expected));
    assert_memory_equal(str.data, expected, str.size);
}

static void assert_near(double value, double expected)
{
    assert_true(fabs(value - expected) < 1e-9);
}

static void test_a_snapshot_of_nothing_is_empty_and_starts_with_the_statistics(void **state)
{
    now.wall_now += 3 * SECOND;
    struct acr_snapshot *snapshot = acr_snapshot_take(stats);
    assert_int_equal(snapshot->entry_count, 0);
    assert_int_equal(snapshot->error_count, 0);
    assert_str(snapshot->total.name, "Total");
    assert_int_equal(snapshot->total.method.size, 0);
    assert_true(snapshot->total.start_wall == START && snapshot->total.last_wall == START);
    assert_true(snapshot->taken_wall == now.wall_now);
    assert_near(acr_snapshot_current_rps(snapshot, &snapshot->total, now.wall_now), 0);
    assert_near(acr_snapshot_total_rps(snapshot, &snapshot->total), 0);
    acr_snapshot_unref(snapshot);
    acr_snapshot_unref(NULL);
}

static void test_the_total_is_the_sum_of_the_entries(void **state)
{
    struct acr_random random;
    acr_random_init(&random, 1);
    char name[16];
    struct acr_histogram all = {0};
    uint64_t bytes = 0;
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "/%d", (int)acr_random_below(&random, 10));
        acr_nanos nanos = (acr_nanos)acr_random_below(&random, 3 * SECOND);
        now.wall_now += (acr_nanos)acr_random_below(&random, 20 * MILLI);
        if (acr_random_below(&random, 4) == 0) {
            acr_stats_failure(stats, entry_of(name), nanos, ACR_STR("e"));
            continue;
        }
        acr_stats_success(stats, entry_of(name), nanos, (uint64_t)i);
        acr_histogram_record(&all, (uint64_t)nanos);
        bytes += (uint64_t)i;
    }
    struct acr_snapshot *snapshot = acr_snapshot_take(stats);
    const struct acr_snapshot_entry *total = &snapshot->total;
    assert_int_equal(total->success_count + total->failure_count, 5000);
    assert_int_equal(total->failure_count, acr_stats_failure_count(stats));
    assert_int_equal(total->content_bytes, bytes);
    assert_true(total->last_wall == now.wall_now);
    assert_true(total->successes.count == all.count && total->successes.sum_nanos == all.sum_nanos);
    assert_int_equal(total->failures.count, total->failure_count);
    for (int percent = 0; percent <= 100; percent++)
        assert_true(acr_histogram_quantile(&total->successes, percent / 100.0) ==
                    acr_histogram_quantile(&all, percent / 100.0));
    double rps = 0, fps = 0;
    for (size_t i = 0; i < snapshot->entry_count; i++) {
        rps += acr_snapshot_current_rps(snapshot, &snapshot->entries[i], now.wall_now);
        fps += acr_snapshot_current_fps(snapshot, &snapshot->entries[i], now.wall_now);
    }
    assert_near(acr_snapshot_current_rps(snapshot, total, now.wall_now), rps);
    assert_near(acr_snapshot_current_fps(snapshot, total, now.wall_now), fps);
    assert_true(rps > 50 && fps > 10);
    acr_histogram_done(&all);
    acr_snapshot_unref(snapshot);
}

static void test_a_snapshot_does_not_change_when_recording_goes_on(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    acr_stats_success(stats, entry, 3 * MILLI, 10);
    acr_stats_failure(stats, entry, 4 * MILLI, ACR_STR("before"));
    struct acr_snapshot *snapshot = acr_snapshot_take(stats);
    for (int i = 0; i < 100; i++) {
        acr_stats_success(stats, entry, 5 * MILLI, 10);
        acr_stats_failure(stats, entry, 5 * MILLI, ACR_STR("before"));
        acr_stats_failure(stats, entry_of("/a"), 5 * MILLI, ACR_STR("after"));
    }
    acr_stats_clear(stats);
    assert_int_equal(snapshot->entry_count, 1);
    assert_str(snapshot->entries[0].name, "/");
    assert_str(snapshot->entries[0].method, "GET");
    assert_int_equal(snapshot->entries[0].successes.count, 1);
    assert_int_equal(acr_histogram_cell_count(&snapshot->entries[0].successes, acr_histogram_cell(5000)), 0);
    assert_int_equal(acr_histogram_cell_count(&snapshot->entries[0].successes, acr_histogram_cell(3000)), 1);
    assert_int_equal(snapshot->total.content_bytes, 10);
    assert_int_equal(snapshot->error_count, 1);
    assert_str(snapshot->errors[0].text, "before");
    assert_int_equal(snapshot->errors[0].occurrences, 1);
    acr_snapshot_unref(snapshot);
}

static void test_requests_of_the_very_last_moment_are_in_the_snapshot(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    for (int i = 0; i < 1000; i++) {
        now.wall_now++;
        acr_stats_success(stats, entry, MILLI, 1);
    }
    struct acr_snapshot *snapshot = acr_snapshot_take(stats);
    assert_int_equal(snapshot->total.success_count, 1000);
    assert_int_equal(snapshot->total.successes.count, 1000);
    assert_true(snapshot->total.last_wall == now.wall_now);
    acr_snapshot_unref(snapshot);
}

/* Records `per_second` successes and half as many failures in each of `seconds` seconds. */
static void load(int seconds, int per_second)
{
    struct acr_stats_entry *entry = entry_of("/");
    for (int second = 0; second < seconds; second++) {
        for (int i = 0; i < per_second; i++) {
            acr_stats_success(stats, entry, MILLI, 1);
            if (i % 2 == 0)
                acr_stats_failure(stats, entry, MILLI, ACR_STR("e"));
        }
        now.wall_now += SECOND;
    }
}

static double rps_at(acr_nanos wall)
{
    struct acr_snapshot *snapshot = acr_snapshot_take(stats);
    double rps = acr_snapshot_current_rps(snapshot, &snapshot->entries[0], wall);
    assert_near(acr_snapshot_current_fps(snapshot, &snapshot->entries[0], wall), rps / 2);
    acr_snapshot_unref(snapshot);
    return rps;
}

static void test_the_current_rate_is_zero_for_three_seconds_and_then_true(void **state)
{
    load(3, 10);
    assert_near(rps_at(START + 3 * SECOND - 1), 0);
    assert_near(rps_at(START + 3 * SECOND), 10);
    load(20, 10);
    assert_near(rps_at(now.wall_now), 10);
}

static void test_the_current_rate_looks_back_ten_seconds(void **state)
{
    load(20, 10);
    load(5, 110);
    /* Of the window's ten seconds, two have the new rate: the two last whole ones do not count yet. */
    assert_near(rps_at(now.wall_now - SECOND), 30);
    assert_near(rps_at(now.wall_now), 40);
    load(10, 110);
    assert_near(rps_at(now.wall_now), 110);
}

static void test_the_current_rate_decays_to_zero_after_the_last_request(void **state)
{
    load(20, 10);
    acr_nanos end = now.wall_now;
    assert_near(rps_at(end + 2 * SECOND), 10);
    assert_near(rps_at(end + 3 * SECOND), 9);
    assert_near(rps_at(end + 11 * SECOND), 1);
    assert_near(rps_at(end + 12 * SECOND), 0);
    assert_near(rps_at(end + 3600 * SECOND), 0);
}

static void test_the_rate_of_the_whole_run_counts_successes_up_to_the_last_request(void **state)
{
    load(20, 10);
    now.wall_now += 100 * SECOND;
    struct acr_snapshot *snapshot = acr_snapshot_take(stats);
    assert_near(acr_snapshot_total_rps(snapshot, &snapshot->total), 200 / 19.0);
    acr_snapshot_unref(snapshot);
    acr_stats_reset(stats);
    load(1, 10);
    snapshot = acr_snapshot_take(stats);
    assert_near(acr_snapshot_total_rps(snapshot, &snapshot->total), 10);
    acr_snapshot_unref(snapshot);
}

static void test_a_wall_clock_that_is_set_back_does_no_harm(void **state)
{
    load(20, 10);
    now.wall_now = START - 5 * SECOND;
    load(3, 10);
    struct acr_snapshot *snapshot = acr_snapshot_take(stats);
    assert_int_equal(snapshot->total.success_count, 230);
    assert_near(acr_snapshot_current_rps(snapshot, &snapshot->total, now.wall_now), 0);
    assert_near(acr_snapshot_total_rps(snapshot, &snapshot->total), 230);
    acr_snapshot_unref(snapshot);
}

struct reader {
    pthread_t thread;
    struct acr_snapshot *snapshot;
    uint64_t seen;
};

static void *read_and_release(void *argument)
{
    struct reader *reader = argument;
    for (int i = 0; i < 200; i++) {
        struct acr_snapshot *own = acr_snapshot_ref(reader->snapshot);
        reader->seen += acr_histogram_cell_count(&own->total.successes, acr_histogram_cell(1000));
        reader->seen += (uint64_t)own->errors[0].occurrences;
        acr_snapshot_unref(own);
    }
    acr_snapshot_unref(reader->snapshot);
    return NULL;
}

static void test_threads_share_a_snapshot_while_the_load_thread_records(void **state)
{
    struct reader readers[READERS] = {0};
    struct acr_stats_entry *entry = entry_of("/");
    for (int round = 0; round < 20; round++) {
        acr_stats_success(stats, entry, MILLI, 1);
        acr_stats_failure(stats, entry, MILLI, ACR_STR("e"));
        struct acr_snapshot *snapshot = acr_snapshot_take(stats);
        for (int i = 0; i < READERS; i++) {
            readers[i].snapshot = acr_snapshot_ref(snapshot);
            readers[i].seen = 0;
            assert_int_equal(pthread_create(&readers[i].thread, NULL, read_and_release, &readers[i]), 0);
        }
        acr_snapshot_unref(snapshot);
        uint64_t expected = 2 * ((uint64_t)round + 1);
        for (int i = 0; i < 100; i++)
            acr_stats_failure(stats, entry_of("/a"), MILLI, ACR_STR("other"));
        acr_stats_success(stats, entry, 2 * MILLI, 1);
        for (int i = 0; i < READERS; i++) {
            pthread_join(readers[i].thread, NULL);
            assert_int_equal(readers[i].seen, 200 * expected);
        }
    }
}
