/* SPDX-License-Identifier: MIT */
/* tls - OpenSSL over a non-blocking socket, by way of a BIO that raises no SIGPIPE. */
#include "target/tls.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/memory.h"

struct acr_target_tls {
    SSL_CTX *context;
    BIO_METHOD *socket;
};

static int bio_fd(BIO *bio)
{
    return (int)(intptr_t)BIO_get_data(bio);
}

static int bio_result(BIO *bio, ssize_t count, int retry_flag)
{
    BIO_clear_retry_flags(bio);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
    return (int)count;
}

static int bio_read(BIO *bio, char *buffer, int size)
{
    return bio_result(bio, recv(bio_fd(bio), buffer, (size_t)size, MSG_DONTWAIT), BIO_FLAGS_READ);
}

static int bio_write(BIO *bio, const char *bytes, int size)
{
    return bio_result(bio, send(bio_fd(bio), bytes, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

/* HTTP/1.1 is all there is, and clients that offer other protocols besides are to use it. */
static int choose_protocol(SSL *session, const unsigned char **chosen, unsigned char *chosen_size,
                           const unsigned char *offered, unsigned offered_size, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *found;
    (void)session;
    (void)context;
    if (SSL_select_next_proto(&found, chosen_size, ours, sizeof ours - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static int load_failed(const char *path, struct acr_error *error)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    acr_error_set(error, ACR_ERR_TLS, "%s: %s", path, reason != NULL ? reason : "cannot be used");
    ERR_clear_error();
    return ACR_ERR_TLS;
}

static int load(SSL_CTX *context, const char *cert_path, const char *key_path, struct acr_error *error)
{
    if (SSL_CTX_use_certificate_chain_file(context, cert_path) != 1)
        return load_failed(cert_path, error);
    if (SSL_CTX_use_PrivateKey_file(context, key_path, SSL_FILETYPE_PEM) != 1)
        return load_failed(key_path, error);
    return 0;
}

int acr_target_tls_open(const char *cert_path, const char *key_path, struct acr_target_tls **ret_tls,
                        struct acr_error *error)
{
    struct acr_target_tls *tls = acr_alloc_zero(sizeof *tls);
    tls->context = SSL_CTX_new(TLS_server_method());
    tls->socket = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "target socket");
    int code = tls->context == NULL || tls->socket == NULL ? load_failed("OpenSSL", error) : 0;
    if (code == 0)
        code = load(tls->context, cert_path, key_path != NULL ? key_path : cert_path, error);
    if (code != 0) {
        acr_target_tls_close(tls);
        return code;
    }
    BIO_meth_set_read(tls->socket, bio_read);
    BIO_meth_set_write(tls->socket, bio_write);
    BIO_meth_set_ctrl(tls->socket, bio_control);
    SSL_CTX_set_mode(tls->context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(tls->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_alpn_select_cb(tls->context, choose_protocol, NULL);
    *ret_tls = tls;
    return 0;
}

void acr_target_tls_close(struct acr_target_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->socket);
    acr_free(tls);
}

SSL *acr_target_tls_accept(struct acr_target_tls *tls, int fd)
{
    SSL *session = SSL_new(tls->context);
    BIO *bio = BIO_new(tls->socket);
    if (session == NULL || bio == NULL) {
        SSL_free(session);
        BIO_free(bio);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(session, bio, bio);
    SSL_set_accept_state(session);
    return session;
}

void acr_target_tls_free(SSL *session)
{
    SSL_free(session);
}

static ssize_t result(SSL *session, int done, size_t count)
{
    if (done > 0)
        return (ssize_t)count;
    int reason = SSL_get_error(session, done);
    ERR_clear_error();
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? ACR_ERR_AGAIN : ACR_ERR_END;
}

ssize_t acr_target_tls_read(SSL *session, void *buffer, size_t size)
{
    size_t count = 0;
    int done = SSL_read_ex(session, buffer, size, &count);
    return result(session, done, count);
}

ssize_t acr_target_tls_write(SSL *session, const void *bytes, size_t size)
{
    size_t count = 0;
    int done = SSL_write_ex(session, bytes, size, &count);
    return result(session, done, count);
}

void acr_target_tls_end(SSL *session)
{
    if (SSL_is_init_finished(session))
        SSL_shutdown(session);
    ERR_clear_error();
}
