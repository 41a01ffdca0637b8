/* SPDX-License-Identifier: MIT */
/*
 * resolver - names to addresses: literals, the hosts file, what is remembered, then DNS through c-ares.
 *
 * c-ares owns its sockets; it tells which to watch (on_socket_state), and we tell it what happened on them and when its
 * next time-out is due. It keeps its own clock: ours only decides when it is asked. One query serves all
 * fibers that want a name; it goes on when they give up, because its answer is wanted by the next.
 */
#include <ares.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/map.h"
#include "base/memory.h"
#include "loop/fiber.h"
#include "loop/timer.h"
#include "net/internal.h"

#define TTL_MIN_DEFAULT 1u
#define TTL_MAX_DEFAULT 300u

/* Names looked at for removal whenever one is added: two, so that the dead go faster than new ones come. */
#define SWEEP_PER_QUERY 2

/* Rounds of serving c-ares's sockets before others get their turn. */
#define PUMP_ROUNDS_MAX 64

struct acr_resolver {
    struct acr_loop *loop;
    struct acr_hosts *hosts;
    struct acr_net_addresses loopback; /* for "localhost" */
    char *dns_servers;                 /* NULL: resolv.conf's */
    acr_nanos ttl_min, ttl_max;
    bool always_ask_ipv6;
    ares_channel channel; /* NULL until the first query */
    struct acr_list sockets;
    struct acr_timer timer;
    struct acr_map names;     /* lower-case host to struct name */
    struct acr_list sweeping; /* all names, the one to be looked at next first */
};

/* What is known of a name, or being asked. Not removed while pending or while somebody waits. */
struct name {
    struct acr_list link;
    struct acr_list waiters;
    struct acr_resolver *resolver;
    char *host;
    bool pending;
    int status; /* c-ares's; ARES_SUCCESS: there are addresses */
    acr_nanos expires;
    struct acr_net_addresses addresses;
};

/* On the heap because the waiting fiber's stack is not there (fiber.h, rule 1). */
struct waiter {
    struct acr_list link;
    struct acr_fiber *fiber;
    bool answered; /* not the same as !pending: the next question may have been asked before the fiber runs */
};

struct dns_socket {
    struct acr_list link;
    struct acr_source source;
    struct acr_resolver *resolver;
    bool reading, writing; /* what c-ares waits for */
};

static bool ready_socket(const struct acr_resolver *resolver, int *ret_read, int *ret_write)
{
    for (struct acr_list *link = resolver->sockets.next; link != &resolver->sockets; link = link->next) {
        struct dns_socket *socket = ACR_LIST_ENTRY(link, struct dns_socket, link);
        struct pollfd ask = {.fd = socket->source.fd};
        ask.events = (short)((socket->reading ? POLLIN : 0) | (socket->writing ? POLLOUT : 0));
        if (poll(&ask, 1, 0) != 1)
            continue;
        *ret_read = socket->reading && (ask.revents & ~POLLOUT) != 0 ? ask.fd : ARES_SOCKET_BAD;
        *ret_write = socket->writing && (ask.revents & ~POLLIN) != 0 ? ask.fd : ARES_SOCKET_BAD;
        return true;
    }
    return false;
}

/* Our events are edges, but c-ares reads a TCP answer piecewise; so it is asked until nothing is left. */
static void pump(struct acr_resolver *resolver)
{
    int readable, writable;
    for (int round = 0; round < PUMP_ROUNDS_MAX && ready_socket(resolver, &readable, &writable); round++)
        ares_process_fd(resolver->channel, readable, writable);
    struct timeval space;
    const struct timeval *wait = ares_timeout(resolver->channel, NULL, &space);
    if (wait == NULL) {
        acr_timer_disarm(&resolver->timer);
        return;
    }
    acr_nanos pause = wait->tv_sec * ACR_NANOS_PER_SECOND + wait->tv_usec * ACR_NANOS_PER_MICRO;
    acr_timer_arm(&resolver->timer, acr_deadline_after(acr_loop_now(resolver->loop), pause));
}

static void on_timer(struct acr_timer *timer)
{
    struct acr_resolver *resolver = ACR_CONTAINER_OF(timer, struct acr_resolver, timer);
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    pump(resolver);
}

static void on_socket(struct acr_source *source, uint32_t events)
{
    (void)events;
    pump(ACR_CONTAINER_OF(source, struct dns_socket, source)->resolver);
}

static struct dns_socket *find_socket(const struct acr_resolver *resolver, int fd)
{
    for (struct acr_list *link = resolver->sockets.next; link != &resolver->sockets; link = link->next) {
        struct dns_socket *socket = ACR_LIST_ENTRY(link, struct dns_socket, link);
        if (socket->source.fd == fd)
            return socket;
    }
    return NULL;
}

/* c-ares calls this before it closes a socket, with neither reading nor writing. */
static void on_socket_state(void *context, ares_socket_t fd, int reading, int writing)
{
    struct acr_resolver *resolver = context;
    struct dns_socket *socket = find_socket(resolver, fd);
    if (!reading && !writing) {
        if (socket != NULL) {
            acr_source_remove(&socket->source);
            acr_list_remove(&socket->link);
            acr_free(socket);
        }
        return;
    }
    if (socket == NULL) {
        socket = acr_alloc_zero(sizeof *socket);
        acr_list_init(&socket->link);
        socket->resolver = resolver;
        /* Without it the query ends by c-ares's own time-out. */
        if (acr_source_add(&socket->source, resolver->loop, fd, on_socket) != 0) {
            acr_free(socket);
            return;
        }
        acr_list_append(&resolver->sockets, &socket->link);
    }
    socket->reading = reading != 0;
    socket->writing = writing != 0;
}

static int open_channel(struct acr_resolver *resolver, struct acr_error *error)
{
    /* "b": DNS only; the hosts file is read by us, not for each query. */
    struct ares_options options = {
        .sock_state_cb = on_socket_state, .sock_state_cb_data = resolver, .lookups = (char[]){"b"}};
    int status = ares_init_options(&resolver->channel, &options, ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS);
    if (status != ARES_SUCCESS) {
        resolver->channel = NULL;
        return acr_error_set(error, ACR_ERR_RESOLVE, "the resolver does not start: %s", ares_strerror(status));
    }
    if (resolver->dns_servers == NULL)
        return 0;
    status = ares_set_servers_ports_csv(resolver->channel, resolver->dns_servers);
    if (status == ARES_SUCCESS)
        return 0;
    ares_destroy(resolver->channel);
    resolver->channel = NULL;
    return acr_error_set(error, ACR_ERR_RESOLVE, "DNS servers \"%s\": %s", resolver->dns_servers,
                         ares_strerror(status));
}

struct acr_resolver *acr_resolver_new(struct acr_loop *loop, const struct acr_net_options *options)
{
    struct acr_resolver *resolver = acr_alloc_zero(sizeof *resolver);
    struct acr_net_address address;
    resolver->loop = loop;
    resolver->hosts = acr_hosts_new(options->hosts_path != NULL ? options->hosts_path : "/etc/hosts");
    if (acr_address_parse(ACR_STR("127.0.0.1"), &address))
        acr_addresses_add(&resolver->loopback, &address);
    if (acr_address_parse(ACR_STR("::1"), &address))
        acr_addresses_add(&resolver->loopback, &address);
    if (options->dns_servers != NULL)
        resolver->dns_servers = acr_strdup(options->dns_servers);
    bool bounded = options->ttl_min != 0 || options->ttl_max != 0;
    resolver->ttl_min = (bounded ? options->ttl_min : TTL_MIN_DEFAULT) * ACR_NANOS_PER_SECOND;
    resolver->ttl_max = (bounded ? options->ttl_max : TTL_MAX_DEFAULT) * ACR_NANOS_PER_SECOND;
    resolver->always_ask_ipv6 = options->always_ask_ipv6;
    acr_list_init(&resolver->sockets);
    acr_timer_init(&resolver->timer, loop, on_timer);
    acr_map_init(&resolver->names);
    acr_list_init(&resolver->sweeping);
    return resolver;
}

static void name_free(struct name *name)
{
    acr_map_remove(&name->resolver->names, acr_str_of(name->host));
    acr_list_remove(&name->link);
    acr_free(name->host);
    acr_free(name);
}

void acr_resolver_free(struct acr_resolver *resolver)
{
    if (resolver == NULL)
        return;
    if (resolver->channel != NULL)
        ares_destroy(resolver->channel);
    acr_timer_disarm(&resolver->timer);
    while (!acr_list_empty(&resolver->sweeping))
        name_free(ACR_LIST_ENTRY(resolver->sweeping.next, struct name, link));
    acr_map_done(&resolver->names);
    acr_hosts_free(resolver->hosts);
    acr_free(resolver->dns_servers);
    acr_free(resolver);
}

static void sweep(struct acr_resolver *resolver)
{
    acr_nanos now = acr_loop_now(resolver->loop);
    for (int i = 0; i < SWEEP_PER_QUERY && !acr_list_empty(&resolver->sweeping); i++) {
        struct name *name = ACR_LIST_ENTRY(resolver->sweeping.next, struct name, link);
        if (!name->pending && name->expires <= now && acr_list_empty(&name->waiters)) {
            name_free(name);
            continue;
        }
        acr_list_remove(&name->link);
        acr_list_append(&resolver->sweeping, &name->link);
    }
}

static struct name *name_new(struct acr_resolver *resolver, struct acr_str host)
{
    sweep(resolver);
    struct name *name = acr_alloc_zero(sizeof *name);
    acr_list_init(&name->link);
    acr_list_init(&name->waiters);
    name->resolver = resolver;
    name->host = acr_strndup(host.data, host.size);
    acr_list_append(&resolver->sweeping, &name->link);
    acr_map_set(&resolver->names, host, name);
    return name;
}

static acr_nanos time_to_live(const struct acr_resolver *resolver, const struct ares_addrinfo *info)
{
    acr_nanos ttl = resolver->ttl_max;
    for (const struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next)
        if (node->ai_ttl * ACR_NANOS_PER_SECOND < ttl)
            ttl = node->ai_ttl * ACR_NANOS_PER_SECOND;
    for (const struct ares_addrinfo_cname *alias = info->cnames; alias != NULL; alias = alias->next)
        if (alias->ttl * ACR_NANOS_PER_SECOND < ttl)
            ttl = alias->ttl * ACR_NANOS_PER_SECOND;
    return ttl > resolver->ttl_min ? ttl : resolver->ttl_min;
}

static void take_addresses(struct name *name, const struct ares_addrinfo *info)
{
    name->addresses.count = 0;
    for (const struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next) {
        struct acr_net_address address = {.size = node->ai_addrlen};
        if (node->ai_addrlen > sizeof address.socket)
            continue;
        memcpy(&address.socket, node->ai_addr, node->ai_addrlen);
        acr_addresses_add(&name->addresses, &address);
    }
    acr_addresses_interleave(name->addresses.list, name->addresses.count);
}

static void on_answer(void *context, int status, int timeouts, struct ares_addrinfo *info)
{
    (void)timeouts;
    struct name *name = context;
    struct acr_resolver *resolver = name->resolver;
    acr_nanos ttl = resolver->ttl_min;
    name->pending = false;
    name->status = status;
    if (status == ARES_SUCCESS) {
        take_addresses(name, info);
        ttl = time_to_live(resolver, info);
        if (name->addresses.count == 0)
            name->status = ARES_ENODATA;
    }
    if (info != NULL)
        ares_freeaddrinfo(info);
    name->expires = acr_deadline_after(acr_loop_now(resolver->loop), ttl);
    for (struct acr_list *link = name->waiters.next; link != &name->waiters; link = link->next) {
        struct waiter *waiter = ACR_LIST_ENTRY(link, struct waiter, link);
        waiter->answered = true;
        acr_fiber_wake(waiter->fiber);
    }
}

/* Is there a way to the IPv6 internet? Connecting a datagram socket asks the routing table and sends nothing. */
static bool ipv6_routed(void)
{
    struct acr_net_address somewhere;
    if (!acr_address_parse(ACR_STR("2001:db8::1"), &somewhere))
        return false;
    acr_address_set_port(&somewhere, 53);
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool routed = connect(fd, &somewhere.socket.any, somewhere.size) == 0;
    close(fd);
    return routed;
}

static int ask(struct acr_resolver *resolver, struct name *name, struct acr_error *error)
{
    if (resolver->channel == NULL) {
        int code = open_channel(resolver, error);
        if (code != 0)
            return code;
    }
    struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT, .ai_socktype = SOCK_STREAM};
    hints.ai_family = resolver->always_ask_ipv6 || ipv6_routed() ? AF_UNSPEC : AF_INET;
    name->pending = true;
    ares_getaddrinfo(resolver->channel, name->host, NULL, &hints, on_answer, name);
    /* It may want to write to a connection it has, of which no event tells. */
    acr_timer_arm(&resolver->timer, acr_loop_now(resolver->loop));
    return 0;
}

static int wait_for_answer(struct name *name, struct acr_fiber *fiber, acr_nanos deadline)
{
    struct waiter *waiter = acr_alloc_zero(sizeof *waiter);
    waiter->fiber = fiber;
    acr_list_init(&waiter->link);
    acr_list_append(&name->waiters, &waiter->link);
    int code = 0;
    while (code == 0 && !waiter->answered)
        code = acr_fiber_wait_until(fiber, deadline);
    acr_list_remove(&waiter->link);
    acr_free(waiter);
    return code;
}

static int query(struct acr_resolver *resolver, struct acr_fiber *fiber, struct acr_str key, acr_nanos deadline,
                 struct acr_net_addresses *ret_addresses, struct acr_error *error)
{
    struct name *name = acr_map_find(&resolver->names, key);
    int code = 0;
    if (name == NULL)
        name = name_new(resolver, key);
    if (!name->pending && name->expires <= acr_loop_now(resolver->loop))
        code = ask(resolver, name, error);
    if (code == 0 && name->pending)
        code = wait_for_answer(name, fiber, deadline);
    if (code == ACR_ERR_TIMED_OUT)
        return acr_error_set(error, code, "%.*s: no answer from DNS in time", ACR_STR_ARGS(key));
    if (code == ACR_ERR_CANCELLED)
        return acr_error_set(error, code, "resolving %.*s", ACR_STR_ARGS(key));
    if (code != 0)
        return code;
    if (name->status != ARES_SUCCESS)
        return acr_error_set(error, ACR_ERR_RESOLVE, "%s: %s", name->host, ares_strerror(name->status));
    *ret_addresses = name->addresses;
    return 0;
}

/* RFC 6761 section 6.3: these never go to DNS. */
static bool is_localhost(struct acr_str name)
{
    static const struct acr_str suffix = {".localhost", 10};
    if (acr_str_equal(name, ACR_STR("localhost")))
        return true;
    return name.size > suffix.size && memcmp(name.data + name.size - suffix.size, suffix.data, suffix.size) == 0;
}

/* Lower case into `out` (ACR_HOST_NAME_MAX bytes). */
static struct acr_str key_of(struct acr_str host, char *out)
{
    for (size_t i = 0; i < host.size; i++)
        out[i] = acr_char_lower(host.data[i]);
    return (struct acr_str){out, host.size};
}

static struct acr_str without_root(struct acr_str name)
{
    if (name.size > 1 && name.data[name.size - 1] == '.')
        name.size--;
    return name;
}

int acr_resolver_find(struct acr_resolver *resolver, struct acr_fiber *fiber, struct acr_str host, acr_nanos deadline,
                      struct acr_net_addresses *ret_addresses, struct acr_error *error)
{
    struct acr_net_address literal;
    if (acr_address_parse(host, &literal)) {
        ret_addresses->count = 1;
        ret_addresses->list[0] = literal;
        return 0;
    }
    char space[ACR_HOST_NAME_MAX];
    if (host.size == 0 || host.size > sizeof space || memchr(host.data, '\0', host.size) != NULL)
        return acr_error_set(error, ACR_ERR_RESOLVE, "not a host name: \"%.*s\"",
                             (int)(host.size < 64 ? host.size : 64), host.data);
    struct acr_str key = key_of(host, space);
    struct acr_str name = without_root(key);
    if (acr_hosts_find(resolver->hosts, acr_loop_now(resolver->loop), name, ret_addresses))
        return 0;
    if (is_localhost(name)) {
        *ret_addresses = resolver->loopback;
        return 0;
    }
    return query(resolver, fiber, key, deadline, ret_addresses, error);
}

void acr_resolver_prefer(struct acr_resolver *resolver, struct acr_str host, const struct acr_net_address *winner)
{
    char space[ACR_HOST_NAME_MAX];
    if (host.size == 0 || host.size > sizeof space)
        return;
    struct acr_str key = key_of(host, space);
    struct name *name = acr_map_find(&resolver->names, key);
    acr_hosts_prefer(resolver->hosts, without_root(key), winner);
    if (name != NULL)
        acr_addresses_prefer(name->addresses.list, name->addresses.count, winner);
    if (is_localhost(without_root(key)))
        acr_addresses_prefer(resolver->loopback.list, resolver->loopback.count, winner);
}
