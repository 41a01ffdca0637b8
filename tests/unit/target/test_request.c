/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>

#include "support/guard.h"
#include "target/request.h"
#include "target/text.h"

#define HOST "Host: t\r\n"

static void assert_str(struct acr_str str, const char *expected)
{
    if (!acr_str_equal(str, acr_str_of(expected)))
        fail_msg("\"%.*s\" instead of \"%s\"", ACR_STR_ARGS(str), expected);
}

/* Parses a copy behind which nothing can be read. */
static int parse(const char *data, size_t size, struct acr_target_request *request, struct guard *guard, int *status)
{
    *guard = guard_copy(data, size);
    *status = 0;
    return acr_target_request_parse(guard->data, size, request, status);
}

static void test_heads_that_are_taken(void **state)
{
    static const struct {
        const char *head;
        const char *method, *path, *query;
        bool close, keep_alive_line, chunked, expect;
        int64_t length; /* -1: none */
    } rows[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", "GET", "/", "", .length = -1},
        {"GET / HTTP/1.1\nHost: t\n\n", "GET", "/", "", .length = -1},
        {"\r\n\nGET /a HTTP/1.1\r\n" HOST "\r\n", "GET", "/a", "", .length = -1},
        {"GET /a?b=c?d HTTP/1.1\r\n" HOST "\r\n", "GET", "/a", "b=c?d", .length = -1},
        {"GET /a? HTTP/1.1\r\n" HOST "\r\n", "GET", "/a", "", .length = -1},
        {"GET http://h:1/a?b HTTP/1.1\r\n" HOST "\r\n", "GET", "/a", "b", .length = -1},
        {"GET HTTPS://h?b HTTP/1.1\r\n" HOST "\r\n", "GET", "/", "b", .length = -1},
        {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "OPTIONS", "*", "", .length = -1},
        {"M-SEARCH!~ /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", "M-SEARCH!~", "/\xc3\xa4", "", .length = -1},
        {"GET / HTTP/1.0\r\n\r\n", "GET", "/", "", .close = true, .length = -1},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", "/", "", .keep_alive_line = true, .length = -1},
        {"GET / HTTP/1.7\r\n" HOST "\r\n", "GET", "/", "", .length = -1},
        {"GET / HTTP/1.1\r\n" HOST "Connection: x, CLOSE\r\n\r\n", "GET", "/", "", .close = true, .length = -1},
        {"POST / HTTP/1.1\r\n" HOST "content-LENGTH:12\r\n\r\n", "POST", "/", "", .length = 12},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 12\r\nContent-Length: 12\r\n\r\n", "POST", "/", "", .length = 12},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", "POST", "/", "", .chunked = true,
         .length = -1},
        {"POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n", "POST", "/", "",
         .expect = true, .length = 1},
        {"GET / HTTP/1.1\r\nHost:\r\nX:\t v w \t\r\n\r\n", "GET", "/", "", .length = -1},
    };
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(rows); i++) {
        struct acr_target_request request;
        struct guard guard;
        int status;
        size_t size = strlen(rows[i].head);
        print_message("%s", rows[i].head);
        assert_int_equal(parse(rows[i].head, size, &request, &guard, &status), 0);
        assert_int_equal(request.head_size, size);
        assert_str(request.method, rows[i].method);
        assert_str(request.path, rows[i].path);
        assert_str(request.query, rows[i].query);
        assert_int_equal(request.close, rows[i].close);
        assert_int_equal(request.keep_alive_line, rows[i].keep_alive_line);
        assert_int_equal(request.chunked, rows[i].chunked);
        assert_int_equal(request.expect_continue, rows[i].expect);
        assert_int_equal(request.has_length, rows[i].length >= 0);
        assert_int_equal(request.content_length, rows[i].length >= 0 ? rows[i].length : 0);
        guard_done(&guard);
        for (size_t part = 0; part < size; part++) {
            assert_int_equal(parse(rows[i].head, part, &request, &guard, &status), ACR_ERR_AGAIN);
            guard_done(&guard);
        }
    }
}

static void test_heads_that_are_refused(void **state)
{
    static const struct {
        const char *head;
        int status;
    } rows[] = {
        {"GET /\r\n\r\n", 400},
        {"GET\r\n\r\n", 400},
        {" GET / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
        {"G(T / HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET a HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /\x01 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET / HTTP/x.1\r\n" HOST "\r\n", 400},
        {"GET / http/1.1\r\n" HOST "\r\n", 400},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "a b: c\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "a : c\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST ": c\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "a: b\r\n folded\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" HOST "a: b\rc\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    };
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(rows); i++) {
        struct acr_target_request request;
        struct guard guard;
        int status;
        print_message("%s", rows[i].head);
        assert_int_equal(parse(rows[i].head, strlen(rows[i].head), &request, &guard, &status), ACR_ERR_INVALID);
        assert_int_equal(status, rows[i].status);
        guard_done(&guard);
    }
}

static void test_a_nul_byte_in_a_value_is_refused(void **state)
{
    static const char head[] = "GET / HTTP/1.1\r\n" HOST "a: b\0c\r\n\r\n";
    struct acr_target_request request;
    int status;
    (void)state;
    assert_int_equal(acr_target_request_parse(head, sizeof head - 1, &request, &status), ACR_ERR_INVALID);
    assert_int_equal(status, 400);
}

static void test_what_follows_the_head_is_left_alone(void **state)
{
    static const char two[] = "GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n";
    struct acr_target_request request;
    int status;
    (void)state;
    assert_int_equal(acr_target_request_parse(two, sizeof two - 1, &request, &status), 0);
    assert_str(request.path, "/1");
    assert_int_equal(request.head_size, (sizeof two - 1) / 2);
    assert_int_equal(
        acr_target_request_parse(two + request.head_size, sizeof two - 1 - request.head_size, &request, &status), 0);
    assert_str(request.path, "/2");
}

static void test_fields_keep_order_and_are_found_in_any_case(void **state)
{
    static const char head[] = "GET / HTTP/1.1\r\n" HOST "X-A: 1\r\nx-a: 2\r\nEmpty: \r\n\r\n";
    struct acr_target_request request;
    int status;
    (void)state;
    assert_int_equal(acr_target_request_parse(head, sizeof head - 1, &request, &status), 0);
    assert_int_equal(request.field_count, 4);
    assert_str(request.fields[2].name, "x-a");
    assert_str(request.fields[2].value, "2");
    assert_str(acr_target_request_field(&request, ACR_STR("X-a")), "1");
    assert_non_null(acr_target_request_field(&request, ACR_STR("empty")).data);
    assert_null(acr_target_request_field(&request, ACR_STR("X-B")).data);
}

static void test_a_head_at_the_limit_is_taken_and_one_past_it_refused(void **state)
{
    static char head[ACR_TARGET_HEAD_MAX + 1];
    static const char start[] = "GET / HTTP/1.1\r\n" HOST "X: ";
    struct acr_target_request request;
    int status;
    (void)state;
    for (size_t size = ACR_TARGET_HEAD_MAX; size <= ACR_TARGET_HEAD_MAX + 1; size++) {
        memset(head, 'x', size);
        memcpy(head, start, sizeof start - 1);
        memcpy(head + size - 4, "\r\n\r\n", 4);
        bool fits = size == ACR_TARGET_HEAD_MAX;
        assert_int_equal(acr_target_request_parse(head, size, &request, &status), fits ? 0 : ACR_ERR_INVALID);
        assert_true(fits || status == 431);
    }
}

static void test_too_many_fields_are_refused(void **state)
{
    struct acr_target_request request;
    int status;
    (void)state;
    for (int extra = 0; extra <= 1; extra++) {
        struct acr_buffer head = {0};
        acr_text_put(&head, ACR_STR("GET / HTTP/1.1\r\n" HOST));
        for (int i = 1; i < ACR_TARGET_FIELDS_MAX + extra; i++)
            acr_text_put(&head, ACR_STR("a:b\r\n"));
        acr_text_put(&head, ACR_STR("\r\n"));
        assert_int_equal(acr_target_request_parse(head.data, head.size, &request, &status),
                         extra ? ACR_ERR_INVALID : 0);
        assert_true(!extra || status == 431);
        acr_buffer_done(&head);
    }
}
