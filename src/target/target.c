/* SPDX-License-Identifier: MIT */
/* target - the listening socket of one thread, and what it serves with. */
#include "target/target.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "target/connection.h"
#include "target/internal.h"
#include "target/tls.h"

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 65535
/* How long to wait for descriptors once they are out. */
#define ACCEPT_PAUSE (50 * ACR_NANOS_PER_MILLI)

void acr_target_options_init(struct acr_target_options *options)
{
    *options = (struct acr_target_options){
        .host = "127.0.0.1",
        .port = 8000,
        .threads = 1,
        .seed = acr_random_seed(),
    };
}

static void accept_all(struct acr_target *target)
{
    for (;;) {
        int fd = accept4(target->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            /* The client sees a closed connection; there is nobody to report to. */
            (void)!acr_target_connection_open(target, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* Edge-triggered: without another try the waiting clients would never be seen. */
            acr_nanos again = acr_deadline_after(acr_loop_now(target->loop), ACCEPT_PAUSE);
            acr_timer_arm(&target->accept_again, again);
            return;
        }
        /* All other errors concern one client that is gone already. */
    }
}

static void on_listener(struct acr_source *source, uint32_t events)
{
    (void)events;
    accept_all(ACR_CONTAINER_OF(source, struct acr_target, listener));
}

static void on_accept_again(struct acr_timer *timer)
{
    accept_all(ACR_CONTAINER_OF(timer, struct acr_target, accept_again));
}

static uint16_t bound_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t size = sizeof address;
    getsockname(fd, &address.any, &size);
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/* Accepted sockets inherit TCP_NODELAY. */
static int listen_on(const struct addrinfo *address, bool share_port, int *ret_fd)
{
    int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if ((share_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
        bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int system = errno;
        close(fd);
        return system;
    }
    *ret_fd = fd;
    return 0;
}

static int open_listener(const struct acr_target_options *options, uint16_t port, int *ret_fd, struct acr_error *error)
{
    char service[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *addresses;
    snprintf(service, sizeof service, "%u", port);
    int failure = getaddrinfo(options->host, service, &hints, &addresses);
    if (failure != 0)
        return acr_error_set(error, ACR_ERR_RESOLVE, "%s: %s", options->host, gai_strerror(failure));
    int system = 0;
    for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
        system = listen_on(address, options->threads > 1, ret_fd);
        if (system == 0)
            break;
    }
    freeaddrinfo(addresses);
    if (system != 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, system, "cannot listen on %s:%u", options->host, port);
    return 0;
}

static bool asks_for_faults(const struct acr_target_options *options)
{
    return options->delay_max > 0 || options->error_rate > 0 || options->stall_rate > 0 || options->stall_after > 0;
}

/* Everything but the socket. */
static struct acr_target *new_target(struct acr_loop *loop, struct acr_target_shared *shared)
{
    const struct acr_target_options *options = &shared->options;
    struct acr_target *target = acr_alloc_zero(sizeof *target);
    target->loop = loop;
    target->shared = shared;
    target->listen_fd = -1;
    target->faulty = asks_for_faults(options);
    acr_timer_init(&target->accept_again, loop, on_accept_again);
    acr_list_init(&target->connections);
    acr_list_init(&target->spare);
    acr_random_init(&target->random, options->seed + shared->target_count);
    acr_target_counts_init(&target->counts, options->threads > 1);
    acr_target_router_init(&target->router, &target->counts);
    target->refused_count = acr_target_counts_path(&target->counts, ACR_STR("(refused)"));
    return target;
}

static void free_target(struct acr_target *target)
{
    acr_target_connections_done(target);
    acr_target_router_done(&target->router);
    acr_target_counts_done(&target->counts);
    acr_buffer_done(&target->out);
    acr_buffer_done(&target->lines);
    acr_buffer_done(&target->content);
    acr_free(target);
}

static int open_target(struct acr_loop *loop, struct acr_target_shared *shared, struct acr_target **ret_target,
                       struct acr_error *error)
{
    int fd = -1;
    int code = open_listener(&shared->options, shared->port, &fd, error);
    if (code != 0)
        return code;
    struct acr_target *target = new_target(loop, shared);
    target->listen_fd = fd;
    code = acr_source_add(&target->listener, loop, fd, on_listener);
    if (code != 0) {
        close(fd);
        free_target(target);
        return acr_error_set_system(error, code, errno, "cannot watch the listening socket");
    }
    shared->port = bound_port(fd);
    shared->targets[shared->target_count++] = target;
    *ret_target = target;
    return 0;
}

static void free_shared(struct acr_target_shared *shared)
{
    acr_target_tls_close(shared->tls);
    acr_free(shared);
}

int acr_target_open(struct acr_loop *loop, const struct acr_target_options *options, struct acr_target **ret_target,
                    struct acr_error *error)
{
    struct acr_target_shared *shared = acr_alloc_zero(sizeof *shared);
    struct acr_random random;
    shared->options = *options;
    if (shared->options.delay_max < shared->options.delay_min)
        shared->options.delay_max = shared->options.delay_min;
    shared->port = options->port;
    acr_random_init(&random, ~options->seed);
    shared->secret = acr_random_u64(&random);
    int code = 0;
    if (options->tls_cert != NULL)
        code = acr_target_tls_open(options->tls_cert, options->tls_key, &shared->tls, error);
    if (code == 0)
        code = open_target(loop, shared, ret_target, error);
    if (code != 0)
        free_shared(shared);
    return code;
}

int acr_target_open_beside(struct acr_target *first, struct acr_loop *loop, struct acr_target **ret_target,
                           struct acr_error *error)
{
    if (first->shared->target_count == ACR_TARGET_THREADS_MAX)
        return acr_error_set(error, ACR_ERR_LIMIT, "more than %d threads", ACR_TARGET_THREADS_MAX);
    return open_target(loop, first->shared, ret_target, error);
}

uint16_t acr_target_port(const struct acr_target *target)
{
    return target->shared->port;
}

int acr_target_adopt(struct acr_target *target, int fd)
{
    return acr_target_connection_open(target, fd);
}

uint64_t acr_target_answers(const struct acr_target *target)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < target->shared->target_count; i++) {
        struct acr_target_counts *counts = &target->shared->targets[i]->counts;
        acr_target_counts_lock(counts);
        sum += counts->answers;
        acr_target_counts_unlock(counts);
    }
    return sum;
}

uint64_t acr_target_connections_open(const struct acr_target *target)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < target->shared->target_count; i++) {
        struct acr_target_counts *counts = &target->shared->targets[i]->counts;
        acr_target_counts_lock(counts);
        sum += counts->connections_open;
        acr_target_counts_unlock(counts);
    }
    return sum;
}

void acr_target_close(struct acr_target *target)
{
    if (target == NULL)
        return;
    struct acr_target_shared *shared = target->shared;
    bool last = target == shared->targets[0];
    acr_timer_disarm(&target->accept_again);
    acr_source_remove(&target->listener);
    close(target->listen_fd);
    free_target(target);
    if (last)
        free_shared(shared);
}
