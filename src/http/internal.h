/* SPDX-License-Identifier: MIT */
/*
 * internal - what the files of http share about their objects.
 */
#pragma once

#include "base/list.h"
#include "base/random.h"
#include "http/client.h"
#include "http/connection.h"

/* One recv() takes at most this much; answers of benchmarks fit many times over. */
#define ACR_HTTP_SCRATCH_BYTES (64 * 1024)

struct acr_http {
    struct acr_loop *loop;
    struct acr_net *net;
    struct acr_list tls; /* of struct tls_copy (tls.c's interned settings) */
    uint64_t connections_open;
    uint64_t connections_made;
    struct acr_response_pool *responses;
    unsigned clock_age; /* how much was done since the clock was read, see acr_http_now() */
    struct acr_memo memos[ACR_MEMO_COUNT];
    struct acr_head head; /* the head being parsed: parsing never waits */
    char scratch[ACR_HTTP_SCRATCH_BYTES];
};

/* Reading the clock costs as much as parsing a head. So many answers, or requests, of a turn share a reading: some ten
 * microseconds, and only where that many wait for each other anyway. */
#define ACR_HTTP_CLOCK_SHARED 8
/* Bytes that take about as long as a plain answer. */
#define ACR_HTTP_CLOCK_BYTES 4096

/* Now, or at most ACR_HTTP_CLOCK_SHARED plain answers ago; the loop reads the clock at the start of each phase. */
static inline acr_nanos acr_http_now(struct acr_http *http)
{
    if (++http->clock_age < ACR_HTTP_CLOCK_SHARED)
        return acr_loop_now(http->loop);
    http->clock_age = 0;
    return acr_loop_refresh_now(http->loop);
}

/* So many bytes were received or sent. */
static inline void acr_http_note_work(struct acr_http *http, size_t bytes, bool secure)
{
    http->clock_age += secure ? ACR_HTTP_CLOCK_SHARED : (unsigned)(bytes / ACR_HTTP_CLOCK_BYTES);
}

struct acr_client {
    struct acr_http *http;
    struct acr_list idle; /* most recently used last */
    struct acr_list busy;
    unsigned idle_count;
    struct acr_cookies cookies;
};

/* Memory of responses for the next ones. Closing it leaves responses alone that are still in use. */
struct acr_response_pool *acr_response_pool_new(void);
void acr_response_pool_free(struct acr_response_pool *pool);

/* A response with one reference, for an answer to `method`. */
struct acr_response *acr_response_new(struct acr_response_pool *pool, struct acr_str method);

/* Notes what is known of the head, and copies it. */
void acr_response_take_head(struct acr_response *response, const struct acr_head_facts *facts, struct acr_str head);

/* The connection that it holds goes without it: what is left of its body will never come. */
void acr_response_lose_connection(struct acr_response *response);

/* compose.c: the request's head into connection->out, with a small body behind it; *ret_rest is what is left of the
 * body. ACR_ERR_INVALID, ACR_ERR_INVALID_HEADER for what would not stay in its line. */
ACR_MUST_CHECK int acr_request_compose(struct acr_connection *connection, const struct acr_request *request,
                                       const struct acr_url *url, struct acr_str *ret_rest, struct acr_error *error);

/* Does the URL's user info make an Authorization header? As in requests, only with a password, if an empty one. */
static inline bool acr_request_has_url_credentials(const struct acr_url *url)
{
    return url->password.data != NULL && (url->username.size > 0 || url->password.size > 0);
}

/* compose.c: appends the basic credentials of the URL's user info. */
ACR_MUST_CHECK int acr_request_url_credentials(const struct acr_url *url, struct acr_buffer *out);

/* Back to its client's pool if it can be used again, else closed. The exchange is over, its response taken. */
void acr_client_give_connection(struct acr_connection *connection);

/* An idle one is of no use any more: out of the pool, closed. */
void acr_client_forget_connection(struct acr_connection *connection);

/* One request on its way to one server: the caller's, or what a redirect makes of it. On the stack of the fiber that
 * runs, and nobody else's business. */
struct acr_hop {
    struct acr_client *client;
    struct acr_fiber *fiber;
    const struct acr_request *request;
    const struct acr_url *url;
};

/* Asks on an idle connection or a fresh one, and again on a fresh one if the idle one was dead. As acr_client_request,
 * without redirects. */
ACR_MUST_CHECK int acr_client_hop(const struct acr_hop *hop, struct acr_response **ret_response,
                                  struct acr_error *error);

/* While *response, the answer to `first`, is a redirect, asks for the next one; *response becomes the last one, the
 * others its history. On failure *response is released. */
ACR_MUST_CHECK int acr_redirects_follow(const struct acr_hop *first, struct acr_response **response,
                                        struct acr_error *error);
