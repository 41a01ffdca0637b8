/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "cli/bytesize.h"

static void test_a_size_is_bytes_or_has_a_unit(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t bytes;
    } cases[] = {{"0", 0},        {"65536", 65536}, {"64k", 65536},     {"64K", 65536},   {"1m", 1 << 20},
                 {"1M", 1 << 20}, {"1g", 1 << 30},  {"007k", 7 * 1024}, {"16383", 16383}, {"3G", (size_t)3 << 30}};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(cases); i++) {
        size_t bytes = 77;
        assert_int_equal(acr_bytesize_parse(cases[i].text, &bytes), 0);
        assert_int_equal(bytes, cases[i].bytes);
    }
}

static void check_refused(const char *text, int code)
{
    size_t bytes = 77;
    if (acr_bytesize_parse(text, &bytes) != code)
        fail_msg("'%s' was read as %zu", text, bytes);
}

static void test_anything_else_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {"",   "k",    "64kb", "64 k", " 64", "64 ", "-1",
                                 "+1", "1.5m", "0x10", "64t",  "k64", "1k1"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(texts); i++)
        check_refused(texts[i], ACR_ERR_INVALID);
}

static void test_sizes_past_counting_are_refused(void **state)
{
    (void)state;
    check_refused("99999999999999999999", ACR_ERR_LIMIT);
    check_refused("99999999999999999k", ACR_ERR_LIMIT);
    check_refused("17179869184g", ACR_ERR_LIMIT);
}
