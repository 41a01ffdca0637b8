/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/cookies.h"
#include "support/guard.h"

#define NOW INT64_C(1700000000)

static struct acr_cookies jar;

static int teardown(void **state)
{
    (void)state;
    acr_cookies_done(&jar);
    return 0;
}

static bool receive_at(const char *from, const char *set_cookie, int64_t now)
{
    struct acr_url url;
    assert_int_equal(acr_url_parse(acr_str_of(from), &url, NULL), 0);
    struct guard guard = guard_copy(set_cookie, strlen(set_cookie));
    bool taken = acr_cookies_receive(&jar, &url, (struct acr_str){guard.data, guard.size}, now);
    guard_done(&guard);
    acr_url_done(&url);
    return taken;
}

static bool receive(const char *from, const char *set_cookie)
{
    return receive_at(from, set_cookie, NOW);
}

/* The Cookie header for a request; valid until the next call. */
static const char *header_at(const char *to, int64_t now)
{
    static char text[65536];
    struct acr_url url;
    struct acr_buffer out = {0};
    assert_int_equal(acr_url_parse(acr_str_of(to), &url, NULL), 0);
    assert_int_equal(acr_cookies_header(&jar, &url, now, &out), 0);
    assert_true(out.size < sizeof text);
    if (out.size > 0)
        memcpy(text, out.data, out.size);
    text[out.size] = '\0';
    acr_buffer_done(&out);
    acr_url_done(&url);
    return text;
}

static const char *header(const char *to)
{
    return header_at(to, NOW);
}

/* The value of what acr_cookies_find() finds; "": nothing. */
static const char *find_at(const char *to, const char *name, int64_t now)
{
    struct acr_url url;
    if (to != NULL)
        assert_int_equal(acr_url_parse(acr_str_of(to), &url, NULL), 0);
    const struct acr_cookie *found = acr_cookies_find(&jar, to != NULL ? &url : NULL, now, name);
    if (to != NULL)
        acr_url_done(&url);
    return found != NULL ? found->value : "";
}

static int set(const char *name, const char *value, const char *domain, const char *path)
{
    struct acr_cookie cookie = {.name = (char *)name,
                                .value = (char *)value,
                                .domain = (char *)domain,
                                .path = (char *)path,
                                .expires = INT64_MAX};
    return acr_cookies_set(&jar, &cookie);
}

static void test_a_cookie_is_sent_back_as_it_came(void **state)
{
    (void)state;
    static const struct {
        const char *set_cookie;
        const char *header; /* NULL: ignored */
    } table[] = {
        {"a=b", "a=b"},
        {"  a = b ; Path=/", "a=b"},
        {"a=", "a="},
        {"a=b=c", "a=b=c"},
        {"a=\"b c\"", "a=\"b c\""},
        {"a=b,c", "a=b,c"},
        {"a=b\tc", "a=b\tc"},
        {"a=\xc3\xbc", "a=\xc3\xbc"},
        {"a=b;", "a=b"},
        {"a=b; ; =x; unknown; other=y;", "a=b"},
        {"$Version=1", "$Version=1"},
        {"a b=c", "a b=c"},
        {"", NULL},
        {"a", NULL},
        {"=b", NULL},
        {" =b", NULL},
        {"; a=b", NULL},
        {"a; b=c", NULL},
        {"a=b\x01", NULL},
        {"a=b; x=\x7f", NULL},
        {"a=b; Max-Age=0", NULL},
        {"a=b; Max-Age=-1", NULL},
        {"a=b; Max-Age=-99999999999999999999999", NULL},
        {"a=b; Max-Age=1", "a=b"},
        {"a=b; max-age=99999999999999999999999", "a=b"},
        {"a=b; Max-Age=", "a=b"},
        {"a=b; Max-Age=x", "a=b"},
        {"a=b; Max-Age=+0", "a=b"},
        {"a=b; Max-Age=0; Max-Age=5", "a=b"},
        {"a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NULL},
        {"a=b; Expires=0", "a=b"},
        {"a=b; Expires=Fri, 31-Dec-2099 23:59:59 GMT", "a=b"},
        {"a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=5", "a=b"},
        {"a=b; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=b"},
        {"a=b; Max-Age=0; Expires=Fri, 31-Dec-2099 23:59:59 GMT", NULL},
        {"a=b; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NULL},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        bool taken = receive("http://h.example/", table[i].set_cookie);
        if (taken != (table[i].header != NULL))
            print_error("%s\n", table[i].set_cookie);
        assert_int_equal(taken, table[i].header != NULL);
        assert_string_equal(header("http://h.example/"), table[i].header != NULL ? table[i].header : "");
        teardown(NULL);
    }
}

static void test_which_hosts_get_a_cookie(void **state)
{
    (void)state;
    static const struct {
        const char *from, *domain, *to;
        bool stored, sent;
    } table[] = {
        {"http://a.example.com/", NULL, "http://a.example.com/", true, true},
        {"http://a.example.com/", NULL, "http://A.EXAMPLE.com:8080/", true, true},
        {"http://a.example.com/", NULL, "http://b.a.example.com/", true, false},
        {"http://a.example.com/", NULL, "http://example.com/", true, false},
        {"http://a.example.com/", "", "http://b.a.example.com/", true, false},
        {"http://a.example.com/", ".", "http://b.a.example.com/", true, false},
        {"http://a.example.com/", "example.com", "http://example.com/", true, true},
        {"http://a.example.com/", ".EXAMPLE.com", "http://b.example.com/", true, true},
        {"http://a.example.com/", "example.com", "http://badexample.com/", true, false},
        {"http://a.example.com/", "example.com", "http://example.com.evil.org/", true, false},
        {"http://example.com/", "example.com", "http://www.example.com/", true, true},
        {"http://a.example.com/", "b.example.com", NULL, false, false},
        {"http://a.example.com/", "b.a.example.com", NULL, false, false},
        {"http://a.example.com/", "ample.com", NULL, false, false},
        {"http://a.example.com/", "other.org", NULL, false, false},
        {"http://a.example.com/", "com", NULL, false, false},
        {"http://a.example.com/", "com.", NULL, false, false},
        {"http://a.example.com/", "..com", NULL, false, false},
        {"http://localhost/", "localhost", "http://localhost/", true, true},
        {"http://localhost/", ".localhost", "http://localhost/", true, true},
        {"http://localhost/", "localhost", "http://a.localhost/", true, false},
        {"http://a.localhost/", "localhost", NULL, false, false},
        {"http://10.2.3.4/", NULL, "http://10.2.3.4/", true, true},
        {"http://10.2.3.4/", "10.2.3.4", "http://10.2.3.4/", true, true},
        {"http://10.2.3.4/", "3.4", NULL, false, false},
        {"http://10.2.3.4/", "2.3.4", NULL, false, false},
        {"http://10.2.3.4/", "10.2.3.4", "http://1.10.2.3.4/", true, false},
        {"http://[::1]/", NULL, "http://[::1]:8080/", true, true},
        {"http://[::1]/", NULL, "http://[::2]/", true, false},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        char text[128];
        snprintf(text, sizeof text, table[i].domain != NULL ? "a=b; Domain=%s" : "a=b", table[i].domain);
        bool stored = receive(table[i].from, text);
        if (stored != table[i].stored)
            print_error("%s %s\n", table[i].from, text);
        assert_int_equal(stored, table[i].stored);
        if (table[i].to != NULL)
            assert_string_equal(header(table[i].to), table[i].sent ? "a=b" : "");
        teardown(NULL);
    }
}

static void test_which_paths_get_a_cookie(void **state)
{
    (void)state;
    static const struct {
        const char *from, *path, *to;
        bool sent;
    } table[] = {
        {"http://h.x/", NULL, "http://h.x/any", true},
        {"http://h.x/a", NULL, "http://h.x/", true},
        {"http://h.x/a/", NULL, "http://h.x/a", true},
        {"http://h.x/a/b", NULL, "http://h.x/a/c?d/e", true},
        {"http://h.x/a/b?c/d/e", NULL, "http://h.x/a/", true},
        {"http://h.x/a/b", NULL, "http://h.x/ab", false},
        {"http://h.x/a/b", NULL, "http://h.x/", false},
        {"http://h.x/", "/a", "http://h.x/a", true},
        {"http://h.x/", "/a", "http://h.x/a?b", true},
        {"http://h.x/", "/a", "http://h.x/a/b", true},
        {"http://h.x/", "/a", "http://h.x/ab", false},
        {"http://h.x/", "/a", "http://h.x/A", false},
        {"http://h.x/", "/a/", "http://h.x/a", false},
        {"http://h.x/", "/a/", "http://h.x/a/b", true},
        {"http://h.x/a/b/c", "", "http://h.x/a/b", true},
        {"http://h.x/a/b/c", "a", "http://h.x/a", false},
        {"http://h.x/a/b/c", "/; Path=x", "http://h.x/a", false},
        {"http://h.x/a/b/c", "x; path = /", "http://h.x/", true},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        char text[128];
        snprintf(text, sizeof text, table[i].path != NULL ? "a=b; Path=%s" : "a=b", table[i].path);
        assert_true(receive(table[i].from, text));
        const char *sent = header(table[i].to);
        if ((*sent != '\0') != table[i].sent)
            print_error("%s %s to %s\n", table[i].from, text, table[i].to);
        assert_string_equal(sent, table[i].sent ? "a=b" : "");
        teardown(NULL);
    }
}

static void test_secure_cookies_only_travel_encrypted(void **state)
{
    (void)state;
    assert_true(receive("https://localhost/", "a=b; Secure"));
    assert_true(receive("http://localhost/", "c=d; secure=yes; HTTPONLY"));
    assert_true(receive("http://localhost/", "e=f"));
    assert_string_equal(header("https://localhost/"), "a=b; c=d; e=f");
    assert_string_equal(header("http://localhost/"), "e=f");
    assert_true(jar.list[1].secure && jar.list[1].http_only);
}

static void test_longer_paths_come_first_then_older_cookies(void **state)
{
    (void)state;
    assert_true(receive("http://h/", "a=1; Path=/"));
    assert_true(receive("http://h/", "b=2; Path=/x/y"));
    assert_true(receive("http://h/", "c=3; Path=/"));
    assert_true(receive("http://h/", "d=4; Path=/x"));
    assert_true(receive("http://h/", "a=5; Path=/"));
    assert_string_equal(header("http://h/x/y/z"), "b=2; d=4; a=5; c=3");
}

static void test_many_cookies_are_sorted_as_few_are(void **state)
{
    (void)state;
    char expected[2048] = "";
    size_t at = 0;
    for (int i = 0; i < 100; i++) {
        char text[64];
        snprintf(text, sizeof text, "n%d=v; Path=%s", i, i % 2 ? "/x" : "/");
        assert_true(receive("http://h/", text));
    }
    for (int odd = 1; odd >= 0; odd--)
        for (int i = odd; i < 100; i += 2)
            at += (size_t)snprintf(expected + at, sizeof expected - at, "%sn%d=v", at != 0 ? "; " : "", i);
    assert_string_equal(header("http://h/x"), expected);
}

static void test_replacement_keeps_the_place_and_tells_by_version(void **state)
{
    (void)state;
    assert_true(receive("http://h/", "a=1"));
    assert_true(receive("http://h/", "b=2"));
    uint64_t serial = jar.list[0].serial;
    uint64_t version = jar.version;
    assert_true(receive("http://h/", "a=1"));
    assert_int_equal(jar.version, version);
    assert_true(receive("http://h/", "a=other; Secure"));
    assert_true(jar.version > version);
    assert_int_equal(jar.count, 2);
    assert_int_equal(jar.list[0].serial, serial);
    assert_string_equal(header("https://h/"), "a=other; b=2");
    assert_true(receive("http://h/", "a=path; Path=/p"));
    assert_int_equal(jar.count, 3);
}

static void test_names_and_paths_that_begin_alike_are_different(void **state)
{
    (void)state;
    assert_true(receive("http://h/", "name=1; Path=/ab"));
    assert_true(receive("http://h/", "nam=2; Path=/ab"));
    assert_true(receive("http://h/", "nam=3; Path=/a"));
    assert_true(receive("http://h/", "names=4; Path=/ab"));
    assert_string_equal(header("http://h/ab"), "name=1; nam=2; names=4");
}

static void test_expiry_removes(void **state)
{
    (void)state;
    assert_true(receive("http://h/", "a=1; Max-Age=10"));
    assert_true(receive("http://h/", "b=2"));
    assert_true(receive("http://h/", "c=3; Expires=Tue, 14 Nov 2023 22:13:30 GMT"));
    assert_string_equal(header_at("http://h/", NOW + 9), "a=1; b=2; c=3");
    assert_string_equal(header_at("http://h/", NOW + 10), "b=2");
    assert_int_equal(jar.count, 1);
    assert_true(receive("http://h/", "b=; Max-Age=0"));
    assert_int_equal(jar.count, 0);
    assert_false(receive("http://h/", "b=; Max-Age=0"));
}

static void test_size_limits(void **state)
{
    (void)state;
    static char text[ACR_COOKIE_BYTES_MAX + 64];
    memset(text, 'v', sizeof text);
    text[1] = '=';
    text[ACR_COOKIE_BYTES_MAX + 1] = '\0';
    assert_true(receive("http://h/", text));
    text[ACR_COOKIE_BYTES_MAX + 1] = 'v';
    text[ACR_COOKIE_BYTES_MAX + 2] = '\0';
    assert_false(receive("http://h/", text));
    assert_int_equal(set("n", text, "h", "/"), ACR_ERR_LIMIT);
    memcpy(text, "a=b; path=/", 11);
    text[2000] = '\0';
    teardown(NULL);
    assert_true(receive("http://h/", text));
    assert_string_equal(header("http://h/"), "a=b");
}

static void test_the_oldest_of_a_full_domain_goes(void **state)
{
    (void)state;
    char text[64];
    assert_true(receive("http://other.org/", "keep=1"));
    for (int i = 0; i < ACR_COOKIES_PER_DOMAIN_MAX + 2; i++) {
        snprintf(text, sizeof text, "n%d=v", i);
        assert_true(receive("http://h.example/", text));
    }
    assert_int_equal(jar.count, ACR_COOKIES_PER_DOMAIN_MAX + 1);
    assert_int_equal(acr_cookies_remove(&jar, NULL, NULL, "n1"), 0);
    assert_int_equal(acr_cookies_remove(&jar, NULL, NULL, "n2"), 1);
    assert_int_equal(acr_cookies_remove(&jar, "other.org", NULL, NULL), 1);
}

static void test_expired_cookies_go_before_the_oldest(void **state)
{
    (void)state;
    char text[64];
    for (int i = 0; i < ACR_COOKIES_PER_DOMAIN_MAX; i++) {
        snprintf(text, sizeof text, "n%d=v%s", i, i == 7 ? "; Max-Age=1" : "");
        assert_true(receive("http://h/", text));
    }
    assert_true(receive_at("http://h/", "new=v", NOW + 1));
    assert_int_equal(jar.count, ACR_COOKIES_PER_DOMAIN_MAX);
    assert_int_equal(acr_cookies_remove(&jar, NULL, NULL, "n0"), 1);
}

static void test_the_jar_as_a_whole_is_limited(void **state)
{
    (void)state;
    char from[64];
    for (int i = 0; i < ACR_COOKIES_MAX + 5; i++) {
        snprintf(from, sizeof from, "http://h%d/", i % 40);
        char text[64];
        snprintf(text, sizeof text, "n%d=v", i);
        assert_true(receive(from, text));
        assert_true(jar.count <= ACR_COOKIES_MAX);
    }
    assert_int_equal(jar.count, ACR_COOKIES_MAX);
    assert_int_equal(acr_cookies_remove(&jar, NULL, NULL, "n4"), 0);
    assert_int_equal(acr_cookies_remove(&jar, NULL, NULL, "n5"), 1);
}

static void test_cookies_are_set_and_removed_by_hand(void **state)
{
    (void)state;
    assert_int_equal(set("a", "b", "h.x", "/"), 0);
    assert_int_equal(set("c", "b", "h.x", "/p"), 0);
    assert_int_equal(set("c", "d", "h.x", "/p"), 0);
    assert_string_equal(header("http://w.h.x/p"), "c=d; a=b");
    assert_int_equal(acr_cookies_remove(&jar, "h.x", "/x", NULL), 0);
    uint64_t version = jar.version;
    /* the arguments may belong to what is removed */
    assert_int_equal(acr_cookies_remove(&jar, jar.list[0].domain, NULL, NULL), 2);
    assert_true(jar.version > version);
    assert_int_equal(jar.count, 0);
    assert_string_equal(header("http://h.x/p"), "");
}

static void test_a_cookie_of_the_jar_can_be_set_again(void **state)
{
    (void)state;
    assert_true(receive("http://h/", "a=b"));
    struct acr_cookie cookie = jar.list[0];
    cookie.secure = true;
    assert_int_equal(acr_cookies_set(&jar, &cookie), 0);
    assert_int_equal(jar.count, 1);
    assert_string_equal(jar.list[0].value, "b");
    assert_true(jar.list[0].secure);
}

static void test_a_header_that_does_not_fit_is_left_out(void **state)
{
    (void)state;
    assert_true(receive("http://h/", "a=0123456789"));
    assert_true(receive("http://h/", "b=0123456789"));
    struct acr_url url;
    assert_int_equal(acr_url_parse(ACR_STR("http://h/"), &url, NULL), 0);
    struct acr_buffer out;
    acr_buffer_init(&out, 20);
    assert_int_equal(acr_cookies_header(&jar, &url, NOW, &out), ACR_ERR_TOO_LARGE);
    assert_int_equal(out.size, 0);
    acr_buffer_done(&out);
    acr_url_done(&url);
}

static void test_a_cookie_without_a_domain_goes_to_every_host(void **state)
{
    (void)state;
    assert_int_equal(set("a", "1", "", "/"), 0);
    assert_int_equal(set("b", "2", "", "/deep"), 0);
    assert_string_equal(header("http://one.example/"), "a=1");
    assert_string_equal(header("http://127.0.0.1/deep/x"), "b=2; a=1");
    assert_int_equal(acr_cookies_remove(&jar, "", "/", "a"), 1);
    assert_string_equal(header("http://one.example/"), "");
}

static void test_dates_in_the_formats_servers_use(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } table[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun, 06-Nov-1994 08:49:37 GMT", 784111777},
        {"06 NOVEMBER 1994 8:49:37", 784111777},
        {"1994 Nov 6 08:49:37", 784111777},
        {"Nov 6 94 08:49:37", 784111777},
        {"08:49:37 6 nov 1994 +0500", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Fri, 01 Jan 1601 00:00:00 GMT", -11644473600},
        {"29 Feb 2000 00:00:00", 951782400},
        {"29 Feb 2024 12:00:00", 1709208000},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"1 Jan 70 0:0:0", 0},
        {"1 Jan 69 0:0:0", 3124224000},
        {"1 Jan 0 0:0:0 2001", 978307200},
        {"1st Jan 2001xyz 0:0:0z", 978307200},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        int64_t seconds = -12345;
        struct guard guard = guard_copy(table[i].text, strlen(table[i].text));
        if (!acr_cookie_date((struct acr_str){guard.data, guard.size}, &seconds) || seconds != table[i].seconds)
            print_error("%s: %lld\n", table[i].text, (long long)seconds);
        assert_int_equal(seconds, table[i].seconds);
        guard_done(&guard);
    }
}

static void test_dates_that_are_none(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        "0",
        "-1",
        "tomorrow",
        "Sun, 06 Nov 1994",
        "Sun, 06 Nov 08:49:37",
        "Sun, 06 1994 08:49:37",
        "Nov 1994 08:49:37",
        "00 Nov 1994 08:49:37",
        "32 Jan 1994 08:49:37",
        "31 Apr 1994 08:49:37",
        "29 Feb 1900 08:49:37",
        "29 Feb 2023 08:49:37",
        "6 Nov 1600 08:49:37",
        "6 Nov 1994 24:00:00",
        "6 Nov 1994 08:60:37",
        "6 Nov 1994 08:49:60",
        "6 Nov 1994 08:49",
        "6 Nov 1994 123:49:37",
        "6 Nov 19940 08:49:37",
        "6 Nov 9 08:49:37",
        "6 No 1994 08:49:37",
        "6Nov1994 08:49:37",
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        int64_t seconds = -12345;
        if (acr_cookie_date(acr_str_of(table[i]), &seconds))
            print_error("%s\n", table[i]);
        assert_int_equal(seconds, -12345);
    }
}

static void test_every_day_of_eight_centuries_agrees_with_the_c_library(void **state)
{
    (void)state;
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    for (int64_t day = -134774; day < 160000; day += 13) {
        time_t time = (time_t)(day * 86400 + 3723);
        struct tm parts;
        gmtime_r(&time, &parts);
        char text[64];
        snprintf(text, sizeof text, "%02d-%s-%04d 01:02:03", parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900);
        int64_t seconds = 0;
        assert_true(acr_cookie_date(acr_str_of(text), &seconds));
        assert_int_equal(seconds, time);
    }
}

static void test_a_cookie_is_found_by_name_for_a_host(void **state)
{
    (void)state;
    receive("http://a.test/", "id=root; Path=/");
    receive("http://a.test/", "id=deep; Path=/deep");
    receive("http://a.test/", "id=other; Path=/abcd");
    receive("http://a.test/", "short=1; Max-Age=10");
    receive("https://a.test/", "safe=1; Secure");
    receive("http://www.b.test/", "all=b; Domain=b.test");
    assert_string_equal(find_at("http://a.test/", "id", NOW), "deep");
    assert_string_equal(find_at("http://b.test/", "id", NOW), "");
    assert_string_equal(find_at(NULL, "id", NOW), "deep");
    assert_string_equal(find_at("http://a.test/", "short", NOW + 9), "1");
    assert_string_equal(find_at("http://a.test/", "short", NOW + 10), "");
    assert_string_equal(find_at(NULL, "short", NOW + 10), "");
    assert_string_equal(find_at("http://a.test/", "safe", NOW), "");
    assert_string_equal(find_at("https://a.test/", "safe", NOW), "1");
    assert_string_equal(find_at("http://x.b.test/", "all", NOW), "b");
    assert_string_equal(find_at("http://a.test/", "ID", NOW), "");
}
