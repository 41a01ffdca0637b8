/* SPDX-License-Identifier: MIT */
/* The single-address cases follow Locust 0.9. */
#include "support/unit.h"

#include <string.h>

#include "base/random.h"
#include "stats/error_text.h"

static struct acr_error_text memory;

static void assert_masked(const char *text, const char *expected)
{
    struct acr_str masked = acr_error_text_mask(&memory, acr_str_of(text));
    assert_int_equal(masked.size, strlen(expected));
    assert_memory_equal(masked.data, expected, masked.size);
}

static void test_a_text_without_addresses_is_returned_where_it_is(void **state)
{
    const char *text = "HTTPError('404 Client Error: NOT FOUND for url: http://h/0x12>')";
    assert_ptr_equal(acr_error_text_mask(&memory, acr_str_of(text)).data, text);
    assert_masked("", "");
    assert_int_equal(acr_error_text_mask(&memory, (struct acr_str){0}).size, 0);
}

static void test_an_address_is_masked_wherever_it_stands(void **state)
{
    assert_masked("E('<X object at 0x7f1234abcd>')", "E('<X object at 0x....>')");
    assert_masked("0x7f: E('<X object at 0x7f> 0x7f')", "0x....: E('<X object at 0x....> 0x....')");
    assert_masked("<X object at 0x7f><X object at 0x7f>", "<X object at 0x....><X object at 0x....>");
    assert_masked("<X object at 0x>", "<X object at 0x....>");
}

static void test_an_address_that_is_not_closed_stays(void **state)
{
    assert_masked("<X object at 0x7f", "<X object at 0x7f");
    assert_masked("object at 0x", "object at 0x");
}

static void test_every_object_is_masked(void **state)
{
    assert_masked("<X object at 0x1> <Y object at 0x22>", "<X object at 0x....> <Y object at 0x....>");
    assert_masked("<X object at 0x....> <Y object at 0x22>", "<X object at 0x....> <Y object at 0x....>");
}

static void test_a_long_text_is_cut_between_two_characters(void **state)
{
    char text[3 * ACR_STATS_ERROR_TEXT_MAX];
    for (size_t i = 0; i + 3 <= sizeof text; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    struct acr_str masked = acr_error_text_mask(&memory, (struct acr_str){text, sizeof text});
    assert_in_range(masked.size, ACR_STATS_ERROR_TEXT_MAX - 3, ACR_STATS_ERROR_TEXT_MAX);
    assert_memory_equal(masked.data + masked.size - 3, "...", 3);
    assert_int_equal((masked.size - 3) % 3, 0);
    assert_memory_equal(masked.data, text, masked.size - 3);
}

static void test_random_texts_keep_within_their_memory(void **state)
{
    static const char *const pieces[] = {"object at 0x", "0x", "0x.", "....", ">", "7f", "object at 0x>", "x"};
    struct acr_random random;
    char text[ACR_STATS_ERROR_TEXT_MAX + 64];
    acr_random_init(&random, 3);
    for (int round = 0; round < 300; round++) {
        size_t size = 0, wanted = acr_random_below(&random, sizeof text - 16);
        while (size < wanted) {
            const char *piece = pieces[acr_random_below(&random, ACR_ARRAY_SIZE(pieces))];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        struct acr_str masked = acr_error_text_mask(&memory, (struct acr_str){text, size});
        assert_true(masked.size <= ACR_STATS_ERROR_TEXT_MAX);
    }
}
