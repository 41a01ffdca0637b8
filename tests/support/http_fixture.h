/* SPDX-License-Identifier: MIT */
/*
 * http_fixture - a client on a net_fixture, and calls that run in coroutines.
 */
#pragma once

#include "http/client.h"
#include "support/net_fixture.h"

struct http_fixture {
    struct net_fixture net;
    struct acr_http *http;
    struct acr_client *client;
};

void http_fixture_open(struct http_fixture *fixture);
/* `options` may be NULL. */
void http_fixture_open_with(struct http_fixture *fixture, const struct acr_net_options *options);
/* All calls must be over. Fails the test when a connection is left open afterwards. */
void http_fixture_close(struct http_fixture *fixture);

/* One request and what became of it. Lives in the test; call_done() frees what it holds. */
struct call {
    struct http_fixture *fixture;
    struct acr_client *client; /* NULL: the fixture's */
    struct acr_request request;
    struct acr_url url;
    struct acr_coroutine *coroutine; /* NULL once over */
    bool over;
    int code;
    struct acr_error error;
    struct acr_response *response;
    /* Runs in the coroutine behind the request, if that was a success; may be NULL. */
    void (*then)(struct call *call, struct acr_fiber *fiber);
    void *context;
};

/* For `then`: reads all of a streamed answer; call->code tells how that went, and the response is dropped if badly. */
void call_read_all(struct call *call, struct acr_fiber *fiber);

/* A GET of base + target. */
void call_init(struct call *call, struct http_fixture *fixture, const char *base, const char *target);
/* Runs in a coroutine from the next turn on. */
void call_start(struct call *call);
/* Turns the loop until it is over; the test fails after 20 seconds. */
void call_finish(struct call *call);
void call_run(struct call *call);
void call_done(struct call *call);

/* A GET that must succeed with `status` and `body`. */
void call_expect(struct http_fixture *fixture, const char *base, const char *target, int status, const char *body);

/* Fails the test unless the call got that answer. */
void call_check(const struct call *call, int status, const char *body);
/* Fails the test unless the call failed with `code` and has a detail that contains `detail`. */
void call_check_failed(const struct call *call, int code, const char *detail);
