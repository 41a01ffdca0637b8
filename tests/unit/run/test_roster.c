/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "base/random.h"
#include "run/roster.h"

static int setup(void **state)
{
    struct acr_roster *roster = acr_alloc_zero(sizeof *roster);
    acr_roster_init(roster, 2);
    *state = roster;
    return 0;
}

static int teardown(void **state)
{
    acr_roster_done(*state);
    acr_free(*state);
    return 0;
}

static void test_the_newest_of_a_class_is_dismissed_first(void **state)
{
    struct acr_roster *roster = *state;
    uint64_t old = acr_roster_add(roster, 1), other = acr_roster_add(roster, 0), young = acr_roster_add(roster, 1);
    uint64_t dismissed;
    assert_true(acr_roster_dismiss(roster, 1, &dismissed));
    assert_int_equal(dismissed, young);
    assert_true(acr_roster_dismiss(roster, 1, &dismissed));
    assert_int_equal(dismissed, old);
    assert_false(acr_roster_dismiss(roster, 1, &dismissed));
    assert_int_equal(acr_roster_staying(roster, 0), 1);
    assert_int_equal(roster->count, 3);
    assert_int_equal(roster->leaving, 2);
    assert_true(acr_roster_dismiss_any(roster, &dismissed));
    assert_int_equal(dismissed, other);
    assert_false(acr_roster_dismiss_any(roster, &dismissed));
}

static void test_a_user_is_removed_once_and_its_number_given_again(void **state)
{
    struct acr_roster *roster = *state;
    uint64_t first = acr_roster_add(roster, 0);
    assert_true(acr_roster_remove(roster, first));
    assert_false(acr_roster_remove(roster, first));
    assert_false(acr_roster_remove(roster, 1000000));
    assert_int_equal(acr_roster_add(roster, 1), first);
    assert_int_equal(acr_roster_staying(roster, 0), 0);
    assert_int_equal(acr_roster_staying(roster, 1), 1);
}

#define CLASS_COUNT 2
#define NUMBERS 300

/* Against a plain array. */
static void test_any_order_of_coming_and_going_is_kept_track_of(void **state)
{
    struct acr_roster *roster = *state;
    struct acr_random random;
    int class_of[NUMBERS], left[NUMBERS] = {0};
    for (int i = 0; i < NUMBERS; i++)
        class_of[i] = -1;
    acr_random_init(&random, 3);
    for (int step = 0; step < 20000; step++) {
        size_t class_number = (size_t)acr_random_below(&random, CLASS_COUNT);
        uint64_t number = acr_random_below(&random, NUMBERS);
        switch (acr_random_below(&random, 3)) {
        case 0:
            if (roster->count >= NUMBERS / 2)
                break;
            number = acr_roster_add(roster, class_number);
            assert_true(number < NUMBERS && class_of[number] == -1);
            class_of[number] = (int)class_number;
            left[number] = 0;
            break;
        case 1:
            assert_int_equal(acr_roster_remove(roster, number), class_of[number] != -1);
            class_of[number] = -1;
            break;
        default:
            if (acr_roster_dismiss(roster, class_number, &number)) {
                assert_true(class_of[number] == (int)class_number && !left[number]);
                left[number] = 1;
            }
        }
        size_t count = 0, leaving = 0, staying[CLASS_COUNT] = {0};
        for (int i = 0; i < NUMBERS; i++) {
            count += class_of[i] != -1;
            leaving += class_of[i] != -1 && left[i];
            if (class_of[i] != -1 && !left[i])
                staying[class_of[i]]++;
        }
        assert_int_equal(roster->count, count);
        assert_int_equal(roster->leaving, leaving);
        for (size_t i = 0; i < CLASS_COUNT; i++)
            assert_int_equal(acr_roster_staying(roster, i), staying[i]);
    }
}
