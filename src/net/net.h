/* SPDX-License-Identifier: MIT */
/*
 * net - the connections of one loop: name resolution, TCP, TLS, UDP, with what they share.
 *
 * A struct acr_net holds the resolver's cache, the TLS contexts (one per distinct settings, with the trust store read
 * once and sessions kept for reuse) and the connect options of one loop. The functions that wait do so on the given
 * fiber and can be cancelled at each wait (fiber.h); after a cancel nothing of the attempt is left.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/str.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "net/stream.h"

struct acr_net;

/* Addresses a name resolves to, in the order they should be tried. */
#define ACR_NET_ADDRESSES_MAX 16
struct acr_net_addresses {
    size_t count;
    struct acr_net_address {
        socklen_t size;
        union {
            struct sockaddr any;
            struct sockaddr_in v4;
            struct sockaddr_in6 v6;
        } socket; /* port 0 */
    } list[ACR_NET_ADDRESSES_MAX];
};

struct acr_net_options {
    /* NULL: /etc/hosts. For tests. */
    const char *hosts_path;
    /* NULL: /etc/resolv.conf's; else "127.0.0.1:5353,..." for tests. */
    const char *dns_servers;
    /* How long an answer is kept: its own TTL within these bounds (seconds). 0, 0 = 1 and 300. */
    unsigned ttl_min, ttl_max;
    /* Pause before the next address is tried beside the present one (RFC 8305 section 5). 0 = 250 ms. */
    acr_nanos happy_eyeballs_delay;
    /* Ask DNS for IPv6 addresses even when this machine has no route for them. For tests. */
    bool always_ask_ipv6;
};

/* `options` may be NULL; its strings are copied. ACR_ERR_SYSTEM. */
ACR_MUST_CHECK int acr_net_open(struct acr_loop *loop, const struct acr_net_options *options, struct acr_net **ret_net,
                                struct acr_error *error);
/* All streams must be closed, no fiber may be waiting. Accepts NULL. */
void acr_net_close(struct acr_net *net);

/* From now on connections are made from these addresses of this machine, in turn ("127.0.0.2,10.0.0.10-10.0.0.19", see
 * net/sources.h); without it the system chooses. Each gives one target some 28,000 connections more. ACR_ERR_INVALID.
 */
ACR_MUST_CHECK int acr_net_connect_from(struct acr_net *net, const char *addresses, struct acr_error *error);

/* Connections that were not made because this machine lacked something: the causes of ACR_ERR_LOCAL_EXHAUSTED. */
struct acr_net_shortage {
    uint64_t ports;       /* of its own addresses */
    uint64_t descriptors; /* or memory for sockets */
};
const struct acr_net_shortage *acr_net_shortage(const struct acr_net *net);

struct acr_loop *acr_net_loop(const struct acr_net *net);

/* Makes a stream of a connected, non-blocking socket (an accepted one). The descriptor belongs to the stream, on
 * failure still to the caller. ACR_ERR_SYSTEM. */
ACR_MUST_CHECK int acr_net_adopt(struct acr_net *net, int fd, struct acr_stream **ret_stream, struct acr_error *error);

/* Literal addresses, names of the hosts file and cached names are answered without waiting; "localhost" is 127.0.0.1
 * and
 * ::1 without a look-up when the hosts file lacks it. All who ask for one name at a time share one query; a
 * failure is kept for ttl_min. IPv6 and IPv4 alternate, IPv6 first, or first the one that last connected. `host` has no
 * brackets. ACR_ERR_RESOLVE with the host and the reason; ACR_ERR_TIMED_OUT
 * at `deadline`; ACR_ERR_CANCELLED. */
ACR_MUST_CHECK int acr_net_resolve(struct acr_net *net, struct acr_fiber *fiber, struct acr_str host,
                                   acr_nanos deadline, struct acr_net_addresses *ret_addresses,
                                   struct acr_error *error);

/* Resolves and connects; tries the next address after the happy-eyeballs delay or a failure, alternating families, and
 * takes the first that answers. TCP_NODELAY is set. ACR_ERR_RESOLVE, CONNECT_REFUSED, CONNECT_TIMEOUT (deadline or
 * ETIMEDOUT), CONNECT_FAILED, LOCAL_EXHAUSTED (EADDRNOTAVAIL, EMFILE, ENFILE, ENOBUFS), CANCELLED. */
ACR_MUST_CHECK int acr_net_connect(struct acr_net *net, struct acr_fiber *fiber, struct acr_str host, uint16_t port,
                                   acr_nanos deadline, struct acr_stream **ret_stream, struct acr_error *error);

/* A socket for datagrams from and to the first of the host's addresses that can be had; nothing is sent. Errors as
 * acr_net_connect(), but nobody refuses before a datagram is sent (stream.h). */
ACR_MUST_CHECK int acr_net_udp_connect(struct acr_net *net, struct acr_fiber *fiber, struct acr_str host, uint16_t port,
                                       acr_nanos deadline, struct acr_stream **ret_stream, struct acr_error *error);

/* Equal settings share a context; all strings are borrowed for the call. A zeroed one verifies against the system's
 * store. */
struct acr_tls_settings {
    bool insecure;         /* verify=False: accept any certificate */
    const char *ca_path;   /* a PEM bundle or a directory instead of the system's store; NULL: the system's */
    const char *cert_path; /* client certificate chain, PEM; NULL: none */
    const char *key_path;  /* its key; NULL: in cert_path */
    bool no_alpn;          /* do not offer HTTP: another protocol is spoken within */
};

/* Takes `tcp` (closed on failure, also when cancelled) and does the handshake, with SNI and name check for `host` (not
 * for SNI when it is a literal address). Offers ALPN "http/1.1" unless `no_alpn`. ACR_ERR_TLS, ACR_ERR_TLS_CERTIFICATE
 * (detail says why: expired, wrong host, unknown issuer), ACR_ERR_RESET, ACR_ERR_CONNECT_TIMEOUT, ACR_ERR_CANCELLED,
 * ACR_ERR_SYSTEM for an unreadable file (with its path). */
ACR_MUST_CHECK int acr_net_tls_connect(struct acr_net *net, struct acr_fiber *fiber, struct acr_stream *tcp,
                                       const struct acr_tls_settings *settings, struct acr_str host, acr_nanos deadline,
                                       struct acr_stream **ret_stream, struct acr_error *error);

/* The path of the system's trust store that is used by default ("/etc/ssl/certs/ca-certificates.crt" on Debian);
 * SSL_CERT_FILE overrides it. */
const char *acr_net_tls_default_ca(void);
