/* SPDX-License-Identifier: MIT */
/*
 * head - the start line and header fields of an HTTP/1.x answer.
 *
 * Parses one complete head out of contiguous bytes, in place: names and values point into the input. Lenient where real
 * servers are: bare LF for CRLF, obs-fold (the continuation is joined by turning the line break into spaces, so the
 * input is writable), a bare CR in a value (likewise), blanks around values, empty reason, HTTP/1.0, blank lines before
 * the status line. Strict where it matters: a header line without ':' or with a blank in its name, a continuation of no
 * field, a NUL byte, contradicting Content-Length fields, a status that is not three digits are malformed.
 * "Transfer-Encoding: chunked" wins over Content-Length (RFC 9112 6.3).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/* http.client refuses more than 100 fields; nginx sends at most as many as configured. */
#define ACR_HEAD_FIELDS_MAX 256
/* Longest head; http.client's limit is 64 KiB per line. */
#define ACR_HEAD_BYTES_MAX (256 * 1024)

struct acr_header {
    struct acr_str name;
    struct acr_str value;
};

enum acr_content_coding { /* only what the whole Content-Encoding says; unknown ones are IDENTITY */
                          ACR_CODING_IDENTITY,
                          ACR_CODING_GZIP, /* also x-gzip */
                          ACR_CODING_DEFLATE,
                          ACR_CODING_BROTLI,
                          ACR_CODING_ZSTD,
                          ACR_CODING_SEVERAL, /* a list of known ones, see acr_decoder_open */
};

struct acr_head {
    int status;            /* 100..999 */
    int minor_version;     /* 0 or 1 */
    struct acr_str reason; /* may be empty */
    size_t field_count;
    struct acr_header fields[ACR_HEAD_FIELDS_MAX];
    /* What framing and the client need, gathered while parsing: */
    bool has_length; /* false when a transfer coding overrides Content-Length */
    uint64_t content_length;
    bool chunked;     /* the last transfer coding is chunked */
    bool close;       /* the connection cannot be reused: "close", HTTP/1.0 without keep-alive, doubtful framing */
    bool has_cookies; /* at least one Set-Cookie */
    enum acr_content_coding coding;
    struct acr_str content_encoding; /* the first such field; data == NULL: none */
    struct acr_str location;         /* ditto */
};

/* Looks for the end of a head in data[0..size): returns its length with the blank line, or 0 when it is not complete
 * yet. Call with
 * `*scanned` = 0 for new data and unchanged afterwards: it remembers how far was looked, so feeding byte by byte costs
 * O(n). */
size_t acr_head_end(const char *data, size_t size, size_t *scanned);

/* Parses data[0..size), a complete head as acr_head_end() found it. ACR_ERR_MALFORMED with what is wrong,
 * ACR_ERR_TOO_LARGE (fields, bytes). `head` is filled only on success but may be scribbled on; it refers to `data`.
 * Speed matters: this runs once per request. */
ACR_MUST_CHECK int acr_head_parse(char *data, size_t size, struct acr_head *ret_head, struct acr_error *error);

/* The first field of that name (any case), or NULL. */
const struct acr_header *acr_head_find(const struct acr_head *head, struct acr_str name);
