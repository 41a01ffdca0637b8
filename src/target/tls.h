/* SPDX-License-Identifier: MIT */
/*
 * tls - HTTPS for the target: one context for all threads, one session per connection.
 *
 * A session's functions do what can be done now; the handshake happens inside the first of them. Since reading may
 * have to write and the other way round, each is to be tried again after any event of the socket.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct acr_target_tls;
struct ssl_st; /* OpenSSL's SSL */

/* `key_path` NULL: in cert_path. ACR_ERR_TLS with the path and OpenSSL's reason. */
ACR_MUST_CHECK int acr_target_tls_open(const char *cert_path, const char *key_path, struct acr_target_tls **ret_tls,
                                       struct acr_error *error);
/* Accepts NULL. */
void acr_target_tls_close(struct acr_target_tls *tls);

/* A session on a connected socket (borrowed). NULL when OpenSSL has none to give. */
struct ssl_st *acr_target_tls_accept(struct acr_target_tls *tls, int fd);
/* Accepts NULL. */
void acr_target_tls_free(struct ssl_st *session);

/* > 0: bytes read; ACR_ERR_AGAIN; ACR_ERR_END for an end of any kind. */
ssize_t acr_target_tls_read(struct ssl_st *session, void *buffer, size_t size);

/* > 0: bytes taken; ACR_ERR_AGAIN; ACR_ERR_END. */
ssize_t acr_target_tls_write(struct ssl_st *session, const void *bytes, size_t size);

/* Tells the client that nothing follows. */
void acr_target_tls_end(struct ssl_st *session);
