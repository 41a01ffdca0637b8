/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "cli/timespan.h"

/* spec/locust-0.9.md 1.7 and appendix B. */
static void test_time_spans_are_seconds_or_hours_minutes_seconds(void **state)
{
    (void)state;
    const struct {
        const char *text;
        acr_nanos seconds;
    } cases[] = {{"7", 7}, {"7s", 7}, {"1m", 60},     {"2h", 7200}, {"1h3m7s", 3787}, {"1h30m", 5400},    {"10m", 600},
                 {"0", 0}, {"0s", 0}, {"1h7s", 3607}, {"300", 300}, {"007", 7},       {"3h30m10s", 12610}};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(cases); i++) {
        acr_nanos span = -1;
        assert_int_equal(acr_timespan_parse(cases[i].text, &span), 0);
        assert_int_equal(span, cases[i].seconds * ACR_NANOS_PER_SECOND);
    }
}

static void test_anything_else_is_refused_trailing_text_included(void **state)
{
    (void)state;
    const char *const texts[] = {"",    "q",  "h",  "1h30", "5m10", "10s5m", "1.5h", "10x", " 20",
                                 "20 ", "-5", "1H", "1h1h", "s1",   "1 h",   "1hm",  "+5"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(texts); i++) {
        acr_nanos span = 77;
        if (acr_timespan_parse(texts[i], &span) != ACR_ERR_INVALID)
            fail_msg("'%s' was read as %lld ns", texts[i], (long long)span);
        assert_int_equal(span, 77);
    }
}

static void test_spans_past_counting_are_refused(void **state)
{
    (void)state;
    acr_nanos span = 77;
    assert_int_equal(acr_timespan_parse("99999999999", &span), ACR_ERR_LIMIT);
    assert_int_equal(acr_timespan_parse("99999999999999999999", &span), ACR_ERR_LIMIT);
    assert_int_equal(acr_timespan_parse("9999999999999999h", &span), ACR_ERR_LIMIT);
    assert_int_equal(span, 77);
}
