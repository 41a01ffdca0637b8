/* SPDX-License-Identifier: MIT */
/* Redirects by the rules of requests. */
#include "support/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/internal.h"
#include "support/http_fixture.h"
#include "support/http_server.h"

static struct http_fixture fixture;
static struct http_server server;
static struct http_server other;
static struct call call;

static int setup(void **state)
{
    (void)state;
    server = (struct http_server){0};
    other = (struct http_server){0};
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
    if (other.seen != NULL)
        http_server_stop(&other);
    return 0;
}

#define REDIRECT(status, location) \
    HTTP_BYTES("HTTP/1.1 " status " Moved\r\nLocation: " location "\r\nContent-Length: 4\r\n\r\ngone")
#define ECHO      \
    {HTTP_READ},  \
    {             \
        HTTP_ECHO \
    }

static void prepare(const char *method, const char *target)
{
    call_done(&call);
    call_init(&call, &fixture, server.base, target);
    call.request.method = acr_str_of(method);
    call.request.follow_redirects = true;
}

static void check_url(const struct acr_response *response, const char *base, const char *target)
{
    char expected[256];
    snprintf(expected, sizeof expected, "%s%s", base, target);
    assert_non_null(response->url);
    if (!acr_str_equal(response->url->whole, acr_str_of(expected)))
        fail_msg("url is %.*s, not %s", ACR_STR_ARGS(response->url->whole), expected);
}

static bool was_sent(const char *text)
{
    return strstr(http_server_log(&server), text) != NULL;
}

/* The log from the second request on, which is one for "/two". */
static const char *second_request(void)
{
    const char *second = strstr(http_server_log(&server), " /two HTTP/1.1\r\n");
    assert_non_null(second);
    while (second > http_server_log(&server) && isupper((unsigned char)second[-1]))
        second--;
    return second;
}

static void test_a_redirect_is_followed_on_the_same_connection_and_kept_as_history(void **state)
{
    (void)state;
    server = http_server_start(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, REDIRECT("302", "/two"), {HTTP_READ}, REDIRECT("303", "three?x=1#f"), ECHO)));
    prepare("GET", "/one");
    call_run(&call);
    call_check(&call, 200, "GET /three?x=1 HTTP/1.1");
    check_url(call.response, server.base, "/three?x=1#f");
    assert_int_equal(call.response->redirect_count, 2);
    const struct acr_response *second = call.response->previous;
    assert_int_equal(second->status, 303);
    assert_true(acr_str_equal(acr_buffer_str(&second->body), ACR_STR("gone")));
    check_url(second, server.base, "/two");
    const struct acr_response *first = second->previous;
    assert_int_equal(first->status, 302);
    assert_null(first->url);
    assert_null(first->previous);
    assert_int_equal(call.response->started, first->started);
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}

static void test_redirects_are_only_followed_on_demand(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, REDIRECT("302", "/two"), ECHO)));
    prepare("GET", "/one");
    call.request.follow_redirects = false;
    call_run(&call);
    call_check(&call, 302, "gone");
    assert_null(call.response->previous);
}

static void test_other_statuses_and_a_missing_location_are_answers(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 304 Not Modified\r\nLocation: /x\r\n\r\n",
        "HTTP/1.1 300 Choices\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 305 Proxy\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 306 Unused\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 309 None\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: \r\nContent-Length: 0\r\n\r\n",
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(answers); i++) {
        struct http_step answer = {HTTP_SEND, answers[i], strlen(answers[i]), 0};
        server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, answer)));
        prepare("GET", "/one");
        call_run(&call);
        assert_int_equal(call.code, 0);
        assert_int_equal(call.response->status, (int)strtol(answers[i] + 9, NULL, 10));
        http_server_stop(&server);
    }
    server.seen = NULL;
}

/* What becomes of `method` with a body when it is answered with `status`. */
static void check_method(const char *method, const char *status, const char *next, bool body_kept)
{
    static char answer[128];
    snprintf(answer, sizeof answer, "HTTP/1.1 %s Moved\r\nLocation: /two\r\nContent-Length: 0\r\n\r\n", status);
    struct http_step redirect = {HTTP_SEND, answer, strlen(answer), 0};
    struct http_step end = {HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38, 0};
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, redirect, {HTTP_READ}, end)));
    prepare(method, "/one");
    call.request.body = ACR_STR("payload");
    call.request.content_type = ACR_STR("text/plain");
    call.request.header_lines = ACR_STR("X-Other: stays\r\nContent-Encoding: none\r\n");
    call_run(&call);
    call_check(&call, 200, "");
    const char *second = second_request();
    char line[64];
    snprintf(line, sizeof line, "%s /two HTTP/1.1\r\n", next);
    if (strncmp(second, line, strlen(line)) != 0)
        fail_msg("%s after %s: %.30s", method, status, second);
    assert_int_equal(strstr(second, "payload") != NULL, body_kept);
    assert_int_equal(strstr(second, "Content-Type: text/plain") != NULL, body_kept);
    assert_int_equal(strstr(second, "Content-Length: 7") != NULL, body_kept);
    assert_non_null(strstr(second, "X-Other: stays\r\n"));
    bool expects_body = strcmp(next, "PUT") == 0 || strcmp(next, "POST") == 0 || strcmp(next, "PATCH") == 0;
    assert_int_equal(strstr(second, "Content-Length: 0") != NULL, expects_body && !body_kept);
    http_server_stop(&server);
    server.seen = NULL;
}

static void test_the_method_changes_as_in_requests(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(methods); i++) {
        const char *method = methods[i];
        check_method(method, "301", strcmp(method, "POST") == 0 ? "GET" : method, false);
        check_method(method, "302", "GET", false);
        check_method(method, "303", "GET", false);
        check_method(method, "307", method, true);
        check_method(method, "308", method, true);
    }
    static const char *const statuses[] = {"301", "302", "303"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(statuses); i++)
        check_method("HEAD", statuses[i], "HEAD", false);
}

static void test_too_many_redirects_are_an_error(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, REDIRECT("302", "/again"), {HTTP_AGAIN})));
    prepare("GET", "/");
    call_run(&call);
    call_check_failed(&call, ACR_ERR_TOO_MANY_REDIRECTS, "more than 30");
    /* 30 are followed; the answer to the last is the 31st. */
    assert_int_equal(atomic_load(&server.seen->requests), 31);
    prepare("GET", "/");
    call.request.redirects_max = 3;
    call_run(&call);
    call_check_failed(&call, ACR_ERR_TOO_MANY_REDIRECTS, "more than 3,");
    assert_non_null(strstr(call.error.detail, "/again"));
    assert_int_equal(atomic_load(&server.seen->requests), 31 + 4);
    /* The connection is fine. */
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
    assert_int_equal(fixture.client->idle_count, 1);
}

static void test_as_many_redirects_as_allowed_are_followed(void **state)
{
    (void)state;
    server = http_server_start(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, REDIRECT("302", "/b"), {HTTP_READ}, REDIRECT("302", "/c"), ECHO)));
    prepare("GET", "/a");
    call.request.redirects_max = 2;
    call_run(&call);
    call_check(&call, 200, "GET /c HTTP/1.1");
}

/* Locations */

static void lands_on(const char *location, const char *target)
{
    static char answer[512];
    snprintf(answer, sizeof answer, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", location);
    struct http_step redirect = {HTTP_SEND, answer, strlen(answer), 0};
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, redirect, ECHO)));
    prepare("GET", "/a/b/c?q=1#frag");
    call_run(&call);
    assert_int_equal(call.code, 0);
    check_url(call.response, server.base, target);
    http_server_stop(&server);
    server.seen = NULL;
}

static void test_locations_are_relative_to_where_they_stand(void **state)
{
    (void)state;
    lands_on("/x", "/x#frag");
    lands_on("d", "/a/b/d#frag");
    lands_on("../d?e=f", "/a/d?e=f#frag");
    lands_on("?p=2", "/a/b/c?p=2#frag");
    lands_on("/x#own", "/x#own");
    lands_on("/with space", "/with%20space#frag");
}

/* A redirect to the other server, whose address is only known now. */
static void serve_redirect_to_other(const char *status, const char *other_base)
{
    static char answer[256];
    other = http_server_start(HTTP_SCRIPT(HTTP_ROW(ECHO, {HTTP_AGAIN})));
    snprintf(answer, sizeof answer, "HTTP/1.1 %s Moved\r\nLocation: http://%s:%u/there\r\nContent-Length: 0\r\n\r\n",
             status, other_base, other.server.port);
    struct http_step redirect = {HTTP_SEND, answer, strlen(answer), 0};
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, redirect, {HTTP_AGAIN})));
}

static void test_credentials_stay_with_their_server(void **state)
{
    (void)state;
    serve_redirect_to_other("307", "127.0.0.1");
    prepare("POST", "/");
    call.request.authorization = ACR_STR("Basic c2VjcmV0");
    call.request.header_lines = ACR_STR("X-A: b\r\nProxy-Authorization: p\r\n");
    call.request.body = ACR_STR("payload");
    call_run(&call);
    call_check(&call, 200, "POST /there HTTP/1.1");
    assert_true(was_sent("Authorization: Basic c2VjcmV0\r\n"));
    assert_null(strstr(http_server_log(&other), "Authorization"));
    assert_non_null(strstr(http_server_log(&other), "X-A: b\r\n"));
    assert_non_null(strstr(http_server_log(&other), "\r\n\r\npayload"));
    prepare("GET", "/");
    call.request.header_lines = ACR_STR("authorization: Basic c2VjcmV0\r\n");
    call_run(&call);
    call_check(&call, 200, "GET /there HTTP/1.1");
    assert_null(strstr(http_server_log(&other), "c2VjcmV0"));
}

static void test_credentials_go_along_on_the_same_server(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, REDIRECT("302", "/two"), ECHO)));
    prepare("GET", "/one");
    call.request.authorization = ACR_STR("Bearer abc");
    call_run(&call);
    call_check(&call, 200, "GET /two HTTP/1.1");
    assert_non_null(strstr(second_request(), "Authorization: Bearer abc\r\n"));
}

static void test_credentials_of_the_url_go_along_to_an_absolute_location(void **state)
{
    (void)state;
    static char answer[256];
    uint16_t port = server_free_port("127.0.0.1");
    snprintf(answer, sizeof answer,
             "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/two\r\nContent-Length: 0\r\n\r\n", port);
    struct http_step redirect = {HTTP_SEND, answer, strlen(answer), 0};
    const struct http_script *script = HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, redirect, ECHO));
    server = http_server_start_on(port, script);
    if (server.seen == NULL)
        skip(); /* somebody took the port meanwhile */
    char base[64];
    snprintf(base, sizeof base, "http://me:secret@127.0.0.1:%u", port);
    call_init(&call, &fixture, base, "/one");
    call.request.follow_redirects = true;
    call_run(&call);
    call_check(&call, 200, "GET /two HTTP/1.1");
    assert_non_null(strstr(second_request(), "Authorization: Basic bWU6c2VjcmV0\r\n"));
}

static void test_a_host_of_the_script_s_own_is_for_its_server_only(void **state)
{
    (void)state;
    serve_redirect_to_other("302", "localhost");
    prepare("GET", "/");
    call.request.own_host = true;
    call.request.header_lines = ACR_STR("Host: www.example.test\r\n");
    call_run(&call);
    call_check(&call, 200, "GET /there HTTP/1.1");
    char host[64];
    snprintf(host, sizeof host, "Host: localhost:%u\r\n", other.server.port);
    assert_non_null(strstr(http_server_log(&other), host));
    assert_null(strstr(http_server_log(&other), "example"));
    http_server_stop(&server);
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, REDIRECT("302", "/two"), ECHO)));
    prepare("GET", "/one");
    call.request.own_host = true;
    call.request.header_lines = ACR_STR("Host: www.example.test\r\n");
    call_run(&call);
    call_check(&call, 200, "GET /two HTTP/1.1");
    assert_non_null(strstr(second_request(), "\r\nHost: www.example.test\r\n"));
}

static void test_cookies_are_received_and_sent_on_each_hop(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW(
        {HTTP_READ}, HTTP_BYTES("HTTP/1.1 302 A\r\nLocation: /two\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"),
        {HTTP_READ}, HTTP_BYTES("HTTP/1.1 302 B\r\nLocation: /three\r\nSet-Cookie: a=2\r\nContent-Length: 0\r\n\r\n"),
        ECHO)));
    prepare("GET", "/one");
    call.request.cookies = ACR_STR("own=x");
    call_run(&call);
    call_check(&call, 200, "GET /three HTTP/1.1");
    assert_true(was_sent("\r\nCookie: own=x\r\n\r\nGET /two"));
    assert_true(was_sent("\r\nCookie: a=1; own=x\r\n\r\nGET /three"));
    assert_true(was_sent("\r\nCookie: a=2; own=x\r\n\r\n"));
}

static void test_a_cookie_header_of_the_script_s_own_is_sent_once(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, REDIRECT("302", "/two"), ECHO)));
    prepare("GET", "/one");
    call.request.own_cookies = true;
    call.request.header_lines = ACR_STR("Cookie: z=9\r\nX-A: b\r\n");
    call_run(&call);
    call_check(&call, 200, "GET /two HTTP/1.1");
    assert_null(strstr(second_request(), "z=9"));
    assert_non_null(strstr(second_request(), "X-A: b\r\n"));
}

/* Failures on the way */

static void test_a_hop_that_fails_fails_the_request(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, REDIRECT("302", "/two"), {HTTP_READ}, {HTTP_RESET}),
                                           HTTP_ROW({HTTP_READ}, {HTTP_RESET})));
    prepare("POST", "/one");
    call_run(&call);
    call_check_failed(&call, ACR_ERR_RESET, "");
}

static void fails_at(const char *location, int code)
{
    static char answer[256];
    snprintf(answer, sizeof answer, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", location);
    struct http_step redirect = {HTTP_SEND, answer, strlen(answer), 0};
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, redirect, {HTTP_STALL})));
    prepare("GET", "/");
    call_run(&call);
    call_check_failed(&call, code, "");
    assert_int_equal(fixture.client->idle_count, 1);
    acr_client_close_idle(fixture.client);
    http_server_stop(&server);
    server.seen = NULL;
}

static void test_a_location_that_is_no_http_url_is_an_error(void **state)
{
    (void)state;
    fails_at("ftp://127.0.0.1/x", ACR_ERR_UNSUPPORTED_SCHEME);
    fails_at("http://a b/", ACR_ERR_INVALID_URL);
    fails_at("http://127.0.0.1:99999/", ACR_ERR_INVALID_URL);
}

static void test_a_redirect_to_where_nobody_listens_is_an_error(void **state)
{
    (void)state;
    static char answer[256];
    snprintf(answer, sizeof answer, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n",
             server_free_port("127.0.0.1"));
    struct http_step redirect = {HTTP_SEND, answer, strlen(answer), 0};
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, redirect)));
    prepare("GET", "/");
    call_run(&call);
    call_check_failed(&call, ACR_ERR_CONNECT_REFUSED, "127.0.0.1");
}

/* Streamed */

static void test_a_streamed_request_streams_only_the_last_answer(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW(
        {HTTP_READ}, HTTP_BYTES("HTTP/1.1 302 A\r\nLocation: /two\r\nContent-Length: 4\r\n\r\n"), {HTTP_GATE},
        HTTP_BYTES("gone"), {HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha"), {HTTP_STALL})));
    prepare("GET", "/one");
    call.request.stream = true;
    http_server_open_gate(&server);
    call_run(&call);
    call_check(&call, 200, "ha");
    assert_true(acr_str_equal(acr_buffer_str(&call.response->previous->body), ACR_STR("gone")));
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}

static void test_a_streamed_redirect_with_a_long_body_is_not_waited_for(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(
        HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 302 A\r\nLocation: /two\r\n\r\n"), HTTP_TIMES(1ULL << 40, "x")),
        HTTP_ROW(ECHO)));
    prepare("GET", "/one");
    call.request.stream = true;
    call.then = call_read_all;
    call_run(&call);
    call_check(&call, 200, "GET /two HTTP/1.1");
    assert_in_range(call.response->previous->body.size, 1, ACR_CLIENT_STREAM_WINDOW);
}

static void test_a_cancel_while_a_redirect_s_body_comes_ends_the_request(void **state)
{
    (void)state;
    server = http_server_start(
        HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 302 A\r\nLocation: /two\r\nContent-Length: 4\r\n\r\n"),
                             {HTTP_GATE}, {HTTP_STALL}),
                    HTTP_ROW(ECHO)));
    prepare("GET", "/one");
    call.request.stream = true;
    call_start(&call);
    while (atomic_load(&server.seen->gates) == 0)
        net_fixture_turn(&fixture.net);
    net_fixture_turn(&fixture.net);
    acr_coroutine_cancel(call.coroutine);
    call_finish(&call);
    call_check_failed(&call, ACR_ERR_CANCELLED, "");
    assert_int_equal(atomic_load(&server.seen->connections), 1);
    assert_int_equal(acr_http_connections_open(fixture.http), 0);
}
