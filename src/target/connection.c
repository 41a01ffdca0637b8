/* SPDX-License-Identifier: MIT */
/* connection - receiving and sending, and what is to be done when either cannot go on. */
#include "target/connection.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "target/internal.h"
#include "target/serve.h"
#include "target/text.h"
#include "target/tls.h"

/* Buffers above this are not kept for the next use. */
#define KEEP_MAX (size_t)(16 * 1024)
/* Answers to pipelined requests leave once they add up to this. */
#define BATCH_MAX (size_t)(64 * 1024)
/* Reads, or pieces of a flow, before the other connections get their turn. */
#define ROUNDS_PER_TURN 16
/* How long a connection that lingers is read from. */
#define LINGER (2 * ACR_NANOS_PER_SECOND)

/* > 0: bytes read; ACR_ERR_AGAIN; ACR_ERR_END for an end of any kind. */
static ssize_t read_some(struct acr_target_connection *connection, void *buffer, size_t size)
{
    if (ACR_UNLIKELY(connection->tls != NULL))
        return acr_target_tls_read(connection->tls, buffer, size);
    for (;;) {
        ssize_t count = recv(connection->source.fd, buffer, size, MSG_DONTWAIT);
        if (count > 0)
            return count;
        if (count == 0 || (errno != EAGAIN && errno != EINTR))
            return ACR_ERR_END;
        if (errno == EAGAIN)
            return ACR_ERR_AGAIN;
    }
}

static ssize_t write_tls(struct acr_target_connection *connection, const char *data, size_t size)
{
    size_t sent = 0;
    while (sent < size) {
        ssize_t count = acr_target_tls_write(connection->tls, data + sent, size - sent);
        if (count == ACR_ERR_AGAIN)
            break;
        if (count < 0)
            return ACR_ERR_END;
        sent += (size_t)count;
    }
    return (ssize_t)sent;
}

/* >= 0: bytes taken, fewer than size when the socket is full; ACR_ERR_END when the client is gone. */
static ssize_t write_some(struct acr_target_connection *connection, const char *data, size_t size)
{
    size_t sent = 0;
    if (ACR_UNLIKELY(connection->tls != NULL))
        return write_tls(connection, data, size);
    while (sent < size) {
        ssize_t count = send(connection->source.fd, data + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0)
            sent += (size_t)count;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            return ACR_ERR_END;
    }
    return (ssize_t)sent;
}

static void trim(struct acr_buffer *buffer)
{
    if (buffer->capacity > KEEP_MAX)
        acr_buffer_done(buffer);
    else
        acr_buffer_reset(buffer);
}

static void close_now(struct acr_target_connection *connection)
{
    struct acr_target *target = connection->target;
    int fd = connection->source.fd;
    acr_source_remove(&connection->source);
    acr_timer_disarm(&connection->timer);
    acr_target_tls_free(connection->tls);
    connection->tls = NULL;
    close(fd);
    trim(&connection->in);
    trim(&connection->out);
    trim(&connection->kept);
    acr_list_remove(&connection->link);
    acr_list_append(&target->spare, &connection->link);
    acr_target_counts_lock(&target->counts);
    target->counts.connections_open--;
    acr_target_counts_unlock(&target->counts);
}

/* The last thing every callback does. */
static void settle(struct acr_target_connection *connection)
{
    if (connection->phase == ACR_TARGET_CLOSED)
        close_now(connection);
}

static void go_on_after(struct acr_target_connection *connection, acr_nanos pause)
{
    acr_timer_arm(&connection->timer, acr_deadline_after(acr_loop_now(connection->target->loop), pause));
}

void acr_target_connection_abandon(struct acr_target_connection *connection, bool reset)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (reset)
        setsockopt(connection->source.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    connection->phase = ACR_TARGET_CLOSED;
}

/* Sends the first `size` bytes of target->out; what the socket does not take becomes the connection's own. */
static void send_front(struct acr_target_connection *connection, size_t size)
{
    struct acr_buffer *out = &connection->target->out;
    if (size == 0)
        return;
    ssize_t sent = write_some(connection, out->data, size);
    if (sent < 0) {
        connection->phase = ACR_TARGET_CLOSED;
    } else if ((size_t)sent < size) {
        acr_text_put(&connection->out, (struct acr_str){out->data + sent, size - (size_t)sent});
        connection->out_allowed = connection->out.size;
        connection->phase = ACR_TARGET_BUSY;
    }
}

void acr_target_connection_send(struct acr_target_connection *connection)
{
    struct acr_buffer *out = &connection->target->out;
    if (connection->phase != ACR_TARGET_CLOSED)
        send_front(connection, out->size);
    acr_buffer_reset(out);
}

void acr_target_connection_set_aside(struct acr_target_connection *connection, size_t start,
                                     const struct acr_target_exchange *exchange)
{
    struct acr_buffer *out = &connection->target->out;
    send_front(connection, start);
    if (connection->phase != ACR_TARGET_CLOSED) {
        connection->phase = ACR_TARGET_BUSY;
        acr_text_put(&connection->out, (struct acr_str){out->data + start, out->size - start});
        connection->flow = exchange->flow;
        connection->ending = exchange->ending;
        connection->held = exchange->delay > 0;
        if (connection->held)
            go_on_after(connection, exchange->delay);
        else
            connection->out_allowed = connection->out.size;
    }
    acr_buffer_reset(out);
}

static void begin_silence(struct acr_target_connection *connection)
{
    connection->phase = connection->hung_up ? ACR_TARGET_CLOSED : ACR_TARGET_SILENT;
}

/* Throws away what a client sends that has its answer. */
static void drain(struct acr_target_connection *connection)
{
    for (int round = 0; round < ROUNDS_PER_TURN; round++) {
        ssize_t size = read_some(connection, connection->target->read, ACR_TARGET_READ_SIZE);
        if (size == ACR_ERR_AGAIN)
            return;
        if (size < 0)
            break;
    }
    connection->phase = ACR_TARGET_CLOSED;
}

static void end_connection(struct acr_target_connection *connection)
{
    if (connection->tls != NULL)
        acr_target_tls_end(connection->tls);
    if (!connection->lingers) {
        connection->phase = ACR_TARGET_CLOSED;
        return;
    }
    shutdown(connection->source.fd, SHUT_WR);
    connection->phase = ACR_TARGET_SILENT;
    connection->draining = true;
    go_on_after(connection, LINGER);
    drain(connection);
}

static void answer_is_sent(struct acr_target_connection *connection)
{
    enum acr_target_ending ending = connection->ending;
    connection->ending = ACR_TARGET_KEEP;
    if (ending == ACR_TARGET_KEEP)
        connection->phase = ACR_TARGET_READING;
    else if (ending == ACR_TARGET_SILENCE)
        begin_silence(connection);
    else
        end_connection(connection);
}

/* Sends what may be sent of connection->out. True when all of out is through. */
static bool send_out(struct acr_target_connection *connection)
{
    struct acr_buffer *out = &connection->out;
    size_t size = connection->out_allowed - connection->out_sent;
    ssize_t sent = size > 0 ? write_some(connection, out->data + connection->out_sent, size) : 0;
    if (sent < 0) {
        connection->phase = ACR_TARGET_CLOSED;
        return false;
    }
    connection->out_sent += (size_t)sent;
    if (connection->out_sent < out->size)
        return false;
    connection->out_sent = connection->out_allowed = 0;
    acr_buffer_reset(out);
    if (out->capacity > KEEP_MAX && connection->flow.fn == NULL)
        acr_buffer_done(out);
    return true;
}

/* Brings a busy connection's answer as far as the socket allows. */
static void push(struct acr_target_connection *connection)
{
    struct acr_target_flow *flow = &connection->flow;
    for (int round = 0; send_out(connection); round++) {
        if (connection->held)
            return;
        if (flow->fn == NULL) {
            answer_is_sent(connection);
            return;
        }
        if (round == ROUNDS_PER_TURN) {
            go_on_after(connection, 0);
            return;
        }
        if (!flow->fn(flow, &connection->out)) {
            flow->fn = NULL;
        } else if (flow->pause > 0) {
            connection->held = true;
            go_on_after(connection, flow->pause);
        }
        connection->out_allowed = connection->out.size;
        if (connection->flow_counted)
            acr_target_serve_flowed(connection, connection->out.size);
    }
}

static void keep_rest(struct acr_target_connection *connection, bool stored, const char *data, size_t size, size_t used)
{
    struct acr_buffer *in = &connection->in;
    if (!stored && used < size)
        acr_text_put(in, (struct acr_str){data + used, size - used});
    else if (stored && used < size)
        acr_buffer_drop_front(in, used);
    else
        trim(in);
}

/* Serves the input; the rest is kept. With stored input, `data` continues it. */
static void feed(struct acr_target_connection *connection, const char *data, size_t size)
{
    struct acr_target *target = connection->target;
    bool stored = connection->in.size > 0;
    if (stored) {
        acr_text_put(&connection->in, (struct acr_str){data, size});
        /* Stored input that is being continued is an incomplete head, and stays one without a further line end. */
        if (size > 0 && memchr(data, '\n', size) == NULL && connection->in.size < ACR_TARGET_HEAD_MAX)
            return;
        data = connection->in.data;
        size = connection->in.size;
    }
    size_t used = 0, step = 1;
    while (step > 0 && used < size && connection->phase == ACR_TARGET_READING) {
        step = acr_target_serve(connection, data + used, size - used);
        used += step;
        if (target->out.size >= BATCH_MAX)
            acr_target_connection_send(connection);
        if (connection->phase == ACR_TARGET_BUSY)
            push(connection);
    }
    acr_target_connection_send(connection);
    keep_rest(connection, stored, data, size, used);
}

static void receive(struct acr_target_connection *connection)
{
    char *buffer = connection->target->read;
    ssize_t size = 0;
    for (int round = 0; connection->phase == ACR_TARGET_READING; round++) {
        if (round == ROUNDS_PER_TURN) {
            go_on_after(connection, 0);
            break;
        }
        size = read_some(connection, buffer, ACR_TARGET_READ_SIZE);
        if (size < 0) {
            connection->unread = false;
            if (size == ACR_ERR_END)
                connection->phase = ACR_TARGET_CLOSED;
            return;
        }
        feed(connection, buffer, (size_t)size);
        /* A short read has drained the socket, unless an end of stream is behind it; TLS hands out one record each. */
        connection->unread = size == ACR_TARGET_READ_SIZE || connection->hung_up || connection->tls != NULL;
        if (!connection->unread)
            return;
    }
}

/* After an answer that took its time: what came meanwhile. */
static void resume(struct acr_target_connection *connection)
{
    if (connection->phase == ACR_TARGET_READING && connection->in.size > 0)
        feed(connection, "", 0);
    if (connection->phase == ACR_TARGET_READING && connection->unread)
        receive(connection);
}

static void on_event(struct acr_source *source, uint32_t events)
{
    struct acr_target_connection *connection = ACR_CONTAINER_OF(source, struct acr_target_connection, source);
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        connection->hung_up = true;
    switch (connection->phase) {
    case ACR_TARGET_READING:
        receive(connection);
        break;
    case ACR_TARGET_BUSY:
        connection->unread = true;
        if (events & (EPOLLHUP | EPOLLERR))
            connection->phase = ACR_TARGET_CLOSED;
        else if ((events & EPOLLOUT) || connection->tls != NULL)
            push(connection);
        resume(connection);
        break;
    case ACR_TARGET_SILENT:
        if (connection->draining)
            drain(connection);
        else if (connection->hung_up)
            connection->phase = ACR_TARGET_CLOSED;
        break;
    case ACR_TARGET_CLOSED:
        break;
    }
    settle(connection);
}

static void on_timer(struct acr_timer *timer)
{
    struct acr_target_connection *connection = ACR_CONTAINER_OF(timer, struct acr_target_connection, timer);
    if (connection->draining) {
        connection->phase = ACR_TARGET_CLOSED;
    } else if (connection->phase == ACR_TARGET_BUSY) {
        if (connection->held) {
            connection->held = false;
            acr_target_serve_held(connection);
        }
        connection->out_allowed = connection->out.size;
        push(connection);
    }
    resume(connection);
    settle(connection);
}

/* A zeroed connection, with the empty buffers of a closed one where there is one. */
static struct acr_target_connection *take_memory(struct acr_target *target)
{
    struct acr_list *link = acr_list_take_first(&target->spare);
    if (link == NULL)
        return acr_alloc_zero(sizeof(struct acr_target_connection));
    struct acr_target_connection *connection = ACR_LIST_ENTRY(link, struct acr_target_connection, link);
    struct acr_buffer in = connection->in, out = connection->out, kept = connection->kept;
    *connection = (struct acr_target_connection){.in = in, .out = out, .kept = kept};
    return connection;
}

static void free_memory(struct acr_target_connection *connection)
{
    acr_buffer_done(&connection->in);
    acr_buffer_done(&connection->out);
    acr_buffer_done(&connection->kept);
    acr_free(connection);
}

int acr_target_connection_open(struct acr_target *target, int fd)
{
    struct acr_target_connection *connection = take_memory(target);
    connection->target = target;
    connection->id = atomic_fetch_add(&target->shared->connections, 1) + 1;
    acr_timer_init(&connection->timer, target->loop, on_timer);
    acr_list_init(&connection->link);
    int error = 0;
    if (target->shared->tls != NULL && (connection->tls = acr_target_tls_accept(target->shared->tls, fd)) == NULL)
        error = ACR_ERR_SYSTEM;
    if (error == 0)
        error = acr_source_add(&connection->source, target->loop, fd, on_event);
    if (error != 0) {
        acr_target_tls_free(connection->tls);
        free_memory(connection);
        close(fd);
        return error;
    }
    acr_list_append(&target->connections, &connection->link);
    acr_target_counts_lock(&target->counts);
    target->counts.connections_accepted++;
    target->counts.connections_open++;
    acr_target_counts_unlock(&target->counts);
    return 0;
}

void acr_target_connections_done(struct acr_target *target)
{
    while (!acr_list_empty(&target->connections))
        close_now(ACR_LIST_ENTRY(target->connections.next, struct acr_target_connection, link));
    struct acr_list *link;
    while ((link = acr_list_take_first(&target->spare)) != NULL)
        free_memory(ACR_LIST_ENTRY(link, struct acr_target_connection, link));
}
