/* SPDX-License-Identifier: MIT */
/* json: what is found in a text, and what is none. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "capi/json.h"

static const char *const text =
    "{\"text\": \"a, b\", \"escaped\": \"\\u00e9\\n\\\"\", \"number\": -12, \"real\": 1.50, \"yes\": true, \"none\": "
    "null,"
    " \"list\": [1, \"2\", {\"k\": \"\\/\"}], \"empty\": {}, \"a/b\": \"slash\", \"m~n\": 8, \"\": 0}";

/* What is found, to be freed; NULL: nothing. */
static char *look(struct acr_capi_json *json, const char *pointer)
{
    const char *value;
    size_t size;
    return acr_capi_json_find(json, pointer, &value, &size) ? strndup(value, size) : NULL;
}

static void assert_found(struct acr_capi_json *json, const char *pointer, const char *wanted)
{
    char *found = look(json, pointer);
    if (wanted == NULL)
        assert_null(found);
    else
        assert_string_equal(found, wanted);
    free(found);
}

static void test_pointers_find_values(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"/text", "a, b"},
        {"/escaped", "\xc3\xa9\n\""},
        {"/number", "-12"},
        {"/real", "1.5"},
        {"/yes", "true"},
        {"/none", "null"},
        {"/list", "[1,\"2\",{\"k\":\"/\"}]"},
        {"/list/0", "1"},
        {"/list/1", "2"},
        {"/list/2/k", "/"},
        {"/empty", "{}"},
        {"/a~1b", "slash"},
        {"/m~0n", "8"},
        {"/", "0"},
        {"/list/3", NULL},
        {"/list/-", NULL},
        {"/list/x", NULL},
        {"/nothing", NULL},
        {"/text/0", NULL},
        {"text", NULL},
        {"/empty/here", NULL},
    };
    struct acr_capi_json *json = acr_capi_json_new();
    assert_true(acr_capi_json_take(json, text, strlen(text)) > 0);
    for (size_t i = 0; i < ACR_ARRAY_SIZE(expected); i++)
        assert_found(json, expected[i][0], expected[i][1]);
    acr_capi_json_free(json);
}

static void test_a_text_may_be_one_value(void **state)
{
    (void)state;
    struct acr_capi_json *json = acr_capi_json_new();
    assert_true(acr_capi_json_take(json, " \"all\" ", 7) > 0);
    assert_found(json, "", "all");
    assert_found(json, "/0", NULL);
    assert_true(acr_capi_json_take(json, "[1, 2]", 6) > 0);
    assert_found(json, "", "[1,2]");
    assert_true(acr_capi_json_take(json, "\xef\xbb\xbf[3]", 6) > 0);
    assert_found(json, "/0", "3");
    acr_capi_json_free(json);
}

static void test_what_is_no_json_has_no_values(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " ", "{", "{}}", "[1,]", "{a:1}", "\"\xff\"", "<html>", "nul", "01", "1 2"};
    struct acr_capi_json *json = acr_capi_json_new();
    assert_found(json, "", NULL);
    for (size_t i = 0; i < ACR_ARRAY_SIZE(texts); i++) {
        assert_int_equal(acr_capi_json_take(json, texts[i], strlen(texts[i])), 0);
        assert_found(json, "", NULL);
    }
    assert_int_equal(acr_capi_json_take(json, "1\0", 2), 0);
    acr_capi_json_free(json);
}

static void test_the_text_taken_in_last_is_the_one_that_is_there(void **state)
{
    (void)state;
    struct acr_capi_json *json = acr_capi_json_new();
    assert_false(acr_capi_json_has(json, 0));
    uint64_t first = acr_capi_json_take(json, "[1]", 3);
    assert_true(acr_capi_json_has(json, first));
    uint64_t second = acr_capi_json_take(json, "[2]", 3);
    assert_false(acr_capi_json_has(json, first));
    assert_true(acr_capi_json_has(json, second));
    assert_int_equal(acr_capi_json_take(json, "[", 1), 0);
    assert_false(acr_capi_json_has(json, second));
    assert_false(acr_capi_json_has(json, 0));
    acr_capi_json_free(json);
}

/* So many arrays, one in the other. */
static uint64_t take_nested(struct acr_capi_json *json, size_t depth)
{
    char *nested = malloc(2 * depth);
    memset(nested, '[', depth);
    memset(nested + depth, ']', depth);
    uint64_t number = acr_capi_json_take(json, nested, 2 * depth);
    free(nested);
    return number;
}

static void test_depth_is_limited_whatever_was_there_before(void **state)
{
    (void)state;
    struct acr_capi_json *json = acr_capi_json_new();
    for (int round = 0; round < 2; round++) {
        assert_true(take_nested(json, ACR_CAPI_JSON_DEPTH_MAX - 1) > 0);
        assert_int_equal(take_nested(json, ACR_CAPI_JSON_DEPTH_MAX + 1), 0);
        assert_int_equal(take_nested(json, 3000000), 0);
    }
    acr_capi_json_free(json);
}

static void test_large_texts_come_and_go(void **state)
{
    (void)state;
    struct acr_capi_json *json = acr_capi_json_new();
    size_t size = 8 << 20;
    char *large = malloc(size);
    memset(large, 'a', size);
    large[0] = large[size - 1] = '"';
    for (int round = 0; round < 2; round++) {
        assert_true(acr_capi_json_take(json, large, size) > 0);
        char *found = look(json, "");
        assert_int_equal(strlen(found), size - 2);
        free(found);
        assert_true(acr_capi_json_take(json, "[7]", 3) > 0);
        assert_found(json, "/0", "7");
    }
    free(large);
    acr_capi_json_free(json);
}
