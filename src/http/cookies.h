/* SPDX-License-Identifier: MIT */
/*
 * cookies - one user's cookie jar by RFC 6265.
 *
 * Domain, path, expiry (Max-Age before Expires), Secure, host-only; no public-suffix list, but a Domain without an
 * inner dot is refused unless it equals the host (localhost). Memory is only taken for cookies that exist: a zeroed jar
 * is empty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/str.h"
#include "base/time.h"
#include "http/url.h"

/* RFC 6265 6.1 asks for at least 4096 bytes a cookie, 50 a domain, 3000 in all. */
#define ACR_COOKIE_BYTES_MAX 4096
#define ACR_COOKIES_PER_DOMAIN_MAX 180
#define ACR_COOKIES_MAX 3000

struct acr_cookie { /* strings are owned by the jar, to be changed by acr_cookies_set() only, and terminated */
    char *name;
    char *value;
    char *domain; /* lower case, no leading dot; "": for every host, as requests has it for cookies a script sets */
    char *path;
    int64_t expires; /* Unix seconds; INT64_MAX: end of session */
    bool host_only;
    bool secure;
    bool http_only;
    uint64_t serial; /* order of creation; kept when a cookie is replaced */
};

struct acr_cookies {
    struct acr_cookie *list; /* no particular order */
    size_t count;
    size_t capacity;
    uint64_t next_serial;
    uint64_t version; /* changes with every change: views can tell that they are stale */
};

void acr_cookies_done(struct acr_cookies *jar);

/* One Set-Cookie value received from `url` at `now` (Unix seconds). Returns true when it was stored, replaced or
 * (expired) removed something; false when ignored. */
bool acr_cookies_receive(struct acr_cookies *jar, const struct acr_url *url, struct acr_str set_cookie, int64_t now);

/* Stores or replaces a cookie as given; strings are copied. ACR_ERR_LIMIT. */
ACR_MUST_CHECK int acr_cookies_set(struct acr_cookies *jar, const struct acr_cookie *cookie);

/* Removes matching cookies; a NULL part matches all. Returns how many. */
size_t acr_cookies_remove(struct acr_cookies *jar, const char *domain, const char *path, const char *name);

/* Appends "a=1; b=2" (longer paths first, then older ones) for a request to `url`; nothing when none match. */
ACR_MUST_CHECK int acr_cookies_header(struct acr_cookies *jar, const struct acr_url *url, int64_t now,
                                      struct acr_buffer *out);

/* The cookie of that name which the host of `url` gets, whatever the path: of several the one with the longest path,
 * then the oldest, which stands first in a header. `url` NULL: any host. Valid until the jar changes; NULL: there is
 * none. */
const struct acr_cookie *acr_cookies_find(const struct acr_cookies *jar, const struct acr_url *url, int64_t now,
                                          const char *name);

/* RFC 6265 5.1.1, the lenient date format; false when it is none. */
bool acr_cookie_date(struct acr_str text, int64_t *ret_unix_seconds);
