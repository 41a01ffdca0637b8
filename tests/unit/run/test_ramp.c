/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "run/ramp.h"

#define SECOND ACR_NANOS_PER_SECOND

static const struct acr_user_class two[] = {{.name = "A", .weight = 1}, {.name = "B", .weight = 2}};
/* The share of the first one falls now and then while the number rises: 1.43 of 10 is 2, 1.57 of 11 is 1. */
static const struct acr_user_class odd[] = {
    {.name = "A", .weight = 1.5}, {.name = "B", .weight = 4.5}, {.name = "C", .weight = 4.5}};

struct planned {
    struct acr_ramp ramp;
    struct acr_random random;
};

static void plan(struct planned *planned, const struct acr_user_class *classes, size_t class_count, const size_t *live,
                 size_t target, double rate, bool ends_by_rate)
{
    acr_ramp_plan(&planned->ramp, classes, class_count, live, target, rate, ends_by_rate, &planned->random);
}

static size_t count_of(const struct acr_ramp_line *line, size_t class_number)
{
    size_t count = 0;
    for (size_t i = 0; i < line->count; i++)
        count += line->class_numbers[i] == class_number;
    return count;
}

static int setup(void **state)
{
    struct planned *planned = acr_alloc_zero(sizeof *planned);
    acr_random_init(&planned->random, 1);
    *state = planned;
    return 0;
}

static int teardown(void **state)
{
    struct planned *planned = *state;
    acr_ramp_done(&planned->ramp);
    acr_free(planned);
    return 0;
}

static void test_users_are_added_by_the_rate_and_it_is_over_one_interval_after_the_last(void **state)
{
    struct planned *planned = *state;
    struct acr_ramp *ramp = &planned->ramp;
    plan(planned, two, 2, (size_t[]){1, 2}, 6, 2, false);
    assert_int_equal(ramp->target, 6);
    assert_int_equal(ramp->starts.count, 3);
    assert_int_equal(ramp->ends.count, 0);
    assert_int_equal(acr_ramp_starts_of(ramp, 0), 1);
    assert_int_equal(acr_ramp_starts_of(ramp, 1), 2);
    assert_int_equal(acr_ramp_due(&ramp->starts, 0), 1);
    assert_int_equal(acr_ramp_due(&ramp->starts, SECOND), 3);
    ramp->starts.handed = 1;
    assert_int_equal(acr_ramp_next(ramp), SECOND / 2);
    ramp->starts.handed = 3;
    assert_true(acr_ramp_is_handed(ramp));
    assert_int_equal(acr_ramp_next(ramp), SECOND * 3 / 2);
}

static void test_what_is_too_many_ends_at_once_or_by_the_rate(void **state)
{
    struct planned *planned = *state;
    struct acr_ramp *ramp = &planned->ramp;
    plan(planned, two, 2, (size_t[]){3, 6}, 3, 1, false);
    assert_int_equal(count_of(&ramp->ends, 0), 2);
    assert_int_equal(count_of(&ramp->ends, 1), 4);
    assert_int_equal(acr_ramp_due(&ramp->ends, 0), 6);
    ramp->ends.handed = 6;
    assert_int_equal(acr_ramp_next(ramp), 0);
    plan(planned, two, 2, (size_t[]){3, 6}, 3, 1, true);
    assert_int_equal(acr_ramp_due(&ramp->ends, 0), 1);
    assert_int_equal(acr_ramp_due(&ramp->ends, 5 * SECOND), 6);
    ramp->ends.handed = 5;
    assert_int_equal(acr_ramp_next(ramp), 5 * SECOND);
    ramp->ends.handed = 6;
    assert_int_equal(acr_ramp_next(ramp), 0);
}

static void test_users_that_ended_by_themselves_are_made_up_for(void **state)
{
    struct planned *planned = *state;
    plan(planned, two, 2, (size_t[]){0, 4}, 6, 1, false);
    assert_int_equal(acr_ramp_starts_of(&planned->ramp, 0), 2);
    assert_int_equal(planned->ramp.starts.count, 2);
    assert_int_equal(planned->ramp.ends.count, 0);
}

/* Whatever the numbers, each change leads to the shares, and what one class gives another changes hands at once. */
static void test_every_change_leads_to_the_shares_without_the_number_going_astray(void **state)
{
    struct planned *planned = *state;
    struct acr_ramp *ramp = &planned->ramp;
    size_t exchanges = 0;
    for (size_t from = 0; from < 60; from++) {
        for (size_t to = 0; to < 60; to++) {
            size_t live[3], shares[3];
            acr_user_shares(odd, 3, from, live);
            acr_user_shares(odd, 3, to, shares);
            plan(planned, odd, 3, live, to, 1, true);
            for (size_t i = 0; i < 3; i++)
                assert_int_equal(live[i] + count_of(&ramp->starts, i) - count_of(&ramp->ends, i), shares[i]);
            exchanges += ramp->starts.count > 0 && ramp->ends.count > 0;
            size_t less = from > to ? from - to : 0, more = to > from ? to - from : 0;
            assert_int_equal(ramp->starts.at_once + more, ramp->starts.count);
            assert_int_equal(ramp->ends.at_once + less, ramp->ends.count);
        }
    }
    assert_true(exchanges > 0);
}

static void test_without_a_class_that_takes_users_there_is_nothing_to_do(void **state)
{
    struct planned *planned = *state;
    const struct acr_user_class none[] = {{.name = "A", .weight = 0}};
    plan(planned, none, 1, (size_t[]){0}, 5, 1, false);
    assert_int_equal(planned->ramp.target, 0);
    assert_true(acr_ramp_is_handed(&planned->ramp));
    assert_int_equal(acr_ramp_next(&planned->ramp), 0);
}
