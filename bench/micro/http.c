/* SPDX-License-Identifier: MIT */
/* http - nanoseconds per call of the codecs that stand on the request path. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/body.h"
#include "http/cookies.h"
#include "http/head.h"
#include "http/url.h"

#define ROUNDS 400
#define CALLS_PER_ROUND 2000

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Prints the best of many short rounds: machines are shared, and noise only ever adds. */
static void measure(const char *name, void (*call)(void))
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (int i = 0; i < CALLS_PER_ROUND; i++)
            call();
        double each = (now_ns() - start) / CALLS_PER_ROUND;
        best = each < best ? each : best;
    }
    printf("%-32s %8.1f ns\n", name, best);
}

static char short_head[] = "HTTP/1.1 200 OK\r\n"
                           "Server: nginx/1.22.1\r\n"
                           "Date: Sat, 31 Jan 2026 12:00:00 GMT\r\n"
                           "Content-Type: text/html\r\n"
                           "Content-Length: 612\r\n"
                           "Connection: keep-alive\r\n\r\n";

static char long_head[] = "HTTP/1.1 200 OK\r\n"
                          "Date: Sat, 31 Jan 2026 12:00:00 GMT\r\n"
                          "Content-Type: text/html; charset=utf-8\r\n"
                          "Transfer-Encoding: chunked\r\n"
                          "Connection: keep-alive\r\n"
                          "Vary: Accept-Encoding, Cookie\r\n"
                          "Cache-Control: private, no-cache, no-store, must-revalidate, max-age=0\r\n"
                          "Set-Cookie: sessionid=0123456789abcdef0123456789abcdef; HttpOnly; Path=/; SameSite=Lax\r\n"
                          "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
                          "X-Content-Type-Options: nosniff\r\n"
                          "X-Frame-Options: DENY\r\n"
                          "Referrer-Policy: same-origin\r\n"
                          "Content-Encoding: gzip\r\n\r\n";

static struct acr_head head;
static volatile size_t sink;

static void fail(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    _Exit(1);
}

static void find_short_end(void)
{
    size_t scanned = 0;
    sink = acr_head_end(short_head, sizeof short_head - 1, &scanned);
}

static void parse_short_head(void)
{
    if (acr_head_parse(short_head, sizeof short_head - 1, &head, NULL) != 0)
        fail("head");
}

static void find_long_end(void)
{
    size_t scanned = 0;
    sink = acr_head_end(long_head, sizeof long_head - 1, &scanned);
}

static void parse_long_head(void)
{
    if (acr_head_parse(long_head, sizeof long_head - 1, &head, NULL) != 0)
        fail("head");
}

static void feed_chunked_body(void)
{
    static const char text[] = "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
    head.status = 200;
    head.chunked = true;
    struct acr_body body;
    acr_body_init(&body, ACR_STR("GET"), &head);
    for (size_t at = 0; !body.done;) {
        size_t taken = 0;
        struct acr_str run;
        if (acr_body_feed(&body, text + at, sizeof text - 1 - at, &taken, &run) != 0)
            fail("body");
        at += taken;
        sink = run.size;
    }
}

static struct acr_cookies jar;
static struct acr_url url;
static struct acr_buffer out;

static void compose_cookies(void)
{
    acr_buffer_reset(&out);
    if (acr_cookies_header(&jar, &url, 1700000000, &out) != 0)
        fail("cookies");
    sink = out.size;
}

static void receive_cookie(void)
{
    static unsigned count;
    static char text[] = "sessionid=0123456789abcdef0123456789abcdef; HttpOnly; Path=/; Max-Age=3600; SameSite=Lax";
    text[10] = (char)('a' + count++ % 2);
    sink = acr_cookies_receive(&jar, &url, ACR_STR(text), 1700000000);
}

static void parse_url(void)
{
    struct acr_url parsed;
    if (acr_url_parse(ACR_STR("http://127.0.0.1:8000/catalogue/item/1234?page=2&sort=price"), &parsed, NULL) != 0)
        fail("url");
    acr_url_done(&parsed);
}

static void resolve_url(void)
{
    struct acr_url resolved;
    if (acr_url_resolve(&url, ACR_STR("/account/login?next=/account/"), &resolved, NULL) != 0)
        fail("resolve");
    acr_url_done(&resolved);
}

static void measure_cookies(void)
{
    measure("Cookie header, empty jar", compose_cookies);
    receive_cookie();
    measure("Cookie header, 1 cookie", compose_cookies);
    acr_cookies_receive(&jar, &url, ACR_STR("csrftoken=abcdefghijklmnopqrstuvwxyz; Path=/"), 1700000000);
    acr_cookies_receive(&jar, &url, ACR_STR("lang=en; Path=/; Domain=example.org"), 1700000000);
    measure("Cookie header, 3 cookies", compose_cookies);
    measure("Set-Cookie that replaces", receive_cookie);
}

int main(void)
{
    if (acr_url_parse(ACR_STR("http://www.example.org/account/"), &url, NULL) != 0)
        fail("url");
    measure("head end, 5 fields", find_short_end);
    measure("head parse, 5 fields", parse_short_head);
    measure("head end, 12 fields", find_long_end);
    measure("head parse, 12 fields", parse_long_head);
    measure("chunked body, 2 chunks", feed_chunked_body);
    measure("url parse", parse_url);
    measure("url resolve", resolve_url);
    measure_cookies();
    acr_cookies_done(&jar);
    acr_url_done(&url);
    acr_buffer_done(&out);
    return 0;
}
