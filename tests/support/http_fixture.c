/* SPDX-License-Identifier: MIT */
/* http_fixture - see the header. */
#include "support/http_fixture.h"

#include <stdio.h>

#include "support/unit.h"

void http_fixture_open(struct http_fixture *fixture)
{
    http_fixture_open_with(fixture, NULL);
}

void http_fixture_open_with(struct http_fixture *fixture, const struct acr_net_options *options)
{
    net_fixture_open(&fixture->net, options);
    fixture->http = acr_http_new(fixture->net.net);
    fixture->client = acr_client_new(fixture->http);
}

void http_fixture_close(struct http_fixture *fixture)
{
    acr_client_free(fixture->client);
    assert_int_equal(acr_http_connections_open(fixture->http), 0);
    acr_http_free(fixture->http);
    net_fixture_close(&fixture->net);
}

void call_init(struct call *call, struct http_fixture *fixture, const char *base, const char *target)
{
    char text[4096];
    *call = (struct call){.fixture = fixture, .code = 1};
    assert_true(snprintf(text, sizeof text, "%s%s", base, target) < (int)sizeof text);
    assert_int_equal(acr_url_parse(acr_str_of(text), &call->url, &call->error), 0);
    call->request = (struct acr_request){.method = ACR_STR("GET"), .url = &call->url};
}

static void run_call(struct acr_coroutine *coroutine, void *context)
{
    struct call *call = context;
    struct acr_fiber *fiber = acr_coroutine_fiber(coroutine);
    struct acr_client *client = call->client != NULL ? call->client : call->fixture->client;
    call->code = acr_client_request(client, fiber, &call->request, &call->response, &call->error);
    if (call->code == 0 && call->then != NULL)
        call->then(call, fiber);
    call->coroutine = NULL;
    call->over = true;
}

void call_read_all(struct call *call, struct acr_fiber *fiber)
{
    acr_nanos wait = call->request.read_timeout > 0 ? call->request.read_timeout : ACR_NEVER;
    call->code = acr_response_read_all(call->response, fiber, wait, &call->error);
    if (call->code == 0)
        return;
    acr_response_unref(call->response);
    call->response = NULL;
}

void call_start(struct call *call)
{
    call->coroutine = net_fixture_start(&call->fixture->net, run_call, call);
}

static bool is_over(void *context)
{
    const struct call *call = context;
    return call->over;
}

void call_finish(struct call *call)
{
    net_fixture_run_until(&call->fixture->net, is_over, call);
}

void call_run(struct call *call)
{
    call_start(call);
    call_finish(call);
}

void call_done(struct call *call)
{
    acr_response_unref(call->response);
    acr_url_done(&call->url);
}

void call_check(const struct call *call, int status, const char *body)
{
    if (call->code != 0)
        fail_msg("%s: %s", acr_error_text(call->code), call->error.detail);
    assert_int_equal(call->response->status, status);
    struct acr_str got = acr_buffer_str(&call->response->body);
    if (!acr_str_equal(got, acr_str_of(body)))
        fail_msg("body is \"%.*s\", not \"%s\"", ACR_STR_ARGS(got), body);
}

void call_check_failed(const struct call *call, int code, const char *detail)
{
    if (call->code != code)
        fail_msg("got %s (%s), not %s", acr_error_name(call->code), call->error.detail, acr_error_name(code));
    assert_int_equal(call->error.code, code);
    assert_null(call->response);
    if (strstr(call->error.detail, detail) == NULL)
        fail_msg("detail is \"%s\", without \"%s\"", call->error.detail, detail);
}

void call_expect(struct http_fixture *fixture, const char *base, const char *target, int status, const char *body)
{
    struct call call;
    call_init(&call, fixture, base, target);
    call_run(&call);
    call_check(&call, status, body);
    call_done(&call);
}
