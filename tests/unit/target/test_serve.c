/* SPDX-License-Identifier: MIT */
#include "unit/target/fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define REQUEST "GET /json HTTP/1.1\r\nHost: t\r\n\r\n"
#define ANSWER                                                                        \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n" \
    "{\"message\":\"hello\",\"id\":42,\"tags\":[\"a\",\"b\"]}\n"

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

static uint64_t answers(const struct world *world)
{
    return acr_target_answers(world->fixture.target);
}

static void test_a_plain_answer_byte_for_byte(void **state)
{
    struct world *world = *state;
    assert_string_equal(client_exchange(&world->client, REQUEST), ANSWER);
    assert_string_equal(client_exchange(&world->client, REQUEST), ANSWER);
    assert_int_equal(answers(world), 2);
    assert_false(world->client.ended);
}

static void test_a_request_that_comes_byte_by_byte(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i + 1 < sizeof REQUEST - 1; i++) {
        client_send(&world->client, &REQUEST[i], 1);
        assert_string_equal(client_receive(&world->client), "");
    }
    assert_string_equal(client_exchange(&world->client, "\n"), ANSWER);
    assert_int_equal(answers(world), 1);
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
    struct world *world = *state;
    assert_string_equal(client_exchange(&world->client, REQUEST REQUEST REQUEST), ANSWER ANSWER ANSWER);
    assert_int_equal(answers(world), 3);
}

static void test_pipelined_requests_cut_anywhere(void **state)
{
    static const char three[] = REQUEST "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello" REQUEST;
    struct world *world = *state;
    struct acr_buffer all = {0};
    for (size_t cut = 1; cut < sizeof three - 1; cut++) {
        client_send(&world->client, three, cut);
        client_receive(&world->client);
        assert_int_equal(acr_buffer_append_str(&all, acr_buffer_str(&world->client.answer)), 0);
        client_exchange(&world->client, &three[cut]);
        assert_int_equal(acr_buffer_append_str(&all, acr_buffer_str(&world->client.answer)), 0);
        assert_int_equal(acr_buffer_append(&all, "", 1), 0);
        assert_memory_equal(all.data, ANSWER, sizeof ANSWER - 1);
        assert_has(all.data, "{\"bytes\":5}\n" ANSWER);
        assert_int_equal(answers(world), 3 * cut);
        acr_buffer_reset(&all);
    }
    acr_buffer_done(&all);
}

static void test_a_pipeline_longer_than_the_socket_takes(void **state)
{
    enum { COUNT = 1000 };
    static const char request[] = "GET /bytes/1000 HTTP/1.1\r\nHost: t\r\n\r\n";
    struct world *world = *state;
    struct acr_buffer pipeline = {0};
    client_exchange(&world->client, request);
    size_t answer_size = world->client.answer.size, sent = 0, received = 0;
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(acr_buffer_append(&pipeline, request, sizeof request - 1), 0);
    while (sent < pipeline.size || received < COUNT * answer_size) {
        ssize_t size = send(world->client.fd, pipeline.data + sent, pipeline.size - sent, MSG_NOSIGNAL);
        sent += size > 0 ? (size_t)size : 0;
        client_receive(&world->client);
        assert_true(size > 0 || world->client.answer.size > 0);
        received += world->client.answer.size;
    }
    assert_int_equal(received, COUNT * answer_size);
    assert_int_equal(answers(world), COUNT + 1);
    acr_buffer_done(&pipeline);
    assert_string_equal(client_exchange(&world->client, REQUEST), ANSWER);
}

static void test_head_has_the_fields_and_no_body(void **state)
{
    struct world *world = *state;
    client_request(&world->client, "HEAD", "/json", "");
    assert_string_equal(world->client.answer.data,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n");
    assert_has(client_request(&world->client, "HEAD", "/bytes/1000000", ""), "Content-Length: 1000000\r\n");
    assert_string_equal(client_body(&world->client), "");
    client_request(&world->client, "HEAD", "/stream/9", "");
    assert_string_equal(client_body(&world->client), "");
    assert_string_equal(client_exchange(&world->client, REQUEST), ANSWER);
}

static void test_close_is_confirmed_and_done(void **state)
{
    struct world *world = *state;
    assert_has(client_request(&world->client, "GET", "/json", "Connection: close\r\n"), "Connection: close\r\n");
    assert_string_equal(client_body(&world->client), "{\"message\":\"hello\",\"id\":42,\"tags\":[\"a\",\"b\"]}\n");
    assert_true(world->client.ended);
    assert_int_equal(acr_target_connections_open(world->fixture.target), 0);
}

static void test_http_1_0_closes_unless_asked_to_stay(void **state)
{
    struct world *world = *state;
    assert_has(client_exchange(&world->client, "GET /json HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
               "Connection: keep-alive\r\n");
    assert_false(world->client.ended);
    assert_has(client_exchange(&world->client, "GET /json HTTP/1.0\r\n\r\n"), "Connection: close\r\n");
    assert_true(world->client.ended);
}

static void test_a_body_in_pieces(void **state)
{
    struct world *world = *state;
    client_exchange(&world->client, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n012");
    assert_string_equal(client_exchange(&world->client, "3456"), "");
    assert_has(client_exchange(&world->client, "789"), "\"body\":\"0123456789\",\"body_size\":10");
}

static void test_a_chunked_body_with_extension_and_trailer(void **state)
{
    static const char chunks[] = "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n";
    struct world *world = *state;
    client_exchange(&world->client, "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i + 1 < sizeof chunks - 1; i++) {
        client_send(&world->client, chunks + i, 1);
        assert_string_equal(client_receive(&world->client), "");
    }
    assert_has(client_exchange(&world->client, "\n"), "\"body\":\"abc0123456789\",\"body_size\":13,\"chunked\":true");
    assert_string_equal(client_exchange(&world->client, REQUEST), ANSWER);
}

static void test_a_broken_chunk_ends_the_connection_with_400(void **state)
{
    struct world *world = *state;
    client_exchange(&world->client, "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    assert_int_equal(client_status(&world->client), 400);
    assert_true(world->client.ended);
}

static void test_expect_continue_is_answered_before_the_body(void **state)
{
    struct world *world = *state;
    client_request(&world->client, "PUT", "/upload", "Content-Length: 3\r\nExpect: 100-continue\r\n");
    assert_string_equal(world->client.answer.data, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_has(client_exchange(&world->client, "abc"), "{\"bytes\":3}");
    /* A body that came along needs no invitation. */
    client_exchange(&world->client,
                    "PUT /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
    assert_int_equal(client_status(&world->client), 200);
}

static void test_a_kept_body_has_a_limit_and_a_counted_one_has_none(void **state)
{
    struct world *world = *state;
    size_t size = 3 * ACR_TARGET_BODY_MAX;
    char *body = acr_alloc_zero(size);
    client_request(&world->client, "POST", "/upload", "Content-Length: 3145728\r\n");
    for (size_t sent = 0; sent < size;) {
        ssize_t count = send(world->client.fd, body, size - sent < 65536 ? size - sent : 65536, MSG_NOSIGNAL);
        sent += count > 0 ? (size_t)count : 0;
        if (sent < size)
            fixture_turn(&world->fixture);
    }
    assert_has(client_receive(&world->client), "{\"bytes\":3145728}");
    client_request(&world->client, "POST", "/echo", "Content-Length: 1048577\r\n");
    assert_int_equal(client_status(&world->client), 413);
    acr_free(body);
}

static void test_malformed_heads_are_answered_and_closed(void **state)
{
    struct world *world = *state;
    client_exchange(&world->client, "what is this\r\n\r\n");
    assert_int_equal(client_status(&world->client), 400);
    assert_has(world->client.answer.data, "Connection: close\r\n");
    assert_true(world->client.ended);
    assert_int_equal(world->fixture.target->refused_count->answers, 1);
}

static void test_an_endless_head_is_refused_and_its_rest_swallowed(void **state)
{
    struct world *world = *state;
    static char line[4096];
    memset(line, 'x', sizeof line);
    client_exchange(&world->client, "GET / HTTP/1.1\r\nHost: t\r\nX: ");
    for (size_t sent = 0; sent < ACR_TARGET_HEAD_MAX; sent += sizeof line) {
        client_send(&world->client, line, sizeof line);
        fixture_turn(&world->fixture);
    }
    client_send(&world->client, line, sizeof line);
    client_receive(&world->client);
    assert_int_equal(client_status(&world->client), 431);
    assert_true(world->client.ended);
    assert_int_equal(acr_target_connections_open(world->fixture.target), 1);
    fixture_advance_ms(&world->fixture, 2001);
    assert_int_equal(acr_target_connections_open(world->fixture.target), 0);
}

static void test_a_client_that_half_closes_gets_its_answer(void **state)
{
    struct world *world = *state;
    client_send(&world->client, REQUEST, sizeof REQUEST - 1);
    shutdown(world->client.fd, SHUT_WR);
    assert_string_equal(client_receive(&world->client), ANSWER);
    assert_true(world->client.ended);
}

static void test_connections_are_counted_and_their_memory_used_again(void **state)
{
    struct world *world = *state;
    struct client clients[5];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ACR_ARRAY_SIZE(clients); i++) {
            client_open(&clients[i], &world->fixture);
            assert_string_equal(client_exchange(&clients[i], REQUEST), ANSWER);
        }
        assert_int_equal(acr_target_connections_open(world->fixture.target), 6);
        for (size_t i = 0; i < ACR_ARRAY_SIZE(clients); i++)
            client_close(&clients[i]);
        assert_int_equal(acr_target_connections_open(world->fixture.target), 1);
    }
    assert_int_equal(world->fixture.target->counts.connections_accepted, 16);
}
