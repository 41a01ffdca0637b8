/* SPDX-License-Identifier: MIT */
/* Runs every file of data/ through the whole client: a raw server sends what is in it. */
#include "support/unit.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "http/internal.h"
#include "support/exchange.h"
#include "support/http_fixture.h"
#include "support/servers.h"

#define DATA_FOLDER ACR_TESTS_DIR "/unit/http/data"
#define FILES_MAX 256
/* Longer answers are not sent byte by byte, which takes its time. */
#define DRIP_MAX 2048

static struct exchange exchanges[FILES_MAX];
static char names[FILES_MAX][64];
static int exchange_count;
static struct http_fixture fixture;
static struct server server;
static char base[64];

static int is_exchange(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".http") == 0;
}

static void read_files(void)
{
    struct dirent **entries = NULL;
    exchange_count = scandir(DATA_FOLDER, &entries, is_exchange, alphasort);
    assert_in_range(exchange_count, 40, FILES_MAX);
    for (int i = 0; i < exchange_count; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", DATA_FOLDER, entries[i]->d_name);
        snprintf(names[i], sizeof names[i], "%.60s", entries[i]->d_name);
        exchanges[i] = exchange_read(path);
        free(entries[i]);
    }
    free(entries);
}

static bool read_head(int fd, char *head, size_t size)
{
    size_t got = 0;
    do {
        ssize_t more = recv(fd, head + got, size - 1 - got, 0);
        if (more <= 0)
            return false;
        got += (size_t)more;
        head[got] = '\0';
    } while (strstr(head, "\r\n\r\n") == NULL);
    return true;
}

/* "METHOD /N" is answered with file N and the end of the connection; "/N?open" without that end, "/N?drip" slowly. */
static void serve_file(int fd, const void *context)
{
    (void)context;
    char head[4096];
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    while (read_head(fd, head, sizeof head)) {
        const char *path = strchr(head, ' ') + 2;
        const struct exchange *exchange = &exchanges[(int)strtol(path, NULL, 10)];
        size_t step = strstr(path, "?drip") != NULL ? 1 : exchange->answer.size;
        for (size_t at = 0; at < exchange->answer.size; at += step)
            if (send(fd, exchange->answer.data + at, step, MSG_NOSIGNAL) < 0)
                return;
        if (strstr(path, "?open") == NULL)
            return;
    }
}

static int setup(void **state)
{
    (void)state;
    read_files();
    http_fixture_open(&fixture);
    server = server_start("127.0.0.1", serve_file, NULL);
    snprintf(base, sizeof base, "http://127.0.0.1:%u", server.port);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_fixture_close(&fixture);
    server_stop(&server);
    for (int i = 0; i < exchange_count; i++)
        exchange_done(&exchanges[i]);
    return 0;
}

static bool same(struct acr_str got, struct exchange_bytes expected, const char *what)
{
    if (got.size == expected.size && (got.size == 0 || memcmp(got.data, expected.data, got.size) == 0))
        return true;
    print_error("%s is '%.*s', not '%.*s'\n", what, got.size < 80 ? (int)got.size : 80, got.data,
                expected.size < 80 ? (int)expected.size : 80, expected.data);
    return false;
}

static bool check_response(const struct exchange *exchange, const struct acr_response *response)
{
    static struct acr_head head;
    acr_response_head(response, &head);
    bool fine = response->status == exchange->status && response->complete;
    if (exchange->has_reason)
        fine &= same(acr_response_reason(response), exchange->reason, "reason");
    if (exchange->has_headers)
        fine &= head.field_count == exchange->headers;
    for (size_t i = 0; i < exchange->header_count; i++)
        fine &= same(acr_response_header(
                         response, (struct acr_str){exchange->header_names[i].data, exchange->header_names[i].size}),
                     exchange->header_values[i], exchange->header_names[i].data);
    if (exchange->has_body)
        fine &= same(acr_buffer_str(&response->body), exchange->body, "body");
    return fine;
}

/* Gets file `number`; false when the outcome is not what it says. */
static bool run(int number, const char *query, bool stream)
{
    const struct exchange *exchange = &exchanges[number];
    struct call call;
    char target[64];
    snprintf(target, sizeof target, "/%d%s", number, query);
    call_init(&call, &fixture, base, target);
    call.request.method = acr_str_of(exchange->method);
    call.request.stream = stream;
    call.then = stream ? call_read_all : NULL;
    call_run(&call);
    const char *error = call.code != 0 ? acr_error_name(call.code) : "";
    bool fine = strcmp(error, exchange->error) == 0 && (call.code == 0 || call.error.code == call.code);
    if (fine && call.code == 0)
        fine = check_response(exchange, call.response);
    if (!fine)
        print_error("%s%s%s: got '%s' %s\n", names[number], query, stream ? " streamed" : "", error, call.error.detail);
    call_done(&call);
    return fine;
}

static void run_all(const char *query, size_t size_max, bool stream)
{
    bool fine = true;
    for (int i = 0; i < exchange_count; i++)
        if (exchanges[i].answer.size <= size_max)
            fine &= run(i, query, stream);
    assert_true(fine);
}

static void test_every_exchange_at_once(void **state)
{
    (void)state;
    run_all("", SIZE_MAX, false);
}

static void test_every_exchange_byte_by_byte(void **state)
{
    (void)state;
    run_all("?drip", DRIP_MAX, false);
}

static void test_every_exchange_streamed(void **state)
{
    (void)state;
    run_all("", SIZE_MAX, true);
    run_all("?drip", DRIP_MAX, true);
}

/* The server leaves the connection open, so only what the answer says can have closed it. */
static void test_a_connection_is_kept_when_the_answer_allows_it(void **state)
{
    (void)state;
    unsigned kept = 0;
    for (int i = 0; i < exchange_count; i++) {
        const struct exchange *exchange = &exchanges[i];
        bool expected = exchange->has_keep && exchange->keep && exchange->rest.size == 0;
        if (exchange->error[0] != '\0' || (!expected && exchange->rest.size == 0))
            continue;
        assert_true(run(i, "?open", false));
        if (fixture.client->idle_count != expected)
            fail_msg("%s: %u idle connections", names[i], fixture.client->idle_count);
        if (expected)
            assert_true(run(i, "?open", i % 2 == 0));
        kept += fixture.client->idle_count;
        acr_client_close_idle(fixture.client);
    }
    assert_true(kept > 5);
}
