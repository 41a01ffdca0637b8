/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>

#include "base/log.h"
#include "capi/internal.h"
#include "capi/registry.h"

#define USERS 4

static struct acr_clock_fake fake;
static struct acr_loop *loop;
static struct acr_coroutine_pool *pool;
static struct acr_capi capi;
static acr_user_definition definition = {.name = "tester"};
static struct acr_capi_class class = {.definition = &definition};
static acr_feeder feeder;

/* A user that asks for rows on a coroutine of its own. */
static struct asker {
    acr_user user;
    int asks;               /* it is to make */
    const acr_row *rows[4]; /* it was given */
    int answers;
} askers[USERS];

static int setup(void **state)
{
    (void)state;
    acr_log_set_level(ACR_LOG_CRITICAL);
    acr_clock_fake_init(&fake, ACR_NANOS_PER_SECOND, 0);
    capi = (struct acr_capi){0};
    memset(askers, 0, sizeof askers);
    for (size_t i = 0; i < USERS; i++) {
        askers[i].user = (acr_user){.capi = &capi, .class = &class, .id = i};
        acr_list_init(&askers[i].user.rows);
        acr_list_init(&askers[i].user.queued);
        acr_random_init(&askers[i].user.random, i);
    }
    if (acr_loop_open(&fake.clock, &loop, NULL) < 0)
        return -1;
    return acr_coroutine_pool_open(loop, NULL, &pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    acr_capi_feeders_close(&capi);
    acr_registry_clear();
    acr_coroutine_pool_close(pool);
    acr_loop_close(loop);
    acr_log_set_level(ACR_LOG_INFO);
    return 0;
}

static int open_feeder(acr_feeder made)
{
    feeder = made;
    feeder.name = "words";
    acr_register_feeder(ACR_ABI, &feeder);
    return acr_capi_feeders_open(&capi, NULL);
}

static void open_three(acr_order order)
{
    assert_int_equal(open_feeder((acr_feeder){.text = "word\none\ntwo\nthree\n", .order = order}), 0);
}

static const char *next_word(size_t user)
{
    return acr_field(acr_next_row(&askers[user].user, &feeder), "word");
}

static void ask(struct acr_coroutine *coroutine, void *context)
{
    struct asker *asker = context;
    asker->user.fiber = acr_coroutine_fiber(coroutine);
    while (asker->answers < asker->asks) {
        const acr_row *row = acr_next_row(&asker->user, &feeder);
        asker->rows[asker->answers++] = row;
    }
}

/* As user.c does. */
static void ended(struct acr_coroutine *coroutine, void *context)
{
    (void)coroutine;
    acr_capi_rows_end(&((struct asker *)context)->user);
}

static struct acr_coroutine *start_asker(size_t number, int asks)
{
    struct acr_coroutine *coroutine;
    askers[number].asks = asks;
    assert_int_equal(acr_coroutine_start(pool, ask, ended, &askers[number], &coroutine), 0);
    return coroutine;
}

static void turn(void)
{
    assert_int_equal(acr_loop_turn(loop, 0), 0);
}

static void test_cyclic_rows_go_round_among_all(void **state)
{
    (void)state;
    static const char *const expected[] = {"one", "two", "three", "one", "two", "three", "one"};
    open_three(ACR_CYCLIC);
    for (size_t i = 0; i < ACR_ARRAY_SIZE(expected); i++)
        assert_string_equal(next_word(i % USERS), expected[i]);
}

static void test_once_gives_each_row_to_one_user_and_then_none(void **state)
{
    (void)state;
    open_three(ACR_ONCE);
    assert_string_equal(next_word(0), "one");
    assert_string_equal(next_word(1), "two");
    assert_string_equal(next_word(0), "three");
    assert_null(next_word(1));
    assert_null(next_word(0));
}

static void test_random_rows_come_each_as_often(void **state)
{
    (void)state;
    int seen[3] = {0};
    open_three(ACR_RANDOM);
    for (int i = 0; i < 30000; i++) {
        const char *word = next_word(0);
        seen[word[0] == 'o' ? 0 : word[1] == 'w' ? 1 : 2]++;
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(seen[i], 9500, 10500);
}

static void test_a_user_that_is_being_ended_gets_no_row_and_uses_none_up(void **state)
{
    (void)state;
    open_three(ACR_ONCE);
    askers[0].user.ending = true;
    assert_null(next_word(0));
    assert_string_equal(next_word(1), "one");
}

static void test_a_recycled_row_has_one_user_until_it_is_given_back(void **state)
{
    (void)state;
    open_three(ACR_RECYCLED);
    const acr_row *one = acr_next_row(&askers[0].user, &feeder);
    assert_string_equal(next_word(1), "two");
    assert_string_equal(next_word(2), "three");
    acr_give_back(&askers[0].user, one);
    assert_ptr_equal(acr_next_row(&askers[1].user, &feeder), one);
    acr_capi_rows_end(&askers[1].user);
    assert_string_equal(next_word(0), "two");
    assert_string_equal(next_word(0), "one");
    acr_capi_rows_end(&askers[0].user);
    acr_capi_rows_end(&askers[2].user);
}

static void test_a_row_can_be_given_back_by_its_user_only_and_once(void **state)
{
    (void)state;
    open_three(ACR_RECYCLED);
    const acr_row *one = acr_next_row(&askers[0].user, &feeder);
    acr_give_back(&askers[1].user, one);
    assert_string_equal(next_word(1), "two");
    assert_string_equal(next_word(1), "three");
    start_asker(3, 1);
    turn();
    assert_int_equal(askers[3].answers, 0); /* nothing is free */
    acr_give_back(&askers[0].user, one);
    acr_give_back(&askers[0].user, one); /* it belongs to the one that waited */
    acr_give_back(&askers[0].user, NULL);
    turn();
    assert_ptr_equal(askers[3].rows[0], one);
    assert_ptr_equal(acr_next_row(&askers[2].user, &feeder), one);
    acr_capi_rows_end(&askers[1].user);
    acr_capi_rows_end(&askers[2].user);
}

static void test_rows_of_other_orders_need_not_be_given_back(void **state)
{
    (void)state;
    open_three(ACR_CYCLIC);
    acr_give_back(&askers[0].user, acr_next_row(&askers[0].user, &feeder));
    assert_string_equal(next_word(0), "two");
}

static void test_users_that_wait_are_served_in_their_order(void **state)
{
    (void)state;
    open_three(ACR_RECYCLED);
    start_asker(0, 3);
    turn();
    assert_int_equal(askers[0].answers, 3); /* it has ended, so they are free */
    const acr_row *rows[3];
    for (size_t i = 0; i < 3; i++)
        rows[i] = acr_next_row(&askers[3].user, &feeder);
    start_asker(1, 1);
    start_asker(2, 1);
    turn();
    assert_int_equal(askers[1].answers + askers[2].answers, 0);
    acr_give_back(&askers[3].user, rows[2]);
    assert_int_equal(askers[1].answers, 0); /* not before the next turn */
    turn();
    assert_ptr_equal(askers[1].rows[0], rows[2]);
    turn();
    assert_ptr_equal(askers[2].rows[0], rows[2]); /* which the one before had until its end */
    acr_capi_rows_end(&askers[3].user);
}

static void test_a_user_told_to_end_while_it_waits_gets_none(void **state)
{
    (void)state;
    open_three(ACR_RECYCLED);
    for (size_t i = 0; i < 3; i++)
        acr_next_row(&askers[3].user, &feeder);
    struct acr_coroutine *coroutine = start_asker(0, 1);
    start_asker(1, 1);
    turn();
    acr_coroutine_cancel(coroutine);
    turn();
    assert_int_equal(askers[0].answers, 1);
    assert_null(askers[0].rows[0]);
    assert_true(askers[0].user.ending);
    acr_capi_rows_end(&askers[3].user);
    turn();
    assert_non_null(askers[1].rows[0]);
}

static void test_a_row_given_to_a_user_in_the_moment_of_its_end_goes_to_the_next(void **state)
{
    (void)state;
    open_three(ACR_RECYCLED);
    const acr_row *row = acr_next_row(&askers[3].user, &feeder);
    acr_next_row(&askers[3].user, &feeder);
    acr_next_row(&askers[3].user, &feeder);
    struct acr_coroutine *coroutine = start_asker(0, 1);
    start_asker(1, 1);
    turn();
    acr_give_back(&askers[3].user, row);
    acr_coroutine_cancel(coroutine);
    turn();
    assert_null(askers[0].rows[0]);
    turn();
    assert_ptr_equal(askers[1].rows[0], row);
    acr_capi_rows_end(&askers[3].user);
}

static void test_a_user_that_was_told_to_end_waits_for_nobody(void **state)
{
    (void)state;
    open_three(ACR_RECYCLED);
    for (size_t i = 0; i < 3; i++)
        acr_next_row(&askers[3].user, &feeder);
    askers[0].user.told = true;
    start_asker(0, 1);
    turn();
    assert_int_equal(askers[0].answers, 0); /* all others may run first */
    turn();
    assert_int_equal(askers[0].answers, 1);
    assert_null(askers[0].rows[0]);
    acr_capi_rows_end(&askers[3].user);
}

static void test_unknown_columns_have_no_field(void **state)
{
    (void)state;
    assert_int_equal(open_feeder((acr_feeder){.text = "word,length\none,3\n"}), 0);
    const acr_row *row = acr_next_row(&askers[0].user, &feeder);
    assert_string_equal(acr_field(row, "length"), "3");
    assert_string_equal(acr_column(row, 1), "3");
    assert_null(acr_field(row, "size"));
    assert_null(acr_column(row, 2));
    assert_null(acr_field(NULL, "word"));
    assert_null(acr_column(NULL, 0));
}

static void test_a_feeder_has_one_source_and_what_fits_it(void **state)
{
    (void)state;
    const acr_feeder wrong[] = {{.order = ACR_ONCE},
                                {.csv = "a.csv", .text = "a\n1\n"},
                                {.lines = "a.txt", .headings = "a"},
                                {.lines = "a.txt", .separator = ';'},
                                {.text = "a\n1\n", .separator = '"'},
                                {.text = "a\n1\n", .separator = '\n'},
                                {.text = "a\n1\n", .order = (acr_order)7}};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(wrong); i++) {
        assert_int_equal(open_feeder(wrong[i]), ACR_ERR_SCRIPT);
        acr_capi_feeders_close(&capi);
        acr_registry_clear();
    }
    assert_int_equal(open_feeder((acr_feeder){.text = "a\n1\n"}), 0);
}
