/* SPDX-License-Identifier: MIT */
/* fuzz_cookies - a jar fed with lines: the first byte of each chooses the URL and moves the clock. */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/cookies.h"

#define START INT64_C(1700000000)

static const char *const urls[] = {
    "http://example.com/",          "https://www.example.com/a/b/c", "http://localhost/a/",  "http://10.2.3.4/x",
    "https://[::1]:8443/a/b?c=d/e", "http://a.b.c.example.com/a/b",  "http://example.com/a",
};
#define URL_COUNT (sizeof urls / sizeof urls[0])

static void check_jar(const struct acr_cookies *jar)
{
    assert(jar->count <= jar->capacity && jar->count <= ACR_COOKIES_MAX);
    for (size_t i = 0; i < jar->count; i++) {
        const struct acr_cookie *cookie = &jar->list[i];
        assert(cookie->name[0] != '\0' && cookie->domain[0] != '\0' && cookie->path[0] == '/');
        assert(strlen(cookie->name) + strlen(cookie->value) <= ACR_COOKIE_BYTES_MAX);
        assert(strpbrk(cookie->name, ";=\r\n") == NULL && strpbrk(cookie->value, ";\r\n") == NULL);
        assert(cookie->serial < jar->next_serial);
        for (size_t j = 0; j < i; j++) {
            const struct acr_cookie *other = &jar->list[j];
            assert(cookie->serial != other->serial);
            assert(strcmp(cookie->name, other->name) != 0 || strcmp(cookie->path, other->path) != 0 ||
                   strcmp(cookie->domain, other->domain) != 0);
        }
    }
}

/* May the cookie go to the URL? Written apart from the code it checks. */
static bool matches(const struct acr_cookie *cookie, const struct acr_url *url)
{
    size_t domain = strlen(cookie->domain), path = strlen(cookie->path);
    if (cookie->secure && !url->secure)
        return false;
    if (url->host.size < domain || memcmp(url->host.data + url->host.size - domain, cookie->domain, domain) != 0)
        return false;
    if (url->host.size > domain && (cookie->host_only || url->host.data[url->host.size - domain - 1] != '.' ||
                                    strspn(url->host.data, "0123456789.") >= url->host.size))
        return false;
    if (url->path.size < path || memcmp(url->path.data, cookie->path, path) != 0)
        return false;
    return url->path.size == path || cookie->path[path - 1] == '/' || url->path.data[path] == '/';
}

static size_t count_pairs(struct acr_str header)
{
    size_t pairs = header.size > 0;
    for (size_t i = 0; i < header.size; i++)
        pairs += header.data[i] == ';';
    return pairs;
}

static void check_header(struct acr_cookies *jar, const struct acr_url *url, int64_t now)
{
    struct acr_buffer out = {0};
    assert(acr_cookies_header(jar, url, now, &out) == 0);
    size_t expected = 0;
    for (size_t i = 0; i < jar->count; i++) {
        const struct acr_cookie *cookie = &jar->list[i];
        assert(cookie->expires > now);
        if (!matches(cookie, url))
            continue;
        expected++;
        assert(memmem(out.data, out.size, cookie->name, strlen(cookie->name)) != NULL);
    }
    assert(count_pairs(acr_buffer_str(&out)) == expected);
    acr_buffer_done(&out);
}

static void check_date(struct acr_str line)
{
    int64_t seconds = 0;
    if (acr_cookie_date(line, &seconds))
        assert(seconds >= INT64_C(-11644473600) && seconds <= INT64_C(253402300799));
}

static void receive(struct acr_cookies *jar, const struct acr_url *url, struct acr_str line, int64_t now)
{
    char *copy = malloc(line.size > 0 ? line.size : 1);
    memcpy(copy, line.data, line.size);
    line.data = copy;
    uint64_t version = jar->version;
    bool taken = acr_cookies_receive(jar, url, line, now);
    assert(taken || jar->version == version);
    version = jar->version;
    if (acr_cookies_receive(jar, url, line, now))
        assert(taken);
    assert(jar->version == version); /* the second time changes nothing */
    check_date(line);
    free(copy);
}

static void run_line(struct acr_cookies *jar, const struct acr_url *parsed, struct acr_str line, int64_t *now)
{
    if (line.size == 0)
        return;
    unsigned choice = (unsigned char)line.data[0];
    *now += choice / URL_COUNT;
    receive(jar, &parsed[choice % URL_COUNT], (struct acr_str){line.data + 1, line.size - 1}, *now);
    check_jar(jar);
    for (size_t i = 0; i < URL_COUNT; i++)
        check_header(jar, &parsed[i], *now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct acr_url parsed[URL_COUNT];
    for (size_t i = 0; i < URL_COUNT; i++)
        assert(acr_url_parse(acr_str_of(urls[i]), &parsed[i], NULL) == 0);
    struct acr_cookies jar = {0};
    int64_t now = START;
    struct acr_str rest = {(const char *)data, size};
    while (rest.size > 0) {
        ptrdiff_t end = acr_str_find_char(rest, '\n');
        size_t line = end >= 0 ? (size_t)end : rest.size;
        run_line(&jar, parsed, (struct acr_str){rest.data, line}, &now);
        line += end >= 0;
        rest = (struct acr_str){rest.data + line, rest.size - line};
    }
    assert(acr_cookies_remove(&jar, NULL, NULL, NULL) <= ACR_COOKIES_MAX && jar.count == 0);
    acr_cookies_done(&jar);
    for (size_t i = 0; i < URL_COUNT; i++)
        acr_url_done(&parsed[i]);
    return 0;
}
