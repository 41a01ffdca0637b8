/* SPDX-License-Identifier: MIT */
/*
 * servers - small scripted servers for tests.
 *
 * Each runs in a child process that dies with the test program, on a port of its own choosing on the loopback. Failing
 * to start one ends the test program. Start them before the test starts a thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
    pid_t pid;
    uint16_t port;
};

/* Runs in the child, in a thread for each connection, which is closed afterwards unless the function did. */
typedef void server_fn(int fd, const void *context);

/* `address` is "127.0.0.1" or "::1"; `context` is whatever memory the child inherits. */
struct server server_start(const char *address, server_fn *serve, const void *context);
/* As server_start, on that port; pid 0 when it is taken. */
struct server server_start_on(const char *address, uint16_t port, server_fn *serve, const void *context);
void server_stop(struct server *server);

/* Is there an IPv6 loopback? Tests that need it skip themselves without. */
bool server_has_ipv6(void);

/* A port of 127.0.0.1 or ::1 on which nobody listens. */
uint16_t server_free_port(const char *address);

/* Sends back what it gets, until the end. */
void serve_echo(int fd, const void *context);
/* Closes at once. */
void serve_close(int fd, const void *context);
/* Waits for one byte, then resets the connection. */
void serve_reset(int fd, const void *context);
/* Neither reads nor writes. */
void serve_stall(int fd, const void *context);
/* Sends the text `context` and the end of the stream in one go. */
void serve_text(int fd, const void *context);
/* Sends the text `context` byte by byte. */
void serve_drip(int fd, const void *context);
/* Waits for one byte, then reads slowly whatever comes and says at the end how many bytes came after it, as text. */
void serve_count(int fd, const void *context);

/* A socket that listens and whose queue is full: attempts to connect get no answer. */
struct full_queue {
    int listener;
    int filler[2];
    uint16_t port;
};
struct full_queue full_queue_open(const char *address);
void full_queue_close(struct full_queue *queue);

/* What the DNS server knows. A name with no rule does not exist; one without a rule of the type asked has no data. */
enum dns_kind {
    DNS_ADDRESS, /* value: the address */
    DNS_ALIAS,   /* value: the other name (asked for any type) */
    DNS_SILENCE, /* no answer */
    DNS_BROKEN,  /* "server failure" */
};
struct dns_rule {
    char name[64];
    int type; /* 4 or 6, as in IPv4 and IPv6 */
    enum dns_kind kind;
    char value[64];
    uint32_t ttl;
    bool only_tcp; /* by UDP the answer is cut, by TCP it comes in two pieces */
};
#define DNS_RULES_MAX 64
struct dns_script { /* shared with the child */
    atomic_uint queries;
    atomic_uint rule_count;
    struct dns_rule rules[DNS_RULES_MAX];
};
struct dns_server {
    struct server server;
    struct dns_script *script;
    char address[32]; /* "127.0.0.1:port" */
};
struct dns_server dns_server_start(void);
void dns_server_stop(struct dns_server *dns);
void dns_server_add(struct dns_server *dns, struct dns_rule rule);
void dns_server_forget_rules(struct dns_server *dns);

/* What a TLS server does after the handshake. */
enum tls_behaviour {
    TLS_ECHO,
    TLS_TEXT_WITHOUT_NOTIFY, /* sends "cut", then closes the socket without a close_notify */
    TLS_RESET_IN_HANDSHAKE,  /* after the client's greeting */
    TLS_RESET_LATER,         /* after one byte of data */
    TLS_SERVE,               /* what `serve` does with the bytes within */
};
struct tls_server_options {
    const char *address;   /* NULL: 127.0.0.1 */
    const char *cert_path; /* with its key */
    const char *client_ca; /* not NULL: a client certificate of this CA is required */
    enum tls_behaviour behaviour;
    int max_version;        /* 0, or TLS1_2_VERSION */
    server_fn *serve;       /* of TLS_SERVE; its fd is the near end of a pair of sockets */
    const void *serve_with; /* its context */
};
struct tls_seen { /* shared with the child */
    atomic_uint handshakes;
    atomic_uint resumed;
    char server_name[256]; /* of the last handshake: SNI, "" for none */
    char protocol[32];     /* of the last handshake: ALPN, "" for none */
};
struct tls_server {
    struct server server;
    struct tls_seen *seen;
};
struct tls_server tls_server_start(const struct tls_server_options *options);
void tls_server_stop(struct tls_server *tls);
