/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>

#include "http/auth.h"
#include "support/guard.h"

static void test_base64_of_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } table[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfd", "//79"},
        {"\xfb\xf0", "+/A="},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        struct acr_buffer out = {0};
        struct guard guard = guard_copy(table[i].bytes, strlen(table[i].bytes));
        assert_int_equal(acr_base64(&out, (struct acr_str){guard.data, guard.size}), 0);
        assert_int_equal(out.size, strlen(table[i].text));
        if (out.size > 0)
            assert_memory_equal(out.data, table[i].text, out.size);
        guard_done(&guard);
        acr_buffer_done(&out);
    }
}

static void test_basic_credentials_of_rfc_7617(void **state)
{
    (void)state;
    struct acr_buffer out = {0};
    assert_int_equal(acr_auth_basic(&out, ACR_STR("Aladdin"), ACR_STR("open sesame")), 0);
    assert_int_equal(out.size, 34);
    assert_memory_equal(out.data, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", 34);
    acr_buffer_reset(&out);
    assert_int_equal(acr_auth_basic(&out, ACR_STR(""), (struct acr_str){NULL, 0}), 0);
    assert_int_equal(out.size, 10);
    assert_memory_equal(out.data, "Basic Og==", 10);
    acr_buffer_done(&out);
}

static void test_a_full_buffer_is_left_as_it_was(void **state)
{
    (void)state;
    struct acr_buffer out;
    acr_buffer_init(&out, 8);
    assert_int_equal(acr_auth_basic(&out, ACR_STR("user"), ACR_STR("password")), ACR_ERR_TOO_LARGE);
    assert_int_equal(out.size, 0);
    acr_buffer_done(&out);
}
