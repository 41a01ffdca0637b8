# SPDX-License-Identifier: MIT
"""Listeners of the test and of events of one's own, and what they may ask: totals, users, the exit code."""
import re

import pytest

ORDER = """
static void once(acr_user *user)
{
    acr_get(user, "/", .name = "page");
    puts("task");
    acr_sleep(user, 0.2);
    acr_stop_user(user);
}
ACR_USER(visitor, .tasks = {ACR_TASK(once)});

static void on_init(void) { puts("init"); }
static void on_start(void) { printf("start, %zu users\\n", acr_user_count()); }
static void on_complete(size_t users) { printf("complete: %zu of %zu\\n", acr_user_count(), users); }
static void on_stopping(void) { puts("stopping"); }
static void on_stop(void) { printf("stop, %zu users\\n", acr_user_count()); }
static void on_quitting(void) { puts("quitting"); }
static void on_quit(int exit_code) { printf("quit: %d\\n", exit_code); }
ACR_TEST(.on_init = on_init, .on_start = on_start, .on_spawning_complete = on_complete, .on_stopping = on_stopping,
         .on_stop = on_stop, .on_quitting = on_quitting, .on_quit = on_quit);
"""


def test_the_moments_of_a_test_come_in_order_and_once(play_c, target):
    report = play_c(ORDER, "-c", 2, "-t", "1s", host=target.url)
    lines = report.stdout.splitlines()
    assert lines[:2] == ["init", "start, 0 users"]
    assert lines[-4:] == ["stopping", "stop, 0 users", "quitting", "quit: 0"]
    assert sorted(lines[2:-4]) == ["complete: 2 of 2", "task", "task"]


def test_the_exit_code_of_failures_is_told_at_the_end(play_c):
    report = play_c(ORDER, "-c", 1, "-t", "1s", host="http://127.0.0.1:1", code=1)
    assert report.stdout.splitlines()[-1] == "quit: 1"


def test_nothing_is_told_to_listeners_when_the_file_is_only_looked_at(run, script):
    path = script("#include <acrida.h>\n#include <stdio.h>\n" + ORDER, "scenario.c")
    for option in ("--list", "--show-task-ratio", "--help"):
        finished = run(["-f", path, option])
        assert finished.code == 0 and not re.search("^(init|start|quit)", finished.stdout, re.M), str(finished)


def test_each_counted_request_is_told_once_and_as_it_was_counted(play_c, target):
    report = play_c("""
        static void once(acr_user *user)
        {
            acr_get(user, "/about/");
            acr_get(user, "/nowhere", .name = "404");
            acr_response *page = acr_get(user, "/", .catch_response = true);
            acr_failure(page, "not liked: %d", 7);
            acr_success(page);
            acr_record_success(user, "DNS", "lookup", 0.25, 12);
            acr_record_success(user, "DNS", "untimed", -1, 0);
            acr_record_failure(user, "DNS", "timeout", 1, "no answer");
            acr_quit(user);
            acr_stop_user(user);
        }
        ACR_USER(visitor, .tasks = {ACR_TASK(once)});

        static void told(const acr_request_record *record)
        {
            printf("%s %s: %s, %d, %s, user %d, status %d\\n", record->type, record->name,
                   record->seconds < 0 ? "no time" : record->seconds < 0.2 ? "fast" : "slow", (int)record->bytes,
                   record->error != NULL ? record->error : "fine", (int)acr_user_number(record->user),
                   record->response != NULL ? acr_status(record->response) : -1);
            acr_record_success(record->user, "LISTENER", "own", 0, 0); /* must not come back here */
        }
        ACR_TEST(.on_request = told);
    """, host=target.url, code=1)
    lines = report.stdout.splitlines()
    assert re.fullmatch(r"GET /about/: fast, [1-9]\d*, fine, user 1, status 200", lines[0])
    assert lines[1].startswith("GET 404: fast, 0, 404 Client Error: Not Found for url")
    assert lines[2:] == ["GET /: fast, 0, not liked: 7, user 1, status 200",
                         "DNS lookup: slow, 12, fine, user 1, status -1",
                         "DNS untimed: no time, 0, fine, user 1, status -1",
                         "DNS timeout: slow, 0, no answer, user 1, status -1"]
    assert report.table()["LISTENER own"].requests == len(lines)


def test_requests_are_told_at_the_end_of_a_user_too(play_c, start_target):
    """Of a request that a task left to its end, and of one that on_stop makes."""
    target = start_target()
    report = play_c("""
        static void once(acr_user *user)
        {
            acr_get(user, "/", .name = "left", .catch_response = true);
            acr_sleep(user, 60);
        }
        static void out(acr_user *user) { acr_get(user, "/", .name = "out"); }
        ACR_USER(visitor, .tasks = {ACR_TASK(once)}, .on_stop = out);
        static void told(const acr_request_record *record) { puts(record->name); }
        ACR_TEST(.on_request = told);
    """, "-c", 3, "-t", "1s", host=target.url)
    assert sorted(report.stdout.splitlines()) == 3 * ["left"] + 3 * ["out"]


def test_events_of_ones_own_reach_every_listener_in_order(play_c):
    report = play_c("""
        struct order { int number; };
        static void first(acr_user *user, void *argument)
        {
            printf("first: user %d, order %d\\n", (int)acr_user_number(user), ((struct order *)argument)->number);
            acr_fire(user, "booked", NULL);
        }
        static void second(acr_user *user, void *argument) { (void)user; (void)argument; puts("second"); }
        static void booked(acr_user *user, void *argument) { (void)user; printf("booked %d\\n", argument == NULL); }
        static void other(acr_user *user, void *argument) { (void)user; (void)argument; puts("other"); }
        ACR_LISTENER("order placed", first);
        ACR_LISTENER("order placed", second);
        ACR_LISTENER("booked", booked);
        ACR_LISTENER("order", other);
        static void once(acr_user *user)
        {
            struct order order = {42};
            acr_fire(user, "order placed", &order);
            acr_fire(user, "nobody listens", &order);
            acr_quit(user);
            acr_stop_user(user);
        }
        ACR_USER(buyer, .tasks = {ACR_TASK(once)});
    """)
    assert report.stdout.splitlines() == ["first: user 1, order 42", "booked 1", "second"]


def test_a_wait_in_a_listener_is_not_done_and_is_reported_once(play_c, target):
    report = play_c("""
        static acr_user *known;
        static void ask(acr_user *user, void *argument)
        {
            acr_response *none = acr_get(user, "/");
            printf("%s: sleep %d, status %d, %s\\n", (const char *)argument, acr_sleep(user, 30), acr_status(none), acr_why(none));
        }
        ACR_LISTENER("ask", ask);
        static void told(const acr_request_record *record) { ask(record->user, (void *)"request"); }
        static void stopping(void) { ask(known, (void *)"stopping"); }
        ACR_TEST(.on_request = told, .on_stopping = stopping);
        static void once(acr_user *user)
        {
            known = user;
            acr_fire(user, "ask", (void *)"own");
            acr_get(user, "/", .name = "page");
            printf("afterwards: sleep %d\\n", acr_sleep(user, 0.01));
            acr_sleep(user, 60);
        }
        ACR_USER(visitor, .tasks = {ACR_TASK(once)});
    """, "-t", "1s", host=target.url)
    refused = "sleep 0, status 0, a listener must not wait"
    assert report.stdout.splitlines() == [f"own: {refused}", f"request: {refused}", "afterwards: sleep 1",
                                          f"stopping: {refused}"]
    assert len([text for text in report.records("ERROR") if "a listener must not wait" in text]) == 1
    assert list(report.table()) == ["GET page"] and report.seconds < 20


JUDGE = """
static void once(acr_user *user)
{
    for (int i = 1; i <= 100; i++)
        acr_record_success(user, "T", "steps", i / 100.0, 10);
    acr_record_failure(user, "T", "steps", 5, "too slow");
    acr_record_success(user, "T", "other", 3, 0);
    acr_quit(user);
    acr_stop_user(user);
}
ACR_USER(judge, .tasks = {ACR_TASK(once)});

static void show(const char *type, const char *name)
{
    acr_summary of;
    bool known = acr_totals(type, name, &of);
    printf("%d %d %d %.2f %.2f %.2f %.2f %.2f %.0f\\n", known, (int)of.successes, (int)of.failures, of.average, of.median,
           of.p95, of.p99, of.max, of.requests_per_second);
}
"""


def test_totals_are_those_of_the_tables(play_c):
    report = play_c(JUDGE + """
        static void on_quitting(void)
        {
            show("T", "steps");
            show("T", "nothing");
            show(NULL, NULL);
        }
        ACR_TEST(.on_quitting = on_quitting);
    """, code=1)
    assert report.stdout.splitlines() == ["1 100 1 0.51 0.50 0.96 1.00 1.00 100",
                                          "0 0 0 0.00 0.00 0.00 0.00 0.00 0", "1 101 1 0.53 0.51 0.96 1.00 3.00 101"]
    row = report.table()["T steps"]
    assert (row.requests, row.failures, row.avg, row.median, row.max) == (100, 1, 505, 500, 1000)


@pytest.mark.parametrize("body, code", [
    ("acr_set_exit_code(0);", 0),
    ("acr_summary all; acr_totals(NULL, NULL, &all); acr_set_exit_code(all.failures * 100 > all.successes ? 3 : 4);", 4),
    ("acr_set_exit_code(7); acr_set_exit_code(256); acr_set_exit_code(-1);", 7),
])
def test_the_exit_code_may_be_the_scenario_s_own(play_c, body, code):
    report = play_c(JUDGE + f"""
        static void on_quitting(void) {{ {body} }}
        static void on_quit(int exit_code) {{ printf("quit: %d\\n", exit_code); }}
        ACR_TEST(.on_quitting = on_quitting, .on_quit = on_quit);
    """, code=code)
    assert report.stdout == f"quit: {code}\n"
    refused = [text for text in report.records("ERROR") if "an exit code is a number" in text]
    assert len(refused) == body.count("256") + body.count("-1")


def test_without_a_test_and_without_users_the_calls_are_harmless(play_c):
    report = play_c("""
        static void __attribute__((constructor)) early(void)
        {
            acr_summary none = {.successes = 1};
            acr_fire(NULL, "early", NULL);
            acr_set_exit_code(9);
            acr_quit(NULL);
            bool known = acr_totals(NULL, NULL, &none);
            printf("%d %d %d\\n", known, (int)none.successes, (int)acr_user_count());
        }
        static void on_start(void) { acr_fire(NULL, "begun", NULL); acr_quit(NULL); }
        static void begun(acr_user *user, void *argument) { (void)argument; acr_log_info(user, "begun"); }
        ACR_LISTENER("begun", begun);
        ACR_TEST(.on_start = on_start);
        static void idle(acr_user *user) { acr_sleep(user, 60); }
        ACR_USER(idler, .tasks = {ACR_TASK(idle)});
    """)
    assert report.stdout == "0 0 0\n" and report.records("INFO", "scenario") == ["begun"] and report.seconds < 20


@pytest.mark.parametrize("level, expected", [("DEBUG", "diwe"), ("WARNING", "we"), ("ERROR", "e")])
def test_records_have_the_level_of_their_function(play_c, level, expected):
    report = play_c("""
        static void once(acr_user *user)
        {
            acr_log_debug(user, "%c", 'd');
            acr_log_info(user, "%c", 'i');
            acr_log_warning(user, "%c", 'w');
            acr_log_error(user, "%c", 'e');
            acr_quit(user);
            acr_stop_user(user);
        }
        ACR_USER(talker, .tasks = {ACR_TASK(once)});
    """, "-L", level)
    levels = {"d": "DEBUG", "i": "INFO", "w": "WARNING", "e": "ERROR"}
    assert "".join(text for name in levels.values() for text in report.records(name, "talker")) == expected


def test_listeners_can_be_written_in_cxx(play_c):
    report = play_c("""
        #include <string>
        static void once(acr_user *user)
        {
            std::string order = "42";
            acr_fire(user, "order placed", &order);
            acr_record_success(user, "T", "t", 0, 0);
            acr_quit(user);
            acr_stop_user(user);
        }
        ACR_USER(buyer, .tasks = {ACR_TASK(once)});
        static void placed(acr_user *, void *argument) { puts(static_cast<std::string *>(argument)->c_str()); }
        ACR_LISTENER("order placed", placed);
        static void told(const acr_request_record *record) { puts(record->name); }
        static void quit(int code) { printf("%d\\n", code); }
        ACR_TEST(.on_request = told, .on_quit = quit);
    """, name="scenario.cpp")
    assert report.stdout.splitlines() == ["42", "t", "0"]
