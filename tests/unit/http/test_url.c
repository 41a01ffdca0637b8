/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "http/url.h"
#include "support/guard.h"

#define assert_str(actual, expected)                                   \
    do {                                                               \
        struct acr_str actual_ = (actual);                             \
        assert_int_equal(actual_.size, strlen(expected));              \
        if (actual_.size > 0)                                          \
            assert_memory_equal(actual_.data, expected, actual_.size); \
    } while (0)

struct parse_case {
    const char *text;
    int code;
    const char *whole; /* what urllib3 sends, as one URL; NULL on failure */
};

/* Recorded from requests 2.28.1 and urllib3 1.26.12: prepare_url(), then what the adapter sends. */
static const struct parse_case as_requests[] = {
    {"http://h", 0, "http://h/"},
    {"http://h/", 0, "http://h/"},
    {"HTTP://ExAmPle.COM/Path?Query#Frag", 0, "http://example.com/Path?Query#Frag"},
    {"https://h", 0, "https://h/"},
    {"https://h:443/x", 0, "https://h/x"},
    {"http://h:80/x", 0, "http://h/x"},
    {"http://h:8080", 0, "http://h:8080/"},
    {"http://h:", 0, "http://h/"},
    {"http://h:/", 0, "http://h/"},
    {"http://h:65535/", 0, "http://h:65535/"},
    {"http://h:65536/", ACR_ERR_INVALID_URL, NULL},
    {"http://h:99999/", ACR_ERR_INVALID_URL, NULL},
    {"http://h:123456/", ACR_ERR_INVALID_URL, NULL},
    {"http://h:080/", 0, "http://h/"},
    {"http://h:-1/", ACR_ERR_INVALID_URL, NULL},
    {"http://h:8x/", ACR_ERR_INVALID_URL, NULL},
    {"http://h: 80/", ACR_ERR_INVALID_URL, NULL},
    {"http://h:80:80/", ACR_ERR_INVALID_URL, NULL},
    {"http://h?x=1", 0, "http://h/?x=1"},
    {"http://h#f", 0, "http://h/#f"},
    {"http://h?#", 0, "http://h/"},
    {"http://h/?", 0, "http://h/"},
    {"http://h/#", 0, "http://h/"},
    {"http://h?x=1#f?g#h", 0, "http://h/?x=1#f?g%23h"},
    {"http://h/a b", 0, "http://h/a%20b"},
    {"http://h/a%20b", 0, "http://h/a%20b"},
    {"http://h/a+b?c+d", 0, "http://h/a+b?c+d"},
    {"http://h/\303\274", 0, "http://h/%C3%BC"},
    {"http://h/?q=\303\274\342\202\254\360\237\230\200", 0, "http://h/?q=%C3%BC%E2%82%AC%F0%9F%98%80"},
    {"http://h/%zz", 0, "http://h/%25zz"},
    {"http://h/%41%7e%2f%c3%bc", 0, "http://h/A~%2F%C3%BC"},
    {"http://h/%41%zz", 0, "http://h/%2541%25zz"},
    {"http://h/%zz?%41", 0, "http://h/%25zz?A"},
    {"http://h/%41?%zz", 0, "http://h/A?%25zz"},
    {"http://h/a%", 0, "http://h/a%25"},
    {"http://h/a%2", 0, "http://h/a%252"},
    {"http://h/100%?x=50%25", 0, "http://h/100%25?x=50%25"},
    {"http://h/[a]{b}|c^`d\"<e>\\f", 0, "http://h/%5Ba%5D%7Bb%7D%7Cc%5E%60d%22%3Ce%3E%5Cf"},
    {"http://h/?[a]{b}|c^`d\"<e>\\f", 0, "http://h/?%5Ba%5D%7Bb%7D%7Cc%5E%60d%22%3Ce%3E%5Cf"},
    {"http://h/a;b;c=d?e;f", 0, "http://h/a;b;c=d?e;f"},
    {"http://h/a:b@c!$&'()*+,;=-._~", 0, "http://h/a:b@c!$&'()*+,;=-._~"},
    {"http://h//a//b", 0, "http://h//a//b"},
    {"http://h/a/./b/../c", 0, "http://h/a/c"},
    {"http://h/..", 0, "http://h/"},
    {"http://h/../x", 0, "http://h/x"},
    {"http://h/..//x", 0, "http://h/x"},
    {"http://h/.//x", 0, "http://h//x"},
    {"http://h/.", 0, "http://h/"},
    {"http://h/a/..", 0, "http://h/"},
    {"http://h/a/.", 0, "http://h/a/"},
    {"http://h/a/b/../../..", 0, "http://h/"},
    {"http://h/%2e%2e/x", 0, "http://h/../x"},
    {"http://h/a/%2E%2e/x", 0, "http://h/a/../x"},
    {"http://h/.../x", 0, "http://h/.../x"},
    {"http://h/..a/.b", 0, "http://h/..a/.b"},
    {"http://h?a/../b", 0, "http://h/?a/../b"},
    {"http://h/a?b?c?\?d", 0, "http://h/a?b?c?\?d"},
    {"http://h/a?b#c%zz d", 0, "http://h/a?b#c%25zz%20d"},
    {"http://u:p@h/", 0, "http://h/"},
    {"http://u@h/", 0, "http://h/"},
    {"http://:p@h/", 0, "http://h/"},
    {"http://u:@h/", 0, "http://h/"},
    {"http://@h/", 0, "http://h/"},
    {"http://u:p:q@h/", 0, "http://h/"},
    {"http://u@v@h/", 0, "http://h/"},
    {"http://u%40v:p%3a@h/", 0, "http://h/"},
    {"http://\303\274:\303\237@h/", 0, "http://h/"},
    {"http://[::1]/", 0, "http://[::1]/"},
    {"http://[::1]:8080/x", 0, "http://[::1]:8080/x"},
    {"http://[::1]:80/", 0, "http://[::1]/"},
    {"http://[2001:DB8::1]/", 0, "http://[2001:db8::1]/"},
    {"http://[::ffff:1.2.3.4]/", 0, "http://[::ffff:1.2.3.4]/"},
    {"http://[::1/", ACR_ERR_INVALID_URL, NULL},
    {"http://::1/", ACR_ERR_INVALID_URL, NULL},
    {"http://[]/", ACR_ERR_INVALID_URL, NULL},
    {"http://[::1]x/", ACR_ERR_INVALID_URL, NULL},
    {"http://[::g]/", ACR_ERR_INVALID_URL, NULL},
    {"http://[fe80::1%25eth0]/", 0, "http://[fe80::1]/"},
    {"http://[fe80::1%eth0]/", 0, "http://[fe80::1]/"},
    {"http://u:p@[::1]:99/", 0, "http://[::1]:99/"},
    {"http://1.2.3.4/", 0, "http://1.2.3.4/"},
    {"http://999.1.1.1/", 0, "http://999.1.1.1/"},
    {"http://a..b/", 0, "http://a..b/"},
    {"http://a./", 0, "http://a./"},
    {"http://.a/", ACR_ERR_INVALID_URL, NULL},
    {"http://*.a/", ACR_ERR_INVALID_URL, NULL},
    {"http://a*b/", 0, "http://a*b/"},
    {"http://a_b/", 0, "http://a_b/"},
    {"http://a,b/", 0, "http://a,b/"},
    {"http:///x", ACR_ERR_INVALID_URL, NULL},
    {"http://", ACR_ERR_INVALID_URL, NULL},
    {"http:/x", ACR_ERR_INVALID_URL, NULL},
    {"http:x", ACR_ERR_INVALID_URL, NULL},
    {"http:", ACR_ERR_INVALID_URL, NULL},
    {"http", ACR_ERR_MISSING_SCHEME, NULL},
    {"://x", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"//h/x", ACR_ERR_MISSING_SCHEME, NULL},
    {"/x", ACR_ERR_MISSING_SCHEME, NULL},
    {"x", ACR_ERR_MISSING_SCHEME, NULL},
    {"h:80/x", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"localhost:8000/x", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"www.example.org", ACR_ERR_MISSING_SCHEME, NULL},
    {"httpbin.org/get", ACR_ERR_MISSING_SCHEME, NULL},
    {"httpbin.org:80/get", ACR_ERR_MISSING_SCHEME, NULL},
    {"ftp://h/", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"mailto:a@b", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"file:///etc/passwd", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"httpx://h/", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"https+x://h/", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"javascript:alert(1)", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {" http://h/x", 0, "http://h/x"},
    {"http://h/x ", 0, "http://h/x%20"},
    {"http://h\\x", 0, "http://h/%5Cx"},
    {"http://h\\/..", 0, "http://h/"},
    {"http://h/a\\b", 0, "http://h/a%5Cb"},
    {"http://h/\001\177", 0, "http://h/%01%7F"},
    {"http://h/a\011b", 0, "http://h/a%09b"},
    {"http://h/a\011b?c\011d", 0, "http://h/a%09b?c%09d"},
    {"http://h/a\302\240b", 0, "http://h/a%C2%A0b"},
    {"http://h/x?y=http://z/?a=b&c=d", 0, "http://h/x?y=http://z/?a=b&c=d"},
    {"http://h/x?y=%E2%82%AC&z=%e2%82%ac", 0, "http://h/x?y=%E2%82%AC&z=%E2%82%AC"},
    {"http://h/%e2%82%ac", 0, "http://h/%E2%82%AC"},
    {"http://h/x?a=1&a=2&b=", 0, "http://h/x?a=1&a=2&b="},
    {"http://h/x?=&&==", 0, "http://h/x?=&&=="},
    {"http://h/x?'\"", 0, "http://h/x?'%22"},
    {"http://h/%00", 0, "http://h/%00"},
    {"http://h/x%0d%0aSet-Cookie:a", 0, "http://h/x%0D%0ASet-Cookie:a"},
    {"http://h/~user/%7Euser", 0, "http://h/~user/~user"},
    {"http://localhost.:80/", 0, "http://localhost./"},
    {"http://h:0080/", 0, "http://h/"},
    {"http://-h-/", 0, "http://-h-/"},
    {"", ACR_ERR_MISSING_SCHEME, NULL},
};

/* requests sends these to a host that cannot exist, or knows IDNA. */
static const struct parse_case stricter_than_requests[] = {
    {"http://h%20x/", ACR_ERR_INVALID_URL, NULL},
    {"http://h%41/", ACR_ERR_INVALID_URL, NULL},
    {"http://b\303\274cher.example/", ACR_ERR_INVALID_URL, NULL},
    {"http://h x/", ACR_ERR_INVALID_URL, NULL},
    {"http://h|x/", ACR_ERR_INVALID_URL, NULL},
    {"http://h<x/", ACR_ERR_INVALID_URL, NULL},
    {"http://h:0/", ACR_ERR_INVALID_URL, NULL},
};

struct resolve_case {
    const char *base;
    const char *reference;
    int code;
    const char *whole;
};

/* Recorded likewise: resolve_redirects(). */
static const struct resolve_case resolves_as_requests[] = {
    {"http://h/a/b/c?q=1#frag", "/x", 0, "http://h/x#frag"},
    {"http://h/a/b/c?q=1#frag", "x", 0, "http://h/a/b/x#frag"},
    {"http://h/a/b/c?q=1#frag", "./x", 0, "http://h/a/b/x#frag"},
    {"http://h/a/b/c?q=1#frag", "../x", 0, "http://h/a/x#frag"},
    {"http://h/a/b/c?q=1#frag", "../../../x", 0, "http://h/x#frag"},
    {"http://h/a/b/c?q=1#frag", ".", 0, "http://h/a/b/#frag"},
    {"http://h/a/b/c?q=1#frag", "..", 0, "http://h/a/#frag"},
    {"http://h/a/b/c?q=1#frag", "./", 0, "http://h/a/b/#frag"},
    {"http://h/a/b/c?q=1#frag", "../", 0, "http://h/a/#frag"},
    {"http://h/a/b/c?q=1#frag", "?y", 0, "http://h/a/b/c?y#frag"},
    {"http://h/a/b/c?q=1#frag", "?", 0, "http://h/a/b/c?q=1#frag"},
    {"http://h/a/b/c?q=1#frag", "#z", 0, "http://h/a/b/c?q=1#z"},
    {"http://h/a/b/c?q=1#frag", "?y#z", 0, "http://h/a/b/c?y#z"},
    {"http://h/a/b/c?q=1#frag", "#", 0, "http://h/a/b/c?q=1#frag"},
    {"http://h/a/b/c?q=1#frag", "", 0, "http://h/a/b/c?q=1#frag"},
    {"http://h/a/b/c?q=1#frag", "//other", 0, "http://other/#frag"},
    {"http://h/a/b/c?q=1#frag", "//other/x", 0, "http://other/x#frag"},
    {"http://h/a/b/c?q=1#frag", "//other:99/x#q", 0, "http://other:99/x#q"},
    {"http://h/a/b/c?q=1#frag", "///x", 0, "http://h/x#frag"},
    {"http://h/a/b/c?q=1#frag", "//", 0, "http://h/a/b/c?q=1#frag"},
    {"http://h/a/b/c?q=1#frag", "http://other", 0, "http://other/#frag"},
    {"http://h/a/b/c?q=1#frag", "https://other/", 0, "https://other/#frag"},
    {"http://h/a/b/c?q=1#frag", "https:/x", ACR_ERR_INVALID_URL, NULL},
    {"http://h/a/b/c?q=1#frag", "http:x", 0, "http://h/x#frag"},
    {"http://h/a/b/c?q=1#frag", "http:/x", 0, "http://h/x#frag"},
    {"http://h/a/b/c?q=1#frag", "http:../x", 0, "http://h/x#frag"},
    {"http://h/a/b/c?q=1#frag", "http:?q", 0, "http://h/a/b/c?q#frag"},
    {"http://h/a/b/c?q=1#frag", "http:", 0, "http://h/a/b/c?q=1#frag"},
    {"http://h/a/b/c?q=1#frag", "ftp://x", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"http://h/a/b/c?q=1#frag", "mailto:x", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"http://h/a/b/c?q=1#frag", "h:80", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"http://h/a/b/c?q=1#frag", "1:2", 0, "http://h/a/b/1:2#frag"},
    {"http://h/a/b/c?q=1#frag", "a:b/c", ACR_ERR_UNSUPPORTED_SCHEME, NULL},
    {"http://h/a/b/c?q=1#frag", "a b/c d?e f", 0, "http://h/a/b/a%20b/c%20d?e%20f#frag"},
    {"http://h/a/b/c?q=1#frag", "/a b", 0, "http://h/a%20b#frag"},
    {"http://h/a/b/c?q=1#frag", "/\303\274?\303\274", 0, "http://h/%C3%BC?%C3%BC#frag"},
    {"http://h/a/b/c?q=1#frag", "/%zz", 0, "http://h/%25zz#frag"},
    {"http://h/a/b/c?q=1#frag", "/%7e", 0, "http://h/~#frag"},
    {"http://h/a/b/c?q=1#frag", "/%2e%2e/x", 0, "http://h/x#frag"},
    {"http://h/a/b/c?q=1#frag", "%2e%2e/x", 0, "http://h/a/x#frag"},
    {"http://h/a/b/c?q=1#frag", "x//y//z", 0, "http://h/a/b/x/y/z#frag"},
    {"http://h/a/b/c?q=1#frag", "x/../y", 0, "http://h/a/b/y#frag"},
    {"http://h/a/b/c?q=1#frag", "x/./y/.", 0, "http://h/a/b/x/y/#frag"},
    {"http://h/a/b/c?q=1#frag", "x/..", 0, "http://h/a/b/#frag"},
    {"http://h/a/b/c?q=1#frag", "/..", 0, "http://h/#frag"},
    {"http://h/a/b/c?q=1#frag", "/../..//x", 0, "http://h/x#frag"},
    {"http://h/a/b/c?q=1#frag", "x;p", 0, "http://h/a/b/x;p#frag"},
    {"http://h/a/b/c?q=1#frag", ";p", 0, "http://h/a/b/;p#frag"},
    {"http://h/a/b/c?q=1#frag", "/a;b/c;d?e", 0, "http://h/a;b/c;d?e#frag"},
    {"http://h/a/b/c?q=1#frag", "\\x", 0, "http://h/a/b/%5Cx#frag"},
    {"http://h/a/b/c?q=1#frag", "/\\x", 0, "http://h/%5Cx#frag"},
    {"http://h/a/b/c?q=1#frag", "http://u:p@other/", 0, "http://other/#frag"},
    {"http://h/a/b/c?q=1#frag", "  /x", 0, "http://h/x#frag"},
    {"http://h/a/b/c?q=1#frag", "/x\011y", 0, "http://h/xy#frag"},
    {"http://h/a/b/c?q=1#frag", "/a?b=c#d#e", 0, "http://h/a?b=c#d%23e"},
    {"http://h/a/b/c?q=1#frag", "?a/../b", 0, "http://h/a/b/c?a/../b#frag"},
    {"http://h/a/b/c?q=1#frag", "/x[1]", 0, "http://h/x%5B1%5D#frag"},
    {"http://h/a/b/c?q=1#frag", "/x|y", 0, "http://h/x%7Cy#frag"},
    {"http://h/a/b/c?q=1#frag", "/x#fr ag", 0, "http://h/x#fr%20ag"},
    {"http://h/a/b/c?q=1#frag", "x?y?z", 0, "http://h/a/b/x?y?z#frag"},
    {"http://h/a/b/c?q=1#frag", "/x?url=http://a/?b", 0, "http://h/x?url=http://a/?b#frag"},
    {"http://h/a/b/c?q=1#frag", "http://[::1]:9/x", 0, "http://[::1]:9/x#frag"},
    {"http://h/a/b/c?q=1#frag", "http://[::1/x", ACR_ERR_INVALID_URL, NULL},
    {"http://h/a/b/c?q=1#frag", "//[::1]/x", 0, "http://[::1]/x#frag"},
    {"http://h/a/b/c?q=1#frag", "http://h:99999/", ACR_ERR_INVALID_URL, NULL},
    {"http://h/a/b/c?q=1#frag", "http:///y", 0, "http://h/y#frag"},
    {"http://h/a/b/c?q=1#frag", "https:///y", ACR_ERR_INVALID_URL, NULL},
    {"http://h/a/b/c?q=1#frag", "http://?y", 0, "http://h/a/b/c?y#frag"},
    {"http://h/a/b/c?q=1#frag", "g;x=1/../y", 0, "http://h/a/b/y#frag"},
    {"https://u:p@h:8443/a/b/", "x", 0, "https://h:8443/a/b/x"},
    {"https://u:p@h:8443/a/b/", "", 0, "https://h:8443/a/b/"},
    {"https://u:p@h:8443/a/b/", "?", 0, "https://h:8443/a/b/"},
    {"https://u:p@h:8443/a/b/", "//o/x", 0, "https://o/x"},
    {"https://u:p@h:8443/a/b/", "http:x", ACR_ERR_INVALID_URL, NULL},
    {"https://u:p@h:8443/a/b/", "http://h/", 0, "http://h/"},
    {"https://u:p@h:8443/a/b/", "https:x", 0, "https://h:8443/x"},
    {"http://[::1]:8080/a//b/c", "x", 0, "http://[::1]:8080/a/b/x"},
    {"http://[::1]:8080/a//b/c", "//other", 0, "http://other/"},
    {"http://h", "x", 0, "http://h/x"},
    {"http://h", "..", 0, "http://h/"},
    {"http://h//x/y", "z", 0, "http://h/x/z"},
    {"http://h//x/y", "/z", 0, "http://h/z"},
    {"http://h/a/b;p=1/c;d", "e", 0, "http://h/a/b;p=1/e"},
    {"http://h/a/b;p=1/c;d", "?e", 0, "http://h/a/b;p=1/c;d?e"},
};

/* requests leaves dot segments of absolute references, takes '\' for a part of the host, judges broken escapes over the
 * whole URL, and drops an empty ";" parameter. */
static const struct resolve_case resolves_otherwise[] = {
    {"http://h/a/b/c?q=1#frag", "http://other/a/../b", 0, "http://other/b#frag"},
    {"http://h/a/b/c?q=1#frag", "http://Other:80/%7e%c3?%zz", 0, "http://other/~%C3?%25zz#frag"},
    {"http://h/a/b/c?q=1#frag", "http://other\\x", 0, "http://other/%5Cx#frag"},
    {"http://h/a/b/c?q=1#frag", "http://ot her/", ACR_ERR_INVALID_URL, NULL},
    {"http://h/a/b/c?q=1#frag", "//a/b/../c", 0, "http://a/c#frag"},
    {"http://h/a/b", "c;", 0, "http://h/a/c;"},
    {"http://h/a/b", ".;x", 0, "http://h/a/.;x"},
};

static int parse(const char *text, struct acr_url *url, struct acr_error *error)
{
    struct guard guard = guard_copy(text, strlen(text));
    int code = acr_url_parse((struct acr_str){guard.data, guard.size}, url, error);
    guard_done(&guard);
    return code;
}

static void check_parse(const struct parse_case *expected)
{
    struct acr_url url = {0};
    struct acr_error error = {0};
    int code = parse(expected->text, &url, &error);
    if (code != expected->code)
        print_error("%s: %d, not %d\n", expected->text, code, expected->code);
    assert_int_equal(code, expected->code);
    assert_int_equal(error.code, code);
    if (code == 0)
        assert_str(url.whole, expected->whole);
    else
        assert_null(url.text);
    acr_url_done(&url);
}

static void check_resolve(const struct resolve_case *expected)
{
    struct acr_url base = {0};
    struct acr_url url = {0};
    assert_int_equal(parse(expected->base, &base, NULL), 0);
    struct guard guard = guard_copy(expected->reference, strlen(expected->reference));
    int code = acr_url_resolve(&base, (struct acr_str){guard.data, guard.size}, &url, NULL);
    guard_done(&guard);
    if (code != expected->code)
        print_error("%s + %s: %d, not %d\n", expected->base, expected->reference, code, expected->code);
    assert_int_equal(code, expected->code);
    acr_url_done(&base);
    if (code == 0)
        assert_str(url.whole, expected->whole);
    acr_url_done(&url);
}

static void test_urls_are_cleaned_as_requests_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(as_requests); i++)
        check_parse(&as_requests[i]);
}

static void test_hosts_that_cannot_exist_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(stricter_than_requests); i++)
        check_parse(&stricter_than_requests[i]);
}

static void test_references_are_resolved_as_requests_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(resolves_as_requests); i++)
        check_resolve(&resolves_as_requests[i]);
}

static void test_references_that_are_resolved_otherwise(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(resolves_otherwise); i++)
        check_resolve(&resolves_otherwise[i]);
}

static void test_all_parts_are_told(void **state)
{
    (void)state;
    struct acr_url url;
    assert_int_equal(parse("https://us%40er:pa:ss@Example.ORG:8443/a/b?c=d#e", &url, NULL), 0);
    assert_true(url.secure);
    assert_int_equal(url.port, 8443);
    assert_true(url.port_explicit);
    assert_str(url.host, "example.org");
    assert_str(url.authority, "example.org:8443");
    assert_str(url.target, "/a/b?c=d");
    assert_str(url.path, "/a/b");
    assert_str(url.fragment, "e");
    assert_str(url.username, "us%40er");
    assert_str(url.password, "pa:ss");
    assert_str(url.whole, "https://example.org:8443/a/b?c=d#e");
    acr_url_done(&url);
}

static void test_absent_parts_are_empty_or_null(void **state)
{
    (void)state;
    struct acr_url url;
    assert_int_equal(parse("http://h:80", &url, NULL), 0);
    assert_false(url.secure);
    assert_int_equal(url.port, 80);
    assert_false(url.port_explicit);
    assert_str(url.authority, "h");
    assert_str(url.target, "/");
    assert_str(url.fragment, "");
    assert_null(url.username.data);
    assert_null(url.password.data);
    acr_url_done(&url);
    assert_int_equal(parse("https://h:80", &url, NULL), 0);
    assert_true(url.port_explicit);
    assert_str(url.authority, "h:80");
    acr_url_done(&url);
    assert_null(url.text);
    acr_url_done(&url);
}

static void test_user_info_is_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *username, *password;
    } table[] = {
        {"http://u@h/", "u", NULL},  {"http://u:@h/", "u", ""},      {"http://:p@h/", "", "p"},
        {"http://@h/", NULL, NULL},  {"http://:@h/", "", ""},        {"http://u@v:p@h/", "u@v", "p"},
        {"http://h/@x", NULL, NULL}, {"http://h?a:b@c", NULL, NULL},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(table); i++) {
        struct acr_url url;
        assert_int_equal(parse(table[i].text, &url, NULL), 0);
        assert_int_equal(url.username.data != NULL, table[i].username != NULL);
        assert_int_equal(url.password.data != NULL, table[i].password != NULL);
        if (table[i].username != NULL)
            assert_str(url.username, table[i].username);
        if (table[i].password != NULL)
            assert_str(url.password, table[i].password);
        assert_str(url.host, "h");
        acr_url_done(&url);
    }
}

static void test_addresses_lose_their_brackets_and_keep_their_zone_to_themselves(void **state)
{
    (void)state;
    struct acr_url url;
    struct acr_url next;
    assert_int_equal(parse("http://u:p@[FE80::1%25Eth0]:81/", &url, NULL), 0);
    assert_str(url.host, "fe80::1%Eth0");
    assert_str(url.authority, "[fe80::1]:81");
    assert_int_equal(acr_url_resolve(&url, ACR_STR("x"), &next, NULL), 0);
    assert_str(next.host, "fe80::1%Eth0");
    assert_str(next.authority, "[fe80::1]:81");
    assert_str(next.username, "u");
    assert_str(next.password, "p");
    acr_url_done(&next);
    acr_url_done(&url);
    assert_int_equal(parse("http://[fe80::1%]/", &url, NULL), ACR_ERR_INVALID_URL);
    assert_int_equal(parse("http://[fe80::1%a/b]/", &url, NULL), ACR_ERR_INVALID_URL);
    assert_int_equal(parse("http://[1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19]/", &url, NULL),
                     ACR_ERR_INVALID_URL);
}

static void test_a_relative_reference_keeps_user_info_and_an_absolute_one_does_not(void **state)
{
    (void)state;
    struct acr_url base;
    struct acr_url url;
    assert_int_equal(parse("http://u:p@h/a", &base, NULL), 0);
    assert_int_equal(acr_url_resolve(&base, ACR_STR("/b"), &url, NULL), 0);
    assert_str(url.username, "u");
    acr_url_done(&url);
    assert_int_equal(acr_url_resolve(&base, ACR_STR("http://h/b"), &url, NULL), 0);
    assert_null(url.username.data);
    acr_url_done(&url);
    acr_url_done(&base);
}

static void test_control_bytes_in_a_host_are_refused(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[] = "http://a?b/";
        text[8] = (char)c;
        struct acr_url url = {0};
        bool fine = acr_url_parse((struct acr_str){text, sizeof text - 1}, &url, NULL) == 0;
        bool expected = c > 0x20 && c < 0x7f && strchr("%:<>[]^`{|}\"", c) == NULL;
        if (fine != expected)
            print_error("byte %d\n", c);
        assert_int_equal(fine, expected);
        acr_url_done(&url);
    }
}

static void test_a_url_past_the_limit_is_too_large(void **state)
{
    (void)state;
    char *text = acr_alloc(ACR_URL_MAX + 1);
    memset(text, 'a', ACR_URL_MAX + 1);
    memcpy(text, "http://h/", 9);
    struct acr_url url;
    assert_int_equal(acr_url_parse((struct acr_str){text, ACR_URL_MAX}, &url, NULL), 0);
    struct acr_url longer;
    assert_int_equal(acr_url_resolve(&url, ACR_STR("?b"), &longer, NULL), ACR_ERR_TOO_LARGE);
    acr_url_done(&url);
    assert_int_equal(acr_url_parse((struct acr_str){text, ACR_URL_MAX + 1}, &url, NULL), ACR_ERR_TOO_LARGE);
    text[ACR_URL_MAX - 1] = ' ';
    assert_int_equal(acr_url_parse((struct acr_str){text, ACR_URL_MAX}, &url, NULL), ACR_ERR_TOO_LARGE);
    acr_free(text);
}

static void test_quote_and_unquote(void **state)
{
    (void)state;
    struct acr_buffer out = {0};
    assert_int_equal(acr_url_quote(&out, ACR_STR("a b/c~d-e_f.g+\xc3\xbc%\0"), NULL, false), 0);
    assert_str(acr_buffer_str(&out), "a%20b%2Fc~d-e_f.g%2B%C3%BC%25%00");
    acr_buffer_reset(&out);
    assert_int_equal(acr_url_quote(&out, ACR_STR("a b/c+d"), "/", true), 0);
    assert_str(acr_buffer_str(&out), "a+b/c%2Bd");
    acr_buffer_reset(&out);
    assert_int_equal(acr_url_unquote(&out, ACR_STR("a%20b%zz%4%C3%bc+%25%")), 0);
    assert_str(acr_buffer_str(&out), "a b%zz%4\xc3\xbc+%%");
    acr_buffer_reset(&out);
    assert_int_equal(acr_url_quote(&out, (struct acr_str){NULL, 0}, NULL, false), 0);
    assert_int_equal(acr_url_unquote(&out, (struct acr_str){NULL, 0}), 0);
    assert_int_equal(out.size, 0);
    acr_buffer_done(&out);
}
