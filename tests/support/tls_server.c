/* SPDX-License-Identifier: MIT */
/* tls_server - a TLS server that notes what its clients said. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "support/servers.h"
#include "support/servers_internal.h"

struct tls_context {
    SSL_CTX *ssl;
    enum tls_behaviour behaviour;
    struct tls_seen *seen;
    server_fn *serve;
    const void *serve_with;
};

struct inner_server {
    int fd;
    const struct tls_context *context;
};

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size, const unsigned char *in,
                           unsigned in_size, void *context)
{
    (void)ssl;
    (void)context;
    static const unsigned char ours[] = "\x08http/1.1";
    if (SSL_select_next_proto((unsigned char **)out, out_size, ours, sizeof ours - 1, in, in_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_TLSEXT_ERR_OK;
}

static void note(SSL *ssl, struct tls_seen *seen)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const unsigned char *protocol;
    unsigned size;
    SSL_get0_alpn_selected(ssl, &protocol, &size);
    snprintf(seen->server_name, sizeof seen->server_name, "%s", name != NULL ? name : "");
    snprintf(seen->protocol, sizeof seen->protocol, "%.*s", (int)size, protocol != NULL ? (const char *)protocol : "");
    if (SSL_session_reused(ssl))
        atomic_fetch_add(&seen->resumed, 1);
    atomic_fetch_add(&seen->handshakes, 1);
}

static void *run_inner(void *argument)
{
    const struct inner_server *inner = argument;
    inner->context->serve(inner->fd, inner->context->serve_with);
    shutdown(inner->fd, SHUT_RDWR);
    return NULL;
}

/* Carries bytes between the TLS connection and a socket until either ends. */
static void carry(SSL *ssl, int fd, int inner)
{
    char bytes[16384];
    int got = 1;
    while (got > 0) {
        struct pollfd ends[] = {{.fd = fd, .events = POLLIN}, {.fd = inner, .events = POLLIN}};
        poll(ends, 2, SSL_pending(ssl) > 0 ? 0 : -1);
        if (ends[0].revents != 0 || SSL_pending(ssl) > 0) {
            got = SSL_read(ssl, bytes, sizeof bytes);
            if (got > 0)
                (void)!send(inner, bytes, (size_t)got, MSG_NOSIGNAL);
        }
        if (got > 0 && ends[1].revents != 0) {
            got = (int)recv(inner, bytes, sizeof bytes, 0);
            if (got > 0)
                got = SSL_write(ssl, bytes, got);
        }
    }
}

static void serve_within(SSL *ssl, int fd, const struct tls_context *context)
{
    int pair[2];
    pthread_t thread;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return;
    struct inner_server inner = {pair[1], context};
    if (pthread_create(&thread, NULL, run_inner, &inner) == 0) {
        carry(ssl, fd, pair[0]);
        shutdown(pair[0], SHUT_RDWR);
        pthread_join(thread, NULL);
    }
    SSL_shutdown(ssl);
    close(pair[0]);
    close(pair[1]);
}

static void serve_established(SSL *ssl, int fd, const struct tls_context *context)
{
    char bytes[16384];
    int got;
    switch (context->behaviour) {
    case TLS_SERVE:
        serve_within(ssl, fd, context);
        break;
    case TLS_ECHO:
        while ((got = SSL_read(ssl, bytes, sizeof bytes)) > 0)
            if (SSL_write(ssl, bytes, got) != got)
                return;
        SSL_shutdown(ssl);
        break;
    case TLS_TEXT_WITHOUT_NOTIFY:
        SSL_write(ssl, "cut", 3);
        break;
    default:
        (void)SSL_read(ssl, bytes, 1);
        server_reset(fd);
    }
}

static void serve_tls(int fd, const void *argument)
{
    const struct tls_context *context = argument;
    char bytes[64];
    if (context->behaviour == TLS_RESET_IN_HANDSHAKE) {
        (void)!recv(fd, bytes, sizeof bytes, 0);
        server_reset(fd);
        return;
    }
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    SSL *ssl = SSL_new(context->ssl);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        note(ssl, context->seen);
        serve_established(ssl, fd, context);
    } else {
        /* Let the client read the alert before the connection goes. */
        shutdown(fd, SHUT_WR);
        while (recv(fd, bytes, sizeof bytes, 0) > 0)
            ;
    }
    SSL_free(ssl);
}

static SSL_CTX *make_context(const struct tls_server_options *options)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    if (ssl == NULL || SSL_CTX_use_certificate_chain_file(ssl, options->cert_path) != 1 ||
        SSL_CTX_use_PrivateKey_file(ssl, options->cert_path, SSL_FILETYPE_PEM) != 1)
        server_fail(options->cert_path);
    if (options->client_ca != NULL) {
        SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        if (SSL_CTX_load_verify_locations(ssl, options->client_ca, NULL) != 1)
            server_fail(options->client_ca);
    }
    SSL_CTX_set_session_id_context(ssl, (const unsigned char *)"test", 4);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    if (options->max_version != 0)
        SSL_CTX_set_max_proto_version(ssl, options->max_version);
    return ssl;
}

struct tls_server tls_server_start(const struct tls_server_options *options)
{
    struct tls_server tls;
    tls.seen = mmap(NULL, sizeof *tls.seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tls.seen == MAP_FAILED)
        server_fail("mmap");
    /* Lives on in the child; the parent's copies go at the end of this function. */
    struct tls_context context = {make_context(options), options->behaviour, tls.seen, options->serve,
                                  options->serve_with};
    tls.server = server_start(options->address != NULL ? options->address : "127.0.0.1", serve_tls, &context);
    SSL_CTX_free(context.ssl);
    return tls;
}

void tls_server_stop(struct tls_server *tls)
{
    server_stop(&tls->server);
    munmap(tls->seen, sizeof *tls->seen);
}
