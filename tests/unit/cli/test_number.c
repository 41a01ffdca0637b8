/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <math.h>

#include "cli/number.h"

static void check_integer(const char *text, int64_t expected)
{
    int64_t value = 0;
    assert_int_equal(acr_number_parse_integer(text, &value), 0);
    assert_int_equal(value, expected);
}

static void check_no_integer(const char *text)
{
    int64_t value = 77;
    if (acr_number_parse_integer(text, &value) != ACR_ERR_INVALID)
        fail_msg("'%s' was read as %lld", text, (long long)value);
    assert_int_equal(value, 77);
}

static void test_integers_are_read_as_optparse_reads_them(void **state)
{
    (void)state;
    check_integer("0", 0);
    check_integer("12", 12);
    check_integer("-5", -5);
    check_integer("+5", 5);
    check_integer(" 7 ", 7);
    check_integer("1_000", 1000);
    check_integer("0x1f", 31);
    check_integer("0X_1F", 31);
    check_integer("0b11", 3);
    check_integer("0b", 0);
    check_integer("010", 8);
    check_integer("0o17", 15);
    check_integer(" 010", 10);
}

static void test_integers_beyond_64_bits_are_clamped(void **state)
{
    (void)state;
    check_integer("9223372036854775807", INT64_MAX);
    check_integer("9223372036854775808", INT64_MAX);
    check_integer("99999999999999999999999999999999999999", INT64_MAX);
    check_integer("-99999999999999999999999999999999999999", -INT64_MAX);
    check_integer("0xffffffffffffffffffffffff", INT64_MAX);
    check_integer("0b111111111111111111111111111111111111111111111111111111111111111111111111", INT64_MAX);
}

static void test_what_is_no_integer_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {"",   " ",  "x",   "1x",  "1.5", "1e3",   "08",    "0x", "0xg", "0b2",     "1__0",
                                 "_1", "1_", "--1", "- 1", "1 2", "-0x1f", "0x__1", "+",  "0o8", "\xc3\xa4"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(texts); i++)
        check_no_integer(texts[i]);
}

static void test_floats_are_read_as_python_reads_them(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double value;
    } cases[] = {{"1", 1},        {"2.5", 2.5}, {".5", 0.5},     {"5.", 5},         {"1e3", 1000},
                 {"-1E-1", -0.1}, {" 3 ", 3},   {"1_0.5", 10.5}, {"inf", INFINITY}, {"-Infinity", -INFINITY},
                 {"010", 10}};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(cases); i++) {
        double value = 0;
        assert_int_equal(acr_number_parse_float(cases[i].text, &value), 0);
        assert_true(value == cases[i].value);
    }
    double value = 0;
    assert_int_equal(acr_number_parse_float("nan", &value), 0);
    assert_true(isnan(value));
}

static void test_what_is_no_float_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {"", " ", "x", "0x10", "1,5", "1_", "_1", "1__0", "1._5", "nan(1)", "1e", "1 2", "e5"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(texts); i++) {
        double value = 77;
        if (acr_number_parse_float(texts[i], &value) != ACR_ERR_INVALID)
            fail_msg("'%s' was read as %g", texts[i], value);
        assert_true(value == 77);
    }
}
