/* SPDX-License-Identifier: MIT */
/*
 * site - what all sessions with one base URL share: parsed URLs with their statistics entries, and the default session
 * state.
 *
 * The users of a test ask for the same few paths over and over; a route is looked up by the text the script passes and
 * holds everything that can be known of it in advance. Sites live as long as the process; routes are bounded, one that
 * finds no place is temporary.
 */
#pragma once

#include "python/state.h"

#include "base/buffer.h"
#include "base/str.h"
#include "http/client.h"
#include "http/url.h"

/* Routes kept per site: paths with ids in them must not fill the memory. */
#define ACR_PYTHON_ROUTES_MAX 4096

enum acr_python_verb {
    ACR_VERB_GET,
    ACR_VERB_POST,
    ACR_VERB_PUT,
    ACR_VERB_PATCH,
    ACR_VERB_DELETE,
    ACR_VERB_HEAD,
    ACR_VERB_OPTIONS,
    ACR_VERB_OTHER
};
#define ACR_PYTHON_VERBS ACR_VERB_OTHER

struct acr_python_route {
    struct acr_url url;
    PyObject *label; /* str: path and query, the name in the statistics */
    uint64_t number; /* 1, 2, ...; never given again */
    unsigned references;
    struct {
        struct acr_stats_entry *entry;
        uint64_t epoch; /* acr_stats_epoch() the entry is of; 0 = none */
    } entries[ACR_PYTHON_VERBS];
};

/* What of a session's state goes into every request (session_state() of the Python half). Reference counted. */
struct acr_python_session_state {
    unsigned references;
    uint64_t number; /* 1, 2, ...; never given again */
    bool plain;
    bool base_only; /* only for URLs that begin with the base URL: the environment may say otherwise for other hosts */
    bool own_host, own_cookies, own_content_type; /* header_lines has such a field */
    struct acr_buffer header_lines;
    struct acr_buffer authorization;
    const struct acr_tls_settings *tls;
    unsigned redirects_max;
};

struct acr_python_site {
    struct acr_str base_url;
    struct acr_map routes;
    size_t route_count;
    /* State of a session that was never touched, per generation; made when first needed, for that exact type of
     * session. */
    struct {
        PyTypeObject *type; /* owned */
        struct acr_python_session_state *state;
    } untouched[2];
};

/* Never fails. */
struct acr_python_site *acr_python_site_get(struct acr_str base_url);

/* The route for the text a script passed as URL, with one more reference. NULL without an exception: the engine does
 * not take it for a URL. */
struct acr_python_route *acr_python_route_get(struct acr_python_site *site, struct acr_str text);
void acr_python_route_unref(struct acr_python_route *route);

/* The entry of this route's own label. NULL with an exception. */
struct acr_stats_entry *acr_python_route_entry(struct acr_python_route *route, enum acr_python_verb verb,
                                               PyObject *method);

void acr_python_session_state_unref(struct acr_python_session_state *state);
