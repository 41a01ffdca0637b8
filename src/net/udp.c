/* SPDX-License-Identifier: MIT */
/*
 * udp - a stream of datagrams over a connected socket.
 *
 * The kernel tells a connected socket of the ICMP messages that its datagrams caused: one call then fails with
 * ECONNREFUSED, and the next works again.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/internal.h"

struct udp {
    struct acr_stream stream;
    struct acr_source source;
    bool readable; /* something may be there: a datagram, or the failure of one */
    bool blocked;  /* on_ready is wanted when there is room to write again */
};

static void on_event(struct acr_source *source, uint32_t events)
{
    struct udp *udp = ACR_CONTAINER_OF(source, struct udp, source);
    bool announce = false;
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        udp->readable = announce = true;
    if (udp->blocked && events & EPOLLOUT) {
        udp->blocked = false;
        announce = true;
    }
    if (announce && udp->stream.on_ready != NULL)
        udp->stream.on_ready(&udp->stream);
}

static int code_of(int system)
{
    switch (system) {
    case ECONNREFUSED:
        return ACR_ERR_CONNECT_REFUSED;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
        return ACR_ERR_CONNECT_FAILED;
    case ENOBUFS:
        return ACR_ERR_LOCAL_EXHAUSTED;
    default:
        return ACR_ERR_SYSTEM;
    }
}

static ssize_t udp_read(struct acr_stream *stream, void *buffer, size_t size, struct acr_error *error)
{
    struct udp *udp = (struct udp *)stream;
    if (!udp->readable)
        return ACR_ERR_AGAIN;
    ssize_t got;
    do
        got = recv(stream->fd, buffer, size, MSG_TRUNC);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) {
        udp->readable = false;
        return ACR_ERR_AGAIN;
    }
    if (got < 0)
        return acr_error_set_system(error, code_of(errno), errno, "receiving");
    if ((size_t)got > size)
        return acr_error_set(error, ACR_ERR_TOO_LARGE, "a datagram of %zd bytes, room for %zu", got, size);
    return got;
}

static ssize_t udp_write(struct acr_stream *stream, const void *bytes, size_t size, struct acr_error *error)
{
    struct udp *udp = (struct udp *)stream;
    ssize_t sent;
    do
        sent = send(stream->fd, bytes, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    if (errno != EAGAIN)
        return acr_error_set_system(error, code_of(errno), errno, "sending %zu bytes", size);
    udp->blocked = true;
    return ACR_ERR_AGAIN;
}

static int udp_end(struct acr_stream *stream, struct acr_error *error)
{
    (void)stream;
    return acr_error_set(error, ACR_ERR_INVALID, "datagrams have no end");
}

static void udp_close(struct acr_stream *stream)
{
    struct udp *udp = (struct udp *)stream;
    acr_source_remove(&udp->source);
    close(stream->fd);
    acr_free(udp);
}

static const struct acr_stream_ops udp_ops = {udp_read, udp_write, udp_end, udp_close};

/* 0, or the number of the error. Nothing is sent by it. */
static int connect_socket(struct acr_net *net, int fd, const struct acr_net_address *address)
{
    int system = acr_sources_bind(&net->sources, fd, address->socket.any.sa_family);
    if (system == 0 && connect(fd, &address->socket.any, address->size) != 0)
        system = errno;
    return system;
}

/* As connect_socket. */
static int open_to(struct acr_net *net, const struct acr_net_address *address, struct udp *udp)
{
    int fd = socket(address->socket.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
    if (fd < 0)
        return errno;
    int system = connect_socket(net, fd, address);
    if (system == 0 && acr_source_add(&udp->source, net->loop, fd, on_event) != 0)
        system = ENOMEM;
    if (system != 0) {
        close(fd);
        return system;
    }
    udp->stream = (struct acr_stream){.ops = &udp_ops, .fd = fd};
    return 0;
}

/* A machine without a route for one family may have one for the other. */
static int open_any(struct acr_net *net, struct acr_net_addresses *addresses, uint16_t port, struct udp *udp,
                    struct acr_error *error)
{
    int system = 0;
    for (size_t i = 0; i < addresses->count; i++) {
        acr_address_set_port(&addresses->list[i], port);
        system = open_to(net, &addresses->list[i], udp);
        if (system == 0)
            return 0;
    }
    char where[ACR_ADDRESS_TEXT_MAX];
    acr_address_format(&addresses->list[addresses->count - 1], port, where);
    int code = acr_net_connect_code(system);
    if (code == ACR_ERR_LOCAL_EXHAUSTED)
        acr_net_count_shortage(net, system);
    return acr_error_set_system(error, code, system, "%s", where);
}

int acr_net_udp_connect(struct acr_net *net, struct acr_fiber *fiber, struct acr_str host, uint16_t port,
                        acr_nanos deadline, struct acr_stream **ret_stream, struct acr_error *error)
{
    struct acr_net_addresses addresses;
    int code = acr_resolver_find(net->resolver, fiber, host, deadline, &addresses, error);
    if (code == ACR_ERR_TIMED_OUT && error != NULL)
        error->code = ACR_ERR_CONNECT_TIMEOUT;
    if (code != 0)
        return code == ACR_ERR_TIMED_OUT ? ACR_ERR_CONNECT_TIMEOUT : code;
    struct udp *udp = acr_alloc_zero(sizeof *udp);
    code = open_any(net, &addresses, port, udp, error);
    if (code != 0) {
        acr_free(udp);
        return code;
    }
    *ret_stream = &udp->stream;
    return 0;
}
