/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/columns.h"
#include "base/map.h"
#include "base/random.h"
#include "base/str.h"
#include "base/time.h"

static void test_every_error_has_a_name_and_a_text(void **state)
{
    (void)state;
    assert_string_equal(acr_error_name(ACR_ERR_READ_TIMEOUT), "ReadTimeout");
    assert_string_equal(acr_error_text(ACR_ERR_READ_TIMEOUT), "read timed out");
    assert_string_equal(acr_error_name(-9999), "Unknown");
}

static void test_error_detail_is_cut_and_terminated(void **state)
{
    (void)state;
    struct acr_error error = {0};
    char longer[2 * ACR_ERROR_DETAIL_MAX];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(acr_error_set(&error, ACR_ERR_LIMIT, "%s", longer), ACR_ERR_LIMIT);
    assert_int_equal(strlen(error.detail), ACR_ERROR_DETAIL_MAX - 1);
    assert_int_equal(acr_error_set(NULL, ACR_ERR_LIMIT, "nobody listens"), ACR_ERR_LIMIT);
}

static void test_buffer_grows_up_to_its_limit_and_keeps_its_contents(void **state)
{
    (void)state;
    struct acr_buffer buffer;
    acr_buffer_init(&buffer, 100);
    for (int i = 0; i < 10; i++)
        assert_int_equal(acr_buffer_append(&buffer, "0123456789", 10), 0);
    assert_int_equal(acr_buffer_append(&buffer, "x", 1), ACR_ERR_TOO_LARGE);
    assert_int_equal(buffer.size, 100);
    acr_buffer_drop_front(&buffer, 95);
    assert_memory_equal(buffer.data, "56789", 5);
    acr_buffer_done(&buffer);
}

static void test_formatted_text_may_fill_a_buffer_to_its_limit(void **state)
{
    (void)state;
    for (int size = 5; size <= 1000; size += 995) {
        struct acr_buffer buffer;
        acr_buffer_init(&buffer, (size_t)size);
        assert_int_equal(acr_buffer_append_format(&buffer, "%0*d", size + 1, 7), ACR_ERR_TOO_LARGE);
        assert_int_equal(buffer.size, 0);
        assert_int_equal(acr_buffer_append_format(&buffer, "%0*d", size, 7), 0);
        assert_int_equal(buffer.size, size);
        assert_memory_equal(buffer.data + size - 2, "07", 2);
        acr_buffer_done(&buffer);
    }
}

static void test_map_keeps_insertion_order_over_growth_and_removal(void **state)
{
    (void)state;
    struct acr_map map;
    acr_map_init(&map);
    static int values[1000];
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key%d", i);
        assert_null(acr_map_set(&map, acr_str_of(key), &values[i]));
    }
    for (int i = 0; i < 1000; i += 2) {
        snprintf(key, sizeof key, "key%d", i);
        assert_ptr_equal(acr_map_remove(&map, acr_str_of(key)), &values[i]);
        assert_null(acr_map_find(&map, acr_str_of(key)));
    }
    assert_null(acr_map_set(&map, ACR_STR("key0"), &values[0]));
    size_t position = 0;
    int expected = 1;
    for (int i = 0; i < 500; i++, expected += 2)
        assert_ptr_equal(acr_map_next(&map, &position)->value, &values[expected]);
    assert_ptr_equal(acr_map_next(&map, &position)->value, &values[0]);
    assert_null(acr_map_next(&map, &position));
    acr_map_done(&map);
}

static void test_numbers_are_digits_only_and_do_not_overflow(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_int_equal(acr_str_parse_u64(ACR_STR("18446744073709551615"), &value), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(acr_str_parse_u64(ACR_STR("18446744073709551616"), &value), ACR_ERR_LIMIT);
    assert_int_equal(acr_str_parse_u64(ACR_STR("+1"), &value), ACR_ERR_INVALID);
    assert_int_equal(acr_str_parse_u64(ACR_STR(""), &value), ACR_ERR_INVALID);
    assert_true(value == UINT64_MAX);
}

static void test_tokens_are_found_between_commas_in_any_case(void **state)
{
    (void)state;
    assert_true(acr_str_has_token(ACR_STR("Upgrade ,Keep-Alive"), ACR_STR("keep-alive")));
    assert_false(acr_str_has_token(ACR_STR("keep-alive-not"), ACR_STR("keep-alive")));
    assert_false(acr_str_has_token(ACR_STR(""), ACR_STR("close")));
}

static void test_a_text_ends_with_what_stands_last_in_it(void **state)
{
    (void)state;
    assert_true(acr_str_ends(ACR_STR("a.py"), ACR_STR(".py")));
    assert_true(acr_str_ends(ACR_STR(".py"), ACR_STR(".py")));
    assert_true(acr_str_ends(ACR_STR(""), ACR_STR("")));
    assert_false(acr_str_ends(ACR_STR("py"), ACR_STR(".py")));
    assert_false(acr_str_ends(ACR_STR("a.pyc"), ACR_STR(".py")));
}

static void test_random_repeats_with_its_seed_and_fills_its_range(void **state)
{
    (void)state;
    struct acr_random one, two;
    acr_random_init(&one, 42);
    acr_random_init(&two, 42);
    int seen[6] = {0};
    for (int i = 0; i < 6000; i++) {
        uint64_t die = acr_random_below(&one, 6);
        assert_true(die == acr_random_below(&two, 6));
        assert_true(die < 6);
        seen[die]++;
    }
    for (int i = 0; i < 6; i++)
        assert_in_range(seen[i], 800, 1200);
}

static void test_seconds_saturate(void **state)
{
    (void)state;
    assert_true(acr_nanos_from_seconds(1.5) == 1500 * ACR_NANOS_PER_MILLI);
    assert_true(acr_nanos_from_seconds(-1) == 0);
    assert_true(acr_nanos_from_seconds(1e300) == ACR_NEVER);
    assert_true(acr_deadline_after(10, ACR_NEVER) == ACR_NEVER);
}

static void check_columns(const char *names, const char *text, const char *expected)
{
    struct acr_buffer out = {0};
    acr_columns_append(&out, acr_str_of(names), text);
    assert_int_equal(acr_buffer_append(&out, "", 1), 0);
    assert_string_equal(out.data, expected);
    acr_buffer_done(&out);
}

static void test_columns_are_filled_and_wrapped(void **state)
{
    (void)state;
    char text[200], wrapped[400];
    check_columns("  -x", "what it does", "  -x                        what it does\n");
    check_columns("  --a-name-that-fits-in=ABC", "text",
                  "  --a-name-that-fits-in=ABC\n                            text\n");
    check_columns("  --a-name-that-fits-in=A", "text", "  --a-name-that-fits-in=A   text\n");
    check_columns("  -x", "", "  -x\n");
    /* 72 characters fit behind the 28 of the names; a longer word is not cut. */
    snprintf(text, sizeof text, "%070d a %080d end", 1, 2);
    snprintf(wrapped, sizeof wrapped, "  -x%24s%070d a\n%28s%080d\n%28send\n", "", 1, "", 2, "");
    check_columns("  -x", text, wrapped);
}
