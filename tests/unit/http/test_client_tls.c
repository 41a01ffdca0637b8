/* SPDX-License-Identifier: MIT */
/* The client over TLS. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "http/internal.h"
#include "support/http_fixture.h"
#include "support/http_server.h"
#include "support/tls_certs.h"

static struct http_fixture fixture;
static struct http_server server;
static struct tls_certs certs;
static struct call call;

static int setup(void **state)
{
    (void)state;
    tls_certs_make(&certs);
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
    tls_certs_remove(&certs);
    return 0;
}

static void serve(const struct http_script *script, const char *cert_path)
{
    server = http_server_start_tls(script, &(struct tls_server_options){.cert_path = cert_path});
}

static const struct acr_tls_settings *trusting(void)
{
    return acr_http_tls(fixture.http, &(struct acr_tls_settings){.ca_path = certs.ca});
}

static void prepare(const char *target, const struct acr_tls_settings *tls)
{
    call_done(&call);
    call_init(&call, &fixture, server.base, target);
    call.request.tls = tls;
}

static void get(const char *target, const char *body)
{
    prepare(target, trusting());
    call_run(&call);
    call_check(&call, 200, body);
}

#define ECHO_FOREVER HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_ECHO}, {HTTP_AGAIN}))

static void test_requests_share_a_connection(void **state)
{
    (void)state;
    serve(ECHO_FOREVER, certs.good);
    for (int i = 0; i < 3; i++)
        get("/", "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
    assert_int_equal(atomic_load(&server.tls->handshakes), 1);
    assert_string_equal(server.tls->protocol, "http/1.1");
    char host[64];
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%u\r\n", server.server.port);
    assert_non_null(strstr(http_server_log(&server), host));
}

static void test_a_later_connection_resumes_the_session(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_ECHO})), certs.good);
    for (int i = 0; i < 3; i++)
        get("/", "GET / HTTP/1.1");
    assert_int_equal(atomic_load(&server.tls->handshakes), 3);
    assert_int_equal(atomic_load(&server.tls->resumed), 2);
}

static void refuses(const char *cert_path, const struct acr_tls_settings *tls, const char *detail)
{
    serve(ECHO_FOREVER, cert_path);
    prepare("/", tls);
    call_run(&call);
    call_check_failed(&call, ACR_ERR_TLS_CERTIFICATE, detail);
    assert_int_equal(acr_http_connections_made(fixture.http), 0);
    assert_string_equal(http_server_log(&server), "");
    http_server_stop(&server);
    server.seen = NULL;
}

static void test_bad_certificates_are_refused_before_anything_is_sent(void **state)
{
    (void)state;
    refuses(certs.expired, trusting(), "expired");
    refuses(certs.wrong, trusting(), "mismatch");
    refuses(certs.good, NULL, "");
}

static void test_any_certificate_does_when_none_is_checked(void **state)
{
    (void)state;
    serve(ECHO_FOREVER, certs.expired);
    prepare("/", acr_http_tls(fixture.http, &(struct acr_tls_settings){.insecure = true}));
    call_run(&call);
    call_check(&call, 200, "GET / HTTP/1.1");
}

/* A connection made without looking at the certificate is not for those who look. */
static void test_settings_do_not_share_connections(void **state)
{
    (void)state;
    serve(ECHO_FOREVER, certs.good);
    prepare("/", acr_http_tls(fixture.http, &(struct acr_tls_settings){.insecure = true}));
    call_run(&call);
    call_check(&call, 200, "GET / HTTP/1.1");
    get("/", "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 2);
}

static char large_body[4 << 20];

static void test_large_bodies_go_both_ways(void **state)
{
    (void)state;
    enum { SIZE = 8 << 20 };
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n"),
                               HTTP_TIMES(SIZE, "x"), {HTTP_AGAIN})),
          certs.good);
    for (int i = 0; i < 2; i++) {
        prepare("/", trusting());
        call.request.method = ACR_STR("POST");
        call.request.body = (struct acr_str){large_body, sizeof large_body};
        call_run(&call);
        assert_int_equal(call.code, 0);
        assert_int_equal(call.response->body.size, SIZE);
    }
    assert_int_equal(atomic_load(&server.seen->bodies), 2 * sizeof large_body);
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}

static bool none_open(void *context)
{
    (void)context;
    return acr_http_connections_open(fixture.http) == 0;
}

static void test_an_idle_connection_that_is_closed_is_dropped(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_ECHO}, {HTTP_GATE})), certs.good);
    get("/", "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_open(fixture.http), 1);
    http_server_open_gate(&server);
    net_fixture_run_until(&fixture.net, none_open, NULL);
}

static void test_a_dead_pooled_connection_is_replaced(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, {HTTP_ECHO}, {HTTP_READ}), HTTP_ROW({HTTP_READ}, {HTTP_ECHO})), certs.good);
    get("/", "GET / HTTP/1.1");
    get("/", "GET / HTTP/1.1");
    assert_int_equal(acr_http_connections_made(fixture.http), 2);
}

static void test_a_cut_answer_is_an_error(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha"))), certs.good);
    prepare("/", trusting());
    call_run(&call);
    call_check_failed(&call, ACR_ERR_CLOSED_EARLY, "127.0.0.1 port ");
}

static void test_a_server_without_tls_is_an_error(void **state)
{
    (void)state;
    server = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ_HEAD}, HTTP_ANSWER("x")),
                                           HTTP_ROW(HTTP_ANSWER("not a greeting of TLS"), {HTTP_STALL})));
    snprintf(server.base, sizeof server.base, "https://127.0.0.1:%u", server.server.port);
    /* The first waits for the end of a head that never comes. */
    prepare("/", trusting());
    call.request.connect_timeout = ACR_NANOS_PER_SECOND;
    call_start(&call);
    for (int i = 0; i < 20 && !call.over; i++) {
        net_fixture_advance(&fixture.net, 100 * ACR_NANOS_PER_MILLI);
        net_fixture_turn(&fixture.net);
    }
    call_finish(&call);
    call_check_failed(&call, ACR_ERR_CONNECT_TIMEOUT, "TLS");
    prepare("/", trusting());
    call_run(&call);
    call_check_failed(&call, ACR_ERR_TLS, "127.0.0.1");
}

static void test_a_redirect_leads_from_http_to_https(void **state)
{
    (void)state;
    static char answer[256];
    serve(ECHO_FOREVER, certs.good);
    snprintf(answer, sizeof answer, "HTTP/1.1 301 Moved\r\nLocation: %s/safe\r\nContent-Length: 0\r\n\r\n",
             server.base);
    struct http_step redirect = {HTTP_SEND, answer, strlen(answer), 0};
    struct http_server plain = http_server_start(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, redirect)));
    call_init(&call, &fixture, plain.base, "/");
    call.request.tls = trusting();
    call.request.follow_redirects = true;
    call_run(&call);
    call_check(&call, 200, "GET /safe HTTP/1.1");
    http_server_stop(&plain);
}

static void test_a_body_is_streamed(void **state)
{
    (void)state;
    serve(HTTP_SCRIPT(HTTP_ROW({HTTP_READ}, HTTP_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n"),
                               HTTP_TIMES(1 << 20, "x"), {HTTP_AGAIN})),
          certs.good);
    for (int i = 0; i < 2; i++) {
        prepare("/", trusting());
        call.request.stream = true;
        call.then = call_read_all;
        call_run(&call);
        assert_int_equal(call.code, 0);
        assert_int_equal(call.response->body.size, 1 << 20);
    }
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}
