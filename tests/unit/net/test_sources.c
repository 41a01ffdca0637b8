/* SPDX-License-Identifier: MIT */
/* sources: what a list of addresses means, and what is wrong with one. */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "net/sources.h"
#include "support/unit.h"

static void test_a_list_has_addresses_and_ranges(void **state)
{
    (void)state;
    struct acr_sources sources = {0};
    assert_int_equal(acr_sources_add(&sources, "127.0.0.9, 127.0.0.2-127.0.0.4,127.0.0.3", NULL), 0);
    static const uint32_t expected[] = {0x7f000009, 0x7f000002, 0x7f000003, 0x7f000004};
    assert_int_equal(sources.count, ACR_ARRAY_SIZE(expected));
    for (size_t i = 0; i < sources.count; i++)
        assert_int_equal(ntohl(sources.list[i].socket.v4.sin_addr.s_addr), expected[i]);
    acr_sources_done(&sources);
}

static uint32_t bound_to(struct acr_sources *sources)
{
    struct sockaddr_in own = {0};
    socklen_t size = sizeof own;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(acr_sources_bind(sources, fd, AF_INET), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &size), 0);
    close(fd);
    assert_int_equal(own.sin_port, 0); /* connect() chooses it */
    return ntohl(own.sin_addr.s_addr);
}

static void test_sockets_are_bound_to_them_in_turn(void **state)
{
    (void)state;
    struct acr_sources sources = {0};
    assert_int_equal(bound_to(&sources), 0);
    assert_int_equal(acr_sources_add(&sources, "127.0.0.2-127.0.0.3", NULL), 0);
    assert_int_equal(bound_to(&sources), 0x7f000002);
    assert_int_equal(bound_to(&sources), 0x7f000003);
    assert_int_equal(bound_to(&sources), 0x7f000002);
    acr_sources_done(&sources);
}

static void test_what_is_wrong_is_said_and_nothing_is_added(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } wrong[] = {
        {"", "not an address: \"\""},
        {"127.0.0.2,here", "not an address: \"here\""},
        {"127.0.0.2,,127.0.0.3", "not an address: \"\""},
        {"127.0.0.4-127.0.0.2", "not a range of IPv4 addresses"},
        {"127.0.0.4-", "not a range of IPv4 addresses"},
        {"::1-::2", "not a range of IPv4 addresses"},
        {"192.0.2.1", "192.0.2.1 is no address of this machine"},
        {"127.0.0.1-127.1.0.1", "more than 4096 addresses"},
    };
    for (size_t i = 0; i < ACR_ARRAY_SIZE(wrong); i++) {
        struct acr_sources sources = {0};
        struct acr_error error = {0};
        assert_int_equal(acr_sources_add(&sources, wrong[i].text, &error), ACR_ERR_INVALID);
        assert_non_null(strstr(error.detail, wrong[i].said));
        assert_int_equal(sources.count, 0);
        acr_sources_done(&sources);
    }
}
