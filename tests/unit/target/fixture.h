/* SPDX-License-Identifier: MIT */
/*
 * fixture - a target in the test's own process: its loop is turned by hand, its clock too, its clients are socketpairs.
 */
#pragma once

#include "support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loop/loop.h"
#include "target/internal.h"
#include "target/target.h"

#define FIXTURE_SECRET_SEED 7

struct fixture {
    struct acr_clock_fake clock;
    struct acr_loop *loop;
    struct acr_target_options options;
    struct acr_target *target;
};

/* One client; `answer` holds what the last call received, terminated. */
struct client {
    struct fixture *fixture;
    int fd;
    bool ended; /* the target has closed or reset the connection */
    bool reset;
    struct acr_buffer answer;
};

static inline void fixture_prepare(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    acr_clock_fake_init(&fixture->clock, 1000 * ACR_NANOS_PER_SECOND, 0);
    assert_int_equal(acr_loop_open(&fixture->clock.clock, &fixture->loop, NULL), 0);
    acr_target_options_init(&fixture->options);
    fixture->options.port = 0;
    fixture->options.seed = FIXTURE_SECRET_SEED;
}

static inline void fixture_serve(struct fixture *fixture)
{
    struct acr_error error = {0};
    assert_int_equal(acr_target_open(fixture->loop, &fixture->options, &fixture->target, &error), 0);
}

static inline void fixture_open(struct fixture *fixture)
{
    fixture_prepare(fixture);
    fixture_serve(fixture);
}

static inline void fixture_close(struct fixture *fixture)
{
    acr_target_close(fixture->target);
    acr_loop_close(fixture->loop);
}

static inline void fixture_turn(struct fixture *fixture)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(acr_loop_turn(fixture->loop, 0), 0);
}

static inline void fixture_advance_ms(struct fixture *fixture, int64_t ms)
{
    fixture->clock.monotonic_now += ms * ACR_NANOS_PER_MILLI;
    fixture_turn(fixture);
}

static inline void client_open(struct client *client, struct fixture *fixture)
{
    int ends[2];
    *client = (struct client){.fixture = fixture};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(acr_target_adopt(fixture->target, ends[1]), 0);
    client->fd = ends[0];
}

static inline void client_close(struct client *client)
{
    close(client->fd);
    acr_buffer_done(&client->answer);
    fixture_turn(client->fixture);
}

/* Takes what is there; true when it was anything. */
static inline bool client_take(struct client *client)
{
    static char buffer[64 * 1024];
    ssize_t size = recv(client->fd, buffer, sizeof buffer, 0);
    if (size > 0)
        assert_int_equal(acr_buffer_append(&client->answer, buffer, (size_t)size), 0);
    else if (size == 0 || errno != EAGAIN)
        client->ended = true;
    client->reset = client->reset || (size < 0 && errno == ECONNRESET);
    return size > 0;
}

/* Lets the target work and receives until nothing more comes. */
static inline const char *client_receive(struct client *client)
{
    acr_buffer_reset(&client->answer);
    do {
        fixture_turn(client->fixture);
    } while (client_take(client));
    assert_int_equal(acr_buffer_append(&client->answer, "", 1), 0);
    client->answer.size--;
    return client->answer.data;
}

static inline void client_send(struct client *client, const char *bytes, size_t size)
{
    assert_int_equal(send(client->fd, bytes, size, MSG_NOSIGNAL), size);
}

/* For the tests that use a socket of their own. */
static inline void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline const char *client_exchange(struct client *client, const char *request)
{
    client_send(client, request, strlen(request));
    return client_receive(client);
}

/* A whole exchange by method and target, with further header lines ("" for none), on that connection. */
static inline const char *client_request(struct client *client, const char *method, const char *target,
                                         const char *lines)
{
    char request[1024];
    int size = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: t\r\n%s\r\n", method, target, lines);
    assert_in_range(size, 1, sizeof request - 1);
    return client_exchange(client, request);
}

static inline const char *client_get(struct client *client, const char *target)
{
    return client_request(client, "GET", target, "");
}

/* The body of the last answer. */
static inline const char *client_body(const struct client *client)
{
    const char *end = strstr(client->answer.data, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

static inline int client_status(const struct client *client)
{
    int status = 0;
    assert_int_equal(sscanf(client->answer.data, "HTTP/1.1 %d ", &status), 1);
    return status;
}

static inline void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in \"%s\"", part, text);
}

static inline void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" in \"%s\"", part, text);
}
