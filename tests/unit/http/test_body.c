/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <string.h>

#include "base/buffer.h"
#include "http/body.h"
#include "support/guard.h"

static struct acr_buffer content;
static size_t consumed;

static int teardown(void **state)
{
    (void)state;
    acr_buffer_done(&content);
    return 0;
}

static struct acr_body body_for(const char *method, int status, bool chunked, bool has_length, uint64_t length)
{
    static struct acr_head head;
    head.status = status;
    head.chunked = chunked;
    head.has_length = has_length;
    head.content_length = length;
    struct acr_body body;
    acr_body_init(&body, acr_str_of(method), &head);
    return body;
}

/* Feeds `text` in pieces of `step` bytes, each in front of a guard page; collects content and consumed. */
static int feed(struct acr_body *body, const char *text, size_t size, size_t step)
{
    acr_buffer_reset(&content);
    consumed = 0;
    for (size_t at = 0; at < size && !body->done; at += step) {
        struct guard piece = guard_copy(text + at, step < size - at ? step : size - at);
        for (size_t used = 0; used < piece.size && !body->done;) {
            size_t taken = 0;
            struct acr_str run = {NULL, 0};
            int error = acr_body_feed(body, piece.data + used, piece.size - used, &taken, &run);
            if (error != 0) {
                guard_done(&piece);
                return error;
            }
            assert_true(taken > 0 && taken <= piece.size - used && run.size <= taken);
            assert_int_equal(acr_buffer_append_str(&content, run), 0);
            used += taken;
            consumed += taken;
        }
        guard_done(&piece);
    }
    return 0;
}

static void test_the_framing_depends_on_method_status_and_head(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        int status;
        bool chunked, has_length;
        uint64_t length;
        enum acr_body_kind kind;
        bool done;
    } table[] = {
        {"GET", 200, false, true, 5, ACR_BODY_LENGTH, false},
        {"GET", 200, false, true, 0, ACR_BODY_LENGTH, true},
        {"GET", 200, true, false, 0, ACR_BODY_CHUNKED, false},
        {"GET", 200, true, true, 5, ACR_BODY_CHUNKED, false},
        {"GET", 200, false, false, 0, ACR_BODY_UNTIL_END, false},
        {"HEAD", 200, false, true, 5, ACR_BODY_NONE, true},
        {"HEAD", 200, true, false, 0, ACR_BODY_NONE, true},
        {"GET", 100, false, true, 5, ACR_BODY_NONE, true},
        {"GET", 103, true, false, 0, ACR_BODY_NONE, true},
        {"GET", 204, false, true, 5, ACR_BODY_NONE, true},
        {"GET", 304, true, false, 0, ACR_BODY_NONE, true},
        {"GET", 205, false, true, 5, ACR_BODY_LENGTH, false},
        {"CONNECT", 200, false, true, 5, ACR_BODY_NONE, true},
        {"CONNECT", 407, false, true, 5, ACR_BODY_LENGTH, false},
        {"POST", 500, false, true, 5, ACR_BODY_LENGTH, false},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        struct acr_body body =
            body_for(table[i].method, table[i].status, table[i].chunked, table[i].has_length, table[i].length);
        assert_int_equal(body.kind, table[i].kind);
        assert_int_equal(body.done, table[i].done);
    }
}

static void test_a_length_body_leaves_what_follows(void **state)
{
    (void)state;
    for (size_t step = 1; step <= 8; step++) {
        struct acr_body body = body_for("GET", 200, false, true, 5);
        assert_int_equal(feed(&body, "hello, more", 11, step), 0);
        assert_true(body.done);
        assert_int_equal(consumed, 5);
        assert_int_equal(content.size, 5);
        assert_memory_equal(content.data, "hello", 5);
        assert_int_equal(acr_body_end(&body), 0);
    }
}

static void test_a_body_until_the_end_takes_everything(void **state)
{
    (void)state;
    struct acr_body body = body_for("GET", 200, false, false, 0);
    assert_int_equal(feed(&body, "hello", 5, 2), 0);
    assert_false(body.done);
    assert_int_equal(content.size, 5);
    assert_int_equal(acr_body_end(&body), 0);
    assert_true(body.done);
}

static void test_chunked_bodies_that_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
        size_t rest;
    } table[] = {
        {"0\r\n\r\n", "", 0},
        {"5\r\nhello\r\n0\r\n\r\nHTTP/1.1", "hello", 8},
        {"5\nhello\n0\n\n", "hello", 0},
        {"5\r\nhello\n6\n world\r\n0\r\n\n", "hello world", 0},
        {"000005\r\nhello\r\n000\r\n\r\n", "hello", 0},
        {"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", 0},
        {"5;ext\r\nhello\r\n0;last=\"a;b\"\r\n\r\n", "hello", 0},
        {"5 ;a=b;c\r\nhello\r\n0\r\n\r\n", "hello", 0},
        {"5 \t \r\nhello\r\n0 \r\n\r\n", "hello", 0},
        {"5;a\rb\r\nhello\r\n0\r\n\r\n", "hello", 0},
        {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", 0},
        {"0\r\nTrailer: x\r\nOther: y\n\r\n\r\n", "", 2},
        {"0\r\nnot even a field\r\n\r\n", "", 0},
        {"0\r\nA: \rb\r\n\r\n", "", 0},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        size_t size = strlen(table[i].text);
        for (size_t step = 1; step <= size; step++) {
            struct acr_body body = body_for("GET", 200, true, false, 0);
            assert_int_equal(feed(&body, table[i].text, size, step), 0);
            assert_true(body.done);
            assert_int_equal(size - consumed, table[i].rest);
            assert_int_equal(content.size, strlen(table[i].expected));
            if (content.size > 0)
                assert_memory_equal(content.data, table[i].expected, content.size);
        }
    }
}

static void test_chunked_bodies_that_are_refused(void **state)
{
    (void)state;
    static const char *const table[] = {
        "\r\n",
        "\n",
        " 5\r\nhello\r\n",
        "x\r\n",
        "-5\r\n",
        "+5\r\n",
        "0x5\r\nhello\r\n",
        "5x\r\n",
        "5 5\r\n",
        "5\rhello",
        "5\r\r\n",
        "5\r\nhelloX",
        "5\r\nhello\rX",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n\r\n",
        ";ext\r\n",
        "10000000000000000\r\n",
        "fffffffffffffffff\r\n",
        "0\r\n\rX",
        "5,5\r\n",
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        size_t size = strlen(table[i]);
        for (size_t step = 1; step <= size; step++) {
            struct acr_body body = body_for("GET", 200, true, false, 0);
            assert_int_equal(feed(&body, table[i], size, step), ACR_ERR_MALFORMED);
        }
    }
}

static void test_the_largest_chunk_size_is_no_overflow(void **state)
{
    (void)state;
    struct acr_body body = body_for("GET", 200, true, false, 0);
    assert_int_equal(feed(&body, "ffffffffffffffff\r\nhello\r\n0\r\n\r\n", 30, 30), 0);
    assert_false(body.done);
    assert_int_equal(content.size, 12);
    assert_int_equal(acr_body_end(&body), ACR_ERR_CLOSED_EARLY);
}

static void test_every_cut_of_a_body_is_closed_early(void **state)
{
    (void)state;
    static const char text[] = "5;x\r\nhello\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n";
    for (size_t size = 0; size < sizeof text - 1; size++) {
        struct acr_body body = body_for("GET", 200, true, false, 0);
        assert_int_equal(feed(&body, text, size, 7), 0);
        assert_false(body.done);
        assert_int_equal(acr_body_end(&body), ACR_ERR_CLOSED_EARLY);
    }
    struct acr_body body = body_for("GET", 200, false, true, 5);
    assert_int_equal(feed(&body, "hell", 4, 4), 0);
    assert_int_equal(acr_body_end(&body), ACR_ERR_CLOSED_EARLY);
}

static void test_one_call_takes_one_run_and_the_framing_around_it(void **state)
{
    (void)state;
    struct acr_body body = body_for("GET", 200, true, false, 0);
    size_t taken = 0;
    struct acr_str run;
    static const char text[] = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert_int_equal(acr_body_feed(&body, text, sizeof text - 1, &taken, &run), 0);
    assert_int_equal(taken, 11);
    assert_ptr_equal(run.data, text + 3);
    assert_int_equal(run.size, 3);
    assert_int_equal(acr_body_feed(&body, text + 11, sizeof text - 1 - 11, &taken, &run), 0);
    assert_ptr_equal(run.data, text + 11);
    assert_int_equal(run.size, 2);
    assert_true(body.done);
    assert_int_equal(acr_body_feed(&body, text, 1, &taken, &run), 0);
    assert_int_equal(taken, 0);
    assert_int_equal(run.size, 0);
}

static void test_lines_and_trailers_have_limits(void **state)
{
    (void)state;
    size_t size = ACR_BODY_TRAILER_MAX + 100;
    char *text = acr_alloc(size);
    memset(text, '0', size);
    struct acr_body body = body_for("GET", 200, true, false, 0);
    assert_int_equal(feed(&body, text, size, size), ACR_ERR_TOO_LARGE);
    text[1] = ';';
    body = body_for("GET", 200, true, false, 0);
    assert_int_equal(feed(&body, text, size, 1000), ACR_ERR_TOO_LARGE);
    memcpy(text, "0\r\nA:", 5);
    body = body_for("GET", 200, true, false, 0);
    assert_int_equal(feed(&body, text, size, 4096), ACR_ERR_TOO_LARGE);
    for (size_t i = 3; i < size; i++)
        text[i] = i % 2 ? 'A' : '\n';
    body = body_for("GET", 200, true, false, 0);
    assert_int_equal(feed(&body, text, size, size), ACR_ERR_TOO_LARGE);
    acr_free(text);
}
