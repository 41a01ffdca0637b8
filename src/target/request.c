/* SPDX-License-Identifier: MIT */
/* request - one pass over the lines of a head; memchr finds the line ends. */
#include "target/request.h"

/* tchar of RFC 9110 5.6.2 as a set of bits: ! # $ % & ' * + - . ^ _ ` | ~, digits and letters. */
static bool is_token_char(unsigned char c)
{
    static const uint64_t members[4] = {UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe), 0, 0};
    return members[c / 64] >> (c % 64) & 1;
}

/* What is still to be read, and the status for the answer once something is wrong. */
struct cursor {
    const char *at;
    const char *end;
    int status;
};

static int refuse(struct cursor *cursor, int status)
{
    cursor->status = status;
    return ACR_ERR_INVALID;
}

/* Takes one line without its end; false when it is not complete. */
static bool take_line(struct cursor *cursor, struct acr_str *ret_line)
{
    const char *end = memchr(cursor->at, '\n', (size_t)(cursor->end - cursor->at));
    if (end == NULL)
        return false;
    *ret_line = (struct acr_str){cursor->at, (size_t)(end - cursor->at)};
    if (ret_line->size > 0 && end[-1] == '\r')
        ret_line->size--;
    cursor->at = end + 1;
    return true;
}

static size_t token_size(struct acr_str text)
{
    size_t size = 0;
    while (size < text.size && is_token_char((unsigned char)text.data[size]))
        size++;
    return size;
}

/* Controls and blanks have no place in a request target; bytes from 0x80 up are let through, as most servers do. */
static bool target_valid(struct acr_str target)
{
    for (size_t i = 0; i < target.size; i++)
        if ((unsigned char)target.data[i] <= ' ' || target.data[i] == 0x7f)
            return false;
    return target.size > 0;
}

static struct acr_str drop_front(struct acr_str str, size_t size)
{
    return (struct acr_str){str.data + size, str.size - size};
}

/* Path and query of the three forms a request may have: "/path?query", "http://host/path?query", "*". */
static bool split_target(struct acr_target_request *request)
{
    struct acr_str rest = request->target;
    bool absolute = false;
    if (acr_str_starts_nocase(rest, ACR_STR("http://")) || acr_str_starts_nocase(rest, ACR_STR("https://"))) {
        absolute = true;
        rest = drop_front(rest, rest.data[4] == ':' ? 7 : 8);
        while (rest.size > 0 && *rest.data != '/' && *rest.data != '?')
            rest = drop_front(rest, 1);
    }
    ptrdiff_t mark = acr_str_find_char(rest, '?');
    request->path = mark < 0 ? rest : (struct acr_str){rest.data, (size_t)mark};
    request->query = mark < 0 ? (struct acr_str){NULL, 0} : drop_front(rest, (size_t)mark + 1);
    if (absolute && request->path.size == 0)
        request->path = ACR_STR("/");
    return request->path.size > 0 && (*request->path.data == '/' || acr_str_equal(request->path, ACR_STR("*")));
}

static int parse_version(struct cursor *cursor, struct acr_str version, int *ret_minor)
{
    if (version.size != 8 || memcmp(version.data, "HTTP/", 5) != 0 || version.data[6] != '.')
        return refuse(cursor, 400);
    char major = version.data[5], minor = version.data[7];
    if (major < '0' || major > '9' || minor < '0' || minor > '9')
        return refuse(cursor, 400);
    if (major != '1')
        return refuse(cursor, 505);
    *ret_minor = minor == '0' ? 0 : 1;
    return 0;
}

static int parse_request_line(struct cursor *cursor, struct acr_str line, struct acr_target_request *request)
{
    size_t method_size = token_size(line);
    if (method_size == 0 || method_size == line.size || line.data[method_size] != ' ')
        return refuse(cursor, 400);
    request->method = (struct acr_str){line.data, method_size};
    struct acr_str rest = drop_front(line, method_size + 1);
    ptrdiff_t blank = acr_str_find_char(rest, ' ');
    if (blank < 0)
        return refuse(cursor, 400);
    request->target = (struct acr_str){rest.data, (size_t)blank};
    if (!target_valid(request->target) || !split_target(request))
        return refuse(cursor, 400);
    return parse_version(cursor, drop_front(rest, (size_t)blank + 1), &request->minor_version);
}

static int note_length(struct cursor *cursor, struct acr_str value, struct acr_target_request *request)
{
    uint64_t length;
    if (acr_str_parse_u64(value, &length) != 0)
        return refuse(cursor, 400);
    if (request->has_length && request->content_length != length)
        return refuse(cursor, 400);
    request->has_length = true;
    request->content_length = length;
    return 0;
}

static int note_coding(struct cursor *cursor, struct acr_str value, struct acr_target_request *request)
{
    if (!acr_str_equal_nocase(value, ACR_STR("chunked")))
        return refuse(cursor, 501);
    if (request->chunked)
        return refuse(cursor, 400);
    request->chunked = true;
    return 0;
}

static void note_connection(struct acr_str value, struct acr_target_request *request)
{
    if (acr_str_has_token(value, ACR_STR("close"))) {
        request->close = true;
        request->keep_alive_line = false;
    } else if (request->minor_version == 0 && acr_str_has_token(value, ACR_STR("keep-alive"))) {
        request->close = false;
        request->keep_alive_line = true;
    }
}

/* Gathers what framing needs. The length of a name sorts out nearly all fields before any comparison. */
static int note_field(struct cursor *cursor, const struct acr_target_field *field, struct acr_target_request *request)
{
    switch (field->name.size) {
    case sizeof "Expect" - 1:
        if (acr_str_equal_nocase(field->name, ACR_STR("Expect")))
            request->expect_continue =
                request->minor_version > 0 && acr_str_equal_nocase(field->value, ACR_STR("100-continue"));
        return 0;
    case sizeof "Connection" - 1:
        if (acr_str_equal_nocase(field->name, ACR_STR("Connection")))
            note_connection(field->value, request);
        return 0;
    case sizeof "Content-Length" - 1:
        return acr_str_equal_nocase(field->name, ACR_STR("Content-Length")) ? note_length(cursor, field->value, request)
                                                                            : 0;
    case sizeof "Transfer-Encoding" - 1:
        return acr_str_equal_nocase(field->name, ACR_STR("Transfer-Encoding"))
                   ? note_coding(cursor, field->value, request)
                   : 0;
    default:
        return 0;
    }
}

static int parse_field(struct cursor *cursor, struct acr_str line, struct acr_target_request *request)
{
    if (request->field_count == ACR_TARGET_FIELDS_MAX)
        return refuse(cursor, 431);
    size_t name_size = token_size(line);
    if (name_size == 0 || name_size == line.size || line.data[name_size] != ':')
        return refuse(cursor, 400);
    struct acr_target_field *field = &request->fields[request->field_count++];
    field->name = (struct acr_str){line.data, name_size};
    field->value = acr_str_trim(drop_front(line, name_size + 1));
    if (field->value.size > 0 && (memchr(field->value.data, '\0', field->value.size) != NULL ||
                                  memchr(field->value.data, '\r', field->value.size) != NULL))
        return refuse(cursor, 400);
    return note_field(cursor, field, request);
}

static int check_framing(struct cursor *cursor, const struct acr_target_request *request)
{
    /* Both at once is how requests are smuggled (RFC 9112 6.1). */
    if (request->chunked && (request->has_length || request->minor_version == 0))
        return refuse(cursor, 400);
    if (request->minor_version > 0 && acr_target_request_field(request, ACR_STR("Host")).data == NULL)
        return refuse(cursor, 400);
    return 0;
}

static int parse_lines(struct cursor *cursor, struct acr_target_request *request)
{
    struct acr_str line;
    do {
        if (!take_line(cursor, &line))
            return ACR_ERR_AGAIN;
    } while (line.size == 0);
    int error = parse_request_line(cursor, line, request);
    request->close = request->minor_version == 0;
    while (error == 0) {
        if (!take_line(cursor, &line))
            return ACR_ERR_AGAIN;
        if (line.size == 0)
            return check_framing(cursor, request);
        error = parse_field(cursor, line, request);
    }
    return error;
}

static void clear(struct acr_target_request *request)
{
    request->minor_version = 0;
    request->close = false;
    request->keep_alive_line = false;
    request->chunked = false;
    request->expect_continue = false;
    request->has_length = false;
    request->content_length = 0;
    request->field_count = 0;
}

int acr_target_request_parse(const char *data, size_t size, struct acr_target_request *ret_request, int *ret_status)
{
    size_t visible = size < ACR_TARGET_HEAD_MAX ? size : ACR_TARGET_HEAD_MAX;
    struct cursor cursor = {data, data + visible, 0};
    clear(ret_request);
    int error = parse_lines(&cursor, ret_request);
    if (error == ACR_ERR_AGAIN && visible == ACR_TARGET_HEAD_MAX)
        error = refuse(&cursor, 431);
    if (error == ACR_ERR_INVALID)
        *ret_status = cursor.status;
    ret_request->head_size = (size_t)(cursor.at - data);
    return error;
}

struct acr_str acr_target_request_field(const struct acr_target_request *request, struct acr_str name)
{
    for (size_t i = 0; i < request->field_count; i++)
        if (acr_str_equal_nocase(request->fields[i].name, name))
            return request->fields[i].value;
    return (struct acr_str){NULL, 0};
}
