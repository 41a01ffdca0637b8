# SPDX-License-Identifier: MIT
"""Scenarios in C: compiled, run, and counted like any other."""
import json
import os
import stat

import pytest

from c_source import HEAD
from programs import ROOT
from servers import answer, read_head
from tables import agree


def test_the_quick_start_counts_every_request(play, target):
    report = play(ROOT / "examples" / "c" / "quickstart.c", "-c", 8, "-t", "2s", "--csv", "numbers", host=target.url,
                  env={"ACRIDA_SEED": "1"})
    table = report.table()
    assert list(table) == ["GET /", "POST /login", "POST /logout", "GET /profile"]
    assert table["POST /login"].requests == table["POST /logout"].requests == 8
    assert table["GET /"].requests + table["GET /profile"].requests == 8  # the next ones are five seconds away
    assert report.total()[1] == 0 and report.errors() == {}
    agree(report, target.stats(), report.finished.cwd / "numbers")


def test_tasks_are_chosen_by_weight_and_sequences_keep_their_order(play_c, target):
    report = play_c("""
        static void often(acr_user *user) { acr_get(user, "/", .name = "often"); }
        static void seldom(acr_user *user) { acr_get(user, "/", .name = "seldom"); }
        ACR_USER(chooser, .tasks = {ACR_TASK(often, .weight = 3), ACR_TASK(seldom)}, .fixed_count = 1);

        static void first(acr_user *user) { acr_get(user, "/", .name = "first"); }
        static void second(acr_user *user) { acr_get(user, "/", .name = "second"); }
        static void leave(acr_user *user) { acr_interrupt(user, true); }
        ACR_TASK_SET(steps, .tasks = {ACR_TASK(first), ACR_TASK(second, .weight = 2), ACR_TASK(leave)}, .sequence = true);
        static void between(acr_user *user) { acr_get(user, "/", .name = "between"); }
        ACR_USER(walker, .tasks = {ACR_SUBSET(steps), ACR_TASK(between)}, .sequence = true, .fixed_count = 1);
    """, "-c", 2, "-n", 4000, host=target.url)
    table = report.table()
    assert 2.5 < table["GET often"].requests / table["GET seldom"].requests < 3.6  # 3, of some 2,000
    first, second, between = (table[f"GET {name}"].requests for name in ("first", "second", "between"))
    assert first > 100 and 0 <= first - between <= 1 and 0 <= 2 * first - second <= 2
    agree(report, target.stats())


def test_start_and_stop_run_once_per_user_and_set_and_state_belongs_to_the_user(play_c, target):
    report = play_c("""
        struct visitor { int visits; };
        static void in(acr_user *user) { acr_get(user, "/", .name = "in"); }
        static void out(acr_user *user)
        {
            acr_get(user, "/", .name = "out");
            acr_log_info(user, "user %d: %d visits", (int)acr_user_number(user), ACR_STATE(struct visitor, user)->visits);
        }
        static void enter(acr_user *user) { acr_get(user, "/", .name = "enter"); }
        static void leave(acr_user *user) { acr_get(user, "/", .name = "leave"); }
        static void visit(acr_user *user) { ACR_STATE(struct visitor, user)->visits++; acr_sleep(user, 60); }
        ACR_TASK_SET(pages, .tasks = {ACR_TASK(visit)}, .on_start = enter, .on_stop = leave);
        ACR_USER(visitor, .tasks = {ACR_SUBSET(pages)}, .on_start = in, .on_stop = out,
                 .state_size = sizeof(struct visitor));
        static void begin(void) { puts("test begins"); }
        static void end(void) { puts("test ends"); }
        ACR_TEST(.on_start = begin, .on_stop = end);
    """, "-c", 4, "-t", "1s", host=target.url)
    assert {name: row.requests for name, row in report.table().items()} == {
        "GET in": 4, "GET enter": 4, "GET leave": 4, "GET out": 4}
    assert sorted(report.records("INFO", "visitor")) == [f"user {number}: 1 visits" for number in range(1, 5)]
    assert report.stdout == "test begins\ntest ends\n"
    agree(report, target.stats())


def test_answers_are_judged_by_status_or_by_the_task(play_c, target):
    report = play_c("""
        static void once(acr_user *user)
        {
            acr_get(user, "/nowhere");
            acr_response *page = acr_get(user, "/nowhere", .name = "accepted", .catch_response = true);
            if (acr_status(page) == 404)
                acr_success(page);
            page = acr_get(user, "/", .name = "refused", .catch_response = true);
            acr_failure(page, "%s, %d bytes", acr_body_size(page) > 0 ? "a body" : "no body", 7);
            acr_success(page); /* too late */
            acr_get(user, "/nowhere", .name = "left to its status", .catch_response = true);
            page = acr_get(user, "http://127.0.0.1:1/", .name = "nobody there");
            if (acr_status(page) != 0 || strlen(acr_why(page)) == 0)
                acr_record_failure(user, "X", "wrong", 0, "an answer from nobody");
            acr_record_success(user, "DNS", "lookup", 0.25, 12);
            acr_record_failure(user, "DNS", "timeout", -1, "no answer");
            acr_quit(user);
            acr_stop_user(user);
        }
        ACR_USER(judge, .tasks = {ACR_TASK(once)});
    """, host=target.url, code=1)
    counts = {name: (row.requests, row.failures) for name, row in report.table().items()}
    assert counts == {"GET /nowhere": (0, 1), "GET accepted": (1, 0), "GET refused": (0, 1),
                      "GET left to its status": (0, 1), "GET nobody there": (0, 1), "DNS lookup": (1, 0),
                      "DNS timeout": (0, 1)}
    assert report.table()["DNS lookup"].median == 250
    errors = " ".join(report.errors())
    assert "404 Client Error: Not Found for url" in errors and "a body, 7 bytes" in errors
    assert "connection refused: 127.0.0.1:1" in errors


def test_judging_a_request_that_is_not_caught_is_said_once(play_c, target):
    report = play_c("""
        static void once(acr_user *user)
        {
            acr_failure(acr_get(user, "/hello", .name = "greeting"), "wrong");
            acr_success(acr_get(user, "/world"));
            acr_stop_user(user);
        }
        ACR_USER(judge, .tasks = {ACR_TASK(once)});
    """, host=target.url)
    assert report.records("ERROR", "locust.runners") == [
        "judge: acr_failure() changes nothing for a request without .catch_response = true (GET /hello): its "
        "status counts"]
    assert report.total()[:2] == (2, 0)


def test_a_scenario_is_found_by_its_usual_name(target, script, start):
    scenario = script("""
        #include <acrida.h>
        static void once(acr_user *user) { acr_get(user, "/hello"); acr_stop_user(user); }
        ACR_USER(visitor, .tasks = {ACR_TASK(once)});
    """, "locustfile.c")
    (scenario.parent / "below").mkdir()
    finished = start("--no-web", "-H", target.url, cwd=scenario.parent / "below").finish(30)
    assert finished.code == 0 and "GET /hello" in finished.stderr, str(finished)


def test_requests_carry_what_their_options_say(play_c, target):
    report = play_c(r"""
        static void expect(acr_user *user, const char *what, const char *found, const char *wanted)
        {
            if (found == NULL || strcmp(found, wanted) != 0)
                acr_log_error(user, "%s: %s", what, found != NULL ? found : "(nothing)");
        }
        static void once(acr_user *user)
        {
            acr_response *echo = acr_post(user, "/echo", .params = acr_form(user, "q", "a b&c", NULL),
                                          .headers = "X-One: 1\nX-Two:  two \r\n", .json = "{\"a\": [1, {\"b/c\": \"d\"}]}");
            const char *body = acr_body(echo);
            expect(user, "query", strstr(body, "q=a+b%26c") ? "" : body, "");
            expect(user, "type", strstr(body, "application/json") ? "" : body, "");
            expect(user, "headers", strstr(body, "X-One") && strstr(body, "two") ? "" : body, "");
            echo = acr_post(user, "/echo", .headers = "user-agent: mine\nContent-Length: 99", .body = "abc", .timeout = 5);
            body = acr_body(echo);
            expect(user, "own agent", strstr(body, "mine") && !strstr(body, "acrida/") && strstr(body, "*/*") ? "" : body, "");
            expect(user, "length", strstr(body, "\"body_size\":3") ? "" : body, "");
            echo = acr_put(user, "/echo", .form = acr_form(user, "user", "\xc3\xa9", NULL), .user_name = "ann", .password = "x");
            expect(user, "form", strstr(acr_body(echo), "user=%C3%A9") ? "" : acr_body(echo), "");
            expect(user, "authorization", strstr(acr_body(echo), "Basic YW5uOng=") ? "" : acr_body(echo), "");
            acr_response *json = acr_get(user, "/json");
            expect(user, "number", acr_json(json, "/id"), "42");
            expect(user, "pointer into nothing", acr_json(json, "/id/0") == NULL ? "" : "?", "");
            expect(user, "header", acr_header(json, "CONTENT-TYPE"), "application/json");
            expect(user, "between", acr_find_between(json, "\"id\"", "4"), strchr(acr_body(json), ' ') ? ": " : ":");
            expect(user, "regex", acr_find_regex(json, "\"id\": *([0-9]+)"), "42");
            expect(user, "no regex", acr_find_regex(json, "(") == NULL ? "" : "?", "");
            acr_response *redirect = acr_get(user, "/redirect/2", .keep_redirects = true);
            expect(user, "redirect", acr_status(redirect) == 302 ? "" : "followed", "");
            expect(user, "head", acr_body_size(acr_head(user, "/")) == 0 ? "" : "a body", "");
            acr_stop_user(user);
        }
        ACR_USER(asker, .tasks = {ACR_TASK(once)});
    """, host=target.url)
    assert report.records("ERROR", "asker") == []
    assert [text for text in report.records("ERROR", "locust.runners") if "acr_find_regex" in text]
    agree(report, target.stats())


def test_requests_that_cannot_be_made_are_failures_that_say_why(play_c, target):
    report = play_c("""
        static void once(acr_user *user)
        {
            acr_get(user, "about");
            acr_get(user, "?a=1&to=http://there");
            acr_get(user, "ftp://there/");
            acr_post(user, "/echo", .json = "{}", .form = "a=b");
            acr_stop_user(user);
        }
        ACR_USER(asker, .tasks = {ACR_TASK(once)});
    """, host=target.url, code=1)
    errors = report.errors()
    assert report.total() == (1, 3) and len(errors) == 3, str(report)
    assert any("URL scheme is not http or https: " in error and "ftp" in error for error in errors)
    assert any("about: a path begins with '/'" in error for error in errors)
    assert any("a request has one of .body, .json and .form" in error for error in errors)
    assert target.stats()["requests"] == 1


def test_a_session_is_kept_in_cookies(play_c, start_target):
    target = start_target("--require-login")
    report = play_c("""
        static void log_in(acr_user *user)
        {
            acr_post(user, "/login", .form = acr_form(user, "username", "a", "password", "b", NULL));
        }
        static void profile(acr_user *user) { acr_get(user, "/profile"); }
        ACR_USER(member, .on_start = log_in, .tasks = {ACR_TASK(profile)}, .wait = acr_constant(0.1));
    """, "-c", 3, "-n", 20, host=target.url)
    assert report.total()[1] == 0 and report.table()["GET /profile"].requests > 10
    agree(report, target.stats())


@pytest.mark.parametrize("call", ['acr_get(user, "/");', "acr_sleep(user, 0.01);"], ids=["request", "sleep"])
def test_a_task_that_does_not_return_is_cut_off(play_c, target, call):
    report = play_c(f"""
        static void forever(acr_user *user) {{ for (;;) {call} }}
        static void out(acr_user *user) {{ acr_get(user, "/", .name = "out"); }}
        ACR_USER(stubborn, .tasks = {{ACR_TASK(forever)}}, .on_stop = out);
    """, "-c", 3, "-t", "1s", host=target.url)
    assert sum("stubborn: forever was cut off" in text for text in report.records("WARNING")) == 3
    assert report.table()["GET out"].requests == 3 and report.seconds < 20
    agree(report, target.stats())


def test_a_request_without_an_answer_holds_the_end_up_for_two_seconds_at_most(play_c, start_target):
    report = play_c("""
        static void ask(acr_user *user)
        {
            acr_response *none = acr_get(user, "/");
            acr_log_info(user, "status %d, ending %d", acr_status(none), acr_ending(user));
        }
        static void out(acr_user *user) { acr_log_info(user, "out, slept %d", acr_sleep(user, 0.01)); }
        ACR_USER(patient, .tasks = {ACR_TASK(ask)}, .on_stop = out);
    """, "-c", 2, "-t", "1s", host=start_target("--delay", "60000").url)
    assert sorted(report.records("INFO", "patient")) == 2 * ["out, slept 1"] + 2 * ["status 0, ending 1"]
    assert report.total() == (0, 0) and 3 <= report.seconds < 20


def test_waits_are_what_they_are_called(play_c):
    report = play_c("""
        static double none(acr_user *user) { return 0.01 + 0 * acr_random_real(user); }
        static void tick(acr_user *user) { acr_record_success(user, "T", "ticks", 0, 0); }
        static void pace(acr_user *user) { acr_sleep(user, 0.03); acr_record_success(user, "T", "paced", 0, 0); }
        ACR_USER(by_function, .tasks = {ACR_TASK(tick)}, .wait = acr_wait_by(none), .fixed_count = 1);
        ACR_USER(by_pace, .tasks = {ACR_TASK(pace)}, .wait = acr_constant_pacing(0.1), .fixed_count = 1);
        static void slow(acr_user *user) { acr_record_success(user, "T", "slow", 0, 0); }
        ACR_USER(by_throughput, .tasks = {ACR_TASK(slow)}, .wait = acr_constant_throughput(5), .fixed_count = 1);
    """, "-c", 3, "-t", "2s")
    counts = {name: row.requests for name, row in report.table().items()}
    assert 100 < counts["T ticks"] <= 200 and 15 <= counts["T paced"] <= 21 and 8 <= counts["T slow"] <= 11


def test_a_set_that_ends_at_once_again_and_again_lets_others_run(play_c):
    report = play_c("""
        static void leave(acr_user *user) { acr_interrupt(user, true); }
        ACR_TASK_SET(door, .tasks = {ACR_TASK(leave)});
        ACR_USER(passer_by, .tasks = {ACR_SUBSET(door)}, .fixed_count = 1);
        static void tick(acr_user *user) { acr_record_success(user, "T", "ticks", 0, 0); }
        ACR_USER(clock, .tasks = {ACR_TASK(tick)}, .wait = acr_constant(0.01), .fixed_count = 1);
    """, "-c", 2, "-t", "1s")
    assert report.table()["T ticks"].requests > 10


def test_a_method_is_counted_as_it_was_written_wherever_its_text_was(play_c, target):
    report = play_c("""
        static void once(acr_user *user)
        {
            char method[8];
            const char *methods[] = {"GET", "PUT", "SEARCH", "REPORT"};
            for (int i = 0; i < 4; i++) {
                strcpy(method, methods[i]);
                acr_request_with(user, method, "/echo", &(const acr_options){.catch_response = i % 2 == 1});
            }
            strcpy(method, "gone");
            acr_stop_user(user);
        }
        ACR_USER(borrower, .tasks = {ACR_TASK(once)});
    """, host=target.url, code=None)
    table = report.table()
    assert sorted(table) == ["GET /echo", "PUT /echo", "REPORT /echo", "SEARCH /echo"]
    assert {row.requests + row.failures for row in table.values()} == {1}


def test_json_that_is_nested_too_deeply_is_none(play_c, serve):
    deep, flat = "[" * 2000 + "]" * 2000, "[" * 50 + "7" + "]" * 50

    def give(connection):
        while (head := read_head(connection)):
            connection.sendall(answer((deep if b"/deep" in head else flat).encode()))

    server = serve(give)
    report = play_c("""
        static void once(acr_user *user)
        {
            char pointer[128] = "";
            for (int i = 0; i < 50; i++)
                strcat(pointer, "/0");
            acr_log_info(user, "deep: %s", acr_json(acr_get(user, "/deep"), "/0") == NULL ? "none" : "?");
            acr_log_info(user, "flat: %s", acr_json(acr_get(user, "/flat"), pointer));
            acr_stop_user(user);
        }
        ACR_USER(reader, .tasks = {ACR_TASK(once)});
    """, host=server.url)
    assert report.records("INFO", "reader") == ["deep: none", "flat: 7"]


def test_help_beside_a_scenario_is_the_program_s_own(run, script):
    path = script(HEAD + "static void t(acr_user *user) {}\nACR_USER(idle, .tasks = {ACR_TASK(t)});", "scenario.c")
    shown = run(["-f", path, "--help"])
    assert shown.code == 0 and shown.stdout == run(["--help"]).stdout


@pytest.mark.parametrize("loop", ["", "for (int i = 0; i < 1000000; i++) "], ids=["task", "loop"])
def test_requests_that_fail_at_once_let_others_run(play_c, target, loop):
    report = play_c(f"""
        static void fail(acr_user *user) {{ {loop}acr_get(user, "http://[", .name = "broken"); }}
        static void go_on(acr_user *user) {{ acr_get(user, "/"); acr_sleep(user, 0.01); }}
        ACR_USER(broken, .tasks = {{ACR_TASK(fail)}});
        ACR_USER(whole, .tasks = {{ACR_TASK(go_on)}});
    """, "-c", 4, "-t", "1s", host=target.url, code=1)
    assert report.seconds < 5
    assert report.table()["GET /"][0] > 20 and report.table()["GET broken"][1] > 100


def test_users_without_room_for_a_stack_are_told_of_once_and_the_run_has_failed(play_c):
    report = play_c("""
        #include <sys/resource.h>
        __attribute__((constructor)) static void allow_little(void) /* 1,024 stacks of 64 KiB, and some more */
        {
            unsigned long pages;
            FILE *file = fopen("/proc/self/statm", "r");
            if (file == NULL || fscanf(file, "%lu", &pages) != 1)
                return;
            fclose(file);
            struct rlimit limit = {pages * 4096 + ((rlim_t)120 << 20), RLIM_INFINITY};
            setrlimit(RLIMIT_AS, &limit);
        }
        static void stay(acr_user *user) { acr_record_success(user, "T", "stay", 0, 0); acr_sleep(user, 60); }
        ACR_USER(visitor, .tasks = {ACR_TASK(stay)});
    """, "-c", 1200, "-r", 100000, "-t", "1s", code=1)
    said, = report.records("ERROR", "locust.runners")
    assert said.startswith("There is no memory for the stack of another user: "), said
    assert 500 < report.total()[0] < 1200
    assert f": {report.total()[0]} are alive" in said, said


def test_no_request_is_sent_beyond_the_limit_in_the_middle_of_a_task(play_c, target):
    report = play_c("""
        static void five(acr_user *user) { for (int i = 0; i < 5; i++) acr_get(user, "/"); }
        ACR_USER(hasty, .tasks = {ACR_TASK(five)});
    """, "-n", 7, host=target.url)
    assert report.total() == (7, 0)
    agree(report, target.stats())


def test_cxx_works_as_well(play_c, target):
    report = play_c("""
        #include <string>
        static void index_page(acr_user *user)
        {
            std::string path = std::string("/") + "about/";
            acr_response *page = acr_get(user, path.c_str(), .name = "about", .catch_response = true);
            if (acr_status(page) == 200) acr_success(page); else acr_failure(page, "no page");
        }
        ACR_USER(visitor, .wait = acr_between(0.01, 0.02), .tasks = {ACR_TASK(index_page)});
    """, "-c", 2, "-t", "1s", host=target.url, name="scenario.cc")
    assert list(report.table()) == ["GET about"] and report.total()[0] > 50
    agree(report, target.stats())


NESTED = HEAD + """
static void a(acr_user *user) { (void)user; }
static void b(acr_user *user) { (void)user; }
ACR_TASK_SET(inner, .tasks = {ACR_TASK(a), ACR_TASK(b, .weight = 3)});
ACR_USER(one, .weight = 3, .tasks = {ACR_SUBSET(inner), ACR_TASK(a, .name = "other")});
ACR_USER(two, .tasks = {ACR_TASK(b)});
"""


def test_it_can_be_looked_at_without_being_run(run, script):
    path = script(NESTED, "nested.c")
    assert run(["-f", path, "--list"]).stdout == "Available Locusts:\n    one\n    two\n"
    tree = json.loads(run(["-f", path, "--show-task-ratio-json"]).stdout)
    assert tree["total"]["one"]["ratio"] == 0.75
    assert tree["total"]["one"]["tasks"]["inner"]["tasks"]["b"]["ratio"] == 0.75 * 0.5 * 0.75
    assert tree["per_class"]["one"]["tasks"]["other"] == {"ratio": 0.5}
    lines = run(["-f", path, "--show-task-ratio", "one"]).stdout.splitlines()
    assert lines[2] == f" {'100.0 ':<10} {'one':<50}" and lines[4] == f" {'    25.0  ':<10} {'    a':<50}"


def test_unknown_classes_are_named(run, script):
    finished = run(["-f", script(NESTED, "nested.c"), "--no-web", "three"])
    assert finished.code == 1 and "three" in finished.stderr


@pytest.mark.parametrize("option", [["-T", "a"], ["-Ta"], ["--tags=a"], ["--exclude-tags", "a", "b"]], ids=str)
def test_tags_are_refused_for_tasks_have_none(run, script, option):
    finished = run(["-f", script(NESTED, "nested.c"), "--no-web", "-t", "1s", *option])
    assert finished.code == 2 and "tasks in C have no tags" in finished.stderr, str(finished)


def test_what_was_compiled_is_not_compiled_again_until_it_changes(run, script, tmp_path):
    path = script('#include "mine.h"\n' + NESTED + "// acrida: -DUSELESS\n", "nested.c")
    header = script("#define MINE 1\n", "mine.h")
    log = tmp_path / "log"
    compiler = script(f'#!/bin/sh\necho "$@" >>{log}\nexec cc "$@"\n', "compiler")
    os.chmod(compiler, stat.S_IRWXU)

    def compilations():
        log.write_text("")
        assert run(["-f", path, "--list"], env={"CC": str(compiler)}).code == 0
        lines = log.read_text().splitlines()
        assert all("-DUSELESS" in line for line in lines)
        return sum("-shared" in line for line in lines)

    assert [compilations(), compilations()] == [1, 0]
    header.write_text("#define MINE 2\nstatic const int changed = 1;\n")
    assert [compilations(), compilations()] == [1, 0]
