/* SPDX-License-Identifier: MIT */
/*
 * tls_certs - certificates for tests, made at run time, as PEM files in a directory of their own.
 */
#pragma once

struct tls_certs {
    char directory[64];
    char ca[96];      /* the authority's certificate */
    char good[96];    /* certificate and key for 127.0.0.1, ::1, localhost and www.example.test */
    char expired[96]; /* as good, but over */
    char wrong[96];   /* certificate and key for other.example.test */
    char client[96];  /* a client's certificate */
    char client_key[96];
};

/* Ends the test program on failure. */
void tls_certs_make(struct tls_certs *certs);

/* Removes files and directory. */
void tls_certs_remove(const struct tls_certs *certs);
