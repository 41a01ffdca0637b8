/* SPDX-License-Identifier: MIT */
/*
 * url - splitting, cleaning and joining, as urllib3 1.26 (parse_url), requests 2.28 (requote_uri, resolve_redirects)
 * and Python's urljoin do one after the other.
 */
#include "http/url.h"

#include <arpa/inet.h>

#include "base/memory.h"

/* Raw pieces of a URI reference (RFC 3986 appendix B); data == NULL: absent. */
struct reference {
    struct acr_str scheme;
    struct acr_str authority;
    struct acr_str path; /* never absent */
    struct acr_str query;
    struct acr_str fragment;
};

/* The authority, checked. Pieces are raw. */
struct authority {
    struct acr_str host; /* without brackets and zone */
    struct acr_str zone; /* of an IPv6 address, without '%'; data == NULL: none */
    struct acr_str username;
    struct acr_str password;
    bool bracketed;
    uint16_t port; /* 0: none given */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return acr_char_lower(c) >= 'a' && acr_char_lower(c) <= 'z';
}

/* What RFC 3986 allows where; rows of 16 from 0x00. */
enum char_class { UNRESERVED = 1, SUB_DELIMITER = 2, PATH_ONLY = 4, QUERY_ONLY = 8 };
#define HOST_CHARS (UNRESERVED | SUB_DELIMITER)
#define PATH_CHARS (HOST_CHARS | PATH_ONLY)
#define QUERY_CHARS (PATH_CHARS | QUERY_ONLY)

/* clang-format off */
static const unsigned char char_classes[128] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 2, 0, 0, 2, 0, 2, 2, 2, 2, 2, 2, 2, 1, 1, 4,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 2, 0, 2, 0, 8,
    4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0,
};
/* clang-format on */

static bool is_of(char c, unsigned classes)
{
    return (unsigned char)c < sizeof char_classes && (char_classes[(unsigned char)c] & classes) != 0;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c = acr_char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%XX" at `at` stands for, or -1. */
static int escaped_byte(const char *at, const char *end)
{
    if (end - at < 3 || at[0] != '%' || hex_value(at[1]) < 0 || hex_value(at[2]) < 0)
        return -1;
    return hex_value(at[1]) << 4 | hex_value(at[2]);
}

static char upper_hex(char digit)
{
    return digit >= 'a' ? (char)(digit - 32) : digit;
}

static int append_escaped(struct acr_buffer *out, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[3] = {'%', digits[(unsigned char)c >> 4], digits[(unsigned char)c & 15]};
    return acr_buffer_append(out, text, sizeof text);
}

static struct acr_str str_from(const char *start, const char *end)
{
    return (struct acr_str){start, (size_t)(end - start)};
}

/* Length of the prefix without any byte of `stops`. */
static size_t span_until(struct acr_str text, const char *stops)
{
    for (size_t size = 0; size < text.size; size++)
        for (const char *stop = stops; *stop != '\0'; stop++)
            if (text.data[size] == *stop)
                return size;
    return text.size;
}

/* Takes `size` bytes off the front. */
static struct acr_str take_front(struct acr_str *text, size_t size)
{
    struct acr_str front = {text->data, size};
    text->data += size;
    text->size -= size;
    return front;
}

/* A scheme with its ':' in front of `text`: the scheme's size, or 0. */
static size_t scheme_size(struct acr_str text)
{
    size_t size = 0;
    if (text.size == 0 || !is_letter(text.data[0]))
        return 0;
    while (size < text.size && (is_letter(text.data[size]) || is_digit(text.data[size]) || text.data[size] == '+' ||
                                text.data[size] == '-' || text.data[size] == '.'))
        size++;
    return size < text.size && text.data[size] == ':' ? size : 0;
}

static struct reference split(struct acr_str text)
{
    struct reference parts = {0};
    size_t size = scheme_size(text);
    if (size > 0) {
        parts.scheme = take_front(&text, size);
        take_front(&text, 1);
    }
    if (text.size >= 2 && text.data[0] == '/' && text.data[1] == '/') {
        take_front(&text, 2);
        parts.authority = take_front(&text, span_until(text, "\\/?#"));
    }
    parts.path = take_front(&text, span_until(text, "?#"));
    if (text.size > 0 && text.data[0] == '?') {
        take_front(&text, 1);
        parts.query = take_front(&text, span_until(text, "#"));
    }
    if (text.size > 0) {
        take_front(&text, 1);
        parts.fragment = text;
    }
    return parts;
}

static int invalid(struct acr_error *error, const char *what, struct acr_str where)
{
    return acr_error_set(error, ACR_ERR_INVALID_URL, "%s: '%.*s'", what, where.size < 100 ? (int)where.size : 100,
                         where.data);
}

/* requests knows two schemes, in any case. */
static int check_scheme(struct acr_str scheme, bool *ret_secure, struct acr_error *error)
{
    bool secure = acr_str_equal_nocase(scheme, ACR_STR("https"));
    if (!secure && !acr_str_equal_nocase(scheme, ACR_STR("http")))
        return acr_error_set(error, ACR_ERR_UNSUPPORTED_SCHEME, "'%.*s'", scheme.size < 30 ? (int)scheme.size : 30,
                             scheme.data);
    *ret_secure = secure;
    return 0;
}

/* ":8080", ":" or nothing. */
static int parse_port(struct acr_str text, uint16_t *ret_port, struct acr_error *error)
{
    uint64_t port = 0;
    if (text.size == 0 || (text.size == 1 && text.data[0] == ':')) {
        *ret_port = 0;
        return 0;
    }
    struct acr_str digits = {text.data + 1, text.size - 1};
    if (text.data[0] != ':' || digits.size > 5 || acr_str_parse_u64(digits, &port) != 0 || port == 0 || port > 65535)
        return invalid(error, "bad port", text);
    *ret_port = (uint16_t)port;
    return 0;
}

/* "[v6]" with an optional "%25zone" or "%zone" (RFC 6874), then the port. */
static int parse_bracketed(struct acr_str text, struct authority *out, struct acr_error *error)
{
    ptrdiff_t close = acr_str_find_char(text, ']');
    if (close < 0)
        return invalid(error, "'[' without ']'", text);
    struct acr_str inside = {text.data + 1, (size_t)close - 1};
    ptrdiff_t percent = acr_str_find_char(inside, '%');
    out->bracketed = true;
    out->host = inside;
    if (percent >= 0) {
        out->host.size = (size_t)percent;
        out->zone = str_from(inside.data + percent + 1, inside.data + inside.size);
        if (out->zone.size > 2 && memcmp(out->zone.data, "25", 2) == 0)
            take_front(&out->zone, 2);
        for (size_t i = 0; i < out->zone.size; i++)
            if (!is_of(out->zone.data[i], UNRESERVED))
                return invalid(error, "bad IPv6 zone", text);
    }
    char literal[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (out->host.size >= sizeof literal || memchr(out->host.data, '\0', out->host.size) != NULL ||
        (percent >= 0 && out->zone.size == 0))
        return invalid(error, "bad IPv6 address", text);
    memcpy(literal, out->host.data, out->host.size);
    literal[out->host.size] = '\0';
    if (inet_pton(AF_INET6, literal, &address) != 1)
        return invalid(error, "bad IPv6 address", text);
    return parse_port(str_from(text.data + close + 1, text.data + text.size), &out->port, error);
}

static int check_host_name(struct acr_str host, struct acr_error *error)
{
    if (host.size == 0)
        return acr_error_set(error, ACR_ERR_INVALID_URL, "no host");
    for (size_t i = 0; i < host.size; i++) {
        if ((unsigned char)host.data[i] >= 0x80)
            return invalid(error, "host is not ASCII, write it as xn--...", host);
        if (!is_of(host.data[i], HOST_CHARS))
            return invalid(error, "forbidden character in the host", host);
    }
    if (host.data[0] == '*' || host.data[0] == '.')
        return invalid(error, "bad label in the host", host);
    return 0;
}

static int parse_authority(struct acr_str text, struct authority *ret_authority, struct acr_error *error)
{
    if (text.size == 0)
        return acr_error_set(error, ACR_ERR_INVALID_URL, "no host");
    struct authority out = {0};
    const char *at = memrchr(text.data, '@', text.size);
    if (at != NULL) {
        struct acr_str user = str_from(text.data, at);
        take_front(&text, user.size + 1);
        out.username = take_front(&user, span_until(user, ":"));
        if (user.size > 0)
            out.password = (struct acr_str){user.data + 1, user.size - 1};
        if (out.username.size == 0 && out.password.data == NULL)
            out.username.data = NULL;
    }
    int code = 0;
    if (text.size > 0 && text.data[0] == '[') {
        code = parse_bracketed(text, &out, error);
    } else {
        out.host = take_front(&text, span_until(text, ":"));
        code = check_host_name(out.host, error);
        if (code == 0)
            code = parse_port(text, &out.port, error);
    }
    if (code == 0)
        *ret_authority = out;
    return code;
}

/* Are all '%' in `text` part of a valid escape? If not, urllib3 takes each of them for a plain character. */
static bool is_escaped(struct acr_str text)
{
    for (size_t at = 0; at < text.size; at++)
        if (text.data[at] == '%' && escaped_byte(text.data + at, text.data + text.size) < 0)
            return false;
    return true;
}

/* Length of the prefix that may stand as it is. */
static size_t span_clean(struct acr_str text, unsigned legal)
{
    size_t size = 0;
    while (size < text.size && is_of(text.data[size], legal))
        size++;
    return size;
}

/* What may not stand as it is: an escape, or a byte to be escaped. Moves `text` behind it. */
static int append_unclean(struct acr_buffer *out, struct acr_str *text, bool escaped)
{
    int byte = escaped_byte(text->data, text->data + text->size);
    struct acr_str taken = take_front(text, byte >= 0 ? 3 : 1);
    if (byte < 0)
        return append_escaped(out, taken.data[0]);
    char c = (char)byte;
    if (escaped && is_of(c, UNRESERVED))
        return acr_buffer_append(out, &c, 1);
    int code = append_escaped(out, escaped ? c : '%');
    char digits[2] = {upper_hex(taken.data[1]), upper_hex(taken.data[2])};
    return code == 0 && !escaped ? acr_buffer_append(out, digits, sizeof digits) : code;
}

/* Requotes: escapes what is not `legal`, unescapes what is unreserved, writes escapes in upper case. */
static int append_clean(struct acr_buffer *out, struct acr_str text, unsigned legal)
{
    bool escaped = is_escaped(text);
    int code = acr_buffer_reserve(out, text.size);
    while (text.size > 0 && code == 0) {
        code = acr_buffer_append_str(out, take_front(&text, span_clean(text, legal)));
        if (code == 0 && text.size > 0)
            code = append_unclean(out, &text, escaped);
    }
    return code;
}

static bool is_dot_segment(struct acr_str segment, size_t dots)
{
    return segment.size == dots && memcmp(segment.data, "..", dots) == 0;
}

/*
 * Removes "." and ".." segments in place as urllib3 and urljoin do; returns the new size. The segments kept are
 * joined in path[0..out). What is written never overtakes what is read: a '/' is put in front only after a leading
 * empty segment was taken back by "..".
 */
static size_t remove_dot_segments(char *path, size_t size)
{
    struct acr_str rest = {path, size};
    struct acr_str segment = {NULL, 0};
    if (size == 0)
        return 0;
    bool absolute = path[0] == '/';
    size_t out = 0;
    size_t count = 0;
    for (bool last = false; !last;) {
        segment = take_front(&rest, span_until(rest, "/"));
        last = rest.size == 0;
        if (!last)
            take_front(&rest, 1);
        if (is_dot_segment(segment, 1))
            continue;
        if (is_dot_segment(segment, 2)) {
            char *slash = out > 0 ? memrchr(path, '/', out) : NULL;
            out = slash != NULL ? (size_t)(slash - path) : 0;
            count -= count > 0;
            continue;
        }
        if (count++ > 0)
            path[out++] = '/';
        memmove(path + out, segment.data, segment.size);
        out += segment.size;
    }
    bool ends_in_dots = is_dot_segment(segment, 1) || is_dot_segment(segment, 2);
    if (absolute && out > 0 && path[0] != '/') {
        memmove(path + 1, path, out++);
        path[0] = '/';
    }
    if (ends_in_dots && size > segment.size && (count > 0 || absolute))
        path[out++] = '/';
    return out;
}

/* What remains to be put together once all parts are decided; path is clean. */
struct plan {
    bool secure;
    struct authority authority;
    struct acr_str path;
    struct acr_str query;    /* raw; empty ones are not sent */
    struct acr_str fragment; /* raw */
};

static int append_lower(struct acr_buffer *out, struct acr_str text)
{
    int code = acr_buffer_append_str(out, text);
    for (size_t i = 0; i < text.size && code == 0; i++)
        out->data[out->size - text.size + i] = acr_char_lower(text.data[i]);
    return code;
}

static uint16_t standard_port(bool secure)
{
    return secure ? 443 : 80;
}

static int append_authority(struct acr_buffer *out, const struct plan *plan)
{
    const struct authority *authority = &plan->authority;
    int code = authority->bracketed ? acr_buffer_append(out, "[", 1) : 0;
    if (code == 0)
        code = append_lower(out, authority->host);
    if (code == 0 && authority->bracketed)
        code = acr_buffer_append(out, "]", 1);
    if (code == 0 && authority->port != 0 && authority->port != standard_port(plan->secure))
        code = acr_buffer_append_format(out, ":%u", authority->port);
    return code;
}

static int append_target(struct acr_buffer *out, const struct plan *plan, size_t *ret_path_end)
{
    int code = 0;
    if (plan->path.size == 0 || plan->path.data[0] != '/')
        code = acr_buffer_append(out, "/", 1);
    if (code == 0)
        code = acr_buffer_append_str(out, plan->path);
    *ret_path_end = out->size;
    if (code == 0 && plan->query.size > 0)
        code = acr_buffer_append(out, "?", 1);
    return code == 0 ? append_clean(out, plan->query, QUERY_CHARS) : code;
}

static int append_fragment(struct acr_buffer *out, struct acr_str fragment)
{
    int code = fragment.size > 0 ? acr_buffer_append(out, "#", 1) : 0;
    return code == 0 ? append_clean(out, fragment, QUERY_CHARS) : code;
}

/* Behind the URL stand what it does not show: the host with its zone, user name and password. */
static int append_hidden(struct acr_buffer *out, const struct authority *authority)
{
    int code = append_lower(out, authority->host);
    if (code == 0 && authority->zone.data != NULL)
        code = acr_buffer_append(out, "%", 1);
    if (code == 0)
        code = acr_buffer_append_str(out, authority->zone);
    if (code == 0)
        code = acr_buffer_append_str(out, authority->username);
    return code == 0 ? acr_buffer_append_str(out, authority->password) : code;
}

static void point_into(struct acr_url *url, const struct plan *plan, size_t authority_end, size_t path_end,
                       size_t target_end, size_t whole_end)
{
    const struct authority *authority = &plan->authority;
    const char *text = url->text;
    size_t start = plan->secure ? sizeof "https://" - 1 : sizeof "http://" - 1;
    url->secure = plan->secure;
    url->port = authority->port != 0 ? authority->port : standard_port(plan->secure);
    url->port_explicit = url->port != standard_port(plan->secure);
    url->authority = str_from(text + start, text + authority_end);
    url->path = str_from(text + authority_end, text + path_end);
    url->target = str_from(text + authority_end, text + target_end);
    url->fragment = str_from(text + target_end + (target_end < whole_end), text + whole_end);
    url->whole = str_from(text, text + whole_end);
    const char *hidden = text + whole_end;
    url->host.data = hidden;
    url->host.size = authority->host.size + (authority->zone.data != NULL) + authority->zone.size;
    hidden += url->host.size;
    if (authority->username.data != NULL)
        url->username = (struct acr_str){hidden, authority->username.size};
    hidden += authority->username.size;
    if (authority->password.data != NULL)
        url->password = (struct acr_str){hidden, authority->password.size};
}

static int build(const struct plan *plan, struct acr_url *ret_url, struct acr_error *error)
{
    struct acr_buffer out;
    acr_buffer_init(&out, 4 * ACR_URL_MAX);
    struct acr_url url = {0};
    size_t path_end = 0;
    int code = acr_buffer_append_str(&out, plan->secure ? ACR_STR("https://") : ACR_STR("http://"));
    if (code == 0)
        code = append_authority(&out, plan);
    size_t authority_end = out.size;
    if (code == 0)
        code = append_target(&out, plan, &path_end);
    size_t target_end = out.size;
    if (code == 0)
        code = append_fragment(&out, plan->fragment);
    size_t whole_end = out.size;
    if (code == 0)
        code = append_hidden(&out, &plan->authority);
    if (code != 0 || whole_end > ACR_URL_MAX) {
        acr_buffer_done(&out);
        return acr_error_set(error, ACR_ERR_TOO_LARGE, "a URL of more than %d bytes", ACR_URL_MAX);
    }
    url.text = acr_buffer_take(&out, &url.text_size);
    point_into(&url, plan, authority_end, path_end, target_end, whole_end);
    *ret_url = url;
    return 0;
}

/* Without the whitespace that Python's lstrip() and urlsplit() drop. */
static struct acr_str strip_front(struct acr_str text)
{
    while (text.size > 0 && (unsigned char)text.data[0] <= ' ')
        take_front(&text, 1);
    return text.size > 0 ? text : ACR_STR("");
}

static int check_size(struct acr_str text, struct acr_error *error)
{
    if (text.size > ACR_URL_MAX)
        return acr_error_set(error, ACR_ERR_TOO_LARGE, "a URL of %zu bytes", text.size);
    return 0;
}

/* No scheme, or one with a '.', which is a host. requests takes what has a ':' but does not begin with "http" for a
 * foreign scheme: "localhost:8000/". */
static int missing_scheme(struct acr_str text, struct acr_error *error)
{
    bool foreign = acr_str_find_char(text, ':') >= 0 && !acr_str_starts_nocase(text, ACR_STR("http"));
    return acr_error_set(error, foreign ? ACR_ERR_UNSUPPORTED_SCHEME : ACR_ERR_MISSING_SCHEME,
                         "'%.*s', perhaps you meant http://%.*s", text.size < 80 ? (int)text.size : 80, text.data,
                         text.size < 80 ? (int)text.size : 80, text.data);
}

int acr_url_parse(struct acr_str text, struct acr_url *ret_url, struct acr_error *error)
{
    text = strip_front(text);
    int code = check_size(text, error);
    if (code != 0)
        return code;
    struct reference parts = split(text);
    if (parts.scheme.data == NULL || acr_str_find_char(parts.scheme, '.') >= 0)
        return missing_scheme(text, error);
    struct plan plan = {.query = parts.query, .fragment = parts.fragment};
    code = check_scheme(parts.scheme, &plan.secure, error);
    if (code == 0)
        code = parse_authority(parts.authority, &plan.authority, error);
    if (code != 0)
        return code;
    /* Dot segments go first: "%2e%2e" is none to urllib3, though it is sent as "..". */
    struct acr_buffer raw = {0};
    struct acr_buffer path = {0};
    code = acr_buffer_append_str(&raw, parts.path);
    if (code == 0) {
        raw.size = remove_dot_segments(raw.data, raw.size);
        code = append_clean(&path, acr_buffer_str(&raw), PATH_CHARS);
    }
    plan.path = acr_buffer_str(&path);
    if (code == 0)
        code = build(&plan, ret_url, error);
    acr_buffer_done(&raw);
    acr_buffer_done(&path);
    return code;
}

/* `base`'s path up to its last '/', then `path`; as urljoin, without empty segments in between. */
static int append_merged(struct acr_buffer *out, struct acr_str base, struct acr_str path)
{
    const char *slash = memrchr(base.data, '/', base.size);
    int code = acr_buffer_append_str(out, str_from(base.data, slash + 1));
    if (code == 0)
        code = append_clean(out, path, PATH_CHARS);
    size_t kept = 0;
    for (size_t i = 0; i < out->size && code == 0; i++)
        if (out->data[i] != '/' || kept == 0 || out->data[kept - 1] != '/')
            out->data[kept++] = out->data[i];
    out->size = kept;
    return code;
}

/* The path of a reference that is relative to `base`. */
static int append_relative_path(struct acr_buffer *out, const struct acr_url *base, const struct reference *parts)
{
    if (parts->path.size == 0)
        return acr_buffer_append_str(out, base->path);
    int code = 0;
    if (parts->path.data[0] == '/' || parts->scheme.data != NULL)
        code = append_clean(out, parts->path, PATH_CHARS);
    else
        code = append_merged(out, base->path, parts->path);
    if (code == 0)
        out->size = remove_dot_segments(out->data, out->size);
    return code;
}

static struct authority authority_of(const struct acr_url *url)
{
    struct authority authority = {.host = url->host,
                                  .username = url->username,
                                  .password = url->password,
                                  .bracketed = url->authority.data[0] == '[',
                                  .port = url->port};
    ptrdiff_t percent = acr_str_find_char(url->host, '%');
    if (percent >= 0) {
        authority.zone = str_from(url->host.data + percent + 1, url->host.data + url->host.size);
        authority.host.size = (size_t)percent;
    }
    return authority;
}

static struct acr_str query_of(const struct acr_url *url)
{
    size_t path_size = url->path.size;
    if (url->target.size == path_size)
        return (struct acr_str){NULL, 0};
    return (struct acr_str){url->target.data + path_size + 1, url->target.size - path_size - 1};
}

/* Chooses between what the reference and what the base says; the path is written to `path`. */
static int resolve_parts(const struct acr_url *base, const struct reference *parts, struct plan *plan,
                         struct acr_buffer *path, struct acr_error *error)
{
    plan->secure = base->secure;
    plan->query = parts->query;
    plan->fragment = parts->fragment.size > 0 ? parts->fragment : base->fragment;
    int code = parts->scheme.data != NULL ? check_scheme(parts->scheme, &plan->secure, error) : 0;
    if (code != 0)
        return code;
    if (parts->authority.size > 0 || plan->secure != base->secure) {
        code = parse_authority(parts->authority, &plan->authority, error);
        if (code == 0)
            code = append_clean(path, parts->path, PATH_CHARS);
        if (code == 0)
            path->size = remove_dot_segments(path->data, path->size);
        return code;
    }
    plan->authority = authority_of(base);
    if (parts->path.size == 0 && parts->query.size == 0)
        plan->query = query_of(base);
    return append_relative_path(path, base, parts);
}

/* Python's urlsplit() removes these wherever they stand. */
static int copy_without_breaks(struct acr_buffer *out, struct acr_str text)
{
    int code = acr_buffer_reserve(out, text.size);
    for (size_t i = 0; i < text.size && code == 0; i++)
        if (text.data[i] != '\t' && text.data[i] != '\r' && text.data[i] != '\n')
            code = acr_buffer_append(out, text.data + i, 1);
    return code;
}

int acr_url_resolve(const struct acr_url *base, struct acr_str reference, struct acr_url *ret_url,
                    struct acr_error *error)
{
    reference = strip_front(reference);
    int code = check_size(reference, error);
    if (code != 0)
        return code;
    struct acr_buffer copy = {0};
    struct acr_buffer path = {0};
    struct plan plan = {0};
    code = copy_without_breaks(&copy, reference);
    struct reference parts = split(copy.size > 0 ? acr_buffer_str(&copy) : ACR_STR(""));
    if (code == 0)
        code = resolve_parts(base, &parts, &plan, &path, error);
    plan.path = acr_buffer_str(&path);
    if (code == 0)
        code = build(&plan, ret_url, error);
    acr_buffer_done(&copy);
    acr_buffer_done(&path);
    return code;
}

void acr_url_done(struct acr_url *url)
{
    acr_free(url->text);
    *url = (struct acr_url){0};
}

int acr_url_quote(struct acr_buffer *out, struct acr_str text, const char *safe, bool plus)
{
    int code = acr_buffer_reserve(out, text.size);
    for (size_t i = 0; i < text.size && code == 0; i++) {
        char c = text.data[i];
        if (plus && c == ' ')
            code = acr_buffer_append(out, "+", 1);
        else if (is_of(c, UNRESERVED) || (safe != NULL && c != '\0' && strchr(safe, c) != NULL))
            code = acr_buffer_append(out, &c, 1);
        else
            code = append_escaped(out, c);
    }
    return code;
}

int acr_url_unquote(struct acr_buffer *out, struct acr_str text)
{
    int code = acr_buffer_reserve(out, text.size);
    for (size_t i = 0; i < text.size && code == 0; i++) {
        int byte = escaped_byte(text.data + i, text.data + text.size);
        char c = byte >= 0 ? (char)byte : text.data[i];
        i += byte >= 0 ? 2 : 0;
        code = acr_buffer_append(out, &c, 1);
    }
    return code;
}
