/* SPDX-License-Identifier: MIT */
/*
 * Many fibers on one client, with everything at random but repeatable: what they ask, when they are cancelled, how long
 * they are patient. Each must get its own token or an error that its question allows.
 */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "http/internal.h"
#include "support/http_fixture.h"
#include "support/tls_certs.h"
#include "support/token_server.h"

enum { USERS = 24, QUESTIONS = 40 };

struct manner {
    const char *path;
    int errors[2]; /* what may come instead of the token, without a cancel or a timeout */
};

static const struct manner manners[] = {
    {"/echo", {0}},
    {"/echo", {0}},
    {"/drip", {0}},
    {"/chunked", {0}},
    {"/large", {0}},
    {"/close", {0}},
    {"/end", {0}},
    {"/redirect", {0}},
    {"/upload", {0}},
    {"/bye", {0}},
    {"/early", {ACR_ERR_RESET, ACR_ERR_CLOSED_EARLY}},
    {"/cut", {ACR_ERR_CLOSED_EARLY, ACR_ERR_RESET}},
    {"/reset", {ACR_ERR_RESET}},
    {"/none", {ACR_ERR_RESET}},
};
/* The first so many always answer, and their connections end in order. */
#define PEACEFUL 9

struct play;

struct user {
    struct play *play;
    struct acr_coroutine *coroutine; /* NULL: not in a request */
    unsigned number;
    unsigned asked;
    struct acr_url url;
    struct acr_request request;
    struct acr_buffer lines;
    struct acr_buffer body;
    char token[64];
};

struct play {
    struct acr_random random;
    bool peaceful; /* no errors, cancels and timeouts */
    unsigned running;
    unsigned successes, redirects, failures, cancels, timeouts;
    struct user users[USERS];
};

static struct http_fixture fixture;
static struct token_server server;
static struct tls_certs certs;
static const struct acr_tls_settings *tls;
static char large_body[1 << 20];

static unsigned draw(struct play *play, unsigned below)
{
    return (unsigned)acr_random_below(&play->random, below);
}

static const struct manner *prepare(struct user *user)
{
    struct play *play = user->play;
    const struct manner *manner = &manners[draw(play, play->peaceful ? PEACEFUL : ACR_ARRAY_SIZE(manners))];
    char url[128];
    snprintf(url, sizeof url, "%s%s", server.base, manner->path);
    snprintf(user->token, sizeof user->token, "user-%u-question-%u", user->number, user->asked++);
    assert_int_equal(acr_url_parse(acr_str_of(url), &user->url, NULL), 0);
    acr_buffer_reset(&user->lines);
    acr_buffer_reset(&user->body);
    assert_int_equal(acr_request_header_line(&user->lines, ACR_STR("X-Token"), acr_str_of(user->token)), 0);
    user->request = (struct acr_request){.method = ACR_STR("GET"),
                                         .url = &user->url,
                                         .header_lines = acr_buffer_str(&user->lines),
                                         .follow_redirects = true,
                                         .stream = draw(play, 4) == 0,
                                         .tls = tls};
    if (strcmp(manner->path, "/upload") == 0 || strcmp(manner->path, "/early") == 0 || draw(play, 8) == 0) {
        user->request.method = ACR_STR("PUT");
        user->request.body = (struct acr_str){large_body, draw(play, sizeof large_body)};
    }
    if (!play->peaceful && draw(play, 4) == 0)
        user->request.read_timeout = (1 + draw(play, 50)) * ACR_NANOS_PER_MILLI;
    return manner;
}

static int read_body(struct user *user, struct acr_fiber *fiber, struct acr_response *response)
{
    acr_nanos patience = user->request.read_timeout > 0 ? user->request.read_timeout : ACR_NEVER;
    while (user->request.stream) {
        int code = acr_response_wait_body(response, fiber, patience, NULL);
        if (code != 0)
            return code;
        if (response->body.size == 0)
            return 0;
        assert_int_equal(acr_buffer_append_str(&user->body, acr_buffer_str(&response->body)), 0);
        acr_buffer_reset(&response->body);
        /* Some are slow takers, some give up in the middle. */
        if (draw(user->play, 8) == 0 && acr_fiber_sleep_until(fiber, 0) != 0)
            return ACR_ERR_CANCELLED;
        if (!user->play->peaceful && draw(user->play, 50) == 0)
            return ACR_ERR_CANCELLED;
    }
    return acr_buffer_append_str(&user->body, acr_buffer_str(&response->body));
}

static void check_body(const struct user *user)
{
    struct acr_str body = acr_buffer_str(&user->body);
    size_t size = strlen(user->token);
    size_t padding = acr_str_equal(user->url.target, ACR_STR("/large")) ? TOKEN_LARGE : 0;
    if (body.size != padding + size || memcmp(body.data + padding, user->token, size) != 0)
        fail_msg("%s got '%.*s'", user->token, body.size < 80 ? (int)body.size : 80, body.data);
    for (size_t i = 0; i < padding; i++)
        if (body.data[i] != 'x')
            fail_msg("%s got another's bytes", user->token);
}

static void count(struct user *user, const struct manner *manner, int code)
{
    struct play *play = user->play;
    if (code == 0)
        play->successes++;
    else if (code == ACR_ERR_CANCELLED)
        play->cancels++;
    else if (user->request.read_timeout > 0 && (code == ACR_ERR_READ_TIMEOUT || code == ACR_ERR_WRITE_TIMEOUT))
        play->timeouts++;
    else
        play->failures++;
    if (code == 0 || code == ACR_ERR_CANCELLED || code == ACR_ERR_READ_TIMEOUT || code == ACR_ERR_WRITE_TIMEOUT)
        return;
    bool allowed = false;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(manner->errors); i++)
        allowed |= manner->errors[i] == code;
    if (!allowed)
        fail_msg("%s of %s: %s", user->token, manner->path, acr_error_name(code));
}

static void ask(struct user *user, struct acr_fiber *fiber)
{
    const struct manner *manner = prepare(user);
    struct acr_response *response;
    int code = acr_client_request(fixture.client, fiber, &user->request, &response, NULL);
    if (code == 0) {
        user->play->redirects += response->redirect_count;
        code = read_body(user, fiber, response);
        if (code == 0) {
            assert_true(response->complete);
            check_body(user);
        }
        acr_response_unref(response);
    }
    count(user, manner, code);
    acr_url_done(&user->url);
}

static void run_user(struct acr_coroutine *coroutine, void *context)
{
    struct user *user = context;
    struct acr_fiber *fiber = acr_coroutine_fiber(coroutine);
    for (int i = 0; i < QUESTIONS; i++) {
        user->coroutine = coroutine;
        ask(user, fiber);
        user->coroutine = NULL;
        /* A cancel that came too late is for nothing. */
        if (draw(user->play, 3) == 0)
            (void)!acr_fiber_sleep_until(fiber, 0);
    }
    user->play->running--;
}

static void interfere(struct play *play)
{
    net_fixture_advance(&fixture.net, draw(play, 3) * ACR_NANOS_PER_MILLI);
    if (play->peaceful)
        return;
    if (draw(play, 6) == 0) {
        struct user *victim = &play->users[draw(play, USERS)];
        if (victim->coroutine != NULL)
            acr_coroutine_cancel(victim->coroutine);
    }
    if (draw(play, 40) == 0)
        acr_client_close_idle(fixture.client);
}

static bool turn(void *context)
{
    struct play *play = context;
    if (play->running > 0)
        interfere(play);
    return play->running == 0;
}

static struct play *run_play(uint64_t seed, bool peaceful)
{
    struct play *play = acr_alloc_zero(sizeof *play);
    acr_random_init(&play->random, seed);
    play->peaceful = peaceful;
    play->running = USERS;
    for (unsigned i = 0; i < USERS; i++) {
        play->users[i].play = play;
        play->users[i].number = i;
        net_fixture_start(&fixture.net, run_user, &play->users[i]);
    }
    net_fixture_run_until(&fixture.net, turn, play);
    for (unsigned i = 0; i < USERS; i++) {
        acr_buffer_done(&play->users[i].lines);
        acr_buffer_done(&play->users[i].body);
    }
    assert_int_equal(play->successes + play->failures + play->cancels + play->timeouts, USERS * QUESTIONS);
    assert_true(acr_list_empty(&fixture.client->busy));
    assert_int_equal(fixture.client->idle_count, acr_http_connections_open(fixture.http));
    return play;
}

static int setup(void **state)
{
    (void)state;
    tls_certs_make(&certs);
    http_fixture_open(&fixture);
    tls = acr_http_tls(fixture.http, &(struct acr_tls_settings){.ca_path = certs.ca});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_fixture_close(&fixture);
    token_server_stop(&server);
    tls_certs_remove(&certs);
    return 0;
}

static void check_peace(void)
{
    struct play *play = run_play(1, true);
    assert_int_equal(play->successes, USERS * QUESTIONS);
    /* Both ends have counted the same; nothing was asked twice. */
    assert_int_equal(atomic_load(&server.seen->requests), play->successes + play->redirects);
    assert_int_equal(atomic_load(&server.seen->answers), play->successes + play->redirects);
    assert_int_equal(atomic_load(&server.seen->confused), 0);
    assert_int_equal(atomic_load(&server.seen->connections), acr_http_connections_made(fixture.http));
    acr_free(play);
}

static void check_war(uint64_t seed)
{
    struct play *play = run_play(seed, false);
    /* The generator sees to it that each happens. */
    assert_true(play->successes > USERS * QUESTIONS / 4);
    assert_true(play->failures > 0 && play->cancels > 0);
    /* No answer was counted that was not given. */
    assert_in_range(play->successes + play->redirects, 1, atomic_load(&server.seen->answers));
    assert_int_equal(atomic_load(&server.seen->confused), 0);
    acr_free(play);
}

static void test_in_peace_every_question_is_answered_once(void **state)
{
    (void)state;
    server = token_server_start(NULL);
    check_peace();
}

static void test_in_peace_every_question_is_answered_once_over_tls(void **state)
{
    (void)state;
    server = token_server_start(&(struct tls_server_options){.cert_path = certs.good});
    check_peace();
}

static void test_in_war_nobody_gets_another_s_answer(void **state)
{
    (void)state;
    server = token_server_start(NULL);
    const char *seed = getenv("ACR_SEED");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 100;
    for (uint64_t i = 0; i < 3; i++)
        check_war(first + i);
}

static void test_in_war_nobody_gets_another_s_answer_over_tls(void **state)
{
    (void)state;
    server = token_server_start(&(struct tls_server_options){.cert_path = certs.good});
    check_war(200);
}
