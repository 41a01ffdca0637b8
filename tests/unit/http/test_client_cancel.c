/* SPDX-License-Identifier: MIT */
/*
 * Cancels requests wherever they can be cancelled, and looks what is left: no memory (the sanitizer looks), no
 * descriptor, and no connection whose next answer is another request's.
 */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "http/internal.h"
#include "support/http_fixture.h"
#include "support/tls_certs.h"
#include "support/token_server.h"

static struct http_fixture fixture;
static struct tls_certs certs;
static struct token_server server;
static struct dns_server dns;
static const struct acr_tls_settings *tls;
static char large_body[8 << 20];
static unsigned next_token;

/* One way to ask; all of them get their token if nobody interferes. */
struct way {
    const char *path;
    bool stream;
    bool upload; /* large_body */
    bool expect;
    const char *host; /* NULL: 127.0.0.1 */
};

static const struct way ways[] = {
    {.path = "/echo"},
    {.path = "/drip"},
    {.path = "/chunked"},
    {.path = "/large"},
    {.path = "/close"},
    {.path = "/end"},
    {.path = "/bye"},
    {.path = "/redirect"},
    {.path = "/upload", .upload = true},
    {.path = "/continue", .expect = true},
    {.path = "/drip", .stream = true},
    {.path = "/large", .stream = true},
    {.path = "/end", .stream = true},
    {.path = "/redirect", .stream = true},
    {.path = "/echo", .host = "www.example.test"},
};

static int setup(void **state)
{
    (void)state;
    tls_certs_make(&certs);
    dns = dns_server_start();
    dns_server_add(&dns, (struct dns_rule){"www.example.test", 4, DNS_ADDRESS, "127.0.0.1", .ttl = 1});
    http_fixture_open_with(&fixture, &(struct acr_net_options){.dns_servers = dns.address, .hosts_path = "/dev/null"});
    tls = acr_http_tls(fixture.http, &(struct acr_tls_settings){.ca_path = certs.ca});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_fixture_close(&fixture);
    token_server_stop(&server);
    dns_server_stop(&dns);
    tls_certs_remove(&certs);
    return 0;
}

static void serve_plain(void)
{
    server = token_server_start(NULL);
}

static void serve_tls(void)
{
    server = token_server_start(&(struct tls_server_options){.cert_path = certs.good});
}

/* One request, in memory that outlives the cancelled fiber's stack. */
struct question {
    struct acr_url url;
    struct acr_request request;
    struct acr_buffer lines;
    char token[64];
};

static struct question *question_new(const struct way *way)
{
    struct question *question = acr_alloc_zero(sizeof *question);
    char url[128];
    snprintf(question->token, sizeof question->token, "token-%u-of-%s", next_token++, way->path);
    snprintf(url, sizeof url, "%s://%s:%u%s", server.tls != NULL ? "https" : "http",
             way->host != NULL ? way->host : "127.0.0.1", server.server.port, way->path);
    assert_int_equal(acr_url_parse(acr_str_of(url), &question->url, NULL), 0);
    assert_int_equal(acr_request_header_line(&question->lines, ACR_STR("X-Token"), acr_str_of(question->token)), 0);
    if (way->expect)
        assert_int_equal(acr_request_header_line(&question->lines, ACR_STR("Expect"), ACR_STR("100-continue")), 0);
    question->request = (struct acr_request){.method = ACR_STR("GET"),
                                             .url = &question->url,
                                             .header_lines = acr_buffer_str(&question->lines),
                                             .follow_redirects = true,
                                             .stream = way->stream,
                                             .tls = tls};
    if (way->upload || way->expect) {
        question->request.method = ACR_STR("PUT");
        question->request.body = (struct acr_str){large_body, way->upload ? sizeof large_body : 5};
    }
    question->request.expect_continue = way->expect;
    return question;
}

static void question_free(struct question *question)
{
    acr_url_done(&question->url);
    acr_buffer_done(&question->lines);
    acr_free(question);
}

/* Reads a streamed body, part by part; only its end is kept. */
static int read_parts(struct acr_response *response, struct acr_fiber *fiber, struct acr_buffer *body)
{
    while (true) {
        int code = acr_response_wait_body(response, fiber, ACR_NEVER, NULL);
        if (code != 0)
            return code;
        if (response->body.size == 0)
            return 0;
        assert_int_equal(acr_buffer_append_str(body, acr_buffer_str(&response->body)), 0);
        acr_buffer_reset(&response->body);
    }
}

static bool ends_with(struct acr_str body, const char *token)
{
    size_t size = strlen(token);
    return body.size >= size && memcmp(body.data + body.size - size, token, size) == 0;
}

/* 0 only with the question's own token. */
static int ask(const struct way *way, struct acr_fiber *fiber)
{
    struct question *question = question_new(way);
    struct acr_response *response;
    int code = acr_client_request(fixture.client, fiber, &question->request, &response, NULL);
    if (code == 0) {
        struct acr_buffer body = {0};
        code = way->stream ? read_parts(response, fiber, &body)
                           : acr_buffer_append_str(&body, acr_buffer_str(&response->body));
        if (code == 0 && !ends_with(acr_buffer_str(&body), question->token))
            fail_msg("%s got another's answer: %.*s", question->token, ACR_STR_ARGS(acr_buffer_str(&body)));
        acr_buffer_done(&body);
        acr_response_unref(response);
    }
    question_free(question);
    return code;
}

/* Asks in the way to be cancelled, and then, whatever came of that, once more. */
static int ask_and_check(struct net_fixture *net, struct acr_fiber *fiber, void *context)
{
    static const struct way plain = {.path = "/echo"};
    net_fixture_advance(net, 1000 * ACR_NANOS_PER_SECOND); /* names are forgotten */
    int code = ask(context, fiber);
    assert_true(acr_list_empty(&fixture.client->busy));
    int after = ask(&plain, fiber);
    if (code != 0)
        assert_int_equal(after, 0);
    acr_client_close_idle(fixture.client);
    assert_int_equal(acr_http_connections_open(fixture.http), 0);
    return code != 0 ? code : after;
}

static void cancel_at_each_wait(unsigned waits_least)
{
    unsigned waits = 0;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(ways); i++)
        waits += net_fixture_cancel_each_wait(&fixture.net, ask_and_check, (void *)&ways[i]);
    assert_int_equal(atomic_load(&server.seen->confused), 0);
    assert_true(waits >= waits_least);
}

static void test_each_wait_can_be_cancelled(void **state)
{
    (void)state;
    serve_plain();
    /* At the least, connecting and the exchange, and an exchange afterwards. */
    cancel_at_each_wait(3 * ACR_ARRAY_SIZE(ways));
}

static void test_each_wait_can_be_cancelled_over_tls(void **state)
{
    (void)state;
    serve_tls();
    /* The handshake waits as well. */
    cancel_at_each_wait(4 * ACR_ARRAY_SIZE(ways));
}

/* Between waits, too, things happen: the answer comes in parts while the fiber waits once. */

struct attempt {
    const struct way *way;
    struct acr_coroutine *coroutine;
    bool over;
    int code;
};

static void run_attempt(struct acr_coroutine *coroutine, void *context)
{
    struct attempt *attempt = context;
    attempt->code = ask(attempt->way, acr_coroutine_fiber(coroutine));
    attempt->over = true;
}

static bool is_over(void *context)
{
    return ((const struct attempt *)context)->over;
}

/* Cancelled after so many turns; true when it got through before. */
static bool cancel_after(const struct way *way, unsigned turns)
{
    struct attempt attempt = {way};
    attempt.coroutine = net_fixture_start(&fixture.net, run_attempt, &attempt);
    for (unsigned i = 0; i < turns && !attempt.over; i++)
        assert_int_equal(acr_loop_turn(fixture.net.loop, ACR_NANOS_PER_MILLI), 0);
    bool through = attempt.over;
    if (!through)
        acr_coroutine_cancel(attempt.coroutine);
    net_fixture_run_until(&fixture.net, is_over, &attempt);
    assert_int_equal(attempt.code, through || turns == 0 ? attempt.code : ACR_ERR_CANCELLED);
    return through;
}

static void check_next(void)
{
    static const struct way plain = {.path = "/echo"};
    struct attempt attempt = {&plain};
    net_fixture_start(&fixture.net, run_attempt, &attempt);
    net_fixture_run_until(&fixture.net, is_over, &attempt);
    assert_int_equal(attempt.code, 0);
}

static void cancel_at_each_turn(void)
{
    size_t descriptors = net_fixture_descriptors();
    unsigned cancelled = 0;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(ways); i++) {
        if (ways[i].host != NULL)
            continue; /* the DNS query goes on, and its descriptors with it */
        unsigned through = 0;
        for (unsigned turns = 1; through < 3 && turns < 300; turns += 1 + turns / 8) {
            if (cancel_after(&ways[i], turns))
                through++;
            else
                cancelled++;
            check_next();
            /* Sometimes the next attempt finds a connection, sometimes it has to make one. */
            if (turns % 2 == 0)
                acr_client_close_idle(fixture.client);
        }
        acr_client_close_idle(fixture.client);
        assert_int_equal(acr_http_connections_open(fixture.http), 0);
        assert_int_equal(net_fixture_descriptors(), descriptors);
    }
    assert_true(cancelled > 4 * ACR_ARRAY_SIZE(ways));
    assert_int_equal(atomic_load(&server.seen->confused), 0);
}

static void test_requests_can_be_cancelled_at_each_turn(void **state)
{
    (void)state;
    serve_plain();
    cancel_at_each_turn();
}

static void test_requests_can_be_cancelled_at_each_turn_over_tls(void **state)
{
    (void)state;
    serve_tls();
    check_next(); /* the first one reads the trust store */
    acr_client_close_idle(fixture.client);
    cancel_at_each_turn();
}

/* Timers fire behind the events of a turn and before the fibers that those have woken. */
struct watcher {
    struct acr_timer timer;
    struct attempt *attempt;
    bool hit;
};

static void cancel_when_complete(struct acr_timer *timer)
{
    struct watcher *watcher = ACR_CONTAINER_OF(timer, struct watcher, timer);
    struct acr_list *busy = &fixture.client->busy;
    watcher->hit = !acr_list_empty(busy) && ACR_LIST_ENTRY(busy->next, struct acr_connection, link)->exchange_over;
    if (watcher->hit)
        acr_coroutine_cancel(watcher->attempt->coroutine);
    else if (!watcher->attempt->over)
        acr_timer_arm(timer, 0);
}

/* The answer is dropped and its connection, which is clean, kept (client.h). */
static void test_a_cancel_behind_the_answer_keeps_the_connection(void **state)
{
    (void)state;
    static const struct way some[] = {{.path = "/echo"}, {.path = "/drip"}, {.path = "/large"}, {.path = "/chunked"}};
    serve_plain();
    check_next();
    for (size_t i = 0; i < ACR_ARRAY_SIZE(some); i++) {
        struct attempt attempt = {&some[i]};
        struct watcher watcher = {.attempt = &attempt};
        attempt.coroutine = net_fixture_start(&fixture.net, run_attempt, &attempt);
        acr_timer_init(&watcher.timer, fixture.net.loop, cancel_when_complete);
        acr_timer_arm(&watcher.timer, 0);
        net_fixture_run_until(&fixture.net, is_over, &attempt);
        assert_true(watcher.hit);
        assert_int_equal(attempt.code, ACR_ERR_CANCELLED);
        assert_int_equal(fixture.client->idle_count, 1);
        check_next();
    }
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
}
