/* SPDX-License-Identifier: MIT */
/*
 * exchange - an HTTP answer with what is expected of it, read from a data file (tests/unit/http/data, README there).
 *
 * Knows bytes and words only, no parser of ours: a raw server can send `answer` as well as a parser can be fed with it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXCHANGE_HEADERS_MAX 32
#define EXCHANGE_INTERIMS_MAX 8

struct exchange_bytes {
    char *data;
    size_t size;
};

struct exchange {
    char method[16];
    struct exchange_bytes answer; /* what the server sends before it closes */
    int status;                   /* 0: nothing is said */
    bool has_reason, has_body, has_headers, has_keep;
    struct exchange_bytes reason;
    struct exchange_bytes body; /* decoded */
    struct exchange_bytes rest; /* bytes behind the answer that are not part of it */
    size_t headers;             /* how many fields in all */
    struct exchange_bytes header_names[EXCHANGE_HEADERS_MAX];
    struct exchange_bytes header_values[EXCHANGE_HEADERS_MAX]; /* the first field of that name */
    size_t header_count;
    int interims[EXCHANGE_INTERIMS_MAX]; /* statuses of the 1xx answers before the final one */
    size_t interim_count;
    bool keep;      /* may the connection be used again? */
    char error[32]; /* name of the error; empty: none */
};

static inline void exchange_fail(const char *path, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", path, line, what);
    abort();
}

static inline int exchange_hex(char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* Undoes \r \n \t \0 \\ and \xHH in place; the size, or -1. */
static inline long exchange_unescape(char *text)
{
    static const char letters[] = "rnt0\\";
    static const char values[] = "\r\n\t\0\\";
    char *out = text;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '\\') {
            *out++ = *at;
            continue;
        }
        const char *letter = *++at != '\0' ? strchr(letters, *at) : NULL;
        if (letter != NULL) {
            *out++ = values[letter - letters];
        } else if (*at == 'x' && exchange_hex(at[1]) >= 0 && exchange_hex(at[2]) >= 0) {
            *out++ = (char)(exchange_hex(at[1]) << 4 | exchange_hex(at[2]));
            at += 2;
        } else {
            return -1;
        }
    }
    return out - text;
}

static inline void exchange_add(struct exchange_bytes *bytes, const char *data, size_t size, long times)
{
    bytes->data = realloc(bytes->data, bytes->size + size * (size_t)times + 1);
    if (bytes->data == NULL)
        abort();
    for (long i = 0; i < times; i++) {
        memcpy(bytes->data + bytes->size, data, size);
        bytes->size += size;
    }
    bytes->data[bytes->size] = '\0';
}

static inline bool exchange_word(struct exchange *exchange, const char *word, char *text, size_t size, long times)
{
    if (strcmp(word, "<") == 0) {
        exchange_add(&exchange->answer, text, size, times);
    } else if (strcmp(word, "body") == 0) {
        exchange->has_body = true;
        exchange_add(&exchange->body, text, size, times);
    } else if (strcmp(word, "rest") == 0) {
        exchange_add(&exchange->rest, text, size, times);
    } else if (strcmp(word, "reason") == 0) {
        exchange->has_reason = true;
        exchange_add(&exchange->reason, text, size, 1);
    } else if (strcmp(word, "method") == 0 && size < sizeof exchange->method) {
        memcpy(exchange->method, text, size + 1);
    } else if (strcmp(word, "error") == 0 && size < sizeof exchange->error) {
        memcpy(exchange->error, text, size + 1);
    } else if (strcmp(word, "status") == 0) {
        exchange->status = (int)strtol(text, NULL, 10);
    } else if (strcmp(word, "headers") == 0) {
        exchange->has_headers = true;
        exchange->headers = (size_t)strtoul(text, NULL, 10);
    } else if (strcmp(word, "keep") == 0) {
        exchange->has_keep = true;
        exchange->keep = strcmp(text, "yes") == 0;
    } else if (strcmp(word, "interim") == 0 && exchange->interim_count < EXCHANGE_INTERIMS_MAX) {
        exchange->interims[exchange->interim_count++] = (int)strtol(text, NULL, 10);
    } else if (strcmp(word, "header") == 0 && exchange->header_count < EXCHANGE_HEADERS_MAX) {
        char *colon = memchr(text, ':', size);
        if (colon == NULL)
            return false;
        size_t value = (size_t)(colon - text) + 1 + (colon[1] == ' ');
        exchange_add(&exchange->header_names[exchange->header_count], text, (size_t)(colon - text), 1);
        exchange_add(&exchange->header_values[exchange->header_count++], text + value, size - value, 1);
    } else {
        return false;
    }
    return true;
}

/* "word text" or "word*times text"; the newline is gone. */
static inline void exchange_line(struct exchange *exchange, char *line, const char *path, int number)
{
    if (line[0] == '\0' || line[0] == '#')
        return;
    char *text = strchr(line, ' ');
    if (text == NULL)
        text = line + strlen(line);
    else
        *text++ = '\0';
    char *star = strchr(line, '*');
    long times = star != NULL ? strtol(star + 1, NULL, 10) : 1;
    if (star != NULL)
        *star = '\0';
    long size = exchange_unescape(text);
    if (size < 0)
        exchange_fail(path, number, "unknown escape");
    text[size] = '\0';
    if (times < 1 || !exchange_word(exchange, line, text, (size_t)size, times))
        exchange_fail(path, number, "not understood");
}

/* Reads the file; a mistake in it ends the program with a message. Free with exchange_done(). */
static inline struct exchange exchange_read(const char *path)
{
    struct exchange exchange = {.method = "GET"};
    FILE *file = fopen(path, "r");
    if (file == NULL)
        exchange_fail(path, 0, "cannot be opened");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    for (int number = 1; (size = getline(&line, &capacity, file)) >= 0; number++) {
        if (size > 0 && line[size - 1] == '\n')
            line[size - 1] = '\0';
        exchange_line(&exchange, line, path, number);
    }
    free(line);
    fclose(file);
    return exchange;
}

static inline void exchange_done(struct exchange *exchange)
{
    free(exchange->answer.data);
    free(exchange->reason.data);
    free(exchange->body.data);
    free(exchange->rest.data);
    for (size_t i = 0; i < exchange->header_count; i++) {
        free(exchange->header_names[i].data);
        free(exchange->header_values[i].data);
    }
    *exchange = (struct exchange){0};
}
