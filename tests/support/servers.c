/* SPDX-License-Identifier: MIT */
/* servers - TCP servers in a child process, and a listening socket that does not answer. */
#include "support/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/servers_internal.h"

void server_fail(const char *doing)
{
    fprintf(stderr, "test server: %s: %s\n", doing, strerror(errno));
    exit(99);
}

socklen_t server_address(const char *text, uint16_t port, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
    memset(ret_address, 0, sizeof *ret_address);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
        server_fail(text);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return sizeof *v6;
}

int server_bind(const char *address, int type, uint16_t *port)
{
    struct sockaddr_storage name;
    socklen_t size = server_address(address, *port, &name);
    int fd = socket(name.ss_family, type | SOCK_CLOEXEC, 0);
    int yes = 1;
    if (fd < 0)
        return -1;
    /* Not for a port of the kernel's choice: it would hand the same one to two sockets that do not listen yet. */
    if (*port != 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&name, size) != 0 || getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(((struct sockaddr_in *)&name)->sin_port);
    return fd;
}

pid_t server_fork(void)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        server_fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0);
        signal(SIGPIPE, SIG_IGN);
    }
    return child;
}

struct connection {
    int fd;
    server_fn *serve;
    const void *context;
};

static void *run_connection(void *argument)
{
    struct connection *connection = argument;
    connection->serve(connection->fd, connection->context);
    close(connection->fd);
    free(connection);
    return NULL;
}

static void accept_forever(int listener, server_fn *serve, const void *context)
{
    while (true) {
        struct connection *connection = malloc(sizeof *connection);
        pthread_t thread;
        *connection = (struct connection){accept(listener, NULL, NULL), serve, context};
        if (connection->fd < 0 || pthread_create(&thread, NULL, run_connection, connection) != 0)
            _exit(1);
        pthread_detach(thread);
    }
}

struct server server_start_on(const char *address, uint16_t port, server_fn *serve, const void *context)
{
    struct server server = {.port = port};
    int listener = server_bind(address, SOCK_STREAM, &server.port);
    if (listener < 0)
        return server;
    if (listen(listener, SOMAXCONN) != 0)
        server_fail("listen");
    server.pid = server_fork();
    if (server.pid == 0)
        accept_forever(listener, serve, context);
    close(listener);
    return server;
}

struct server server_start(const char *address, server_fn *serve, const void *context)
{
    struct server server = server_start_on(address, 0, serve, context);
    if (server.pid == 0)
        server_fail(address);
    return server;
}

void server_stop(struct server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

bool server_has_ipv6(void)
{
    uint16_t port = 0;
    int fd = server_bind("::1", SOCK_STREAM, &port);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

uint16_t server_free_port(const char *address)
{
    uint16_t port = 0;
    int fd = server_bind(address, SOCK_STREAM, &port);
    if (fd < 0)
        server_fail("bind");
    close(fd);
    return port;
}

void serve_echo(int fd, const void *context)
{
    (void)context;
    char bytes[65536];
    ssize_t got;
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
        if (send(fd, bytes, (size_t)got, MSG_NOSIGNAL) != got)
            return;
}

void serve_close(int fd, const void *context)
{
    (void)fd;
    (void)context;
}

void server_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void serve_reset(int fd, const void *context)
{
    (void)context;
    char byte;
    (void)!recv(fd, &byte, 1, 0);
    server_reset(fd);
}

void serve_stall(int fd, const void *context)
{
    (void)fd;
    (void)context;
    while (true)
        pause();
}

void serve_text(int fd, const void *context)
{
    const char *text = context;
    int yes = 1;
    /* With the cork in, the last segment carries the end as well. */
    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &yes, sizeof yes);
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    char byte;
    (void)!recv(fd, &byte, 1, 0);
}

/* Between two bytes, so that they do not travel together. */
static void pause_briefly(void)
{
    poll(NULL, 0, 1);
}

void serve_drip(int fd, const void *context)
{
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    for (const char *byte = context; *byte != '\0'; byte++) {
        (void)!send(fd, byte, 1, MSG_NOSIGNAL);
        pause_briefly();
    }
}

void serve_count(int fd, const void *context)
{
    (void)context;
    char bytes[4096];
    size_t total = 0;
    ssize_t got = recv(fd, bytes, 1, 0);
    while (got > 0 && (got = recv(fd, bytes, sizeof bytes, 0)) > 0)
        total += (size_t)got;
    int size = snprintf(bytes, sizeof bytes, "%zu", total);
    (void)!send(fd, bytes, (size_t)size, MSG_NOSIGNAL);
}

struct full_queue full_queue_open(const char *address)
{
    struct full_queue queue = {0};
    struct sockaddr_storage name;
    queue.listener = server_bind(address, SOCK_STREAM, &queue.port);
    if (queue.listener < 0 || listen(queue.listener, 0) != 0)
        server_fail("listen");
    socklen_t size = server_address(address, queue.port, &name);
    for (int i = 0; i < 2; i++) {
        queue.filler[i] = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connect(queue.filler[i], (struct sockaddr *)&name, size) != 0 && errno != EINPROGRESS)
            server_fail("connect");
    }
    /* The first one is in the queue when it is connected; a second does not get in. */
    struct pollfd first = {.fd = queue.filler[0], .events = POLLOUT};
    if (poll(&first, 1, 10000) != 1)
        server_fail("filling a queue");
    return queue;
}

void full_queue_close(struct full_queue *queue)
{
    for (int i = 0; i < 2; i++)
        close(queue->filler[i]);
    close(queue->listener);
}
