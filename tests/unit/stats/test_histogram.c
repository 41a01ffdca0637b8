/* SPDX-License-Identifier: MIT */
/* Quantiles are compared with the sorted array of the same values. */
#include "support/unit.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "stats/histogram.h"

#define VALUES 20000
#define MAX_NANOS (ACR_HISTOGRAM_MAX_MICROS * 1000)

static void histogram_check(const struct acr_histogram *histogram)
{
    uint64_t count = 0, low, high, lowest = 0, highest = 0;
    for (uint32_t cell = 0; cell < ACR_HISTOGRAM_CELLS; cell++) {
        uint64_t here = acr_histogram_cell_count(histogram, cell);
        acr_histogram_cell_range(cell, &low, &high);
        if (here > 0 && count == 0)
            lowest = cell;
        if (here > 0)
            highest = cell;
        count += here;
    }
    assert_true(histogram->count == count);
    assert_true(histogram->min_nanos <= histogram->max_nanos);
    assert_true(histogram->clamped <= histogram->count);
    assert_int_equal(acr_histogram_cell(histogram->min_nanos / 1000), lowest);
    assert_int_equal(acr_histogram_cell(histogram->max_nanos / 1000), highest);
    if (histogram->sum_wraps == 0) {
        assert_true(histogram->sum_nanos <= histogram->count * histogram->max_nanos);
    }
}

static void assert_equal_cells(const struct acr_histogram *a, const struct acr_histogram *b)
{
    for (uint32_t cell = 0; cell < ACR_HISTOGRAM_CELLS; cell++)
        assert_true(acr_histogram_cell_count(a, cell) == acr_histogram_cell_count(b, cell));
    assert_true(a->count == b->count);
    assert_true(a->clamped == b->clamped);
    assert_true(a->sum_nanos == b->sum_nanos);
    assert_true(a->sum_wraps == b->sum_wraps);
}

static void assert_equal_histograms(const struct acr_histogram *a, const struct acr_histogram *b)
{
    assert_equal_cells(a, b);
    assert_true(a->min_nanos == b->min_nanos);
    assert_true(a->max_nanos == b->max_nanos);
}

/* Spread over all powers of two up to 2^`bits` nanoseconds. */
static uint64_t random_nanos(struct acr_random *random, unsigned bits)
{
    uint64_t nanos = acr_random_u64(random) >> (64 - 1 - acr_random_below(random, bits));
    return nanos < MAX_NANOS ? nanos : MAX_NANOS;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static uint64_t *random_values(struct acr_histogram *histogram, size_t count, uint64_t seed, unsigned bits)
{
    struct acr_random random;
    uint64_t *values = acr_alloc(count * sizeof *values);
    acr_random_init(&random, seed);
    acr_histogram_init(histogram);
    for (size_t i = 0; i < count; i++) {
        values[i] = random_nanos(&random, bits);
        acr_histogram_record(histogram, values[i]);
    }
    qsort(values, count, sizeof *values, compare);
    return values;
}

static void test_an_empty_histogram_answers_zero_and_holds_no_memory(void **state)
{
    struct acr_histogram histogram, copy;
    acr_histogram_init(&histogram);
    histogram_check(&histogram);
    assert_true(acr_histogram_quantile(&histogram, 0.5) == 0);
    assert_true(acr_histogram_percentile(&histogram, 1) == 0);
    assert_true(acr_histogram_mean(&histogram) == 0);
    acr_histogram_copy(&histogram, &copy);
    acr_histogram_merge(&copy, &histogram);
    for (int group = 0; group < ACR_HISTOGRAM_GROUPS; group++)
        assert_null(copy.groups[group]);
}

static void test_cells_follow_each_other_and_are_at_most_a_thousandth_wide(void **state)
{
    uint64_t expected = 0, low, high;
    for (uint32_t cell = 0; expected <= ACR_HISTOGRAM_MAX_MICROS; cell++) {
        acr_histogram_cell_range(cell, &low, &high);
        assert_true(low == expected);
        assert_true((high - low + 1) * 1000 <= low || low == high);
        assert_int_equal(acr_histogram_cell(low), cell);
        assert_int_equal(acr_histogram_cell(high), cell);
        assert_true(cell < ACR_HISTOGRAM_CELLS);
        expected = high + 1;
    }
}

static void test_quantiles_are_within_a_thousandth_of_the_sorted_values_and_never_decrease(void **state)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct acr_histogram histogram;
        size_t count = seed % 2 == 0 ? VALUES : (size_t)seed;
        uint64_t *values = random_values(&histogram, count, seed, 42), former = 0;
        histogram_check(&histogram);
        for (int step = 0; step <= 1000; step++) {
            size_t rank = (count * (size_t)step + 999) / 1000;
            uint64_t exact = values[rank > 0 ? rank - 1 : 0];
            uint64_t found = acr_histogram_quantile(&histogram, step / 1000.0);
            assert_true(found >= exact);
            assert_true(found - exact < 1000 || (double)(found - exact) <= 0.001 * (double)exact);
            assert_true(found >= former);
            former = found;
        }
        assert_true(former == values[count - 1]);
        acr_histogram_done(&histogram);
        acr_free(values);
    }
}

static void test_locusts_percentile_is_the_record_after_the_first_part_of_them(void **state)
{
    struct acr_histogram hundred = {0}, two = {0}, twenty = {0};
    for (uint64_t i = 0; i < 100; i++)
        acr_histogram_record(&hundred, i * 1000000);
    assert_int_equal(acr_histogram_percentile(&hundred, 0.5) / 1000000, 50);
    assert_int_equal(acr_histogram_percentile(&hundred, 0.6) / 1000000, 60);
    assert_int_equal(acr_histogram_percentile(&hundred, 0.95) / 1000000, 95);
    assert_int_equal(acr_histogram_percentile(&hundred, 1.0), 99000000);
    acr_histogram_record(&two, 250000000);
    acr_histogram_record(&two, 260000000);
    assert_int_equal(acr_histogram_percentile(&two, 0.5) / 1000000, 260);
    assert_int_equal(acr_histogram_quantile(&two, 0.5) / 1000000, 250);
    for (int i = 0; i < 19; i++)
        acr_histogram_record(&twenty, 400000000);
    acr_histogram_record(&twenty, 1200000000);
    assert_int_equal(acr_histogram_percentile(&twenty, 0.94) / 1000000, 400);
    assert_int_equal(acr_histogram_percentile(&twenty, 0.95), 1200000000);
    acr_histogram_done(&hundred);
    acr_histogram_done(&two);
    acr_histogram_done(&twenty);
}

static void test_the_average_is_exact_also_past_two_to_the_64(void **state)
{
    struct acr_histogram histogram = {0}, copy = {0};
    const uint64_t milliseconds[] = {45, 135, 44, 375, 601, 35, 79};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(milliseconds); i++)
        acr_histogram_record(&histogram, milliseconds[i] * 1000000);
    assert_true(fabs(acr_histogram_mean(&histogram) - 187714285.71428572) < 1e-6);
    assert_int_equal(acr_histogram_quantile(&histogram, 0.5) / 1000000, 79);
    acr_histogram_reset(&histogram);
    acr_histogram_record(&histogram, MAX_NANOS);
    for (int i = 0; i < 30; i++) {
        acr_histogram_copy(&histogram, &copy);
        acr_histogram_merge(&histogram, &copy);
        if (i < 29)
            acr_histogram_done(&copy);
    }
    histogram_check(&histogram);
    assert_true(histogram.sum_wraps > 0);
    assert_true(acr_histogram_mean(&histogram) == (double)MAX_NANOS);
    acr_histogram_subtract(&histogram, &copy);
    assert_equal_histograms(&histogram, &copy);
    acr_histogram_done(&histogram);
    acr_histogram_done(&copy);
}

static void test_the_ends_of_the_range_are_kept(void **state)
{
    struct acr_histogram histogram = {0};
    acr_histogram_record(&histogram, 0);
    assert_true(acr_histogram_quantile(&histogram, 1) == 0);
    acr_histogram_record(&histogram, MAX_NANOS);
    assert_int_equal(histogram.clamped, 0);
    acr_histogram_record(&histogram, UINT64_MAX);
    assert_int_equal(histogram.clamped, 1);
    assert_true(histogram.max_nanos == MAX_NANOS);
    assert_true(acr_histogram_quantile(&histogram, 0) == 999);
    histogram_check(&histogram);
    acr_histogram_done(&histogram);
}

static void test_merging_is_lossless_in_any_order(void **state)
{
    struct acr_random random;
    struct acr_histogram whole = {0}, parts[3] = {0}, forward = {0}, backward = {0};
    acr_random_init(&random, 7);
    for (int i = 0; i < VALUES; i++) {
        uint64_t nanos = random_nanos(&random, i % 3 == 0 ? 30 : 42);
        acr_histogram_record(&whole, nanos);
        acr_histogram_record(&parts[i % 3], nanos);
    }
    for (int i = 0; i < 3; i++) {
        acr_histogram_merge(&forward, &parts[i]);
        acr_histogram_merge(&backward, &parts[2 - i]);
        histogram_check(&forward);
        histogram_check(&backward);
    }
    assert_equal_histograms(&whole, &forward);
    assert_equal_histograms(&whole, &backward);
    acr_histogram_done(&whole);
    acr_histogram_done(&forward);
    acr_histogram_done(&backward);
    for (int i = 0; i < 3; i++)
        acr_histogram_done(&parts[i]);
}

static void test_subtracting_a_former_state_leaves_what_came_since(void **state)
{
    struct acr_random random;
    struct acr_histogram earlier = {0}, later, since = {0};
    acr_random_init(&random, 8);
    for (int i = 0; i < VALUES; i++)
        acr_histogram_record(&earlier, random_nanos(&random, 36));
    acr_histogram_copy(&earlier, &later);
    for (int i = 0; i < VALUES; i++) {
        uint64_t nanos = 5000000 + random_nanos(&random, 41);
        acr_histogram_record(&later, nanos);
        acr_histogram_record(&since, nanos);
    }
    acr_histogram_subtract(&later, &earlier);
    histogram_check(&later);
    assert_equal_cells(&later, &since);
    assert_true(later.min_nanos <= since.min_nanos && later.max_nanos >= since.max_nanos);
    acr_histogram_subtract(&later, &since);
    assert_true(later.count == 0 && later.sum_nanos == 0 && later.min_nanos == 0 && later.max_nanos == 0);
    acr_histogram_done(&earlier);
    acr_histogram_done(&later);
    acr_histogram_done(&since);
}

static void test_subtracting_more_than_there_is_leaves_zero(void **state)
{
    struct acr_histogram before_reset = {0}, after_reset = {0};
    for (int i = 0; i < 10; i++)
        acr_histogram_record(&before_reset, 1000000);
    acr_histogram_record(&after_reset, 1000000);
    acr_histogram_record(&after_reset, 2000000);
    acr_histogram_subtract(&after_reset, &before_reset);
    histogram_check(&after_reset);
    assert_int_equal(after_reset.count, 1);
    acr_histogram_done(&before_reset);
    acr_histogram_done(&after_reset);
}

static void test_reset_empties_and_keeps_the_memory(void **state)
{
    struct acr_histogram histogram = {0};
    acr_histogram_record(&histogram, 3000000);
    uint64_t *group = histogram.groups[1];
    assert_non_null(group);
    acr_histogram_reset(&histogram);
    histogram_check(&histogram);
    assert_ptr_equal(histogram.groups[1], group);
    acr_histogram_record(&histogram, 3000000);
    assert_ptr_equal(histogram.groups[1], group);
    histogram_check(&histogram);
    acr_histogram_done(&histogram);
}

static void test_sharing_copies_a_group_only_when_one_side_changes_it(void **state)
{
    struct acr_histogram live = {0}, shared;
    acr_histogram_record(&live, 1000000);
    acr_histogram_record(&live, 3000000);
    acr_histogram_share(&live, &shared);
    acr_histogram_record(&live, 3000000);
    assert_ptr_equal(live.groups[0], shared.groups[0]);
    assert_ptr_not_equal(live.groups[1], shared.groups[1]);
    uint64_t *copied = live.groups[1];
    acr_histogram_record(&live, 3000000);
    assert_ptr_equal(live.groups[1], copied);
    assert_int_equal(acr_histogram_cell_count(&live, acr_histogram_cell(3000)), 3);
    assert_int_equal(acr_histogram_cell_count(&shared, acr_histogram_cell(3000)), 1);
    histogram_check(&live);
    histogram_check(&shared);
    acr_histogram_done(&live);
    acr_histogram_done(&shared);
}

static void test_cells_are_not_copied_once_the_other_owner_is_gone(void **state)
{
    struct acr_histogram live = {0}, shared;
    acr_histogram_record(&live, 1000000);
    uint64_t *cells = live.groups[0];
    acr_histogram_share(&live, &shared);
    acr_histogram_done(&shared);
    acr_histogram_record(&live, 1000000);
    assert_ptr_equal(live.groups[0], cells);
    assert_int_equal(live.shared, 0);
    histogram_check(&live);
    acr_histogram_done(&live);
}

/* Each of several histograms that share is changed in its own way; a plain copy of each says what it must be. */
static void test_sharing_is_not_to_be_told_from_copying(void **state)
{
    enum { COUNT = 4 };
    struct acr_random random;
    struct acr_histogram real[COUNT] = {0}, model[COUNT] = {0}, copy;
    acr_random_init(&random, 9);
    for (int step = 0; step < 3000; step++) {
        size_t a = acr_random_below(&random, COUNT), b = acr_random_below(&random, COUNT);
        uint64_t choice = acr_random_below(&random, 20), nanos = random_nanos(&random, 36);
        if (choice == 0 && a != b) {
            acr_histogram_done(&real[b]);
            acr_histogram_done(&model[b]);
            acr_histogram_share(&real[a], &real[b]);
            acr_histogram_copy(&model[a], &model[b]);
        } else if (choice == 1 && a != b && real[a].count < 1000000) {
            acr_histogram_merge(&real[a], &real[b]);
            acr_histogram_merge(&model[a], &model[b]);
        } else if (choice == 2 && a != b) {
            acr_histogram_copy(&model[b], &copy);
            acr_histogram_subtract(&real[a], &real[b]);
            acr_histogram_subtract(&model[a], &copy);
            acr_histogram_done(&copy);
        } else if (choice == 3) {
            acr_histogram_reset(&real[a]);
            acr_histogram_reset(&model[a]);
        } else {
            acr_histogram_record(&real[a], nanos);
            acr_histogram_record(&model[a], nanos);
        }
        if (step % 50 == 0)
            for (int i = 0; i < COUNT; i++)
                assert_equal_histograms(&real[i], &model[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        assert_equal_histograms(&real[i], &model[i]);
        acr_histogram_done(&real[i]);
        acr_histogram_done(&model[i]);
    }
}

static void test_walking_finds_every_cell_that_counts_and_no_other(void **state)
{
    struct acr_histogram histogram = {0};
    uint32_t cell = 0;
    assert_int_equal(acr_histogram_next(&histogram, &cell), 0);
    uint64_t micros[] = {0, 7, 2047, 2048, 5000000, ACR_HISTOGRAM_MAX_MICROS};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(micros); i++)
        for (size_t times = 0; times <= i; times++)
            acr_histogram_record(&histogram, micros[i] * 1000);
    cell = 0;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(micros); i++, cell++) {
        assert_int_equal(acr_histogram_next(&histogram, &cell), i + 1);
        assert_int_equal(cell, acr_histogram_cell(micros[i]));
    }
    assert_int_equal(acr_histogram_next(&histogram, &cell), 0);
    acr_histogram_done(&histogram);
}
