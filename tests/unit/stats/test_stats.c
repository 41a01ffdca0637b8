/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "stats/stats.h"

#define START (INT64_C(1500000000) * ACR_NANOS_PER_SECOND)
#define MILLI ACR_NANOS_PER_MILLI
#define NO_METHOD ((struct acr_str){0})

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

static size_t error_count(void)
{
    size_t count = 0;
    for (size_t at = 0; acr_stats_error_next(stats, &at) != NULL;)
        count++;
    return count;
}

static const struct acr_stats_error *error_at(size_t number)
{
    const struct acr_stats_error *error = NULL;
    for (size_t at = 0, i = 0; i <= number; i++)
        error = acr_stats_error_next(stats, &at);
    return error;
}

static void assert_str(struct acr_str str, const char *expected)
{
    assert_int_equal(str.size, strlen(expected));
    assert_memory_equal(str.data, expected, str.size);
}

static void test_an_entry_is_found_again_by_name_and_method(void **state)
{
    struct acr_stats_entry *get = entry_of("/");
    assert_ptr_equal(entry_of("/"), get);
    assert_ptr_not_equal(acr_stats_entry_get(stats, ACR_STR("/"), ACR_STR("POST")), get);
    assert_ptr_not_equal(acr_stats_entry_get(stats, ACR_STR("/G"), ACR_STR("ET")),
                         acr_stats_entry_get(stats, ACR_STR("/"), ACR_STR("GET")));
    assert_str(get->name, "/");
    assert_str(get->method, "GET");
}

static void test_names_longer_than_the_key_on_the_stack_are_kept_whole(void **state)
{
    char name[1000];
    memset(name, 'n', sizeof name);
    struct acr_stats_entry *entry = acr_stats_entry_get(stats, (struct acr_str){name, 999}, NO_METHOD);
    assert_int_equal(entry->name.size, 999);
    assert_ptr_equal(acr_stats_entry_get(stats, (struct acr_str){name, 999}, NO_METHOD), entry);
    assert_ptr_not_equal(acr_stats_entry_get(stats, (struct acr_str){name, 998}, NO_METHOD), entry);
}

static void test_a_success_enters_times_bytes_and_its_second(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    now.wall_now = START + 7 * ACR_NANOS_PER_SECOND + 1;
    acr_stats_success(stats, entry, 12 * MILLI, 100);
    acr_stats_success(stats, entry, -1, 11);
    assert_int_equal(entry->success_count, 2);
    assert_int_equal(entry->successes.count, 1);
    assert_int_equal(entry->successes.sum_nanos, 12 * MILLI);
    assert_int_equal(entry->content_bytes, 111);
    assert_true(entry->last_wall == now.wall_now);
    assert_true(entry->seconds[(1500000007) % ACR_STATS_SECONDS].second == 1500000007);
    assert_int_equal(entry->seconds[(1500000007) % ACR_STATS_SECONDS].successes, 2);
    assert_int_equal(acr_stats_request_count(stats), 2);
    assert_int_equal(acr_stats_failure_count(stats), 0);
}

static void test_a_failure_touches_no_number_of_the_successes(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    acr_stats_success(stats, entry, 12 * MILLI, 100);
    acr_stats_failure(stats, entry, 99 * MILLI, ACR_STR("ValueError('x')"));
    assert_int_equal(entry->success_count, 1);
    assert_int_equal(entry->successes.count, 1);
    assert_int_equal(entry->content_bytes, 100);
    assert_int_equal(entry->failure_count, 1);
    assert_int_equal(entry->failures.max_nanos, 99 * MILLI);
    assert_int_equal(acr_stats_request_count(stats), 2);
    assert_int_equal(acr_stats_failure_count(stats), 1);
}

static void test_failures_cost_no_memory_while_there_are_none(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    acr_stats_success(stats, entry, 12 * MILLI, 100);
    for (int group = 0; group < ACR_HISTOGRAM_GROUPS; group++)
        assert_null(entry->failures.groups[group]);
}

static void test_a_second_that_comes_round_the_ring_starts_at_zero(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    acr_stats_success(stats, entry, MILLI, 0);
    now.wall_now += ACR_STATS_SECONDS * ACR_NANOS_PER_SECOND;
    acr_stats_failure(stats, entry, MILLI, ACR_STR("e"));
    struct acr_stats_second *counts = &entry->seconds[(1500000000 + ACR_STATS_SECONDS) % ACR_STATS_SECONDS];
    assert_true(counts->second == 1500000000 + ACR_STATS_SECONDS);
    assert_int_equal(counts->successes, 0);
    assert_int_equal(counts->failures, 1);
}

static void test_errors_are_grouped_by_method_name_and_text(void **state)
{
    struct acr_stats_entry *get = entry_of("/"), *post = acr_stats_entry_get(stats, ACR_STR("/"), ACR_STR("POST"));
    acr_stats_failure(stats, get, 1, ACR_STR("ValueError('a')"));
    acr_stats_failure(stats, post, 1, ACR_STR("ValueError('a')"));
    acr_stats_failure(stats, get, 1, ACR_STR("ValueError('b')"));
    acr_stats_failure(stats, get, 1, ACR_STR("ValueError('a')"));
    assert_int_equal(error_count(), 3);
    assert_int_equal(error_at(0)->occurrences, 2);
    assert_str(error_at(0)->method, "GET");
    assert_str(error_at(1)->method, "POST");
    assert_str(error_at(2)->text, "ValueError('b')");
}

static void test_errors_that_differ_in_addresses_only_are_one(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    acr_stats_failure(stats, entry, 1, ACR_STR("E(<X object at 0x7f12ab>, <Y object at 0x1>)"));
    acr_stats_failure(stats, entry, 1, ACR_STR("E(<X object at 0x7f34cd>, <Y object at 0x99>)"));
    assert_int_equal(error_count(), 1);
    assert_int_equal(error_at(0)->occurrences, 2);
    assert_str(error_at(0)->text, "E(<X object at 0x....>, <Y object at 0x....>)");
}

static void test_reset_empties_the_numbers_and_keeps_entries_and_errors(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    acr_stats_success(stats, entry, MILLI, 5);
    acr_stats_failure(stats, entry, MILLI, ACR_STR("e"));
    now.wall_now += 100;
    acr_stats_reset(stats);
    assert_int_equal(acr_stats_epoch(stats), 1);
    assert_ptr_equal(entry_of("/"), entry);
    assert_int_equal(entry->success_count + entry->failure_count + entry->content_bytes, 0);
    assert_int_equal(entry->successes.count + entry->failures.count, 0);
    assert_true(entry->start_wall == now.wall_now && entry->last_wall == now.wall_now);
    assert_true(acr_stats_total(stats)->start_wall == now.wall_now);
    for (int i = 0; i < ACR_STATS_SECONDS; i++)
        assert_int_equal(entry->seconds[i].successes + entry->seconds[i].failures, 0);
    assert_int_equal(acr_stats_request_count(stats), 0);
    assert_int_equal(acr_stats_failure_count(stats), 0);
    assert_int_equal(error_at(0)->occurrences, 1);
}

static void test_clear_forgets_everything_and_starts_a_new_epoch(void **state)
{
    acr_stats_failure(stats, entry_of("/"), MILLI, ACR_STR("e"));
    acr_stats_clear(stats);
    size_t count;
    acr_stats_entries(stats, &count);
    assert_int_equal(count, 0);
    assert_int_equal(error_count(), 0);
    assert_int_equal(acr_stats_request_count(stats), 0);
    assert_int_equal(acr_stats_epoch(stats), 2);
    acr_stats_success(stats, entry_of("/"), MILLI, 5);
    assert_int_equal(acr_stats_request_count(stats), 1);
}

static void test_entries_are_sorted_by_name_then_method(void **state)
{
    const char *expected[] = {"/ DELETE", "/ GET", "/ POST", "/a GET", "/a/b GET", "/é GET", "B GET", "a "};
    acr_stats_entry_get(stats, ACR_STR("a"), NO_METHOD);
    entry_of("/é");
    acr_stats_entry_get(stats, ACR_STR("/"), ACR_STR("POST"));
    entry_of("/a/b");
    acr_stats_entry_get(stats, ACR_STR("/"), ACR_STR("DELETE"));
    entry_of("/a");
    entry_of("B");
    entry_of("/");
    size_t count;
    struct acr_stats_entry *const *entries = acr_stats_entries(stats, &count);
    assert_int_equal(count, ACR_ARRAY_SIZE(expected));
    for (size_t i = 0; i < count; i++) {
        char label[32];
        snprintf(label, sizeof label, "%s %s", entries[i]->name.data, entries[i]->method.data);
        assert_string_equal(label, expected[i]);
    }
}

static void test_names_beyond_the_most_are_counted_as_one(void **state)
{
    char name[32];
    for (int i = 0; i < ACR_STATS_ENTRIES_MAX; i++) {
        snprintf(name, sizeof name, "/item/%d", i);
        entry_of(name);
    }
    struct acr_stats_entry *other = entry_of("/one more");
    assert_str(other->name, "(other names)");
    assert_int_equal(other->method.size, 0);
    assert_ptr_equal(entry_of("/and another"), other);
    assert_ptr_equal(acr_stats_entry_get(stats, ACR_STR("(other names)"), ACR_STR("PUT")), other);
    assert_str(entry_of("/item/7")->name, "/item/7");
    size_t count;
    acr_stats_entries(stats, &count);
    assert_int_equal(count, ACR_STATS_ENTRIES_MAX + 1);
}

static void test_errors_beyond_the_most_are_counted_as_one(void **state)
{
    char text[32];
    struct acr_stats_entry *entry = entry_of("/");
    for (int i = 0; i < ACR_STATS_ERRORS_MAX + 10; i++) {
        snprintf(text, sizeof text, "ValueError(%d)", i);
        acr_stats_failure(stats, entry, 1, acr_str_of(text));
    }
    acr_stats_failure(stats, entry, 1, ACR_STR("ValueError(3)"));
    assert_int_equal(error_count(), ACR_STATS_ERRORS_MAX + 1);
    assert_int_equal(error_at(3)->occurrences, 2);
    assert_str(error_at(ACR_STATS_ERRORS_MAX)->text, "(other errors)");
    assert_int_equal(error_at(ACR_STATS_ERRORS_MAX)->occurrences, 10);
    assert_int_equal(error_at(ACR_STATS_ERRORS_MAX)->name.size, 0);
}

static void test_finding_makes_no_entry(void **state)
{
    size_t count;
    assert_null(acr_stats_entry_find(stats, ACR_STR("/"), ACR_STR("GET")));
    struct acr_stats_entry *entry = entry_of("/");
    assert_ptr_equal(acr_stats_entry_find(stats, ACR_STR("/"), ACR_STR("GET")), entry);
    acr_stats_entries(stats, &count);
    assert_int_equal(count, 1);
}

static void test_one_entry_is_reset_alone(void **state)
{
    struct acr_stats_entry *entry = entry_of("/"), *other = entry_of("/other");
    acr_stats_success(stats, entry, MILLI, 10);
    acr_stats_success(stats, other, MILLI, 10);
    now.wall_now = START + 5 * ACR_NANOS_PER_SECOND;
    acr_stats_entry_reset(stats, entry);
    assert_int_equal(entry->success_count, 0);
    assert_int_equal(entry->successes.count, 0);
    assert_true(entry->start_wall == now.wall_now);
    assert_int_equal(other->success_count, 1);
    assert_int_equal(acr_stats_request_count(stats), 2);
}

/* The total's successes as they were when that second, counted from the start, was over; -1: not known. */
static int64_t marked(int64_t second)
{
    for (int i = 0; i < ACR_STATS_SECONDS; i++)
        if (acr_stats_marks(stats)[i].second == START / ACR_NANOS_PER_SECOND + second)
            return (int64_t)acr_stats_marks(stats)[i].successes.count;
    return -1;
}

static void test_the_totals_times_are_remembered_at_the_first_request_of_a_second(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    assert_int_equal(marked(0), 0);
    for (int second = 1; second <= 40; second++) {
        now.wall_now = START + second * ACR_NANOS_PER_SECOND;
        for (int i = 0; second != 35 && i < 3; i++)
            acr_stats_success(stats, entry, second * MILLI, 0);
    }
    assert_int_equal(marked(40), -1);
    assert_int_equal(marked(39), 3 * 38);
    assert_int_equal(marked(34), -1); /* no request came in second 35 */
    assert_int_equal(marked(35), 3 * 34);
    assert_int_equal(marked(8), 3 * 8);
    assert_int_equal(marked(7), -1); /* its place was taken */
}

static void test_a_reset_forgets_what_was_remembered(void **state)
{
    struct acr_stats_entry *entry = entry_of("/");
    now.wall_now = START + ACR_NANOS_PER_SECOND;
    acr_stats_success(stats, entry, MILLI, 0);
    now.wall_now = START + 3 * ACR_NANOS_PER_SECOND;
    acr_stats_reset(stats);
    assert_int_equal(marked(0), -1);
    assert_int_equal(marked(3), 0);
    now.wall_now = START + 9 * ACR_NANOS_PER_SECOND;
    acr_stats_clear(stats);
    assert_int_equal(marked(3), -1);
    assert_int_equal(marked(9), 0);
}
