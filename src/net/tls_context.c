/* SPDX-License-Identifier: MIT */
/*
 * tls_context - what TLS connections share: one SSL_CTX per distinct settings, one trust store per path, and the
 * sessions that servers handed out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/buffer.h"
#include "base/map.h"
#include "base/memory.h"
#include "net/internal.h"

/* Servers whose session is remembered, per settings. A session takes some 2 to 6 KiB. */
#define SLOTS_MAX 4096

struct acr_tls {
    BIO_METHOD *bio;
    struct acr_map stores;   /* path to X509_STORE */
    struct acr_map contexts; /* settings to struct acr_tls_context */
};

struct acr_tls_context {
    SSL_CTX *ssl;
    struct acr_map slots; /* "host:port" to struct acr_tls_slot */
};

const char *acr_net_tls_default_ca(void)
{
    const char *path = getenv("SSL_CERT_FILE");
    return path != NULL && path[0] != '\0' ? path : "/etc/ssl/certs/ca-certificates.crt";
}

struct acr_tls *acr_tls_new(void)
{
    struct acr_tls *tls = acr_alloc_zero(sizeof *tls);
    acr_map_init(&tls->stores);
    acr_map_init(&tls->contexts);
    return tls;
}

static void context_free(struct acr_tls_context *context)
{
    const struct acr_map_slot *entry;
    for (size_t position = 0; (entry = acr_map_next(&context->slots, &position)) != NULL;) {
        acr_tls_slot_set(entry->value, NULL);
        acr_free(entry->value);
    }
    acr_map_done(&context->slots);
    SSL_CTX_free(context->ssl);
    acr_free(context);
}

void acr_tls_free(struct acr_tls *tls)
{
    if (tls == NULL)
        return;
    const struct acr_map_slot *entry;
    for (size_t position = 0; (entry = acr_map_next(&tls->contexts, &position)) != NULL;)
        context_free(entry->value);
    for (size_t position = 0; (entry = acr_map_next(&tls->stores, &position)) != NULL;)
        X509_STORE_free(entry->value);
    acr_map_done(&tls->contexts);
    acr_map_done(&tls->stores);
    BIO_meth_free(tls->bio);
    acr_free(tls);
}

const struct bio_method_st *acr_tls_bio_method(const struct acr_tls *tls)
{
    return tls->bio;
}

struct ssl_ctx_st *acr_tls_context_ssl(const struct acr_tls_context *context)
{
    return context->ssl;
}

int acr_tls_error(struct acr_error *error, int code, const char *about)
{
    unsigned long first = ERR_peek_error();
    const char *reason = first != 0 ? ERR_reason_error_string(first) : NULL;
    if (reason != NULL && ERR_GET_LIB(first) == ERR_LIB_SSL && ERR_GET_REASON(first) == SSL_R_WRONG_VERSION_NUMBER)
        acr_error_set(error, code, "%s: %s (no TLS on this port?)", about, reason);
    else if (reason != NULL)
        acr_error_set(error, code, "%s: %s", about, reason);
    else
        acr_error_set(error, code, "%s", about);
    ERR_clear_error();
    return code;
}

/* OpenSSL's own message for a missing file names neither file nor reason. */
static int check_readable(const char *path, struct acr_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "%s", path);
    close(fd);
    return 0;
}

static int load_store(const char *path, X509_STORE **ret_store, struct acr_error *error)
{
    int code = check_readable(path, error);
    if (code != 0)
        return code;
    X509_STORE *store = X509_STORE_new();
    if (store == NULL)
        return acr_tls_error(error, ACR_ERR_SYSTEM, path);
    struct stat state;
    bool directory = stat(path, &state) == 0 && S_ISDIR(state.st_mode);
    int loaded = directory ? X509_STORE_load_path(store, path) : X509_STORE_load_file(store, path);
    if (loaded != 1) {
        X509_STORE_free(store);
        return acr_tls_error(error, ACR_ERR_SYSTEM, path);
    }
    /* A certificate that the tester put into the bundle is trusted even if it is not a root. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();
    *ret_store = store;
    return 0;
}

static int use_store(struct acr_tls *tls, SSL_CTX *ssl, const char *path, struct acr_error *error)
{
    X509_STORE *store = acr_map_find(&tls->stores, acr_str_of(path));
    if (store == NULL) {
        int code = load_store(path, &store, error);
        if (code != 0)
            return code;
        acr_map_set(&tls->stores, acr_str_of(path), store);
    }
    SSL_CTX_set1_cert_store(ssl, store);
    return 0;
}

/* An encrypted key fails; the default would ask on the terminal. */
static int no_password(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static int use_certificate(SSL_CTX *ssl, const struct acr_tls_settings *settings, struct acr_error *error)
{
    const char *key_path = settings->key_path != NULL ? settings->key_path : settings->cert_path;
    int code = check_readable(settings->cert_path, error);
    if (code == 0)
        code = check_readable(key_path, error);
    if (code != 0)
        return code;
    SSL_CTX_set_default_passwd_cb(ssl, no_password);
    if (SSL_CTX_use_certificate_chain_file(ssl, settings->cert_path) != 1)
        return acr_tls_error(error, ACR_ERR_SYSTEM, settings->cert_path);
    if (SSL_CTX_use_PrivateKey_file(ssl, key_path, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(ssl) != 1)
        return acr_tls_error(error, ACR_ERR_SYSTEM, key_path);
    return 0;
}

static int configure(struct acr_tls *tls, SSL_CTX *ssl, const struct acr_tls_settings *settings,
                     struct acr_error *error)
{
    static const unsigned char protocols[] = "\x08http/1.1";
    if (!settings->no_alpn)
        SSL_CTX_set_alpn_protos(ssl, protocols, sizeof protocols - 1);
    SSL_CTX_set_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ssl,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ssl, 1);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, acr_tls_keep_session);
    SSL_CTX_set_verify(ssl, settings->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    int code = 0;
    if (!settings->insecure)
        code = use_store(tls, ssl, settings->ca_path != NULL ? settings->ca_path : acr_net_tls_default_ca(), error);
    if (code == 0 && settings->cert_path != NULL)
        code = use_certificate(ssl, settings, error);
    return code;
}

/* Each part with its terminator, so that different settings never look alike. */
static int settings_key(const struct acr_tls_settings *settings, struct acr_buffer *key)
{
    const char *parts[] = {settings->insecure ? "insecure" : "", settings->ca_path, settings->cert_path,
                           settings->key_path, settings->no_alpn ? "no ALPN" : ""};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(parts); i++) {
        const char *part = parts[i] != NULL ? parts[i] : "";
        int code = acr_buffer_append(key, part, strlen(part) + 1);
        if (code != 0)
            return code;
    }
    return 0;
}

static int context_new(struct acr_tls *tls, const struct acr_tls_settings *settings,
                       struct acr_tls_context **ret_context, struct acr_error *error)
{
    if (tls->bio == NULL)
        tls->bio = acr_tls_bio_method_new();
    SSL_CTX *ssl = tls->bio != NULL ? SSL_CTX_new(TLS_client_method()) : NULL;
    if (ssl == NULL)
        return acr_tls_error(error, ACR_ERR_TLS, "OpenSSL does not start");
    int code = configure(tls, ssl, settings, error);
    if (code != 0) {
        SSL_CTX_free(ssl);
        return code;
    }
    struct acr_tls_context *context = acr_alloc_zero(sizeof *context);
    context->ssl = ssl;
    acr_map_init(&context->slots);
    *ret_context = context;
    return 0;
}

int acr_tls_context_find(struct acr_tls *tls, const struct acr_tls_settings *settings,
                         struct acr_tls_context **ret_context, struct acr_error *error)
{
    struct acr_buffer key;
    acr_buffer_init(&key, 0);
    int code = settings_key(settings, &key);
    if (code != 0)
        goto done;
    struct acr_tls_context *context = acr_map_find(&tls->contexts, acr_buffer_str(&key));
    if (context == NULL) {
        code = context_new(tls, settings, &context, error);
        if (code != 0)
            goto done;
        acr_map_set(&tls->contexts, acr_buffer_str(&key), context);
    }
    *ret_context = context;
done:
    acr_buffer_done(&key);
    return code;
}

struct acr_tls_slot *acr_tls_context_slot(struct acr_tls_context *context, const char *host, uint16_t port)
{
    char key[ACR_HOST_NAME_MAX + sizeof ":65535"];
    snprintf(key, sizeof key, "%s:%u", host, port);
    struct acr_tls_slot *slot = acr_map_find(&context->slots, acr_str_of(key));
    if (slot == NULL && context->slots.live < SLOTS_MAX) {
        slot = acr_alloc_zero(sizeof *slot);
        acr_map_set(&context->slots, acr_str_of(key), slot);
    }
    return slot;
}

void acr_tls_slot_set(struct acr_tls_slot *slot, struct ssl_session_st *session)
{
    SSL_SESSION_free(slot->session);
    slot->session = session;
}
