/* SPDX-License-Identifier: MIT */
#include "unit/target/fixture.h"

#include <stdio.h>

struct world {
    struct fixture fixture;
    struct client client;
};

static int setup(void **state)
{
    struct world *world = acr_alloc_zero(sizeof *world);
    fixture_prepare(&world->fixture);
    world->fixture.options.require_login = true;
    fixture_serve(&world->fixture);
    client_open(&world->client, &world->fixture);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    client_close(&world->client);
    fixture_close(&world->fixture);
    acr_free(world);
    return 0;
}

static void test_the_manual_s_pages_are_there(void **state)
{
    static const char *const paths[] = {"/",        "/about",     "/about/",       "/about/team/", "/about/press/",
                                        "/login",   "/blog?id=3", "/forum/",       "/threads/8",   "/items/8.json",
                                        "/items/8", "/json",      "/hello",        "/world",       "/job1",
                                        "/job2",    "/item?id=4", "/forum/thread", "/robots.txt"};
    struct world *world = *state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(paths); i++) {
        client_get(&world->client, paths[i]);
        assert_int_equal(client_status(&world->client), 200);
    }
    client_get(&world->client, "/does_not_exist/");
    assert_int_equal(client_status(&world->client), 404);
    client_get(&world->client, "/items/x.json");
    assert_int_equal(client_status(&world->client), 404);
}

static void test_numbered_pages_show_their_number_as_text(void **state)
{
    struct world *world = *state;
    assert_has(client_get(&world->client, "/threads/8"), "<title>Thread 8</title>");
    assert_has(client_get(&world->client, "/blog?id=<b>"), "<title>Blog post &lt;b&gt;</title>");
    assert_has(client_get(&world->client, "/items/12.json"), "{\"id\":12,\"name\":\"Item 12\",\"price\":112");
}

static void post_form(struct client *client, const char *target, const char *body)
{
    char request[512];
    snprintf(request, sizeof request,
             "POST %s HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
             "%zu\r\n\r\n%s",
             target, strlen(body), body);
    client_exchange(client, request);
}

/* Logs in with `body` and copies the cookie ("session=...") out. */
static void log_in(struct client *client, const char *target, const char *body, char *cookie, size_t size)
{
    post_form(client, target, body);
    const char *line = strstr(client->answer.data, "Set-Cookie: ");
    cookie[0] = '\0';
    if (line != NULL) {
        line += strlen("Set-Cookie: ");
        assert_has(line, "; Path=/; HttpOnly\r\n");
        snprintf(cookie, size, "Cookie: other=1; %.*s\r\n", (int)strcspn(line, ";"), line);
    }
}

static void test_login_opens_the_profile_and_nothing_else_does(void **state)
{
    struct world *world = *state;
    char cookie[128];
    client_get(&world->client, "/profile");
    assert_int_equal(client_status(&world->client), 403);
    client_request(&world->client, "GET", "/profile", "Cookie: session=1-2\r\n");
    assert_int_equal(client_status(&world->client), 403);
    log_in(&world->client, "/login", "username=ellen_key&password=education", cookie, sizeof cookie);
    assert_int_equal(client_status(&world->client), 200);
    client_request(&world->client, "GET", "/profile", cookie);
    assert_int_equal(client_status(&world->client), 200);
    assert_has(client_request(&world->client, "POST", "/logout", ""), "Set-Cookie: session=; Path=/; Max-Age=0");
}

static void test_an_order_needs_the_token_of_a_form(void **state)
{
    struct world *world = *state;
    char token[64], body[128];
    const char *field = strstr(client_get(&world->client, "/order"), "name=\"token\" value=\"");
    assert_non_null(field);
    assert_int_equal(sscanf(field, "name=\"token\" value=\"%63[^\"]", token), 1);
    snprintf(body, sizeof body, "item=7&token=%s", token);
    post_form(&world->client, "/order", body);
    assert_int_equal(client_status(&world->client), 200);
    post_form(&world->client, "/order", "item=7&token=1-2");
    assert_int_equal(client_status(&world->client), 403);
    post_form(&world->client, "/order", "item=7");
    assert_int_equal(client_status(&world->client), 403);
    assert_null(strstr(client_get(&world->client, "/order"), token));
}

static void test_the_wrong_password_is_wrong(void **state)
{
    struct world *world = *state;
    char cookie[128];
    log_in(&world->client, "/login", "username=a&password=wrong", cookie, sizeof cookie);
    assert_int_equal(client_status(&world->client), 401);
    assert_string_equal(cookie, "");
}

static void test_login_leads_on_within_the_site_only(void **state)
{
    struct world *world = *state;
    char cookie[128];
    log_in(&world->client, "/login?next=%2Fprofile", "username=a&password=b", cookie, sizeof cookie);
    assert_int_equal(client_status(&world->client), 302);
    assert_has(world->client.answer.data, "Location: /profile\r\n");
    log_in(&world->client, "/login", "username=a&password=b&next=/forum/", cookie, sizeof cookie);
    assert_has(world->client.answer.data, "Location: /forum/\r\n");
    log_in(&world->client, "/login?next=//elsewhere/", "username=a&password=b", cookie, sizeof cookie);
    assert_int_equal(client_status(&world->client), 200);
    log_in(&world->client, "/login?next=/a%0d%0aX-B:%20c", "username=a&password=b", cookie, sizeof cookie);
    assert_has(world->client.answer.data, "Location: /aX-B: c\r\n");
}
