/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"
#include "support/net_fixture.h"
#include "support/servers.h"

static struct net_fixture fixture;

static int setup(void **state)
{
    (void)state;
    net_fixture_open(&fixture, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_fixture_close(&fixture);
    return 0;
}

/* One end of a stream, and what its holder saw. */
struct holder {
    struct acr_stream *stream;
    unsigned calls; /* of on_ready */
    bool reads;     /* on_ready reads until there is no more */
    char got[4096];
    size_t size;
    int code; /* what ended reading, 0: not ended */
    const char *unsent;
    size_t unsent_size;
};

static void read_all(struct holder *holder)
{
    ssize_t got;
    do {
        got = acr_stream_read(holder->stream, holder->got + holder->size, sizeof holder->got - holder->size, NULL);
        if (got > 0)
            holder->size += (size_t)got;
    } while (got > 0 && holder->size < sizeof holder->got);
    if (got < 0 && got != ACR_ERR_AGAIN)
        holder->code = (int)got;
}

static void send_rest(struct holder *holder)
{
    while (holder->unsent_size > 0) {
        ssize_t sent = acr_stream_write(holder->stream, holder->unsent, holder->unsent_size, NULL);
        if (sent <= 0) {
            assert_true(sent == 0 || sent == ACR_ERR_AGAIN);
            return;
        }
        holder->unsent += sent;
        holder->unsent_size -= (size_t)sent;
    }
}

static void on_ready(struct acr_stream *stream)
{
    struct holder *holder = stream->context;
    holder->calls++;
    if (holder->reads)
        read_all(holder);
    if (holder->unsent_size > 0)
        send_rest(holder);
}

static void hold(struct holder *holder, struct acr_stream *stream)
{
    holder->stream = stream;
    stream->context = holder;
    stream->on_ready = on_ready;
    holder->reads = true;
}

/* A stream and the other end of it, a plain socket. */
static int open_pair(struct holder *holder)
{
    int ends[2];
    struct acr_stream *stream;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    assert_int_equal(acr_net_adopt(fixture.net, ends[0], &stream, NULL), 0);
    hold(holder, stream);
    net_fixture_turn(&fixture);
    return ends[1];
}

struct dialling {
    uint16_t port;
    struct holder *holder;
    int code;
};

static void dial(struct acr_coroutine *coroutine, void *context)
{
    struct dialling *dialling = context;
    struct acr_stream *stream;
    dialling->code = acr_net_connect(fixture.net, acr_coroutine_fiber(coroutine), ACR_STR("127.0.0.1"), dialling->port,
                                     ACR_NEVER, &stream, NULL);
    if (dialling->code == 0)
        hold(dialling->holder, stream);
}

static void connect_to(uint16_t port, struct holder *holder)
{
    struct dialling dialling = {port, holder, 1};
    net_fixture_start(&fixture, dial, &dialling);
    net_fixture_run(&fixture);
    assert_int_equal(dialling.code, 0);
    read_all(holder);
}

static bool has_ended(void *context)
{
    return ((struct holder *)context)->code != 0;
}

static void test_a_short_read_is_not_followed_by_another_system_call(void **state)
{
    (void)state;
    struct holder holder = {0};
    char bytes[64];
    int peer = open_pair(&holder);
    holder.reads = false;
    assert_int_equal(write(peer, "hello", 5), 5);
    net_fixture_turn(&fixture);
    assert_int_equal(acr_stream_read(holder.stream, bytes, sizeof bytes, NULL), 5);
    /* It would be seen if the stream looked; it is to wait for the event. */
    assert_int_equal(write(peer, "again", 5), 5);
    assert_int_equal(acr_stream_read(holder.stream, bytes, sizeof bytes, NULL), ACR_ERR_AGAIN);
    net_fixture_turn(&fixture);
    assert_int_equal(acr_stream_read(holder.stream, bytes, sizeof bytes, NULL), 5);
    acr_stream_close(holder.stream);
    close(peer);
}

static void test_a_read_that_filled_the_buffer_is_followed_by_another(void **state)
{
    (void)state;
    struct holder holder = {0};
    char bytes[4];
    int peer = open_pair(&holder);
    holder.reads = false;
    assert_int_equal(write(peer, "12345678", 8), 8);
    net_fixture_turn(&fixture);
    assert_int_equal(acr_stream_read(holder.stream, bytes, 4, NULL), 4);
    assert_int_equal(acr_stream_read(holder.stream, bytes, 4, NULL), 4);
    assert_int_equal(acr_stream_read(holder.stream, bytes, 4, NULL), ACR_ERR_AGAIN);
    acr_stream_close(holder.stream);
    close(peer);
}

static void test_an_end_that_came_with_data_is_seen(void **state)
{
    (void)state;
    struct holder holder = {0};
    int peer = open_pair(&holder);
    assert_int_equal(write(peer, "last words", 10), 10);
    close(peer);
    net_fixture_turn(&fixture);
    assert_int_equal(holder.size, 10);
    assert_int_equal(holder.code, ACR_ERR_END);
    assert_int_equal(acr_stream_read(holder.stream, holder.got, 1, NULL), ACR_ERR_END);
    acr_stream_close(holder.stream);
}

static void test_an_end_that_came_with_data_is_seen_over_tcp(void **state)
{
    (void)state;
    struct holder holder = {0};
    struct server server = server_start("127.0.0.1", serve_text, "goodbye");
    connect_to(server.port, &holder);
    net_fixture_run_until(&fixture, has_ended, &holder);
    assert_int_equal(holder.code, ACR_ERR_END);
    assert_memory_equal(holder.got, "goodbye", 7);
    assert_int_equal(holder.size, 7);
    acr_stream_close(holder.stream);
    server_stop(&server);
}

static void test_bytes_that_drip_in_all_arrive(void **state)
{
    (void)state;
    struct holder holder = {0};
    struct server server = server_start("127.0.0.1", serve_drip, "drip by drip");
    connect_to(server.port, &holder);
    net_fixture_run_until(&fixture, has_ended, &holder);
    assert_int_equal(holder.code, ACR_ERR_END);
    assert_int_equal(holder.size, 12);
    assert_memory_equal(holder.got, "drip by drip", 12);
    acr_stream_close(holder.stream);
    server_stop(&server);
}

static void test_a_server_that_closes_at_once_gives_an_end(void **state)
{
    (void)state;
    struct holder holder = {0};
    struct server server = server_start("127.0.0.1", serve_close, NULL);
    connect_to(server.port, &holder);
    net_fixture_run_until(&fixture, has_ended, &holder);
    assert_int_equal(holder.code, ACR_ERR_END);
    acr_stream_close(holder.stream);
    server_stop(&server);
}

static void test_a_reset_is_told_apart_from_an_end(void **state)
{
    (void)state;
    struct holder holder = {0};
    struct acr_error error = {0};
    struct server server = server_start("127.0.0.1", serve_reset, NULL);
    connect_to(server.port, &holder);
    assert_int_equal(acr_stream_write(holder.stream, "x", 1, NULL), 1);
    net_fixture_run_until(&fixture, has_ended, &holder);
    assert_int_equal(holder.code, ACR_ERR_RESET);
    assert_int_equal(acr_stream_write(holder.stream, "x", 1, &error), ACR_ERR_RESET);
    assert_non_null(strstr(error.detail, "writing"));
    acr_stream_close(holder.stream);
    server_stop(&server);
}

static void test_writing_to_a_peer_that_has_gone_raises_no_signal(void **state)
{
    (void)state;
    struct holder holder = {0};
    struct acr_error error = {0};
    int peer = open_pair(&holder);
    close(peer);
    assert_int_equal(acr_stream_write(holder.stream, "x", 1, &error), ACR_ERR_RESET);
    assert_int_equal(error.system, EPIPE);
    acr_stream_close(holder.stream);
}

static bool all_sent(void *context)
{
    return ((struct holder *)context)->unsent_size == 0;
}

static void test_what_does_not_fit_is_sent_when_there_is_room(void **state)
{
    (void)state;
    struct holder holder = {0};
    enum { SIZE = 1 << 20 };
    char *bytes = acr_alloc_zero(SIZE);
    struct server server = server_start("127.0.0.1", serve_count, NULL);
    connect_to(server.port, &holder);
    int small = 4096;
    setsockopt(holder.stream->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    holder.unsent = bytes;
    holder.unsent_size = SIZE;
    send_rest(&holder);
    assert_true(holder.unsent_size > 0);
    net_fixture_run_until(&fixture, all_sent, &holder);
    shutdown(holder.stream->fd, SHUT_WR);
    net_fixture_run_until(&fixture, has_ended, &holder);
    uint64_t counted = 0;
    assert_int_equal(acr_str_parse_u64((struct acr_str){holder.got, holder.size}, &counted), 0);
    assert_int_equal(counted, SIZE - 1);
    acr_stream_close(holder.stream);
    acr_free(bytes);
    server_stop(&server);
}

static void test_an_end_of_writing_leaves_reading_as_it_was(void **state)
{
    (void)state;
    struct holder holder = {0};
    struct server server = server_start("127.0.0.1", serve_count, NULL);
    connect_to(server.port, &holder);
    assert_int_equal(acr_stream_write(holder.stream, "12345678", 8, NULL), 8);
    assert_int_equal(acr_stream_end(holder.stream, NULL), 0);
    net_fixture_run_until(&fixture, has_ended, &holder);
    assert_int_equal(holder.code, ACR_ERR_END);
    assert_memory_equal(holder.got, "7", 1);
    assert_int_equal(acr_stream_write(holder.stream, "x", 1, NULL), ACR_ERR_RESET);
    acr_stream_close(holder.stream);
    server_stop(&server);
}

static void test_room_to_write_is_announced_only_to_who_waits_for_it(void **state)
{
    (void)state;
    struct holder holder = {0};
    static char bytes[1 << 20];
    int peer = open_pair(&holder);
    unsigned calls = holder.calls;
    assert_int_equal(calls, 0);
    assert_int_equal(acr_stream_write(holder.stream, "x", 1, NULL), 1);
    assert_int_equal(read(peer, bytes, sizeof bytes), 1);
    net_fixture_turn(&fixture);
    assert_int_equal(holder.calls, 0);
    ssize_t sent;
    while ((sent = acr_stream_write(holder.stream, bytes, sizeof bytes, NULL)) > 0)
        ;
    assert_int_equal(sent, ACR_ERR_AGAIN);
    net_fixture_turn(&fixture);
    assert_int_equal(holder.calls, 0);
    while (read(peer, bytes, sizeof bytes) > 0)
        ;
    net_fixture_turn(&fixture);
    assert_int_equal(holder.calls, 1);
    acr_stream_close(holder.stream);
    close(peer);
}

static void close_it(struct acr_stream *stream)
{
    struct holder *holder = stream->context;
    holder->calls++;
    acr_stream_close(stream);
}

static void test_on_ready_may_close_the_stream(void **state)
{
    (void)state;
    struct holder holder = {0};
    int peer = open_pair(&holder);
    holder.stream->on_ready = close_it;
    assert_int_equal(write(peer, "x", 1), 1);
    net_fixture_turn(&fixture);
    assert_int_equal(holder.calls, 1);
    close(peer);
}

static void test_what_came_before_on_ready_was_set_is_there_to_be_read(void **state)
{
    (void)state;
    struct holder holder = {0};
    int peer = open_pair(&holder);
    holder.stream->on_ready = NULL;
    assert_int_equal(write(peer, "early", 5), 5);
    net_fixture_turn(&fixture);
    read_all(&holder);
    assert_int_equal(holder.size, 5);
    acr_stream_close(holder.stream);
    close(peer);
}
