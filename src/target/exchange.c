/* SPDX-License-Identifier: MIT */
/* exchange - composing answers. */
#include "target/exchange.h"

#include "base/memory.h"
#include "target/text.h"

const char *acr_target_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {417, "Expectation Failed"},
        {418, "I'm a teapot"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Status";
}

/* RFC 9110 6.4.1 */
static bool status_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void put_head(struct acr_buffer *out, int status, const char *type, const char *field_lines)
{
    acr_text_put(out, ACR_STR("HTTP/1.1 "));
    acr_text_put_u64(out, (uint64_t)status);
    acr_text_put(out, ACR_STR(" "));
    acr_text_put(out, acr_str_of(acr_target_reason(status)));
    acr_text_put(out, ACR_STR("\r\n"));
    if (type != NULL) {
        acr_text_put(out, ACR_STR("Content-Type: "));
        acr_text_put(out, acr_str_of(type));
        acr_text_put(out, ACR_STR("\r\n"));
    }
    acr_text_put(out, acr_str_of(field_lines));
}

static void put_length(struct acr_buffer *out, uint64_t length)
{
    acr_text_put(out, ACR_STR("Content-Length: "));
    acr_text_put_u64(out, length);
    acr_text_put(out, ACR_STR("\r\n"));
}

void acr_target_block_init(struct acr_target_block *block, int status, const char *type, const char *field_lines,
                           struct acr_str body)
{
    struct acr_buffer text = {0};
    put_head(&text, status, type, field_lines);
    if (status_has_body(status))
        put_length(&text, body.size);
    *block = (struct acr_target_block){.status = status, .head_size = text.size, .body_size = body.size};
    acr_text_put(&text, body);
    block->text = acr_buffer_take(&text, &(size_t){0});
}

void acr_target_block_done(struct acr_target_block *block)
{
    acr_free(block->text);
    block->text = NULL;
}

/* The lines that depend on the request, and the blank line. */
static void put_head_end(struct acr_target_exchange *exchange)
{
    if (exchange->lines->size > 0)
        acr_text_put(exchange->out, acr_buffer_str(exchange->lines));
    if (exchange->close || exchange->request->close) {
        acr_text_put(exchange->out, ACR_STR("Connection: close\r\n"));
        exchange->close = true;
    } else if (exchange->request->keep_alive_line) {
        acr_text_put(exchange->out, ACR_STR("Connection: keep-alive\r\n"));
    }
    acr_text_put(exchange->out, ACR_STR("\r\n"));
}

void acr_target_answer_block(struct acr_target_exchange *exchange, const struct acr_target_block *block)
{
    exchange->status = block->status;
    acr_text_put(exchange->out, (struct acr_str){block->text, block->head_size});
    put_head_end(exchange);
    if (!exchange->head_only)
        acr_text_put(exchange->out, (struct acr_str){block->text + block->head_size, block->body_size});
}

void acr_target_answer(struct acr_target_exchange *exchange, int status, const char *type, struct acr_str body)
{
    bool has_body = status_has_body(status);
    exchange->status = status;
    put_head(exchange->out, status, has_body ? type : NULL, "");
    if (has_body)
        put_length(exchange->out, body.size);
    put_head_end(exchange);
    if (has_body && !exchange->head_only)
        acr_text_put(exchange->out, body);
}

void acr_target_answer_content(struct acr_target_exchange *exchange, int status, const char *type)
{
    acr_target_answer(exchange, status, type, acr_buffer_str(exchange->content));
}

void acr_target_answer_flow(struct acr_target_exchange *exchange, const char *type, uint64_t length,
                            struct acr_target_flow flow)
{
    exchange->status = 200;
    put_head(exchange->out, 200, type, "");
    put_length(exchange->out, length);
    put_head_end(exchange);
    if (!exchange->head_only)
        exchange->flow = flow;
}

void acr_target_answer_chunked(struct acr_target_exchange *exchange, const char *type, struct acr_target_flow flow)
{
    /* HTTP/1.0 knows no chunks; such a client gets them all the same, with the field that says so. */
    exchange->status = 200;
    put_head(exchange->out, 200, type, "Transfer-Encoding: chunked\r\n");
    put_head_end(exchange);
    if (!exchange->head_only)
        exchange->flow = flow;
}

void acr_target_answer_redirect(struct acr_target_exchange *exchange, int status, struct acr_str location)
{
    acr_target_exchange_line(exchange, "Location", location);
    acr_target_answer(exchange, status, "text/plain; charset=utf-8", (struct acr_str){NULL, 0});
}

void acr_target_exchange_line(struct acr_target_exchange *exchange, const char *name, struct acr_str value)
{
    acr_text_put(exchange->lines, acr_str_of(name));
    acr_text_put(exchange->lines, ACR_STR(": "));
    for (size_t i = 0; i < value.size; i++)
        if ((unsigned char)value.data[i] >= ' ' && value.data[i] != 0x7f)
            acr_text_put(exchange->lines, (struct acr_str){value.data + i, 1});
    acr_text_put(exchange->lines, ACR_STR("\r\n"));
}

bool acr_target_next_cookie(struct acr_str *rest, struct acr_str *ret_name, struct acr_str *ret_value)
{
    while (rest->size > 0) {
        ptrdiff_t end = acr_str_find_char(*rest, ';');
        size_t used = end < 0 ? rest->size : (size_t)end + 1;
        struct acr_str pair = acr_str_trim((struct acr_str){rest->data, end < 0 ? rest->size : (size_t)end});
        *rest = (struct acr_str){rest->data + used, rest->size - used};
        ptrdiff_t equals = acr_str_find_char(pair, '=');
        if (equals <= 0)
            continue;
        *ret_name = (struct acr_str){pair.data, (size_t)equals};
        *ret_value = (struct acr_str){pair.data + equals + 1, pair.size - (size_t)equals - 1};
        return true;
    }
    return false;
}

struct acr_str acr_target_exchange_cookie(const struct acr_target_exchange *exchange, struct acr_str name)
{
    struct acr_str rest = acr_target_request_field(exchange->request, ACR_STR("Cookie"));
    struct acr_str found, value;
    while (acr_target_next_cookie(&rest, &found, &value))
        if (acr_str_equal(found, name))
            return value;
    return (struct acr_str){NULL, 0};
}
