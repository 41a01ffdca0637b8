/* SPDX-License-Identifier: MIT */
#include "unit/target/fixture.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "support/tls_certs.h"

struct world {
    struct tls_certs certs;
    struct fixture fixture;
    struct client client; /* its socket only */
    SSL_CTX *context;
    SSL *session;
};

static int setup(void **state)
{
    struct world *world = acr_alloc_zero(sizeof *world);
    tls_certs_make(&world->certs);
    fixture_prepare(&world->fixture);
    world->fixture.options.tls_cert = world->certs.good;
    fixture_serve(&world->fixture);
    client_open(&world->client, &world->fixture);
    world->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_load_verify_locations(world->context, world->certs.ca, NULL);
    SSL_CTX_set_verify(world->context, SSL_VERIFY_PEER, NULL);
    world->session = SSL_new(world->context);
    SSL_set_fd(world->session, world->client.fd);
    SSL_set_connect_state(world->session);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    SSL_free(world->session);
    SSL_CTX_free(world->context);
    client_close(&world->client);
    fixture_close(&world->fixture);
    tls_certs_remove(&world->certs);
    acr_free(world);
    return 0;
}

/* Is `done`, what an operation returned, a reason to let the target work and to try again? */
static bool once_more(struct world *world, int done)
{
    if (done > 0)
        return false;
    int reason = SSL_get_error(world->session, done);
    fixture_turn(&world->fixture);
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

static void write_all(struct world *world, const char *bytes, size_t size)
{
    for (size_t sent = 0, count = 0; sent < size; sent += count) {
        int done;
        do {
            count = 0;
            done = SSL_write_ex(world->session, bytes + sent, size - sent, &count);
        } while (once_more(world, done));
        assert_int_equal(done, 1);
    }
}

/* Reads `size` bytes, or up to the end. */
static size_t read_up_to(struct world *world, char *buffer, size_t size)
{
    size_t received = 0;
    while (received < size) {
        size_t count = 0;
        int done;
        do {
            done = SSL_read_ex(world->session, buffer + received, size - received, &count);
        } while (once_more(world, done));
        if (done <= 0)
            break;
        received += count;
    }
    return received;
}

static void test_a_whole_exchange_over_tls(void **state)
{
    struct world *world = *state;
    char answer[512];
    write_all(world, "GET /close HTTP/1.1\r\nHost: t\r\n\r\n", 33);
    size_t size = read_up_to(world, answer, sizeof answer - 1);
    answer[size] = '\0';
    assert_has(answer, "\r\n\r\nclosing\n");
    assert_int_equal(SSL_get_verify_result(world->session), X509_V_OK);
    assert_int_equal(SSL_get_shutdown(world->session) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    assert_int_equal(acr_target_answers(world->fixture.target), 1);
}

static void test_long_bodies_go_both_ways(void **state)
{
    enum { UPLOAD = 300000, DOWNLOAD = 2000000 };
    static char bytes[DOWNLOAD + 512];
    static const char head[] = "PUT /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 300000\r\n\r\n";
    static const char get[] = "GET /bytes/2000000 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
    struct world *world = *state;
    write_all(world, head, sizeof head - 1);
    write_all(world, bytes, UPLOAD);
    write_all(world, get, sizeof get - 1);
    size_t size = read_up_to(world, bytes, sizeof bytes - 1);
    bytes[size] = '\0';
    assert_has(bytes, "{\"bytes\":300000}\nHTTP/1.1 200 OK\r\n");
    const char *body = strstr(bytes, "\r\n\r\nabc");
    assert_non_null(body);
    assert_int_equal(size - (size_t)(body + 4 - bytes), DOWNLOAD);
}

static void test_a_client_that_speaks_plainly_is_disconnected(void **state)
{
    struct world *world = *state;
    client_exchange(&world->client, "GET /json HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_true(world->client.ended);
    assert_lacks(world->client.answer.data, "HTTP");
    assert_int_equal(acr_target_connections_open(world->fixture.target), 0);
}

static void test_a_file_that_is_no_certificate_is_an_error_that_names_it(void **state)
{
    struct world *world = *state;
    struct acr_target_options options = world->fixture.options;
    struct acr_target *target;
    struct acr_error error = {0};
    options.tls_cert = "/dev/null";
    assert_int_equal(acr_target_open(world->fixture.loop, &options, &target, &error), ACR_ERR_TLS);
    assert_has(error.detail, "/dev/null");
}
