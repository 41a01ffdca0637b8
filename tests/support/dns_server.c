/* SPDX-License-Identifier: MIT */
/* dns_server - a name server that answers by rules (RFC 1035 messages by UDP and TCP). */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/servers.h"
#include "support/servers_internal.h"

#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28
#define RCODE_SERVFAIL 2
#define RCODE_NXDOMAIN 3
#define HEADER_SIZE 12

struct message {
    uint8_t bytes[4096];
    size_t size;
};

static void put16(struct message *message, unsigned value)
{
    message->bytes[message->size++] = (uint8_t)(value >> 8);
    message->bytes[message->size++] = (uint8_t)value;
}

static void put_name(struct message *message, const char *name)
{
    while (*name != '\0') {
        size_t label = strcspn(name, ".");
        message->bytes[message->size++] = (uint8_t)label;
        memcpy(message->bytes + message->size, name, label);
        message->size += label;
        name += label + (name[label] == '.');
    }
    message->bytes[message->size++] = 0;
}

static void put_record(struct message *message, const struct dns_rule *rule)
{
    struct message data = {.size = 0};
    unsigned type = rule->kind == DNS_ALIAS ? TYPE_CNAME : rule->type == 4 ? TYPE_A : TYPE_AAAA;
    if (rule->kind == DNS_ALIAS) {
        put_name(&data, rule->value);
    } else {
        inet_pton(rule->type == 4 ? AF_INET : AF_INET6, rule->value, data.bytes);
        data.size = rule->type == 4 ? 4 : 16;
    }
    put_name(message, rule->name);
    put16(message, type);
    put16(message, 1);
    put16(message, rule->ttl >> 16);
    put16(message, rule->ttl);
    put16(message, (unsigned)data.size);
    memcpy(message->bytes + message->size, data.bytes, data.size);
    message->size += data.size;
    message->bytes[7]++; /* ANCOUNT */
}

/* The size of the question's name, which goes to `out` as text; 0 when it does not fit. */
static size_t read_name(const uint8_t *bytes, size_t size, char out[256])
{
    size_t at = 0, length = 0;
    while (at < size && bytes[at] != 0) {
        size_t label = bytes[at++];
        if (label > 63 || at + label >= size || length + label + 1 > 255)
            return 0;
        memcpy(out + length, bytes + at, label);
        length += label;
        out[length++] = '.';
        at += label;
    }
    out[length > 0 ? length - 1 : 0] = '\0';
    return at + 1;
}

struct question {
    char name[256];
    int type;
    bool by_tcp;
};

/* False: stay silent. */
static bool apply_rules(const struct dns_script *script, const struct question *question, struct message *answer)
{
    bool exists = false;
    char name[256];
    snprintf(name, sizeof name, "%s", question->name);
    unsigned count = atomic_load(&script->rule_count);
    for (unsigned i = 0; i < count; i++) {
        const struct dns_rule *rule = &script->rules[i];
        if (strcasecmp(rule->name, name) != 0)
            continue;
        exists = true;
        if (rule->kind != DNS_ALIAS && rule->type != question->type)
            continue;
        if (rule->kind == DNS_SILENCE)
            return false;
        if (rule->kind == DNS_BROKEN)
            answer->bytes[3] |= RCODE_SERVFAIL;
        else if (rule->only_tcp && !question->by_tcp)
            answer->bytes[2] |= 2; /* TC */
        else
            put_record(answer, rule);
        if (rule->kind == DNS_ALIAS) /* its rules come after */
            snprintf(name, sizeof name, "%s", rule->value);
    }
    if (!exists)
        answer->bytes[3] |= RCODE_NXDOMAIN;
    return true;
}

static bool answer_query(struct dns_script *script, const uint8_t *query, size_t size, bool by_tcp,
                         struct message *ret_answer)
{
    struct question question = {.by_tcp = by_tcp};
    if (size < HEADER_SIZE + 5)
        return false;
    size_t name_size = read_name(query + HEADER_SIZE, size - HEADER_SIZE - 4, question.name);
    if (name_size == 0)
        return false;
    question.type = query[HEADER_SIZE + name_size + 1] == TYPE_A ? 4 : 6;
    memset(ret_answer, 0, sizeof *ret_answer);
    ret_answer->size = HEADER_SIZE + name_size + 4;
    memcpy(ret_answer->bytes, query, ret_answer->size);
    ret_answer->bytes[2] = 0x81; /* an answer, recursion desired */
    ret_answer->bytes[3] = 0x80; /* and available */
    memset(ret_answer->bytes + 6, 0, 6);
    atomic_fetch_add(&script->queries, 1);
    return apply_rules(script, &question, ret_answer);
}

static void serve_udp(int fd, struct dns_script *script)
{
    uint8_t query[4096];
    struct message answer;
    struct sockaddr_storage from;
    socklen_t from_size = sizeof from;
    ssize_t size = recvfrom(fd, query, sizeof query, 0, (struct sockaddr *)&from, &from_size);
    if (size > 0 && answer_query(script, query, (size_t)size, false, &answer))
        sendto(fd, answer.bytes, answer.size, 0, (struct sockaddr *)&from, from_size);
}

static void serve_tcp(int listener, struct dns_script *script)
{
    uint8_t query[4096], length[2];
    struct message answer;
    int fd = accept(listener, NULL, NULL);
    while (recv(fd, length, 2, MSG_WAITALL) == 2) {
        size_t size = (size_t)(length[0] << 8 | length[1]);
        if (size > sizeof query || recv(fd, query, size, MSG_WAITALL) != (ssize_t)size)
            break;
        if (!answer_query(script, query, size, true, &answer))
            continue;
        uint8_t head[2] = {(uint8_t)(answer.size >> 8), (uint8_t)answer.size};
        (void)!send(fd, head, 2, MSG_NOSIGNAL | MSG_MORE);
        (void)!send(fd, answer.bytes, answer.size, MSG_NOSIGNAL);
    }
    close(fd);
}

static void serve_forever(int udp, int tcp, struct dns_script *script)
{
    while (true) {
        struct pollfd either[2] = {{.fd = udp, .events = POLLIN}, {.fd = tcp, .events = POLLIN}};
        poll(either, 2, -1);
        if (either[0].revents != 0)
            serve_udp(udp, script);
        if (either[1].revents != 0)
            serve_tcp(tcp, script);
    }
}

/* One port for TCP and UDP. TCP chooses it: a number that is free for UDP may still be held by closed TCP connections.
 * Another process may have the UDP one; then the next is tried. */
static bool bind_both(uint16_t *port, int *tcp, int *udp)
{
    for (int tries = 0; tries < 100; tries++) {
        *port = 0;
        *tcp = server_bind("127.0.0.1", SOCK_STREAM, port);
        *udp = *tcp >= 0 ? server_bind("127.0.0.1", SOCK_DGRAM, port) : -1;
        if (*udp >= 0 && listen(*tcp, 8) == 0)
            return true;
        if (*udp >= 0)
            close(*udp);
        if (*tcp >= 0)
            close(*tcp);
    }
    return false;
}

struct dns_server dns_server_start(void)
{
    int tcp, udp;
    struct dns_server dns = {0};
    dns.script = mmap(NULL, sizeof *dns.script, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (dns.script == MAP_FAILED || !bind_both(&dns.server.port, &tcp, &udp))
        server_fail("DNS server");
    snprintf(dns.address, sizeof dns.address, "127.0.0.1:%u", dns.server.port);
    dns.server.pid = server_fork();
    if (dns.server.pid == 0)
        serve_forever(udp, tcp, dns.script);
    close(udp);
    close(tcp);
    return dns;
}

void dns_server_stop(struct dns_server *dns)
{
    server_stop(&dns->server);
    munmap(dns->script, sizeof *dns->script);
}

void dns_server_add(struct dns_server *dns, struct dns_rule rule)
{
    unsigned count = atomic_load(&dns->script->rule_count);
    dns->script->rules[count] = rule;
    atomic_store(&dns->script->rule_count, count + 1);
}

void dns_server_forget_rules(struct dns_server *dns)
{
    atomic_store(&dns->script->rule_count, 0);
}
