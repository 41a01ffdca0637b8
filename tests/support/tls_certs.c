/* SPDX-License-Identifier: MIT */
/* tls_certs - a certificate authority that lives for one test program. */
#include "support/tls_certs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define DAY_SECONDS 86400L

struct issued {
    X509 *certificate;
    EVP_PKEY *key;
};

static void check(int good, const char *doing)
{
    if (good)
        return;
    fprintf(stderr, "test certificates: %s\n", doing);
    ERR_print_errors_fp(stderr);
    exit(99);
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    check(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static X509 *blank(const char *name, EVP_PKEY *key, long from, long to)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    check(certificate != NULL, "X509_new");
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                               -1, 0);
    X509_set_pubkey(certificate, key);
    return certificate;
}

/* `names` is the subjectAltName, NULL: an authority. `issuer` NULL: itself. */
static struct issued issue(const struct issued *issuer, const char *name, const char *names, long from, long to)
{
    struct issued issued;
    issued.key = EVP_EC_gen("P-256");
    check(issued.key != NULL, "key");
    issued.certificate = blank(name, issued.key, from, to);
    if (issuer == NULL)
        issuer = &issued;
    X509_set_issuer_name(issued.certificate, X509_get_subject_name(issuer->certificate));
    if (names != NULL) {
        add_extension(issued.certificate, issuer->certificate, NID_subject_alt_name, names);
    } else {
        add_extension(issued.certificate, issuer->certificate, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(issued.certificate, issuer->certificate, NID_key_usage, "critical,keyCertSign");
        add_extension(issued.certificate, issuer->certificate, NID_subject_key_identifier, "hash");
    }
    check(X509_sign(issued.certificate, issuer->key, EVP_sha256()) > 0, "sign");
    return issued;
}

static void write_pem(const char *path, X509 *certificate, EVP_PKEY *key)
{
    FILE *file = fopen(path, "we");
    check(file != NULL, path);
    if (certificate != NULL)
        check(PEM_write_X509(file, certificate) == 1, path);
    if (key != NULL)
        check(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1, path);
    fclose(file);
}

static void issued_done(struct issued *issued)
{
    X509_free(issued->certificate);
    EVP_PKEY_free(issued->key);
}

static void name_files(struct tls_certs *certs)
{
    snprintf(certs->directory, sizeof certs->directory, "/tmp/acrida-certs-XXXXXX");
    check(mkdtemp(certs->directory) != NULL, certs->directory);
    snprintf(certs->ca, sizeof certs->ca, "%s/ca.pem", certs->directory);
    snprintf(certs->good, sizeof certs->good, "%s/good.pem", certs->directory);
    snprintf(certs->expired, sizeof certs->expired, "%s/expired.pem", certs->directory);
    snprintf(certs->wrong, sizeof certs->wrong, "%s/wrong.pem", certs->directory);
    snprintf(certs->client, sizeof certs->client, "%s/client.pem", certs->directory);
    snprintf(certs->client_key, sizeof certs->client_key, "%s/client.key", certs->directory);
}

void tls_certs_make(struct tls_certs *certs)
{
    static const char here[] = "IP:127.0.0.1,IP:::1,DNS:localhost,DNS:www.example.test";
    name_files(certs);
    struct issued ca = issue(NULL, "Test Authority", NULL, -DAY_SECONDS, DAY_SECONDS);
    struct issued good = issue(&ca, "here", here, -DAY_SECONDS, DAY_SECONDS);
    struct issued expired = issue(&ca, "here", here, -3 * DAY_SECONDS, -2 * DAY_SECONDS);
    struct issued wrong = issue(&ca, "there", "DNS:other.example.test", -DAY_SECONDS, DAY_SECONDS);
    struct issued client = issue(&ca, "client", "DNS:client.example.test", -DAY_SECONDS, DAY_SECONDS);
    write_pem(certs->ca, ca.certificate, NULL);
    write_pem(certs->good, good.certificate, good.key);
    write_pem(certs->expired, expired.certificate, expired.key);
    write_pem(certs->wrong, wrong.certificate, wrong.key);
    write_pem(certs->client, client.certificate, NULL);
    write_pem(certs->client_key, NULL, client.key);
    issued_done(&ca);
    issued_done(&good);
    issued_done(&expired);
    issued_done(&wrong);
    issued_done(&client);
}

void tls_certs_remove(const struct tls_certs *certs)
{
    unlink(certs->ca);
    unlink(certs->good);
    unlink(certs->expired);
    unlink(certs->wrong);
    unlink(certs->client);
    unlink(certs->client_key);
    rmdir(certs->directory);
}
