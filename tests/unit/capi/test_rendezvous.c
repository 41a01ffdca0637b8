/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "capi/internal.h"
#include "capi/registry.h"
#include "run/internal.h"

#define USERS 4

static struct acr_clock_fake fake;
static struct acr_engine engine;
static struct acr_capi capi;
static struct acr_load *load;
static acr_user_definition definition = {.name = "tester"};
static struct acr_capi_class class = {.definition = &definition};
static acr_rendezvous place;
static uint64_t turns;
static int log_file;

/* A user that goes to the rendezvous on a coroutine of its own. */
static struct guest {
    acr_user user;
    struct acr_coroutine *coroutine;
    bool gone; /* on again */
    bool met;
    uint64_t when; /* in which turn */
} guests[USERS];

static int setup(void **state)
{
    (void)state;
    log_file = memfd_create("log", MFD_CLOEXEC);
    acr_log_set_fd(log_file);
    acr_clock_fake_init(&fake, ACR_NANOS_PER_SECOND, 0);
    capi = (struct acr_capi){.scenario.engine = &engine};
    engine = (struct acr_engine){.clock = &fake.clock};
    memset(guests, 0, sizeof guests);
    if (acr_loop_open(&fake.clock, &engine.loop, NULL) < 0 || acr_load_open(&capi.scenario, &load, NULL) < 0)
        return -1;
    return acr_coroutine_pool_open(engine.loop, NULL, &capi.pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(acr_coroutine_pool_count(capi.pool), 0);
    acr_capi_places_close(&capi);
    acr_registry_clear();
    acr_coroutine_pool_close(capi.pool);
    acr_load_close(load);
    acr_loop_close(engine.loop);
    acr_log_set_fd(STDERR_FILENO);
    close(log_file);
    return 0;
}

static int open_place(unsigned users, double timeout)
{
    place = (acr_rendezvous){.name = "checkout", .users = users, .timeout = timeout};
    acr_register_rendezvous(ACR_ABI, &place);
    return acr_capi_places_open(&capi, NULL);
}

static void go(struct acr_coroutine *coroutine, void *context)
{
    struct guest *guest = context;
    guest->user.fiber = acr_coroutine_fiber(coroutine);
    guest->met = acr_meet(&guest->user, &place);
    guest->gone = true;
    guest->when = turns;
}

static void let_go(size_t number)
{
    struct guest *guest = &guests[number];
    *guest = (struct guest){.user = {.capi = &capi, .class = &class, .id = number}};
    acr_list_init(&guest->user.queued);
    assert_int_equal(acr_coroutine_start(capi.pool, go, NULL, guest, &guest->coroutine), 0);
}

static void turn(void)
{
    turns++;
    assert_int_equal(acr_loop_turn(engine.loop, 0), 0);
}

static void check_met(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        assert_true(guests[i].gone && guests[i].met);
        assert_int_equal(guests[i].when, guests[from].when);
    }
}

/* Has a timeout been logged? */
static bool timed_out(void)
{
    char text[4096];
    ssize_t size = pread(log_file, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    return strstr(text, "they go on without the others") != NULL;
}

static void test_all_go_on_in_the_same_turn_the_last_one_too(void **state)
{
    (void)state;
    assert_int_equal(open_place(3, 0), 0);
    let_go(0);
    turn();
    let_go(1);
    turn();
    assert_false(guests[0].gone || guests[1].gone);
    let_go(2);
    turn();
    assert_false(guests[0].gone || guests[1].gone || guests[2].gone);
    turn();
    check_met(0, 3);
}

static void test_who_comes_when_it_is_complete_belongs_to_the_next_meeting(void **state)
{
    (void)state;
    assert_int_equal(open_place(2, 0), 0);
    for (size_t i = 0; i < 3; i++)
        let_go(i);
    turn();
    turn();
    check_met(0, 2);
    assert_false(guests[2].gone);
    let_go(3);
    turn();
    turn();
    check_met(2, 4);
}

static void test_one_user_meets_itself_after_a_turn(void **state)
{
    (void)state;
    assert_int_equal(open_place(1, 0), 0);
    let_go(0);
    turn();
    assert_false(guests[0].gone);
    turn();
    check_met(0, 1);
}

static void test_those_that_wait_go_on_together_at_the_timeout_of_the_first(void **state)
{
    (void)state;
    assert_int_equal(open_place(3, 5), 0);
    let_go(0);
    turn();
    fake.monotonic_now += 4 * ACR_NANOS_PER_SECOND;
    turn();
    let_go(1);
    turn();
    fake.monotonic_now += ACR_NANOS_PER_SECOND - 1;
    turn();
    assert_false(guests[0].gone || guests[1].gone);
    fake.monotonic_now += ACR_NANOS_PER_MILLI;
    turn();
    assert_true(guests[0].gone && guests[1].gone && guests[0].when == guests[1].when);
    assert_false(guests[0].met || guests[1].met);
    assert_false(guests[0].user.ending || guests[1].user.ending);
    assert_true(timed_out());
}

static void test_the_next_meeting_has_a_timeout_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(open_place(2, 5), 0);
    let_go(0);
    turn();
    fake.monotonic_now += 4 * ACR_NANOS_PER_SECOND;
    let_go(1);
    turn();
    turn();
    check_met(0, 2);
    let_go(0);
    turn();
    fake.monotonic_now += 4 * ACR_NANOS_PER_SECOND;
    turn();
    assert_false(guests[0].gone);
    fake.monotonic_now += 2 * ACR_NANOS_PER_SECOND;
    turn();
    assert_true(guests[0].gone && !guests[0].met);
}

static void test_a_user_that_ends_leaves_the_group_and_its_timeout_goes_with_the_last(void **state)
{
    (void)state;
    assert_int_equal(open_place(2, 5), 0);
    let_go(0);
    turn();
    acr_coroutine_cancel(guests[0].coroutine);
    turn();
    assert_true(guests[0].gone && !guests[0].met && guests[0].user.ending);
    fake.monotonic_now += 4 * ACR_NANOS_PER_SECOND;
    let_go(1);
    turn();
    fake.monotonic_now += 4 * ACR_NANOS_PER_SECOND;
    turn();
    assert_false(guests[1].gone); /* nobody waits since the first one came */
    let_go(2);
    turn();
    turn();
    check_met(1, 3);
}

static void test_where_nobody_waits_any_more_nothing_times_out(void **state)
{
    (void)state;
    assert_int_equal(open_place(2, 5), 0);
    let_go(0);
    let_go(1);
    turn();
    turn();
    check_met(0, 2);
    fake.monotonic_now += 10 * ACR_NANOS_PER_SECOND;
    turn();
    assert_false(timed_out());
    let_go(2);
    turn();
    acr_coroutine_cancel(guests[2].coroutine);
    turn();
    fake.monotonic_now += 10 * ACR_NANOS_PER_SECOND;
    turn();
    assert_false(timed_out());
}

static void test_a_user_that_ends_in_the_moment_of_the_meeting_keeps_nobody_from_it(void **state)
{
    (void)state;
    assert_int_equal(open_place(3, 0), 0);
    for (size_t i = 0; i < 3; i++)
        let_go(i);
    turn();
    acr_coroutine_cancel(guests[0].coroutine);
    acr_coroutine_cancel(guests[2].coroutine);
    turn();
    check_met(1, 2);
    assert_true(guests[0].gone && !guests[0].met && guests[0].user.ending);
    assert_true(guests[2].gone && !guests[2].met && guests[2].user.ending);
}

static void test_all_are_not_known_before_the_run_is_running(void **state)
{
    (void)state;
    assert_int_equal(open_place(0, 0), 0);
    let_go(0);
    turn();
    acr_capi_places_check(&capi);
    turn();
    assert_false(guests[0].gone);
    acr_coroutine_cancel(guests[0].coroutine);
    turn();
    assert_true(guests[0].gone);
}

static void test_a_user_that_was_told_to_end_waits_for_nobody(void **state)
{
    (void)state;
    assert_int_equal(open_place(2, 0), 0);
    let_go(0);
    guests[0].user.told = true;
    turn();
    assert_false(guests[0].gone);
    turn();
    assert_true(guests[0].gone && !guests[0].met);
    let_go(1);
    turn();
    turn();
    assert_false(guests[1].gone); /* the other one was not counted */
    acr_coroutine_cancel(guests[1].coroutine);
    turn();
}

static void test_a_timeout_is_a_number_of_seconds(void **state)
{
    (void)state;
    static const double wrong[] = {-1, 0.0 / 0.0, 1.0 / 0.0};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(wrong); i++) {
        assert_int_equal(open_place(2, wrong[i]), ACR_ERR_SCRIPT);
        acr_capi_places_close(&capi);
        acr_registry_clear();
    }
    assert_int_equal(open_place(2, 0.5), 0);
}
