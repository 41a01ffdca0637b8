/* SPDX-License-Identifier: MIT */
/*
 * client - one user's HTTP/1.1 client: connections kept alive, cookies, redirects, timeouts.
 *
 * A struct acr_http holds what all clients of a loop share (network, scratch memory, parsed URLs); a struct acr_client
 * is one user's and small while idle. acr_client_request() looks blocking and waits on the caller's fiber; several
 * fibers may use one client at a time, each then has a connection of its own.
 *
 * The way of a request through a turn (loop.h): it is composed and queued in phase b, sent in phase c, its answer is
 * received and parsed in a phase a, and the fiber resumes in the phase b after. An answer's time counts from the send
 * to the moment its last byte was parsed, so what the users of one turn wait for each other is no server's fault; when
 * many are served in a turn some share a reading of the clock (internal.h). A fiber cancelled between the last byte and
 * its resumption gets ACR_ERR_CANCELLED, the answer is dropped and the connection kept, since it is clean; one
 * cancelled earlier takes its connection with it, so no answer can reach a later request.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "base/time.h"
#include "http/cookies.h"
#include "http/response.h"
#include "http/url.h"
#include "loop/fiber.h"
#include "net/net.h"

/* Idle connections of a client kept per server, that is host, port and TLS settings; requests' pool_maxsize. */
#define ACR_CLIENT_IDLE_MAX 10
/* Body bytes held for one answer unless the request says otherwise. */
#define ACR_CLIENT_BODY_MAX (UINT64_C(2) << 30)
/* A streamed body that is not taken stops being received at this size. */
#define ACR_CLIENT_STREAM_WINDOW (256 * 1024)
/* requests' max_redirects */
#define ACR_CLIENT_REDIRECTS_MAX 30
/* How long an "Expect: 100-continue" waits before it sends the body all the same; curl's figure. */
#define ACR_CLIENT_EXPECT_WAIT ACR_NANOS_PER_SECOND

struct acr_http;
struct acr_client;

/* `net` is borrowed. */
struct acr_http *acr_http_new(struct acr_net *net);

/* All clients must be gone. Accepts NULL. */
void acr_http_free(struct acr_http *http);

struct acr_loop *acr_http_loop(const struct acr_http *http);

/* The one copy of equal settings; lives as long as `http`. Strings are copied. */
const struct acr_tls_settings *acr_http_tls(struct acr_http *http, const struct acr_tls_settings *settings);

/* Connections now open, and opened since the start. */
uint64_t acr_http_connections_open(const struct acr_http *http);
uint64_t acr_http_connections_made(const struct acr_http *http);

struct acr_client *acr_client_new(struct acr_http *http);

/* Closes idle connections. No fiber may be waiting in it; streamed responses must be closed. Accepts NULL. */
void acr_client_free(struct acr_client *client);

/* The jar; answers' cookies are put in it, requests' are taken from it. */
struct acr_cookies *acr_client_cookies(struct acr_client *client);

/* Closes every idle connection. */
void acr_client_close_idle(struct acr_client *client);

/* Everything is borrowed until acr_client_request() returns, or until the head is there if `stream`; the bytes of the
 * body must not lie on the fiber's stack (fiber.h, rule 1). A zeroed one with method and url is a plain request. */
struct acr_request {
    struct acr_str method; /* as sent */
    const struct acr_url *url;
    struct acr_str header_lines;  /* "Name: value\r\n" each, checked (acr_request_header_line); without Content-Length,
                                     Host unless own_host, Cookie unless own_cookies */
    struct acr_str content_type;  /* empty: none; dropped with the body on a redirect */
    struct acr_str authorization; /* empty: none, then the URL's user name and password count, not those of a redirect's
                                     Location; dropped on a redirect to another host */
    struct acr_str cookies;       /* "a=1; b=2" sent behind the jar's */
    uint64_t head; /* stands for all that the head is made of but the jar's cookies, so that one that was sent before
                      can be sent again as it is; 0: nothing known. Without a body only */
    struct acr_str body;
    bool has_body; /* send Content-Length even when the body is empty */
    bool own_host;
    bool own_cookies;
    bool expect_continue; /* header_lines has "Expect: 100-continue" */
    bool follow_redirects;
    bool stream;               /* return when the head is there */
    unsigned redirects_max;    /* 0 = ACR_CLIENT_REDIRECTS_MAX */
    uint64_t body_max;         /* 0 = ACR_CLIENT_BODY_MAX */
    acr_nanos connect_timeout; /* 0 = none */
    acr_nanos read_timeout;    /* longest silence of the server; 0 = none */
    acr_nanos started;         /* the answer's times count from here; 0: from the send, or the connecting before it */
    const struct acr_tls_settings *tls; /* from acr_http_tls(); NULL: verify against the system's store */
};

/* Is this a name as HTTP has them, for a method or a header? */
bool acr_request_is_name(struct acr_str text);

/* Appends one header line; ACR_ERR_INVALID_HEADER when the name is not a token or the value holds CR, LF or NUL. */
ACR_MUST_CHECK int acr_request_header_line(struct acr_buffer *lines, struct acr_str name, struct acr_str value);

/* Sends, follows redirects, waits for the answer (for its head if `stream`; should its body fail, reading that tells).
 * Any status is a success here. On failure the response that was being built is dropped, with its history; detail in
 * `error`. An answer that comes before the request was sent whole ends the exchange and its connection. A pooled
 * connection that turns out to be closed before any byte of an answer came is replaced once by a fresh one if the
 * method is idempotent (urllib3: DELETE GET HEAD OPTIONS PUT TRACE). ACR_ERR_INVALID (method), ACR_ERR_INVALID_HEADER,
 * what acr_net_connect() and acr_net_tls_connect() return, ACR_ERR_RESET (also for an end without an answer),
 * CLOSED_EARLY, MALFORMED, TOO_LARGE, DECODE, READ_TIMEOUT, WRITE_TIMEOUT (no progress while sending for as long as
 * `read_timeout`), TOO_MANY_REDIRECTS, those of acr_url_resolve() for a Location, CANCELLED. */
ACR_MUST_CHECK int acr_client_request(struct acr_client *client, struct acr_fiber *fiber,
                                      const struct acr_request *request, struct acr_response **ret_response,
                                      struct acr_error *error);
