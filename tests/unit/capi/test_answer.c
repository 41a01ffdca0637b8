/* SPDX-License-Identifier: MIT */
/* What a task reads in a body, and the texts it makes. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "capi/internal.h"
#include "capi/json.h"
#include "http/response.h"

static struct acr_capi capi;
static acr_user user;
static struct acr_response http;
static acr_response answer;
static int log_file;

static int setup(void **state)
{
    (void)state;
    log_file = memfd_create("log", MFD_CLOEXEC);
    acr_log_set_fd(log_file);
    capi = (struct acr_capi){.json = acr_capi_json_new()};
    acr_map_init(&capi.patterns);
    user = (acr_user){.capi = &capi};
    memset(&http, 0, sizeof http);
    answer = (acr_response){.user = &user, .http = &http, .why = ""};
    return 0;
}

/* Another answer: the last one's body is not looked into any more. */
static void forget(void)
{
    answer = (acr_response){.user = &user, .http = &http, .why = ""};
}

static int teardown(void **state)
{
    (void)state;
    acr_capi_json_free(capi.json);
    acr_capi_texts_free(&user);
    acr_capi_patterns_free(&capi);
    acr_buffer_done(&http.body);
    acr_log_set_fd(STDERR_FILENO);
    close(log_file);
    return 0;
}

static void body_of_bytes(const char *bytes, size_t size)
{
    acr_buffer_done(&http.body);
    http.body = (struct acr_buffer){0};
    assert_int_equal(acr_buffer_append(&http.body, bytes, size), 0);
}

static void body(const char *text)
{
    body_of_bytes(text, strlen(text));
}

static void check_text(const char *found, const char *expected)
{
    if (expected == NULL)
        assert_null(found);
    else if (found == NULL)
        fail_msg("nothing, and not '%s'", expected);
    else
        assert_string_equal(found, expected);
}

static size_t count_in_log(const char *words)
{
    static char text[65536];
    size_t count = 0;
    ssize_t size = pread(log_file, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
        count++;
    return count;
}

/* ---- bodies */

static void test_a_body_ends_with_a_zero_byte_that_does_not_count(void **state)
{
    (void)state;
    body("text");
    assert_string_equal(acr_body(&answer), "text");
    assert_int_equal(acr_body_size(&answer), 4);
    assert_true(acr_body_contains(&answer, "ex") && acr_body_contains(&answer, ""));
    assert_false(acr_body_contains(&answer, "text "));
}

static void test_without_an_answer_there_is_nothing_to_read(void **state)
{
    (void)state;
    answer.http = NULL;
    answer.why = "nobody there";
    assert_int_equal(acr_status(&answer), 0);
    assert_string_equal(acr_why(&answer), "nobody there");
    assert_string_equal(acr_body(&answer), "");
    assert_int_equal(acr_body_size(&answer), 0);
    assert_null(acr_header(&answer, "Date"));
    assert_null(acr_find_between(&answer, "a", "b"));
    assert_null(acr_find_regex(&answer, "a"));
}

static void test_between_is_what_stands_behind_the_first_left_and_before_the_next_right(void **state)
{
    static const struct {
        const char *body, *left, *right, *expected;
    } cases[] = {
        {"<a>one</a><a>two</a>", "<a>", "</a>", "one"},
        {"</a><a>one</a>", "<a>", "</a>", "one"},
        {"<a></a>", "<a>", "</a>", ""},
        {"<a>one", "<a>", "</a>", NULL},
        {"one</a>", "<a>", "</a>", NULL},
        {"", "<a>", "</a>", NULL},
        {"key=value", "key=", "", ""},
        {"value;rest", "", ";", "value"},
        {"\"\"", "\"", "\"", ""},
        {"aaa", "aa", "a", ""},
        {"aaa", "aa", "aa", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(cases); i++) {
        body(cases[i].body);
        check_text(acr_find_between(&answer, cases[i].left, cases[i].right), cases[i].expected);
    }
}

static void test_between_reads_past_zero_bytes(void **state)
{
    (void)state;
    body_of_bytes("\0\0id=42;\0", 9);
    check_text(acr_find_between(&answer, "id=", ";"), "42");
}

/* ---- expressions */

static void test_an_expression_gives_its_first_group_or_all_it_matched(void **state)
{
    static const struct {
        const char *body, *pattern, *expected;
    } cases[] = {
        {"id: 42, id: 43", "id: ([0-9]+)", "42"},
        {"id: 42", "[0-9]+", "42"},
        {"id: 42", "name: (.*)", NULL},
        {"id: ", "id: ([0-9]*)", ""},
        {"only b", "(a)|b", NULL}, /* the group took no part */
        {"x=1\ny=2", "y=(.)", "2"},
        {"a\\1b", "a\\\\1b", "a\\1b"}, /* an escaped backslash before a digit */
        {"", "^$", ""},
        {"<b>one</b><b>two</b>", "<b>(.*?)</b>", "one"},
        {"no: 7\nid: 42", "(?m)^id: (\\d+)$", "42"},
        {"aa bb", "(b)\\1", "b"},
        {"na\xc3\xafve", "a(.)v", "\xc3\xaf"},
        {"\xff id=1", "id=(.)", "1"}, /* not all is UTF-8 */
    };
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(cases); i++) {
        body(cases[i].body);
        check_text(acr_find_regex(&answer, cases[i].pattern), cases[i].expected);
    }
    assert_int_equal(count_in_log("acr_find_regex"), 0);
}

static void test_what_is_no_expression_is_logged_once(void **state)
{
    (void)state;
    body("((");
    for (int i = 0; i < 3; i++)
        assert_null(acr_find_regex(&answer, "(("));
    assert_int_equal(count_in_log("acr_find_regex(): ((: "), 1);
}

static void test_what_takes_too_long_is_given_up(void **state)
{
    (void)state;
    char *letters = malloc(5001);
    memset(letters, 'a', 5000);
    letters[5000] = '\0';
    body(letters);
    free(letters);
    for (int i = 0; i < 3; i++)
        assert_null(acr_find_regex(&answer, "(a+)+[bc]"));
    assert_int_equal(count_in_log("acr_find_regex(): (a+)+[bc]: given up in a body of 5000 bytes"), 1);
    check_text(acr_find_regex(&answer, "a{3}$"), "aaa");
}

/* PCRE2 keeps what it needed once, for each expression. */
static void test_what_takes_too_much_memory_is_given_up(void **state)
{
    (void)state;
    static char letters[300 * 1000];
    memset(letters, 'a', sizeof letters);
    body_of_bytes(letters, sizeof letters);
    for (int i = 0; i < 3; i++)
        assert_null(acr_find_regex(&answer, "((?:a|b)*)$"));
    assert_int_equal(count_in_log("given up in a body of 300000 bytes (heap limit exceeded)"), 1);
    body_of_bytes(letters, sizeof letters / 4);
    assert_int_equal(strlen(acr_find_regex(&answer, "((?:a|b)*)$")), sizeof letters / 4);
}

static void test_expressions_made_anew_each_time_are_forgotten(void **state)
{
    (void)state;
    char pattern[32];
    body("item 299;");
    for (int i = 0; i < 300; i++) {
        snprintf(pattern, sizeof pattern, "item (%d);", i);
        const char *found = acr_find_regex(&answer, pattern);
        assert_int_equal(found != NULL, i == 299);
    }
    assert_int_equal(capi.patterns.live, 256);
}

/* ---- JSON */

static void test_a_pointer_leads_into_a_document(void **state)
{
    static const struct {
        const char *pointer, *expected;
    } cases[] = {
        {"/items/0/id", "7"}, {"/items/1", "x"},
        {"/a~1b", "slash"},   {"/m~0n", "tilde"},
        {"/~01", "both"},     {"/deep/er/0/0/end", "true"},
        {"/empty", ""},       {"/null", "null"},
        {"/items/2", NULL},   {"/items/-", NULL},
        {"/items/x", NULL},   {"/items/0/id/0", NULL},
        {"/nothing", NULL},   {"items", NULL},
        {"/", "no name"},     {"/object", "{\"k\":[1,2]}"},
        {"/number", "1.5"},   {"/unicode", "\xc3\xa9"},
    };
    (void)state;
    body("{\"items\": [{\"id\": 7}, \"x\"], \"a/b\": \"slash\", \"m~n\": \"tilde\", \"~1\": \"both\","
         " \"deep\": {\"er\": [[{\"end\": true}]]}, \"empty\": \"\", \"null\": null, \"\": \"no name\","
         " \"object\": {\"k\": [1, 2]}, \"number\": 1.5, \"unicode\": \"\\u00e9\"}");
    for (size_t i = 0; i < ACR_ARRAY_SIZE(cases); i++)
        check_text(acr_json(&answer, cases[i].pointer), cases[i].expected);
}

static void test_the_empty_pointer_is_the_whole_document(void **state)
{
    (void)state;
    body(" [1, \"a\"] ");
    check_text(acr_json(&answer, ""), "[1,\"a\"]");
    forget();
    body("{\"cut\": ");
    check_text(acr_json(&answer, ""), NULL);
    check_text(acr_json(&answer, "/cut"), NULL);
}

/* ---- texts */

static void test_a_format_may_be_of_any_length(void **state)
{
    (void)state;
    assert_string_equal(acr_format(&user, "%s", ""), "");
    assert_string_equal(acr_format(&user, "%d %s", 7, "x"), "7 x");
    const char *wide = acr_format(&user, "%100000d", 1);
    assert_int_equal(strlen(wide), 100000);
    assert_string_equal(wide + 99998, " 1");
}

static void test_a_form_encodes_what_is_not_plain(void **state)
{
    (void)state;
    assert_string_equal(acr_form(&user, NULL), "");
    assert_string_equal(acr_form(&user, "a", "1", "b", "", NULL), "a=1&b=");
    assert_string_equal(acr_form(&user, "q", "a b&c=d+e%", NULL), "q=a+b%26c%3Dd%2Be%25");
    assert_string_equal(acr_form(&user, "\xc3\xa9", "/?#\n", NULL), "%C3%A9=%2F%3F%23%0A");
    assert_string_equal(acr_form(&user, "plain", "AZaz09_.-~", NULL), "plain=AZaz09_.-~");
    assert_string_equal(acr_form(&user, "whole", "1", "left alone", NULL), "whole=1");
}
