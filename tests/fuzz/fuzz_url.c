/* SPDX-License-Identifier: MIT */
/* fuzz_url - a URL, and after a line break a reference to be resolved against it, as a script or a server gives them.
 */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "http/url.h"

static void check_url(const struct acr_url *url)
{
    const char *end = url->text + url->text_size;
    assert(url->host.size > 0 && url->port != 0);
    assert(url->target.size > 0 && url->target.data[0] == '/' && url->target.data + url->target.size <= end);
    assert(url->path.size <= url->target.size && url->whole.data + url->whole.size <= end);
    for (size_t i = 0; i < url->target.size; i++)
        assert((unsigned char)url->target.data[i] > ' ' && (unsigned char)url->target.data[i] < 0x7f);
}

/* What was cleaned once is clean. */
static void check_again(const struct acr_url *url)
{
    struct acr_url again;
    assert(acr_url_parse(url->whole, &again, NULL) == 0);
    assert(acr_str_equal(again.whole, url->whole) && acr_str_equal(again.target, url->target));
    acr_url_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *line = size > 0 ? memchr(text, '\n', size) : NULL;
    size_t first = line != NULL ? (size_t)(line - text) : size;
    struct acr_url url, resolved;
    if (acr_url_parse((struct acr_str){text, first}, &url, NULL) != 0)
        return 0;
    check_url(&url);
    check_again(&url);
    struct acr_str reference = line != NULL ? (struct acr_str){line + 1, size - first - 1} : (struct acr_str){text, 0};
    if (acr_url_resolve(&url, reference, &resolved, NULL) == 0) {
        check_url(&resolved);
        check_again(&resolved);
        acr_url_done(&resolved);
    }
    acr_url_done(&url);
    return 0;
}
