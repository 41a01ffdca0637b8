/* SPDX-License-Identifier: MIT */
/* cookies - the jar: parsing Set-Cookie, storing, choosing what a request carries (RFC 6265 section 5). */
#include "http/cookies.h"

#include <stdlib.h>

#include "base/memory.h"

/* Longer Domain and Path attributes are ignored (RFC 6265bis 5.6). */
#define ATTRIBUTE_BYTES_MAX 1024

/* More cookies than this for one request go to the heap to be sorted. */
#define MATCHES_ON_STACK 16

/* A cookie before it is stored: its strings are borrowed. */
struct draft {
    struct acr_str name;
    struct acr_str value;
    struct acr_str domain; /* without leading dot, any case; size 0: none given */
    struct acr_str path;   /* size 0: none given */
    int64_t expires;
    bool has_max_age;
    bool host_only;
    bool secure;
    bool http_only;
};

static struct acr_str str_until(struct acr_str *rest, char stop)
{
    const char *found = rest->size > 0 ? memchr(rest->data, stop, rest->size) : NULL;
    struct acr_str front = {rest->data, found != NULL ? (size_t)(found - rest->data) : rest->size};
    size_t step = front.size + (found != NULL);
    *rest = (struct acr_str){step > 0 ? rest->data + step : rest->data, rest->size - step};
    return front;
}

static bool has_control(struct acr_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (((unsigned char)text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7f)
            return true;
    return false;
}

/* [-]digits; what does not fit saturates. */
static bool parse_seconds(struct acr_str text, int64_t *ret_seconds)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    struct acr_str digits = {text.data + negative, text.size - negative};
    uint64_t seconds = 0;
    int code = acr_str_parse_u64(digits, &seconds);
    if (code == ACR_ERR_LIMIT || (code == 0 && seconds > INT64_MAX))
        seconds = INT64_MAX;
    else if (code != 0)
        return false;
    *ret_seconds = negative ? -(int64_t)seconds : (int64_t)seconds;
    return true;
}

/* When a Max-Age of `seconds` ends; zero and less is in the past at once. */
static int64_t after(int64_t now, int64_t seconds)
{
    if (seconds <= 0)
        return INT64_MIN;
    return now > INT64_MAX - seconds ? INT64_MAX : now + seconds;
}

static void take_max_age(struct draft *draft, struct acr_str value, int64_t now)
{
    int64_t seconds = 0;
    if (!parse_seconds(value, &seconds))
        return;
    draft->has_max_age = true;
    draft->expires = after(now, seconds);
}

static void take_attribute(struct draft *draft, struct acr_str name, struct acr_str value, int64_t now)
{
    if (acr_str_equal_nocase(name, ACR_STR("expires"))) {
        int64_t date = 0;
        if (!draft->has_max_age && acr_cookie_date(value, &date))
            draft->expires = date;
    } else if (acr_str_equal_nocase(name, ACR_STR("max-age"))) {
        take_max_age(draft, value, now);
    } else if (acr_str_equal_nocase(name, ACR_STR("secure"))) {
        draft->secure = true;
    } else if (acr_str_equal_nocase(name, ACR_STR("httponly"))) {
        draft->http_only = true;
    } else if (value.size > ATTRIBUTE_BYTES_MAX) {
        return;
    } else if (acr_str_equal_nocase(name, ACR_STR("path"))) {
        draft->path = value.size > 0 && value.data[0] == '/' ? value : (struct acr_str){NULL, 0};
    } else if (acr_str_equal_nocase(name, ACR_STR("domain")) && value.size > 0) {
        size_t dot = value.data[0] == '.';
        draft->domain = (struct acr_str){value.data + dot, value.size - dot};
    }
}

/* RFC 6265 5.2; false when the whole is to be ignored. */
static bool parse_draft(struct acr_str text, int64_t now, struct draft *draft)
{
    *draft = (struct draft){.expires = INT64_MAX};
    if (has_control(text))
        return false;
    struct acr_str pair = str_until(&text, ';');
    if (acr_str_find_char(pair, '=') < 0)
        return false;
    draft->name = acr_str_trim(str_until(&pair, '='));
    draft->value = acr_str_trim(pair);
    if (draft->name.size == 0 || draft->name.size + draft->value.size > ACR_COOKIE_BYTES_MAX)
        return false;
    while (text.size > 0) {
        struct acr_str attribute = str_until(&text, ';');
        struct acr_str name = acr_str_trim(str_until(&attribute, '='));
        take_attribute(draft, name, acr_str_trim(attribute), now);
    }
    return true;
}

/* Digits and dots only, or with a colon: nothing is below an address. */
static bool is_address(struct acr_str host)
{
    bool letters = false;
    for (size_t i = 0; i < host.size; i++) {
        if (host.data[i] == ':')
            return true;
        letters |= host.data[i] != '.' && (host.data[i] < '0' || host.data[i] > '9');
    }
    return !letters;
}

/* RFC 6265 5.1.3; `domain` in any case. */
static bool domain_matches(struct acr_str host, struct acr_str domain)
{
    if (host.size == domain.size)
        return acr_str_equal_nocase(host, domain);
    if (host.size < domain.size || host.data[host.size - domain.size - 1] != '.')
        return false;
    struct acr_str tail = {host.data + host.size - domain.size, domain.size};
    return acr_str_equal_nocase(tail, domain) && !is_address(host);
}

/* RFC 6265 5.1.4. */
static bool path_matches(struct acr_str request, struct acr_str cookie)
{
    if (request.size < cookie.size || memcmp(request.data, cookie.data, cookie.size) != 0)
        return false;
    return request.size == cookie.size || cookie.data[cookie.size - 1] == '/' || request.data[cookie.size] == '/';
}

static struct acr_str default_path(struct acr_str path)
{
    const char *slash = memrchr(path.data, '/', path.size);
    if (slash == NULL || slash == path.data)
        return ACR_STR("/");
    return (struct acr_str){path.data, (size_t)(slash - path.data)};
}

/* Decides whose the cookie is (RFC 6265 5.3, 4 to 6); false when the server may not set it. */
static bool settle_domain(struct draft *draft, const struct acr_url *url)
{
    if (draft->domain.size == 0) {
        draft->domain = url->host;
        draft->host_only = true;
        return true;
    }
    ptrdiff_t dot = acr_str_find_char(draft->domain, '.');
    bool inner_dot = dot > 0 && (size_t)dot + 1 < draft->domain.size;
    if (acr_str_equal_nocase(draft->domain, url->host)) {
        draft->host_only = !inner_dot || is_address(url->host);
        return true;
    }
    return inner_dot && domain_matches(url->host, draft->domain);
}

static bool is_text(const char *text, struct acr_str str)
{
    return strncmp(text, str.data, str.size) == 0 && text[str.size] == '\0';
}

static bool is_text_nocase(const char *text, struct acr_str str)
{
    return acr_str_equal_nocase(acr_str_of(text), str);
}

static struct acr_cookie *find(struct acr_cookies *jar, const struct draft *draft)
{
    for (size_t i = 0; i < jar->count; i++) {
        struct acr_cookie *cookie = &jar->list[i];
        if (is_text(cookie->name, draft->name) && is_text(cookie->path, draft->path) &&
            is_text_nocase(cookie->domain, draft->domain))
            return cookie;
    }
    return NULL;
}

/* All four strings share one block, which `name` points to. */
static void free_strings(struct acr_cookie *cookie)
{
    acr_free(cookie->name);
}

static void remove_at(struct acr_cookies *jar, size_t index)
{
    free_strings(&jar->list[index]);
    jar->list[index] = jar->list[--jar->count];
    jar->version++;
}

static void remove_expired(struct acr_cookies *jar, int64_t now)
{
    for (size_t i = jar->count; i-- > 0;)
        if (jar->list[i].expires <= now)
            remove_at(jar, i);
}

/* Removes the oldest cookie, of `domain` if it is not NULL, when there are `most` of them already. */
static void evict(struct acr_cookies *jar, const struct acr_str *domain, size_t most)
{
    size_t count = 0;
    size_t oldest = 0;
    for (size_t i = 0; i < jar->count; i++) {
        if (domain != NULL && !is_text_nocase(jar->list[i].domain, *domain))
            continue;
        if (count++ == 0 || jar->list[i].serial < jar->list[oldest].serial)
            oldest = i;
    }
    if (count >= most)
        remove_at(jar, oldest);
}

static char *put(char *at, struct acr_str text)
{
    if (text.size > 0)
        memcpy(at, text.data, text.size);
    at[text.size] = '\0';
    return at + text.size + 1;
}

static void fill(struct acr_cookie *cookie, const struct draft *draft)
{
    char *at = acr_alloc(draft->name.size + draft->value.size + draft->domain.size + draft->path.size + 4);
    cookie->name = at;
    cookie->value = put(cookie->name, draft->name);
    cookie->domain = put(cookie->value, draft->value);
    cookie->path = put(cookie->domain, draft->domain);
    put(cookie->path, draft->path);
    for (at = cookie->domain; *at != '\0'; at++)
        *at = acr_char_lower(*at);
    cookie->expires = draft->expires;
    cookie->host_only = draft->host_only;
    cookie->secure = draft->secure;
    cookie->http_only = draft->http_only;
}

static bool says_the_same(const struct acr_cookie *cookie, const struct draft *draft)
{
    return cookie->expires == draft->expires && cookie->host_only == draft->host_only &&
           cookie->secure == draft->secure && cookie->http_only == draft->http_only &&
           is_text(cookie->value, draft->value);
}

static void add(struct acr_cookies *jar, const struct draft *draft)
{
    if (jar->count >= ACR_COOKIES_PER_DOMAIN_MAX) {
        evict(jar, &draft->domain, ACR_COOKIES_PER_DOMAIN_MAX);
        evict(jar, NULL, ACR_COOKIES_MAX);
    }
    if (jar->count == jar->capacity) {
        jar->capacity = jar->capacity != 0 ? jar->capacity * 2 : 2;
        jar->list = acr_realloc(jar->list, jar->capacity * sizeof *jar->list);
    }
    struct acr_cookie *cookie = &jar->list[jar->count++];
    fill(cookie, draft);
    cookie->serial = jar->next_serial++;
    jar->version++;
}

static void store(struct acr_cookies *jar, struct acr_cookie *existing, const struct draft *draft)
{
    if (existing == NULL) {
        add(jar, draft);
    } else if (!says_the_same(existing, draft)) {
        struct acr_cookie old = *existing;
        fill(existing, draft); /* before the old strings go: `draft` may refer to them */
        free_strings(&old);
        jar->version++;
    }
}

bool acr_cookies_receive(struct acr_cookies *jar, const struct acr_url *url, struct acr_str set_cookie, int64_t now)
{
    struct draft draft;
    if (!parse_draft(set_cookie, now, &draft) || !settle_domain(&draft, url))
        return false;
    if (draft.path.size == 0)
        draft.path = default_path(url->path);
    struct acr_cookie *existing = find(jar, &draft);
    if (draft.expires > now) {
        if (existing == NULL && jar->count >= ACR_COOKIES_PER_DOMAIN_MAX)
            remove_expired(jar, now);
        store(jar, existing, &draft);
        return true;
    }
    if (existing == NULL)
        return false;
    remove_at(jar, (size_t)(existing - jar->list));
    return true;
}

int acr_cookies_set(struct acr_cookies *jar, const struct acr_cookie *cookie)
{
    struct draft draft = {.name = acr_str_of(cookie->name),
                          .value = acr_str_of(cookie->value),
                          .domain = acr_str_of(cookie->domain),
                          .path = acr_str_of(cookie->path),
                          .expires = cookie->expires,
                          .host_only = cookie->host_only,
                          .secure = cookie->secure,
                          .http_only = cookie->http_only};
    if (draft.name.size + draft.value.size > ACR_COOKIE_BYTES_MAX)
        return ACR_ERR_LIMIT;
    store(jar, find(jar, &draft), &draft);
    return 0;
}

static bool is_wanted(const char *text, const char *wanted)
{
    return wanted == NULL || strcmp(text, wanted) == 0;
}

size_t acr_cookies_remove(struct acr_cookies *jar, const char *domain, const char *path, const char *name)
{
    size_t kept = jar->count;
    for (size_t i = jar->count; i-- > 0;) {
        struct acr_cookie cookie = jar->list[i];
        if (is_wanted(cookie.domain, domain) && is_wanted(cookie.path, path) && is_wanted(cookie.name, name)) {
            jar->list[i] = jar->list[--kept];
            jar->list[kept] = cookie;
        }
    }
    size_t removed = jar->count - kept;
    while (jar->count > kept) /* only now: the arguments may be strings of a cookie that goes */
        remove_at(jar, jar->count - 1);
    return removed;
}

static bool goes_to_host(const struct acr_cookie *cookie, const struct acr_url *url)
{
    if (cookie->secure && !url->secure)
        return false;
    return cookie->domain[0] == '\0' || (cookie->host_only ? is_text(cookie->domain, url->host)
                                                           : domain_matches(url->host, acr_str_of(cookie->domain)));
}

static bool goes_to(const struct acr_cookie *cookie, const struct acr_url *url)
{
    return goes_to_host(cookie, url) && path_matches(url->path, acr_str_of(cookie->path));
}

/* Longer paths first, then older cookies. */
static int compare(const void *left, const void *right)
{
    const struct acr_cookie *a = *(const struct acr_cookie *const *)left;
    const struct acr_cookie *b = *(const struct acr_cookie *const *)right;
    size_t a_size = strlen(a->path);
    size_t b_size = strlen(b->path);
    if (a_size != b_size)
        return a_size > b_size ? -1 : 1;
    return a->serial < b->serial ? -1 : a->serial > b->serial;
}

static void insert_sorted(const struct acr_cookie **matches, size_t count, const struct acr_cookie *cookie)
{
    while (count > 0 && compare(&cookie, &matches[count - 1]) < 0) {
        matches[count] = matches[count - 1];
        count--;
    }
    matches[count] = cookie;
}

static int append_pairs(struct acr_buffer *out, const struct acr_cookie **matches, size_t count)
{
    size_t before = out->size;
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        if (i > 0)
            code = acr_buffer_append(out, "; ", 2);
        if (code == 0)
            code = acr_buffer_append_str(out, acr_str_of(matches[i]->name));
        if (code == 0)
            code = acr_buffer_append(out, "=", 1);
        if (code == 0)
            code = acr_buffer_append_str(out, acr_str_of(matches[i]->value));
    }
    if (code != 0)
        out->size = before;
    return code;
}

/* A jar that is too large for the stack: all of it may match. */
static int append_many(struct acr_cookies *jar, const struct acr_url *url, struct acr_buffer *out)
{
    const struct acr_cookie **matches = acr_alloc(jar->count * sizeof(struct acr_cookie *));
    size_t count = 0;
    for (size_t i = 0; i < jar->count; i++)
        if (goes_to(&jar->list[i], url))
            matches[count++] = &jar->list[i];
    qsort(matches, count, sizeof(struct acr_cookie *), compare);
    int code = append_pairs(out, matches, count);
    acr_free(matches);
    return code;
}

int acr_cookies_header(struct acr_cookies *jar, const struct acr_url *url, int64_t now, struct acr_buffer *out)
{
    remove_expired(jar, now);
    if (jar->count > MATCHES_ON_STACK)
        return append_many(jar, url, out);
    const struct acr_cookie *matches[MATCHES_ON_STACK];
    size_t count = 0;
    for (size_t i = 0; i < jar->count; i++)
        if (goes_to(&jar->list[i], url))
            insert_sorted(matches, count++, &jar->list[i]);
    return append_pairs(out, matches, count);
}

const struct acr_cookie *acr_cookies_find(const struct acr_cookies *jar, const struct acr_url *url, int64_t now,
                                          const char *name)
{
    const struct acr_cookie *best = NULL;
    for (size_t i = 0; i < jar->count; i++) {
        const struct acr_cookie *cookie = &jar->list[i];
        bool fits =
            cookie->expires > now && strcmp(cookie->name, name) == 0 && (url == NULL || goes_to_host(cookie, url));
        if (fits && (best == NULL || compare(&cookie, &best) < 0))
            best = cookie;
    }
    return best;
}

void acr_cookies_done(struct acr_cookies *jar)
{
    for (size_t i = 0; i < jar->count; i++)
        free_strings(&jar->list[i]);
    acr_free(jar->list);
    *jar = (struct acr_cookies){0};
}
