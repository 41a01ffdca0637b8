/* SPDX-License-Identifier: MIT */
/* The quoted forms are what Python 3.11's repr() prints, but for bytes that no Python string can hold. */
#include "support/unit.h"

#include <string.h>

#include "report/text.h"

static void assert_repr(struct acr_str str, const char *expected)
{
    struct acr_buffer out = {0};
    acr_text_python_repr(&out, str);
    assert_int_equal(out.size, strlen(expected));
    assert_memory_equal(out.data, expected, out.size);
    acr_buffer_done(&out);
}

static void test_quotes_are_chosen_as_python_chooses_them(void **state)
{
    assert_repr(ACR_STR(""), "''");
    assert_repr(ACR_STR("plain"), "'plain'");
    assert_repr(ACR_STR("it's"), "\"it's\"");
    assert_repr(ACR_STR("say \"hi\""), "'say \"hi\"'");
    assert_repr(ACR_STR("it's \"hi\""), "'it\\'s \"hi\"'");
    assert_repr(ACR_STR("a\\b"), "'a\\\\b'");
}

static void test_what_is_not_printable_is_escaped(void **state)
{
    assert_repr(ACR_STR("\t\r\n"), "'\\t\\r\\n'");
    assert_repr((struct acr_str){"\0\x1f\x7f", 3}, "'\\x00\\x1f\\x7f'");
    assert_repr(ACR_STR("\xc2\x85\xc2\xa0\xc2\xad"), "'\\x85\\xa0\\xad'");
    assert_repr(ACR_STR("\xe2\x80\xa8\xe2\x80\xae\xef\xbb\xbf"), "'\\u2028\\u202e\\ufeff'");
    assert_repr(ACR_STR("\xee\x80\x80\xf3\xa0\x80\x81\xf0\x9f\xbf\xbe"), "'\\ue000\\U000e0001\\U0001fffe'");
}

static void test_printable_characters_are_kept(void **state)
{
    assert_repr(ACR_STR("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d"), "'\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d'");
}

static void test_bytes_that_are_not_utf8_are_escaped_one_by_one(void **state)
{
    assert_repr(ACR_STR("\xff\x80"), "'\\xff\\x80'");
    assert_repr(ACR_STR("\xc0\xaf"), "'\\xc0\\xaf'");
    assert_repr(ACR_STR("\xe0\x80\xaf"), "'\\xe0\\x80\\xaf'");
    assert_repr(ACR_STR("\xed\xa0\x80"), "'\\xed\\xa0\\x80'");
    assert_repr(ACR_STR("\xf4\x90\x80\x80"), "'\\xf4\\x90\\x80\\x80'");
    assert_repr(ACR_STR("\xe2\x82"), "'\\xe2\\x82'");
    assert_repr(ACR_STR("\xe2\x82x"), "'\\xe2\\x82x'");
}

static void test_columns_count_characters(void **state)
{
    struct acr_buffer out = {0};
    acr_text_append(&out, ACR_STR("1 "));
    acr_text_append(&out, ACR_STR("\xe2\x82\xac"));
    acr_text_pad(&out, 2, 3);
    assert_memory_equal(out.data, "1 \xe2\x82\xac  ", 7);
    assert_int_equal(out.size, 7);
    acr_text_pad(&out, 0, 3);
    assert_int_equal(out.size, 7);
    acr_buffer_done(&out);
}

static void test_the_share_of_failures_refers_to_all_requests(void **state)
{
    assert_true(acr_text_fail_percent(10, 30) == 75);
    assert_true(acr_text_fail_percent(0, 5) == 100);
    assert_true(acr_text_fail_percent(0, 0) == 0);
}

static void test_milliseconds_are_rounded(void **state)
{
    assert_int_equal(acr_text_millis_rounded(1499999), 1);
    assert_int_equal(acr_text_millis_rounded(1500000), 2);
}
