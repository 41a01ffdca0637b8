/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "http/client.h"
#include "support/http_fixture.h"
#include "support/http_server.h"

static struct http_fixture fixture;
static struct http_server server;

static int setup(void **state)
{
    (void)state;
    server = (struct http_server){0};
    http_fixture_open(&fixture);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_fixture_close(&fixture);
    if (server.seen != NULL)
        http_server_stop(&server);
    return 0;
}

static void test_a_plain_get_sends_a_head_and_gets_the_body(void **state)
{
    (void)state;
    server = http_server_start(&(struct http_script){{{{HTTP_READ}, HTTP_ANSWER("hello"), {HTTP_STALL}}}});
    call_expect(&fixture, server.base, "/a/b?c=d#e", 200, "hello");
    char expected[256];
    snprintf(expected, sizeof expected, "GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", server.server.port);
    assert_string_equal(http_server_log(&server), expected);
}

static void test_a_second_request_uses_the_same_connection(void **state)
{
    (void)state;
    server = http_server_start(&(struct http_script){{{{HTTP_READ}, {HTTP_ECHO}, {HTTP_AGAIN}}}});
    for (int i = 0; i < 3; i++)
        call_expect(&fixture, server.base, "/", 200, "GET / HTTP/1.1");
    assert_int_equal(atomic_load(&server.seen->connections), 1);
    assert_int_equal(acr_http_connections_made(fixture.http), 1);
    assert_int_equal(acr_http_connections_open(fixture.http), 1);
}
