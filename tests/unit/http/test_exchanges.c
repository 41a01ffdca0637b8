/* SPDX-License-Identifier: MIT */
/* Runs every file of data/ through head, body and decode, whole and in pieces. */
#include "support/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "http/body.h"
#include "http/decode.h"
#include "http/head.h"
#include "support/exchange.h"
#include "support/guard.h"

/* Longer answers are not fed from in front of a guard page: a mapping per byte takes its time. */
#define GUARDED_MAX 16384

#define DATA_FOLDER ACR_TESTS_DIR "/unit/http/data"

/* A minimal client: bytes in, an answer out. */
struct client {
    const char *method;
    struct acr_buffer input; /* bytes of a head that is not complete */
    size_t scanned;
    struct acr_head head; /* refers to `head_bytes` */
    struct acr_buffer head_bytes;
    bool has_head;
    struct acr_body body;
    struct acr_decoder *decoder;
    struct acr_buffer content;
    struct acr_buffer rest;
    int interims[EXCHANGE_INTERIMS_MAX];
    size_t interim_count;
};

static struct client client;

static int teardown(void **state)
{
    (void)state;
    acr_decoder_close(client.decoder);
    acr_buffer_done(&client.input);
    acr_buffer_done(&client.head_bytes);
    acr_buffer_done(&client.content);
    acr_buffer_done(&client.rest);
    client = (struct client){0};
    return 0;
}

static int feed_content(struct acr_str content)
{
    if (client.decoder != NULL && content.size > 0)
        return acr_decoder_feed(client.decoder, content, &client.content);
    return acr_buffer_append_str(&client.content, content);
}

static int feed_body(const char *data, size_t size)
{
    while (size > 0 && !client.body.done) {
        size_t taken = 0;
        struct acr_str content = {NULL, 0};
        int code = acr_body_feed(&client.body, data, size, &taken, &content);
        if (code == 0)
            code = feed_content(content);
        if (code != 0)
            return code;
        assert_true(taken > 0 && taken <= size);
        data += taken;
        size -= taken;
    }
    return acr_buffer_append(&client.rest, data, size);
}

static int take_head(size_t size)
{
    acr_buffer_reset(&client.head_bytes);
    assert_int_equal(acr_buffer_append(&client.head_bytes, client.input.data, size), 0);
    int code = acr_head_parse(client.head_bytes.data, size, &client.head, NULL);
    if (code != 0)
        return code;
    acr_buffer_drop_front(&client.input, size);
    client.scanned = 0;
    if (client.head.status < 200) {
        client.interims[client.interim_count++] = client.head.status;
        return 0;
    }
    client.has_head = true;
    acr_body_init(&client.body, acr_str_of(client.method), &client.head);
    if (client.head.coding != ACR_CODING_IDENTITY)
        code = acr_decoder_open(client.head.content_encoding, &client.decoder);
    return code;
}

static int feed(const char *data, size_t size)
{
    if (client.has_head)
        return feed_body(data, size);
    assert_int_equal(acr_buffer_append(&client.input, data, size), 0);
    while (!client.has_head) {
        size_t head_size = acr_head_end(client.input.data, client.input.size, &client.scanned);
        if (head_size == 0)
            return client.input.size > ACR_HEAD_BYTES_MAX ? ACR_ERR_TOO_LARGE : 0;
        int code = take_head(head_size);
        if (code != 0)
            return code;
    }
    return feed_body(client.input.data, client.input.size);
}

static int end(void)
{
    int code = client.has_head ? acr_body_end(&client.body) : ACR_ERR_CLOSED_EARLY;
    if (code == 0 && client.decoder != NULL)
        code = acr_decoder_finish(client.decoder, &client.content);
    return code;
}

static int run(const struct exchange *exchange, size_t step)
{
    teardown(NULL);
    client.method = exchange->method;
    int code = 0;
    for (size_t at = 0; at < exchange->answer.size && code == 0; at += step) {
        const char *data = exchange->answer.data + at;
        size_t left = exchange->answer.size - at;
        size_t size = step < left ? step : left;
        if (exchange->answer.size > GUARDED_MAX) {
            code = feed(data, size);
            continue;
        }
        struct guard piece = guard_copy(data, size);
        code = feed(piece.data, piece.size);
        guard_done(&piece);
    }
    return code == 0 ? end() : code;
}

static bool same(struct acr_str got, struct exchange_bytes expected, const char *what)
{
    if (got.size == expected.size && (got.size == 0 || memcmp(got.data, expected.data, got.size) == 0))
        return true;
    print_error("%s is '%.*s', not '%.*s'\n", what, got.size < 80 ? (int)got.size : 80, got.data,
                expected.size < 80 ? (int)expected.size : 80, expected.data);
    return false;
}

static bool check_header(struct exchange_bytes name, struct exchange_bytes value)
{
    const struct acr_header *field = acr_head_find(&client.head, (struct acr_str){name.data, name.size});
    if (field != NULL)
        return same(field->value, value, name.data);
    print_error("no field %s\n", name.data);
    return false;
}

static bool check_head(const struct exchange *exchange)
{
    bool fine = exchange->status == (client.has_head ? client.head.status : 0);
    if (!fine)
        print_error("status is not %d\n", exchange->status);
    if (exchange->has_reason)
        fine &= same(client.head.reason, exchange->reason, "reason");
    for (size_t i = 0; i < exchange->header_count; i++)
        fine &= check_header(exchange->header_names[i], exchange->header_values[i]);
    if (exchange->has_headers && exchange->headers != client.head.field_count) {
        print_error("%zu fields, not %zu\n", client.head.field_count, exchange->headers);
        fine = false;
    }
    if (exchange->has_keep && exchange->keep == client.head.close) {
        print_error("keep is wrong\n");
        fine = false;
    }
    if (client.interim_count != exchange->interim_count ||
        memcmp(client.interims, exchange->interims, sizeof client.interims) != 0) {
        print_error("interim answers differ\n");
        fine = false;
    }
    return fine;
}

static bool check(const struct exchange *exchange, int code)
{
    bool fine = strcmp(code != 0 ? acr_error_name(code) : "", exchange->error) == 0;
    if (!fine)
        print_error("ends in '%s', not '%s'\n", acr_error_name(code), exchange->error);
    fine &= check_head(exchange);
    if (exchange->has_body)
        fine &= same(acr_buffer_str(&client.content), exchange->body, "body");
    if (code == 0)
        fine &= same(acr_buffer_str(&client.rest), exchange->rest, "rest");
    return fine;
}

static int is_exchange(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".http") == 0;
}

/* Runs all files, their answers cut into pieces of `step` bytes. */
static void run_all(size_t step)
{
    struct dirent **entries = NULL;
    int count = scandir(DATA_FOLDER, &entries, is_exchange, alphasort);
    assert_true(count >= 40);
    bool fine = true;
    for (int i = 0; i < count; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", DATA_FOLDER, entries[i]->d_name);
        struct exchange exchange = exchange_read(path);
        if (!check(&exchange, run(&exchange, step))) {
            print_error("in %s, %zu bytes at a time\n", path, step);
            fine = false;
        }
        exchange_done(&exchange);
        free(entries[i]);
    }
    free(entries);
    assert_true(fine);
}

static void test_every_exchange_at_once(void **state)
{
    (void)state;
    run_all(1 << 20);
}

static void test_every_exchange_byte_by_byte(void **state)
{
    (void)state;
    run_all(1);
}

static void test_every_exchange_in_small_pieces(void **state)
{
    (void)state;
    run_all(2);
    run_all(7);
    run_all(1000);
}
