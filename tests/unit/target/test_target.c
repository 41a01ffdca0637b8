/* SPDX-License-Identifier: MIT */
#include "unit/target/fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "support/servers.h"

static void close_all(struct fixture *fixture, struct client *client)
{
    client_close(client);
    fixture_close(fixture);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Turns the loop until `fd` has something to read. */
static ssize_t receive(struct fixture *fixture, int fd, char *answer, size_t size)
{
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(acr_loop_turn(fixture->loop, ACR_NANOS_PER_MILLI), 0);
        ssize_t count = recv(fd, answer, size, MSG_DONTWAIT);
        if (count >= 0 || errno != EAGAIN)
            return count;
    }
    fail_msg("no answer");
    return -1;
}

static void test_port_0_is_any_free_port(void **state)
{
    struct fixture fixture;
    char answer[512];
    (void)state;
    fixture_open(&fixture);
    assert_true(acr_target_port(fixture.target) != 0);
    int fd = connect_to(acr_target_port(fixture.target));
    send_text(fd, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n");
    ssize_t size = receive(&fixture, fd, answer, sizeof answer - 1);
    assert_true(size > 0);
    answer[size] = '\0';
    assert_has(answer, "\r\n\r\nhello\n");
    close(fd);
    fixture_close(&fixture);
}

static void test_reset_is_seen_as_a_reset(void **state)
{
    struct fixture fixture;
    char answer[16];
    (void)state;
    fixture_open(&fixture);
    int fd = connect_to(acr_target_port(fixture.target));
    send_text(fd, "GET /reset HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_int_equal(receive(&fixture, fd, answer, sizeof answer), -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    fixture_close(&fixture);
}

static void test_clients_wait_while_descriptors_are_out(void **state)
{
    struct fixture fixture;
    struct rlimit limit;
    char answer[512];
    (void)state;
    fixture_open(&fixture);
    int fd = connect_to(acr_target_port(fixture.target));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit lower = {.rlim_cur = (rlim_t)fd + 1, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
    fixture_turn(&fixture);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(acr_target_connections_open(fixture.target), 0);
    fixture_turn(&fixture);
    assert_int_equal(acr_target_connections_open(fixture.target), 0);
    fixture_advance_ms(&fixture, 51);
    assert_int_equal(acr_target_connections_open(fixture.target), 1);
    send_text(fd, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_true(receive(&fixture, fd, answer, sizeof answer) > 0);
    close(fd);
    fixture_close(&fixture);
}

static void test_an_ipv6_address_is_served_as_well(void **state)
{
    struct fixture fixture;
    (void)state;
    if (!server_has_ipv6())
        skip();
    fixture_prepare(&fixture);
    fixture.options.host = "::1";
    fixture_serve(&fixture);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    address.sin6_port = htons(acr_target_port(fixture.target));
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    fixture_turn(&fixture);
    assert_int_equal(acr_target_connections_open(fixture.target), 1);
    close(fd);
    fixture_close(&fixture);
}

static void test_a_taken_port_is_an_error_that_names_it(void **state)
{
    struct fixture fixture;
    struct acr_target *second;
    struct acr_error error = {0};
    char expected[64];
    (void)state;
    fixture_open(&fixture);
    struct acr_target_options options = fixture.options;
    options.port = acr_target_port(fixture.target);
    assert_int_equal(acr_target_open(fixture.loop, &options, &second, &error), ACR_ERR_SYSTEM);
    snprintf(expected, sizeof expected, "127.0.0.1:%u", options.port);
    assert_has(error.detail, expected);
    fixture_close(&fixture);
}

static void test_a_host_that_is_none_is_an_error(void **state)
{
    struct fixture fixture;
    struct acr_error error = {0};
    (void)state;
    fixture_prepare(&fixture);
    fixture.options.host = "999.0.0.1.invalid.";
    assert_int_equal(acr_target_open(fixture.loop, &fixture.options, &fixture.target, &error), ACR_ERR_RESOLVE);
    fixture.target = NULL;
    fixture_close(&fixture);
}

static void test_every_answer_waits_for_the_delay(void **state)
{
    struct fixture fixture;
    struct client client;
    (void)state;
    fixture_prepare(&fixture);
    fixture.options.delay_min = 20 * ACR_NANOS_PER_MILLI;
    fixture.options.delay_max = 40 * ACR_NANOS_PER_MILLI;
    fixture_serve(&fixture);
    client_open(&client, &fixture);
    for (int i = 0; i < 20; i++) {
        assert_string_equal(client_get(&client, "/json"), "");
        fixture_advance_ms(&fixture, 19);
        assert_string_equal(client_receive(&client), "");
        fixture_advance_ms(&fixture, 22);
        client_receive(&client);
        assert_int_equal(client_status(&client), 200);
    }
    assert_string_equal(client_get(&client, "/slow?ms=100"), "");
    fixture_advance_ms(&fixture, 119);
    assert_string_equal(client_receive(&client), "");
    fixture_advance_ms(&fixture, 22);
    assert_has(client_receive(&client), "at last");
    client_get(&client, "/__stats__");
    assert_has(client.answer.data, "\"requests\":21,");
    close_all(&fixture, &client);
}

static uint64_t errors_of(uint64_t seed, char *pattern, size_t count)
{
    struct fixture fixture;
    struct client client;
    fixture_prepare(&fixture);
    fixture.options.error_rate = 0.5;
    fixture.options.seed = seed;
    fixture_serve(&fixture);
    client_open(&client, &fixture);
    for (size_t i = 0; i < count; i++) {
        client_get(&client, "/json");
        pattern[i] = client_status(&client) == 500 ? 'x' : '.';
    }
    uint64_t errors = fixture.target->counts.by_status[500];
    close_all(&fixture, &client);
    return errors;
}

static void test_equal_seeds_fail_the_same_requests(void **state)
{
    char first[200], second[200], other[200];
    (void)state;
    uint64_t errors = errors_of(1, first, sizeof first);
    assert_in_range(errors, 60, 140);
    assert_int_equal(errors_of(1, second, sizeof second), errors);
    assert_memory_equal(first, second, sizeof first);
    errors_of(2, other, sizeof other);
    assert_memory_not_equal(first, other, sizeof first);
}

static void test_stalls_after_so_many_answers(void **state)
{
    struct fixture fixture;
    struct client client;
    (void)state;
    fixture_prepare(&fixture);
    fixture.options.stall_after = 3;
    fixture_serve(&fixture);
    client_open(&client, &fixture);
    for (int i = 0; i < 3; i++)
        client_get(&client, "/hello");
    assert_int_equal(client_status(&client), 200);
    assert_string_equal(client_get(&client, "/hello"), "");
    assert_int_equal(acr_target_answers(fixture.target), 3);
    assert_int_equal(fixture.target->counts.unanswered, 1);
    close_all(&fixture, &client);
}

static void test_a_stall_rate_of_one_stalls_all_but_the_stats(void **state)
{
    struct fixture fixture;
    struct client client, other;
    (void)state;
    fixture_prepare(&fixture);
    fixture.options.stall_rate = 1;
    fixture_serve(&fixture);
    client_open(&client, &fixture);
    client_open(&other, &fixture);
    assert_string_equal(client_get(&client, "/hello"), "");
    assert_has(client_get(&other, "/__stats__"), "\"requests\":0,\"unanswered\":1,");
    client_close(&other);
    close_all(&fixture, &client);
}

struct second_thread {
    struct acr_loop *loop;
    _Atomic bool stop;
};

static void *turn_until_stopped(void *context)
{
    struct second_thread *thread = context;
    while (!thread->stop)
        if (acr_loop_turn(thread->loop, ACR_NANOS_PER_MILLI) != 0)
            abort();
    return NULL;
}

static void test_threads_share_port_and_counts(void **state)
{
    enum { CLIENTS = 16 };
    struct fixture fixture;
    struct second_thread second = {0};
    struct acr_target *beside;
    pthread_t thread;
    char answer[512];
    (void)state;
    fixture_prepare(&fixture);
    fixture.options.threads = 2;
    fixture_serve(&fixture);
    assert_int_equal(acr_loop_open(acr_clock_system(), &second.loop, NULL), 0);
    assert_int_equal(acr_target_open_beside(fixture.target, second.loop, &beside, NULL), 0);
    assert_int_equal(acr_target_port(beside), acr_target_port(fixture.target));
    pthread_create(&thread, NULL, turn_until_stopped, &second);
    for (int i = 0; i < CLIENTS; i++) {
        int fd = connect_to(acr_target_port(fixture.target));
        send_text(fd, "GET /threads/1 HTTP/1.1\r\nHost: t\r\n\r\n");
        assert_true(receive(&fixture, fd, answer, sizeof answer) > 0);
        close(fd);
    }
    assert_int_equal(acr_target_answers(fixture.target), CLIENTS);
    second.stop = true;
    pthread_join(thread, NULL);
    acr_target_close(beside);
    acr_loop_close(second.loop);
    fixture_close(&fixture);
}
