/* SPDX-License-Identifier: MIT */
/* sources - a list, and whose turn it is. */
#include "net/sources.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/internal.h"

static int try_to_bind(int fd, const struct acr_net_address *address)
{
    int yes = 1;
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    return bind(fd, &address->socket.any, address->size) == 0 ? 0 : errno;
}

static int check(const struct acr_net_address *address, struct acr_error *error)
{
    char text[ACR_ADDRESS_TEXT_MAX];
    int fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int system = fd < 0 ? errno : try_to_bind(fd, address);
    if (fd >= 0)
        close(fd);
    if (system == 0)
        return 0;
    acr_address_format(address, 0, text);
    *strrchr(text, ':') = '\0';
    if (system == EADDRNOTAVAIL)
        return acr_error_set(error, ACR_ERR_INVALID,
                             "%s is no address of this machine (ip address shows those it has, ip address add gives it "
                             "another)",
                             text);
    return acr_error_set_system(error, ACR_ERR_INVALID, system, "binding to %s", text);
}

static int add(struct acr_sources *sources, const struct acr_net_address *address, struct acr_error *error)
{
    for (size_t i = 0; i < sources->count; i++)
        if (acr_address_equal(&sources->list[i], address))
            return 0;
    if (sources->count == ACR_SOURCES_MAX)
        return acr_error_set(error, ACR_ERR_INVALID, "more than %d addresses to connect from", ACR_SOURCES_MAX);
    int rc = check(address, error);
    if (rc < 0)
        return rc;
    sources->list = acr_realloc(sources->list, (sources->count + 1) * sizeof *sources->list);
    sources->list[sources->count++] = *address;
    return 0;
}

/* From `first` to `last`, both included. */
static int add_range(struct acr_sources *sources, struct acr_net_address first, const struct acr_net_address *last,
                     struct acr_error *error)
{
    uint32_t end = ntohl(last->socket.v4.sin_addr.s_addr);
    int rc = 0;
    for (uint32_t at = ntohl(first.socket.v4.sin_addr.s_addr); rc == 0; at++) {
        first.socket.v4.sin_addr.s_addr = htonl(at);
        rc = add(sources, &first, error);
        if (at == end)
            break;
    }
    return rc;
}

static bool is_range(const struct acr_net_address *first, const struct acr_net_address *last)
{
    return first->socket.any.sa_family == AF_INET && last->socket.any.sa_family == AF_INET &&
           ntohl(first->socket.v4.sin_addr.s_addr) <= ntohl(last->socket.v4.sin_addr.s_addr);
}

/* An address or a range. */
static int add_word(struct acr_sources *sources, struct acr_str word, struct acr_error *error)
{
    struct acr_net_address first, last;
    ptrdiff_t dash = acr_str_find_char(word, '-');
    struct acr_str begin = acr_str_trim((struct acr_str){word.data, dash < 0 ? word.size : (size_t)dash});
    struct acr_str end = acr_str_trim((struct acr_str){word.data + dash + 1, word.size - (size_t)(dash + 1)});
    if (!acr_address_parse(begin, &first))
        return acr_error_set(error, ACR_ERR_INVALID, "not an address: \"%.*s\"", ACR_STR_ARGS(begin));
    if (dash < 0)
        return add(sources, &first, error);
    if (!acr_address_parse(end, &last) || !is_range(&first, &last))
        return acr_error_set(error, ACR_ERR_INVALID, "not a range of IPv4 addresses, as 10.0.0.2-10.0.0.9: \"%.*s\"",
                             ACR_STR_ARGS(word));
    return add_range(sources, first, &last, error);
}

int acr_sources_add(struct acr_sources *sources, const char *text, struct acr_error *error)
{
    struct acr_str rest = acr_str_of(text);
    size_t before = sources->count;
    int rc = 0;
    do {
        ptrdiff_t comma = acr_str_find_char(rest, ',');
        size_t size = comma < 0 ? rest.size : (size_t)comma;
        rc = add_word(sources, (struct acr_str){rest.data, size}, error);
        size += comma >= 0;
        rest = (struct acr_str){rest.data + size, rest.size - size};
    } while (rc == 0 && rest.size > 0);
    if (rc < 0)
        sources->count = before;
    return rc;
}

void acr_sources_done(struct acr_sources *sources)
{
    acr_free(sources->list);
    *sources = (struct acr_sources){0};
}

int acr_sources_bind(struct acr_sources *sources, int fd, sa_family_t family)
{
    for (size_t i = 0; i < sources->count; i++) {
        const struct acr_net_address *address = &sources->list[sources->turn++ % sources->count];
        if (address->socket.any.sa_family == family)
            return try_to_bind(fd, address);
    }
    return 0;
}
