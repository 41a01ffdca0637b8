/* SPDX-License-Identifier: MIT */
/* json - in C++, because simdjson is. */
#include "capi/json.h"

#include <cstring>
#include <string>

#include <simdjson.h>

namespace
{
/* Memory that was needed for larger texts is given back. */
constexpr size_t KEPT_SIZE_MAX = 1 << 20;
/* Some servers begin with it, and RFC 8259 lets readers ignore it. */
constexpr char byte_order_mark[] = "\xef\xbb\xbf";
} // namespace

struct acr_capi_json {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string written; /* what was found last, if it is no string */
    uint64_t number = 0; /* of the text that was taken in last */
    bool works = false;  /* it is JSON */
};

static bool parse(acr_capi_json *json, const char *text, size_t size)
{
    if (json->parser.capacity() > KEPT_SIZE_MAX)
        json->parser = simdjson::dom::parser();
    /* The depth is set with the first memory for texts. */
    if (json->parser.capacity() < size || json->parser.capacity() == 0) {
        if (json->parser.allocate(size < 4096 ? 4096 : size, ACR_CAPI_JSON_DEPTH_MAX) != simdjson::SUCCESS)
            return false;
    }
    return json->parser.parse(text, size, true).get(json->root) == simdjson::SUCCESS;
}

acr_capi_json *acr_capi_json_new(void)
{
    return new acr_capi_json;
}

void acr_capi_json_free(acr_capi_json *json)
{
    delete json;
}

uint64_t acr_capi_json_take(acr_capi_json *json, const char *text, size_t size)
{
    if (size >= sizeof byte_order_mark - 1 && memcmp(text, byte_order_mark, sizeof byte_order_mark - 1) == 0) {
        text += sizeof byte_order_mark - 1;
        size -= sizeof byte_order_mark - 1;
    }
    json->number++;
    json->works = parse(json, text, size);
    return json->works ? json->number : 0;
}

bool acr_capi_json_has(const acr_capi_json *json, uint64_t number)
{
    return json->works && json->number == number;
}

bool acr_capi_json_find(acr_capi_json *json, const char *pointer, const char **ret_value, size_t *ret_size)
{
    simdjson::dom::element found;
    std::string_view text;
    if (!json->works || json->root.at_pointer(pointer).get(found) != simdjson::SUCCESS)
        return false;
    if (found.get(text) != simdjson::SUCCESS) {
        json->written = simdjson::minify(found);
        text = json->written;
    }
    *ret_value = text.data();
    *ret_size = text.size();
    return true;
}
