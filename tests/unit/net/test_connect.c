/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/net.h"
#include "support/net_fixture.h"
#include "support/servers.h"

#define SECOND ACR_NANOS_PER_SECOND
#define MILLI ACR_NANOS_PER_MILLI

static struct net_fixture fixture;
static struct dns_server dns;

static int setup(void **state)
{
    (void)state;
    dns = dns_server_start();
    struct acr_net_options options = {.hosts_path = "/dev/null", .dns_servers = dns.address, .always_ask_ipv6 = true};
    net_fixture_open(&fixture, &options);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_fixture_close(&fixture);
    dns_server_stop(&dns);
    return 0;
}

struct dialling {
    const char *host;
    uint16_t port;
    acr_nanos wait; /* 0: forever */
    int code;
    struct acr_stream *stream;
    struct acr_error error;
};

static int dial_on(struct acr_fiber *fiber, struct dialling *dialling)
{
    acr_nanos deadline = dialling->wait == 0 ? ACR_NEVER : acr_loop_now(fixture.loop) + dialling->wait;
    dialling->code = acr_net_connect(fixture.net, fiber, acr_str_of(dialling->host), dialling->port, deadline,
                                     &dialling->stream, &dialling->error);
    return dialling->code;
}

static void dial_in_coroutine(struct acr_coroutine *coroutine, void *context)
{
    dial_on(acr_coroutine_fiber(coroutine), context);
}

static struct dialling dial(const char *host, uint16_t port)
{
    struct dialling dialling = {.host = host, .port = port, .code = 1};
    net_fixture_start(&fixture, dial_in_coroutine, &dialling);
    net_fixture_run(&fixture);
    return dialling;
}

static sa_family_t peer_family(const struct acr_stream *stream)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    assert_int_equal(getpeername(stream->fd, (struct sockaddr *)&peer, &size), 0);
    return peer.ss_family;
}

/* A name for ::1 and 127.0.0.1. */
static void add_both(const char *name)
{
    struct dns_rule rule = {"", 4, DNS_ADDRESS, "127.0.0.1", 30};
    snprintf(rule.name, sizeof rule.name, "%s", name);
    dns_server_add(&dns, rule);
    rule.type = 6;
    snprintf(rule.value, sizeof rule.value, "::1");
    dns_server_add(&dns, rule);
}

static void test_a_listening_port_is_connected_without_delay_of_small_packets(void **state)
{
    (void)state;
    struct server server = server_start("127.0.0.1", serve_echo, NULL);
    struct dialling dialling = dial("127.0.0.1", server.port);
    assert_int_equal(dialling.code, 0);
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    getsockopt(dialling.stream->fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
    assert_int_not_equal(no_delay, 0);
    acr_stream_close(dialling.stream);
    server_stop(&server);
}

static void test_a_name_is_resolved_and_connected(void **state)
{
    (void)state;
    struct server server = server_start("127.0.0.1", serve_echo, NULL);
    dns_server_add(&dns, (struct dns_rule){"web.test", 4, DNS_ADDRESS, "127.0.0.1", 30});
    struct dialling dialling = dial("web.test", server.port);
    assert_int_equal(dialling.code, 0);
    acr_stream_close(dialling.stream);
    server_stop(&server);
}

static void test_a_name_that_does_not_exist_is_a_resolve_error(void **state)
{
    (void)state;
    struct dialling dialling = dial("missing.test", 80);
    assert_int_equal(dialling.code, ACR_ERR_RESOLVE);
    assert_int_equal(dialling.error.code, ACR_ERR_RESOLVE);
}

static void test_a_port_without_a_listener_is_refused_and_named(void **state)
{
    (void)state;
    uint16_t port = server_free_port("127.0.0.1");
    char where[32];
    snprintf(where, sizeof where, "127.0.0.1:%u", port);
    struct dialling dialling = dial("127.0.0.1", port);
    assert_int_equal(dialling.code, ACR_ERR_CONNECT_REFUSED);
    assert_int_equal(dialling.error.system, ECONNREFUSED);
    assert_non_null(strstr(dialling.error.detail, where));
    dns_server_add(&dns, (struct dns_rule){"web.test", 4, DNS_ADDRESS, "127.0.0.1", 30});
    dialling = dial("web.test", port);
    assert_int_equal(dialling.code, ACR_ERR_CONNECT_REFUSED);
    assert_non_null(strstr(dialling.error.detail, "web.test"));
    assert_non_null(strstr(dialling.error.detail, where));
}

static void test_a_server_that_does_not_answer_times_out(void **state)
{
    (void)state;
    struct full_queue queue = full_queue_open("127.0.0.1");
    size_t before = net_fixture_descriptors();
    struct dialling dialling = {.host = "127.0.0.1", .port = queue.port, .wait = 5 * SECOND, .code = 1};
    net_fixture_start(&fixture, dial_in_coroutine, &dialling);
    net_fixture_turn(&fixture);
    net_fixture_advance(&fixture, 5 * SECOND - MILLI);
    net_fixture_turn(&fixture);
    assert_int_equal(dialling.code, 1);
    net_fixture_advance(&fixture, 2 * MILLI);
    net_fixture_run(&fixture);
    assert_int_equal(dialling.code, ACR_ERR_CONNECT_TIMEOUT);
    assert_int_equal(dialling.error.code, ACR_ERR_CONNECT_TIMEOUT);
    assert_int_equal(net_fixture_descriptors(), before);
    full_queue_close(&queue);
}

static bool was_asked(void *context)
{
    (void)context;
    return atomic_load(&dns.script->queries) >= 2;
}

static void test_a_silent_name_server_is_a_connect_timeout(void **state)
{
    (void)state;
    dns_server_add(&dns, (struct dns_rule){"silent.test", 4, DNS_SILENCE});
    dns_server_add(&dns, (struct dns_rule){"silent.test", 6, DNS_SILENCE});
    struct dialling dialling = {.host = "silent.test", .port = 80, .wait = SECOND, .code = 1};
    net_fixture_start(&fixture, dial_in_coroutine, &dialling);
    net_fixture_run_until(&fixture, was_asked, NULL);
    net_fixture_advance(&fixture, 2 * SECOND);
    net_fixture_run(&fixture);
    assert_int_equal(dialling.code, ACR_ERR_CONNECT_TIMEOUT);
    assert_int_equal(dialling.error.code, ACR_ERR_CONNECT_TIMEOUT);
    assert_non_null(strstr(dialling.error.detail, "silent.test"));
}

static void test_no_descriptors_left_is_told_apart_from_a_failing_target(void **state)
{
    (void)state;
    struct server server = server_start("127.0.0.1", serve_echo, NULL);
    struct rlimit limit, none;
    getrlimit(RLIMIT_NOFILE, &limit);
    none = limit;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    struct dialling dialling = dial("127.0.0.1", server.port);
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(dialling.code, ACR_ERR_LOCAL_EXHAUSTED);
    assert_int_equal(dialling.error.system, EMFILE);
    server_stop(&server);
}

static void test_ipv6_refused_falls_back_to_ipv4_at_once_and_that_is_remembered(void **state)
{
    (void)state;
    if (!server_has_ipv6()) {
        print_message("no ::1 on this machine: IPv6 is not tested\n");
        skip();
    }
    struct server server = server_start("127.0.0.1", serve_echo, NULL);
    add_both("both.test");
    struct dialling dialling = dial("both.test", server.port);
    assert_int_equal(dialling.code, 0);
    assert_int_equal(peer_family(dialling.stream), AF_INET);
    acr_stream_close(dialling.stream);
    struct acr_net_addresses now;
    assert_int_equal(acr_net_resolve(fixture.net, NULL, ACR_STR("both.test"), ACR_NEVER, &now, NULL), 0);
    assert_int_equal(now.list[0].socket.any.sa_family, AF_INET);
    server_stop(&server);
}

static void test_ipv6_is_preferred_where_it_works(void **state)
{
    (void)state;
    if (!server_has_ipv6()) {
        print_message("no ::1 on this machine: IPv6 is not tested\n");
        skip();
    }
    struct server server = server_start("::1", serve_echo, NULL);
    add_both("both.test");
    struct dialling dialling = dial("both.test", server.port);
    assert_int_equal(dialling.code, 0);
    assert_int_equal(peer_family(dialling.stream), AF_INET6);
    acr_stream_close(dialling.stream);
    dialling = dial("::1", server.port);
    assert_int_equal(dialling.code, 0);
    acr_stream_close(dialling.stream);
    server_stop(&server);
}

/* A server on 127.0.0.1 whose port does not answer on ::1. */
static struct server start_beside(struct full_queue *ret_queue)
{
    while (true) {
        *ret_queue = full_queue_open("::1");
        struct server server = server_start_on("127.0.0.1", ret_queue->port, serve_echo, NULL);
        if (server.pid != 0)
            return server;
        full_queue_close(ret_queue);
    }
}

static void test_ipv6_stalled_gives_ipv4_its_turn_after_the_delay(void **state)
{
    (void)state;
    if (!server_has_ipv6()) {
        print_message("no ::1 on this machine: IPv6 is not tested\n");
        skip();
    }
    struct full_queue queue;
    struct server server = start_beside(&queue);
    add_both("both.test");
    struct dialling dialling = {.host = "both.test", .port = queue.port, .code = 1};
    net_fixture_start(&fixture, dial_in_coroutine, &dialling);
    net_fixture_run_until(&fixture, was_asked, NULL);
    net_fixture_turn(&fixture);
    size_t descriptors = net_fixture_descriptors();
    net_fixture_advance(&fixture, 249 * MILLI);
    net_fixture_turn(&fixture);
    assert_int_equal(dialling.code, 1);
    assert_int_equal(net_fixture_descriptors(), descriptors);
    net_fixture_advance(&fixture, 2 * MILLI);
    net_fixture_run(&fixture);
    assert_int_equal(dialling.code, 0);
    assert_int_equal(peer_family(dialling.stream), AF_INET);
    /* The stalled attempt is gone: one descriptor as before, the winner's. */
    assert_int_equal(net_fixture_descriptors(), descriptors);
    acr_stream_close(dialling.stream);
    full_queue_close(&queue);
    server_stop(&server);
}

static void test_connections_come_from_the_local_addresses_in_turn(void **state)
{
    (void)state;
    struct server server = server_start("127.0.0.1", serve_echo, NULL);
    struct net_fixture plain = fixture;
    assert_int_equal(acr_net_open(fixture.loop, NULL, &fixture.net, NULL), 0);
    assert_int_equal(acr_net_connect_from(fixture.net, "127.0.0.2, 127.0.0.3", NULL), 0);
    static const uint32_t expected[] = {0x7f000002, 0x7f000003, 0x7f000002};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(expected); i++) {
        struct dialling dialling = dial("127.0.0.1", server.port);
        struct sockaddr_in own;
        socklen_t size = sizeof own;
        assert_int_equal(dialling.code, 0);
        assert_int_equal(getsockname(dialling.stream->fd, (struct sockaddr *)&own, &size), 0);
        assert_int_equal(ntohl(own.sin_addr.s_addr), expected[i]);
        acr_stream_close(dialling.stream);
    }
    acr_net_close(fixture.net);
    fixture = plain;
    server_stop(&server);
}

static int connect_and_close(struct net_fixture *at, struct acr_fiber *fiber, void *context)
{
    (void)at;
    struct dialling *dialling = context;
    int code = dial_on(fiber, dialling);
    if (code == 0)
        acr_stream_close(dialling->stream);
    return code;
}

static void test_cancelling_a_connect_leaves_nothing_behind(void **state)
{
    (void)state;
    struct server server = server_start("127.0.0.1", serve_echo, NULL);
    struct dialling dialling = {.host = "127.0.0.1", .port = server.port};
    assert_int_equal(net_fixture_cancel_each_wait(&fixture, connect_and_close, &dialling), 1);
    server_stop(&server);
}

/* As connect_and_close, with the name not in the cache. */
static int resolve_connect_and_close(struct net_fixture *at, struct acr_fiber *fiber, void *context)
{
    net_fixture_advance(&fixture, 400 * SECOND);
    acr_loop_refresh_now(fixture.loop);
    return connect_and_close(at, fiber, context);
}

static void test_cancelling_a_look_up_or_the_connect_after_it_leaves_nothing_behind(void **state)
{
    (void)state;
    struct server server = server_start("127.0.0.1", serve_echo, NULL);
    struct dialling dialling = {.host = "web.test", .port = server.port};
    dns_server_add(&dns, (struct dns_rule){"web.test", 4, DNS_ADDRESS, "127.0.0.1", 30});
    assert_int_equal(net_fixture_cancel_each_wait(&fixture, resolve_connect_and_close, &dialling), 2);
    server_stop(&server);
}

static void test_cancelling_one_of_two_attempts_leaves_nothing_behind(void **state)
{
    (void)state;
    if (!server_has_ipv6()) {
        print_message("no ::1 on this machine: IPv6 is not tested\n");
        skip();
    }
    struct full_queue four = full_queue_open("127.0.0.1");
    add_both("both.test");
    size_t before = net_fixture_descriptors();
    struct dialling dialling = {.host = "both.test", .port = four.port, .code = 1};
    struct acr_coroutine *coroutine = net_fixture_start(&fixture, dial_in_coroutine, &dialling);
    net_fixture_run_until(&fixture, was_asked, NULL);
    net_fixture_turn(&fixture);
    net_fixture_advance(&fixture, 300 * MILLI);
    net_fixture_turn(&fixture);
    acr_coroutine_cancel(coroutine);
    net_fixture_run(&fixture);
    assert_int_equal(dialling.code, ACR_ERR_CANCELLED);
    assert_int_equal(net_fixture_descriptors(), before);
    full_queue_close(&four);
}
