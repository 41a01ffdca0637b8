/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "http/memo.h"
#include "support/http_fixture.h"
#include "support/http_server.h"

static const struct acr_str get = {"GET", 3};
static const char head[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n";
#define HEAD_SIZE (sizeof head - 1)

static struct acr_memo memo;

static int setup(void **state)
{
    (void)state;
    memset(&memo, 0, sizeof memo);
    return 0;
}

static void note(const char *text, int status)
{
    struct acr_head_facts facts = {.status = status, .content_length = 5};
    acr_memo_note(&memo, get, &facts, acr_str_of(text));
}

static int recall(struct acr_str method, const char *text, size_t size)
{
    size_t used = 0;
    const struct acr_head_facts *facts = acr_memo_recall(&memo, method, text, size, &used);
    return facts != NULL ? facts->status : 0;
}

static void test_a_head_is_known_when_it_comes_again_with_whatever_behind_it(void **state)
{
    (void)state;
    char data[HEAD_SIZE + 6];
    size_t used = 0;
    assert_int_equal(recall(get, head, HEAD_SIZE), 0);
    note(head, 200);
    snprintf(data, sizeof data, "%shello", head);
    const struct acr_head_facts *facts = acr_memo_recall(&memo, get, data, sizeof data - 1, &used);
    assert_non_null(facts);
    assert_int_equal(used, HEAD_SIZE);
    assert_int_equal(facts->status, 200);
    assert_int_equal(facts->content_length, 5);
    assert_int_equal(recall(get, data, HEAD_SIZE), 200);
}

static void test_another_head_or_part_of_one_is_not_known(void **state)
{
    (void)state;
    note(head, 200);
    for (size_t size = 0; size < HEAD_SIZE; size++)
        assert_int_equal(recall(get, head, size), 0);
    for (size_t i = 0; i < HEAD_SIZE; i++) {
        char other[sizeof head];
        memcpy(other, head, sizeof head);
        other[i] ^= 1;
        assert_int_equal(recall(get, other, HEAD_SIZE), 0);
    }
}

static void test_an_answer_to_another_method_is_not_known(void **state)
{
    (void)state;
    note(head, 200);
    assert_int_equal(recall(ACR_STR("HEAD"), head, HEAD_SIZE), 0);
    assert_int_equal(recall(ACR_STR("PUT"), head, HEAD_SIZE), 0);
    assert_int_equal(recall(ACR_STR("GETX"), head, HEAD_SIZE), 0);
    struct acr_head_facts facts = {.status = 204};
    acr_memo_note(&memo, ACR_STR("VERYLONGMETHOD"), &facts, ACR_STR("HTTP/1.1 204 No\r\n\r\n"));
    assert_int_equal(recall(get, head, HEAD_SIZE), 200);
}

static void test_what_points_into_the_head_points_into_the_copy(void **state)
{
    (void)state;
    char text[sizeof head];
    size_t used;
    memcpy(text, head, sizeof head);
    struct acr_head_facts facts = {.status = 200, .content_encoding = {strstr(text, "gzip"), 4}};
    acr_memo_note(&memo, get, &facts, (struct acr_str){text, HEAD_SIZE});
    memset(text, 'x', sizeof text);
    const struct acr_head_facts *known = acr_memo_recall(&memo, get, head, HEAD_SIZE, &used);
    assert_non_null(known);
    assert_true(acr_str_equal(known->content_encoding, ACR_STR("gzip")));
}

static void test_long_heads_are_not_noted(void **state)
{
    (void)state;
    char text[ACR_MEMO_HEAD_MAX + 2];
    memset(text, 'x', sizeof text);
    text[ACR_MEMO_HEAD_MAX + 1] = '\0';
    note(text, 200);
    assert_int_equal(recall(get, text, sizeof text - 1), 0);
    text[ACR_MEMO_HEAD_MAX] = '\0';
    note(text, 201);
    assert_int_equal(recall(get, text, ACR_MEMO_HEAD_MAX), 201);
}

static void test_heads_that_never_come_again_are_noted_now_and_then_only(void **state)
{
    (void)state;
    char text[32];
    unsigned noted = 0;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "HTTP/1.1 200 %u\r\n\r\n", i);
        note(text, 200);
        struct acr_memo before = memo;
        noted += recall(get, text, strlen(text)) != 0;
        memo = before; /* having looked does not count */
    }
    assert_in_range(noted, 1000 / 16, 1000 / 16 + 20);
    /* One that does come again is found in the end, and then new ones are noted at once. */
    for (unsigned i = 0; i < 16; i++)
        note(head, 200);
    assert_int_equal(recall(get, head, HEAD_SIZE), 200);
    note("HTTP/1.1 404 No\r\n\r\n", 404);
    assert_int_equal(recall(get, ACR_STR("HTTP/1.1 404 No\r\n\r\n").data, 19), 404);
}

static void test_urls_have_an_entry_each_or_share_one(void **state)
{
    (void)state;
    static struct acr_memo table[ACR_MEMO_COUNT];
    static char texts[64][16];
    size_t used = 0;
    bool hit[ACR_MEMO_COUNT] = {false};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(texts); i++) {
        struct acr_memo *found = acr_memo_find(table, texts[i]);
        assert_in_range(found - table, 0, ACR_MEMO_COUNT - 1);
        assert_ptr_equal(found, acr_memo_find(table, texts[i]));
        used += !hit[found - table];
        hit[found - table] = true;
    }
    assert_true(used > ACR_MEMO_COUNT / 2);
}

/* Through the whole client */

static void ask(struct http_fixture *fixture, const struct acr_url *url, const char *method, int status,
                const char *body)
{
    struct call call;
    call_init(&call, fixture, "http://127.0.0.1", "/");
    call.request.url = url;
    call.request.method = acr_str_of(method);
    call_run(&call);
    call_check(&call, status, body);
    call_done(&call);
}

static struct http_step gzipped(char *space, size_t size, const char *text)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    char packed[256];
    stream.next_in = (Bytef *)text;
    stream.avail_in = (uInt)strlen(text);
    stream.next_out = (Bytef *)packed;
    stream.avail_out = sizeof packed;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    int start = snprintf(space, size, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
                         stream.total_out);
    memcpy(space + start, packed, stream.total_out);
    size_t whole = (size_t)start + stream.total_out;
    deflateEnd(&stream);
    return (struct http_step){HTTP_SEND, space, whole, 0};
}

static void test_answers_are_told_apart_whatever_was_known(void **state)
{
    (void)state;
    static char one[512], two[512];
    struct http_step first = gzipped(one, sizeof one, "first text");
    struct http_step second = gzipped(two, sizeof two, "other text");
    const struct http_step length = HTTP_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    const struct http_step again = HTTP_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nworld");
    const struct http_step none = HTTP_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    const struct http_step chunked =
        HTTP_BYTES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    const struct http_step folded = HTTP_BYTES("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\nf");
    struct http_fixture fixture;
    struct http_server server = http_server_start(HTTP_SCRIPT(
        HTTP_ROW({HTTP_READ}, length, {HTTP_READ}, again, {HTTP_READ}, none, {HTTP_READ}, length, {HTTP_READ}, chunked,
                 {HTTP_READ}, chunked, {HTTP_READ}, first, {HTTP_READ}, second),
        HTTP_ROW({HTTP_READ}, folded, {HTTP_READ}, folded, {HTTP_READ}, again, {HTTP_READ}, none, {HTTP_STALL})));
    http_fixture_open(&fixture);
    char text[80];
    struct acr_url url;
    snprintf(text, sizeof text, "%s/", server.base);
    assert_int_equal(acr_url_parse(acr_str_of(text), &url, NULL), 0);
    ask(&fixture, &url, "GET", 200, "hello");
    ask(&fixture, &url, "GET", 200, "world");
    ask(&fixture, &url, "HEAD", 200, "");
    ask(&fixture, &url, "GET", 200, "hello");
    ask(&fixture, &url, "GET", 200, "abc");
    ask(&fixture, &url, "GET", 200, "abc");
    ask(&fixture, &url, "GET", 200, "first text");
    ask(&fixture, &url, "GET", 200, "other text");
    acr_client_close_idle(fixture.client);
    ask(&fixture, &url, "GET", 200, "f");
    ask(&fixture, &url, "GET", 200, "f");
    ask(&fixture, &url, "GET", 200, "world");
    ask(&fixture, &url, "HEAD", 200, "");
    assert_int_equal(acr_http_connections_made(fixture.http), 2);
    http_fixture_close(&fixture);
    http_server_stop(&server);
    acr_url_done(&url);
}
