/* SPDX-License-Identifier: MIT */
/* body - the framing as a state machine over bytes; only the content is skipped in runs. */
#include "http/body.h"

/*
 * The chunked coding (RFC 9112 7.1), a bare LF for each CRLF allowed:
 *
 *     SIZE -> SIZE_DIGITS -> SIZE_BLANK | EXTENSION -> (SIZE_LF) -> DATA -> DATA_END -> (DATA_LF) -> SIZE ...
 *                                                               \-> TRAILER -> ... -> done, when the size was 0
 */
enum state {
    SIZE,        /* before the first digit */
    SIZE_DIGITS, /* some digits seen */
    SIZE_BLANK,  /* blanks behind the digits: some servers pad */
    EXTENSION,   /* behind ';', ignored */
    SIZE_LF,     /* CR seen, LF must follow */
    DATA,
    DATA_END, /* CRLF behind the data */
    DATA_LF,
    TRAILER,      /* at the start of a trailer line */
    TRAILER_LINE, /* inside one */
    TRAILER_LF,   /* CR of the blank line seen */
};

static bool has_no_body(struct acr_str method, int status)
{
    if (acr_str_equal(method, ACR_STR("HEAD")) || status < 200 || status == 204 || status == 304)
        return true;
    return acr_str_equal(method, ACR_STR("CONNECT")) && status < 300;
}

void acr_body_init(struct acr_body *body, struct acr_str method, const struct acr_head *head)
{
    *body = (struct acr_body){.kind = ACR_BODY_UNTIL_END};
    if (has_no_body(method, head->status)) {
        body->kind = ACR_BODY_NONE;
        body->done = true;
    } else if (head->chunked) {
        body->kind = ACR_BODY_CHUNKED;
        body->state = SIZE;
    } else if (head->has_length) {
        body->kind = ACR_BODY_LENGTH;
        body->remaining = head->content_length;
        body->done = body->remaining == 0;
    }
}

/* The value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = acr_char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int size_digit(struct acr_body *body, char c)
{
    int digit = hex_value(c);
    if (digit < 0 || body->remaining >> 60 != 0)
        return ACR_ERR_MALFORMED;
    body->remaining = body->remaining << 4 | (unsigned)digit;
    body->state = SIZE_DIGITS;
    return 0;
}

static int size_line_end(struct acr_body *body)
{
    body->line_size = 0;
    body->state = body->remaining != 0 ? DATA : TRAILER;
    return 0;
}

/* Behind the last digit: blanks, an extension, the line's end. */
static int size_tail(struct acr_body *body, char c)
{
    if (c == '\n')
        return size_line_end(body);
    if (c == '\r')
        body->state = SIZE_LF;
    else if (c == ';')
        body->state = EXTENSION;
    else if (c == ' ' || c == '\t')
        body->state = SIZE_BLANK;
    else
        return ACR_ERR_MALFORMED;
    return 0;
}

static int data_line_end(struct acr_body *body)
{
    body->state = SIZE;
    body->remaining = 0;
    return 0;
}

static int trailer_byte(struct acr_body *body, char c)
{
    if (body->state == TRAILER_LINE || (body->state == TRAILER && c != '\r' && c != '\n')) {
        body->state = c == '\n' ? TRAILER : TRAILER_LINE;
        return 0;
    }
    if (c == '\r' && body->state == TRAILER) {
        body->state = TRAILER_LF;
        return 0;
    }
    if (c != '\n')
        return ACR_ERR_MALFORMED;
    body->done = true;
    return 0;
}

/* One byte of framing. */
static int framing_byte(struct acr_body *body, char c)
{
    switch ((enum state)body->state) {
    case SIZE:
        return size_digit(body, c);
    case SIZE_DIGITS:
        return hex_value(c) >= 0 ? size_digit(body, c) : size_tail(body, c);
    case SIZE_BLANK:
        return size_tail(body, c);
    case EXTENSION:
        return c == '\n' ? size_line_end(body) : 0;
    case SIZE_LF:
        return c == '\n' ? size_line_end(body) : ACR_ERR_MALFORMED;
    case DATA_END:
        if (c == '\r') {
            body->state = DATA_LF;
            return 0;
        }
        return c == '\n' ? data_line_end(body) : ACR_ERR_MALFORMED;
    case DATA_LF:
        return c == '\n' ? data_line_end(body) : ACR_ERR_MALFORMED;
    case TRAILER:
    case TRAILER_LINE:
    case TRAILER_LF:
        return trailer_byte(body, c);
    case DATA:
        break;
    }
    return ACR_ERR_MALFORMED;
}

/* Counts a byte of the current size line or of all trailers together. */
static int count_line(struct acr_body *body)
{
    uint32_t limit = body->state >= TRAILER ? ACR_BODY_TRAILER_MAX : ACR_BODY_CHUNK_LINE_MAX;
    return ++body->line_size > limit ? ACR_ERR_TOO_LARGE : 0;
}

static struct acr_str take_data(struct acr_body *body, const char *data, size_t size)
{
    size_t taken = size < body->remaining ? size : (size_t)body->remaining;
    body->remaining -= taken;
    return (struct acr_str){data, taken};
}

/* Takes framing, one run of data, and the framing behind it up to the next run. */
static int feed_chunked(struct acr_body *body, const char *data, size_t size, size_t *ret_consumed,
                        struct acr_str *ret_content)
{
    struct acr_str content = {NULL, 0};
    size_t at = 0;
    while (at < size && !body->done) {
        if (body->state == DATA) {
            if (content.size != 0)
                break;
            content = take_data(body, data + at, size - at);
            at += content.size;
            if (body->remaining == 0)
                body->state = DATA_END;
            continue;
        }
        int error = count_line(body);
        if (error == 0)
            error = framing_byte(body, data[at++]);
        if (error != 0)
            return error;
    }
    *ret_consumed = at;
    *ret_content = content;
    return 0;
}

int acr_body_feed(struct acr_body *body, const char *data, size_t size, size_t *ret_consumed,
                  struct acr_str *ret_content)
{
    struct acr_str content = {NULL, 0};
    if (body->done || size == 0) {
        *ret_consumed = 0;
        *ret_content = content;
        return 0;
    }
    if (body->kind == ACR_BODY_CHUNKED)
        return feed_chunked(body, data, size, ret_consumed, ret_content);
    if (body->kind == ACR_BODY_LENGTH) {
        content = take_data(body, data, size);
        body->done = body->remaining == 0;
    } else {
        content = (struct acr_str){data, size};
    }
    *ret_consumed = content.size;
    *ret_content = content;
    return 0;
}

int acr_body_end(struct acr_body *body)
{
    if (body->kind == ACR_BODY_UNTIL_END)
        body->done = true;
    return body->done ? 0 : ACR_ERR_CLOSED_EARLY;
}
