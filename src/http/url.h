/* SPDX-License-Identifier: MIT */
/*
 * url - take an http or https URL apart, clean it as requests does, resolve a reference against it.
 *
 * Follows RFC 3986 with what requests 2.28 sends: the path is requoted (unreserved characters unquoted, illegal ones
 * percent-encoded, valid escapes kept), an empty path becomes "/", the fragment is dropped from what is sent, the host
 * is lower-cased, "user:password@" is kept apart, "[v6]" hosts lose their brackets in `host`. Hosts are ASCII: one with
 * other letters has to be given in its IDNA form.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/str.h"

/* Longest URL accepted, as in most servers' request lines times eight. */
#define ACR_URL_MAX 65536

/* All parts point into `text`, which the URL owns (one allocation). */
struct acr_url {
    char *text;
    size_t text_size;
    bool secure;              /* https */
    uint16_t port;            /* explicit, or 80 / 443 */
    bool port_explicit;       /* a port other than the scheme's own was given */
    struct acr_str host;      /* lower case, no brackets; an address may end in "%zone", which is shown nowhere else */
    struct acr_str authority; /* as in a Host header: host[:port], brackets, port only if not the scheme's own */
    struct acr_str target;    /* path and query as sent, "/..." */
    struct acr_str path;      /* the part of target before '?' */
    struct acr_str fragment;  /* without '#'; empty if none */
    struct acr_str username;  /* percent-encoded as given; data == NULL: none */
    struct acr_str password;  /* ditto */
    struct acr_str whole;     /* scheme://authority/target[#fragment], no user info: what requests calls response.url */
};

/* ACR_ERR_MISSING_SCHEME, UNSUPPORTED_SCHEME ("localhost:80/" among them, as with requests), INVALID_URL (empty host,
 * bad port, forbidden character in the host, unbalanced bracket), TOO_LARGE (as given or as cleaned). */
ACR_MUST_CHECK int acr_url_parse(struct acr_str text, struct acr_url *ret_url, struct acr_error *error);

/* Resolves `reference` (a Location header: absolute, "//host", "/path", "path", "?query", "#fragment") against `base`;
 * dot segments are removed. A reference without a fragment inherits the base's (RFC 7231 7.1.2), one without an
 * authority the base's with user name and password. Errors as acr_url_parse. */
ACR_MUST_CHECK int acr_url_resolve(const struct acr_url *base, struct acr_str reference, struct acr_url *ret_url,
                                   struct acr_error *error);

/* Accepts a zeroed one. */
void acr_url_done(struct acr_url *url);

/* Appends `text` with every byte but A-Z a-z 0-9 - . _ ~ and those in `safe` percent-encoded (NULL: none);
 * `plus` writes a space as '+', as in forms. */
ACR_MUST_CHECK int acr_url_quote(struct acr_buffer *out, struct acr_str text, const char *safe, bool plus);

/* Appends `text` with %XX decoded; a broken escape is kept as it is. */
ACR_MUST_CHECK int acr_url_unquote(struct acr_buffer *out, struct acr_str text);
