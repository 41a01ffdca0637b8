/* SPDX-License-Identifier: MIT */
/* fuzz_body - a body comes out alike whole, byte by byte and in odd pieces. The first byte chooses the framing. */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "http/body.h"

struct outcome {
    int code;
    bool done;
    size_t consumed;
    struct acr_buffer content;
};

static void begin(struct acr_body *body, uint8_t choice)
{
    static struct acr_head head;
    head.status = (choice & 4) != 0 && (choice & 8) != 0 ? 204 : 200;
    head.chunked = (choice & 3) == 1 || (choice & 3) == 2;
    head.has_length = (choice & 3) == 3;
    head.content_length = choice;
    acr_body_init(body, (choice & 0xf0) == 0xf0 ? ACR_STR("HEAD") : ACR_STR("GET"), &head);
    assert(!body->done || body->kind == ACR_BODY_NONE || body->kind == ACR_BODY_LENGTH);
}

/* Feeds one piece, which is a block of its own, so that reading past it shows. */
static void feed_piece(struct acr_body *body, const char *data, size_t size, struct outcome *out)
{
    char *piece = malloc(size);
    memcpy(piece, data, size);
    for (size_t at = 0; at < size && !body->done && out->code == 0;) {
        size_t used = 0;
        struct acr_str run = {NULL, 0};
        out->code = acr_body_feed(body, piece + at, size - at, &used, &run);
        if (out->code != 0)
            break;
        assert(used > 0 && used <= size - at && run.size <= used);
        assert(run.size == 0 || (run.data >= piece + at && run.data + run.size <= piece + at + used));
        assert(acr_buffer_append_str(&out->content, run) == 0);
        at += used;
        out->consumed += used;
    }
    free(piece);
}

/* `step` 0: pieces of 1, 2, 3 ... bytes. */
static struct outcome feed(uint8_t choice, const char *data, size_t size, size_t step)
{
    struct outcome out = {0};
    struct acr_body body;
    begin(&body, choice);
    size_t odd = 1;
    for (size_t at = 0; at < size && out.code == 0 && !body.done;) {
        size_t piece = step != 0 ? step : odd++;
        piece = piece < size - at ? piece : size - at;
        feed_piece(&body, data + at, piece, &out);
        at += piece;
    }
    out.done = body.done;
    if (out.code == 0) {
        int code = acr_body_end(&body);
        assert(code == (out.done || body.kind == ACR_BODY_UNTIL_END ? 0 : ACR_ERR_CLOSED_EARLY));
    }
    return out;
}

static void check_equal(const struct outcome *a, const struct outcome *b)
{
    assert(a->code == b->code && a->done == b->done);
    assert(a->code == 0 || a->code == ACR_ERR_MALFORMED || a->code == ACR_ERR_TOO_LARGE);
    if (a->code != 0)
        return; /* a call that fails keeps its content to itself */
    assert(a->consumed == b->consumed);
    assert(acr_str_equal(acr_buffer_str(&a->content), acr_buffer_str(&b->content)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *text = (const char *)data + 1;
    struct outcome whole = feed(data[0], text, size - 1, size);
    struct outcome bytes = feed(data[0], text, size - 1, 1);
    struct outcome pieces = feed(data[0], text, size - 1, 0);
    check_equal(&whole, &bytes);
    check_equal(&whole, &pieces);
    acr_buffer_done(&whole.content);
    acr_buffer_done(&bytes.content);
    acr_buffer_done(&pieces.content);
    return 0;
}
