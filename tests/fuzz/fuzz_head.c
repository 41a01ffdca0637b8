/* SPDX-License-Identifier: MIT */
/* fuzz_head - any bytes as a head: found alike whole and byte by byte, and parsed to what can be written down again. */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "http/head.h"

static size_t find_end_byte_by_byte(const char *data, size_t size)
{
    size_t scanned = 0;
    for (size_t fed = 0; fed <= size; fed++) {
        size_t end = acr_head_end(data, fed, &scanned);
        assert(scanned <= fed);
        if (end != 0) {
            assert(end == fed);
            return end;
        }
    }
    return 0;
}

static void check_name(struct acr_str name)
{
    assert(name.size > 0);
    for (size_t i = 0; i < name.size; i++)
        assert((unsigned char)name.data[i] > ' ' && name.data[i] != ':' && name.data[i] != 0x7f);
}

static void check_value(struct acr_str value)
{
    assert(acr_str_equal(acr_str_trim(value), value));
    for (size_t i = 0; i < value.size; i++)
        assert(value.data[i] != '\0' && value.data[i] != '\r' && value.data[i] != '\n');
}

static bool is_same(struct acr_str found, const struct acr_header *field)
{
    return field == NULL ? found.data == NULL : found.data == field->value.data;
}

static void check_head(const struct acr_head *head)
{
    assert(head->status >= 100 && head->status <= 999);
    assert(head->minor_version == 0 || head->minor_version == 1);
    assert(head->field_count <= ACR_HEAD_FIELDS_MAX);
    assert(!(head->chunked && head->has_length));
    assert(head->has_cookies == (acr_head_find(head, ACR_STR("set-cookie")) != NULL));
    assert(is_same(head->location, acr_head_find(head, ACR_STR("location"))));
    assert(is_same(head->content_encoding, acr_head_find(head, ACR_STR("content-encoding"))));
    check_value(head->reason);
    for (size_t i = 0; i < head->field_count; i++) {
        check_name(head->fields[i].name);
        check_value(head->fields[i].value);
    }
}

static void write_head(struct acr_buffer *out, const struct acr_head *head)
{
    int code = acr_buffer_append_format(out, "HTTP/1.%d %03d ", head->minor_version, head->status);
    code |= acr_buffer_append_str(out, head->reason);
    for (size_t i = 0; i < head->field_count; i++) {
        code |= acr_buffer_append(out, "\r\n", 2);
        code |= acr_buffer_append_str(out, head->fields[i].name);
        code |= acr_buffer_append(out, ": ", 2);
        code |= acr_buffer_append_str(out, head->fields[i].value);
    }
    code |= acr_buffer_append(out, "\r\n\r\n", 4);
    assert(code == 0);
}

static void check_equal(const struct acr_head *a, const struct acr_head *b)
{
    assert(a->status == b->status && a->minor_version == b->minor_version && acr_str_equal(a->reason, b->reason));
    assert(a->has_length == b->has_length && a->content_length == b->content_length);
    assert(a->chunked == b->chunked && a->close == b->close && a->has_cookies == b->has_cookies);
    assert(a->coding == b->coding && a->field_count == b->field_count);
    for (size_t i = 0; i < a->field_count; i++) {
        assert(acr_str_equal(a->fields[i].name, b->fields[i].name));
        assert(acr_str_equal(a->fields[i].value, b->fields[i].value));
    }
}

static void check_parse(char *text, size_t size, bool complete)
{
    static struct acr_head head, again;
    struct acr_error error = {0};
    int code = acr_head_parse(text, size, &head, &error);
    assert(code == 0 || code == ACR_ERR_MALFORMED || code == ACR_ERR_TOO_LARGE);
    assert(error.code == code && (code == 0 || error.detail[0] != '\0'));
    if (code != 0 || !complete)
        return;
    check_head(&head);
    struct acr_buffer written = {0};
    write_head(&written, &head);
    size_t scanned = 0;
    assert(acr_head_end(written.data, written.size, &scanned) == written.size);
    if (acr_head_parse(written.data, written.size, &again, NULL) == 0)
        check_equal(&head, &again);
    else
        assert(written.size > ACR_HEAD_BYTES_MAX);
    acr_buffer_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t scanned = 0;
    size_t end = acr_head_end((const char *)data, size, &scanned);
    assert(end == find_end_byte_by_byte((const char *)data, size));
    char *text = malloc(size + 1); /* writable; a copy each, as parsing joins folds in place */
    memcpy(text, data, size);
    char *exact = realloc(text, size > 0 ? size : 1);
    check_parse(exact, size, false);
    if (end > 0) {
        exact = realloc(exact, end);
        memcpy(exact, data, end);
        check_parse(exact, end, true);
    }
    free(exact);
    return 0;
}
