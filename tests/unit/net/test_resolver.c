/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/net.h"
#include "support/net_fixture.h"
#include "support/servers.h"

#define SECOND ACR_NANOS_PER_SECOND

static struct net_fixture fixture;
static struct dns_server dns;
static char hosts_path[64];

static void write_hosts(const char *text)
{
    FILE *file = fopen(hosts_path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int setup(void **state)
{
    (void)state;
    snprintf(hosts_path, sizeof hosts_path, "/tmp/acrida-hosts-XXXXXX");
    int fd = mkstemp(hosts_path);
    if (fd < 0)
        return -1;
    close(fd);
    dns = dns_server_start();
    struct acr_net_options options = {
        .hosts_path = hosts_path, .dns_servers = dns.address, .ttl_min = 2, .ttl_max = 60, .always_ask_ipv6 = true};
    net_fixture_open(&fixture, &options);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_fixture_close(&fixture);
    dns_server_stop(&dns);
    unlink(hosts_path);
    return 0;
}

/* One question and what came of it. */
struct question {
    const char *host;
    acr_nanos wait; /* 0: forever */
    int code;
    struct acr_net_addresses addresses;
    struct acr_error error;
};

static int ask_on(struct acr_fiber *fiber, struct question *question)
{
    acr_nanos deadline = question->wait == 0 ? ACR_NEVER : acr_loop_now(fixture.loop) + question->wait;
    question->code = acr_net_resolve(fixture.net, fiber, acr_str_of(question->host), deadline, &question->addresses,
                                     &question->error);
    return question->code;
}

static void ask_in_coroutine(struct acr_coroutine *coroutine, void *context)
{
    ask_on(acr_coroutine_fiber(coroutine), context);
}

static struct question ask(const char *host)
{
    struct question question = {.host = host, .code = 1};
    net_fixture_start(&fixture, ask_in_coroutine, &question);
    net_fixture_run(&fixture);
    return question;
}

static unsigned queries(void)
{
    return atomic_load(&dns.script->queries);
}

/* "10.0.0.1 ::1", in order. */
static void assert_addresses(const struct question *question, const char *expected)
{
    char all[512] = "";
    assert_int_equal(question->code, 0);
    for (size_t i = 0; i < question->addresses.count; i++) {
        char text[INET6_ADDRSTRLEN];
        const struct acr_net_address *address = &question->addresses.list[i];
        const void *bytes = address->socket.any.sa_family == AF_INET ? (const void *)&address->socket.v4.sin_addr
                                                                     : (const void *)&address->socket.v6.sin6_addr;
        inet_ntop(address->socket.any.sa_family, bytes, text, sizeof text);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? " " : "", text);
    }
    assert_string_equal(all, expected);
}

static void test_literal_addresses_need_no_query(void **state)
{
    (void)state;
    struct question question = ask("192.0.2.7");
    assert_addresses(&question, "192.0.2.7");
    question = ask("127.1");
    assert_addresses(&question, "127.0.0.1");
    question = ask("2001:DB8::1");
    assert_addresses(&question, "2001:db8::1");
    question = ask("fe80::1%lo");
    assert_addresses(&question, "fe80::1");
    assert_int_not_equal(question.addresses.list[0].socket.v6.sin6_scope_id, 0);
    assert_int_equal(queries(), 0);
}

static void test_what_is_no_host_name_is_refused(void **state)
{
    (void)state;
    char too_long[300];
    memset(too_long, 'a', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    assert_int_equal(ask("").code, ACR_ERR_RESOLVE);
    assert_int_equal(ask(too_long).code, ACR_ERR_RESOLVE);
    assert_int_equal(ask("a..b").code, ACR_ERR_RESOLVE);
    assert_int_equal(queries(), 0);
}

static void test_hosts_file_is_asked_first_and_names_have_no_case(void **state)
{
    (void)state;
    write_hosts(
        "# comment\n10.0.0.1\tWeb.example.test  web # more\n\n10.0.0.2 web\n::7 web\nnonsense line\n10.0.0.1 web");
    struct question question = ask("WEB");
    assert_addresses(&question, "::7 10.0.0.1 10.0.0.2");
    question = ask("web.example.test.");
    assert_addresses(&question, "10.0.0.1");
    assert_int_equal(queries(), 0);
}

static void test_hosts_file_is_read_again_when_it_changed(void **state)
{
    (void)state;
    write_hosts("10.0.0.1 web\n");
    struct question question = ask("web");
    assert_addresses(&question, "10.0.0.1");
    write_hosts("10.0.0.22 web\n");
    question = ask("web");
    assert_addresses(&question, "10.0.0.1");
    net_fixture_advance(&fixture, SECOND);
    question = ask("web");
    assert_addresses(&question, "10.0.0.22");
}

static void test_localhost_needs_neither_file_nor_query(void **state)
{
    (void)state;
    unlink(hosts_path);
    struct question question = ask("LocalHost");
    assert_int_equal(question.addresses.count, 2);
    assert_int_equal(ask("any.localhost.").code, 0);
    assert_int_equal(queries(), 0);
    write_hosts("127.0.0.9 localhost\n");
    net_fixture_advance(&fixture, SECOND);
    question = ask("localhost");
    assert_addresses(&question, "127.0.0.9");
}

static void test_families_alternate_and_ipv6_comes_first(void **state)
{
    (void)state;
    dns_server_add(&dns, (struct dns_rule){"a.test", 4, DNS_ADDRESS, "10.0.0.1", 30});
    dns_server_add(&dns, (struct dns_rule){"a.test", 4, DNS_ADDRESS, "10.0.0.2", 30});
    dns_server_add(&dns, (struct dns_rule){"a.test", 4, DNS_ADDRESS, "10.0.0.3", 30});
    dns_server_add(&dns, (struct dns_rule){"a.test", 6, DNS_ADDRESS, "2001:db8::1", 30});
    struct question question = ask("a.test");
    assert_addresses(&question, "2001:db8::1 10.0.0.1 10.0.0.2 10.0.0.3");
}

static void test_answers_are_kept_for_their_time_to_live(void **state)
{
    (void)state;
    dns_server_add(&dns, (struct dns_rule){"a.test", 4, DNS_ADDRESS, "10.0.0.1", 30});
    struct question question = ask("a.test");
    assert_addresses(&question, "10.0.0.1");
    unsigned after_first = queries();
    assert_int_equal(after_first, 2);
    dns_server_forget_rules(&dns);
    dns_server_add(&dns, (struct dns_rule){"a.test", 4, DNS_ADDRESS, "10.0.0.99", 30});
    net_fixture_advance(&fixture, 30 * SECOND - 1);
    question = ask("A.Test");
    assert_addresses(&question, "10.0.0.1");
    assert_int_equal(queries(), after_first);
    net_fixture_advance(&fixture, 1);
    question = ask("a.test");
    assert_addresses(&question, "10.0.0.99");
    assert_int_equal(queries(), 2 * after_first);
}

static void test_time_to_live_is_kept_within_bounds(void **state)
{
    (void)state;
    dns_server_add(&dns, (struct dns_rule){"short.test", 4, DNS_ADDRESS, "10.0.0.1", 0});
    dns_server_add(&dns, (struct dns_rule){"long.test", 4, DNS_ADDRESS, "10.0.0.1", 86400});
    assert_int_equal(ask("short.test").code, 0);
    assert_int_equal(ask("long.test").code, 0);
    unsigned before = queries();
    net_fixture_advance(&fixture, 2 * SECOND - 1);
    assert_int_equal(ask("short.test").code, 0);
    assert_int_equal(queries(), before);
    net_fixture_advance(&fixture, 1);
    assert_int_equal(ask("short.test").code, 0);
    assert_int_equal(queries(), before + 2);
    net_fixture_advance(&fixture, 58 * SECOND - 1);
    assert_int_equal(ask("long.test").code, 0);
    assert_int_equal(queries(), before + 2);
    net_fixture_advance(&fixture, 1);
    assert_int_equal(ask("long.test").code, 0);
    assert_int_equal(queries(), before + 4);
}

static void test_an_alias_is_followed_and_its_time_to_live_counts(void **state)
{
    (void)state;
    dns_server_add(&dns, (struct dns_rule){"www.test", 0, DNS_ALIAS, "real.test", 5});
    dns_server_add(&dns, (struct dns_rule){"real.test", 4, DNS_ADDRESS, "10.0.0.1", 50});
    struct question question = ask("www.test");
    assert_addresses(&question, "10.0.0.1");
    unsigned before = queries();
    net_fixture_advance(&fixture, 5 * SECOND);
    assert_int_equal(ask("www.test").code, 0);
    assert_int_equal(queries(), before + 2);
}

static void test_a_name_that_does_not_exist_is_reported_and_remembered_briefly(void **state)
{
    (void)state;
    struct question question = ask("missing.test");
    assert_int_equal(question.code, ACR_ERR_RESOLVE);
    assert_non_null(strstr(question.error.detail, "missing.test"));
    assert_non_null(strstr(question.error.detail, "not found"));
    unsigned before = queries();
    assert_int_equal(ask("missing.test").code, ACR_ERR_RESOLVE);
    assert_int_equal(queries(), before);
    dns_server_add(&dns, (struct dns_rule){"missing.test", 4, DNS_ADDRESS, "10.0.0.1", 50});
    net_fixture_advance(&fixture, 2 * SECOND);
    question = ask("missing.test");
    assert_addresses(&question, "10.0.0.1");
}

static void test_a_broken_server_is_reported(void **state)
{
    (void)state;
    dns_server_add(&dns, (struct dns_rule){"broken.test", 4, DNS_BROKEN});
    dns_server_add(&dns, (struct dns_rule){"broken.test", 6, DNS_BROKEN});
    assert_int_equal(ask("broken.test").code, ACR_ERR_RESOLVE);
}

static void test_a_server_that_is_not_there_is_reported(void **state)
{
    (void)state;
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%u", server_free_port("127.0.0.1"));
    struct net_fixture plain = fixture;
    struct acr_net_options options = {.hosts_path = "/dev/null", .dns_servers = address};
    assert_int_equal(acr_net_open(fixture.loop, &options, &fixture.net, NULL), 0);
    struct question question = ask("a.test");
    assert_int_equal(question.code, ACR_ERR_RESOLVE);
    assert_non_null(strstr(question.error.detail, "contact DNS servers"));
    acr_net_close(fixture.net);
    options.dns_servers = "nonsense";
    assert_int_equal(acr_net_open(fixture.loop, &options, &fixture.net, NULL), 0);
    question = ask("a.test");
    assert_int_equal(question.code, ACR_ERR_RESOLVE);
    assert_non_null(strstr(question.error.detail, "nonsense"));
    acr_net_close(fixture.net);
    fixture = plain;
}

static void test_a_long_answer_comes_by_tcp(void **state)
{
    (void)state;
    for (int i = 1; i <= 20; i++) {
        struct dns_rule rule = {"many.test", 4, DNS_ADDRESS, "", 30, .only_tcp = true};
        snprintf(rule.value, sizeof rule.value, "10.0.0.%d", i);
        dns_server_add(&dns, rule);
    }
    struct question question = ask("many.test");
    assert_int_equal(question.code, 0);
    assert_int_equal(question.addresses.count, ACR_NET_ADDRESSES_MAX);
}

static void test_fibers_that_want_one_name_share_one_query(void **state)
{
    (void)state;
    struct question questions[3] = {{.host = "a.test"}, {.host = "A.test"}, {.host = "a.test"}};
    dns_server_add(&dns, (struct dns_rule){"a.test", 4, DNS_ADDRESS, "10.0.0.1", 30});
    for (int i = 0; i < 3; i++)
        net_fixture_start(&fixture, ask_in_coroutine, &questions[i]);
    net_fixture_run(&fixture);
    for (int i = 0; i < 3; i++)
        assert_addresses(&questions[i], "10.0.0.1");
    assert_int_equal(queries(), 2);
}

static bool was_asked(void *context)
{
    (void)context;
    return queries() >= 2;
}

static void test_silence_ends_at_the_deadline(void **state)
{
    (void)state;
    struct question question = {.host = "silent.test", .wait = 3 * SECOND, .code = 1};
    dns_server_add(&dns, (struct dns_rule){"silent.test", 4, DNS_SILENCE});
    dns_server_add(&dns, (struct dns_rule){"silent.test", 6, DNS_SILENCE});
    net_fixture_start(&fixture, ask_in_coroutine, &question);
    net_fixture_run_until(&fixture, was_asked, NULL);
    net_fixture_advance(&fixture, 3 * SECOND - ACR_NANOS_PER_MILLI);
    net_fixture_turn(&fixture);
    assert_int_equal(question.code, 1);
    net_fixture_advance(&fixture, 2 * ACR_NANOS_PER_MILLI);
    net_fixture_run(&fixture);
    assert_int_equal(question.code, ACR_ERR_TIMED_OUT);
    assert_non_null(strstr(question.error.detail, "silent.test"));
}

/* An answer that comes in the same turn as a cancel wins; a test of the cancel keeps it away. */
static void hold_answers(void)
{
    kill(dns.server.pid, SIGSTOP);
}

static void let_answers_go(void)
{
    kill(dns.server.pid, SIGCONT);
}

static void cancel_in_its_wait(struct acr_coroutine *coroutine)
{
    assert_int_equal(acr_loop_turn(fixture.loop, 0), 0);
    acr_coroutine_cancel(coroutine);
    assert_int_equal(acr_loop_turn(fixture.loop, 0), 0);
}

static void test_one_gives_up_and_the_other_still_gets_the_answer(void **state)
{
    (void)state;
    struct question leaves = {.host = "a.test"}, stays = {.host = "a.test"};
    dns_server_add(&dns, (struct dns_rule){"a.test", 4, DNS_ADDRESS, "10.0.0.1", 30});
    hold_answers();
    struct acr_coroutine *first = net_fixture_start(&fixture, ask_in_coroutine, &leaves);
    net_fixture_start(&fixture, ask_in_coroutine, &stays);
    cancel_in_its_wait(first);
    let_answers_go();
    net_fixture_run(&fixture);
    assert_int_equal(leaves.code, ACR_ERR_CANCELLED);
    assert_addresses(&stays, "10.0.0.1");
}

static bool no_query_open(void *context)
{
    /* c-ares closes its sockets when the last query has ended. */
    return net_fixture_descriptors() == *(size_t *)context;
}

static void test_a_cancelled_question_leaves_nothing_behind(void **state)
{
    (void)state;
    dns_server_add(&dns, (struct dns_rule){"a.test", 4, DNS_ADDRESS, "10.0.0.1", 30});
    size_t before = net_fixture_descriptors();
    struct question question = {.host = "a.test"};
    hold_answers();
    cancel_in_its_wait(net_fixture_start(&fixture, ask_in_coroutine, &question));
    let_answers_go();
    net_fixture_run(&fixture);
    assert_int_equal(question.code, ACR_ERR_CANCELLED);
    net_fixture_run_until(&fixture, no_query_open, &before);
    /* The answer is there for the next one. */
    unsigned asked = queries();
    question = ask("a.test");
    assert_addresses(&question, "10.0.0.1");
    assert_int_equal(queries(), asked);
}

static void test_closing_with_a_query_under_way_is_clean(void **state)
{
    (void)state;
    struct question question = {.host = "silent.test"};
    dns_server_add(&dns, (struct dns_rule){"silent.test", 4, DNS_SILENCE});
    struct acr_coroutine *coroutine = net_fixture_start(&fixture, ask_in_coroutine, &question);
    assert_int_equal(acr_loop_turn(fixture.loop, 0), 0);
    acr_coroutine_cancel(coroutine);
    net_fixture_run(&fixture);
    assert_int_equal(question.code, ACR_ERR_CANCELLED);
}

static void test_names_nobody_asks_for_any_more_are_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        char host[32];
        snprintf(host, sizeof host, "name%d.test", i);
        assert_int_equal(ask(host).code, ACR_ERR_RESOLVE);
        net_fixture_advance(&fixture, 3 * SECOND);
    }
    /* Nothing to be seen from outside but that none of it is used after it was freed. */
    assert_int_equal(ask("name0.test").code, ACR_ERR_RESOLVE);
}
