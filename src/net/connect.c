/* SPDX-License-Identifier: MIT */
/*
 * connect - from a name to a connected stream.
 *
 * The addresses are tried one after the other; when one has neither failed nor answered within the happy-eyeballs
 * delay, the next is tried beside it (RFC 8305 section 5). The first that answers wins, the rest are closed.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "loop/fiber.h"
#include "net/internal.h"

/* On the heap, because events reach it while the fiber waits (fiber.h, rule 1). */
struct connecting {
    struct acr_net *net;
    struct acr_fiber *fiber;
    struct acr_net_addresses addresses;
    uint16_t port;
    size_t next;      /* the address to be tried next */
    size_t in_flight; /* attempts without an end yet */
    bool hurry;       /* the next address need not wait for its turn */
    struct acr_stream *winner;
    size_t winner_index;
    struct acr_stream *attempts[ACR_NET_ADDRESSES_MAX]; /* NULL: not begun, or failed */
    /* The failure to report if all fail. */
    int failure_code;
    int failure_system;
    size_t failure_index;
    int failure_weight; /* 0: none has failed */
};

int acr_net_connect_code(int system)
{
    switch (system) {
    case ECONNREFUSED:
        return ACR_ERR_CONNECT_REFUSED;
    case ETIMEDOUT:
        return ACR_ERR_CONNECT_TIMEOUT;
    case EADDRNOTAVAIL:
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ACR_ERR_LOCAL_EXHAUSTED;
    default:
        return ACR_ERR_CONNECT_FAILED;
    }
}

/* What tells most about the target stands: "unreachable" of one family says less than "refused" of the other. */
static int telling(int code)
{
    switch (code) {
    case ACR_ERR_LOCAL_EXHAUSTED:
        return 5;
    case ACR_ERR_CONNECT_TIMEOUT:
        return 4;
    case ACR_ERR_CONNECT_REFUSED:
        return 3;
    default:
        return 2;
    }
}

static void attempt_failed(struct connecting *connecting, size_t index, int system)
{
    int code = acr_net_connect_code(system);
    int weight = telling(code);
    /* A machine without IPv6 answers so for any IPv6 address, and its ports need not be used up. */
    if (system == EADDRNOTAVAIL && connecting->addresses.list[index].socket.any.sa_family == AF_INET6)
        weight = 1;
    connecting->hurry = true;
    if (weight > connecting->failure_weight) {
        connecting->failure_code = code;
        connecting->failure_system = system;
        connecting->failure_index = index;
        connecting->failure_weight = weight;
    }
    if (weight == telling(ACR_ERR_LOCAL_EXHAUSTED))
        connecting->next = connecting->addresses.count;
}

static size_t index_of(const struct connecting *connecting, const struct acr_stream *stream)
{
    size_t index = 0;
    while (connecting->attempts[index] != stream)
        index++;
    return index;
}

static void on_attempt(struct acr_stream *stream)
{
    struct connecting *connecting = stream->context;
    size_t index = index_of(connecting, stream);
    int system = 0;
    socklen_t size = sizeof system;
    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &system, &size) != 0)
        system = errno;
    stream->on_ready = NULL;
    connecting->in_flight--;
    connecting->attempts[index] = NULL;
    if (system != 0) {
        acr_stream_close(stream);
        attempt_failed(connecting, index, system);
    } else if (connecting->winner == NULL) {
        connecting->winner = stream;
        connecting->winner_index = index;
    } else {
        acr_stream_close(stream);
    }
    acr_fiber_wake(connecting->fiber);
}

/* 0 when under way, else the number of the error. */
static int start_connecting(struct acr_net *net, int fd, const struct acr_net_address *address)
{
    int yes = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    int system = acr_sources_bind(&net->sources, fd, address->socket.any.sa_family);
    if (system == 0 && connect(fd, &address->socket.any, address->size) != 0 && errno != EINPROGRESS)
        system = errno;
    return system;
}

/* As start_connecting. */
static int begin(struct connecting *connecting, size_t index)
{
    struct acr_net_address *address = &connecting->addresses.list[index];
    acr_address_set_port(address, connecting->port);
    int fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0)
        return errno;
    int system = start_connecting(connecting->net, fd, address);
    /* What the kernel lacks to watch one more descriptor is memory. */
    if (system == 0 &&
        acr_tcp_open(connecting->net->loop, fd, on_attempt, connecting, &connecting->attempts[index]) != 0)
        system = ENOMEM;
    if (system != 0)
        close(fd);
    else
        connecting->in_flight++;
    return system;
}

static void try_next(struct connecting *connecting)
{
    size_t index = connecting->next++;
    connecting->hurry = false;
    int system = begin(connecting, index);
    if (system != 0)
        attempt_failed(connecting, index, system);
}

/* 0 with a winner; the code of the failure to report; CANCELLED. */
static int race(struct connecting *connecting, acr_nanos deadline)
{
    struct acr_loop *loop = connecting->net->loop;
    acr_nanos next_turn = 0;
    connecting->hurry = true;
    while (connecting->winner == NULL) {
        acr_nanos now = acr_loop_now(loop);
        bool more = connecting->next < connecting->addresses.count;
        if (more && (connecting->hurry || now >= next_turn)) {
            try_next(connecting);
            next_turn = acr_deadline_after(now, connecting->net->happy_eyeballs_delay);
            continue;
        }
        if (connecting->in_flight == 0)
            return connecting->failure_code;
        int code = acr_fiber_wait_until(connecting->fiber, more && next_turn < deadline ? next_turn : deadline);
        if (code == ACR_ERR_CANCELLED)
            return code;
        if (code == ACR_ERR_TIMED_OUT && connecting->winner == NULL && acr_loop_now(loop) >= deadline) {
            connecting->failure_index = connecting->next - 1;
            return code;
        }
    }
    return 0;
}

void acr_net_count_shortage(struct acr_net *net, int system)
{
    struct acr_net_shortage *shortage = &net->shortage;
    if (system == EADDRNOTAVAIL || system == EAGAIN)
        shortage->ports++;
    else
        shortage->descriptors++;
}

static int explain(const struct connecting *connecting, int code, struct acr_str host, struct acr_error *error)
{
    char where[ACR_ADDRESS_TEXT_MAX];
    struct acr_net_address literal;
    if (code == ACR_ERR_LOCAL_EXHAUSTED)
        acr_net_count_shortage(connecting->net, connecting->failure_system);
    acr_address_format(&connecting->addresses.list[connecting->failure_index], connecting->port, where);
    if (acr_address_parse(host, &literal))
        host.size = 0;
    const char *gap = host.size != 0 ? " at " : "";
    if (code == ACR_ERR_CANCELLED)
        return acr_error_set(error, code, "connecting to %.*s%s%s", ACR_STR_ARGS(host), gap, where);
    if (code == ACR_ERR_TIMED_OUT)
        return acr_error_set(error, ACR_ERR_CONNECT_TIMEOUT, "%.*s%s%s: no answer in time", ACR_STR_ARGS(host), gap,
                             where);
    return acr_error_set_system(error, code, connecting->failure_system, "%.*s%s%s", ACR_STR_ARGS(host), gap, where);
}

static void connecting_free(struct connecting *connecting)
{
    for (size_t i = 0; i < connecting->addresses.count; i++)
        acr_stream_close(connecting->attempts[i]);
    acr_stream_close(connecting->winner);
    acr_free(connecting);
}

int acr_net_connect(struct acr_net *net, struct acr_fiber *fiber, struct acr_str host, uint16_t port,
                    acr_nanos deadline, struct acr_stream **ret_stream, struct acr_error *error)
{
    struct connecting *connecting = acr_alloc_zero(sizeof *connecting);
    connecting->net = net;
    connecting->fiber = fiber;
    connecting->port = port;
    int code = acr_resolver_find(net->resolver, fiber, host, deadline, &connecting->addresses, error);
    if (code == ACR_ERR_TIMED_OUT && error != NULL)
        error->code = ACR_ERR_CONNECT_TIMEOUT;
    if (code != 0) {
        acr_free(connecting);
        return code == ACR_ERR_TIMED_OUT ? ACR_ERR_CONNECT_TIMEOUT : code;
    }
    code = race(connecting, deadline);
    if (code == 0) {
        connecting->winner->context = NULL;
        if (connecting->winner_index != 0)
            acr_resolver_prefer(net->resolver, host, &connecting->addresses.list[connecting->winner_index]);
        *ret_stream = connecting->winner;
        connecting->winner = NULL;
    } else {
        code = explain(connecting, code, host, error);
    }
    connecting_free(connecting);
    return code;
}
