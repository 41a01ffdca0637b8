/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>

#include "capi/internal.h"
#include "capi/once.h"

static struct acr_capi_once *once;
static struct acr_error error;
static size_t number;

static void task(acr_user *user)
{
    (void)user;
}

static void other_task(acr_user *user)
{
    (void)user;
}

static void enter(acr_user *user)
{
    (void)user;
}

static const acr_task_set inner = {.tasks = {ACR_TASK(other_task, .name = "deep", .weight = 9)}, .on_stop = enter};
static const acr_task_set outer = {.tasks = {ACR_TASK(task, .name = "between"), ACR_SUBSET(inner)}, .on_start = enter};
static const acr_user_definition first = {
    .name = "first",
    .host = "http://first",
    .wait = acr_constant(5),
    .tasks = {ACR_TASK(task, .weight = 7), ACR_TASK(other_task), ACR_SUBSET(outer)},
    .on_start = task,
    .on_stop = other_task,
    .state_size = 24};
static const acr_task listed[] = {{.run = task, .name = "listed"}, {.run = task, .name = "task"}};
static const acr_user_definition second = {.name = "second", .task_list = listed, .task_count = 2};
static const acr_user_definition *const both[] = {&first, &second};

static int teardown(void **state)
{
    (void)state;
    acr_capi_once_free(once);
    once = NULL;
    return 0;
}

static int choose(const char *names)
{
    error = (struct acr_error){0};
    return acr_capi_once_new(names, both, 2, &once, &number, &error);
}

/* The chosen task number `i`: what stands in the set that ends behind it. */
static const acr_task *chosen(size_t i)
{
    const acr_task *wrapped = &acr_capi_once_definition(once)->task_list[i];
    assert_non_null(wrapped->set);
    assert_true(wrapped->set->sequence && acr_capi_tasks_of(wrapped->set->tasks).count == 2);
    return &wrapped->set->tasks[0];
}

static void test_the_class_runs_each_task_once_and_then_its_user_ends(void **state)
{
    (void)state;
    assert_int_equal(choose("other_task,task,other_task"), 0);
    assert_int_equal(number, 0);
    const acr_user_definition *made = acr_capi_once_definition(once);
    assert_string_equal(made->name, "first");
    assert_string_equal(made->host, "http://first");
    assert_int_equal(made->wait.kind, ACR_WAIT_KIND_NONE);
    assert_true(made->sequence && made->on_start == task && made->on_stop == other_task);
    assert_int_equal(made->state_size, 24);
    assert_int_equal(made->task_count, 4);
    assert_true(chosen(0)->run == other_task && chosen(1)->run == task && chosen(2)->run == other_task);
    assert_int_equal(acr_capi_task_weight(chosen(1)), 1);
    assert_true(made->task_list[3].run == acr_stop_user);
}

static void test_a_task_of_a_set_comes_with_the_sets_it_is_in(void **state)
{
    (void)state;
    assert_int_equal(choose("deep"), 0);
    const acr_task *around = chosen(0);
    assert_non_null(around->set);
    assert_true(around->set->on_start == enter && around->set->on_stop == NULL);
    const acr_task *within = &around->set->tasks[0];
    assert_non_null(within->set);
    assert_true(within->set->on_start == NULL && within->set->on_stop == enter);
    assert_true(within->set->tasks[0].run == other_task);
    assert_int_equal(acr_capi_task_weight(&within->set->tasks[0]), 1);
}

static void test_the_first_class_that_has_all_is_taken(void **state)
{
    (void)state;
    assert_int_equal(choose("task,listed"), 0);
    assert_int_equal(number, 1);
    assert_string_equal(acr_capi_once_definition(once)->name, "second");
}

static void check_refused(const char *names, int code, const char *reason)
{
    assert_int_equal(choose(names), code);
    assert_null(once);
    if (strstr(error.detail, reason) == NULL)
        fail_msg("'%s': %s", names, error.detail);
}

static void test_what_is_missing_is_told_with_what_there_is(void **state)
{
    (void)state;
    check_refused(
        "task,nothing", ACR_ERR_SCRIPT,
        "nothing is missing. There are: first: task, other_task, outer, between, inner, deep; second: listed");
    check_refused("deep,listed", ACR_ERR_SCRIPT, "; listed is missing.");
    check_refused("listed,deep", ACR_ERR_SCRIPT, "; deep is missing.");
    check_refused("tas", ACR_ERR_SCRIPT, "; tas is missing.");
    check_refused("", ACR_ERR_USAGE, "a name is missing");
    check_refused("task,", ACR_ERR_USAGE, "a name is missing");
    check_refused(",task", ACR_ERR_USAGE, "a name is missing");
}
