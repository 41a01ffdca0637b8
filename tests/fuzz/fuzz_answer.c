/* SPDX-License-Identifier: MIT */
/* fuzz_answer - an HTTP answer as a hostile server sends it; the first byte says how the body's bytes arrive. */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/body.h"
#include "http/head.h"

static void feed_body(const struct acr_head *head, const char *data, size_t size, size_t step)
{
    struct acr_body body;
    acr_body_init(&body, ACR_STR("GET"), head);
    for (size_t at = 0; at < size && !body.done;) {
        size_t piece = step < size - at ? step : size - at, used = 0;
        struct acr_str content = {NULL, 0};
        if (acr_body_feed(&body, data + at, piece, &used, &content) != 0)
            return;
        assert(used > 0 && used <= piece && content.size <= used);
        assert(content.size == 0 || (content.data >= data + at && content.data + content.size <= data + at + used));
        at += used;
    }
    if (!body.done && acr_body_end(&body) == 0)
        assert(body.done);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t step = data[0] + 1u, scanned = 0, length = size - 1;
    char *text = malloc(length); /* exact, writable: the parser works in place */
    memcpy(text, data + 1, length);
    size_t head_size = acr_head_end(text, length, &scanned);
    struct acr_head head;
    assert(head_size <= length);
    if (head_size > 0 && acr_head_parse(text, head_size, &head, NULL) == 0) {
        assert(head.status >= 100 && head.status <= 999 && head.field_count <= ACR_HEAD_FIELDS_MAX);
        feed_body(&head, text + head_size, length - head_size, step);
    }
    free(text);
    return 0;
}
