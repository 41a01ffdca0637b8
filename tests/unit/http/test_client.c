/* SPDX-License-Identifier: MIT */
/* What a client does with its connections, its cookies and its requests' heads. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "http/internal.h"
#include "support/http_fixture.h"
#include "support/http_server.h"

#define ECHO_FOREVER HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_ECHO}, {HTTP_AGAIN}))

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

/* Fails the test unless the server got exactly `format`, in which %u stands for its port. */
static void check_log(const char *format)
{
    char expected[4096];
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(expected, sizeof expected, format, server.server.port, server.server.port, server.server.port);
    assert_string_equal(http_server_log(&server), expected);
}

static void get(const char *target, const char *body)
{
    call_expect(&fixture, server.base, target, 200, body);
}

/* What is sent */

static void test_a_plain_get_sends_a_head_and_gets_the_body(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("hello"), {HTTP_STALL})));
    get("/a/b?c=d#e", "hello");
    check_log("GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n");
}

static void test_headers_and_a_small_body_are_sent_as_given(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    struct call call;
    call_init(&call, &fixture, server.base, "/form");
    call.request.method = ACR_STR("POST");
    call.request.header_lines = ACR_STR("X-A: 1\r\nX-B: 2\r\n");
    call.request.content_type = ACR_STR("application/x-www-form-urlencoded");
    call.request.body = ACR_STR("a=1&b=2");
    call_run(&call);
    call_check(&call, 200, "POST /form HTTP/1.1");
    check_log("POST /form HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nX-A: 1\r\nX-B: 2\r\nContent-Length: 7\r\n"
              "Content-Type: application/x-www-form-urlencoded\r\n\r\na=1&b=2");
    call_done(&call);
}

static void test_an_empty_body_has_a_length_when_asked_for(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    struct call call;
    call_init(&call, &fixture, server.base, "/");
    call.request.method = ACR_STR("POST");
    call.request.has_body = true;
    call_run(&call);
    check_log("POST / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: 0\r\n\r\n");
    call_done(&call);
}

static void test_a_host_of_the_script_s_own_is_the_only_one(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    struct call call;
    call_init(&call, &fixture, server.base, "/");
    call.request.header_lines = ACR_STR("Host: www.example.test\r\n");
    call.request.own_host = true;
    call_run(&call);
    check_log("GET / HTTP/1.1\r\nHost: www.example.test\r\n\r\n");
    call_done(&call);
}

static void test_a_large_body_arrives_whole(void **state)
{
    (void)state;
    static char body[3 << 20];
    memset(body, 'x', sizeof body);
    serve(ECHO_FOREVER);
    struct call call;
    call_init(&call, &fixture, server.base, "/");
    call.request.method = ACR_STR("PUT");
    call.request.body = (struct acr_str){body, sizeof body};
    call_run(&call);
    call_check(&call, 200, "PUT / HTTP/1.1");
    assert_int_equal(atomic_load(&server.seen->bodies), sizeof body);
    call_done(&call);
    get("/", "GET / HTTP/1.1");
    assert_int_equal(atomic_load(&server.seen->connections), 1);
}

static void test_url_credentials_are_sent_unless_others_are_given(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    char base[64];
    struct call call;
    snprintf(base, sizeof base, "http://us%%40er:pa%%3Ass@127.0.0.1:%u", server.server.port);
    call_init(&call, &fixture, base, "/");
    call_run(&call);
    call_check(&call, 200, "GET / HTTP/1.1");
    assert_non_null(strstr(http_server_log(&server), "\r\nAuthorization: Basic dXNAZXI6cGE6c3M=\r\n"));
    call_done(&call);
    call_init(&call, &fixture, base, "/");
    call.request.authorization = ACR_STR("Bearer abc");
    call_run(&call);
    assert_non_null(strstr(http_server_log(&server), "\r\nAuthorization: Bearer abc\r\n\r\n"));
    call_done(&call);
}

static void test_a_url_with_a_user_name_and_no_password_sends_no_credentials(void **state)
{
    static const struct {
        const char *user_info, *sent; /* sent: NULL for none */
    } table[] = {{"user", NULL},
                 {"user:", "\r\nAuthorization: Basic dXNlcjo=\r\n"},
                 {":word", "\r\nAuthorization: Basic OndvcmQ=\r\n"},
                 {":", NULL}};
    (void)state;
    serve(ECHO_FOREVER);
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        char base[64];
        struct call call;
        size_t seen = strlen(http_server_log(&server));
        snprintf(base, sizeof base, "http://%s@127.0.0.1:%u", table[i].user_info, server.server.port);
        call_init(&call, &fixture, base, "/");
        call_run(&call);
        call_check(&call, 200, "GET / HTTP/1.1");
        call_done(&call);
        const char *sent = strstr(http_server_log(&server) + seen, "\r\nAuthorization: ");
        if (table[i].sent == NULL)
            assert_null(sent);
        else
            assert_non_null(strstr(http_server_log(&server) + seen, table[i].sent));
    }
}

static void check_refused(struct call *call, int code)
{
    call_run(call);
    call_check_failed(call, code, "");
    assert_int_equal(acr_http_connections_open(fixture.http), 0);
    call_done(call);
}

static void test_what_would_break_its_line_is_not_sent(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    struct call call;
    call_init(&call, &fixture, server.base, "/");
    call.request.method = ACR_STR("GET / HTTP/1.1\r\nX: ");
    check_refused(&call, ACR_ERR_INVALID);
    call_init(&call, &fixture, server.base, "/");
    call.request.method = ACR_STR("");
    check_refused(&call, ACR_ERR_INVALID);
    call_init(&call, &fixture, server.base, "/");
    call.request.content_type = ACR_STR("a\r\nb: c");
    check_refused(&call, ACR_ERR_INVALID_HEADER);
    call_init(&call, &fixture, server.base, "/");
    call.request.authorization = ACR_STR("a\nb: c");
    check_refused(&call, ACR_ERR_INVALID_HEADER);
    call_init(&call, &fixture, server.base, "/");
    call.request.cookies = ACR_STR("a=1\0");
    check_refused(&call, ACR_ERR_INVALID_HEADER);
    assert_string_equal(http_server_log(&server), "");
}

static void test_header_lines_are_checked(void **state)
{
    (void)state;
    struct acr_buffer lines = {0};
    assert_int_equal(acr_request_header_line(&lines, ACR_STR("X-A"), ACR_STR("one two")), 0);
    assert_int_equal(acr_request_header_line(&lines, ACR_STR("x!#$%&'*+-.^_`|~9"), ACR_STR("")), 0);
    static const struct acr_str bad_names[] = {{"", 0},    {"a b", 3},  {"a:", 2},   {"a\r\n", 3},
                                               {"a\0", 2}, {"\xe9", 1}, {"a\x7f", 2}};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(bad_names); i++)
        assert_int_equal(acr_request_header_line(&lines, bad_names[i], ACR_STR("v")), ACR_ERR_INVALID_HEADER);
    static const struct acr_str bad_values[] = {{"a\rb", 3}, {"a\nb", 3}, {"a\0b", 3}};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(bad_values); i++)
        assert_int_equal(acr_request_header_line(&lines, ACR_STR("X"), bad_values[i]), ACR_ERR_INVALID_HEADER);
    assert_true(acr_str_equal(acr_buffer_str(&lines), ACR_STR("X-A: one two\r\nx!#$%&'*+-.^_`|~9: \r\n")));
    acr_buffer_done(&lines);
}

/* Connections */

static void test_a_second_request_uses_the_same_connection(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    for (int i = 0; i < 3; i++)
        get("/", "GET / HTTP/1.1");
    assert_int_equal(atomic_load(&server.seen->connections), 1);
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
    assert_int_equal(acr_http_connections_open(fixture.http), 1);
}

static void test_requests_at_a_time_have_a_connection_each_and_leave_ten(void **state)
{
    (void)state;
    enum { CALLS = 14 };
    struct call calls[CALLS];
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_GATE}, {HTTP_ECHO}, {HTTP_AGAIN})));
    for (int i = 0; i < CALLS; i++) {
        char target[16];
        snprintf(target, sizeof target, "/%d", i);
        call_init(&calls[i], &fixture, server.base, target);
        call_start(&calls[i]);
    }
    while (atomic_load(&server.seen->gates) < CALLS)
        net_fixture_turn(&fixture.net);
    for (int i = 0; i < CALLS; i++)
        http_server_open_gate(&server);
    for (int i = 0; i < CALLS; i++) {
        char body[32];
        snprintf(body, sizeof body, "GET /%d HTTP/1.1", i);
        call_finish(&calls[i]);
        call_check(&calls[i], 200, body);
        call_done(&calls[i]);
    }
    assert_int_equal(acr_http_connections_made(fixture.http), CALLS);
    assert_int_equal(acr_http_connections_open(fixture.http), ACR_CLIENT_IDLE_MAX);
    assert_int_equal(fixture.client->idle_count, ACR_CLIENT_IDLE_MAX);
}

static void test_the_connection_used_last_is_used_next(void **state)
{
    (void)state;
    /* Each connection answers with its own name. */
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_GATE}, HTTP_ANSWER("a"), {HTTP_AGAIN}),
                      HTTP_ROW({HTTP_READ}, HTTP_ANSWER("b"), {HTTP_AGAIN})));
    struct call first;
    call_init(&first, &fixture, server.base, "/");
    call_start(&first);
    while (atomic_load(&server.seen->gates) < 1)
        net_fixture_turn(&fixture.net);
    get("/", "b");
    http_server_open_gate(&server);
    call_finish(&first);
    call_check(&first, 200, "a");
    call_done(&first);
    http_server_open_gate(&server);
    get("/", "a");
}

static void test_origins_do_not_share_connections(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    struct http_server other =
        http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("other"), {HTTP_AGAIN})));
    for (int i = 0; i < 2; i++) {
        get("/", "GET / HTTP/1.1");
        call_expect(&fixture, other.base, "/", 200, "other");
    }
    assert_int_equal(acr_http_connections_made(fixture.http), 2);
    char base[64];
    snprintf(base, sizeof base, "http://localhost:%u", server.server.port);
    call_expect(&fixture, base, "/", 200, "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 3);
    http_server_stop(&other);
}

static void test_clients_do_not_share_connections_nor_cookies(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW(
        {HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"), {HTTP_AGAIN})));
    get("/", "");
    struct call call;
    call_init(&call, &fixture, server.base, "/other");
    call.client = acr_client_new(fixture.http);
    call_run(&call);
    call_check(&call, 200, "");
    assert_int_equal(acr_http_connections_made(fixture.http), 2);
    assert_null(strstr(http_server_log(&server), "Cookie"));
    acr_client_free(call.client);
    call_done(&call);
}

static void test_idle_connections_are_closed_on_demand(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    get("/", "GET / HTTP/1.1");
    acr_client_close_idle(fixture.client);
    assert_int_equal(acr_http_connections_open(fixture.http), 0);
    get("/", "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 2);
}

/* Dead connections */

static bool none_open(void *context)
{
    (void)context;
    return acr_http_connections_open(fixture.http) == 0;
}

static void test_an_idle_connection_that_the_server_closes_is_dropped(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("x"), {HTTP_GATE}), HTTP_ROW({HTTP_READ}, HTTP_ANSWER("y"))));
    get("/", "x");
    assert_int_equal(fixture.client->idle_count, 1);
    http_server_open_gate(&server);
    net_fixture_run_until(&fixture.net, none_open, NULL);
    assert_int_equal(fixture.client->idle_count, 0);
    get("/", "y");
}

static void test_an_idle_connection_on_which_the_server_talks_is_dropped(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("x"), {HTTP_GATE}, HTTP_ANSWER("nobody asked"), {HTTP_STALL}),
                      HTTP_ROW({HTTP_READ}, HTTP_ANSWER("y"))));
    get("/", "x");
    http_server_open_gate(&server);
    net_fixture_run_until(&fixture.net, none_open, NULL);
    get("/", "y");
}

/* The server has closed or reset the first connection by the time of the second request, but the loop had no turn to
 * see it. */
static void ask_on_dead_connection(struct call *call, enum http_step_kind end)
{
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("x"), {HTTP_GATE}, {end}),
                      HTTP_ROW({HTTP_READ}, HTTP_ANSWER("y"))));
    get("/", "x");
    call_init(call, &fixture, server.base, "/");
    call_start(call);
    /* Between the event that would tell and the request: the turn that runs the call sees no event yet. */
    assert_int_equal(acr_loop_turn(fixture.net.loop, 0), 0);
    assert_false(call->over);
}

static void test_a_dead_pooled_connection_is_replaced_once(void **state)
{
    (void)state;
    static const enum http_step_kind ends[] = {HTTP_DONE, HTTP_RESET};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(ends); i++) {
        struct call call;
        ask_on_dead_connection(&call, ends[i]);
        http_server_open_gate(&server);
        call_finish(&call);
        call_check(&call, 200, "y");
        call_done(&call);
        assert_int_equal(atomic_load(&server.seen->connections), 2);
        acr_client_close_idle(fixture.client);
        http_server_stop(&server);
    }
    server.seen = NULL;
}

static void test_what_is_not_idempotent_is_not_repeated(void **state)
{
    (void)state;
    struct call call;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("x"), {HTTP_READ})));
    get("/", "x");
    call_init(&call, &fixture, server.base, "/");
    call.request.method = ACR_STR("POST");
    call.request.has_body = true;
    call_run(&call);
    call_check_failed(&call, ACR_ERR_RESET, "closed the connection without an answer");
    call_done(&call);
    assert_int_equal(atomic_load(&server.seen->connections), 1);
}

static void fails_once(const struct http_script *script, int code)
{
    serve(script);
    get("/", "x");
    struct call call;
    call_init(&call, &fixture, server.base, "/");
    call_start(&call);
    while (atomic_load(&server.seen->gates) == 0)
        net_fixture_turn(&fixture.net);
    net_fixture_turn(&fixture.net);
    http_server_open_gate(&server);
    call_finish(&call);
    call_check_failed(&call, code, "");
    call_done(&call);
    assert_int_equal(atomic_load(&server.seen->connections), 1);
    http_server_stop(&server);
    server.seen = NULL;
}

static void test_a_request_is_not_repeated_once_a_byte_of_the_answer_came(void **state)
{
    (void)state;
    fails_once(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("x"), {HTTP_READ}, HTTP_BYTES("HTTP/1.1 2"), {HTTP_GATE})),
               ACR_ERR_CLOSED_EARLY);
    fails_once(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("x"), {HTTP_READ}, HTTP_BYTES("HTTP/1.1 2"), {HTTP_GATE},
                                    {HTTP_RESET})),
               ACR_ERR_RESET);
}

static void test_a_fresh_connection_without_an_answer_is_not_replaced(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ})));
    struct call call;
    call_init(&call, &fixture, server.base, "/");
    call_run(&call);
    call_check_failed(&call, ACR_ERR_RESET, "closed the connection without an answer");
    call_done(&call);
    assert_int_equal(atomic_load(&server.seen->connections), 1);
}

static void test_only_one_replacement_is_tried(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_ANSWER("x"), {HTTP_READ}), HTTP_ROW({HTTP_READ})));
    get("/", "x");
    struct call call;
    call_init(&call, &fixture, server.base, "/");
    call_run(&call);
    call_check_failed(&call, ACR_ERR_RESET, "closed the connection without an answer");
    call_done(&call);
    assert_int_equal(atomic_load(&server.seen->connections), 2);
}

/* Cookies */

static void test_cookies_come_back_to_where_they_belong(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ},
                               HTTP_BYTES("HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/sub\r\n"
                                          "Content-Length: 0\r\n\r\n"),
                               {HTTP_READ}, {HTTP_ECHO}, {HTTP_READ}, {HTTP_ECHO}, {HTTP_READ}, {HTTP_ECHO})));
    get("/", "");
    get("/", "GET / HTTP/1.1");
    get("/sub/x", "GET /sub/x HTTP/1.1");
    struct call call;
    call_init(&call, &fixture, server.base, "/own");
    call.request.cookies = ACR_STR("c=3");
    call_run(&call);
    call_check(&call, 200, "GET /own HTTP/1.1");
    call_done(&call);
    const char *log = http_server_log(&server);
    assert_non_null(strstr(log, "\r\nCookie: a=1\r\n\r\nGET /sub/x"));
    assert_non_null(strstr(log, "\r\nCookie: b=2; a=1\r\n\r\nGET /own"));
    assert_non_null(strstr(log, "\r\nCookie: a=1; c=3\r\n\r\n"));
    assert_int_equal(acr_client_cookies(fixture.client)->count, 2);
}

static void test_a_cookie_header_of_the_script_s_own_replaces_the_jar_s(void **state)
{
    (void)state;
    serve(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"),
                             {HTTP_READ}, {HTTP_ECHO})));
    get("/", "");
    struct call call;
    call_init(&call, &fixture, server.base, "/own");
    call.request.header_lines = ACR_STR("Cookie: z=9\r\n");
    call.request.own_cookies = true;
    call_run(&call);
    call_check(&call, 200, "GET /own HTTP/1.1");
    call_done(&call);
    assert_non_null(strstr(http_server_log(&server), "\r\nCookie: z=9\r\n\r\n"));
    assert_null(strstr(http_server_log(&server), "a=1"));
}

/* Heads sent again */

/* A GET whose head is said to be the one of that number, and has this line unless it is sent as it was sent before. */
static void get_numbered(uint64_t head, const char *target, const char *line, const char *body)
{
    struct call call;
    call_init(&call, &fixture, server.base, target);
    call.request.head = head;
    call.request.header_lines = acr_str_of(line);
    call.request.follow_redirects = true;
    call_run(&call);
    call_check(&call, 200, body);
    call_done(&call);
}

static size_t count_in_log(const char *text)
{
    size_t count = 0;
    for (const char *at = http_server_log(&server); (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

static void test_a_head_that_was_sent_before_is_sent_again_as_it_was(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    get_numbered(7, "/a", "X: first\r\n", "GET /a HTTP/1.1");
    get_numbered(7, "/a", "X: second\r\n", "GET /a HTTP/1.1");
    assert_int_equal(count_in_log("X: first"), 2);
    get_numbered(8, "/b", "X: third\r\n", "GET /b HTTP/1.1");
    get_numbered(7, "/a", "X: fourth\r\n", "GET /a HTTP/1.1");
    get_numbered(0, "/c", "X: fifth\r\n", "GET /c HTTP/1.1");
    get_numbered(0, "/d", "X: sixth\r\n", "GET /d HTTP/1.1");
    get_numbered(7, "/a", "X: seventh\r\n", "GET /a HTTP/1.1");
    acr_client_close_idle(fixture.client);
    get_numbered(7, "/a", "X: eighth\r\n", "GET /a HTTP/1.1");
    static const char *const later[] = {"third", "fourth", "fifth", "sixth", "seventh", "eighth"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(later); i++)
        assert_int_equal(count_in_log(later[i]), 1);
    assert_int_equal(count_in_log("second"), 0);
}

static void test_cookies_that_changed_are_in_a_head_that_was_sent_before(void **state)
{
    (void)state;
    serve(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"),
                             {HTTP_READ}, {HTTP_ECHO}, {HTTP_READ}, {HTTP_ECHO}, {HTTP_READ},
                             HTTP_BYTES("HTTP/1.1 200 OK\r\nSet-Cookie: b=2; Max-Age=60\r\nContent-Length: 0\r\n\r\n"),
                             {HTTP_READ}, {HTTP_ECHO}, {HTTP_READ}, {HTTP_ECHO})));
    get_numbered(1, "/", "X: first\r\n", "");
    get_numbered(1, "/", "X: second\r\n", "GET / HTTP/1.1");
    get_numbered(1, "/", "X: third\r\n", "GET / HTTP/1.1");
    get_numbered(1, "/", "X: fourth\r\n", "");
    assert_int_equal(count_in_log("X: second\r\nCookie: a=1\r\n"), 3);
    /* One that will go is looked at each time. */
    get_numbered(1, "/", "X: fifth\r\n", "GET / HTTP/1.1");
    get_numbered(1, "/", "X: sixth\r\n", "GET / HTTP/1.1");
    assert_int_equal(count_in_log("X: fifth\r\nCookie: a=1; b=2\r\n"), 1);
    assert_int_equal(count_in_log("X: sixth\r\nCookie: a=1; b=2\r\n"), 1);
}

static void test_the_head_of_a_redirect_is_not_that_of_the_request(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ},
                               HTTP_BYTES("HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n"),
                               {HTTP_READ}, {HTTP_ECHO}, {HTTP_READ}, {HTTP_ECHO})));
    get_numbered(5, "/from", "", "GET /to HTTP/1.1");
    get_numbered(5, "/from", "", "GET /from HTTP/1.1");
}

/* Failures before the server is reached */

static void test_a_refused_connection_is_an_error(void **state)
{
    (void)state;
    char base[64];
    struct call call;
    snprintf(base, sizeof base, "http://127.0.0.1:%u", server_free_port("127.0.0.1"));
    call_init(&call, &fixture, base, "/");
    call_run(&call);
    call_check_failed(&call, ACR_ERR_CONNECT_REFUSED, "127.0.0.1");
    call_done(&call);
}

static bool is_over(void *context)
{
    /* The clock moves while the loop waits. */
    net_fixture_advance(&fixture.net, 100 * ACR_NANOS_PER_MILLI);
    return ((const struct call *)context)->over;
}

static void test_a_server_that_does_not_accept_times_out(void **state)
{
    (void)state;
    struct full_queue queue = full_queue_open("127.0.0.1");
    char base[64];
    struct call call;
    snprintf(base, sizeof base, "http://127.0.0.1:%u", queue.port);
    call_init(&call, &fixture, base, "/");
    call.request.connect_timeout = ACR_NANOS_PER_SECOND;
    acr_nanos start = fixture.net.clock.monotonic_now;
    call_start(&call);
    net_fixture_run_until(&fixture.net, is_over, &call);
    call_check_failed(&call, ACR_ERR_CONNECT_TIMEOUT, "127.0.0.1");
    assert_true(fixture.net.clock.monotonic_now - start >= ACR_NANOS_PER_SECOND);
    call_done(&call);
    full_queue_close(&queue);
}

static void test_a_name_that_does_not_exist_is_an_error(void **state)
{
    (void)state;
    struct call call;
    call_init(&call, &fixture, "http://a..b", "/");
    call_run(&call);
    call_check_failed(&call, ACR_ERR_RESOLVE, "a..b");
    call_done(&call);
}

/* Times */

static void test_an_answer_s_times_count_from_the_send(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_ECHO}, {HTTP_READ}, {HTTP_GATE},
                               HTTP_BYTES("HTTP/1.1 200 OK\r\n\r\n"), {HTTP_GATE}, HTTP_BYTES("body"))));
    get("/", "GET / HTTP/1.1");
    struct call call;
    call_init(&call, &fixture, server.base, "/");
    call_start(&call);
    while (atomic_load(&server.seen->gates) < 1)
        net_fixture_turn(&fixture.net);
    acr_nanos sent = fixture.net.clock.monotonic_now;
    net_fixture_advance(&fixture.net, 5 * ACR_NANOS_PER_MILLI);
    http_server_open_gate(&server);
    while (atomic_load(&server.seen->gates) < 2)
        net_fixture_turn(&fixture.net);
    net_fixture_turn(&fixture.net);
    net_fixture_advance(&fixture.net, 7 * ACR_NANOS_PER_MILLI);
    http_server_open_gate(&server);
    call_finish(&call);
    call_check(&call, 200, "body");
    assert_int_equal(call.response->started, sent);
    assert_int_equal(call.response->head_at, sent + 5 * ACR_NANOS_PER_MILLI);
    assert_int_equal(call.response->finished, sent + 12 * ACR_NANOS_PER_MILLI);
    assert_int_equal(call.response->wire_bytes, 4);
    call_done(&call);
}

static void test_a_response_outlives_its_client(void **state)
{
    (void)state;
    serve(ECHO_FOREVER);
    struct call call;
    call_init(&call, &fixture, server.base, "/");
    call_run(&call);
    acr_client_free(fixture.client);
    acr_http_free(fixture.http);
    assert_true(acr_str_equal(acr_response_reason(call.response), ACR_STR("OK")));
    acr_response_ref(call.response);
    acr_response_unref(call.response);
    call_check(&call, 200, "GET / HTTP/1.1");
    call_done(&call);
    fixture.http = acr_http_new(fixture.net.net);
    fixture.client = acr_client_new(fixture.http);
}

static void test_equal_tls_settings_are_one(void **state)
{
    (void)state;
    struct acr_tls_settings settings = {.insecure = true, .ca_path = "/ca"};
    const struct acr_tls_settings *first = acr_http_tls(fixture.http, &settings);
    char ca[] = "/ca";
    settings.ca_path = ca;
    assert_ptr_equal(acr_http_tls(fixture.http, &settings), first);
    settings.cert_path = "/cert";
    const struct acr_tls_settings *second = acr_http_tls(fixture.http, &settings);
    assert_ptr_not_equal(second, first);
    settings.insecure = false;
    assert_ptr_not_equal(acr_http_tls(fixture.http, &settings), second);
    assert_string_equal(second->cert_path, "/cert");
}
