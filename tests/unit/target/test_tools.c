/* SPDX-License-Identifier: MIT */
#include "unit/target/fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/decode.h"
#include "http/head.h"

struct world {
    struct fixture fixture;
    struct client client;
};

static int setup(void **state)
{
    struct world *world = acr_alloc_zero(sizeof *world);
    fixture_open(&world->fixture);
    client_open(&world->client, &world->fixture);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    client_close(&world->client);
    fixture_close(&world->fixture);
    acr_free(world);
    return 0;
}

static void test_echo_shows_all_of_the_request(void **state)
{
    struct world *world = *state;
    client_exchange(&world->client, "PATCH /echo?a=b+c&d HTTP/1.1\r\nHost: t\r\nX-A: 1\r\nContent-Length: 5\r\n"
                                    "x-a: 2\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nq=%C3");
    assert_string_equal(
        client_body(&world->client),
        "{\"method\":\"PATCH\",\"target\":\"/echo?a=b+c&d\",\"path\":\"/echo\",\"args\":{\"a\":\"b c\",\"d\":\"\"},"
        "\"version\":\"HTTP/1.1\",\"headers\":{\"Host\":\"t\",\"X-A\":\"1, 2\",\"Content-Length\":\"5\","
        "\"Content-Type\":\"application/x-www-form-urlencoded\"},\"header_list\":[[\"Host\",\"t\"],[\"X-A\",\"1\"],"
        "[\"Content-Length\",\"5\"],[\"x-a\",\"2\"],[\"Content-Type\",\"application/x-www-form-urlencoded\"]],"
        "\"form\":{\"q\":\"\\u00c3\"},\"body\":\"q=%C3\",\"body_size\":5,\"chunked\":false,\"connection\":1,"
        "\"connection_requests\":1}\n");
}

static void test_post_takes_nothing_but_post(void **state)
{
    struct world *world = *state;
    client_get(&world->client, "/post");
    assert_int_equal(client_status(&world->client), 405);
    client_request(&world->client, "POST", "/post", "Content-Length: 0\r\n");
    assert_has(world->client.answer.data, "\"method\":\"POST\"");
}

static void test_any_status(void **state)
{
    struct world *world = *state;
    assert_has(client_get(&world->client, "/status/503"), "HTTP/1.1 503 Service Unavailable\r\n");
    assert_has(client_get(&world->client, "/status/599"), "HTTP/1.1 599 Status\r\n");
    assert_has(client_get(&world->client, "/status/401"), "WWW-Authenticate: Basic");
    assert_string_equal(client_get(&world->client, "/status/204"), "HTTP/1.1 204 No Content\r\n\r\n");
    assert_string_equal(client_get(&world->client, "/status/304"), "HTTP/1.1 304 Not Modified\r\n\r\n");
    client_get(&world->client, "/status/100");
    assert_int_equal(client_status(&world->client), 400);
}

static void test_redirects_count_down(void **state)
{
    struct world *world = *state;
    assert_has(client_get(&world->client, "/redirect/2?status=307"), "Location: /redirect/1?status=307\r\n");
    assert_int_equal(client_status(&world->client), 307);
    assert_has(client_get(&world->client, "/redirect/1"), "Location: /redirect/0\r\n");
    assert_int_equal(client_status(&world->client), 302);
    client_get(&world->client, "/redirect/0");
    assert_int_equal(client_status(&world->client), 200);
    assert_has(client_get(&world->client, "/redirect-to?url=http%3A//h/p%3Fq&status=301"),
               "Location: http://h/p?q\r\n");
    assert_int_equal(client_status(&world->client), 301);
}

static void test_cookies_are_set_shown_and_deleted(void **state)
{
    struct world *world = *state;
    client_get(&world->client, "/cookies/set?a=1&b=x%20y");
    assert_has(world->client.answer.data,
               "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=x y; Path=/\r\nLocation: /cookies\r\n");
    client_request(&world->client, "GET", "/cookies", "Cookie: a=1; b=x y;c\r\n");
    assert_string_equal(client_body(&world->client), "{\"cookies\":{\"a\":\"1\",\"b\":\"x y\"}}\n");
    assert_has(client_get(&world->client, "/cookies/delete?a"), "Set-Cookie: a=; Path=/; Max-Age=0\r\n");
}

static void test_bytes_are_as_many_as_asked_for(void **state)
{
    static const size_t sizes[] = {0, 1, 26, 28, 65536, 65537, 3000000};
    struct world *world = *state;
    char path[64];
    for (size_t i = 0; i < ACR_ARRAY_SIZE(sizes); i++) {
        snprintf(path, sizeof path, "/bytes/%zu", sizes[i]);
        client_get(&world->client, path);
        size_t head = (size_t)(client_body(&world->client) - world->client.answer.data);
        assert_int_equal(world->client.answer.size - head, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            if (world->client.answer.data[head + k] != "abcdefghijklmnopqrstuvwxyz\n"[k % 27])
                fail_msg("byte %zu of %zu", k, sizes[i]);
    }
}

static void test_streams_are_chunked_and_may_have_trailers(void **state)
{
    struct world *world = *state;
    assert_has(client_get(&world->client, "/stream/2"),
               "\r\n\r\nb\r\n{\"line\":0}\n\r\nb\r\n{\"line\":1}\n\r\n0\r\n\r\n");
    client_get(&world->client, "/stream/0");
    assert_string_equal(client_body(&world->client), "0\r\n\r\n");
    client_get(&world->client, "/stream/20000");
    assert_has(world->client.answer.data, "{\"line\":19999}\n\r\n0\r\n\r\n");
    assert_has(client_get(&world->client, "/chunked-trailers"), "0\r\nX-Checksum: 42\r\nX-Done: yes\r\n\r\n");
}

static void test_packed_pages_unpack_to_json(void **state)
{
    static const char *const rows[][2] = {{"/gzip", "gzip"},
                                          {"/deflate", "deflate"},
                                          {"/deflate?raw=1", "deflate"},
                                          {"/brotli", "br"},
                                          {"/zstd", "zstd"}};
    struct world *world = *state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(rows); i++) {
        struct acr_decoder *decoder;
        struct acr_buffer plain = {0};
        client_get(&world->client, rows[i][0]);
        assert_has(world->client.answer.data, rows[i][1]);
        const char *body = client_body(&world->client);
        size_t size = world->client.answer.size - (size_t)(body - world->client.answer.data);
        assert_int_equal(acr_decoder_open(acr_str_of(rows[i][1]), &decoder), 0);
        assert_int_equal(acr_decoder_feed(decoder, (struct acr_str){body, size}, &plain), 0);
        assert_int_equal(acr_decoder_finish(decoder, &plain), 0);
        assert_true(plain.size > size);
        assert_memory_equal(plain.data, "{\"encoding\":\"", 13);
        assert_memory_equal(plain.data + plain.size - 3, "\"}\n", 3);
        acr_decoder_close(decoder);
        acr_buffer_done(&plain);
    }
}

static void test_basic_credentials(void **state)
{
    struct world *world = *state;
    assert_has(client_get(&world->client, "/basic-auth/Aladdin/open%20sesame"), "WWW-Authenticate: Basic realm=");
    assert_int_equal(client_status(&world->client), 401);
    client_request(&world->client, "GET", "/basic-auth/Aladdin/open%20sesame",
                   "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
    assert_int_equal(client_status(&world->client), 200);
    client_request(&world->client, "GET", "/basic-auth/Aladdin/other",
                   "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
    assert_int_equal(client_status(&world->client), 401);
}

static void test_stats_count_all_but_themselves(void **state)
{
    struct world *world = *state;
    client_get(&world->client, "/json");
    size_t json_size = world->client.answer.size;
    client_get(&world->client, "/json?x=1");
    client_get(&world->client, "/threads/5");
    size_t thread_size = world->client.answer.size;
    client_get(&world->client, "/nowhere");
    size_t missing_size = world->client.answer.size;
    client_get(&world->client, "/__stats__");
    client_get(&world->client, "/__stats__");
    char expected[512];
    snprintf(expected, sizeof expected,
             "{\"requests\":4,\"unanswered\":0,\"by_path\":{\"/json\":2,\"/threads/5\":1,\"/nowhere\":1},"
             "\"by_status\":{\"200\":3,\"404\":1},\"connections\":{\"accepted\":1,\"open\":1},"
             "\"bytes\":{\"received\":%zu,\"sent\":%zu}}\n",
             4 * strlen("GET  HTTP/1.1\r\nHost: t\r\n\r\n") + strlen("/json/json?x=1/threads/5/nowhere"),
             2 * json_size + thread_size + missing_size);
    assert_string_equal(client_body(&world->client), expected);
}

static void test_stats_are_reset_by_post_only(void **state)
{
    struct world *world = *state;
    client_get(&world->client, "/json");
    client_get(&world->client, "/__stats__/reset");
    assert_int_equal(client_status(&world->client), 405);
    assert_int_equal(acr_target_answers(world->fixture.target), 1);
    client_request(&world->client, "POST", "/__stats__/reset", "");
    assert_int_equal(client_status(&world->client), 204);
    client_get(&world->client, "/__stats__");
    assert_string_equal(client_body(&world->client),
                        "{\"requests\":0,\"unanswered\":0,\"by_path\":{},\"by_status\":{},"
                        "\"connections\":{\"accepted\":0,\"open\":1},\"bytes\":{\"received\":0,\"sent\":0}}\n");
}
