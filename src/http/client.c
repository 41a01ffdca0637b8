/* SPDX-License-Identifier: MIT */
/* client - picks a connection, composes the request, waits, follows redirects. */
#include "http/client.h"

#include "base/memory.h"
#include "http/auth.h"
#include "http/internal.h"

/* Bodies up to this size are copied behind the head and leave with it in one send(). */
#define SMALL_BODY_BYTES 16384

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

void acr_client_give_connection(struct acr_connection *connection)
{
    struct acr_client *client = connection->client;
    connection->waiter = NULL;
    if (!acr_connection_reusable(connection)) {
        acr_connection_free(connection);
        return;
    }
    if (client->idle_count == ACR_CLIENT_IDLE_MAX)
        acr_client_forget_connection(ACR_LIST_ENTRY(client->idle.next, struct acr_connection, link));
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

static int open_connection(struct acr_client *client, struct acr_fiber *fiber, const struct acr_request *request,
                           const struct acr_url *url, struct acr_connection **ret_connection, struct acr_error *error)
{
    struct acr_loop *loop = client->http->loop;
    acr_nanos deadline = request->connect_timeout > 0
                             ? acr_deadline_after(acr_loop_refresh_now(loop), request->connect_timeout)
                             : ACR_NEVER;
    struct acr_stream *stream = NULL;
    int code = acr_net_connect(client->http->net, fiber, url->host, url->port, deadline, &stream, error);
    if (code != 0)
        return code;
    if (url->secure) {
        static const struct acr_tls_settings verify_by_system = {0};
        const struct acr_tls_settings *settings = request->tls != NULL ? request->tls : &verify_by_system;
        struct acr_stream *tls_stream = NULL;
        code = acr_net_tls_connect(client->http->net, fiber, stream, settings, url->host, deadline, &tls_stream, error);
        if (code != 0)
            return code;
        stream = tls_stream;
    }
    struct acr_connection *connection =
        acr_connection_new(client, stream, url->host, url->port, url->secure, request->tls);
    acr_list_append(&client->busy, &connection->link);
    *ret_connection = connection;
    return 0;
}

/* Composing */

int acr_request_header_line(struct acr_buffer *lines, struct acr_str name, struct acr_str value)
{
    static const char separators[] = "()<>@,;:\\\"/[]?={} \t";
    if (name.size == 0)
        return ACR_ERR_INVALID_HEADER;
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] <= ' ' || name.data[i] == 127 || strchr(separators, name.data[i]) != NULL)
            return ACR_ERR_INVALID_HEADER;
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] == '\r' || value.data[i] == '\n' || value.data[i] == '\0')
            return ACR_ERR_INVALID_HEADER;
    int code = acr_buffer_append_str(lines, name);
    if (code == 0)
        code = acr_buffer_append(lines, ": ", 2);
    if (code == 0)
        code = acr_buffer_append_str(lines, value);
    if (code == 0)
        code = acr_buffer_append(lines, "\r\n", 2);
    return code;
}

/* Room was reserved: composing only copies. */
static void put(struct acr_buffer *out, struct acr_str str)
{
    if (str.size > 0) /* an empty one may have no address */
        memcpy(out->data + out->size, str.data, str.size);
    out->size += str.size;
}

static void put_line(struct acr_buffer *out, struct acr_str name_and_colon, struct acr_str value)
{
    put(out, name_and_colon);
    put(out, value);
    put(out, ACR_STR("\r\n"));
}

static void put_length(struct acr_buffer *out, uint64_t length)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + length % 10);
        length /= 10;
    } while (length > 0);
    put_line(out, ACR_STR("Content-Length: "), (struct acr_str){digits + at, sizeof digits - at});
}

/* "Cookie: ..." from the jar and the request, or nothing. */
static int put_cookies(struct acr_client *client, const struct acr_request *request, const struct acr_url *url,
                       struct acr_buffer *out)
{
    if (request->own_cookies || (client->cookies.count == 0 && request->cookies.size == 0))
        return 0;
    size_t start = out->size;
    int code = acr_buffer_append_str(out, ACR_STR("Cookie: "));
    size_t value = out->size;
    if (code == 0 && client->cookies.count > 0) {
        const struct acr_clock *clock = acr_loop_clock(client->http->loop);
        code = acr_cookies_header(&client->cookies, url, clock->wall(clock) / ACR_NANOS_PER_SECOND, out);
    }
    if (code == 0 && out->size > value && request->cookies.size > 0)
        code = acr_buffer_append_str(out, ACR_STR("; "));
    if (code == 0)
        code = acr_buffer_append_str(out, request->cookies);
    if (code == 0 && out->size > value)
        return acr_buffer_append_str(out, ACR_STR("\r\n"));
    out->size = start;
    return code;
}

/* "Authorization: ..." as given or from the URL's user info, or nothing. */
static int put_authorization(const struct acr_request *request, const struct acr_url *url, struct acr_buffer *out)
{
    if (request->authorization.size == 0 && url->username.data == NULL)
        return 0;
    int code = acr_buffer_append_str(out, ACR_STR("Authorization: "));
    if (code != 0)
        return code;
    if (request->authorization.size > 0) {
        code = acr_buffer_append_str(out, request->authorization);
    } else {
        struct acr_buffer user = {0}, password = {0};
        code = acr_url_unquote(&user, url->username);
        if (code == 0)
            code = acr_url_unquote(&password, url->password);
        if (code == 0)
            code = acr_auth_basic(out, acr_buffer_str(&user), acr_buffer_str(&password));
        acr_buffer_done(&user);
        acr_buffer_done(&password);
    }
    return code != 0 ? code : acr_buffer_append_str(out, ACR_STR("\r\n"));
}

/* The head into connection->out, with a small body behind it; *ret_rest is what is left of the body. */
static int compose(struct acr_connection *connection, const struct acr_request *request, const struct acr_url *url,
                   struct acr_str *ret_rest)
{
    struct acr_buffer *out = &connection->out;
    acr_buffer_reset(out);
    bool small = request->body.size <= SMALL_BODY_BYTES && !request->expect_continue;
    size_t fixed = request->method.size + url->target.size + url->authority.size + request->header_lines.size +
                   request->content_type.size + 128;
    int code = acr_buffer_reserve(out, fixed);
    if (code != 0)
        return code;
    put(out, request->method);
    put(out, ACR_STR(" "));
    put(out, url->target);
    put(out, ACR_STR(" HTTP/1.1\r\n"));
    if (!request->own_host)
        put_line(out, ACR_STR("Host: "), url->authority);
    put(out, request->header_lines);
    if (request->has_body || request->body.size > 0)
        put_length(out, request->body.size);
    if (request->content_type.size > 0)
        put_line(out, ACR_STR("Content-Type: "), request->content_type);
    code = put_cookies(connection->client, request, url, out);
    if (code == 0)
        code = put_authorization(request, url, out);
    if (code == 0)
        code = acr_buffer_append_str(out, ACR_STR("\r\n"));
    if (code == 0 && small)
        code = acr_buffer_append_str(out, request->body);
    *ret_rest = small ? (struct acr_str){NULL, 0} : request->body;
    return code;
}

/* Exchanging */

/* An expected 100 Continue did not come in time: the body goes out all the same. */
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
    if (!connection->head_done)
        acr_connection_release_body(connection);
    return 0;
}

static int wait_for_answer(struct acr_connection *connection, struct acr_fiber *fiber,
                           const struct acr_request *request)
{
    int code = 0;
    if (request->expect_continue)
        code = wait_for_continue(connection, fiber);
    acr_nanos silence = request->read_timeout > 0 ? request->read_timeout : ACR_NEVER;
    while (code == 0 && !connection->exchange_over && !(request->stream && connection->head_done))
        code = acr_connection_wait(connection, fiber, silence);
    return code;
}

/* Ends a failed exchange. A cancelled fiber's connection stays only if its answer had come whole (client.h). */
static int give_up(struct acr_connection *connection, int code, struct acr_error *error)
{
    bool clean = code == ACR_ERR_CANCELLED && connection->exchange_over && connection->failure.code == 0;
    if (code == ACR_ERR_READ_TIMEOUT || code == ACR_ERR_WRITE_TIMEOUT)
        acr_error_set(error, code, "%.*s port %u", ACR_STR_ARGS(connection->host), connection->port);
    else if (code == ACR_ERR_CANCELLED)
        acr_error_set(error, code, "%s", "");
    else if (error != NULL)
        *error = connection->failure;
    if (clean) {
        acr_response_unref(connection->response);
        connection->response = NULL;
        acr_client_give_connection(connection);
    } else {
        acr_connection_free(connection);
    }
    return code;
}

/* One request and its answer on this connection, which is given back or closed. *ret_untouched: not a byte of an answer
 * came. */
static int exchange(struct acr_connection *connection, struct acr_fiber *fiber, const struct acr_request *request,
                    const struct acr_url *url, struct acr_response **ret_response, bool *ret_untouched,
                    struct acr_error *error)
{
    *ret_untouched = false;
    struct acr_str rest;
    int code = compose(connection, request, url, &rest);
    if (code != 0) {
        acr_connection_free(connection);
        return acr_error_set(error, code, "request head");
    }
    connection->streaming = request->stream;
    connection->body_max = request->body_max != 0 ? request->body_max : ACR_CLIENT_BODY_MAX;
    connection->hold_body = request->expect_continue;
    acr_connection_begin(connection, fiber, acr_response_new(request->method), rest);
    code = wait_for_answer(connection, fiber, request);
    if (code == 0 && connection->exchange_over)
        code = connection->failure.code;
    if (code != 0) {
        *ret_untouched = !connection->received_any;
        return give_up(connection, code, error);
    }
    struct acr_response *response = connection->response;
    if (connection->exchange_over) {
        connection->response = NULL;
        acr_client_give_connection(connection);
    } else {
        connection->response_lent = true;
        connection->waiter = NULL;
        connection->body = (struct acr_str){NULL, 0}; /* borrowed only until now */
        response->connection = connection;
    }
    *ret_response = response;
    return 0;
}

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

/* One hop: on an idle connection or a fresh one, again on a fresh one if the idle one was dead. */
static int hop(struct acr_client *client, struct acr_fiber *fiber, const struct acr_request *request,
               const struct acr_url *url, struct acr_response **ret_response, struct acr_error *error)
{
    struct acr_connection *connection = take_idle(client, url, request->tls);
    bool reused = connection != NULL;
    int code = 0;
    if (connection == NULL)
        code = open_connection(client, fiber, request, url, &connection, error);
    if (code != 0)
        return code;
    bool untouched;
    code = exchange(connection, fiber, request, url, ret_response, &untouched, error);
    if (code == ACR_ERR_RESET && reused && untouched && is_idempotent(request->method)) {
        code = open_connection(client, fiber, request, url, &connection, error);
        if (code == 0)
            code = exchange(connection, fiber, request, url, ret_response, &untouched, error);
    }
    if (code == 0 && (*ret_response)->has_cookies)
        receive_cookies(client, *ret_response, url);
    return code;
}

int acr_client_request(struct acr_client *client, struct acr_fiber *fiber, const struct acr_request *request,
                       struct acr_response **ret_response, struct acr_error *error)
{
    acr_nanos started = request->started != 0 ? request->started : acr_loop_refresh_now(client->http->loop);
    struct acr_response *response;
    int code = hop(client, fiber, request, request->url, &response, error);
    if (code != 0)
        return code;
    response->started = started;
    if (request->follow_redirects && response->status >= 301 && response->status <= 308)
        code = acr_redirects_follow(client, fiber, request, hop, &response, error);
    if (code == 0)
        *ret_response = response;
    return code;
}
