/* SPDX-License-Identifier: MIT */
/* token_server - see the header. */
#include "support/token_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "support/servers_internal.h"

#define HEAD_MAX 4096
#define PAUSE_NS 20000

struct client {
    int fd;
    struct token_seen *seen;
    char head[HEAD_MAX];
    size_t size; /* bytes in `head`: the request's, and what came behind it */
    char path[32];
    char token[64];
    size_t body_size;
};

/* Not for time to pass but for the other side to get its turn. */
static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static bool send_all(const struct client *client, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(client->fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool send_text(const struct client *client, const char *text)
{
    return send_all(client, text, strlen(text));
}

static bool drip(const struct client *client, const char *text)
{
    for (; *text != '\0'; text++) {
        if (!send_all(client, text, 1))
            return false;
        pause_briefly();
    }
    return true;
}

static bool take_line(const char *head, const char *name, char *out, size_t size)
{
    const char *line = strstr(head, name);
    if (line == NULL)
        return false;
    line += strlen(name);
    snprintf(out, size, "%.*s", (int)strcspn(line, "\r"), line);
    return true;
}

static bool parse_head(struct client *client, size_t head_size)
{
    char length[32] = "0", method[16];
    client->head[head_size - 1] = '\0';
    bool good = sscanf(client->head, "%15[A-Z] %31s HTTP/1.1\r\n", method, client->path) == 2 &&
                take_line(client->head, "\r\nX-Token: ", client->token, sizeof client->token);
    take_line(client->head, "\r\nContent-Length: ", length, sizeof length);
    client->body_size = strtoull(length, NULL, 10);
    memmove(client->head, client->head + head_size, client->size - head_size);
    client->size -= head_size;
    atomic_fetch_add(&client->seen->requests, 1);
    if (!good)
        atomic_fetch_add(&client->seen->confused, 1);
    return good;
}

static bool read_head(struct client *client)
{
    char *end;
    while (client->head[client->size] = '\0', (end = strstr(client->head, "\r\n\r\n")) == NULL) {
        ssize_t got = recv(client->fd, client->head + client->size, HEAD_MAX - 1 - client->size, 0);
        if (got <= 0)
            return false;
        client->size += (size_t)got;
    }
    return parse_head(client, (size_t)(end - client->head) + 4);
}

static bool read_body(struct client *client, bool slowly)
{
    char bytes[65536];
    size_t left = client->body_size - (client->size < client->body_size ? client->size : client->body_size);
    memmove(client->head, client->head + (client->body_size - left), client->size - (client->body_size - left));
    client->size -= client->body_size - left;
    while (left > 0) {
        ssize_t got = recv(client->fd, bytes, left < sizeof bytes ? left : sizeof bytes, 0);
        if (got <= 0)
            return false;
        left -= (size_t)got;
        if (slowly)
            pause_briefly();
    }
    return true;
}

static const char *compose(const struct client *client, char *out, const char *status, const char *fields)
{
    snprintf(out, 512, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, fields, strlen(client->token),
             client->token);
    return out;
}

static bool send_chunked(const struct client *client)
{
    bool good = send_text(client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const char *at = client->token; good && *at != '\0'; at++) {
        char chunk[] = {'1', '\r', '\n', *at, '\r', '\n'};
        good = send_all(client, chunk, sizeof chunk);
        pause_briefly();
    }
    return good && send_text(client, "0\r\n\r\n");
}

static bool send_large(const struct client *client)
{
    char block[16384];
    char head[128];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", TOKEN_LARGE + strlen(client->token));
    memset(block, 'x', sizeof block);
    bool good = send_text(client, head);
    for (size_t sent = 0; good && sent < TOKEN_LARGE; sent += sizeof block)
        good = send_all(client, block, sizeof block);
    return good && send_text(client, client->token);
}

static bool is(const struct client *client, const char *path)
{
    return strcmp(client->path, path) == 0;
}

/* Answers that are not one. */
static void disappoint(struct client *client)
{
    char text[512];
    if (is(client, "/cut")) {
        compose(client, text, "200 OK", "");
        send_all(client, text, strlen(text) - strlen(client->token) / 2);
    } else if (is(client, "/reset")) {
        server_reset(client->fd);
    } else if (is(client, "/stall")) {
        poll(&(struct pollfd){.fd = client->fd, .events = POLLRDHUP}, 1, -1);
    }
}

/* True when the answer is whole; *ret_last: it was the connection's last. */
static bool answer(struct client *client, bool *ret_last)
{
    char text[512];
    *ret_last = is(client, "/close") || is(client, "/end") || is(client, "/early") || is(client, "/bye");
    if (is(client, "/continue") && !send_text(client, "HTTP/1.1 100 Continue\r\n\r\n"))
        return false;
    if (!is(client, "/early") && !read_body(client, is(client, "/upload")))
        return false;
    if (is(client, "/chunked"))
        return send_chunked(client);
    if (is(client, "/large"))
        return send_large(client);
    if (is(client, "/drip"))
        return drip(client, compose(client, text, "200 OK", ""));
    if (is(client, "/redirect"))
        return send_text(client, compose(client, text, "302 Found", "Location: /echo\r\n"));
    if (is(client, "/close"))
        return send_text(client, compose(client, text, "200 OK", "Connection: close\r\n"));
    if (is(client, "/end"))
        return send_text(client, "HTTP/1.1 200 OK\r\n\r\n") && send_text(client, client->token);
    compose(client, text, "200 OK", "");
    return send_text(client, text) && (!is(client, "/twice") || send_text(client, text));
}

static void serve_tokens(int fd, const void *context)
{
    struct client *client = calloc(1, sizeof *client);
    int yes = 1;
    bool last = false;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    client->fd = fd;
    client->seen = *(struct token_seen *const *)context;
    atomic_fetch_add(&client->seen->connections, 1);
    while (!last && read_head(client)) {
        if (is(client, "/cut") || is(client, "/reset") || is(client, "/none") || is(client, "/stall")) {
            disappoint(client);
            break;
        }
        if (!answer(client, &last))
            break;
        atomic_fetch_add(&client->seen->answers, 1);
    }
    free(client);
}

struct token_server token_server_start(const struct tls_server_options *options)
{
    struct token_server server = {0};
    server.seen = mmap(NULL, sizeof *server.seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (server.seen == MAP_FAILED)
        server_fail("mmap");
    if (options != NULL) {
        struct tls_server_options all = *options;
        all.behaviour = TLS_SERVE;
        all.serve = serve_tokens;
        all.serve_with = &server.seen;
        struct tls_server tls = tls_server_start(&all);
        server.server = tls.server;
        server.tls = tls.seen;
    } else {
        server.server = server_start("127.0.0.1", serve_tokens, &server.seen);
    }
    snprintf(server.base, sizeof server.base, "%s://127.0.0.1:%u", options != NULL ? "https" : "http",
             server.server.port);
    return server;
}

void token_server_stop(struct token_server *server)
{
    server_stop(&server->server);
    if (server->tls != NULL)
        munmap(server->tls, sizeof *server->tls);
    munmap(server->seen, sizeof *server->seen);
}
