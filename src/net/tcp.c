/* SPDX-License-Identifier: MIT */
/*
 * tcp - a stream over a socket.
 *
 * Descriptors are edge-triggered, so the stream remembers what the events said. One recv() per answer: a short read
 * means drained, unless the peer has hung up; then it is read to the end, because the event for that end has been.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/internal.h"

#define HANG_UP (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

/* One for each connection of each user: small. */
struct tcp {
    struct acr_stream stream;
    struct acr_source source;
    bool readable; /* something may be there */
    bool hung_up;  /* no further event will announce the end */
    bool blocked;  /* on_ready is wanted when there is room to write again */
};

static void on_event(struct acr_source *source, uint32_t events)
{
    struct tcp *tcp = ACR_CONTAINER_OF(source, struct tcp, source);
    bool announce = false;
    if (events & (EPOLLIN | HANG_UP)) {
        tcp->readable = announce = true;
        if (events & HANG_UP)
            tcp->hung_up = true;
    }
    if (tcp->blocked && events & (EPOLLOUT | HANG_UP)) {
        tcp->blocked = false;
        announce = true;
    }
    if (announce && tcp->stream.on_ready != NULL)
        tcp->stream.on_ready(&tcp->stream);
}

static ssize_t failed(int system, const char *doing, struct acr_error *error)
{
    switch (system) {
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
        return acr_error_set_system(error, ACR_ERR_RESET, system, "%s", doing);
    default:
        return acr_error_set_system(error, ACR_ERR_SYSTEM, system, "%s", doing);
    }
}

/*
 * The C library's recv() and send() are points where a thread may be cancelled, which costs each call some 15 ns in a
 * program with threads. Nobody cancels threads here, so the system calls are made directly.
 */
static ssize_t receive_now(int fd, void *buffer, size_t size)
{
    return syscall(SYS_recvfrom, fd, buffer, size, 0, NULL, NULL);
}

static ssize_t send_now(int fd, const void *bytes, size_t size)
{
    return syscall(SYS_sendto, fd, bytes, size, MSG_NOSIGNAL, NULL, 0);
}

static ssize_t tcp_read(struct acr_stream *stream, void *buffer, size_t size, struct acr_error *error)
{
    struct tcp *tcp = (struct tcp *)stream;
    ssize_t got;
    if (!tcp->readable)
        return ACR_ERR_AGAIN;
    do
        got = receive_now(stream->fd, buffer, size);
    while (got < 0 && errno == EINTR);
    if (ACR_LIKELY(got > 0)) {
        tcp->readable = tcp->hung_up || (size_t)got == size;
        return got;
    }
    if (got == 0)
        return ACR_ERR_END;
    if (errno == EAGAIN) {
        tcp->readable = false;
        return ACR_ERR_AGAIN;
    }
    return failed(errno, "reading", error);
}

static ssize_t tcp_write(struct acr_stream *stream, const void *bytes, size_t size, struct acr_error *error)
{
    struct tcp *tcp = (struct tcp *)stream;
    ssize_t sent;
    do
        sent = send_now(stream->fd, bytes, size);
    while (sent < 0 && errno == EINTR);
    if (ACR_LIKELY(sent == (ssize_t)size))
        return sent;
    if (sent < 0 && errno != EAGAIN)
        return failed(errno, "writing", error);
    tcp->blocked = true;
    return sent < 0 ? ACR_ERR_AGAIN : sent;
}

static int tcp_end(struct acr_stream *stream, struct acr_error *error)
{
    return shutdown(stream->fd, SHUT_WR) == 0 ? 0 : (int)failed(errno, "ending", error);
}

static void tcp_close(struct acr_stream *stream)
{
    struct tcp *tcp = (struct tcp *)stream;
    acr_source_remove(&tcp->source);
    close(stream->fd);
    acr_free(tcp);
}

static const struct acr_stream_ops tcp_ops = {tcp_read, tcp_write, tcp_end, tcp_close};

int acr_tcp_open(struct acr_loop *loop, int fd, acr_stream_ready_fn *on_ready, void *context,
                 struct acr_stream **ret_stream)
{
    struct tcp *tcp = acr_alloc_zero(sizeof *tcp);
    tcp->stream = (struct acr_stream){.ops = &tcp_ops, .on_ready = on_ready, .context = context, .fd = fd};
    tcp->blocked = on_ready != NULL;
    int code = acr_source_add(&tcp->source, loop, fd, on_event);
    if (code != 0) {
        acr_free(tcp);
        return code;
    }
    *ret_stream = &tcp->stream;
    return 0;
}
