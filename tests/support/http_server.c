/* SPDX-License-Identifier: MIT */
/* http_server - see the header. */
#include "support/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/servers_internal.h"

#define HEAD_MAX (256 * 1024)
#define LOGGED_BODY_MAX 65536

struct play {
    const struct http_script *script;
    struct http_seen *seen;
};

struct client {
    int fd;
    struct http_seen *seen;
    size_t size;      /* bytes in `in` */
    size_t body_left; /* of the request whose head was read */
    char head[HEAD_MAX];
    char in[HEAD_MAX];
};

static void log_bytes(struct http_seen *seen, const char *bytes, size_t size)
{
    size_t at = atomic_load(&seen->log_size);
    if (size > HTTP_LOG_MAX - 1 - at)
        size = HTTP_LOG_MAX - 1 - at;
    memcpy(seen->log + at, bytes, size);
    atomic_store(&seen->log_size, at + size);
}

/* The value of a header as text in `out`; false when there is none. */
static bool find_header(const char *head, const char *name, char *out, size_t out_size)
{
    size_t size = strlen(name);
    for (const char *line = strchr(head, '\n'); line != NULL; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, size) != 0 || line[size] != ':')
            continue;
        const char *value = line + size + 1 + strspn(line + size + 1, " ");
        snprintf(out, out_size, "%.*s", (int)strcspn(value, "\r\n"), value);
        return true;
    }
    return false;
}

static bool receive_more(struct client *client)
{
    ssize_t got = recv(client->fd, client->in + client->size, sizeof client->in - 1 - client->size, 0);
    if (got <= 0)
        return false;
    client->size += (size_t)got;
    return true;
}

static void drop_front(struct client *client, size_t size)
{
    memmove(client->in, client->in + size, client->size - size);
    client->size -= size;
}

static bool read_head(struct client *client)
{
    char *end;
    while (client->in[client->size] = '\0', (end = strstr(client->in, "\r\n\r\n")) == NULL)
        if (!receive_more(client))
            return false;
    size_t size = (size_t)(end - client->in) + 4;
    memcpy(client->head, client->in, size);
    client->head[size] = '\0';
    log_bytes(client->seen, client->head, size);
    drop_front(client, size);
    char length[32] = "0";
    find_header(client->head, "Content-Length", length, sizeof length);
    client->body_left = strtoull(length, NULL, 10);
    return true;
}

static bool read_body(struct client *client)
{
    size_t logged = 0;
    while (client->body_left > 0) {
        if (client->size == 0 && !receive_more(client))
            return false;
        size_t size = client->size < client->body_left ? client->size : client->body_left;
        if (logged < LOGGED_BODY_MAX)
            log_bytes(client->seen, client->in, size);
        logged += size;
        atomic_fetch_add(&client->seen->bodies, (unsigned)size);
        client->body_left -= size;
        drop_front(client, size);
    }
    atomic_fetch_add(&client->seen->requests, 1);
    return true;
}

static bool send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool send_answer(int fd, const char *text)
{
    char head[128];
    int size = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(text));
    char *all = malloc((size_t)size + strlen(text));
    memcpy(all, head, (size_t)size);
    memcpy(all + size, text, strlen(text));
    bool good = send_all(fd, all, (size_t)size + strlen(text));
    free(all);
    return good;
}

static bool send_bytes(int fd, const struct http_step *step)
{
    return step->size == SIZE_MAX ? send_answer(fd, step->bytes) : send_all(fd, step->bytes, step->size);
}

static bool drip(int fd, const struct http_step *step)
{
    for (size_t i = 0; i < step->size; i++) {
        if (!send_all(fd, step->bytes + i, 1))
            return false;
        /* Not for time to pass but for the reader to get its turn. */
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    }
    return true;
}

static bool repeat(int fd, const struct http_step *step)
{
    size_t per_block = step->size < 65536 ? 65536 / step->size : 1;
    char *block = malloc(per_block * step->size);
    for (size_t i = 0; i < per_block; i++)
        memcpy(block + i * step->size, step->bytes, step->size);
    unsigned long long left = step->count;
    bool good = true;
    while (good && left > 0) {
        size_t count = left < per_block ? (size_t)left : per_block;
        good = send_all(fd, block, count * step->size);
        left -= count;
    }
    free(block);
    return good;
}

static bool echo(struct client *client)
{
    char token[256];
    if (!find_header(client->head, "X-Token", token, sizeof token))
        snprintf(token, sizeof token, "%.*s", (int)strcspn(client->head, "\r\n"), client->head);
    return send_answer(client->fd, token);
}

static bool wait_at_gate(struct http_seen *seen)
{
    atomic_fetch_add(&seen->gates, 1);
    return sem_wait(&seen->gate) == 0;
}

static bool cork(int fd, int on)
{
    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
    return true;
}

static bool stall(int fd)
{
    struct pollfd gone = {.fd = fd, .events = POLLRDHUP};
    poll(&gone, 1, -1);
    return false;
}

static bool play_step(struct client *client, const struct http_step *step)
{
    switch (step->kind) {
    case HTTP_READ:
        return read_head(client) && read_body(client);
    case HTTP_READ_HEAD:
        return read_head(client);
    case HTTP_READ_BODY:
        return read_body(client);
    case HTTP_SEND:
        return send_bytes(client->fd, step);
    case HTTP_DRIP:
        return drip(client->fd, step);
    case HTTP_REPEAT:
        return repeat(client->fd, step);
    case HTTP_ECHO:
        return echo(client);
    case HTTP_GATE:
        return wait_at_gate(client->seen);
    case HTTP_END:
        return shutdown(client->fd, SHUT_WR) == 0;
    case HTTP_CORK:
        return cork(client->fd, 1);
    case HTTP_UNCORK:
        return cork(client->fd, 0);
    case HTTP_RESET:
        server_reset(client->fd);
        return false;
    case HTTP_STALL:
        return stall(client->fd);
    default:
        return false;
    }
}

static const struct http_step *row_of(const struct http_script *script, unsigned number)
{
    unsigned row = 0;
    while (row < number && row + 1 < HTTP_ROWS_MAX && script->rows[row + 1][0].kind != HTTP_DONE)
        row++;
    return script->rows[row];
}

static void serve_script(int fd, const void *context)
{
    const struct play *play = context;
    struct client *client = calloc(1, sizeof *client);
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    client->fd = fd;
    client->seen = play->seen;
    const struct http_step *row = row_of(play->script, atomic_fetch_add(&play->seen->connections, 1));
    const struct http_step *step = row;
    while (step->kind == HTTP_AGAIN || play_step(client, step))
        step = step->kind == HTTP_AGAIN ? row : step + 1;
    free(client);
    if (step->kind != HTTP_RESET)
        shutdown(fd, SHUT_RDWR);
    atomic_fetch_add(&play->seen->closed, 1);
}

/* Lives on in the child. */
static struct play play_new(const struct http_script *script)
{
    struct http_seen *seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen == MAP_FAILED || sem_init(&seen->gate, 1, 0) != 0)
        server_fail("shared memory");
    return (struct play){script, seen};
}

struct http_server http_server_start_on(uint16_t port, const struct http_script *script)
{
    struct play play = play_new(script);
    struct http_server server = {.server = server_start_on("127.0.0.1", port, serve_script, &play)};
    if (server.server.pid == 0) {
        munmap(play.seen, sizeof *play.seen);
        return server;
    }
    server.seen = play.seen;
    snprintf(server.base, sizeof server.base, "http://127.0.0.1:%u", server.server.port);
    return server;
}

struct http_server http_server_start(const struct http_script *script)
{
    struct http_server server = http_server_start_on(0, script);
    if (server.seen == NULL)
        server_fail("binding a socket");
    return server;
}

struct http_server http_server_start_tls(const struct http_script *script, const struct tls_server_options *options)
{
    struct play play = play_new(script);
    struct tls_server_options all = *options;
    all.behaviour = TLS_SERVE;
    all.serve = serve_script;
    all.serve_with = &play;
    struct tls_server tls = tls_server_start(&all);
    struct http_server server = {.server = tls.server, .seen = play.seen, .tls = tls.seen};
    snprintf(server.base, sizeof server.base, "https://127.0.0.1:%u", server.server.port);
    return server;
}

void http_server_stop(struct http_server *server)
{
    server_stop(&server->server);
    if (server->tls != NULL)
        munmap(server->tls, sizeof *server->tls);
    munmap(server->seen, sizeof *server->seen);
}

void http_server_open_gate(struct http_server *server)
{
    sem_post(&server->seen->gate);
}

void http_server_wait_for(const atomic_uint *counter, unsigned value)
{
    for (int i = 0; i < 20000 && atomic_load(counter) < value; i++)
        poll(NULL, 0, 1);
    if (atomic_load(counter) < value)
        server_fail("waiting for the test server");
}

const char *http_server_log(const struct http_server *server)
{
    return server->seen->log;
}
