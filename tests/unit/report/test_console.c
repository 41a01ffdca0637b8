/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include "report/console.h"
#include "unit/report/sample.h"

static void test_the_request_table_is_that_of_locust(void **state)
{
    struct acr_snapshot *snapshot = sample_take();
    struct acr_buffer text = {0};
    acr_console_requests(snapshot, SAMPLE_END, ACR_CONSOLE_NAME_WIDTH, &text);
    assert_golden(&text, "requests.txt");
    acr_snapshot_unref(snapshot);
}

static void test_the_percentile_table_is_that_of_locust(void **state)
{
    struct acr_snapshot *snapshot = sample_take();
    struct acr_buffer text = {0};
    acr_console_percentiles(snapshot, ACR_CONSOLE_NAME_WIDTH, &text);
    assert_golden(&text, "percentiles.txt");
    acr_snapshot_unref(snapshot);
}

static void test_the_error_report_is_that_of_locust(void **state)
{
    struct acr_snapshot *snapshot = sample_take();
    struct acr_buffer text = {0};
    acr_console_errors(snapshot->errors, snapshot->error_count, ACR_CONSOLE_NAME_WIDTH, &text);
    assert_golden(&text, "errors.txt");
    acr_snapshot_unref(snapshot);
}

static void test_tables_without_requests_have_headers_and_a_total(void **state)
{
    struct acr_snapshot *snapshot = empty_take();
    struct acr_buffer text = {0};
    acr_console_requests(snapshot, SAMPLE_END, ACR_CONSOLE_NAME_WIDTH, &text);
    assert_golden(&text, "empty_requests.txt");
    acr_console_percentiles(snapshot, ACR_CONSOLE_NAME_WIDTH, &text);
    assert_golden(&text, "empty_percentiles.txt");
    acr_console_errors(snapshot->errors, snapshot->error_count, ACR_CONSOLE_NAME_WIDTH, &text);
    assert_int_equal(text.size, 0);
    acr_snapshot_unref(snapshot);
}

static void test_a_full_buffer_cuts_the_table_and_does_no_harm(void **state)
{
    struct acr_snapshot *snapshot = sample_take();
    for (size_t limit = 1; limit < 2000; limit += 37) {
        struct acr_buffer text;
        acr_buffer_init(&text, limit);
        acr_console_requests(snapshot, SAMPLE_END, ACR_CONSOLE_NAME_WIDTH, &text);
        acr_console_errors(snapshot->errors, snapshot->error_count, ACR_CONSOLE_NAME_WIDTH, &text);
        assert_true(text.size <= limit);
        acr_buffer_done(&text);
    }
    acr_snapshot_unref(snapshot);
}

static void test_the_name_column_may_have_another_width(void **state)
{
    struct acr_snapshot *snapshot = empty_take();
    struct acr_buffer text = {0};
    acr_console_requests(snapshot, SAMPLE_END, 8, &text);
    assert_memory_equal(text.data, " Name      # reqs      # fails ", 31);
    assert_int_equal(acr_str_find_char(acr_buffer_str(&text), '\n'), 73);
    acr_buffer_done(&text);
    acr_snapshot_unref(snapshot);
}
