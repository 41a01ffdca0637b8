/* SPDX-License-Identifier: MIT */
/* redirect - follows Location headers by the rules of requests 2.28 (sessions.py, facts in spec/locust-0.9.md 3.3). */
#include "base/memory.h"
#include "http/internal.h"

/* How long a streamed redirect's own body may take to come, unless the request says so. */
#define BODY_WAIT (5 * ACR_NANOS_PER_SECOND)

/* The request that the redirects make of the original one, and the memory it needs. */
struct chase {
    struct acr_request request;
    struct acr_buffer lines;         /* its header lines */
    struct acr_buffer authorization; /* from the first URL's user info, which later ones lack */
};

/* Where the answer leads; empty: nowhere. */
static struct acr_str location_of(const struct acr_response *response)
{
    switch (response->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return acr_response_header(response, ACR_STR("Location"));
    default:
        return (struct acr_str){NULL, 0};
    }
}

/* 303 and 302 become GET but for HEAD, 301 only for POST, 307 and 308 keep the method. */
static struct acr_str next_method(struct acr_str method, int status)
{
    bool is_head = acr_str_equal(method, ACR_STR("HEAD"));
    if ((status == 303 || status == 302) && !is_head)
        return ACR_STR("GET");
    if (status == 301 && acr_str_equal(method, ACR_STR("POST")))
        return ACR_STR("GET");
    return method;
}

/* http.client sends "Content-Length: 0" for these when there is no body. */
static bool expects_body(struct acr_str method)
{
    return acr_str_equal(method, ACR_STR("PUT")) || acr_str_equal(method, ACR_STR("POST")) ||
           acr_str_equal(method, ACR_STR("PATCH"));
}

/* Credentials go along to the same host and port, and from http to https on the standard ports. */
static bool keeps_credentials(const struct acr_url *from, const struct acr_url *to)
{
    if (!acr_str_equal(from->host, to->host))
        return false;
    if (!from->secure && to->secure && from->port == 80 && to->port == 443)
        return true;
    return from->secure == to->secure && from->port == to->port;
}

static bool is_listed(struct acr_str name, const char *const *words)
{
    for (; *words != NULL; words++)
        if (acr_str_equal_nocase(name, acr_str_of(*words)))
            return true;
    return false;
}

/* Removes the header lines named in `dropped` (a list that ends with NULL). */
static void drop_lines(struct acr_buffer *lines, const char *const *dropped)
{
    struct acr_str rest = acr_buffer_str(lines);
    size_t kept = 0;
    while (rest.size > 0) {
        ptrdiff_t end = acr_str_find_char(rest, '\n');
        struct acr_str line = {rest.data, end >= 0 ? (size_t)end + 1 : rest.size};
        ptrdiff_t colon = acr_str_find_char(line, ':');
        rest.data += line.size;
        rest.size -= line.size;
        if (colon >= 0 && is_listed((struct acr_str){line.data, (size_t)colon}, dropped))
            continue;
        memmove(lines->data + kept, line.data, line.size);
        kept += line.size;
    }
    lines->size = kept;
}

static int chase_init(struct chase *chase, const struct acr_request *original)
{
    *chase = (struct chase){.request = *original};
    chase->request.head = 0; /* it has another one */
    int code = acr_buffer_append_str(&chase->lines, original->header_lines);
    if (code == 0 && original->authorization.size == 0 && acr_request_has_url_credentials(original->url)) {
        code = acr_request_url_credentials(original->url, &chase->authorization);
        chase->request.authorization = acr_buffer_str(&chase->authorization);
    }
    return code;
}

static void chase_done(struct chase *chase)
{
    acr_buffer_done(&chase->lines);
    acr_buffer_done(&chase->authorization);
}

static void drop_body(struct chase *chase)
{
    static const char *const body_fields[] = {"Content-Type", "Content-Length", "Transfer-Encoding", "Expect", NULL};
    struct acr_request *request = &chase->request;
    drop_lines(&chase->lines, body_fields);
    request->body = (struct acr_str){NULL, 0};
    request->has_body = expects_body(request->method);
    request->expect_continue = false;
    request->content_type = (struct acr_str){NULL, 0};
}

/* Makes of the request that `status` answered from `from` the one for `to`. A Cookie header of the script's own gives
 * way to the jar's, a Host header of its own names another server only as long as that is the one asked. */
static void chase_turn(struct chase *chase, int status, const struct acr_url *from, const struct acr_url *to)
{
    static const char *const once_fields[] = {"Cookie", "Proxy-Authorization", NULL};
    static const char *const secret_fields[] = {"Authorization", NULL};
    static const char *const host_fields[] = {"Host", NULL};
    struct acr_request *request = &chase->request;
    request->method = next_method(request->method, status);
    if (status != 307 && status != 308)
        drop_body(chase);
    drop_lines(&chase->lines, once_fields);
    request->own_cookies = false;
    if (!keeps_credentials(from, to)) {
        drop_lines(&chase->lines, secret_fields);
        request->authorization = (struct acr_str){NULL, 0};
    }
    if (!acr_str_equal(from->host, to->host)) {
        drop_lines(&chase->lines, host_fields);
        request->own_host = false;
    }
    request->header_lines = acr_buffer_str(&chase->lines);
}

/* A streamed redirect's body is read, so that its connection can serve the next hop, unless it is long. Only a cancel
 * is a failure here. */
static int read_short_body(struct acr_response *response, const struct acr_hop *first, struct acr_error *error)
{
    if (response->connection == NULL)
        return 0;
    acr_nanos wait = first->request->read_timeout > 0 ? first->request->read_timeout : BODY_WAIT;
    response->body.limit = ACR_CLIENT_STREAM_WINDOW;
    int code = acr_response_read_all(response, first->fiber, wait, NULL);
    return code == ACR_ERR_CANCELLED ? acr_error_set(error, code, "reading a redirect") : 0;
}

static void url_free(struct acr_url *url)
{
    acr_url_done(url);
    acr_free(url);
}

/* Follows `current` to `location`. */
static int turn(struct chase *chase, const struct acr_hop *first, struct acr_response *current, struct acr_str location,
                struct acr_response **ret_next, struct acr_error *error)
{
    const struct acr_url *from = current->url != NULL ? current->url : first->url;
    struct acr_url *to = acr_alloc_zero(sizeof *to);
    struct acr_response *next;
    int code = acr_url_resolve(from, location, to, error);
    if (code == 0)
        code = read_short_body(current, first, error);
    if (code == 0) {
        chase_turn(chase, current->status, from, to);
        const struct acr_hop hop = {first->client, first->fiber, &chase->request, to};
        code = acr_client_hop(&hop, &next, error);
    }
    if (code != 0) {
        url_free(to);
        return code;
    }
    next->url = to;
    next->previous = current;
    next->redirect_count = current->redirect_count + 1;
    next->started = current->started;
    *ret_next = next;
    return 0;
}

int acr_redirects_follow(const struct acr_hop *first, struct acr_response **response, struct acr_error *error)
{
    struct acr_response *current = *response;
    struct acr_str location = location_of(current);
    if (location.size == 0)
        return 0;
    unsigned most = first->request->redirects_max != 0 ? first->request->redirects_max : ACR_CLIENT_REDIRECTS_MAX;
    struct chase chase;
    int code = chase_init(&chase, first->request);
    while (code == 0 && location.size > 0) {
        const struct acr_url *at = current->url != NULL ? current->url : first->url;
        if (current->redirect_count >= most) {
            code = acr_error_set(error, ACR_ERR_TOO_MANY_REDIRECTS, "more than %u, last at %.*s", most,
                                 ACR_STR_ARGS(at->whole));
            break;
        }
        code = turn(&chase, first, current, location, &current, error);
        if (code == 0)
            location = location_of(current);
    }
    chase_done(&chase);
    if (code != 0)
        acr_response_unref(current);
    else
        *response = current;
    return code;
}
