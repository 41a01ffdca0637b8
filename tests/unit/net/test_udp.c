/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"
#include "support/net_fixture.h"
#include "support/servers.h"

static struct net_fixture fixture;
static struct dns_server dns;

static int setup(void **state)
{
    (void)state;
    dns = dns_server_start();
    struct acr_net_options options = {.hosts_path = "/dev/null", .dns_servers = dns.address};
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

/* The other side: a plain socket of this process. */
struct peer {
    int fd;
    uint16_t port;
    struct sockaddr_in last; /* who sent the last datagram */
};

static struct peer peer_open(void)
{
    struct peer peer = {.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof own;
    assert_int_equal(bind(peer.fd, (struct sockaddr *)&own, size), 0);
    assert_int_equal(getsockname(peer.fd, (struct sockaddr *)&own, &size), 0);
    peer.port = ntohs(own.sin_port);
    return peer;
}

/* The size of the datagram; -1: there is none. On the loopback it is there when send() has returned. */
static ssize_t peer_receive(struct peer *peer, char *bytes, size_t size)
{
    socklen_t address_size = sizeof peer->last;
    return recvfrom(peer->fd, bytes, size, 0, (struct sockaddr *)&peer->last, &address_size);
}

static void peer_answer(const struct peer *peer, const char *bytes, size_t size)
{
    assert_int_equal(sendto(peer->fd, bytes, size, 0, (const struct sockaddr *)&peer->last, sizeof peer->last), size);
}

struct dialling {
    const char *host;
    uint16_t port;
    acr_nanos deadline;
    int code;
    struct acr_stream *stream;
    struct acr_error error;
};

static int dial_on(struct acr_fiber *fiber, struct dialling *dialling)
{
    dialling->code = acr_net_udp_connect(fixture.net, fiber, acr_str_of(dialling->host), dialling->port,
                                         dialling->deadline, &dialling->stream, &dialling->error);
    return dialling->code;
}

static void dial_in_coroutine(struct acr_coroutine *coroutine, void *context)
{
    dial_on(acr_coroutine_fiber(coroutine), context);
}

static struct dialling dial(const char *host, uint16_t port)
{
    struct dialling dialling = {.host = host, .port = port, .deadline = ACR_NEVER, .code = 1};
    net_fixture_start(&fixture, dial_in_coroutine, &dialling);
    net_fixture_run(&fixture);
    return dialling;
}

static struct acr_stream *open_to(const struct peer *peer)
{
    struct dialling dialling = dial("127.0.0.1", peer->port);
    assert_int_equal(dialling.code, 0);
    return dialling.stream;
}

static void count_calls(struct acr_stream *stream)
{
    ++*(unsigned *)stream->context;
}

static void test_each_write_is_a_datagram_and_each_read_gives_one(void **state)
{
    (void)state;
    char bytes[64];
    struct peer peer = peer_open();
    struct acr_stream *stream = open_to(&peer);
    assert_int_equal(acr_stream_write(stream, "one", 3, NULL), 3);
    assert_int_equal(acr_stream_write(stream, "second", 6, NULL), 6);
    assert_int_equal(acr_stream_write(stream, "", 0, NULL), 0);
    assert_int_equal(peer_receive(&peer, bytes, sizeof bytes), 3);
    assert_int_equal(peer_receive(&peer, bytes, sizeof bytes), 6);
    assert_int_equal(peer_receive(&peer, bytes, sizeof bytes), 0);
    peer_answer(&peer, "abc", 3);
    peer_answer(&peer, "", 0);
    peer_answer(&peer, "defg", 4);
    net_fixture_turn(&fixture);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, NULL), 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, NULL), 0);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, NULL), 4);
    assert_memory_equal(bytes, "defg", 4);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, NULL), ACR_ERR_AGAIN);
    acr_stream_close(stream);
    close(peer.fd);
}

static void test_what_arrives_is_announced(void **state)
{
    (void)state;
    char bytes[8];
    unsigned calls = 0;
    struct peer peer = peer_open();
    struct acr_stream *stream = open_to(&peer);
    stream->context = &calls;
    stream->on_ready = count_calls;
    assert_int_equal(acr_stream_write(stream, "x", 1, NULL), 1);
    net_fixture_turn(&fixture);
    assert_int_equal(calls, 0);
    assert_int_equal(peer_receive(&peer, bytes, sizeof bytes), 1);
    peer_answer(&peer, "y", 1);
    net_fixture_turn(&fixture);
    assert_int_equal(calls, 1);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, NULL), 1);
    acr_stream_close(stream);
    close(peer.fd);
}

static void test_only_the_peer_is_heard(void **state)
{
    (void)state;
    char bytes[8];
    struct peer peer = peer_open(), stranger = peer_open();
    struct acr_stream *stream = open_to(&peer);
    assert_int_equal(acr_stream_write(stream, "x", 1, NULL), 1);
    assert_int_equal(peer_receive(&peer, bytes, sizeof bytes), 1);
    stranger.last = peer.last;
    peer_answer(&stranger, "lie", 3);
    peer_answer(&peer, "truth", 5);
    net_fixture_turn(&fixture);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, NULL), 5);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, NULL), ACR_ERR_AGAIN);
    acr_stream_close(stream);
    close(peer.fd);
    close(stranger.fd);
}

static void test_a_port_where_nobody_listens_is_refused_and_may_open_later(void **state)
{
    (void)state;
    char bytes[8];
    unsigned calls = 0;
    struct acr_error error = {0};
    struct peer peer = peer_open();
    struct acr_stream *stream = open_to(&peer);
    stream->context = &calls;
    stream->on_ready = count_calls;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons(peer.port);
    close(peer.fd);
    assert_int_equal(acr_stream_write(stream, "x", 1, NULL), 1);
    net_fixture_turn(&fixture);
    assert_int_equal(calls, 1);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, &error), ACR_ERR_CONNECT_REFUSED);
    assert_int_equal(error.system, ECONNREFUSED);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, NULL), ACR_ERR_AGAIN);
    peer.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(peer.fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(acr_stream_write(stream, "again", 5, NULL), 5);
    assert_int_equal(peer_receive(&peer, bytes, sizeof bytes), 5);
    acr_stream_close(stream);
    close(peer.fd);
}

static void test_a_refusal_that_was_not_read_is_told_by_the_next_write(void **state)
{
    (void)state;
    struct acr_error error = {0};
    struct peer peer = peer_open();
    struct acr_stream *stream = open_to(&peer);
    close(peer.fd);
    assert_int_equal(acr_stream_write(stream, "x", 1, NULL), 1);
    assert_int_equal(acr_stream_write(stream, "x", 1, &error), ACR_ERR_CONNECT_REFUSED);
    assert_non_null(strstr(error.detail, "sending 1 bytes"));
    acr_stream_close(stream);
}

static void test_a_datagram_longer_than_the_room_for_it_is_an_error_and_gone(void **state)
{
    (void)state;
    char bytes[8];
    struct acr_error error = {0};
    struct peer peer = peer_open();
    struct acr_stream *stream = open_to(&peer);
    assert_int_equal(acr_stream_write(stream, "x", 1, NULL), 1);
    assert_int_equal(peer_receive(&peer, bytes, sizeof bytes), 1);
    peer_answer(&peer, "123456789", 9);
    peer_answer(&peer, "12345678", 8);
    net_fixture_turn(&fixture);
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, &error), ACR_ERR_TOO_LARGE);
    assert_string_equal(error.detail, "a datagram of 9 bytes, room for 8");
    assert_int_equal(acr_stream_read(stream, bytes, sizeof bytes, NULL), 8);
    acr_stream_close(stream);
    close(peer.fd);
}

static void test_a_datagram_that_no_network_carries_is_an_error(void **state)
{
    (void)state;
    static char bytes[70000];
    struct acr_error error = {0};
    struct peer peer = peer_open();
    struct acr_stream *stream = open_to(&peer);
    assert_int_equal(acr_stream_write(stream, bytes, sizeof bytes, &error), ACR_ERR_SYSTEM);
    assert_int_equal(error.system, EMSGSIZE);
    assert_non_null(strstr(error.detail, "70000"));
    assert_int_equal(acr_stream_end(stream, &error), ACR_ERR_INVALID);
    acr_stream_close(stream);
    close(peer.fd);
}

static void test_datagrams_come_from_the_local_addresses_in_turn(void **state)
{
    (void)state;
    char bytes[8];
    struct peer peer = peer_open();
    struct net_fixture plain = fixture;
    assert_int_equal(acr_net_open(fixture.loop, NULL, &fixture.net, NULL), 0);
    assert_int_equal(acr_net_connect_from(fixture.net, "127.0.0.2,127.0.0.3", NULL), 0);
    static const uint32_t expected[] = {0x7f000002, 0x7f000003, 0x7f000002};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(expected); i++) {
        struct acr_stream *stream = open_to(&peer);
        assert_int_equal(acr_stream_write(stream, "x", 1, NULL), 1);
        assert_int_equal(peer_receive(&peer, bytes, sizeof bytes), 1);
        assert_int_equal(ntohl(peer.last.sin_addr.s_addr), expected[i]);
        acr_stream_close(stream);
    }
    acr_net_close(fixture.net);
    fixture = plain;
    close(peer.fd);
}

static void test_no_descriptors_left_is_told_apart_from_a_failing_target(void **state)
{
    (void)state;
    struct rlimit limit, none;
    getrlimit(RLIMIT_NOFILE, &limit);
    none = limit;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    struct dialling dialling = dial("127.0.0.1", 53);
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(dialling.code, ACR_ERR_LOCAL_EXHAUSTED);
    assert_int_equal(dialling.error.system, EMFILE);
    assert_non_null(strstr(dialling.error.detail, "127.0.0.1:53"));
    assert_int_equal(acr_net_shortage(fixture.net)->descriptors, 1);
}

static void test_names_are_resolved(void **state)
{
    (void)state;
    char bytes[8];
    struct peer peer = peer_open();
    dns_server_add(&dns, (struct dns_rule){"dns.test", 4, DNS_ADDRESS, "127.0.0.1", 30});
    struct dialling dialling = dial("dns.test", peer.port);
    assert_int_equal(dialling.code, 0);
    assert_int_equal(acr_stream_write(dialling.stream, "x", 1, NULL), 1);
    assert_int_equal(peer_receive(&peer, bytes, sizeof bytes), 1);
    acr_stream_close(dialling.stream);
    dialling = dial("missing.test", peer.port);
    assert_int_equal(dialling.code, ACR_ERR_RESOLVE);
    assert_int_equal(dialling.error.code, ACR_ERR_RESOLVE);
    close(peer.fd);
}

static bool was_asked(void *context)
{
    (void)context;
    return atomic_load(&dns.script->queries) >= 1;
}

static void test_a_silent_name_server_is_a_connect_timeout(void **state)
{
    (void)state;
    dns_server_add(&dns, (struct dns_rule){"silent.test", 4, DNS_SILENCE});
    struct dialling dialling = {.host = "silent.test", .port = 53, .code = 1};
    dialling.deadline = acr_loop_now(fixture.loop) + ACR_NANOS_PER_SECOND;
    net_fixture_start(&fixture, dial_in_coroutine, &dialling);
    net_fixture_run_until(&fixture, was_asked, NULL);
    net_fixture_advance(&fixture, 2 * ACR_NANOS_PER_SECOND);
    net_fixture_run(&fixture);
    assert_int_equal(dialling.code, ACR_ERR_CONNECT_TIMEOUT);
    assert_int_equal(dialling.error.code, ACR_ERR_CONNECT_TIMEOUT);
}

static int resolve_connect_and_close(struct net_fixture *at, struct acr_fiber *fiber, void *context)
{
    struct dialling *dialling = context;
    (void)at;
    net_fixture_advance(&fixture, 400 * ACR_NANOS_PER_SECOND);
    acr_loop_refresh_now(fixture.loop);
    int code = dial_on(fiber, dialling);
    if (code == 0)
        acr_stream_close(dialling->stream);
    return code;
}

static void test_cancelling_a_look_up_leaves_nothing_behind(void **state)
{
    (void)state;
    struct dialling dialling = {.host = "dns.test", .port = 53, .deadline = ACR_NEVER};
    dns_server_add(&dns, (struct dns_rule){"dns.test", 4, DNS_ADDRESS, "127.0.0.1", 30});
    assert_int_equal(net_fixture_cancel_each_wait(&fixture, resolve_connect_and_close, &dialling), 1);
}
