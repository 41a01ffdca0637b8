/* SPDX-License-Identifier: MIT */
/*
 * tls - a stream over a stream.
 *
 * OpenSSL reads and writes through a BIO that calls the stream below, so that no SIGPIPE can arise and a drained
 * descriptor is known without a system call. Each call starts and ends with an empty OpenSSL error queue.
 */
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/memory.h"
#include "loop/fiber.h"
#include "net/internal.h"

struct tls {
    struct acr_stream stream;
    struct acr_stream *tcp;
    SSL *ssl;
    struct acr_tls_slot *slot; /* where the server's sessions go; NULL: nowhere */
    struct acr_fiber *fiber;   /* waits for the handshake; NULL afterwards */
    int below_code;            /* how the stream below failed, 0: it did not */
    int below_system;
    bool below_ended;
    bool buffers_idle; /* OpenSSL holds on to an empty buffer */
    bool broken;       /* after a fatal error nothing more may be sent */
};

static int bio_result(BIO *bio, struct tls *tls, ssize_t result, int retry_flag, const struct acr_error *error)
{
    if (result > 0)
        return (int)result;
    if (result == ACR_ERR_AGAIN || result == 0) {
        BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
        return -1;
    }
    if (result == ACR_ERR_END) {
        tls->below_ended = true;
        return 0;
    }
    tls->below_code = (int)result;
    tls->below_system = error->system;
    return -1;
}

static int bio_read(BIO *bio, char *buffer, int size)
{
    struct tls *tls = BIO_get_data(bio);
    struct acr_error error;
    BIO_clear_retry_flags(bio);
    ssize_t result = acr_stream_read(tls->tcp, buffer, (size_t)size, &error);
    return bio_result(bio, tls, result, BIO_FLAGS_READ, &error);
}

static int bio_write(BIO *bio, const char *bytes, int size)
{
    struct tls *tls = BIO_get_data(bio);
    struct acr_error error;
    BIO_clear_retry_flags(bio);
    ssize_t result = acr_stream_write(tls->tcp, bytes, (size_t)size, &error);
    return bio_result(bio, tls, result, BIO_FLAGS_WRITE, &error);
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    const struct tls *tls = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return tls->below_ended;
    default:
        return 0;
    }
}

struct bio_method_st *acr_tls_bio_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "acr_stream");
    if (method == NULL)
        return NULL;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    return method;
}

int acr_tls_keep_session(struct ssl_st *ssl, struct ssl_session_st *session)
{
    struct tls *tls = SSL_get_app_data(ssl);
    if (tls->slot == NULL)
        return 0;
    acr_tls_slot_set(tls->slot, session);
    tls->buffers_idle = true;
    return 1;
}

/* SSL_get_error() misreads a failure when somebody else's is still queued. */
static void clear_stale_errors(void)
{
    if (ACR_UNLIKELY(ERR_peek_error() != 0))
        ERR_clear_error();
}

static int below_failed(struct tls *tls, const char *about, struct acr_error *error)
{
    ERR_clear_error();
    tls->broken = true;
    if (tls->below_code == 0)
        return acr_error_set(error, ACR_ERR_TLS, "%s: closed in the middle of a record", about);
    return acr_error_set_system(error, tls->below_code, tls->below_system, "%s", about);
}

/* AGAIN, END, or why the connection is broken. */
static int outcome(struct tls *tls, int result, const char *about, struct acr_error *error)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return ACR_ERR_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return ACR_ERR_END;
    case SSL_ERROR_SYSCALL:
        return below_failed(tls, about, error);
    default:
        if (tls->below_code != 0)
            return below_failed(tls, about, error);
        tls->broken = true;
        return acr_tls_error(error, ACR_ERR_TLS, about);
    }
}

static ssize_t tls_read(struct acr_stream *stream, void *buffer, size_t size, struct acr_error *error)
{
    struct tls *tls = (struct tls *)stream;
    clear_stale_errors();
    int got = SSL_read(tls->ssl, buffer, size < INT_MAX ? (int)size : INT_MAX);
    if (ACR_LIKELY(got > 0))
        return got;
    /* To receive a session it makes room for sending, 16 KiB, which only the end of a write would give back. */
    if (tls->buffers_idle && SSL_free_buffers(tls->ssl) == 1)
        tls->buffers_idle = false;
    return outcome(tls, got, "reading", error);
}

static ssize_t tls_write(struct acr_stream *stream, const void *bytes, size_t size, struct acr_error *error)
{
    struct tls *tls = (struct tls *)stream;
    if (size == 0)
        return 0;
    clear_stale_errors();
    int sent = SSL_write(tls->ssl, bytes, size < INT_MAX ? (int)size : INT_MAX);
    return sent > 0 ? sent : outcome(tls, sent, "writing", error);
}

static int tls_end(struct acr_stream *stream, struct acr_error *error)
{
    struct tls *tls = (struct tls *)stream;
    clear_stale_errors();
    int result = SSL_shutdown(tls->ssl);
    return result >= 0 ? 0 : outcome(tls, result, "ending", error);
}

static void tls_close(struct acr_stream *stream)
{
    struct tls *tls = (struct tls *)stream;
    if (tls->ssl != NULL) {
        if (!tls->broken && SSL_is_init_finished(tls->ssl))
            SSL_shutdown(tls->ssl);
        /* Else SSL_free() takes the session for spoilt, which the next connection is to resume. */
        SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(tls->ssl);
        ERR_clear_error();
    }
    acr_stream_close(tls->tcp);
    acr_free(tls);
}

static const struct acr_stream_ops tls_ops = {tls_read, tls_write, tls_end, tls_close};

static void on_tcp_ready(struct acr_stream *tcp)
{
    struct tls *tls = tcp->context;
    if (tls->fiber != NULL)
        acr_fiber_wake(tls->fiber);
    else if (tls->stream.on_ready != NULL)
        tls->stream.on_ready(&tls->stream);
}

static struct tls *tls_new(struct acr_stream *tcp, struct acr_fiber *fiber)
{
    struct tls *tls = acr_alloc_zero(sizeof *tls);
    tls->stream = (struct acr_stream){.ops = &tls_ops, .fd = tcp->fd};
    tls->tcp = tcp;
    tls->fiber = fiber;
    tcp->context = tls;
    tcp->on_ready = on_tcp_ready;
    return tls;
}

static uint16_t peer_port(int fd)
{
    struct sockaddr_in6 peer = {0};
    socklen_t size = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0)
        return 0;
    /* Both families have the port in the same place. */
    return ntohs(peer.sin6_port);
}

/* Whom the certificate must name, and the name in the greeting. RFC 6066 section 3 allows no addresses there. */
static int set_host(struct tls *tls, const char *host, bool literal)
{
    X509_VERIFY_PARAM *check = SSL_get0_param(tls->ssl);
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (literal)
        return X509_VERIFY_PARAM_set1_ip_asc(check, host);
    return X509_VERIFY_PARAM_set1_host(check, host, 0) == 1 && SSL_set_tlsext_host_name(tls->ssl, host) == 1;
}

/* A copy: OpenSSL marks a TLS 1.3 session as used up once a handshake has resumed it. To use one again is unwise for
 * those who do not want to be recognised (RFC 8446 appendix C.4), which a load generator need not mind. */
static void offer_session(struct tls *tls)
{
    if (tls->slot == NULL || tls->slot->session == NULL)
        return;
    SSL_SESSION *copy = SSL_SESSION_dup(tls->slot->session);
    if (copy == NULL)
        return;
    SSL_set_session(tls->ssl, copy);
    SSL_SESSION_free(copy);
}

static int prepare(struct tls *tls, struct acr_net *net, struct acr_tls_context *context, const char *host,
                   bool literal, struct acr_error *error)
{
    BIO *bio = NULL;
    clear_stale_errors();
    tls->ssl = SSL_new(acr_tls_context_ssl(context));
    if (tls->ssl != NULL)
        bio = BIO_new(acr_tls_bio_method(net->tls));
    if (bio == NULL)
        return acr_tls_error(error, ACR_ERR_TLS, host);
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_connect_state(tls->ssl);
    if (set_host(tls, host, literal) != 1)
        return acr_tls_error(error, ACR_ERR_TLS, host);
    tls->slot = acr_tls_context_slot(context, host, peer_port(tls->tcp->fd));
    offer_session(tls);
    return 0;
}

static int handshake_failed(struct tls *tls, int result, const char *host, struct acr_error *error)
{
    unsigned long first = ERR_peek_error();
    bool refused = ERR_GET_LIB(first) == ERR_LIB_SSL && ERR_GET_REASON(first) == SSL_R_CERTIFICATE_VERIFY_FAILED;
    int code = outcome(tls, result, host, error);
    if (code == ACR_ERR_AGAIN)
        return code;
    tls->broken = true;
    if (code == ACR_ERR_END)
        code = acr_error_set(error, ACR_ERR_TLS, "%s: closed during the handshake", host);
    if (refused)
        code = acr_error_set(error, ACR_ERR_TLS_CERTIFICATE, "%s: %s", host,
                             X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl)));
    /* Perhaps it was the session that the server could not bear. */
    if (tls->slot != NULL)
        acr_tls_slot_set(tls->slot, NULL);
    return code;
}

static int handshake(struct tls *tls, const char *host, acr_nanos deadline, struct acr_error *error)
{
    int code = 0;
    while (code == 0) {
        clear_stale_errors();
        int result = SSL_do_handshake(tls->ssl);
        if (result == 1)
            return 0;
        code = handshake_failed(tls, result, host, error);
        if (code == ACR_ERR_AGAIN)
            code = acr_fiber_wait_until(tls->fiber, deadline);
    }
    if (code == ACR_ERR_TIMED_OUT)
        return acr_error_set(error, ACR_ERR_CONNECT_TIMEOUT, "%s: TLS handshake not done in time", host);
    if (code == ACR_ERR_CANCELLED)
        return acr_error_set(error, code, "TLS handshake with %s", host);
    return code;
}

/* Lower case, without the root's dot and an address's zone, as certificates have it. */
static int plain_host(struct acr_str host, char *out, bool *ret_literal, struct acr_error *error)
{
    struct acr_net_address address;
    bool literal = acr_address_parse(host, &address);
    ptrdiff_t zone = literal ? acr_str_find_char(host, '%') : -1;
    if (zone >= 0)
        host.size = (size_t)zone;
    if (!literal && host.size > 1 && host.data[host.size - 1] == '.')
        host.size--;
    if (host.size == 0 || host.size > ACR_HOST_NAME_MAX || memchr(host.data, '\0', host.size) != NULL)
        return acr_error_set(error, ACR_ERR_TLS, "not a host name");
    for (size_t i = 0; i < host.size; i++)
        out[i] = acr_char_lower(host.data[i]);
    out[host.size] = '\0';
    *ret_literal = literal;
    return 0;
}

int acr_net_tls_connect(struct acr_net *net, struct acr_fiber *fiber, struct acr_stream *tcp,
                        const struct acr_tls_settings *settings, struct acr_str host, acr_nanos deadline,
                        struct acr_stream **ret_stream, struct acr_error *error)
{
    struct tls *tls = tls_new(tcp, fiber);
    struct acr_tls_context *context;
    char name[ACR_HOST_NAME_MAX + 1];
    bool literal = false;
    int code = plain_host(host, name, &literal, error);
    if (code == 0)
        code = acr_tls_context_find(net->tls, settings, &context, error);
    if (code == 0)
        code = prepare(tls, net, context, name, literal, error);
    if (code == 0)
        code = handshake(tls, name, deadline, error);
    tls->fiber = NULL;
    if (code != 0) {
        tls_close(&tls->stream);
        return code;
    }
    *ret_stream = &tls->stream;
    return 0;
}
