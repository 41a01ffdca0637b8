/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/tls1.h>

#include "net/net.h"
#include "support/net_fixture.h"
#include "support/servers.h"
#include "support/tls_certs.h"

static struct net_fixture fixture;
static struct tls_certs certs;
static struct tls_server server;

static int setup(void **state)
{
    (void)state;
    tls_certs_make(&certs);
    net_fixture_open(&fixture, NULL);
    server = (struct tls_server){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_fixture_close(&fixture);
    if (server.seen != NULL)
        tls_server_stop(&server);
    tls_certs_remove(&certs);
    return 0;
}

static void serve(const char *cert_path, enum tls_behaviour behaviour)
{
    server = tls_server_start(&(struct tls_server_options){.cert_path = cert_path, .behaviour = behaviour});
}

/* A connection made, used for one message and closed, all in a coroutine. */
struct talk {
    const char *host; /* the name to be verified */
    uint16_t port;
    struct acr_tls_settings settings;
    acr_nanos wait;      /* for the handshake; 0: forever */
    const char *message; /* NULL: only the handshake */
    bool ends;           /* says so behind the message, and reads until the peer has ended as well */
    bool hangs_up;       /* right after the handshake */
    int code;            /* of connecting */
    ssize_t read_code;
    char answer[64];
    size_t answer_size;
    struct acr_error error;
    struct acr_fiber *fiber;
    int errors_queued;
};

static void wake(struct acr_stream *stream)
{
    struct talk *talk = stream->context;
    acr_fiber_wake(talk->fiber);
}

/* Until an end, or as many bytes as were sent. */
static void read_answer(struct talk *talk, struct acr_stream *stream)
{
    while (talk->message == NULL || talk->ends || talk->answer_size < strlen(talk->message)) {
        talk->read_code = acr_stream_read(stream, talk->answer + talk->answer_size,
                                          sizeof talk->answer - 1 - talk->answer_size, &talk->error);
        if (talk->read_code == ACR_ERR_AGAIN) {
            assert_int_equal(acr_fiber_wait(talk->fiber), 0);
            continue;
        }
        if (talk->read_code < 0)
            return;
        talk->answer_size += (size_t)talk->read_code;
    }
}

static int connect_tls(struct talk *talk, struct acr_stream **ret_stream)
{
    struct acr_stream *tcp;
    int code =
        acr_net_connect(fixture.net, talk->fiber, ACR_STR("127.0.0.1"), talk->port, ACR_NEVER, &tcp, &talk->error);
    if (code != 0)
        return code;
    acr_nanos deadline = talk->wait == 0 ? ACR_NEVER : acr_loop_now(fixture.loop) + talk->wait;
    code = acr_net_tls_connect(fixture.net, talk->fiber, tcp, &talk->settings, acr_str_of(talk->host), deadline,
                               ret_stream, &talk->error);
    talk->errors_queued += ERR_peek_error() != 0;
    return code;
}

static void run_talk(struct acr_coroutine *coroutine, void *context)
{
    struct talk *talk = context;
    struct acr_stream *stream;
    talk->fiber = acr_coroutine_fiber(coroutine);
    talk->code = connect_tls(talk, &stream);
    if (talk->code != 0)
        return;
    stream->context = talk;
    stream->on_ready = wake;
    if (talk->message != NULL)
        talk->read_code = acr_stream_write(stream, talk->message, strlen(talk->message), &talk->error);
    if (talk->ends)
        talk->read_code = acr_stream_end(stream, &talk->error);
    if (talk->read_code >= 0 && !talk->hangs_up)
        read_answer(talk, stream);
    acr_stream_close(stream);
    talk->errors_queued += ERR_peek_error() != 0;
}

static struct talk talk_to(const char *host, const struct acr_tls_settings *settings, const char *message)
{
    struct talk talk = {.host = host, .port = server.server.port, .settings = *settings, .message = message, .code = 1};
    net_fixture_start(&fixture, run_talk, &talk);
    net_fixture_run(&fixture);
    assert_int_equal(talk.errors_queued, 0);
    return talk;
}

static struct acr_tls_settings trusting_ca(void)
{
    return (struct acr_tls_settings){.ca_path = certs.ca};
}

static void test_a_good_certificate_is_accepted_by_name_and_by_address(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct acr_tls_settings settings = trusting_ca();
    struct talk talk = talk_to("WWW.Example.test.", &settings, "hello");
    assert_int_equal(talk.code, 0);
    assert_string_equal(talk.answer, "hello");
    assert_string_equal(server.seen->server_name, "www.example.test");
    assert_string_equal(server.seen->protocol, "http/1.1");
    talk = talk_to("127.0.0.1", &settings, "hello");
    assert_int_equal(talk.code, 0);
    assert_string_equal(talk.answer, "hello");
    assert_string_equal(server.seen->server_name, "");
    assert_int_equal(talk_to("::1", &settings, "hello").code, 0);
}

static void test_no_protocol_is_offered_by_who_does_not_speak_http(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct acr_tls_settings settings = trusting_ca();
    settings.no_alpn = true;
    struct talk talk = talk_to("localhost", &settings, "hello");
    assert_int_equal(talk.code, 0);
    assert_string_equal(server.seen->protocol, "");
    settings.no_alpn = false;
    assert_int_equal(talk_to("localhost", &settings, "hello").code, 0);
    assert_string_equal(server.seen->protocol, "http/1.1");
}

static void assert_refused(const struct talk *talk, const char *reason)
{
    assert_int_equal(talk->code, ACR_ERR_TLS_CERTIFICATE);
    assert_int_equal(talk->error.code, ACR_ERR_TLS_CERTIFICATE);
    if (strstr(talk->error.detail, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", talk->error.detail, reason);
    assert_non_null(strstr(talk->error.detail, talk->host));
}

static void test_an_expired_certificate_is_refused(void **state)
{
    (void)state;
    serve(certs.expired, TLS_ECHO);
    struct acr_tls_settings settings = trusting_ca();
    struct talk talk = talk_to("localhost", &settings, NULL);
    assert_refused(&talk, "expired");
}

static void test_a_certificate_for_another_host_is_refused(void **state)
{
    (void)state;
    serve(certs.wrong, TLS_ECHO);
    struct acr_tls_settings settings = trusting_ca();
    struct talk talk = talk_to("localhost", &settings, NULL);
    assert_refused(&talk, "ostname mismatch");
    talk = talk_to("127.0.0.1", &settings, NULL);
    assert_refused(&talk, "IP address mismatch");
}

static void test_an_unknown_issuer_is_refused(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct acr_tls_settings settings = {.ca_path = certs.client};
    struct talk talk = talk_to("localhost", &settings, NULL);
    assert_refused(&talk, "issuer");
}

static void test_a_certificate_named_in_the_bundle_is_trusted_by_itself(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct acr_tls_settings settings = {.ca_path = certs.good};
    assert_int_equal(talk_to("localhost", &settings, "hello").code, 0);
}

static void test_insecure_accepts_anything(void **state)
{
    (void)state;
    serve(certs.expired, TLS_ECHO);
    struct acr_tls_settings settings = {.insecure = true, .ca_path = "/does/not/exist"};
    struct talk talk = talk_to("elsewhere.test", &settings, "hello");
    assert_int_equal(talk.code, 0);
    assert_string_equal(talk.answer, "hello");
}

static void test_an_unreadable_file_is_named(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct acr_tls_settings settings = {.ca_path = "/does/not/exist"};
    struct talk talk = talk_to("localhost", &settings, NULL);
    assert_int_equal(talk.code, ACR_ERR_SYSTEM);
    assert_non_null(strstr(talk.error.detail, "/does/not/exist"));
    settings = (struct acr_tls_settings){.ca_path = certs.client_key};
    talk = talk_to("localhost", &settings, NULL);
    assert_int_equal(talk.code, ACR_ERR_SYSTEM);
    assert_non_null(strstr(talk.error.detail, certs.client_key));
    settings = (struct acr_tls_settings){.insecure = true, .cert_path = certs.client, .key_path = "/no/key"};
    talk = talk_to("localhost", &settings, NULL);
    assert_int_equal(talk.code, ACR_ERR_SYSTEM);
    assert_non_null(strstr(talk.error.detail, "/no/key"));
}

static void test_a_client_certificate_opens_the_door(void **state)
{
    (void)state;
    server = tls_server_start(&(struct tls_server_options){.cert_path = certs.good, .client_ca = certs.ca});
    struct acr_tls_settings settings = {.ca_path = certs.ca, .cert_path = certs.client, .key_path = certs.client_key};
    struct talk talk = talk_to("localhost", &settings, "hello");
    assert_int_equal(talk.code, 0);
    assert_string_equal(talk.answer, "hello");
    /* In TLS 1.3 the server's refusal comes after the client's part of the handshake. */
    settings = trusting_ca();
    talk = talk_to("localhost", &settings, "hello");
    assert_int_equal(talk.code, 0);
    assert_int_equal(talk.read_code, ACR_ERR_TLS);
    assert_non_null(strstr(talk.error.detail, "certificate required"));
}

static void test_sessions_are_resumed_for_equal_settings_and_host_only(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct acr_tls_settings settings = trusting_ca();
    assert_int_equal(talk_to("localhost", &settings, "hello").code, 0);
    assert_int_equal(atomic_load(&server.seen->resumed), 0);
    assert_int_equal(talk_to("localhost", &settings, "hello").code, 0);
    assert_int_equal(atomic_load(&server.seen->resumed), 1);
    assert_int_equal(talk_to("LOCALHOST", &settings, "hello").code, 0);
    assert_int_equal(atomic_load(&server.seen->resumed), 2);
    assert_int_equal(talk_to("www.example.test", &settings, "hello").code, 0);
    assert_int_equal(atomic_load(&server.seen->resumed), 2);
    settings = (struct acr_tls_settings){.insecure = true};
    assert_int_equal(talk_to("localhost", &settings, "hello").code, 0);
    assert_int_equal(atomic_load(&server.seen->resumed), 2);
}

static bool three_were_served(void *context)
{
    (void)context;
    return atomic_load(&server.seen->handshakes) == 3;
}

static void test_a_session_serves_more_than_one_connection(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct acr_tls_settings settings = trusting_ca();
    assert_int_equal(talk_to("localhost", &settings, "hello").code, 0);
    /* It leaves before it has got a session of its own. */
    struct talk brief = {.host = "localhost", .port = server.server.port, .settings = settings, .hangs_up = true};
    net_fixture_start(&fixture, run_talk, &brief);
    net_fixture_run(&fixture);
    assert_int_equal(brief.code, 0);
    assert_int_equal(talk_to("localhost", &settings, "hello").code, 0);
    net_fixture_run_until(&fixture, three_were_served, NULL);
    assert_int_equal(atomic_load(&server.seen->resumed), 2);
}

static void test_tls_1_2_works_and_resumes_as_well(void **state)
{
    (void)state;
    server = tls_server_start(&(struct tls_server_options){.cert_path = certs.good, .max_version = TLS1_2_VERSION});
    struct acr_tls_settings settings = trusting_ca();
    for (unsigned i = 0; i < 2; i++) {
        struct talk talk = talk_to("localhost", &settings, "hello");
        assert_int_equal(talk.code, 0);
        assert_string_equal(talk.answer, "hello");
        assert_int_equal(atomic_load(&server.seen->resumed), i);
    }
}

static void test_a_session_outlives_a_connection_that_broke(void **state)
{
    (void)state;
    serve(certs.good, TLS_RESET_LATER);
    struct acr_tls_settings settings = trusting_ca();
    for (unsigned i = 0; i < 2; i++) {
        struct talk talk = talk_to("localhost", &settings, "hello");
        assert_int_equal(talk.code, 0);
        assert_int_equal(talk.read_code, ACR_ERR_RESET);
        assert_int_equal(atomic_load(&server.seen->resumed), i);
    }
}

static void test_an_end_of_writing_leaves_reading_as_it_was(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct talk talk = {.host = "localhost",
                        .port = server.server.port,
                        .settings = trusting_ca(),
                        .message = "all",
                        .ends = true,
                        .code = 1};
    net_fixture_start(&fixture, run_talk, &talk);
    net_fixture_run(&fixture);
    assert_int_equal(talk.code, 0);
    assert_string_equal(talk.answer, "all");
    assert_int_equal(talk.read_code, ACR_ERR_END);
    assert_int_equal(talk.errors_queued, 0);
}

static void test_an_end_without_goodbye_is_an_end(void **state)
{
    (void)state;
    serve(certs.good, TLS_TEXT_WITHOUT_NOTIFY);
    struct acr_tls_settings settings = trusting_ca();
    struct talk talk = talk_to("localhost", &settings, NULL);
    assert_int_equal(talk.code, 0);
    assert_string_equal(talk.answer, "cut");
    assert_int_equal(talk.read_code, ACR_ERR_END);
}

static void test_a_reset_in_the_handshake_is_a_reset(void **state)
{
    (void)state;
    serve(certs.good, TLS_RESET_IN_HANDSHAKE);
    struct acr_tls_settings settings = trusting_ca();
    struct talk talk = talk_to("localhost", &settings, NULL);
    assert_int_equal(talk.code, ACR_ERR_RESET);
    assert_non_null(strstr(talk.error.detail, "localhost"));
}

/* Talks TLS to a server that does not. */
static struct talk talk_to_plain(server_fn *fn, const char *text, acr_nanos wait)
{
    struct server plain = server_start("127.0.0.1", fn, text);
    struct talk talk = {.host = "localhost", .port = plain.port, .settings = trusting_ca(), .wait = wait, .code = 1};
    net_fixture_start(&fixture, run_talk, &talk);
    if (wait != 0) {
        net_fixture_turn(&fixture);
        assert_int_equal(talk.code, 1);
        net_fixture_advance(&fixture, 2 * wait);
    }
    net_fixture_run(&fixture);
    assert_int_equal(talk.errors_queued, 0);
    server_stop(&plain);
    return talk;
}

static void test_a_server_without_tls_is_a_tls_error_that_says_so(void **state)
{
    (void)state;
    struct talk talk = talk_to_plain(serve_text, "HTTP/1.1 400 Bad Request\r\n\r\n", 0);
    assert_int_equal(talk.code, ACR_ERR_TLS);
    assert_non_null(strstr(talk.error.detail, "no TLS on this port"));
    talk = talk_to_plain(serve_text, "", 0);
    assert_int_equal(talk.code, ACR_ERR_TLS);
    assert_non_null(strstr(talk.error.detail, "closed during the handshake"));
}

static void test_a_handshake_without_an_answer_times_out(void **state)
{
    (void)state;
    struct talk talk = talk_to_plain(serve_stall, NULL, ACR_NANOS_PER_SECOND);
    assert_int_equal(talk.code, ACR_ERR_CONNECT_TIMEOUT);
}

static void test_errors_that_others_left_in_the_queue_do_no_harm(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct acr_tls_settings settings = trusting_ca();
    ERR_raise(ERR_LIB_USER, 1);
    struct talk talk = talk_to("localhost", &settings, "hello");
    assert_int_equal(talk.code, 0);
    assert_string_equal(talk.answer, "hello");
}

static int talk_operation(struct net_fixture *at, struct acr_fiber *fiber, void *context)
{
    (void)at;
    struct acr_stream *stream;
    struct talk *talk = context;
    talk->fiber = fiber;
    int code = connect_tls(talk, &stream);
    if (code == 0)
        acr_stream_close(stream);
    return code;
}

static void test_cancelling_at_each_wait_leaves_nothing_behind(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct talk talk = {.host = "localhost", .port = server.server.port, .settings = trusting_ca()};
    unsigned waits = net_fixture_cancel_each_wait(&fixture, talk_operation, &talk);
    assert_in_range(waits, 2, 10);
    assert_int_equal(talk.errors_queued, 0);
}

/* Sends more than any buffer takes and reads it all back, through partial writes in both directions. */
struct bulk {
    struct acr_stream *stream;
    struct acr_fiber *fiber;
    size_t sent, got;
    bool same;
};

#define BULK_SIZE ((size_t)8 << 20)

static char bulk_byte(size_t at)
{
    return (char)(at * 7 + (at >> 13));
}

static void bulk_send(struct bulk *bulk)
{
    static char bytes[40000];
    while (bulk->sent < BULK_SIZE) {
        size_t size = BULK_SIZE - bulk->sent < sizeof bytes ? BULK_SIZE - bulk->sent : sizeof bytes;
        for (size_t i = 0; i < size; i++)
            bytes[i] = bulk_byte(bulk->sent + i);
        ssize_t sent = acr_stream_write(bulk->stream, bytes, size, NULL);
        if (sent <= 0) {
            assert_int_equal(sent, ACR_ERR_AGAIN);
            return;
        }
        bulk->sent += (size_t)sent;
    }
}

static void bulk_ready(struct acr_stream *stream)
{
    struct bulk *bulk = stream->context;
    char bytes[5000];
    ssize_t got;
    while ((got = acr_stream_read(stream, bytes, sizeof bytes, NULL)) > 0)
        for (ssize_t i = 0; i < got; i++)
            bulk->same = bulk->same && bytes[i] == bulk_byte(bulk->got++);
    assert_int_equal(got, ACR_ERR_AGAIN);
    bulk_send(bulk);
    if (bulk->got == BULK_SIZE)
        acr_fiber_wake(bulk->fiber);
}

static void run_bulk(struct acr_coroutine *coroutine, void *context)
{
    struct bulk *bulk = context;
    bulk->fiber = acr_coroutine_fiber(coroutine);
    struct talk talk = {.host = "localhost", .port = server.server.port, .settings = trusting_ca()};
    talk.fiber = bulk->fiber;
    assert_int_equal(connect_tls(&talk, &bulk->stream), 0);
    bulk->stream->context = bulk;
    bulk->stream->on_ready = bulk_ready;
    bulk_ready(bulk->stream);
    assert_int_equal(acr_fiber_wait(bulk->fiber), 0);
    acr_stream_close(bulk->stream);
}

static void test_much_data_passes_in_both_directions_at_once(void **state)
{
    (void)state;
    serve(certs.good, TLS_ECHO);
    struct bulk bulk = {.same = true};
    net_fixture_start(&fixture, run_bulk, &bulk);
    net_fixture_run(&fixture);
    assert_int_equal(bulk.got, BULK_SIZE);
    assert_true(bulk.same);
}

static void test_the_default_trust_store_can_be_chosen_by_the_environment(void **state)
{
    (void)state;
    unsetenv("SSL_CERT_FILE");
    assert_string_equal(acr_net_tls_default_ca(), "/etc/ssl/certs/ca-certificates.crt");
    setenv("SSL_CERT_FILE", certs.ca, 1);
    serve(certs.good, TLS_ECHO);
    struct acr_tls_settings settings = {0};
    assert_int_equal(talk_to("localhost", &settings, "hello").code, 0);
    unsetenv("SSL_CERT_FILE");
}
