/* SPDX-License-Identifier: MIT */
/* fuzz_url - a URL, a line feed, a reference: what comes out is legal and stays as it is when it goes in again. */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/url.h"

static void check_text(struct acr_str text, const char *more)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool letter = acr_char_lower(c) >= 'a' && acr_char_lower(c) <= 'z';
        assert(c != '\0' && (letter || (c >= '0' && c <= '9') || strchr("-._~!$&'()*+,;=:@/%", c) || strchr(more, c)));
        if (c == '%')
            assert(i + 2 < text.size && strchr("0123456789ABCDEF", text.data[i + 1]) &&
                   strchr("0123456789ABCDEF", text.data[i + 2]));
    }
}

static void check_inside(const struct acr_url *url, struct acr_str part)
{
    assert(part.data >= url->text && part.data + part.size <= url->text + url->text_size);
}

static bool has_dot_segments(struct acr_str path)
{
    for (size_t i = 0; i < path.size; i++) {
        if (path.data[i] != '/')
            continue;
        size_t dots = 0;
        while (i + 1 + dots < path.size && path.data[i + 1 + dots] == '.')
            dots++;
        bool ends = i + 1 + dots == path.size || path.data[i + 1 + dots] == '/';
        if (ends && (dots == 1 || dots == 2))
            return true;
    }
    return false;
}

static void check_url(const struct acr_url *url)
{
    char start[16];
    size_t scheme = (size_t)snprintf(start, sizeof start, "%s://", url->secure ? "https" : "http");
    assert(url->whole.size >= scheme && memcmp(url->whole.data, start, scheme) == 0);
    assert(url->authority.data == url->whole.data + scheme);
    assert(url->target.data == url->authority.data + url->authority.size);
    assert(url->path.data == url->target.data && url->path.size <= url->target.size);
    assert(url->path.size > 0 && url->path.data[0] == '/');
    assert(url->path.size == url->target.size || url->target.data[url->path.size] == '?');
    assert(url->host.size > 0 && url->port != 0);
    assert(url->port_explicit == (url->port != (url->secure ? 443 : 80)));
    assert(url->whole.size <= ACR_URL_MAX);
    check_text(url->path, "");
    check_text(url->target, "?");
    check_text(url->fragment, "?");
    check_inside(url, url->host);
    check_inside(url, url->fragment);
    if (url->username.data != NULL)
        check_inside(url, url->username);
    if (url->password.data != NULL)
        check_inside(url, url->password);
}

static bool is_equal(const struct acr_url *a, const struct acr_url *b)
{
    return acr_str_equal(a->whole, b->whole) && acr_str_equal(a->target, b->target) && a->port == b->port &&
           (acr_str_equal(a->host, b->host) || acr_str_find_char(a->host, '%') >= 0); /* a zone is not shown */
}

static struct acr_url parse_again(const struct acr_url *url)
{
    struct acr_url again;
    assert(acr_url_parse(url->whole, &again, NULL) == 0);
    check_url(&again);
    return again;
}

/* Dots that were escaped go the second time only, as with requests; then nothing changes any more. */
static void check_stable(const struct acr_url *url)
{
    struct acr_url second = parse_again(url);
    struct acr_url third = parse_again(&second);
    assert(has_dot_segments(url->path) || is_equal(url, &second));
    assert(is_equal(&second, &third));
    acr_url_done(&second);
    acr_url_done(&third);
}

static void check_resolve(const struct acr_url *base, struct acr_str reference)
{
    struct acr_url resolved = {0};
    struct acr_url again = {0};
    if (acr_url_resolve(base, reference, &resolved, NULL) != 0) {
        assert(resolved.text == NULL);
        return;
    }
    check_url(&resolved);
    assert(!has_dot_segments(resolved.path) || acr_str_equal(resolved.path, base->path));
    check_stable(&resolved);
    if (!has_dot_segments(resolved.path)) {
        assert(acr_url_resolve(base, resolved.whole, &again, NULL) == 0);
        assert(is_equal(&resolved, &again));
    }
    acr_url_done(&again);
    acr_url_done(&resolved);
}

static void check_quote(struct acr_str text)
{
    struct acr_buffer quoted = {0};
    struct acr_buffer plain = {0};
    assert(acr_url_quote(&quoted, text, NULL, false) == 0);
    check_text(acr_buffer_str(&quoted), "");
    assert(acr_url_unquote(&plain, acr_buffer_str(&quoted)) == 0);
    assert(acr_str_equal(acr_buffer_str(&plain), text));
    acr_buffer_done(&quoted);
    acr_buffer_done(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct acr_str text = {(const char *)data, size};
    ptrdiff_t end = acr_str_find_char(text, '\n');
    struct acr_str base = {text.data, end >= 0 ? (size_t)end : size};
    struct acr_str reference = {text.data + base.size + (end >= 0), size - base.size - (end >= 0)};
    struct acr_url url = {0};
    check_quote(text);
    if (acr_url_parse(base, &url, NULL) != 0) {
        assert(url.text == NULL);
        assert(acr_url_parse(ACR_STR("http://h/a/b/c?d#e"), &url, NULL) == 0);
    }
    check_url(&url);
    check_stable(&url);
    check_resolve(&url, reference);
    acr_url_done(&url);
    return 0;
}
