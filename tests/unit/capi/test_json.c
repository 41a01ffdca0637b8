/* SPDX-License-Identifier: MIT */
/* What the scanner says of a text is compared with what Jansson makes of it. */
#include "support/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "capi/json.h"

/* In a block of its own, so that reading past the zero byte shows. */
static char *block_of(const char *text, size_t size)
{
    char *block = malloc(size + 1);
    assert_non_null(block);
    memcpy(block, text, size);
    block[size] = '\0';
    return block;
}

static void check_bytes(const char *text, size_t size)
{
    char *block = block_of(text, size);
    json_t *tree = json_loadb(block, size, JSON_DECODE_ANY, NULL);
    if (acr_capi_json_check((struct acr_str){block, size}) != (tree != NULL))
        fail_msg("%s is %s", text, tree != NULL ? "refused" : "taken for JSON");
    json_decref(tree);
    free(block);
}

static void test_what_jansson_takes_is_taken_and_nothing_else(void **state)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "{}",
                                        "[]",
                                        " { } ",
                                        "\t[\r\n]\n",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        "[}",
                                        "{]",
                                        "{}}",
                                        "[]]",
                                        "[[],{}]",
                                        "{}{}",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"a\":1,\"b\":2}",
                                        "{a:1}",
                                        "{1:1}",
                                        "{\"a\" : 1 }",
                                        "{,}",
                                        "{\"a\",1}",
                                        "{\"a\"1}",
                                        "[1,]",
                                        "[,]",
                                        "[1 2]",
                                        "[1,2]",
                                        "[ 1 , 2 ]",
                                        "1",
                                        "-1",
                                        "-",
                                        "+1",
                                        "0",
                                        "-0",
                                        "00",
                                        "01",
                                        "-01",
                                        "1.",
                                        "1.5",
                                        ".5",
                                        "1.e1",
                                        "1e",
                                        "1e+",
                                        "1e5",
                                        "1E-5",
                                        "1.5e+5",
                                        "-1.5E5",
                                        "1e999",
                                        "-1e999",
                                        "1e-999",
                                        "0x1",
                                        "1a",
                                        "[1e5,2]",
                                        "999999999999999999",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "-9223372036854775809",
                                        "[9223372036854775808]",
                                        "1.00000000000000000000000000",
                                        "123456789012345678901234567890.5",
                                        "true",
                                        "false",
                                        "null",
                                        "tru",
                                        "truex",
                                        "nul",
                                        "True",
                                        "NaN",
                                        "Infinity",
                                        "\"\"",
                                        "\"a",
                                        "a\"",
                                        "\"a\"b",
                                        "\"\\\"\"",
                                        "\"\\",
                                        "\"\\\"",
                                        "\"\\x\"",
                                        "\"\\\\\"",
                                        "\"\\/\\b\\f\\n\\r\\t\"",
                                        "\"\\u\"",
                                        "\"\\u12\"",
                                        "\"\\u12g4\"",
                                        "\"\\u00e9\"",
                                        "\"\\u00E9\"",
                                        "\"\\u0000\"",
                                        "\"\\ud83d\\ude00\"",
                                        "\"\\ud83d\"",
                                        "\"\\ud83dx\"",
                                        "\"\\ud83d\\n\"",
                                        "\"\\ud83d\\u0041\"",
                                        "\"\\ude00\"",
                                        "\"\\ud83d\\ud83d\"",
                                        "\"\n\"",
                                        "\"\t\"",
                                        "\"\x7f\"",
                                        "\"\x1f\"",
                                        "\"\xc3\xa9\"",
                                        "\"\xc3\"",
                                        "\"\xc3(\"",
                                        "\"\xe2\x82\xac\"",
                                        "\"\xe2\x82\"",
                                        "\"\xf0\x9f\x98\x80\"",
                                        "\"\xf0\x9f\x98\"",
                                        "\"\x80\"",
                                        "\"\xc0\xaf\"",
                                        "\"\xc1\x81\"",
                                        "\"\xe0\x9f\xbf\"",
                                        "\"\xe0\xa0\x80\"",
                                        "\"\xed\x9f\xbf\"",
                                        "\"\xed\xa0\x80\"",
                                        "\"\xee\x80\x80\"",
                                        "\"\xf0\x8f\xbf\xbf\"",
                                        "\"\xf4\x8f\xbf\xbf\"",
                                        "\"\xf4\x90\x80\x80\"",
                                        "\"\xf5\x80\x80\x80\"",
                                        "\"\xff\"",
                                        "\xef\xbb\xbf{}",
                                        "{\"\xc3\xa9\":1}",
                                        "{\"\\u0000\":1}",
                                        "{\"a\":{\"b\":[1,{\"c\":null}]}}",
                                        "//",
                                        "[1]/**/",
                                        "{\"a\":1,\"a\":2}",
                                        "'a'",
                                        "\v[]",
                                        "[\f]"};
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(texts); i++)
        check_bytes(texts[i], strlen(texts[i]));
}

/* Jansson overlooks one behind a number. */
static void test_a_zero_byte_is_no_json(void **state)
{
    static const struct acr_str texts[] = {{"\0", 1}, {"1\0", 2}, {"[1\0]", 4}, {"\"a\0b\"", 5}, {"{}\0", 3}};
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(texts); i++) {
        char *block = block_of(texts[i].data, texts[i].size);
        assert_false(acr_capi_json_check((struct acr_str){block, texts[i].size}));
        free(block);
    }
}

static bool takes_depth(int depth, char open, char close)
{
    struct acr_buffer text = {0};
    for (int i = 0; i < depth; i++)
        assert_int_equal(acr_buffer_append(&text, open == '[' ? "[" : "{\"a\":", open == '[' ? 1 : 5), 0);
    assert_int_equal(acr_buffer_append(&text, "1", 1), 0);
    for (int i = 0; i < depth; i++)
        assert_int_equal(acr_buffer_append(&text, &close, 1), 0);
    assert_int_equal(acr_buffer_append(&text, "", 1), 0);
    bool taken = acr_capi_json_check((struct acr_str){text.data, text.size - 1});
    acr_buffer_done(&text);
    return taken;
}

static void test_a_text_may_be_nested_up_to_the_limit(void **state)
{
    (void)state;
    assert_true(takes_depth(ACR_CAPI_JSON_DEPTH_MAX, '[', ']'));
    assert_true(takes_depth(ACR_CAPI_JSON_DEPTH_MAX, '{', '}'));
    assert_false(takes_depth(ACR_CAPI_JSON_DEPTH_MAX + 1, '[', ']'));
    assert_false(takes_depth(ACR_CAPI_JSON_DEPTH_MAX + 1, '{', '}'));
}

static void finds(const char *text, const char *pointer, const char *wanted)
{
    char *block = block_of(text, strlen(text));
    assert_true(acr_capi_json_check(acr_str_of(block)));
    struct acr_str found = acr_capi_json_find(acr_str_of(block), pointer);
    if (wanted == NULL && found.data != NULL)
        fail_msg("%s of %s is there: %.*s", pointer, text, ACR_STR_ARGS(found));
    if (wanted != NULL && (found.data == NULL || !acr_str_equal(found, acr_str_of(wanted))))
        fail_msg("%s of %s is not %s but %.*s", pointer, text, wanted, ACR_STR_ARGS(found));
    free(block);
}

static void test_a_member_is_found_by_its_name(void **state)
{
    static const char text[] =
        " {\"id\" : 42, \"name\":\"An {i}tem, [1]\" ,\"a\":{\"b\":{\"c\":[true , {\"d\":null}]}}} ";
    (void)state;
    finds(text, "/id", "42");
    finds(text, "/name", "\"An {i}tem, [1]\"");
    finds(text, "/a/b/c/0", "true");
    finds(text, "/a/b/c/1", "{\"d\":null}");
    finds(text, "/a/b/c/1/d", "null");
    finds(text, "/i", NULL);
    finds(text, "/idd", NULL);
    finds(text, "/id/0", NULL);
    finds(text, "/name/0", NULL);
    finds(text, "/a/c", NULL);
    finds(text, "id", NULL);
    finds(text, "/", NULL);
    finds("{\"\":{\"\":1}}", "//", "1");
    finds("{}", "/a", NULL);
    finds("17 ", "", "17");
    finds("{\"a\":1 }", "", "{\"a\":1 }");
}

static void test_an_element_is_found_by_its_number(void **state)
{
    (void)state;
    finds("[10, [20,21] , \"30\"]", "/0", "10");
    finds("[10, [20,21] , \"30\"]", "/1/1", "21");
    finds("[10, [20,21] , \"30\"]", "/2", "\"30\"");
    finds("[10, [20,21] , \"30\"]", "/3", NULL);
    finds("[10, [20,21] , \"30\"]", "/-1", NULL);
    finds("[10, [20,21] , \"30\"]", "/0x1", NULL);
    finds("[10, [20,21] , \"30\"]", "/", NULL);
    finds("[10, [20,21] , \"30\"]", "/1/", NULL);
    finds("[10, [20,21] , \"30\"]", "/99999999999999999999999", NULL);
    finds("[]", "/0", NULL);
    finds("[[],[]]", "/1", "[]");
}

static void test_of_equal_names_the_last_one_counts(void **state)
{
    (void)state;
    finds("{\"a\":1,\"b\":2,\"a\":{\"c\":3}}", "/a/c", "3");
    finds("{\"a\":{\"c\":3},\"a\":1}", "/a/c", NULL);
}

static void test_names_are_compared_without_their_escapes(void **state)
{
    (void)state;
    finds("{\"a/b\":1,\"c~d\":2,\"e~1f\":3}", "/a~1b", "1");
    finds("{\"a/b\":1,\"c~d\":2,\"e~1f\":3}", "/c~0d", "2");
    finds("{\"a/b\":1,\"c~d\":2,\"e~1f\":3}", "/e~01f", "3");
    finds("{\"a~2\":1}", "/a~2", "1");
    finds("{\"\\u0061\\n\":1}", "/a\n", "1");
    finds("{\"a\\\\b\":1}", "/a\\b", "1");
    finds("{\"a\\\\b\":1}", "/a\\\\b", NULL);
    finds("{\"say \\\"hi\\\"\":{\"x\":\"\\\\\"}}", "/say \"hi\"/x", "\"\\\\\"");
}

static void test_what_jansson_would_write_otherwise_is_not_plain(void **state)
{
    static const char *const plain[] = {"\"\"", "\"a b\"", "0", "-1", "42", "true", "false", "null"};
    static const char *const others[] = {"\"\\n\"", "-0", "-0.5", "1.0", "1e3", "10E1", "{}", "[]", "{\"a\":1}"};
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(plain); i++)
        assert_true(acr_capi_json_is_plain(acr_str_of(plain[i])));
    for (size_t i = 0; i < ACR_ARRAY_SIZE(others); i++)
        assert_false(acr_capi_json_is_plain(acr_str_of(others[i])));
}
