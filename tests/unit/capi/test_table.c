/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capi/table.h"

static struct acr_table table;
static struct acr_error error;

static int setup(void **state)
{
    (void)state;
    error = (struct acr_error){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    acr_table_done(&table);
    return 0;
}

/* As a file, because a text in memory cannot have a zero byte. */
static int read_source(const char *bytes, size_t size, struct acr_table_source source)
{
    char path[64];
    int fd = memfd_create("table", MFD_CLOEXEC);
    assert_true(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    source.path = path;
    int rc = acr_table_read(&source, &table, &error);
    close(fd);
    return rc;
}

static int read_csv(const char *text)
{
    return read_source(text, strlen(text), (struct acr_table_source){0});
}

static void check_row(size_t row, const char *first, const char *second)
{
    assert_true(row < table.row_count);
    assert_string_equal(acr_table_field(&table.rows[row], 0), first);
    if (second != NULL)
        assert_string_equal(acr_table_field(&table.rows[row], 1), second);
}

/* What is said of `text`, without the name of the file. */
static void check_complaint(const char *text, const char *expected)
{
    assert_int_equal(read_csv(text), ACR_ERR_SCRIPT);
    const char *said = error.detail + strcspn(error.detail, ": ");
    assert_string_equal(said, expected);
    assert_null(table.text);
}

static void test_fields_are_found_by_heading_and_number(void **state)
{
    (void)state;
    assert_int_equal(read_csv("name,password\nann,secret\nbob,\n"), 0);
    assert_int_equal(table.row_count, 2);
    assert_int_equal(table.column_count, 2);
    check_row(0, "ann", "secret");
    check_row(1, "bob", "");
    assert_int_equal(acr_table_find(&table, "password"), 1);
    assert_int_equal(acr_table_find(&table, "Password"), 2);
    assert_string_equal(acr_table_heading(&table, 1), "password");
}

static void test_quotes_hold_separators_quotes_and_line_ends(void **state)
{
    (void)state;
    assert_int_equal(read_csv("a,b\r\n\"x,y\",\"say \"\"hi\"\"\"\r\n\"two\r\nlines\",\"\"\r\n"), 0);
    assert_int_equal(table.row_count, 2);
    check_row(0, "x,y", "say \"hi\"");
    check_row(1, "two\r\nlines", "");
}

static void test_spaces_belong_to_their_field(void **state)
{
    (void)state;
    assert_int_equal(read_csv("a,b\n ann ,\t x\n"), 0);
    check_row(0, " ann ", "\t x");
}

static void test_a_byte_order_mark_and_empty_lines_are_dropped_and_the_last_line_may_have_no_end(void **state)
{
    (void)state;
    assert_int_equal(read_csv("\xef\xbb\xbf\n\"a\",b\n\n1,2\r\n\r\n\n3,4"), 0);
    assert_string_equal(acr_table_heading(&table, 0), "a");
    assert_int_equal(table.row_count, 2);
    check_row(0, "1", "2");
    check_row(1, "3", "4");
}

static void test_another_separator_and_headings_apart(void **state)
{
    (void)state;
    const char text[] = "ann;a,b\nbob;\"c;d\"\n";
    assert_int_equal(
        read_source(text, strlen(text), (struct acr_table_source){.separator = ';', .headings = "name;\"x,y\""}), 0);
    assert_int_equal(table.row_count, 2);
    check_row(0, "ann", "a,b");
    check_row(1, "bob", "c;d");
    assert_int_equal(acr_table_find(&table, "x,y"), 1);
}

static void test_lines_are_taken_as_they_are(void **state)
{
    (void)state;
    const char text[] = "\xef\xbb\xbfone, \"two\"\n\n three\r\nfour";
    assert_int_equal(read_source(text, strlen(text), (struct acr_table_source){.lines = true}), 0);
    assert_int_equal(table.row_count, 3);
    assert_int_equal(table.column_count, 1);
    check_row(0, "one, \"two\"", NULL);
    check_row(1, " three", NULL);
    check_row(2, "four", NULL);
    assert_int_equal(acr_table_find(&table, "line"), 0);
}

static void test_csv_may_be_in_memory(void **state)
{
    (void)state;
    struct acr_table_source source = {.text = "word\nbicycle\n\"a\nb\"", .name = ".text"};
    assert_int_equal(acr_table_read(&source, &table, &error), 0);
    assert_int_equal(table.row_count, 2);
    check_row(1, "a\nb", NULL);
    acr_table_done(&table);
    source.text = "word\na,b\n";
    assert_int_equal(acr_table_read(&source, &table, &error), ACR_ERR_SCRIPT);
    assert_string_equal(error.detail,
                        ".text:2: 2 fields, but 1 heading: put a value with the separator in it in quotes");
}

static void test_a_long_field_is_one_field(void **state)
{
    (void)state;
    static char text[300001];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "heading\n", 8);
    text[150000] = '\n';
    assert_int_equal(read_csv(text), 0);
    assert_int_equal(table.row_count, 2);
    assert_int_equal(strlen(acr_table_field(&table.rows[0], 0)), 150000 - 8);
    assert_int_equal(strlen(acr_table_field(&table.rows[1], 0)), 150000 - 1);
}

static void test_what_is_wrong_is_said_with_its_line(void **state)
{
    (void)state;
    check_complaint("a,b\n1,2\n\n1,2,3\n4\n",
                    ":4: 3 fields, but 2 headings: put a value with the separator in it in quotes");
    check_complaint("a,b\n1,\"2\n\"\n3\n", ":4: 1 field, but 2 headings: give each a value, if only an empty one");
    check_complaint("a,b\n1,2\"3\n", ":2: a quote within a value: put the value in quotes, and each quote in it twice");
    check_complaint("a,b\n1,\"2\n3,\"4\"\n",
                    ":3: a quote within a value: put the value in quotes, and each quote in it "
                    "twice (its row begins in line 2)");
    check_complaint("a,b\n1,2\n3,\"4\n5,6\n", ":3: quotes that are opened in this row are never closed");
    check_complaint("a,b,a\n1,2,3\n", ":1: two columns are called a");
    check_complaint("\na,,c\n1,2,3\n", ":2: column 2 has no heading");
}

static void test_a_file_without_rows_is_refused(void **state)
{
    (void)state;
    check_complaint("", " is empty: it needs a line of headings, and a line for each row");
    check_complaint("\xef\xbb\xbf\r\n\n", " is empty: it needs a line of headings, and a line for each row");
    check_complaint("a,b\n", " has no rows, only headings");
    assert_int_equal(read_source("\n\n", 2, (struct acr_table_source){.lines = true}), ACR_ERR_SCRIPT);
    assert_non_null(strstr(error.detail, " has no rows"));
}

static void test_a_zero_byte_is_refused_wherever_it_is(void **state)
{
    (void)state;
    static const char utf16[] = "\xff\xfe"
                                "a\0,\0b\0\n\0001\0,\0002\0\n";
    assert_int_equal(read_source(utf16, sizeof utf16 - 1, (struct acr_table_source){0}), ACR_ERR_SCRIPT);
    assert_non_null(strstr(error.detail, ":1: a zero byte: this is no text, or it is UTF-16; save it as UTF-8"));
    assert_int_equal(read_source("a\n\"b\nc\0\"\n", 10, (struct acr_table_source){0}), ACR_ERR_SCRIPT);
    assert_non_null(strstr(error.detail, ":3: a zero byte"));
    assert_int_equal(read_source("a\nb\0", 4, (struct acr_table_source){.lines = true}), ACR_ERR_SCRIPT);
    assert_non_null(strstr(error.detail, ":2: a zero byte"));
}

static void test_headings_apart_are_one_good_line(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "a\nb", "\"a", "a,a", "a,", "a\"b"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(wrong); i++) {
        assert_int_equal(read_source("1\n", 2, (struct acr_table_source){.headings = wrong[i]}), ACR_ERR_SCRIPT);
        assert_non_null(strstr(error.detail, ": .headings: "));
    }
}

static void test_what_cannot_be_read_is_an_error_of_the_system(void **state)
{
    (void)state;
    struct acr_table_source source = {.path = "/proc/self/nothing"};
    assert_int_equal(acr_table_read(&source, &table, &error), ACR_ERR_NOT_FOUND);
    assert_string_equal(error.detail, "/proc/self/nothing: No such file or directory");
    source.path = "/proc/self";
    assert_int_equal(acr_table_read(&source, &table, &error), ACR_ERR_SYSTEM);
    assert_string_equal(error.detail, "/proc/self: Is a directory");
}
