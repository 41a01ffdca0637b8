/* SPDX-License-Identifier: MIT */
/* head - one pass over an answer's head, eight bytes at a time where that pays. */
#include "http/head.h"

#include "base/memory.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* A field name may not contain controls, blanks and ':'. Separators and bytes past ASCII are let through, as nothing
 * depends on them. */
static bool ends_name(char c)
{
    return (unsigned char)c <= ' ' || c == ':' || c == 0x7f;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Length of the line break at `at`: 0 when there is none, -1 when that cannot be told yet. */
static int line_break(const char *at, const char *end)
{
    if (at == end)
        return -1;
    if (*at == '\n')
        return 1;
    if (*at != '\r')
        return 0;
    if (at + 1 == end)
        return -1;
    return at[1] == '\n' ? 2 : 0;
}

/*
 * `*scanned` is 0 or just past a line feed while only blank lines were seen. Later it is where to look on: at a line
 * feed whose follower is missing, or at the end; the byte before it is no line feed then, which tells the two apart.
 */
size_t acr_head_end(const char *data, size_t size, size_t *scanned)
{
    const char *end = data + size;
    const char *at = data + *scanned;
    if (at == data || at[-1] == '\n') {
        int blank = line_break(at, end);
        while (blank > 0) {
            at += blank;
            blank = line_break(at, end);
        }
        *scanned = (size_t)(at - data);
        if (blank < 0)
            return 0;
    }
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        int blank = line_break(at + 1, end);
        if (blank > 0)
            return (size_t)(at + 1 + blank - data);
        if (blank < 0) {
            *scanned = (size_t)(at - data);
            return 0;
        }
        at++;
    }
    *scanned = size;
    return 0;
}

static uint64_t load8(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The first control byte in at..end, or `end`. */
static char *find_control(char *at, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - at >= 8) {
        uint64_t word = load8(at);
        /* High bit set where a byte is below 0x20; borrows make only bytes above the first such one wrong. */
        uint64_t below = (word - ONES * 0x20) & ~word & HIGHS;
        if (below != 0)
            return at + (__builtin_ctzll(below) >> 3);
        at += 8;
    }
#endif
    while (at < end && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

/* Walks to the line feed that ends a value, over continuation lines if `folds`; CRs and line breaks inside become
 * blanks. NULL when there is a NUL byte or no line feed. */
static char *find_value_end(char *at, const char *end, bool folds)
{
    for (;; at++) {
        at = find_control(at, end);
        if (at == end || *at == '\0')
            return NULL;
        if (*at == '\r' && at + 1 < end && at[1] != '\n') {
            *at = ' '; /* RFC 9112 2.2: a bare CR is invalid or read as a space */
        } else if (*at == '\n') {
            if (!folds || at + 1 == end || !is_blank(at[1]))
                return at;
            *at = ' ';
            if (at[-1] == '\r')
                at[-1] = ' ';
        }
    }
}

/* From `start` to the line break at `line_feed`, without blanks around. */
static struct acr_str trimmed(char *start, char *line_feed)
{
    if (line_feed > start && line_feed[-1] == '\r')
        line_feed--;
    while (start < line_feed && is_blank(*start))
        start++;
    while (line_feed > start && is_blank(line_feed[-1]))
        line_feed--;
    return (struct acr_str){start, (size_t)(line_feed - start)};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char *skip_blank_lines(char *at, const char *end)
{
    for (int blank = line_break(at, end); blank > 0; blank = line_break(at, end))
        at += blank;
    return at;
}

/* Reads "HTTP/1.1 200 reason" and returns where the next line starts, or NULL. */
static char *parse_status_line(char *at, const char *end, struct acr_head *head)
{
    static const char prefix[] = "HTTP/1.";
    if (end - at < (ptrdiff_t)sizeof "HTTP/1.1 200" || memcmp(at, prefix, sizeof prefix - 1) != 0)
        return NULL;
    at += sizeof prefix - 1;
    if (!is_digit(at[0]) || at[1] != ' ' || at[2] < '1' || at[2] > '9' || !is_digit(at[3]) || !is_digit(at[4]))
        return NULL;
    if (!is_blank(at[5]) && at[5] != '\r' && at[5] != '\n')
        return NULL;
    head->minor_version = at[0] == '0' ? 0 : 1; /* later minor versions are read as the highest we know */
    head->status = (at[2] - '0') * 100 + (at[3] - '0') * 10 + (at[4] - '0');
    at += 5;
    char *line_feed = find_value_end(at, end, false);
    if (line_feed == NULL)
        return NULL;
    head->reason = trimmed(at, line_feed);
    return line_feed + 1;
}

/* Takes the next comma separated element off `list`, blanks trimmed. */
static struct acr_str next_element(struct acr_str *list)
{
    ptrdiff_t comma = acr_str_find_char(*list, ',');
    size_t size = comma >= 0 ? (size_t)comma : list->size;
    size_t step = comma >= 0 ? size + 1 : size;
    struct acr_str element = acr_str_trim((struct acr_str){list->data, size});
    list->data += step;
    list->size -= step;
    return element;
}

/* Is `text`, which holds no CR, `lower` in any case? Setting bit 5 makes only letters equal to letters, and only '-'
 * and CR equal to '-'. */
static bool is_word(struct acr_str text, const char *lower, size_t size)
{
    if (text.size != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((text.data[i] | 0x20) != lower[i])
            return false;
    return true;
}

#define IS_WORD(text, lower) is_word(text, lower, sizeof(lower) - 1)

/* "5", or "5, 5" as a proxy joins two fields; all of one head must agree. */
static int take_content_length(struct acr_head *head, struct acr_str value, struct acr_error *error)
{
    uint64_t single = 0;
    if (!head->has_length && acr_str_parse_u64(value, &single) == 0) {
        head->has_length = true;
        head->content_length = single;
        return 0;
    }
    if (value.size == 0 || value.data[value.size - 1] == ',')
        return acr_error_set(error, ACR_ERR_MALFORMED, "Content-Length is not a number");
    while (value.size > 0) {
        uint64_t length = 0;
        if (acr_str_parse_u64(next_element(&value), &length) != 0)
            return acr_error_set(error, ACR_ERR_MALFORMED, "Content-Length is not a number");
        if (head->has_length && head->content_length != length)
            return acr_error_set(error, ACR_ERR_MALFORMED, "Content-Length fields contradict each other");
        head->has_length = true;
        head->content_length = length;
    }
    return 0;
}

/* What Connection and Transfer-Encoding said so far; settled once the whole head is known. */
struct framing {
    bool close;
    bool keep_alive;
    bool encoded; /* some transfer coding but identity is applied */
    bool chunked; /* ... and the last one is chunked */
};

static void take_transfer_encoding(struct framing *framing, struct acr_str value)
{
    while (value.size > 0) {
        struct acr_str coding = next_element(&value);
        if (coding.size == 0 || acr_str_equal_nocase(coding, ACR_STR("identity")))
            continue;
        framing->encoded = true;
        framing->chunked = acr_str_equal_nocase(coding, ACR_STR("chunked"));
    }
}

static void take_connection(struct framing *framing, struct acr_str value)
{
    if (IS_WORD(value, "keep-alive")) {
        framing->keep_alive = true;
        return;
    }
    if (acr_str_has_token(value, ACR_STR("close")))
        framing->close = true;
    if (acr_str_has_token(value, ACR_STR("keep-alive")))
        framing->keep_alive = true;
}

static enum acr_content_coding coding_of(struct acr_str name, bool *ret_known)
{
    *ret_known = true;
    if (acr_str_equal_nocase(name, ACR_STR("gzip")) || acr_str_equal_nocase(name, ACR_STR("x-gzip")))
        return ACR_CODING_GZIP;
    if (acr_str_equal_nocase(name, ACR_STR("deflate")))
        return ACR_CODING_DEFLATE;
    if (acr_str_equal_nocase(name, ACR_STR("br")))
        return ACR_CODING_BROTLI;
    if (acr_str_equal_nocase(name, ACR_STR("zstd")))
        return ACR_CODING_ZSTD;
    *ret_known = name.size == 0 || acr_str_equal_nocase(name, ACR_STR("identity"));
    return ACR_CODING_IDENTITY;
}

static void take_content_encoding(struct acr_head *head, struct acr_str value)
{
    if (head->content_encoding.data != NULL)
        return;
    head->content_encoding = value;
    enum acr_content_coding sum = ACR_CODING_IDENTITY;
    while (value.size > 0) {
        bool known = false;
        enum acr_content_coding one = coding_of(next_element(&value), &known);
        if (!known)
            return;
        if (one != ACR_CODING_IDENTITY)
            sum = sum == ACR_CODING_IDENTITY ? one : ACR_CODING_SEVERAL;
    }
    head->coding = sum;
}

static int take_field(struct acr_head *head, struct framing *framing, struct acr_str name, struct acr_str value,
                      struct acr_error *error)
{
    switch (name.size << 8 | (unsigned char)(name.data[0] | 0x20)) {
    case 8 << 8 | 'l':
        if (head->location.data == NULL && IS_WORD(name, "location"))
            head->location = value;
        return 0;
    case 10 << 8 | 'c':
        if (IS_WORD(name, "connection"))
            take_connection(framing, value);
        return 0;
    case 10 << 8 | 's':
        if (IS_WORD(name, "set-cookie"))
            head->has_cookies = true;
        return 0;
    case 14 << 8 | 'c':
        return IS_WORD(name, "content-length") ? take_content_length(head, value, error) : 0;
    case 16 << 8 | 'c':
        if (IS_WORD(name, "content-encoding"))
            take_content_encoding(head, value);
        return 0;
    case 17 << 8 | 't':
        if (IS_WORD(name, "transfer-encoding"))
            take_transfer_encoding(framing, value);
        return 0;
    default:
        return 0;
    }
}

static int malformed_line(struct acr_error *error, const struct acr_head *head, const char *what)
{
    return acr_error_set(error, ACR_ERR_MALFORMED, "header line %zu %s", head->field_count + 1, what);
}

/* Parses one field at *at, which is not at a line break, and moves *at behind it. */
static int parse_field(char **at, const char *end, struct acr_head *head, struct framing *framing,
                       struct acr_error *error)
{
    char *start = *at;
    char *colon = start;
    while (colon < end && !ends_name(*colon))
        colon++;
    if (colon == end || *colon != ':')
        return malformed_line(error, head, colon < end && is_blank(*colon) ? "has a blank in its name" : "has no ':'");
    if (colon == start)
        return malformed_line(error, head, "has no name");
    char *line_feed = find_value_end(colon + 1, end, true);
    if (line_feed == NULL)
        return malformed_line(error, head, "holds a NUL byte or has no end");
    if (head->field_count == ACR_HEAD_FIELDS_MAX)
        return acr_error_set(error, ACR_ERR_TOO_LARGE, "more than %d header fields", ACR_HEAD_FIELDS_MAX);
    struct acr_header *field = &head->fields[head->field_count++];
    field->name = (struct acr_str){start, (size_t)(colon - start)};
    field->value = trimmed(colon + 1, line_feed);
    *at = line_feed + 1;
    return take_field(head, framing, field->name, field->value, error);
}

static int parse_fields(char *at, const char *end, struct acr_head *head, struct framing *framing,
                        struct acr_error *error)
{
    if (at < end && is_blank(*at))
        return acr_error_set(error, ACR_ERR_MALFORMED, "the first header line is a continuation");
    while (line_break(at, end) == 0) {
        int failed = parse_field(&at, end, head, framing, error);
        if (failed != 0)
            return failed;
    }
    if (line_break(at, end) < 0)
        return acr_error_set(error, ACR_ERR_MALFORMED, "the head has no end");
    return 0;
}

static void settle(struct acr_head *head, const struct framing *framing)
{
    head->chunked = framing->chunked;
    head->close = framing->close || (head->minor_version == 0 && !framing->keep_alive);
    if (!framing->encoded)
        return;
    head->has_length = false;
    /* RFC 9112 6.1: a coded HTTP/1.0 message is suspect; 6.3: without a final chunked the body ends with the stream. */
    if (head->minor_version == 0 || !framing->chunked)
        head->close = true;
}

/* Everything but `fields`, whose 8 KiB are not worth touching. */
static void reset(struct acr_head *head)
{
    head->status = 0;
    head->minor_version = 0;
    head->reason = (struct acr_str){NULL, 0};
    head->field_count = 0;
    head->has_length = false;
    head->content_length = 0;
    head->chunked = false;
    head->close = false;
    head->has_cookies = false;
    head->coding = ACR_CODING_IDENTITY;
    head->content_encoding = (struct acr_str){NULL, 0};
    head->location = (struct acr_str){NULL, 0};
}

int acr_head_parse(char *data, size_t size, struct acr_head *ret_head, struct acr_error *error)
{
    if (ACR_UNLIKELY(size > ACR_HEAD_BYTES_MAX))
        return acr_error_set(error, ACR_ERR_TOO_LARGE, "a head of %zu bytes", size);
    reset(ret_head);
    const char *end = data + size;
    char *at = parse_status_line(skip_blank_lines(data, end), end, ret_head);
    if (ACR_UNLIKELY(at == NULL))
        return acr_error_set(error, ACR_ERR_MALFORMED, "not an HTTP/1 status line");
    struct framing framing = {0};
    int failed = parse_fields(at, end, ret_head, &framing, error);
    if (ACR_UNLIKELY(failed != 0))
        return failed;
    settle(ret_head, &framing);
    return 0;
}

const struct acr_header *acr_head_find(const struct acr_head *head, struct acr_str name)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (acr_str_equal_nocase(head->fields[i].name, name))
            return &head->fields[i];
    return NULL;
}
