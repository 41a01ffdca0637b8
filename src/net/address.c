/* SPDX-License-Identifier: MIT */
/* address - literal addresses, and the order in which several are tried. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "net/internal.h"

static bool parse_v4(const char *text, struct acr_net_address *ret_address)
{
    struct in_addr parsed;
    if (text[0] < '0' || text[0] > '9' || inet_aton(text, &parsed) == 0)
        return false;
    *ret_address = (struct acr_net_address){.size = sizeof(struct sockaddr_in)};
    ret_address->socket.v4.sin_family = AF_INET;
    ret_address->socket.v4.sin_addr = parsed;
    return true;
}

static bool parse_v6(char *text, struct acr_net_address *ret_address)
{
    struct in6_addr parsed;
    unsigned scope = 0;
    char *zone = strchr(text, '%');
    if (zone != NULL) {
        *zone = '\0';
        scope = if_nametoindex(zone + 1);
        if (scope == 0)
            return false;
    }
    if (inet_pton(AF_INET6, text, &parsed) != 1)
        return false;
    *ret_address = (struct acr_net_address){.size = sizeof(struct sockaddr_in6)};
    ret_address->socket.v6.sin6_family = AF_INET6;
    ret_address->socket.v6.sin6_addr = parsed;
    ret_address->socket.v6.sin6_scope_id = scope;
    return true;
}

bool acr_address_parse(struct acr_str text, struct acr_net_address *ret_address)
{
    char copy[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
    if (text.size == 0 || text.size >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (strlen(copy) != text.size)
        return false;
    if (memchr(copy, ':', text.size) != NULL)
        return parse_v6(copy, ret_address);
    return parse_v4(copy, ret_address);
}

bool acr_address_equal(const struct acr_net_address *a, const struct acr_net_address *b)
{
    if (a->socket.any.sa_family != b->socket.any.sa_family)
        return false;
    if (a->socket.any.sa_family == AF_INET)
        return a->socket.v4.sin_addr.s_addr == b->socket.v4.sin_addr.s_addr;
    return memcmp(&a->socket.v6.sin6_addr, &b->socket.v6.sin6_addr, sizeof(struct in6_addr)) == 0 &&
           a->socket.v6.sin6_scope_id == b->socket.v6.sin6_scope_id;
}

void acr_address_set_port(struct acr_net_address *address, uint16_t port)
{
    if (address->socket.any.sa_family == AF_INET)
        address->socket.v4.sin_port = htons(port);
    else
        address->socket.v6.sin6_port = htons(port);
}

void acr_address_format(const struct acr_net_address *address, uint16_t port, char *out)
{
    char text[INET6_ADDRSTRLEN];
    if (address->socket.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->socket.v4.sin_addr, text, sizeof text);
        snprintf(out, ACR_ADDRESS_TEXT_MAX, "%s:%u", text, port);
    } else {
        inet_ntop(AF_INET6, &address->socket.v6.sin6_addr, text, sizeof text);
        snprintf(out, ACR_ADDRESS_TEXT_MAX, "[%s]:%u", text, port);
    }
}

void acr_addresses_add(struct acr_net_addresses *addresses, const struct acr_net_address *address)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (acr_address_equal(&addresses->list[i], address))
            return;
    if (addresses->count < ACR_NET_ADDRESSES_MAX)
        addresses->list[addresses->count++] = *address;
}

void acr_addresses_interleave(struct acr_net_address *list, size_t count)
{
    static const sa_family_t family[2] = {AF_INET6, AF_INET};
    struct acr_net_address from[ACR_NET_ADDRESSES_MAX];
    size_t position[2] = {0, 0};
    memcpy(from, list, count * sizeof *list);
    size_t done = 0;
    for (unsigned turn = 0; done < count; turn ^= 1) {
        size_t *next = &position[turn];
        while (*next < count && from[*next].socket.any.sa_family != family[turn])
            ++*next;
        if (*next < count)
            list[done++] = from[(*next)++];
    }
}

void acr_addresses_prefer(struct acr_net_address *list, size_t count, const struct acr_net_address *winner)
{
    size_t at = 0;
    while (at < count && !acr_address_equal(&list[at], winner))
        at++;
    if (at == 0 || at == count)
        return;
    struct acr_net_address moved = list[at];
    memmove(list + 1, list, at * sizeof *list);
    list[0] = moved;
}
