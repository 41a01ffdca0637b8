/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>

#include "target/text.h"

static void assert_buffer(struct acr_buffer *buffer, const char *expected)
{
    if (buffer->size != strlen(expected) || memcmp(buffer->data, expected, buffer->size) != 0)
        fail_msg("\"%.*s\" instead of \"%s\"", (int)buffer->size, buffer->data, expected);
    acr_buffer_reset(buffer);
}

static void test_numbers_of_any_length(void **state)
{
    struct acr_buffer out = {0};
    (void)state;
    acr_text_put_u64(&out, 0);
    assert_buffer(&out, "0");
    acr_text_put_u64(&out, UINT64_MAX);
    assert_buffer(&out, "18446744073709551615");
    acr_buffer_done(&out);
}

static void test_json_strings_are_escaped_and_always_utf8(void **state)
{
    static const struct {
        const char *text, *json;
    } rows[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\r\x01\x7f", "\"\\n\\u000d\\u0001\\u007f\""},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\xbf", "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\xbf\""},
        {"\xff\xe4 latin", "\"\\u00ff\\u00e4 latin\""},
        {"\xc0\xaf", "\"\\u00c0\\u00af\""},            /* overlong */
        {"\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\""}, /* surrogate */
        {"cut \xe2\x82", "\"cut \\u00e2\\u0082\""},
    };
    struct acr_buffer out = {0};
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(rows); i++) {
        acr_text_put_json(&out, acr_str_of(rows[i].text));
        assert_buffer(&out, rows[i].json);
    }
    acr_buffer_done(&out);
}

static void test_html_has_entities_for_markup(void **state)
{
    struct acr_buffer out = {0};
    (void)state;
    acr_text_put_html(&out, ACR_STR("<a href=\"x\">&"));
    assert_buffer(&out, "&lt;a href=&quot;x&quot;&gt;&amp;");
    acr_buffer_done(&out);
}

static void test_forms_are_decoded_and_broken_escapes_kept(void **state)
{
    struct acr_buffer out = {0};
    (void)state;
    acr_text_put_decoded(&out, ACR_STR("a+b%20c%3D%2b"));
    assert_buffer(&out, "a b c=+");
    acr_text_put_decoded(&out, ACR_STR("%g1%4%"));
    assert_buffer(&out, "%g1%4%");
    acr_buffer_done(&out);
}

static void test_pairs_of_a_query(void **state)
{
    struct acr_str rest = ACR_STR("&a=1&&b&=c&d=e=f&");
    static const char *const expected[][2] = {{"a", "1"}, {"b", ""}, {"", "c"}, {"d", "e=f"}};
    struct acr_str name, value;
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(expected); i++) {
        assert_true(acr_text_next_pair(&rest, &name, &value));
        assert_true(acr_str_equal(name, acr_str_of(expected[i][0])));
        assert_true(acr_str_equal(value, acr_str_of(expected[i][1])));
    }
    assert_false(acr_text_next_pair(&rest, &name, &value));
}

static void test_parameters_with_fallbacks(void **state)
{
    struct acr_str query = ACR_STR("a=1&b=0.25&a=2&c=x");
    (void)state;
    assert_int_equal(acr_text_parameter_u64(query, ACR_STR("a"), 9), 1);
    assert_int_equal(acr_text_parameter_u64(query, ACR_STR("c"), 9), 9);
    assert_int_equal(acr_text_parameter_u64(query, ACR_STR("d"), 9), 9);
    assert_true(acr_text_parameter_double(query, ACR_STR("b"), 1) == 0.25);
    assert_true(acr_text_parameter_double(query, ACR_STR("c"), 1) == 1);
    assert_null(acr_text_parameter(query, ACR_STR("d")).data);
}

static void test_only_plain_numbers_are_numbers(void **state)
{
    double number = 7;
    (void)state;
    assert_true(acr_text_double(ACR_STR("12.5"), &number));
    assert_true(number == 12.5);
    static const char *const others[] = {
        "", "-1", "+1", "nan", "inf", "1x", "1 ", " 1", "1000000000000000000000000000000000000"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(others); i++)
        assert_false(acr_text_double(acr_str_of(others[i]), &number));
}
