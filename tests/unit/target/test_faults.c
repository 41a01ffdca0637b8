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
    fixture_open(&world->fixture);
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

static const struct acr_target_counts *counts(const struct world *world)
{
    return &world->fixture.target->counts;
}

static void test_a_slow_page_waits_and_is_counted_when_it_leaves(void **state)
{
    struct world *world = *state;
    assert_string_equal(client_get(&world->client, "/slow?ms=300"), "");
    fixture_advance_ms(&world->fixture, 299);
    assert_string_equal(client_receive(&world->client), "");
    assert_int_equal(counts(world)->answers, 0);
    fixture_advance_ms(&world->fixture, 2);
    assert_has(client_receive(&world->client), "at last\n");
    assert_int_equal(counts(world)->answers, 1);
    assert_int_equal(counts(world)->bytes_sent, world->client.answer.size);
}

static void test_a_slow_page_holds_up_only_what_comes_after_it(void **state)
{
    struct world *world = *state;
    client_exchange(&world->client, "GET /json HTTP/1.1\r\nHost: t\r\n\r\nGET /slow?ms=100 HTTP/1.1\r\nHost: t\r\n\r\n"
                                    "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_has(world->client.answer.data, "\"tags\"");
    assert_lacks(world->client.answer.data, "at last");
    assert_string_equal(client_get(&world->client, "/world"), "");
    fixture_advance_ms(&world->fixture, 101);
    const char *late = client_receive(&world->client);
    assert_has(late, "at last");
    assert_true(strstr(late, "at last") < strstr(late, "hello\n"));
    assert_true(strstr(late, "hello\n") < strstr(late, "world\n"));
}

static void test_a_random_delay_stays_in_its_range(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 50; i++) {
        assert_string_equal(client_get(&world->client, "/random-delay?min=10&max=20"), "");
        fixture_advance_ms(&world->fixture, 9);
        assert_string_equal(client_receive(&world->client), "");
        fixture_advance_ms(&world->fixture, 12);
        assert_has(client_receive(&world->client), "sooner or later\n");
    }
}

static void test_drip_sends_a_byte_at_a_time_whatever_the_client_sends_meanwhile(void **state)
{
    struct world *world = *state;
    client_get(&world->client, "/drip?bytes=4&ms=400");
    assert_string_equal(client_body(&world->client), ".");
    assert_string_equal(client_get(&world->client, "/hello"), "");
    for (int i = 0; i < 2; i++) {
        fixture_advance_ms(&world->fixture, 99);
        assert_string_equal(client_receive(&world->client), "");
        fixture_advance_ms(&world->fixture, 2);
        assert_string_equal(client_receive(&world->client), ".");
    }
    fixture_advance_ms(&world->fixture, 101);
    assert_has(client_receive(&world->client), ".HTTP/1.1 200 OK\r\n");
    assert_int_equal(counts(world)->answers, 2);
}

static void test_a_client_that_leaves_a_slow_page_frees_its_place(void **state)
{
    struct world *world = *state;
    struct client other;
    client_open(&other, &world->fixture);
    client_get(&other, "/slow?ms=300");
    client_close(&other);
    fixture_advance_ms(&world->fixture, 301);
    assert_int_equal(acr_target_connections_open(world->fixture.target), 1);
}

static void test_errors_at_a_rate(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 1000; i++)
        client_get(&world->client, "/error?rate=0.1");
    assert_int_equal(counts(world)->by_status[200] + counts(world)->by_status[500], 1000);
    assert_in_range(counts(world)->by_status[500], 70, 130);
    client_get(&world->client, "/error?rate=0");
    assert_int_equal(client_status(&world->client), 200);
    client_get(&world->client, "/error");
    assert_int_equal(client_status(&world->client), 500);
}

static void test_close_says_so(void **state)
{
    struct world *world = *state;
    assert_has(client_get(&world->client, "/close"), "Connection: close\r\n");
    assert_true(world->client.ended);
}

static void test_until_close_has_neither_length_nor_chunks(void **state)
{
    struct world *world = *state;
    assert_string_equal(client_get(&world->client, "/until-close"),
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nThe end is the end.\n");
    assert_true(world->client.ended);
}

static void test_drop_closes_without_a_byte(void **state)
{
    struct world *world = *state;
    assert_string_equal(client_get(&world->client, "/drop"), "");
    assert_true(world->client.ended);
    assert_int_equal(counts(world)->answers, 0);
    assert_int_equal(counts(world)->unanswered, 1);
}

static void test_answers_before_a_drop_are_sent(void **state)
{
    struct world *world = *state;
    client_exchange(&world->client, "GET /json HTTP/1.1\r\nHost: t\r\n\r\nGET /drop HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_int_equal(client_status(&world->client), 200);
    assert_true(world->client.ended);
}

static void test_stall_never_answers_until_the_client_leaves(void **state)
{
    struct world *world = *state;
    struct client other;
    client_open(&other, &world->fixture);
    assert_string_equal(client_get(&other, "/stall"), "");
    fixture_advance_ms(&world->fixture, 3600 * 1000);
    assert_string_equal(client_get(&other, "/json"), "");
    assert_false(other.ended);
    assert_int_equal(counts(world)->unanswered, 1);
    client_close(&other);
    assert_int_equal(acr_target_connections_open(world->fixture.target), 1);
}

static void test_half_promises_more_than_it_sends(void **state)
{
    struct world *world = *state;
    assert_has(client_get(&world->client, "/half"), "Content-Length: 66\r\n");
    assert_int_equal(strlen(client_body(&world->client)), 33);
    assert_true(world->client.ended);
}

static void test_stall_body_stops_in_the_middle(void **state)
{
    struct world *world = *state;
    assert_has(client_get(&world->client, "/stall-body"), "Content-Length: 66\r\n");
    assert_int_equal(strlen(client_body(&world->client)), 33);
    assert_false(world->client.ended);
    assert_string_equal(client_get(&world->client, "/json"), "");
}

static void test_garbage_is_no_http(void **state)
{
    struct world *world = *state;
    assert_lacks(client_get(&world->client, "/garbage"), "HTTP/1.1");
    assert_true(world->client.ended);
}

static void test_huge_headers_have_the_size_asked_for(void **state)
{
    struct world *world = *state;
    assert_has(client_get(&world->client, "/huge-headers?bytes=300000"), "\r\nContent-Length: 0\r\n\r\n");
    assert_in_range(world->client.answer.size, 300000, 300200);
    assert_has(client_get(&world->client, "/hello"), "hello\n");
}

static void test_endless_headers_leave_others_their_turn(void **state)
{
    struct world *world = *state;
    struct client other;
    client_open(&other, &world->fixture);
    send_text(other.fd, "GET /huge-headers HTTP/1.1\r\nHost: t\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        fixture_turn(&world->fixture);
        assert_true(client_take(&other));
    }
    assert_has(client_get(&world->client, "/hello"), "hello\n");
    client_close(&other);
    assert_int_equal(acr_target_connections_open(world->fixture.target), 1);
}
