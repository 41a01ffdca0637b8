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
    struct acr_head head; /* the head being parsed: parsing never waits */
    char scratch[ACR_HTTP_SCRATCH_BYTES];
};

struct acr_client {
    struct acr_http *http;
    struct acr_list idle; /* most recently used last */
    struct acr_list busy;
    unsigned idle_count;
    struct acr_cookies cookies;
};

/* A response with one reference, for an answer to `method`. */
struct acr_response *acr_response_new(struct acr_str method);

/* Back to its client's pool if it can be used again, else closed. The exchange is over, its response taken. */
void acr_client_give_connection(struct acr_connection *connection);

/* An idle one is of no use any more: out of the pool, closed. */
void acr_client_forget_connection(struct acr_connection *connection);

typedef int acr_hop_fn(struct acr_client *client, struct acr_fiber *fiber, const struct acr_request *request,
                       const struct acr_url *url, struct acr_response **ret_response, struct acr_error *error);

/* While *response is a redirect, asks `hop` for the next answer; *response becomes the last one, the others its
 * history. On failure *response is released. */
ACR_MUST_CHECK int acr_redirects_follow(struct acr_client *client, struct acr_fiber *fiber,
                                        const struct acr_request *original, acr_hop_fn *hop,
                                        struct acr_response **response, struct acr_error *error);
