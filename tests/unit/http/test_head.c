/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "http/head.h"
#include "support/guard.h"

/* The head under test lives in front of a guard page; `head` refers to it until the next parse. */
static struct guard guard;
static struct acr_head head;
static struct acr_error error;

static int teardown(void **state)
{
    (void)state;
    if (guard.mapping != NULL)
        guard_done(&guard);
    return 0;
}

static int parse_bytes(const char *bytes, size_t size)
{
    teardown(NULL);
    guard = guard_copy(bytes, size);
    memset(&head, 0xa5, sizeof head);
    error = (struct acr_error){0};
    return acr_head_parse(guard.data, guard.size, &head, &error);
}

static int parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

#define assert_str(actual, expected)                               \
    do {                                                           \
        struct acr_str actual_ = (actual);                         \
        assert_int_equal(actual_.size, strlen(expected));          \
        assert_memory_equal(actual_.data, expected, actual_.size); \
    } while (0)

static void test_a_plain_head_is_taken_apart(void **state)
{
    (void)state;
    assert_int_equal(parse("HTTP/1.1 200 OK\r\nServer: x\r\ncontent-LENGTH: 12\r\nSet-Cookie: a=b\r\n"
                           "Location: /there\r\nContent-Encoding: br\r\n\r\n"),
                     0);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.minor_version, 1);
    assert_str(head.reason, "OK");
    assert_int_equal(head.field_count, 5);
    assert_str(head.fields[0].name, "Server");
    assert_str(head.fields[0].value, "x");
    assert_true(head.has_length);
    assert_int_equal(head.content_length, 12);
    assert_false(head.chunked);
    assert_false(head.close);
    assert_true(head.has_cookies);
    assert_int_equal(head.coding, ACR_CODING_BROTLI);
    assert_str(head.content_encoding, "br");
    assert_str(head.location, "/there");
    assert_ptr_equal(acr_head_find(&head, ACR_STR("SERVER")), &head.fields[0]);
    assert_null(acr_head_find(&head, ACR_STR("serve")));
}

static void test_absent_fields_leave_their_summary_empty(void **state)
{
    (void)state;
    assert_int_equal(parse("HTTP/1.1 204 No Content\r\n\r\n"), 0);
    assert_int_equal(head.field_count, 0);
    assert_false(head.has_length);
    assert_false(head.chunked);
    assert_false(head.close);
    assert_false(head.has_cookies);
    assert_int_equal(head.coding, ACR_CODING_IDENTITY);
    assert_null(head.content_encoding.data);
    assert_null(head.location.data);
}

static void test_status_lines_that_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int status;
        int minor;
        const char *reason;
    } table[] = {
        {"HTTP/1.1 200", 200, 1, ""},
        {"HTTP/1.1 200 ", 200, 1, ""},
        {"HTTP/1.1 200   ", 200, 1, ""},
        {"HTTP/1.0 404 Not Found", 404, 0, "Not Found"},
        {"HTTP/1.1 100 Continue", 100, 1, "Continue"},
        {"HTTP/1.1 999 \xc3\xa9t\xc3\xa9", 999, 1, "\xc3\xa9t\xc3\xa9"},
        {"HTTP/1.1 200\tOK\t", 200, 1, "OK"},
        {"HTTP/1.9 200 later minor version", 200, 1, "later minor version"},
        {"\r\n\n\r\nHTTP/1.1 200 OK", 200, 1, "OK"},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        for (int bare = 0; bare < 2; bare++) {
            char text[256];
            snprintf(text, sizeof text, bare ? "%s\n\n" : "%s\r\n\r\n", table[i].line);
            assert_int_equal(parse(text), 0);
            assert_int_equal(head.status, table[i].status);
            assert_int_equal(head.minor_version, table[i].minor);
            assert_str(head.reason, table[i].reason);
        }
    }
}

static void test_status_lines_that_are_refused(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 20",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 200OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 000 OK",
        "HTTP/1.1 -20 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1 2x0 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.10 200 OK",
        "HTTP/1. 200 OK",
        "HTTP/1 200 OK",
        "HTTP/2 200",
        "HTTP/2.0 200 OK",
        "HTTP/3 200",
        "HTTP/0.9 200 OK",
        "http/1.1 200 OK",
        "ICY 200 OK",
        " HTTP/1.1 200 OK",
        "<html>",
        "\rHTTP/1.1 200 OK",
        "Server: x",
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        char text[256];
        snprintf(text, sizeof text, "%s\r\nServer: x\r\n\r\n", table[i]);
        assert_int_equal(parse(text), ACR_ERR_MALFORMED);
        assert_int_equal(error.code, ACR_ERR_MALFORMED);
        assert_string_not_equal(error.detail, "");
    }
}

static void test_lenient_field_syntax(void **state)
{
    (void)state;
    assert_int_equal(parse("HTTP/1.1 200 OK\nA:b\nC:\t d e \t\r\nEmpty:\r\nBlank:   \r\nF: g\r\n\t  h\n i\r\n"
                           "Bare: x\ry\r\r\nOdd(@)\xff: z:z\r\n\n"),
                     0);
    assert_int_equal(head.field_count, 7);
    assert_str(head.fields[0].value, "b");
    assert_str(head.fields[1].value, "d e");
    assert_str(head.fields[2].value, "");
    assert_str(head.fields[3].value, "");
    assert_str(head.fields[4].value, "g  \t  h  i");
    assert_str(head.fields[5].value, "x y");
    assert_str(head.fields[6].name, "Odd(@)\xff");
    assert_str(head.fields[6].value, "z:z");
}

static void test_a_fold_over_a_bare_line_feed_becomes_one_blank(void **state)
{
    (void)state;
    assert_int_equal(parse("HTTP/1.1 200 OK\nTransfer-Encoding:\n chunked\n\n"), 0);
    assert_str(head.fields[0].value, "chunked");
    assert_true(head.chunked);
}

static void test_field_lines_that_are_refused(void **state)
{
    (void)state;
    static const char *const table[] = {"no colon", "nocolon",        ":novalue",    ": x",     "a b: c", "a : c",
                                        "a\t: c",   " fold at first", "\tfold: too", "a\rb: c", "\r: c",  "a\x01: c",
                                        "a\x7f: c", "\x0b",           "a: b\r\nc",   "\r\r",    "a\x1f",  "\x80\xff"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        char text[256];
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", table[i]);
        assert_int_equal(parse(text), ACR_ERR_MALFORMED);
        assert_string_not_equal(error.detail, "");
    }
}

static void test_a_nul_byte_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    static const char text[] = "\r\nHTTP/1.1 200 OK\r\nServer: a longer value with 8 and more\r\nA: b\r\n c\r\n\r\n";
    char copy[sizeof text];
    for (size_t i = 0; i < sizeof text - 3; i++) {
        memcpy(copy, text, sizeof text);
        copy[i] = '\0';
        assert_int_equal(parse_bytes(copy, sizeof text - 1), ACR_ERR_MALFORMED);
    }
}

static void test_control_bytes_but_nul_may_stand_in_a_value(void **state)
{
    (void)state;
    assert_int_equal(parse("HTTP/1.1 200 OK\r\nA: \x01x\x1f\x7f\xff\r\n\r\n"), 0);
    assert_str(head.fields[0].value, "\x01x\x1f\x7f\xff");
}

static void test_content_length(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        bool accepted;
        uint64_t length;
    } table[] = {
        {"Content-Length: 0", true, 0},
        {"Content-Length: 5", true, 5},
        {"Content-Length:005", true, 5},
        {"Content-Length: 5\r\nContent-Length: 5", true, 5},
        {"Content-Length: 5\r\nX: y\r\ncontent-length: 05", true, 5},
        {"Content-Length: 5, 5", true, 5},
        {"Content-Length: 5,5 ,\t5", true, 5},
        {"Content-Length: 18446744073709551615", true, UINT64_MAX},
        {"Content-Length: 5\r\nContent-Length: 6", false, 0},
        {"Content-Length: 5, 6", false, 0},
        {"Content-Length: 5,", false, 0},
        {"Content-Length: ,5", false, 0},
        {"Content-Length: 5,,5", false, 0},
        {"Content-Length: ,", false, 0},
        {"Content-Length:", false, 0},
        {"Content-Length: 5\r\nContent-Length:", false, 0},
        {"Content-Length: -5", false, 0},
        {"Content-Length: +5", false, 0},
        {"Content-Length: 5.0", false, 0},
        {"Content-Length: 0x5", false, 0},
        {"Content-Length: 5 5", false, 0},
        {"Content-Length: 5\r\n 5", false, 0},
        {"Content-Length: 5;", false, 0},
        {"Content-Length: five", false, 0},
        {"Content-Length: 18446744073709551616", false, 0},
        {"Content-Length: 99999999999999999999999999", false, 0},
        {"Transfer-Encoding: chunked\r\nContent-Length: x", false, 0},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        char text[256];
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", table[i].fields);
        assert_int_equal(parse(text), table[i].accepted ? 0 : ACR_ERR_MALFORMED);
        if (table[i].accepted) {
            assert_true(head.has_length);
            assert_true(head.content_length == table[i].length);
        }
    }
}

static void test_transfer_encoding_and_connection(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        const char *fields;
        bool chunked;
        bool has_length;
        bool close;
    } table[] = {
        {"1.1", "Transfer-Encoding: chunked", true, false, false},
        {"1.1", "transfer-encoding: CHUNKED", true, false, false},
        {"1.1", "Transfer-Encoding: gzip, chunked", true, false, false},
        {"1.1", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", true, false, false},
        {"1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", true, false, false},
        {"1.1", "Transfer-Encoding: chunked\r\nContent-Length: 5", true, false, false},
        {"1.1", "Content-Length: 5\r\nTransfer-Encoding: chunked", true, false, false},
        /* chunked is not the last one: until the end of the stream */
        {"1.1", "Transfer-Encoding: chunked, gzip\r\nContent-Length: 5", false, false, true},
        {"1.1", "Transfer-Encoding: xchunked\r\nContent-Length: 5", false, false, true},
        {"1.1", "Transfer-Encoding: chunked;q=1", false, false, true},
        {"1.1", "Transfer-Encoding: \"chunked\"", false, false, true},
        {"1.1", "Transfer-Encoding: gzip", false, false, true},
        /* as if it were not there */
        {"1.1", "Transfer-Encoding: identity\r\nContent-Length: 5", false, true, false},
        {"1.1", "Transfer-Encoding:\r\nContent-Length: 5", false, true, false},
        {"1.1", "Transfer-Encoding: chunked,", true, false, false},
        {"1.0", "Transfer-Encoding: chunked\r\nConnection: keep-alive", true, false, true},
        {"1.1", "Connection: close", false, false, true},
        {"1.1", "Connection: Keep-Alive, CLOSE", false, false, true},
        {"1.1", "Connection: keep-alive\r\nConnection: close", false, false, true},
        {"1.1", "Connection: closed", false, false, false},
        {"1.0", "X: y", false, false, true},
        {"1.0", "Connection: Keep-Alive", false, false, false},
        {"1.0", "Connection: x , keep-alive", false, false, false},
        {"1.0", "Connection: keep-alive, close", false, false, true},
        {"1.1", "Konnection: close", false, false, false},
        {"1.1", "Connectiom: close", false, false, false},
        {"1.1", "Transfer-Encodinh: chunked", false, false, false},
        {"1.1", "Content_Length: 5", false, false, false},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        char text[256];
        snprintf(text, sizeof text, "HTTP/%s 200 OK\r\n%s\r\n\r\n", table[i].version, table[i].fields);
        assert_int_equal(parse(text), 0);
        assert_int_equal(head.chunked, table[i].chunked);
        assert_int_equal(head.has_length, table[i].has_length);
        assert_int_equal(head.close, table[i].close);
    }
}

static void test_content_encoding_is_summed_up(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum acr_content_coding coding;
    } table[] = {
        {"gzip", ACR_CODING_GZIP},         {"X-GZip", ACR_CODING_GZIP},         {"deflate", ACR_CODING_DEFLATE},
        {"br", ACR_CODING_BROTLI},         {"zstd", ACR_CODING_ZSTD},           {"", ACR_CODING_IDENTITY},
        {"identity", ACR_CODING_IDENTITY}, {"identity, gzip", ACR_CODING_GZIP}, {"gzip, br", ACR_CODING_SEVERAL},
        {"gzip,gzip", ACR_CODING_SEVERAL}, {"compress", ACR_CODING_IDENTITY},   {"gzip, compress", ACR_CODING_IDENTITY},
        {"gzip;q=1", ACR_CODING_IDENTITY},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        char text[256];
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n\r\n", table[i].value);
        assert_int_equal(parse(text), 0);
        assert_int_equal(head.coding, table[i].coding);
        assert_str(head.content_encoding, table[i].value);
    }
}

static void test_the_first_of_several_locations_and_encodings_counts(void **state)
{
    (void)state;
    assert_int_equal(parse("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Encoding: gzip\r\n"
                           "Content-Encoding: br\r\n\r\n"),
                     0);
    assert_str(head.location, "/a");
    assert_str(head.content_encoding, "gzip");
    assert_int_equal(head.coding, ACR_CODING_GZIP);
}

static void test_as_many_fields_as_the_limit_and_not_one_more(void **state)
{
    (void)state;
    static char text[(ACR_HEAD_FIELDS_MAX + 1) * 16];
    for (int extra = 0; extra < 2; extra++) {
        int at = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < ACR_HEAD_FIELDS_MAX + extra; i++)
            at += snprintf(text + at, sizeof text - (size_t)at, "X%d: %d\r\n", i, i);
        snprintf(text + at, sizeof text - (size_t)at, "\r\n");
        assert_int_equal(parse(text), extra == 0 ? 0 : ACR_ERR_TOO_LARGE);
    }
    assert_string_not_equal(error.detail, "");
}

static void test_a_head_past_the_byte_limit_is_too_large(void **state)
{
    (void)state;
    size_t size = ACR_HEAD_BYTES_MAX + 1;
    char *text = acr_alloc(size);
    memset(text, 'a', size);
    memcpy(text, "HTTP/1.1 200 OK\r\nA: ", 20);
    memcpy(text + size - 4, "\r\n\r\n", 4);
    assert_int_equal(parse_bytes(text, size), ACR_ERR_TOO_LARGE);
    memcpy(text + size - 5, "\r\n\r\n", 4);
    assert_int_equal(parse_bytes(text, size - 1), 0);
    acr_free(text);
}

static void test_every_prefix_of_a_head_is_refused_without_reading_past_it(void **state)
{
    (void)state;
    static const char text[] = "\r\nHTTP/1.1 200 OK\r\nServer: abcdefghijklmnopq\r\nA: b\r\n c\r\nX:\r\n\r\n";
    for (size_t size = 0; size < sizeof text - 1; size++)
        assert_int_equal(parse_bytes(text, size), ACR_ERR_MALFORMED);
    assert_int_equal(parse(text), 0);
}

static void test_the_end_of_a_head_is_found_whole_and_byte_by_byte(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        const char *rest;
    } table[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", "body"},
        {"HTTP/1.1 200 OK\n\n", "body"},
        {"HTTP/1.1 200 OK\r\n\n", "\r\n\r\n"},
        {"HTTP/1.1 200 OK\nA: b\n\r\n", "\r\n\r\n"},
        {"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", ""},
        {"\n\n\nHTTP/1.1 200 OK\n\n", "\n"},
        {"\r\n\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n c\r\n \r\nD: e\r\n\r\n", "\r\n"},
        {"\rx\n\r\r\n\ry\n\n", "\n"},
        {"a\r\rb\r\n\r\n", ""},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        char text[256];
        size_t expected = strlen(table[i].head);
        size_t size = (size_t)snprintf(text, sizeof text, "%s%s", table[i].head, table[i].rest);
        size_t whole = 0;
        assert_int_equal(acr_head_end(text, size, &whole), expected);
        size_t scanned = 0;
        for (size_t fed = 0; fed < expected; fed++) {
            struct guard part = guard_copy(text, fed);
            assert_int_equal(acr_head_end(part.data, fed, &scanned), 0);
            assert_true(scanned <= fed);
            guard_done(&part);
        }
        assert_int_equal(acr_head_end(text, expected, &scanned), expected);
    }
}

static void test_blank_lines_alone_are_no_head(void **state)
{
    (void)state;
    size_t scanned = 0;
    assert_int_equal(acr_head_end("\r\n\r\n\r\n\n\n\r", 9, &scanned), 0);
    assert_int_equal(scanned, 8);
    assert_int_equal(acr_head_end("\r\n\r\n\r\n\n\n\r\n", 10, &scanned), 0);
    assert_int_equal(scanned, 10);
}
