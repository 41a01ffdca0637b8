/* SPDX-License-Identifier: MIT */
/* redirect - follows Location headers by the rules of requests 2.28 (sessions.py, facts in spec/locust-0.9.md 3.3). */
#include "base/memory.h"
#include "http/internal.h"

static bool is_redirect(const struct acr_response *response)
{
    switch (response->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return acr_response_header(response, ACR_STR("Location")).data != NULL;
    default:
        return false;
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

/* Credentials go along to the same host and port, and from http to https on the standard ports. */
static bool keeps_credentials(const struct acr_url *from, const struct acr_url *to)
{
    if (!acr_str_equal(from->host, to->host))
        return false;
    if (!from->secure && to->secure && from->port == 80 && to->port == 443)
        return true;
    return from->secure == to->secure && from->port == to->port;
}

/* Copies header lines without those named in `dropped` (a list that ends with NULL). */
static int filter_lines(struct acr_str lines, const char *const *dropped, struct acr_buffer *out)
{
    acr_buffer_reset(out);
    while (lines.size > 0) {
        ptrdiff_t end = acr_str_find_char(lines, '\n');
        size_t size = end >= 0 ? (size_t)end + 1 : lines.size;
        ptrdiff_t colon = acr_str_find_char((struct acr_str){lines.data, size}, ':');
        struct acr_str name = {lines.data, colon >= 0 ? (size_t)colon : 0};
        bool drop = false;
        for (const char *const *word = dropped; *word != NULL && !drop; word++)
            drop = acr_str_equal_nocase(name, acr_str_of(*word));
        if (!drop) {
            int code = acr_buffer_append(out, lines.data, size);
            if (code != 0)
                return code;
        }
        lines.data += size;
        lines.size -= size;
    }
    return 0;
}

/* Turns `request`, just answered by `response` from `from`, into the one for `to`. `lines` keeps the filtered header
 * lines. */
static int rewrite(struct acr_request *request, const struct acr_response *response, const struct acr_url *from,
                   const struct acr_url *to, struct acr_buffer *lines)
{
    static const char *const body_fields[] = {
        "Content-Type", "Content-Length", "Transfer-Encoding", "Expect", "Host", "Cookie", NULL};
    static const char *const host_fields[] = {"Host", "Cookie", NULL};
    static const char *const secret_fields[] = {"Authorization", NULL};
    bool keep_body = response->status == 307 || response->status == 308;
    struct acr_buffer filtered = {0};
    int code = filter_lines(request->header_lines, keep_body ? host_fields : body_fields, &filtered);
    if (code == 0 && !keeps_credentials(from, to)) {
        struct acr_buffer without = {0};
        code = filter_lines(acr_buffer_str(&filtered), secret_fields, &without);
        acr_buffer_done(&filtered);
        filtered = without;
        request->authorization = (struct acr_str){NULL, 0};
    }
    acr_buffer_done(lines);
    *lines = filtered;
    request->header_lines = acr_buffer_str(lines);
    request->own_host = false;
    request->own_cookies = false;
    request->method = next_method(request->method, response->status);
    if (!keep_body) {
        request->body = (struct acr_str){NULL, 0};
        request->has_body = false;
        request->expect_continue = false;
        request->content_type = (struct acr_str){NULL, 0};
    }
    return code;
}

/* A redirect's body is read and thrown away, so that its connection can serve the next hop. */
static void discard_body(struct acr_response *response, struct acr_fiber *fiber)
{
    while (response->connection != NULL) {
        acr_buffer_reset(&response->body);
        int code = acr_response_wait_body(response, fiber, 5 * ACR_NANOS_PER_SECOND, NULL);
        if (code != 0 || response->wire_bytes > ACR_CLIENT_STREAM_WINDOW)
            acr_response_close(response);
    }
}

int acr_redirects_follow(struct acr_client *client, struct acr_fiber *fiber, const struct acr_request *original,
                         acr_hop_fn *hop, struct acr_response **response, struct acr_error *error)
{
    struct acr_request request = *original;
    struct acr_response *current = *response;
    struct acr_buffer lines = {0};
    unsigned most = original->redirects_max != 0 ? original->redirects_max : ACR_CLIENT_REDIRECTS_MAX;
    int code = 0;
    while (is_redirect(current)) {
        const struct acr_url *from = current->url != NULL ? current->url : original->url;
        if (current->redirect_count >= most) {
            code = acr_error_set(error, ACR_ERR_TOO_MANY_REDIRECTS, "more than %u, last at %.*s", most,
                                 ACR_STR_ARGS(from->whole));
            break;
        }
        struct acr_url *to = acr_alloc_zero(sizeof *to);
        struct acr_str location = acr_response_header(current, ACR_STR("Location"));
        code = acr_url_resolve(from, location, to, error);
        if (code == 0)
            code = rewrite(&request, current, from, to, &lines);
        struct acr_response *next = NULL;
        if (code == 0) {
            discard_body(current, fiber);
            code = hop(client, fiber, &request, to, &next, error);
        }
        if (code != 0) {
            acr_url_done(to);
            acr_free(to);
            break;
        }
        next->url = to;
        next->previous = current;
        next->redirect_count = current->redirect_count + 1;
        next->started = current->started;
        current = next;
    }
    acr_buffer_done(&lines);
    if (code != 0) {
        acr_response_unref(current);
        return code;
    }
    *response = current;
    return 0;
}
