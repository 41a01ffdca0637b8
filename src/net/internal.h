/* SPDX-License-Identifier: MIT */
/*
 * internal - what the files of net/ know of each other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "base/time.h"
#include "net/net.h"
#include "net/sources.h"
#include "net/stream.h"

struct acr_hosts;
struct acr_resolver;
struct acr_tls;
/* OpenSSL's, so that only those who speak TLS include its headers. */
struct bio_method_st;
struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

struct acr_net {
    struct acr_loop *loop;
    struct acr_resolver *resolver;
    struct acr_tls *tls;
    acr_nanos happy_eyeballs_delay;
    struct acr_sources sources;
    struct acr_net_shortage shortage;
};

/* Longest host name looked up: RFC 1035 section 2.3.4 allows 255 bytes, dots included. */
#define ACR_HOST_NAME_MAX 255

/* address.c */

/* Room for "[address%interface]:port". */
#define ACR_ADDRESS_TEXT_MAX 80

/* 127.0.0.1, ::1, fe80::1%eth0, and what inet_aton(3) takes ("127.1"). */
bool acr_address_parse(struct acr_str text, struct acr_net_address *ret_address);
bool acr_address_equal(const struct acr_net_address *a, const struct acr_net_address *b);
void acr_address_set_port(struct acr_net_address *address, uint16_t port);
/* "127.0.0.1:80", "[::1]:80"; `out` has ACR_ADDRESS_TEXT_MAX bytes. */
void acr_address_format(const struct acr_net_address *address, uint16_t port, char *out);

/* Drops what is there already and what does not fit. */
void acr_addresses_add(struct acr_net_addresses *addresses, const struct acr_net_address *address);
/* IPv6, IPv4, IPv6, ... each family in its own order (RFC 8305 section 4). */
void acr_addresses_interleave(struct acr_net_address *list, size_t count);
/* Moves `winner` to the front if it is there. */
void acr_addresses_prefer(struct acr_net_address *list, size_t count, const struct acr_net_address *winner);

/* hosts.c: a hosts file, read anew when it has changed (looked at once a second at most). A file that cannot be read
 * is an empty one. */
struct acr_hosts *acr_hosts_new(const char *path);
void acr_hosts_free(struct acr_hosts *hosts);
/* `name` in lower case. False when the file lacks it. */
bool acr_hosts_find(struct acr_hosts *hosts, acr_nanos now, struct acr_str name,
                    struct acr_net_addresses *ret_addresses);
void acr_hosts_prefer(struct acr_hosts *hosts, struct acr_str name, const struct acr_net_address *winner);

/* resolver.c */
struct acr_resolver *acr_resolver_new(struct acr_loop *loop, const struct acr_net_options *options);
void acr_resolver_free(struct acr_resolver *resolver);
int acr_resolver_find(struct acr_resolver *resolver, struct acr_fiber *fiber, struct acr_str host, acr_nanos deadline,
                      struct acr_net_addresses *ret_addresses, struct acr_error *error);
/* From now on `winner` comes first for `host`: it has just been seen to work. */
void acr_resolver_prefer(struct acr_resolver *resolver, struct acr_str host, const struct acr_net_address *winner);

/* connect.c */

/* ACR_ERR_CONNECT_..., ACR_ERR_LOCAL_EXHAUSTED: what an errno of socket(), bind() or connect() means. */
int acr_net_connect_code(int system);
/* A connection was not made for ACR_ERR_LOCAL_EXHAUSTED. */
void acr_net_count_shortage(struct acr_net *net, int system);

/* tcp.c: a stream over a socket that is connected or connecting; in the latter case on_ready is called when the attempt
 * has ended. */
int acr_tcp_open(struct acr_loop *loop, int fd, acr_stream_ready_fn *on_ready, void *context,
                 struct acr_stream **ret_stream);

/* tls_context.c: what connections of equal settings share. */
struct acr_tls_context;

/* The session to offer a server next time; its memory stays until the net is closed. */
struct acr_tls_slot {
    struct ssl_session_st *session; /* NULL: none */
};

struct acr_tls *acr_tls_new(void);
void acr_tls_free(struct acr_tls *tls);
int acr_tls_context_find(struct acr_tls *tls, const struct acr_tls_settings *settings,
                         struct acr_tls_context **ret_context, struct acr_error *error);
struct ssl_ctx_st *acr_tls_context_ssl(const struct acr_tls_context *context);
/* NULL when there are too many servers to remember one more. */
struct acr_tls_slot *acr_tls_context_slot(struct acr_tls_context *context, const char *host, uint16_t port);
/* Takes `session`; NULL empties the slot. */
void acr_tls_slot_set(struct acr_tls_slot *slot, struct ssl_session_st *session);
const struct bio_method_st *acr_tls_bio_method(const struct acr_tls *tls);
/* Fills in the oldest error of OpenSSL's queue and empties the queue, which other users of the library in this
 * thread (Python's ssl) must not find anything in. */
int acr_tls_error(struct acr_error *error, int code, const char *about);

/* tls.c: a BIO over a struct acr_stream; NULL when there is no memory. */
struct bio_method_st *acr_tls_bio_method_new(void);
/* Called by OpenSSL with each session a server hands out. */
int acr_tls_keep_session(struct ssl_st *ssl, struct ssl_session_st *session);
