/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <math.h>

#include "user/class.h"

#define CLASSES_MAX 8

static void check_shares(const double *weights, size_t class_count, size_t amount, const size_t *expected)
{
    struct acr_user_class classes[CLASSES_MAX] = {0};
    size_t counts[CLASSES_MAX];
    for (size_t i = 0; i < class_count; i++)
        classes[i].weight = weights[i];
    acr_user_shares(classes, class_count, amount, counts);
    for (size_t i = 0; i < class_count; i++)
        assert_int_equal(counts[i], expected[i]);
}

/* The table of spec/locust-0.9.md 2.12, with the totals the manual promises instead of the rounded ones. */
static void test_shares_sum_up_to_exactly_the_users_asked_for(void **state)
{
    (void)state;
    const double equal[] = {1, 1, 1}, ratio[] = {3, 1};
    check_shares(equal, 3, 10, (const size_t[]){4, 3, 3});
    check_shares(equal, 3, 1, (const size_t[]){1, 0, 0});
    check_shares(equal, 3, 2, (const size_t[]){1, 1, 0});
    check_shares(equal, 3, 11, (const size_t[]){4, 4, 3});
    check_shares(equal, 2, 1, (const size_t[]){1, 0});
    check_shares(ratio, 2, 10, (const size_t[]){8, 2});
    check_shares(ratio, 2, 2, (const size_t[]){2, 0});
    check_shares(equal, 3, 0, (const size_t[]){0, 0, 0});
}

static void test_the_largest_remainder_gets_the_user_that_is_left(void **state)
{
    (void)state;
    const double weights[] = {5, 3, 2}; /* of 7: 3.5, 2.1, 1.4 */
    check_shares(weights, 3, 7, (const size_t[]){4, 2, 1});
    const double uneven[] = {1, 10}; /* of 5: 0.45, 4.55 */
    check_shares(uneven, 2, 5, (const size_t[]){0, 5});
}

static void test_a_tie_goes_to_the_class_declared_first_whatever_the_noise_of_division(void **state)
{
    (void)state;
    const double tenths[] = {0.1, 0.3, 0.1, 0.3, 0.1, 0.1};
    check_shares(tenths, 6, 1, (const size_t[]){0, 1, 0, 0, 0, 0});
    check_shares(tenths, 6, 10, (const size_t[]){1, 3, 1, 3, 1, 1});
}

static void test_absurd_weights_give_exact_totals(void **state)
{
    (void)state;
    const double weights[][2] = {{INFINITY, 1}, {INFINITY, INFINITY}, {1e308, 1e308}, {5e-324, 5e-324}, {NAN, 1}};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        struct acr_user_class classes[] = {{.weight = weights[i][0]}, {.weight = weights[i][1]}};
        size_t counts[2];
        acr_user_shares(classes, 2, 7, counts);
        assert_int_equal(counts[0] + counts[1], 7);
    }
}

static void test_fixed_counts_are_served_first_and_leave_the_rest_to_the_weights(void **state)
{
    (void)state;
    struct acr_user_class classes[] = {{.weight = 1}, {.weight = 50, .fixed_count = 3}, {.weight = 1}};
    size_t counts[3];
    acr_user_shares(classes, 3, 10, counts);
    assert_int_equal(counts[0], 4);
    assert_int_equal(counts[1], 3);
    assert_int_equal(counts[2], 3);
    acr_user_shares(classes, 3, 2, counts);
    assert_int_equal(counts[0] + counts[2], 0);
    assert_int_equal(counts[1], 2);
}

static void test_fixed_counts_alone_stop_short_of_a_larger_target(void **state)
{
    (void)state;
    struct acr_user_class classes[] = {{.fixed_count = 3}, {.fixed_count = 2}};
    size_t counts[2];
    acr_user_shares(classes, 2, 100, counts);
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 2);
}

static void test_any_weights_and_amounts_give_exact_totals_within_one_of_the_quota(void **state)
{
    (void)state;
    struct acr_random random;
    acr_random_init(&random, 1);
    for (int round = 0; round < 5000; round++) {
        struct acr_user_class classes[CLASSES_MAX] = {0};
        size_t counts[CLASSES_MAX];
        size_t class_count = 1 + acr_random_below(&random, CLASSES_MAX);
        size_t amount = acr_random_below(&random, 100000);
        double sum = 0;
        for (size_t i = 0; i < class_count; i++)
            sum += classes[i].weight = 0.01 + 20 * acr_random_unit(&random);
        acr_user_shares(classes, class_count, amount, counts);
        size_t total = 0;
        for (size_t i = 0; i < class_count; i++) {
            double quota = (double)amount * classes[i].weight / sum;
            assert_true((double)counts[i] > quota - 1.001 && (double)counts[i] < quota + 1.001);
            total += counts[i];
        }
        assert_int_equal(total, amount);
    }
}

static void test_the_start_order_holds_every_user_once(void **state)
{
    (void)state;
    const size_t counts[] = {3, 0, 2};
    size_t order[5], seen[3] = {0};
    struct acr_random random;
    acr_random_init(&random, 2);
    acr_user_start_order(counts, 3, &random, order);
    for (size_t i = 0; i < 5; i++)
        seen[order[i]]++;
    assert_memory_equal(seen, counts, sizeof counts);
}

static void test_every_start_order_is_equally_likely(void **state)
{
    (void)state;
    const size_t counts[] = {1, 1, 1};
    size_t seen[27] = {0};
    struct acr_random random;
    acr_random_init(&random, 3);
    for (int i = 0; i < 60000; i++) {
        size_t order[3];
        acr_user_start_order(counts, 3, &random, order);
        seen[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    /* Six orders, 10,000 each; 500 are more than five standard deviations. */
    size_t different = 0;
    for (size_t i = 0; i < 27; i++) {
        if (seen[i] == 0)
            continue;
        different++;
        assert_in_range(seen[i], 9500, 10500);
    }
    assert_int_equal(different, 6);
}
