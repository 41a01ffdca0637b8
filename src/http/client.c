/* SPDX-License-Identifier: MIT */
/* client - picks a connection, exchanges a request for an answer on it, keeps the connection for the next one. */
#include "http/client.h"

#include "base/memory.h"
#include "http/internal.h"

/* What an idle connection keeps of the memory that its requests needed. */
#define IDLE_OUT_BYTES 4096
/* Idle connections of one client in all: requests' pool_connections times pool_maxsize. */
#define IDLE_TOTAL_MAX (10 * ACR_CLIENT_IDLE_MAX)

struct tls_copy {
    struct acr_list link;
    struct acr_tls_settings settings; /* strings owned */
};

/* What all clients share */

struct acr_http *acr_http_new(struct acr_net *net)
{
    struct acr_http *http = acr_alloc(sizeof *http);
    http->loop = acr_net_loop(net);
    http->net = net;
    http->connections_open = 0;
    http->connections_made = 0;
    http->responses = acr_response_pool_new();
    http->clock_age = 0;
    memset(http->memos, 0, sizeof http->memos);
    acr_list_init(&http->tls);
    return http;
}

void acr_http_free(struct acr_http *http)
{
    if (http == NULL)
        return;
    struct acr_list *link;
    while ((link = acr_list_take_first(&http->tls)) != NULL) {
        struct tls_copy *copy = ACR_LIST_ENTRY(link, struct tls_copy, link);
        acr_free((char *)copy->settings.ca_path);
        acr_free((char *)copy->settings.cert_path);
        acr_free((char *)copy->settings.key_path);
        acr_free(copy);
    }
    acr_response_pool_free(http->responses);
    acr_free(http);
}

struct acr_loop *acr_http_loop(const struct acr_http *http)
{
    return http->loop;
}

uint64_t acr_http_connections_open(const struct acr_http *http)
{
    return http->connections_open;
}

uint64_t acr_http_connections_made(const struct acr_http *http)
{
    return http->connections_made;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct acr_tls_settings *acr_http_tls(struct acr_http *http, const struct acr_tls_settings *settings)
{
    for (struct acr_list *link = http->tls.next; link != &http->tls; link = link->next) {
        const struct acr_tls_settings *known = &ACR_LIST_ENTRY(link, struct tls_copy, link)->settings;
        if (known->insecure == settings->insecure && same_text(known->ca_path, settings->ca_path) &&
            same_text(known->cert_path, settings->cert_path) && same_text(known->key_path, settings->key_path))
            return known;
    }
    struct tls_copy *copy = acr_alloc_zero(sizeof *copy);
    copy->settings.insecure = settings->insecure;
    copy->settings.ca_path = settings->ca_path != NULL ? acr_strdup(settings->ca_path) : NULL;
    copy->settings.cert_path = settings->cert_path != NULL ? acr_strdup(settings->cert_path) : NULL;
    copy->settings.key_path = settings->key_path != NULL ? acr_strdup(settings->key_path) : NULL;
    acr_list_append(&http->tls, &copy->link);
    return &copy->settings;
}

/* One client */

struct acr_client *acr_client_new(struct acr_http *http)
{
    struct acr_client *client = acr_alloc_zero(sizeof *client);
    client->http = http;
    acr_list_init(&client->idle);
    acr_list_init(&client->busy);
    return client;
}

void acr_client_free(struct acr_client *client)
{
    if (client == NULL)
        return;
    acr_client_close_idle(client);
    while (!acr_list_empty(&client->busy))
        acr_connection_free(ACR_LIST_ENTRY(client->busy.next, struct acr_connection, link));
    acr_cookies_done(&client->cookies);
    acr_free(client);
}

struct acr_cookies *acr_client_cookies(struct acr_client *client)
{
    return &client->cookies;
}

void acr_client_forget_connection(struct acr_connection *connection)
{
    connection->client->idle_count--;
    acr_connection_free(connection);
}

void acr_client_close_idle(struct acr_client *client)
{
    while (!acr_list_empty(&client->idle))
        acr_client_forget_connection(ACR_LIST_ENTRY(client->idle.next, struct acr_connection, link));
}

static bool leads_to_same(const struct acr_connection *a, const struct acr_connection *b)
{
    return a->port == b->port && a->secure == b->secure && (!a->secure || a->tls == b->tls) &&
           acr_str_equal(a->host, b->host);
}

/* One more that leads where `added` does: the longest unused one of too many goes. */
static void limit_idle(struct acr_client *client, const struct acr_connection *added)
{
    struct acr_connection *oldest = NULL;
    unsigned alike = 0;
    for (struct acr_list *link = client->idle.previous; link != &client->idle; link = link->previous) {
        struct acr_connection *connection = ACR_LIST_ENTRY(link, struct acr_connection, link);
        if (!leads_to_same(connection, added))
            continue;
        oldest = connection;
        alike++;
    }
    if (alike < ACR_CLIENT_IDLE_MAX && client->idle_count < IDLE_TOTAL_MAX)
        return;
    if (alike < ACR_CLIENT_IDLE_MAX)
        oldest = ACR_LIST_ENTRY(client->idle.next, struct acr_connection, link);
    acr_client_forget_connection(oldest);
}

void acr_client_give_connection(struct acr_connection *connection)
{
    struct acr_client *client = connection->client;
    connection->waiter = NULL;
    if (!acr_connection_reusable(connection)) {
        acr_connection_free(connection);
        return;
    }
    if (connection->out.capacity > IDLE_OUT_BYTES) {
        acr_buffer_done(&connection->out);
        connection->head = 0;
    }
    if (ACR_UNLIKELY(client->idle_count >= ACR_CLIENT_IDLE_MAX))
        limit_idle(client, connection);
    acr_list_remove(&connection->link);
    acr_list_append(&client->idle, &connection->link);
    client->idle_count++;
}

/* The most recently used idle connection that leads there, or NULL. */
static struct acr_connection *take_idle(struct acr_client *client, const struct acr_url *url,
                                        const struct acr_tls_settings *tls)
{
    for (struct acr_list *link = client->idle.previous; link != &client->idle; link = link->previous) {
        struct acr_connection *connection = ACR_LIST_ENTRY(link, struct acr_connection, link);
        if (connection->port != url->port || connection->secure != url->secure ||
            (url->secure && connection->tls != tls) || !acr_str_equal(connection->host, url->host))
            continue;
        acr_list_remove(link);
        acr_list_append(&client->busy, link);
        client->idle_count--;
        return connection;
    }
    return NULL;
}

static int open_connection(const struct acr_hop *hop, struct acr_connection **ret_connection, struct acr_error *error)
{
    const struct acr_request *request = hop->request;
    const struct acr_url *url = hop->url;
    struct acr_http *http = hop->client->http;
    acr_nanos deadline = request->connect_timeout > 0
                             ? acr_deadline_after(acr_loop_now(http->loop), request->connect_timeout)
                             : ACR_NEVER;
    struct acr_stream *stream = NULL;
    int code = acr_net_connect(http->net, hop->fiber, url->host, url->port, deadline, &stream, error);
    if (code == 0 && url->secure) {
        static const struct acr_tls_settings verify_by_system = {0};
        const struct acr_tls_settings *settings = request->tls != NULL ? request->tls : &verify_by_system;
        struct acr_stream *tcp = stream;
        code = acr_net_tls_connect(http->net, hop->fiber, tcp, settings, url->host, deadline, &stream, error);
    }
    if (code != 0)
        return code;
    struct acr_connection *connection =
        acr_connection_new(hop->client, stream, url->host, url->port, url->secure, request->tls);
    acr_list_append(&hop->client->busy, &connection->link);
    *ret_connection = connection;
    return 0;
}

/* Exchanging */

/* Until the server wants the body, has answered without it, or has had time enough to say so. */
static int wait_for_continue(struct acr_connection *connection, struct acr_fiber *fiber)
{
    acr_nanos deadline = acr_deadline_after(acr_loop_now(connection->http->loop), ACR_CLIENT_EXPECT_WAIT);
    while (connection->hold_body && !connection->exchange_over && !connection->head_done) {
        int code = acr_fiber_wait_until(fiber, deadline);
        if (code == ACR_ERR_TIMED_OUT)
            break;
        if (code != 0)
            return code;
    }
    if (!connection->exchange_over && !connection->head_done)
        acr_connection_release_body(connection);
    return 0;
}

/* The answer is there, or as much of it as was asked for. */
static bool is_answered(const struct acr_connection *connection)
{
    return connection->exchange_over || (connection->streaming && connection->head_done);
}

static inline __attribute__((always_inline)) int wait_for_answer(struct acr_connection *connection,
                                                                 struct acr_fiber *fiber,
                                                                 const struct acr_request *request)
{
    int code = 0;
    if (request->expect_continue)
        code = wait_for_continue(connection, fiber);
    acr_nanos silence = request->read_timeout > 0 ? request->read_timeout : ACR_NEVER;
    while (code == 0 && !is_answered(connection)) {
        acr_connection_resume(connection);
        if (!is_answered(connection))
            code = acr_connection_wait(connection, fiber, silence);
    }
    return code;
}

/* Takes the response off a connection that goes back to the pool, if it is fit for it. */
static struct acr_response *take_response(struct acr_connection *connection)
{
    struct acr_response *response = connection->response;
    connection->response = NULL;
    acr_client_give_connection(connection);
    return response;
}

/* Ends a failed exchange. A cancelled fiber's connection stays only if its answer had come whole (client.h). */
static void give_up(struct acr_connection *connection, int code)
{
    if (code == ACR_ERR_CANCELLED && connection->exchange_over && connection->failure == 0)
        acr_response_unref(take_response(connection));
    else
        acr_connection_free(connection);
}

/* One request and its answer on this connection, which is given back, lent or closed. `started`: 0 for when it is sent.
 * *ret_untouched: not a byte of an answer came. */
static inline __attribute__((always_inline)) int exchange(const struct acr_hop *hop, struct acr_connection *connection,
                                                          acr_nanos started, struct acr_response **ret_response,
                                                          bool *ret_untouched, struct acr_error *error)
{
    const struct acr_request *request = hop->request;
    struct acr_str rest;
    *ret_untouched = false;
    int code = acr_request_compose(connection, request, hop->url, &rest, error);
    if (code != 0) {
        acr_connection_free(connection);
        return code;
    }
    struct acr_response *response = acr_response_new(connection->http->responses, request->method);
    response->started = request->started != 0 ? request->started : started;
    connection->streaming = request->stream;
    connection->body_max = request->body_max != 0 ? request->body_max : ACR_CLIENT_BODY_MAX;
    connection->hold_body = request->expect_continue;
    connection->memo = acr_memo_find(connection->http->memos, hop->url->target.data);
    acr_connection_begin(connection, hop->fiber, response, rest);
    code = wait_for_answer(connection, hop->fiber, request);
    if (code == 0 && connection->streaming && connection->head_done && !response->complete) {
        acr_connection_lend(connection); /* should the rest have failed already, whoever reads it will see */
        *ret_response = response;
        return 0;
    }
    if (code == 0)
        code = connection->failure;
    if (code == 0) {
        *ret_response = take_response(connection);
        return 0;
    }
    *ret_untouched = !connection->received_any;
    acr_connection_explain(connection, code, error);
    give_up(connection, code);
    return code;
}

/* urllib3's list, but for CONNECT, which we do not send. */
static bool is_idempotent(struct acr_str method)
{
    static const char *const idempotent[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(idempotent); i++)
        if (acr_str_equal(method, acr_str_of(idempotent[i])))
            return true;
    return false;
}

static void receive_cookies(struct acr_client *client, const struct acr_response *response, const struct acr_url *url)
{
    struct acr_head *head = &client->http->head;
    acr_response_head(response, head);
    const struct acr_clock *clock = acr_loop_clock(client->http->loop);
    int64_t now = clock->wall(clock) / ACR_NANOS_PER_SECOND;
    for (size_t i = 0; i < head->field_count; i++)
        if (acr_str_equal_nocase(head->fields[i].name, ACR_STR("Set-Cookie")))
            acr_cookies_receive(&client->cookies, url, head->fields[i].value, now);
}

/* On an idle connection or a fresh one, and again on a fresh one if the idle one was dead. Inlined, because on the way
 * back from a wait each return is one that the processor does not foresee. */
static inline __attribute__((always_inline)) int ask(const struct acr_hop *hop, struct acr_response **ret_response,
                                                     struct acr_error *error)
{
    struct acr_connection *connection = take_idle(hop->client, hop->url, hop->request->tls);
    bool pooled = connection != NULL, untouched = false;
    while (true) {
        acr_nanos started = 0;
        int code = 0;
        if (!pooled) {
            started = acr_loop_refresh_now(hop->client->http->loop);
            code = open_connection(hop, &connection, error);
        }
        if (code == 0)
            code = exchange(hop, connection, started, ret_response, &untouched, error);
        if (ACR_LIKELY(code == 0))
            break;
        if (!pooled || code != ACR_ERR_RESET || !untouched || !is_idempotent(hop->request->method))
            return code;
        pooled = false;
    }
    if ((*ret_response)->has_cookies)
        receive_cookies(hop->client, *ret_response, hop->url);
    return 0;
}

int acr_client_hop(const struct acr_hop *hop, struct acr_response **ret_response, struct acr_error *error)
{
    return ask(hop, ret_response, error);
}

int acr_client_request(struct acr_client *client, struct acr_fiber *fiber, const struct acr_request *request,
                       struct acr_response **ret_response, struct acr_error *error)
{
    const struct acr_hop first = {client, fiber, request, request->url};
    struct acr_response *response;
    int code = ask(&first, &response, error);
    if (code == 0 && request->follow_redirects && response->status >= 301 && response->status <= 308)
        code = acr_redirects_follow(&first, &response, error);
    if (code == 0)
        *ret_response = response;
    return code;
}
