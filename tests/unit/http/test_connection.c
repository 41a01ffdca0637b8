/* SPDX-License-Identifier: MIT */
/* What a connection does with servers that are slow, rude, early or wrong. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <zlib.h>

#include "http/internal.h"
#include "support/http_fixture.h"
#include "support/http_server.h"

#define OK_HEAD(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n"

static struct http_fixture fixture;
static struct http_server server;

static int setup(void **state)
{
    (void)state;
    server = (struct http_server){0};
    http_fixture_open(&fixture);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_fixture_close(&fixture);
    if (server.seen != NULL)
        http_server_stop(&server);
    return 0;
}

static void serve(const struct http_script *script)
{
    server = http_server_start(script);
}

static void reach_gate(unsigned number)
{
    for (int i = 0; i < 2000 && atomic_load(&server.seen->gates) < number; i++)
        net_fixture_turn(&fixture.net);
    assert_in_range(atomic_load(&server.seen->gates), number, UINT32_MAX);
    net_fixture_turn(&fixture.net);
}

static void prepare(struct call *call)
{
    call_init(call, &fixture, server.base, "/");
}

/* Moves the clock in steps of 100 ms until the call is over; returns for how long. */
static acr_nanos wait_for(struct call *call)
{
    acr_nanos from = fixture.net.clock.monotonic_now;
    for (int i = 0; i < 1000 && !call->over; i++) {
        net_fixture_advance(&fixture.net, 100 * ACR_NANOS_PER_MILLI);
        net_fixture_turn(&fixture.net);
    }
    assert_true(call->over);
    return fixture.net.clock.monotonic_now - from;
}

static void check_failed_and_closed(struct call *call, int code, const char *detail)
{
    call_check_failed(call, code, detail);
    assert_int_equal(acr_http_connections_open(fixture.http), 0);
    call_done(call);
}

static void fails(int code, const char *detail)
{
    struct call call;
    prepare(&call);
    call_run(&call);
    check_failed_and_closed(&call, code, detail);
}

/* Silence */

static void test_a_server_that_never_answers_times_out(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_GATE})));
    struct call call;
    prepare(&call);
    call.request.read_timeout = 2 * ACR_NANOS_PER_SECOND;
    call_start(&call);
    reach_gate(1);
    assert_in_range(wait_for(&call), 2 * ACR_NANOS_PER_SECOND, 2200 * ACR_NANOS_PER_MILLI);
    check_failed_and_closed(&call, ACR_ERR_READ_TIMEOUT, "127.0.0.1 port ");
}

static void test_a_timeout_is_a_silence_and_not_the_whole_time(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_GATE}, HTTP_BYTES("HTTP/1.1 200 OK\r\n"), {HTTP_GATE},
                               HTTP_BYTES("Content-Length: 4\r\n\r\n"), {HTTP_GATE}, HTTP_BYTES("bo"), {HTTP_GATE},
                               HTTP_BYTES("dy"))));
    struct call call;
    prepare(&call);
    call.request.read_timeout = ACR_NANOS_PER_SECOND;
    call_start(&call);
    for (unsigned gate = 1; gate <= 4; gate++) {
        reach_gate(gate);
        net_fixture_advance(&fixture.net, 900 * ACR_NANOS_PER_MILLI);
        net_fixture_turn(&fixture.net);
        assert_false(call.over);
        http_server_open_gate(&server);
    }
    call_finish(&call);
    call_check(&call, 200, "body");
    call_done(&call);
}

static void test_a_server_that_stalls_in_the_head_or_the_body_times_out(void **state)
{
    (void)state;
    static const struct http_step parts[] = {HTTP_BYTES("HTTP/1.1 200 OK\r\nX: "), HTTP_BYTES(OK_HEAD("4") "bo"),
                                             HTTP_BYTES("HTTP/1.1 200 OK\r\n\r\nbo")};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(parts); i++) {
        serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, parts[i], {HTTP_GATE})));
        struct call call;
        prepare(&call);
        call.request.read_timeout = ACR_NANOS_PER_SECOND;
        call_start(&call);
        reach_gate(1);
        assert_in_range(wait_for(&call), ACR_NANOS_PER_SECOND, 1200 * ACR_NANOS_PER_MILLI);
        check_failed_and_closed(&call, ACR_ERR_READ_TIMEOUT, "");
        http_server_stop(&server);
    }
    server.seen = NULL;
}

static char large_body[32 << 20];

static void test_a_server_that_does_not_read_times_out(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_GATE})));
    struct call call;
    prepare(&call);
    call.request.method = ACR_STR("POST");
    call.request.body = (struct acr_str){large_body, sizeof large_body};
    call.request.read_timeout = ACR_NANOS_PER_SECOND;
    call_start(&call);
    reach_gate(1);
    wait_for(&call);
    check_failed_and_closed(&call, ACR_ERR_WRITE_TIMEOUT, "127.0.0.1 port ");
}

/* Ends */

static void test_a_reset_is_told_from_an_end(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_RESET})));
    fails(ACR_ERR_RESET, "");
    http_server_stop(&server);
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4") "bo"), {HTTP_GATE}, {HTTP_RESET})));
    struct call call;
    prepare(&call);
    call_start(&call);
    reach_gate(1);
    http_server_open_gate(&server);
    call_finish(&call);
    check_failed_and_closed(&call, ACR_ERR_RESET, "");
    http_server_stop(&server);
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("4") "bo"))));
    fails(ACR_ERR_CLOSED_EARLY, "127.0.0.1 port ");
}

static void test_an_end_that_comes_with_the_answer_is_seen(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_CORK}, HTTP_ANSWER("x"), {HTTP_END}, {HTTP_STALL})));
    for (int i = 0; i < 3; i++) {
        call_expect(&fixture, server.base, "/", 200, "x");
        assert_int_equal(acr_http_connections_open(fixture.http), 0);
    }
}

/* Limits */

static void test_garbage_is_not_waited_for(void **state)
{
    (void)state;
    /* The server leaves the connection open. */
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("220 ftp.example.test ready"), {HTTP_STALL})));
    fails(ACR_ERR_MALFORMED, "HTTP/");
    http_server_stop(&server);
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("\r\n\r\nHTTQ"), {HTTP_STALL})));
    fails(ACR_ERR_MALFORMED, "HTTP/");
}

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void test_ten_gigabytes_of_header_are_refused_early(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(
        HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\n"), HTTP_TIMES(10ULL << 30, "X: 0123456789\r\n"))));
    long before = peak_kib();
    fails(ACR_ERR_TOO_LARGE, "head exceeds 262144 bytes");
    http_server_stop(&server);
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\nX: "), HTTP_TIMES(10ULL << 30, "x"))));
    fails(ACR_ERR_TOO_LARGE, "head exceeds 262144 bytes");
    assert_in_range(peak_kib() - before, 0, 32 * 1024);
}

static void test_interim_answers_without_end_are_refused(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_TIMES(1ULL << 30, "HTTP/1.1 102 Processing\r\n\r\n"))));
    fails(ACR_ERR_MALFORMED, "more than 100 interim answers");
}

static void test_some_interim_answers_are_fine(void **state)
{
    (void)state;
    serve(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_TIMES(ACR_CONNECTION_INTERIMS_MAX, "HTTP/1.1 103 Hints\r\nA: b\r\n\r\n"),
                             HTTP_ANSWER("x"), {HTTP_AGAIN})));
    for (int i = 0; i < 2; i++)
        call_expect(&fixture, server.base, "/", 200, "x");
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}

static void fails_with_body_max(const struct http_script *script, const char *detail)
{
    serve(script);
    struct call call;
    prepare(&call);
    call.request.body_max = 1000;
    call_run(&call);
    check_failed_and_closed(&call, ACR_ERR_TOO_LARGE, detail);
    http_server_stop(&server);
    server.seen = NULL;
}

static void test_a_body_over_the_limit_is_refused_and_the_limit_named(void **state)
{
    (void)state;
    fails_with_body_max(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("1001")), {HTTP_STALL})),
                        "body of 1001 bytes, limit 1000");
    fails_with_body_max(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\n\r\n"), HTTP_TIMES(1ULL << 40, "x"))),
        "body exceeds 1000 bytes");
    fails_with_body_max(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                             HTTP_TIMES(1ULL << 40, "5\r\nhello\r\n"))),
        "body exceeds 1000 bytes");
}

static void test_a_body_of_just_the_limit_is_fine(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("1000")), HTTP_TIMES(1000, "x"), {HTTP_READ},
                               HTTP_BYTES("HTTP/1.1 200 OK\r\n\r\n"), HTTP_TIMES(1000, "x"))));
    for (int i = 0; i < 2; i++) {
        struct call call;
        prepare(&call);
        call.request.body_max = 1000;
        call_run(&call);
        assert_int_equal(call.code, 0);
        assert_int_equal(call.response->body.size, 1000);
        call_done(&call);
    }
}

static void test_a_bomb_is_refused_at_the_limit_of_what_comes_out(void **state)
{
    (void)state;
    static char answer[8192];
    uLongf packed = sizeof answer - 1000;
    assert_int_equal(compress2((Bytef *)answer + 1000, &packed, (const Bytef *)large_body, 1 << 20, 9), Z_OK);
    int head =
        snprintf(answer, 1000, "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %lu\r\n\r\n", packed);
    memmove(answer + head, answer + 1000, packed);
    struct http_step step = {HTTP_SEND, answer, (size_t)head + packed};
    fails_with_body_max(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, step, {HTTP_STALL})), "body exceeds 1000 bytes");
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, step, {HTTP_STALL})));
    struct call call;
    prepare(&call);
    call_run(&call);
    assert_int_equal(call.code, 0);
    assert_int_equal(call.response->body.size, 1 << 20);
    assert_int_equal(call.response->wire_bytes, packed);
    call_done(&call);
}

/* Answers before the request is sent whole */

static void start_upload(struct call *call)
{
    prepare(call);
    call->request.method = ACR_STR("POST");
    call->request.body = (struct acr_str){large_body, sizeof large_body};
    call_start(call);
}

static void test_an_answer_during_the_upload_ends_it(void **state)
{
    (void)state;
    static const struct http_step answer = HTTP_BYTES("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
    serve(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ_HEAD}, answer, {HTTP_STALL}), HTTP_ROW({HTTP_READ_HEAD}, answer, {HTTP_END})));
    for (int i = 0; i < 2; i++) {
        struct call call;
        start_upload(&call);
        call_finish(&call);
        call_check(&call, 413, "big");
        call_done(&call);
        /* The rest of the body must not be taken for a request, nor a request for the rest of the body. */
        assert_int_equal(acr_http_connections_open(fixture.http), 0);
    }
}

static void test_an_answer_before_a_reset_during_the_upload_is_read(void **state)
{
    (void)state;
    serve(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ_HEAD}, HTTP_BYTES("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"))));
    /* Closing with unread input resets the connection; the answer may or may not survive that. */
    unsigned answered = 0;
    for (int i = 0; i < 20; i++) {
        struct call call;
        start_upload(&call);
        call_finish(&call);
        if (call.code == 0)
            call_check(&call, 413, "big");
        else
            call_check_failed(&call, ACR_ERR_RESET, "");
        answered += call.code == 0;
        call_done(&call);
        assert_int_equal(acr_http_connections_open(fixture.http), 0);
    }
    assert_true(answered > 0);
}

static void test_a_reset_during_the_upload_is_an_error(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ_HEAD}, {HTTP_RESET})));
    struct call call;
    start_upload(&call);
    call_finish(&call);
    check_failed_and_closed(&call, ACR_ERR_RESET, "");
}

static void test_a_server_that_talks_first_is_heard(void **state)
{
    (void)state;
    /* Before the request, and perhaps before the connection has a holder. */
    serve(HTTP_SCRIPT(HTTP_ROW(HTTP_BYTES("HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n"), {HTTP_STALL})));
    for (int i = 0; i < 20; i++) {
        call_expect(&fixture, server.base, "/", 503, "");
        acr_client_close_idle(fixture.client);
    }
    http_server_stop(&server);
    serve(HTTP_SCRIPT(
        HTTP_ROW({HTTP_CORK}, HTTP_BYTES("HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n"), {HTTP_END}, {HTTP_READ})));
    for (int i = 0; i < 20; i++)
        call_expect(&fixture, server.base, "/", 503, "");
    assert_int_equal(acr_http_connections_open(fixture.http), 0);
}

/* Expect: 100-continue */

static void start_expecting(struct call *call)
{
    prepare(call);
    call->request.method = ACR_STR("PUT");
    call->request.header_lines = ACR_STR("Expect: 100-continue\r\n");
    call->request.body = ACR_STR("payload");
    call->request.expect_continue = true;
    call_start(call);
}

static void test_the_body_waits_for_100_continue(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ_HEAD}, {HTTP_GATE}, HTTP_BYTES("HTTP/1.1 100 Continue\r\n\r\n"),
                               {HTTP_READ_BODY}, {HTTP_ECHO}, {HTTP_READ}, {HTTP_ECHO})));
    struct call call;
    start_expecting(&call);
    reach_gate(1);
    assert_null(strstr(http_server_log(&server), "payload"));
    http_server_open_gate(&server);
    /* No time passes: it is the 100 that lets the body go. */
    call_finish(&call);
    call_check(&call, 200, "PUT / HTTP/1.1");
    assert_non_null(strstr(http_server_log(&server), "Content-Length: 7\r\n\r\npayload"));
    call_done(&call);
    call_expect(&fixture, server.base, "/", 200, "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}

static void test_the_body_goes_out_when_no_100_comes_in_time(void **state)
{
    (void)state;
    serve(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ_HEAD}, {HTTP_GATE}, {HTTP_READ_BODY}, {HTTP_ECHO}, {HTTP_READ}, {HTTP_ECHO})));
    struct call call;
    start_expecting(&call);
    reach_gate(1);
    http_server_open_gate(&server);
    assert_in_range(wait_for(&call), ACR_CLIENT_EXPECT_WAIT, ACR_CLIENT_EXPECT_WAIT + 300 * ACR_NANOS_PER_MILLI);
    call_check(&call, 200, "PUT / HTTP/1.1");
    assert_non_null(strstr(http_server_log(&server), "payload"));
    call_done(&call);
    call_expect(&fixture, server.base, "/", 200, "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}

static void test_a_server_that_is_silent_behind_its_100_times_out(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(
        HTTP_ROW({HTTP_READ_HEAD}, HTTP_BYTES("HTTP/1.1 100 Continue\r\n\r\n"), {HTTP_READ_BODY}, {HTTP_GATE})));
    struct call call;
    start_expecting(&call);
    call.request.read_timeout = 300 * ACR_NANOS_PER_MILLI;
    reach_gate(1);
    assert_in_range(wait_for(&call), 300 * ACR_NANOS_PER_MILLI, 600 * ACR_NANOS_PER_MILLI);
    check_failed_and_closed(&call, ACR_ERR_READ_TIMEOUT, "");
}

static void test_the_body_stays_when_the_server_refuses_it(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(
        HTTP_ROW({HTTP_READ_HEAD}, HTTP_BYTES("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno"), {HTTP_READ_BODY})));
    struct call call;
    start_expecting(&call);
    call_finish(&call);
    call_check(&call, 417, "no");
    call_done(&call);
    /* The server may still wait for the body on that connection. */
    assert_int_equal(acr_http_connections_open(fixture.http), 0);
    assert_int_equal(atomic_load(&server.seen->bodies), 0);
}

static void test_an_expectation_without_a_body_leaves_nothing_behind(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ_HEAD}, {HTTP_CORK}, HTTP_BYTES("HTTP/1.1 100 Continue\r\n\r\n"),
                               HTTP_ANSWER("x"), {HTTP_UNCORK}, {HTTP_AGAIN})));
    for (int i = 0; i < 2; i++) {
        struct call call;
        prepare(&call);
        call.request.method = ACR_STR("PUT");
        call.request.has_body = true;
        call.request.expect_continue = true;
        call_run(&call);
        call_check(&call, 200, "x");
        call_done(&call);
        net_fixture_turn(&fixture.net);
    }
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}

/* Answers that nobody asked for */

static void test_a_second_answer_is_not_taken_for_the_next_one(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_CORK}, HTTP_ANSWER("first"), HTTP_ANSWER("again"), {HTTP_UNCORK},
                               {HTTP_READ}, {HTTP_ECHO})));
    for (int i = 0; i < 3; i++) {
        call_expect(&fixture, server.base, "/", 200, "first");
        assert_int_equal(acr_http_connections_open(fixture.http), 0);
    }
}

static void test_a_body_where_none_may_be_is_not_taken_for_the_next_answer(void **state)
{
    (void)state;
    serve(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), {HTTP_STALL})));
    struct call call;
    prepare(&call);
    call.request.method = ACR_STR("HEAD");
    call_run(&call);
    call_check(&call, 200, "");
    call_done(&call);
    assert_int_equal(acr_http_connections_open(fixture.http), 0);
}

static void test_a_connection_that_changed_protocols_is_not_used_again(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 101 Switching Protocols\r\n\r\n"), {HTTP_STALL})));
    call_expect(&fixture, server.base, "/", 101, "");
    assert_int_equal(acr_http_connections_open(fixture.http), 0);
}

/* Fairness */

static void test_a_fast_server_does_not_keep_the_loop_to_itself(void **state)
{
    (void)state;
    enum { SIZE = 64 << 20, PER_TURN = 2 * (ACR_CONNECTION_READS_PER_TURN + 1) * ACR_HTTP_SCRATCH_BYTES };
    serve(HTTP_SCRIPT(
        HTTP_ROW({HTTP_READ}, HTTP_BYTES(OK_HEAD("67108864")), HTTP_TIMES(SIZE, "x"), {HTTP_READ}, {HTTP_ECHO})));
    struct call call;
    prepare(&call);
    call_start(&call);
    uint64_t before = 0;
    while (!call.over) {
        assert_int_equal(acr_loop_turn(fixture.net.loop, ACR_NANOS_PER_SECOND), 0);
        if (acr_list_empty(&fixture.client->busy))
            continue;
        struct acr_connection *connection = ACR_LIST_ENTRY(fixture.client->busy.next, struct acr_connection, link);
        assert_in_range(connection->response->wire_bytes - before, 0, PER_TURN);
        before = connection->response->wire_bytes;
    }
    assert_int_equal(call.code, 0);
    assert_int_equal(call.response->body.size, SIZE);
    call_done(&call);
    call_expect(&fixture, server.base, "/", 200, "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}
