/* SPDX-License-Identifier: MIT */
/* fuzz_json - a text and, before its first line feed, a pointer: found where Jansson's tree has it, and only there. */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "capi/json.h"

/* Follows one part of a pointer. */
static json_t *step(json_t *value, const char *begin, const char *end)
{
    char *part = acr_capi_json_unescape(begin, end), *rest;
    json_t *found = json_object_get(value, part);
    if (json_is_array(value)) {
        unsigned long index = strtoul(part, &rest, 10);
        found = part[0] != '\0' && *rest == '\0' ? json_array_get(value, index) : NULL;
    }
    acr_free(part);
    return found;
}

static json_t *look_up(json_t *value, const char *pointer)
{
    while (value != NULL && *pointer == '/') {
        const char *end = strchrnul(pointer + 1, '/');
        value = step(value, pointer + 1, end);
        pointer = end;
    }
    return *pointer == '\0' ? value : NULL;
}

static void check_plain(json_t *value, struct acr_str found)
{
    if (json_is_string(value)) {
        struct acr_str inner = {found.data + 1, found.size - 2};
        assert(acr_str_equal(inner, (struct acr_str){json_string_value(value), json_string_length(value)}));
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    assert(acr_str_equal(found, acr_str_of(text)));
    free(text);
}

static void check_found(json_t *value, struct acr_str found)
{
    assert((value != NULL) == (found.data != NULL));
    if (value == NULL)
        return;
    json_t *again = json_loadb(found.data, found.size, JSON_DECODE_ANY, NULL);
    assert(again != NULL && json_equal(again, value));
    json_decref(again);
    if (acr_capi_json_is_plain(found))
        check_plain(value, found);
}

/* Of a text that Jansson takes. */
static bool is_too_deep(struct acr_str text)
{
    bool in_string = false;
    int depth = 0;
    for (size_t i = 0; i < text.size && depth <= ACR_CAPI_JSON_DEPTH_MAX; i++) {
        char byte = text.data[i];
        if (byte == '"')
            in_string = !in_string;
        else if (in_string)
            i += byte == '\\';
        else
            depth += (byte == '[' || byte == '{') - (byte == ']' || byte == '}');
    }
    return depth > ACR_CAPI_JSON_DEPTH_MAX;
}

static void check(struct acr_str text, const char *pointer)
{
    bool taken = acr_capi_json_check(text);
    if (memchr(text.data, '\0', text.size) != NULL) {
        assert(!taken); /* Jansson overlooks one behind a number */
        return;
    }
    json_t *tree = json_loadb(text.data, text.size, JSON_DECODE_ANY, NULL);
    assert(taken == (tree != NULL && !is_too_deep(text)));
    if (taken)
        check_found(look_up(tree, pointer), acr_capi_json_find(text, pointer));
    json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line_feed = memchr(data, '\n', size);
    size_t head = line_feed != NULL ? (size_t)(line_feed - data) : 0, skipped = line_feed != NULL ? head + 1 : 0;
    if (size - skipped > 4096)
        return 0;
    char *pointer = acr_strndup((const char *)data, head);
    char *text = acr_strndup((const char *)data + skipped, size - skipped);
    check((struct acr_str){text, size - skipped}, pointer);
    acr_free(text);
    acr_free(pointer);
    return 0;
}
