/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "run/hatch.h"

#define SECOND ACR_NANOS_PER_SECOND

static void test_user_k_starts_at_k_over_rate(void **state)
{
    (void)state;
    assert_int_equal(acr_hatch_time(1, 0), 0);
    assert_int_equal(acr_hatch_time(1, 3), 3 * SECOND);
    assert_int_equal(acr_hatch_time(2.5, 1), SECOND * 2 / 5);
    assert_int_equal(acr_hatch_time(0.1, 6), 60 * SECOND);
    assert_int_equal(acr_hatch_time(1e-300, 1), ACR_NEVER);
}

static void test_what_is_due_agrees_with_the_times_to_the_nanosecond(void **state)
{
    (void)state;
    const double rates[] = {0.03, 0.7, 1, 3, 7.77, 100, 12345.678, 1e6};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(rates); i++) {
        for (size_t k = 1; k < 1000; k++) {
            acr_nanos time = acr_hatch_time(rates[i], k);
            assert_int_equal(acr_hatch_due(rates[i], time, 1000), k + 1);
            assert_int_equal(acr_hatch_due(rates[i], time - 1, 1000), k);
        }
    }
}

static void test_never_more_are_due_than_were_asked_for(void **state)
{
    (void)state;
    assert_int_equal(acr_hatch_due(1, 0, 5), 1);
    assert_int_equal(acr_hatch_due(1, 1000 * SECOND, 5), 5);
    assert_int_equal(acr_hatch_due(1e12, SECOND, 5), 5);
    assert_int_equal(acr_hatch_due(10, SECOND, 0), 0);
}
