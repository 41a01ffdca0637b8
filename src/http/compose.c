/* SPDX-License-Identifier: MIT */
/* compose - a request as bytes: its head, with a small body behind it. */
#include "base/memory.h"
#include "http/auth.h"
#include "http/internal.h"

/* Bodies up to this size are copied behind the head and leave with it in one send(). */
#define SMALL_BODY_BYTES 16384
/* More than the words, digits and line ends that compose() puts around its parts. */
#define FIXED_BYTES 128

/* RFC 9110 section 5.6.2: visible characters but for separators. */
bool acr_request_is_name(struct acr_str str)
{
    static const uint32_t allowed[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};
    for (size_t i = 0; i < str.size; i++) {
        unsigned char c = (unsigned char)str.data[i];
        if ((allowed[c >> 5] >> (c & 31) & 1) == 0)
            return false;
    }
    return str.size > 0;
}

static bool stays_in_line(struct acr_str value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] == '\r' || value.data[i] == '\n' || value.data[i] == '\0')
            return false;
    return true;
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

int acr_request_header_line(struct acr_buffer *lines, struct acr_str name, struct acr_str value)
{
    if (!acr_request_is_name(name) || !stays_in_line(value))
        return ACR_ERR_INVALID_HEADER;
    int code = acr_buffer_reserve(lines, name.size + value.size + 4);
    if (code != 0)
        return code;
    put(lines, name);
    put_line(lines, ACR_STR(": "), value);
    return 0;
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

int acr_request_url_credentials(const struct acr_url *url, struct acr_buffer *out)
{
    struct acr_buffer user = {0}, password = {0};
    int code = acr_url_unquote(&user, url->username);
    if (code == 0)
        code = acr_url_unquote(&password, url->password);
    if (code == 0)
        code = acr_auth_basic(out, acr_buffer_str(&user), acr_buffer_str(&password));
    acr_buffer_done(&user);
    acr_buffer_done(&password);
    return code;
}

/* "Authorization: ..." as given or from the URL's user info, or nothing. That of a redirect's Location does not count.
 */
static int put_authorization(const struct acr_request *request, const struct acr_url *url, struct acr_buffer *out)
{
    if (request->authorization.size == 0 && (url != request->url || !acr_request_has_url_credentials(url)))
        return 0;
    int code = acr_buffer_append_str(out, ACR_STR("Authorization: "));
    if (code == 0)
        code = request->authorization.size > 0 ? acr_buffer_append_str(out, request->authorization)
                                               : acr_request_url_credentials(url, out);
    return code != 0 ? code : acr_buffer_append_str(out, ACR_STR("\r\n"));
}

/* What nobody has checked yet; the rest is empty for most requests. */
static int check(const struct acr_request *request, struct acr_error *error)
{
    if (!acr_request_is_name(request->method))
        return acr_error_set(error, ACR_ERR_INVALID, "method is not a word");
    if (!stays_in_line(request->content_type))
        return acr_error_set(error, ACR_ERR_INVALID_HEADER, "Content-Type has a line break");
    if (!stays_in_line(request->authorization))
        return acr_error_set(error, ACR_ERR_INVALID_HEADER, "Authorization has a line break");
    if (!stays_in_line(request->cookies))
        return acr_error_set(error, ACR_ERR_INVALID_HEADER, "Cookie has a line break");
    return 0;
}

static int put_head(struct acr_client *client, const struct acr_request *request, const struct acr_url *url,
                    struct acr_buffer *out)
{
    int code = acr_buffer_reserve(out, request->method.size + url->target.size + url->authority.size +
                                           request->header_lines.size + request->content_type.size + FIXED_BYTES);
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
    code = put_cookies(client, request, url, out);
    if (code == 0)
        code = put_authorization(request, url, out);
    return code == 0 ? acr_buffer_append_str(out, ACR_STR("\r\n")) : code;
}

/* Are the bytes of the last request those of this one? */
static bool is_same(const struct acr_connection *connection, const struct acr_request *request,
                    const struct acr_url *url)
{
    return request->head != 0 && request->head == connection->head && url == request->url &&
           connection->jar_version == connection->client->cookies.version;
}

static bool has_expiring(const struct acr_cookies *jar)
{
    for (size_t i = 0; i < jar->count; i++)
        if (jar->list[i].expires != INT64_MAX)
            return true;
    return false;
}

/* Remembers what `out` holds; that of a redirect, or with cookies that may go, is not to be sent again. */
static void note_head(struct acr_connection *connection, const struct acr_request *request, const struct acr_url *url)
{
    const struct acr_cookies *jar = &connection->client->cookies;
    bool lasts = request->head != 0 && url == request->url && request->body.size == 0 && !has_expiring(jar);
    connection->head = lasts ? request->head : 0;
    connection->jar_version = jar->version;
}

int acr_request_compose(struct acr_connection *connection, const struct acr_request *request, const struct acr_url *url,
                        struct acr_str *ret_rest, struct acr_error *error)
{
    struct acr_buffer *out = &connection->out;
    bool small = request->body.size <= SMALL_BODY_BYTES && !request->expect_continue;
    if (is_same(connection, request, url)) {
        *ret_rest = (struct acr_str){NULL, 0};
        return 0;
    }
    connection->head = 0;
    int code = check(request, error);
    if (code != 0)
        return code;
    acr_buffer_reset(out);
    code = put_head(connection->client, request, url, out);
    if (code == 0 && small)
        code = acr_buffer_append_str(out, request->body);
    if (code != 0)
        return acr_error_set(error, code, "request head");
    *ret_rest = small ? (struct acr_str){NULL, 0} : request->body;
    note_head(connection, request, url);
    return 0;
}
