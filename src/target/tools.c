/* SPDX-License-Identifier: MIT */
/* tools - pages that show what a client sent, or send what a client has to understand. */
#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "http/auth.h"
#include "target/internal.h"
#include "target/pages.h"
#include "target/text.h"

/* Most bytes, lines and redirects that are sent on demand. */
#define BYTES_MAX (UINT64_C(1) << 40)
#define REDIRECTS_MAX 1000000

static void not_found(struct acr_target_exchange *exchange)
{
    acr_target_answer_block(exchange, &exchange->target->router.missing.block);
}

static void bad_request(struct acr_target_exchange *exchange, struct acr_str text)
{
    acr_target_answer(exchange, 400, ACR_PAGE_TEXT, text);
}

static void put_name(struct acr_buffer *out, const char *name)
{
    if (out->size > 0 && out->data[out->size - 1] != '{')
        acr_text_put(out, ACR_STR(","));
    acr_text_put_json(out, acr_str_of(name));
    acr_text_put(out, ACR_STR(":"));
}

static void put_decoded_json(struct acr_buffer *out, struct acr_str text)
{
    struct acr_buffer decoded = {0};
    acr_text_put_decoded(&decoded, text);
    acr_text_put_json(out, acr_buffer_str(&decoded));
    acr_buffer_done(&decoded);
}

static void put_pairs(struct acr_buffer *out, struct acr_str rest)
{
    struct acr_str name, value;
    acr_text_put(out, ACR_STR("{"));
    for (const char *comma = ""; acr_text_next_pair(&rest, &name, &value); comma = ",") {
        acr_text_put(out, acr_str_of(comma));
        put_decoded_json(out, name);
        acr_text_put(out, ACR_STR(":"));
        put_decoded_json(out, value);
    }
    acr_text_put(out, ACR_STR("}"));
}

/* Every field with all its values joined, at the place of the first. */
static void put_headers(struct acr_buffer *out, const struct acr_target_request *request)
{
    acr_text_put(out, ACR_STR("{"));
    for (size_t i = 0; i < request->field_count; i++) {
        struct acr_str name = request->fields[i].name;
        if (acr_target_request_field(request, name).data != request->fields[i].value.data)
            continue;
        if (i > 0)
            acr_text_put(out, ACR_STR(","));
        acr_text_put_json(out, name);
        acr_text_put(out, ACR_STR(":"));
        struct acr_buffer joined = {0};
        for (size_t k = i; k < request->field_count; k++) {
            if (!acr_str_equal_nocase(request->fields[k].name, name))
                continue;
            acr_text_put(&joined, k > i ? ACR_STR(", ") : ACR_STR(""));
            acr_text_put(&joined, request->fields[k].value);
        }
        acr_text_put_json(out, acr_buffer_str(&joined));
        acr_buffer_done(&joined);
    }
    acr_text_put(out, ACR_STR("}"));
}

static void put_header_list(struct acr_buffer *out, const struct acr_target_request *request)
{
    acr_text_put(out, ACR_STR("["));
    for (size_t i = 0; i < request->field_count; i++) {
        acr_text_put(out, i > 0 ? ACR_STR(",[") : ACR_STR("["));
        acr_text_put_json(out, request->fields[i].name);
        acr_text_put(out, ACR_STR(","));
        acr_text_put_json(out, request->fields[i].value);
        acr_text_put(out, ACR_STR("]"));
    }
    acr_text_put(out, ACR_STR("]"));
}

static bool has_form(const struct acr_target_request *request)
{
    return acr_str_starts_nocase(acr_target_request_field(request, ACR_STR("Content-Type")),
                                 ACR_STR("application/x-www-form-urlencoded"));
}

static void echo(struct acr_target_exchange *exchange)
{
    const struct acr_target_request *request = exchange->request;
    struct acr_buffer *out = exchange->content;
    acr_text_put(out, ACR_STR("{"));
    put_name(out, "method");
    acr_text_put_json(out, request->method);
    put_name(out, "target");
    acr_text_put_json(out, request->target);
    put_name(out, "path");
    acr_text_put_json(out, request->path);
    put_name(out, "args");
    put_pairs(out, request->query);
    put_name(out, "version");
    acr_text_put(out, request->minor_version == 0 ? ACR_STR("\"HTTP/1.0\"") : ACR_STR("\"HTTP/1.1\""));
    put_name(out, "headers");
    put_headers(out, request);
    put_name(out, "header_list");
    put_header_list(out, request);
    put_name(out, "form");
    put_pairs(out, has_form(request) ? exchange->body : ACR_STR(""));
    put_name(out, "body");
    acr_text_put_json(out, exchange->body);
    put_name(out, "body_size");
    acr_text_put_u64(out, exchange->body_size);
    put_name(out, "chunked");
    acr_text_put(out, request->chunked ? ACR_STR("true") : ACR_STR("false"));
    put_name(out, "connection");
    acr_text_put_u64(out, exchange->connection_id);
    put_name(out, "connection_requests");
    acr_text_put_u64(out, exchange->connection_requests);
    acr_text_put(out, ACR_STR("}\n"));
    acr_target_answer_content(exchange, 200, ACR_PAGE_JSON);
}

static void post(struct acr_target_exchange *exchange)
{
    if (acr_str_equal(exchange->request->method, ACR_STR("POST"))) {
        echo(exchange);
        return;
    }
    acr_target_exchange_line(exchange, "Allow", ACR_STR("POST"));
    acr_target_answer(exchange, 405, ACR_PAGE_TEXT, ACR_STR("POST only\n"));
}

static void upload(struct acr_target_exchange *exchange)
{
    struct acr_buffer *out = exchange->content;
    acr_text_put(out, ACR_STR("{"));
    put_name(out, "bytes");
    acr_text_put_u64(out, exchange->body_size);
    acr_text_put(out, ACR_STR("}\n"));
    acr_target_answer_content(exchange, 200, ACR_PAGE_JSON);
}

static void status(struct acr_target_exchange *exchange)
{
    uint64_t number;
    if (acr_str_parse_u64(exchange->rest, &number) != 0 || number < 200 || number > 999) {
        bad_request(exchange, ACR_STR("a status from 200 to 999, please\n"));
        return;
    }
    acr_text_put(exchange->content, ACR_STR("status "));
    acr_text_put_u64(exchange->content, number);
    acr_text_put(exchange->content, ACR_STR("\n"));
    if (number == 401)
        acr_target_exchange_line(exchange, "WWW-Authenticate", ACR_STR("Basic realm=\"meadow\""));
    acr_target_answer_content(exchange, (int)number, ACR_PAGE_TEXT);
}

/* /redirect/N leads to the end in N steps; ?status= chooses another than 302. */
static void redirect(struct acr_target_exchange *exchange)
{
    uint64_t steps;
    if (acr_str_parse_u64(exchange->rest, &steps) != 0 || steps > REDIRECTS_MAX) {
        not_found(exchange);
        return;
    }
    if (steps == 0) {
        acr_target_answer(exchange, 200, ACR_PAGE_TEXT, ACR_STR("arrived\n"));
        return;
    }
    struct acr_buffer *location = exchange->content;
    uint64_t code = acr_text_parameter_u64(exchange->request->query, ACR_STR("status"), 302);
    acr_text_put(location, ACR_STR("/redirect/"));
    acr_text_put_u64(location, steps - 1);
    if (exchange->request->query.size > 0) {
        acr_text_put(location, ACR_STR("?"));
        acr_text_put(location, exchange->request->query);
    }
    acr_target_answer_redirect(exchange, code >= 300 && code <= 399 ? (int)code : 302, acr_buffer_str(location));
}

static void redirect_to(struct acr_target_exchange *exchange)
{
    uint64_t code = acr_text_parameter_u64(exchange->request->query, ACR_STR("status"), 302);
    if (code < 300 || code > 399) {
        bad_request(exchange, ACR_STR("a status from 300 to 399, please\n"));
        return;
    }
    acr_text_put_decoded(exchange->content, acr_text_parameter(exchange->request->query, ACR_STR("url")));
    acr_target_answer_redirect(exchange, (int)code, acr_buffer_str(exchange->content));
}

static void cookies(struct acr_target_exchange *exchange)
{
    struct acr_buffer *out = exchange->content;
    struct acr_str rest = acr_target_request_field(exchange->request, ACR_STR("Cookie"));
    struct acr_str name, value;
    acr_text_put(out, ACR_STR("{\"cookies\":{"));
    for (const char *comma = ""; acr_target_next_cookie(&rest, &name, &value); comma = ",") {
        acr_text_put(out, acr_str_of(comma));
        acr_text_put_json(out, name);
        acr_text_put(out, ACR_STR(":"));
        acr_text_put_json(out, value);
    }
    acr_text_put(out, ACR_STR("}}\n"));
    acr_target_answer_content(exchange, 200, ACR_PAGE_JSON);
}

/* One Set-Cookie per parameter, then back to /cookies. */
static void change_cookies(struct acr_target_exchange *exchange, struct acr_str attributes)
{
    struct acr_str rest = exchange->request->query;
    struct acr_str name, value;
    while (acr_text_next_pair(&rest, &name, &value)) {
        acr_buffer_reset(exchange->content);
        acr_text_put_decoded(exchange->content, name);
        acr_text_put(exchange->content, ACR_STR("="));
        acr_text_put_decoded(exchange->content, value);
        acr_text_put(exchange->content, attributes);
        acr_target_exchange_line(exchange, "Set-Cookie", acr_buffer_str(exchange->content));
    }
    acr_target_answer_redirect(exchange, 302, ACR_STR("/cookies"));
}

static void set_cookies(struct acr_target_exchange *exchange)
{
    change_cookies(exchange, ACR_STR("; Path=/"));
}

static void delete_cookies(struct acr_target_exchange *exchange)
{
    change_cookies(exchange, ACR_STR("; Path=/; Max-Age=0"));
}

/* The bytes of /bytes/N: the alphabet and a line end, again and again, so any excerpt can be checked. */
static bool next_bytes(struct acr_target_flow *flow, struct acr_buffer *out)
{
    static const char pattern[] = "abcdefghijklmnopqrstuvwxyz\n";
    uint64_t piece = flow->total - flow->done;
    if (piece > ACR_TARGET_PIECE_MAX)
        piece = ACR_TARGET_PIECE_MAX;
    while (piece > 0) {
        size_t at = flow->done % (sizeof pattern - 1);
        size_t size = sizeof pattern - 1 - at < piece ? sizeof pattern - 1 - at : piece;
        acr_text_put(out, (struct acr_str){pattern + at, size});
        flow->done += size;
        piece -= size;
    }
    return flow->done < flow->total;
}

static void bytes(struct acr_target_exchange *exchange)
{
    uint64_t size;
    if (acr_str_parse_u64(exchange->rest, &size) != 0 || size > BYTES_MAX) {
        not_found(exchange);
        return;
    }
    struct acr_target_flow flow = {.fn = next_bytes, .total = size};
    if (size > ACR_TARGET_PIECE_MAX || exchange->head_only) {
        acr_target_answer_flow(exchange, "application/octet-stream", size, flow);
        return;
    }
    next_bytes(&flow, exchange->content);
    acr_target_answer_content(exchange, 200, "application/octet-stream");
}

static void put_hex(struct acr_buffer *out, size_t number)
{
    char digits[16];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[number % 16];
        number /= 16;
    } while (number > 0);
    acr_text_put(out, (struct acr_str){digits + at, sizeof digits - at});
}

static void put_line_chunk(struct acr_buffer *out, uint64_t number)
{
    struct acr_buffer line = {0};
    acr_text_put(&line, ACR_STR("{\"line\":"));
    acr_text_put_u64(&line, number);
    acr_text_put(&line, ACR_STR("}\n"));
    put_hex(out, line.size);
    acr_text_put(out, ACR_STR("\r\n"));
    acr_text_put(out, acr_buffer_str(&line));
    acr_text_put(out, ACR_STR("\r\n"));
    acr_buffer_done(&line);
}

static bool next_lines(struct acr_target_flow *flow, struct acr_buffer *out)
{
    size_t limit = out->size + ACR_TARGET_PIECE_MAX - 64;
    while (flow->done < flow->total && out->size < limit)
        put_line_chunk(out, flow->done++);
    if (flow->done < flow->total)
        return true;
    acr_text_put(out, ACR_STR("0\r\n\r\n"));
    return false;
}

static void stream(struct acr_target_exchange *exchange)
{
    uint64_t lines;
    if (acr_str_parse_u64(exchange->rest, &lines) != 0 || lines > BYTES_MAX)
        not_found(exchange);
    else
        acr_target_answer_chunked(exchange, ACR_PAGE_JSON, (struct acr_target_flow){.fn = next_lines, .total = lines});
}

static bool next_trailers(struct acr_target_flow *flow, struct acr_buffer *out)
{
    (void)flow;
    acr_text_put(out, ACR_STR("6;note=first\r\nhello \r\n6\r\nworld\n\r\n0\r\nX-Checksum: 42\r\nX-Done: yes\r\n\r\n"));
    return false;
}

static void chunked_trailers(struct acr_target_exchange *exchange)
{
    acr_target_exchange_line(exchange, "Trailer", ACR_STR("X-Checksum, X-Done"));
    acr_target_answer_chunked(exchange, ACR_PAGE_TEXT, (struct acr_target_flow){.fn = next_trailers});
}

/* What the three encodings hold: long and repetitive enough to become shorter. */
static void put_plain(struct acr_buffer *out, struct acr_str coding)
{
    acr_text_put(out, ACR_STR("{\"encoding\":"));
    acr_text_put_json(out, coding);
    acr_text_put(out, ACR_STR(",\"text\":\""));
    for (int i = 0; i < 20; i++)
        acr_text_put(out, ACR_STR("Grass grows, locusts come. "));
    acr_text_put(out, ACR_STR("\"}\n"));
}

/* zlib's window bits choose the wrapping: 15 zlib, -15 none, 15 + 16 gzip. */
static void put_deflated(struct acr_buffer *out, struct acr_str plain, int window_bits)
{
    z_stream stream_state = {0};
    if (deflateInit2(&stream_state, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    unsigned char packed[1024];
    stream_state.next_in = (unsigned char *)plain.data;
    stream_state.avail_in = (unsigned)plain.size;
    stream_state.next_out = packed;
    stream_state.avail_out = sizeof packed;
    deflate(&stream_state, Z_FINISH);
    acr_text_put(out, (struct acr_str){(char *)packed, sizeof packed - stream_state.avail_out});
    deflateEnd(&stream_state);
}

static void put_brotli(struct acr_buffer *out, struct acr_str plain)
{
    unsigned char packed[1024];
    size_t size = sizeof packed;
    if (BrotliEncoderCompress(5, 16, BROTLI_MODE_TEXT, plain.size, (const unsigned char *)plain.data, &size, packed))
        acr_text_put(out, (struct acr_str){(char *)packed, size});
}

static void put_zstd(struct acr_buffer *out, struct acr_str plain)
{
    char packed[1024];
    size_t size = ZSTD_compress(packed, sizeof packed, plain.data, plain.size, 3);
    if (!ZSTD_isError(size))
        acr_text_put(out, (struct acr_str){packed, size});
}

/* Packed anew for each request: a few microseconds, and nothing to keep. */
static void packed_page(struct acr_target_exchange *exchange, struct acr_str coding)
{
    bool raw = acr_text_parameter_u64(exchange->request->query, ACR_STR("raw"), 0) != 0;
    struct acr_buffer plain = {0};
    put_plain(&plain, coding);
    if (acr_str_equal(coding, ACR_STR("br")))
        put_brotli(exchange->content, acr_buffer_str(&plain));
    else if (acr_str_equal(coding, ACR_STR("zstd")))
        put_zstd(exchange->content, acr_buffer_str(&plain));
    else if (acr_str_equal(coding, ACR_STR("gzip")))
        put_deflated(exchange->content, acr_buffer_str(&plain), 15 + 16);
    else
        put_deflated(exchange->content, acr_buffer_str(&plain), raw ? -15 : 15);
    acr_buffer_done(&plain);
    acr_target_exchange_line(exchange, "Content-Encoding", coding);
    acr_target_answer_content(exchange, 200, ACR_PAGE_JSON);
}

static void gzip_page(struct acr_target_exchange *exchange)
{
    packed_page(exchange, ACR_STR("gzip"));
}

static void deflate_page(struct acr_target_exchange *exchange)
{
    packed_page(exchange, ACR_STR("deflate"));
}

static void brotli_page(struct acr_target_exchange *exchange)
{
    packed_page(exchange, ACR_STR("br"));
}

static void zstd_page(struct acr_target_exchange *exchange)
{
    packed_page(exchange, ACR_STR("zstd"));
}

/* Is the Authorization field that of user and password, as /basic-auth/USER/PASSWORD names them? */
static bool authorized(struct acr_target_exchange *exchange, struct acr_str user, struct acr_str password)
{
    struct acr_buffer *names = exchange->content;
    acr_text_put_decoded(names, user);
    size_t user_size = names->size;
    acr_text_put_decoded(names, password);
    struct acr_buffer expected = {0};
    bool same =
        acr_auth_basic(&expected, (struct acr_str){names->data, user_size},
                       (struct acr_str){names->data + user_size, names->size - user_size}) == 0 &&
        acr_str_equal(acr_buffer_str(&expected), acr_target_request_field(exchange->request, ACR_STR("Authorization")));
    acr_buffer_done(&expected);
    acr_buffer_reset(names);
    return same;
}

static void basic_auth(struct acr_target_exchange *exchange)
{
    ptrdiff_t slash = acr_str_find_char(exchange->rest, '/');
    if (slash <= 0) {
        not_found(exchange);
        return;
    }
    struct acr_str user = {exchange->rest.data, (size_t)slash};
    struct acr_str password = {user.data + slash + 1, exchange->rest.size - (size_t)slash - 1};
    if (authorized(exchange, user, password)) {
        acr_target_answer(exchange, 200, ACR_PAGE_JSON, ACR_STR("{\"authenticated\":true}\n"));
        return;
    }
    acr_target_exchange_line(exchange, "WWW-Authenticate", ACR_STR("Basic realm=\"meadow\""));
    acr_target_answer(exchange, 401, ACR_PAGE_JSON, ACR_STR("{\"authenticated\":false}\n"));
}

static void stats(struct acr_target_exchange *exchange)
{
    struct acr_target_shared *shared = exchange->target->shared;
    struct acr_target_counts sum;
    acr_target_counts_init(&sum, false);
    for (size_t i = 0; i < shared->target_count; i++)
        acr_target_counts_add(&sum, &shared->targets[i]->counts);
    acr_target_counts_json(&sum, exchange->content);
    acr_target_counts_done(&sum);
    acr_text_put(exchange->content, ACR_STR("\n"));
    acr_target_answer_content(exchange, 200, ACR_PAGE_JSON);
}

static void reset_stats(struct acr_target_exchange *exchange)
{
    if (!acr_str_equal(exchange->request->method, ACR_STR("POST"))) {
        acr_target_exchange_line(exchange, "Allow", ACR_STR("POST"));
        acr_target_answer(exchange, 405, ACR_PAGE_TEXT, ACR_STR("POST only\n"));
        return;
    }
    struct acr_target_shared *shared = exchange->target->shared;
    for (size_t i = 0; i < shared->target_count; i++)
        acr_target_counts_reset(&shared->targets[i]->counts);
    acr_target_answer(exchange, 204, NULL, (struct acr_str){NULL, 0});
}

const struct acr_target_route acr_target_routes_tools[] = {
    {.path = "/json", .page = ACR_PAGE(ACR_PAGE_JSON, "{\"message\":\"hello\",\"id\":42,\"tags\":[\"a\",\"b\"]}\n")},
    {.path = "/echo", .fn = echo, .keeps_body = true},
    {.path = "/echo/", .fn = echo, .keeps_body = true, .below = true},
    {.path = "/post", .fn = post, .keeps_body = true},
    {.path = "/upload", .fn = upload},
    {.path = "/status/", .fn = status, .below = true},
    {.path = "/redirect/", .fn = redirect, .below = true},
    {.path = "/redirect-to", .fn = redirect_to},
    {.path = "/cookies", .fn = cookies},
    {.path = "/cookies/set", .fn = set_cookies},
    {.path = "/cookies/delete", .fn = delete_cookies},
    {.path = "/bytes/", .fn = bytes, .below = true},
    {.path = "/stream/", .fn = stream, .below = true},
    {.path = "/chunked-trailers", .fn = chunked_trailers},
    {.path = "/gzip", .fn = gzip_page},
    {.path = "/deflate", .fn = deflate_page},
    {.path = "/brotli", .fn = brotli_page},
    {.path = "/zstd", .fn = zstd_page},
    {.path = "/basic-auth/", .fn = basic_auth, .below = true},
    {.path = "/__stats__", .fn = stats, .uncounted = true},
    {.path = "/__stats__/reset", .fn = reset_stats, .uncounted = true},
    {.path = NULL},
};
