/* SPDX-License-Identifier: MIT */
/* Streamed answers, from the head to the end or somewhere before it. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "http/internal.h"
#include "support/http_fixture.h"
#include "support/http_server.h"

#define OK_HEAD(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n"
#define CHUNKED_HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static struct http_fixture fixture;
static struct http_server server;
static struct call call;

static int setup(void **state)
{
    (void)state;
    server = (struct http_server){0};
    call = (struct call){0};
    http_fixture_open(&fixture);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    call_done(&call);
    http_fixture_close(&fixture);
    if (server.seen != NULL)
        http_server_stop(&server);
    return 0;
}

/* A streamed GET; `then` runs in its coroutine once the head is there. */
static void start_stream(const struct http_script *script, void (*then)(struct call *call, struct acr_fiber *fiber))
{
    server = http_server_start(script);
    call_init(&call, &fixture, server.base, "/");
    call.request.stream = true;
    call.then = then;
    call_start(&call);
}

static void stream(const struct http_script *script, void (*then)(struct call *call, struct acr_fiber *fiber))
{
    start_stream(script, then);
    call_finish(&call);
}

static bool at_gate(void *context)
{
    return atomic_load(&server.seen->gates) >= *(unsigned *)context;
}

static void reach_gate(unsigned number)
{
    net_fixture_run_until(&fixture.net, at_gate, &number);
    net_fixture_turn(&fixture.net);
}

static void check_body(const char *expected)
{
    if (!acr_str_equal(acr_buffer_str(&call.response->body), acr_str_of(expected)))
        fail_msg("body is '%.*s'", ACR_STR_ARGS(acr_buffer_str(&call.response->body)));
    acr_buffer_reset(&call.response->body);
}

/* The connection is in the pool again, or is gone. */
static void check_connections(unsigned idle)
{
    assert_int_equal(fixture.client->idle_count, idle);
    assert_int_equal(acr_http_connections_open(fixture.http), idle);
}

static int next(struct acr_fiber *fiber)
{
    return acr_response_wait_body(call.response, fiber, ACR_NEVER, &call.error);
}

static void read_in_parts(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    assert_false(call.response->complete);
    http_server_open_gate(&server);
    assert_int_equal(next(fiber), 0);
    check_body("one");
    http_server_open_gate(&server);
    assert_int_equal(next(fiber), 0);
    check_body("two");
    http_server_open_gate(&server);
    assert_int_equal(next(fiber), 0);
    check_body("");
    assert_true(call.response->complete);
    check_connections(1);
    assert_int_equal(next(fiber), 0);
    check_body("");
}

static void test_a_body_is_handed_out_as_it_comes(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(CHUNKED_HEAD), {HTTP_GATE}, HTTP_BYTES("3\r\none\r\n"),
                                {HTTP_GATE}, HTTP_BYTES("3\r\ntwo\r\n"), {HTTP_GATE}, HTTP_BYTES("0\r\n\r\n"),
                                {HTTP_READ}, {HTTP_ECHO})),
           read_in_parts);
    call_expect(&fixture, server.base, "/", 200, "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}

static void read_twice(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    assert_int_equal(acr_response_read_all(call.response, fiber, ACR_NEVER, &call.error), 0);
    assert_int_equal(acr_response_read_all(call.response, fiber, ACR_NEVER, &call.error), 0);
}

static void test_a_body_that_came_with_the_head_is_complete_at_once(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("hello"), {HTTP_STALL})), read_twice);
    assert_true(call.response->complete);
    check_body("hello");
    check_connections(1);
}

static void check_nothing(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    assert_int_equal(next(fiber), 0);
    check_body("");
    check_connections(1);
}

static void test_an_answer_without_a_body_holds_no_connection(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 204 No Content\r\n\r\n"), {HTTP_STALL})),
           check_nothing);
}

/* Windows */

enum { LARGE = 20 << 20 };

static void take_slowly(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    size_t total = 0;
    while (true) {
        for (int i = 0; i < 3; i++)
            assert_int_equal(acr_fiber_sleep_until(fiber, 0), 0);
        size_t held = call.response->body.size;
        assert_in_range(held, 0, ACR_CLIENT_STREAM_WINDOW + ACR_HTTP_SCRATCH_BYTES);
        assert_int_equal(next(fiber), 0);
        if (call.response->body.size == 0)
            break;
        total += call.response->body.size;
        acr_buffer_reset(&call.response->body);
    }
    assert_int_equal(total, LARGE);
    check_connections(1);
}

static void test_no_more_than_a_window_is_received_ahead(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("20971520")), HTTP_TIMES(LARGE, "x"), {HTTP_STALL})),
           take_slowly);
}

static void read_rest(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    for (int i = 0; i < 5; i++)
        assert_int_equal(acr_fiber_sleep_until(fiber, 0), 0);
    assert_int_equal(acr_response_read_all(call.response, fiber, ACR_NEVER, &call.error), 0);
    assert_int_equal(call.response->body.size, LARGE);
    assert_true(call.response->complete);
    check_connections(1);
}

static void test_all_of_a_body_can_be_had_whatever_the_window(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("20971520")), HTTP_TIMES(LARGE, "x"), {HTTP_STALL})),
           read_rest);
}

/* Ends that come while nobody waits */

static void wait_for_end(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    http_server_open_gate(&server);
    while (!call.response->complete)
        assert_int_equal(acr_fiber_sleep_until(fiber, 0), 0);
    /* The answer is there, but nobody has taken it: its connection serves no other request. */
    assert_int_equal(fixture.client->idle_count, 0);
    assert_int_equal(next(fiber), 0);
    check_connections(1);
    check_body("late");
}

static void test_a_body_that_ends_while_nobody_waits_is_kept(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4")), {HTTP_GATE}, HTTP_BYTES("late"), {HTTP_STALL})),
           wait_for_end);
}

static void wait_for_hang_up(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    http_server_open_gate(&server);
    while (!call.response->complete || acr_connection_reusable(call.response->connection))
        assert_int_equal(acr_fiber_sleep_until(fiber, 0), 0);
    assert_int_equal(next(fiber), 0);
    check_body("late");
    check_connections(0);
}

static void test_a_hang_up_behind_a_body_that_nobody_took_is_seen(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4")), {HTTP_GATE}, HTTP_BYTES("late"))),
           wait_for_hang_up);
}

/* Failures */

static void read_until_failure(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    assert_int_equal(next(fiber), 0);
    check_body("ha");
    http_server_open_gate(&server);
    call.code = next(fiber);
    check_connections(0);
    /* A cut body must not look like a whole one, however often it is asked for. */
    assert_int_equal(next(fiber), call.code);
    assert_int_equal(acr_response_read_all(call.response, fiber, ACR_NEVER, NULL), call.code);
    assert_false(call.response->complete);
}

static void test_a_cut_body_fails_after_what_came(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4") "ha"), {HTTP_GATE})), read_until_failure);
    assert_int_equal(call.code, ACR_ERR_CLOSED_EARLY);
}

static void test_a_malformed_body_fails_after_what_came(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(CHUNKED_HEAD "2\r\nha\r\n"), {HTTP_GATE}, HTTP_BYTES("zz\r\n"),
                                {HTTP_STALL})),
           read_until_failure);
    assert_int_equal(call.code, ACR_ERR_MALFORMED);
}

static void fail_at_once(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    call.code = next(fiber);
    check_connections(0);
}

static void test_a_failure_that_came_with_the_head_is_the_body_s(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(CHUNKED_HEAD "zz\r\n"), {HTTP_STALL})), fail_at_once);
    assert_non_null(call.response);
    assert_int_equal(call.code, ACR_ERR_MALFORMED);
    assert_int_equal(call.error.code, ACR_ERR_MALFORMED);
}

static void wait_a_second(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    /* Ten seconds in which nobody asked do not count. */
    net_fixture_advance(&fixture.net, 10 * ACR_NANOS_PER_SECOND);
    assert_int_equal(acr_fiber_sleep_until(fiber, 0), 0);
    call.context = &call;
    call.code = acr_response_wait_body(call.response, fiber, ACR_NANOS_PER_SECOND, &call.error);
}

static void test_a_silent_body_times_out_from_when_it_was_asked_for(void **state)
{
    (void)state;
    start_stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4")), {HTTP_GATE})), wait_a_second);
    reach_gate(1);
    while (call.context == NULL)
        net_fixture_turn(&fixture.net);
    net_fixture_advance(&fixture.net, 900 * ACR_NANOS_PER_MILLI);
    net_fixture_turn(&fixture.net);
    assert_false(call.over);
    net_fixture_advance(&fixture.net, 200 * ACR_NANOS_PER_MILLI);
    call_finish(&call);
    assert_int_equal(call.code, ACR_ERR_READ_TIMEOUT);
    assert_non_null(strstr(call.error.detail, "127.0.0.1 port "));
    check_connections(0);
}

static void test_a_streamed_body_has_no_limit_but_the_window(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("5") "hello"))));
    call_init(&call, &fixture, server.base, "/");
    call.request.stream = true;
    call.request.body_max = 4;
    call.then = call_read_all;
    call_run(&call);
    call_check_failed(&call, ACR_ERR_TOO_LARGE, "body exceeds 4 bytes");
}

/* Closing */

static void close_early(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    acr_response_close(call.response);
    check_connections(0);
    acr_response_close(call.response);
    assert_int_equal(next(fiber), 0);
    assert_false(call.response->complete);
}

static void test_closing_early_gives_the_connection_up(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4") "ha"), {HTTP_STALL}),
                       HTTP_ROW({HTTP_READ}, {HTTP_ECHO})),
           close_early);
    call_expect(&fixture, server.base, "/", 200, "GET / HTTP/1.1");
}

static void test_dropping_a_streamed_response_gives_the_connection_up(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4") "ha"), {HTTP_STALL})), NULL);
    assert_int_equal(acr_http_connections_open(fixture.http), 1);
    acr_response_unref(call.response);
    call.response = NULL;
    check_connections(0);
}

static void close_complete(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    http_server_open_gate(&server);
    while (!call.response->complete)
        assert_int_equal(acr_fiber_sleep_until(fiber, 0), 0);
    acr_response_close(call.response);
    check_connections(1);
}

static void test_closing_when_all_has_come_keeps_the_connection(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4")), {HTTP_GATE}, HTTP_BYTES("late"), {HTTP_READ},
                                {HTTP_ECHO})),
           close_complete);
    call_expect(&fixture, server.base, "/", 200, "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}

static char large_body[32 << 20];

static void read_answer(struct call *unused, struct acr_fiber *fiber)
{
    (void)unused;
    assert_false(call.response->complete);
    http_server_open_gate(&server);
    assert_int_equal(acr_response_read_all(call.response, fiber, ACR_NEVER, &call.error), 0);
    /* The server has only part of the request, and would take the next one for the rest. */
    check_connections(0);
}

static void test_an_answer_during_the_upload_does_not_keep_the_connection(void **state)
{
    (void)state;
    server = http_server_start(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ_HEAD}, HTTP_BYTES(OK_HEAD("2")), {HTTP_GATE}, HTTP_BYTES("ok"), {HTTP_STALL})));
    call_init(&call, &fixture, server.base, "/");
    call.request.method = ACR_STR("POST");
    call.request.body = (struct acr_str){large_body, sizeof large_body};
    call.request.stream = true;
    call.then = read_answer;
    call_run(&call);
    call_check(&call, 200, "ok");
}

static void test_a_cancel_while_a_body_is_awaited_closes_the_connection(void **state)
{
    (void)state;
    start_stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4")), {HTTP_GATE})), call_read_all);
    reach_gate(1);
    acr_coroutine_cancel(call.coroutine);
    call_finish(&call);
    call_check_failed(&call, ACR_ERR_CANCELLED, "");
    check_connections(0);
}

static void test_a_client_may_go_before_its_streamed_response(void **state)
{
    (void)state;
    stream(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4") "ha"), {HTTP_STALL})), NULL);
    acr_client_free(fixture.client);
    fixture.client = acr_client_new(fixture.http);
    assert_false(call.response->complete);
    assert_int_equal(acr_response_read_all(call.response, NULL, ACR_NEVER, &call.error), ACR_ERR_CLOSED);
    check_body("ha");
    check_connections(0);
}
