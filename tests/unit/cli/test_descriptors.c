/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>
#include <sys/resource.h>

#include "cli/descriptors.h"

static void test_the_soft_limit_is_raised_to_the_hard_one(void **state)
{
    (void)state;
    struct rlimit limit, lowered;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    lowered = (struct rlimit){limit.rlim_max < 256 ? limit.rlim_max : 256, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lowered), 0);
    uint64_t files = 0;
    assert_int_equal(acr_descriptors_raise(&files, NULL), 0);
    struct rlimit after;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_true(after.rlim_cur == limit.rlim_max);
    assert_true(files == (limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max));
}

static void test_too_many_users_for_the_limit_are_refused_with_the_numbers(void **state)
{
    (void)state;
    struct acr_error error = {0};
    assert_int_equal(acr_descriptors_check(1024, 960, &error), 0);
    assert_int_equal(acr_descriptors_check(1024, 961, &error), ACR_ERR_LIMIT);
    assert_non_null(strstr(error.detail, "961 users"));
    assert_non_null(strstr(error.detail, "1025 open files"));
    assert_non_null(strstr(error.detail, "allows 1024"));
    assert_non_null(strstr(error.detail, "ulimit"));
    assert_int_equal(acr_descriptors_check(UINT64_MAX, 10000000, NULL), 0);
}
