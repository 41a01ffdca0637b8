/* SPDX-License-Identifier: MIT */
/* What is registered, of which file, and what the options among it are given. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "capi/own_options.h"
#include "capi/registry.h"

static const acr_user_definition one = {.name = "one"}, other = {.name = "other"}, again = {.name = "one"};
static struct acr_capi_words words;
static struct acr_error error;

static int setup(void **state)
{
    (void)state;
    words = (struct acr_capi_words){0};
    error = (struct acr_error){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    acr_capi_options_forget();
    acr_registry_clear();
    acr_free(words.items);
    unsetenv("TEST_DEPTH");
    return 0;
}

static void check_said(const char *reason)
{
    if (strstr(error.detail, reason) == NULL)
        fail_msg("'%s' lacks '%s'", error.detail, reason);
}

/* ---- what is there */

static void listener(acr_user *user, void *argument)
{
    (void)user;
    (void)argument;
}

static void test_what_is_registered_is_kept_in_order_with_its_file(void **state)
{
    (void)state;
    static const acr_test_definition test = {.on_start = NULL};
    acr_register_user(ACR_ABI, &one);
    acr_registry_begin_file("a.c");
    acr_register_user(ACR_ABI, &other);
    acr_register_test(ACR_ABI, &test);
    acr_register_listener(ACR_ABI, "event", listener);
    const struct acr_registry *registry = acr_registry();
    assert_int_equal(registry->user_count, 2);
    assert_ptr_equal(registry->users[0].definition, &one);
    assert_string_equal(registry->users[0].file, "the program");
    assert_ptr_equal(registry->users[1].definition, &other);
    assert_string_equal(registry->users[1].file, "a.c");
    assert_int_equal(registry->test_count, 1);
    assert_ptr_equal(registry->tests[0], &test);
    assert_int_equal(registry->listener_count, 1);
    assert_string_equal(registry->listeners[0].event, "event");
    assert_ptr_equal(registry->listeners[0].fn, listener);
    assert_int_equal(acr_registry_check(&error), 0);
    acr_registry_clear();
    assert_int_equal(registry->user_count + registry->test_count + registry->listener_count, 0);
}

static void test_what_was_made_for_another_version_is_not_looked_at(void **state)
{
    (void)state;
    acr_registry_begin_file("old.so");
    acr_register_user(ACR_ABI - 1, (const acr_user_definition *)1);
    acr_register_test(ACR_ABI - 1, (const acr_test_definition *)1);
    acr_register_option(ACR_ABI - 1, (acr_own_option *)1);
    acr_register_listener(ACR_ABI - 1, (const char *)1, listener);
    const struct acr_registry *registry = acr_registry();
    assert_int_equal(registry->user_count + registry->test_count + registry->listener_count + registry->option_count,
                     0);
    assert_int_equal(acr_registry_check(&error), ACR_ERR_SCRIPT);
    check_said("old.so was compiled for version ");
    acr_registry_clear();
    assert_int_equal(acr_registry_check(&error), 0);
}

static void test_two_classes_of_a_name_are_refused_with_their_files(void **state)
{
    (void)state;
    acr_registry_begin_file("a.c");
    acr_register_user(ACR_ABI, &one);
    acr_registry_begin_file("b.c");
    acr_register_user(ACR_ABI, &other);
    acr_register_user(ACR_ABI, &again);
    assert_int_equal(acr_registry_check(&error), ACR_ERR_SCRIPT);
    check_said("two user classes are called one, in a.c and in b.c");
}

static void test_a_class_is_registered_once_and_needs_a_name(void **state)
{
    (void)state;
    static const acr_user_definition nameless = {.name = NULL};
    acr_register_user(ACR_ABI, &one);
    acr_register_user(ACR_ABI, &one);
    assert_int_equal(acr_registry()->user_count, 1);
    assert_int_equal(acr_registry_check(&error), 0);
    acr_register_user(ACR_ABI, &nameless);
    assert_int_equal(acr_registry_check(&error), ACR_ERR_SCRIPT);
    check_said("a user class in the program has no .name");
}

/* ---- options */

static acr_own_option depth = {.name = "--depth", .kind = ACR_NUMBER, .otherwise = "3", .environment = "TEST_DEPTH"};
static acr_own_option name = {.name = "--name"};
static acr_own_option dry = {.name = "--dry", .kind = ACR_FLAG};

static bool is_taken(const char *option)
{
    return strcmp(option, "--host") == 0;
}

static int read_options(const char *const *rest, size_t count)
{
    struct acr_scenario_request request = {.rest = rest, .rest_count = count, .has_option = is_taken};
    if (acr_registry()->option_count == 0) {
        acr_register_option(ACR_ABI, &depth);
        acr_register_option(ACR_ABI, &name);
        acr_register_option(ACR_ABI, &dry);
    }
    acr_capi_options_forget();
    acr_free(words.items);
    words = (struct acr_capi_words){0};
    return acr_capi_options_read(&request, &words, &error);
}

#define READ(...) \
    read_options((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void test_options_take_their_values_and_leave_the_names_of_classes(void **state)
{
    (void)state;
    assert_int_equal(READ("one", "--depth", "5", "-", "--name=a=b", "--dry", "other", "--depth", "-7"), 0);
    assert_int_equal(words.count, 3);
    assert_string_equal(words.items[0], "one");
    assert_string_equal(words.items[1], "-");
    assert_string_equal(words.items[2], "other");
    assert_true(acr_option_number(&depth) == -7 && acr_option_given(&depth) && acr_option_given(&dry));
    assert_string_equal(acr_option_text(&name), "a=b");
}

static void test_what_is_not_given_is_what_it_is_otherwise(void **state)
{
    (void)state;
    assert_int_equal(read_options(NULL, 0), 0);
    assert_true(acr_option_number(&depth) == 3 && !acr_option_given(&depth) && !acr_option_given(&dry));
    assert_string_equal(acr_option_text(&depth), "3");
    assert_null(acr_option_text(&name));
    assert_true(acr_option_number(&name) == 0);
}

static void test_the_environment_counts_when_the_command_line_does_not_say(void **state)
{
    (void)state;
    setenv("TEST_DEPTH", "8", 1);
    assert_int_equal(READ("--dry"), 0);
    assert_true(acr_option_number(&depth) == 8 && acr_option_given(&depth));
    assert_int_equal(READ("--depth=9"), 0);
    assert_true(acr_option_number(&depth) == 9);
    setenv("TEST_DEPTH", "many", 1);
    assert_int_equal(READ("--dry"), ACR_ERR_USAGE);
    check_said("TEST_DEPTH --depth: not a number: 'many'");
}

static void test_values_that_cannot_be_are_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(READ("--depth"), ACR_ERR_USAGE);
    check_said("--depth option requires 1 argument");
    assert_int_equal(READ("--depth", "--dry"), ACR_ERR_USAGE);
    assert_int_equal(READ("--depth", "1x"), ACR_ERR_USAGE);
    assert_int_equal(READ("--depth", "inf"), ACR_ERR_USAGE);
    assert_int_equal(READ("--dry=yes"), ACR_ERR_USAGE);
    assert_int_equal(READ("--nothing=1"), ACR_ERR_USAGE);
    check_said("no such option: --nothing");
    assert_int_equal(READ("-xyz"), ACR_ERR_USAGE);
    assert_true(strcmp(error.detail, "no such option: -x") == 0);
}

static void test_files_share_an_option_of_one_kind_only(void **state)
{
    (void)state;
    acr_own_option same = {.name = "--depth", .kind = ACR_NUMBER, .otherwise = "4"};
    acr_own_option differs = {.name = "--depth"};
    assert_int_equal(read_options(NULL, 0), 0);
    acr_registry_begin_file("b.c");
    acr_register_option(ACR_ABI, &same);
    assert_int_equal(READ("--depth", "6"), 0);
    assert_true(acr_option_number(&depth) == 6 && acr_option_number(&same) == 6);
    assert_int_equal(READ("--dry"), 0);
    assert_true(acr_option_number(&depth) == 3 && acr_option_number(&same) == 4);
    acr_register_option(ACR_ABI, &differs);
    assert_int_equal(READ("--dry"), ACR_ERR_SCRIPT);
    check_said("--depth is of another kind in the program than in b.c");
    acr_capi_options_forget(); /* before their memory goes */
    acr_registry_clear();
}

static void test_the_program_s_own_options_cannot_be_replaced(void **state)
{
    (void)state;
    acr_own_option taken = {.name = "--host"};
    acr_registry_begin_file("b.c");
    acr_register_option(ACR_ABI, &taken);
    assert_int_equal(READ("one"), ACR_ERR_USAGE);
    check_said("--host is an option of the program: b.c must call its own otherwise");
    acr_registry_clear();
}

static void test_the_help_names_each_option_once(void **state)
{
    (void)state;
    acr_own_option same = depth;
    struct acr_buffer text = {0};
    acr_capi_options_help(&text);
    assert_int_equal(text.size, 0);
    assert_int_equal(read_options(NULL, 0), 0);
    acr_register_option(ACR_ABI, &same);
    acr_capi_options_help(&text);
    assert_int_equal(acr_buffer_append(&text, "", 1), 0);
    assert_string_equal(text.data, "\nOptions of the scenario:\n"
                                   "  --depth=DEPTH             [3; TEST_DEPTH]\n"
                                   "  --name=NAME\n"
                                   "  --dry\n");
    acr_buffer_done(&text);
    acr_registry_clear();
}
