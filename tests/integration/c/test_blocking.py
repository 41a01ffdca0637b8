# SPDX-License-Identifier: MIT
"""Work that blocks, on threads: acr_blocking() and ACR_TASK(..., .blocking = true)."""
import signal
import socket
import threading

import pytest

from c_source import HEAD
from programs import ROOT
from sanitizer import scenario_environment
from tables import agree

THREADS = "#include <stdatomic.h>\n#include <stdlib.h>\n#include <time.h>\n#include <unistd.h>\n"
NAP = "static void nap(double s) { nanosleep(&(struct timespec){(time_t)s, (long)((s - (time_t)s) * 1e9)}, NULL); }\n"
# Blocks and cannot be told anything.
STUCK = THREADS + """
    static void stuck(acr_user *user) { (void)user; for (;;) pause(); }
    ACR_USER(prisoner, .tasks = {ACR_TASK(stuck, .blocking = true)});
"""


def test_others_go_on_while_users_block(play_c):
    report = play_c(THREADS + NAP + """
        static pid_t load;
        static void begin(void) { load = gettid(); }
        ACR_TEST(.on_start = begin);
        static void block(acr_user *user)
        {
            double started = acr_now(user);
            nap(0.5);
            if (gettid() == load)
                acr_record_failure(user, "B", "block", 0, "on the load thread");
            acr_record_success(user, "B", "block", acr_now(user) - started, 7);
        }
        ACR_USER(blocker, .tasks = {ACR_TASK(block, .blocking = true)}, .fixed_count = 50);
        static void tick(acr_user *user) { acr_record_success(user, "T", "tick", 0, 0); }
        ACR_USER(clock_, .tasks = {ACR_TASK(tick)}, .wait = acr_constant(0.01), .fixed_count = 1);
    """, "-c", 51, "-t", "3s")
    table = report.table()
    assert report.errors() == {} and report.records("WARNING") == []
    assert 100 <= table["B block"].requests <= 350 and table["B block"].min >= 500
    assert table["T tick"].requests > 50


def test_a_function_gets_its_argument_and_the_task_its_result(play_c):
    report = play_c(THREADS + """
        struct job { int given; int *out; pid_t thread; };
        static void work(acr_user *user, void *argument)
        {
            struct job *job = argument;
            *job->out = job->given + ACR_STATE(int, user)[0]++;
            job->thread = gettid();
        }
        static void task(acr_user *user)
        {
            int result = 0;
            struct job job = {.given = 40, .out = &result};
            pid_t here = gettid();
            for (int i = 0; i < 3; i++)
                if (!acr_blocking(user, work, &job) || result != 40 + i || job.thread == here || gettid() != here)
                    acr_record_failure(user, "B", "job", 0, "wrong");
                else
                    acr_record_success(user, "B", "job", 0, 0);
            acr_stop_user(user);
        }
        ACR_USER(worker, .tasks = {ACR_TASK(task)}, .state_size = sizeof(int));
    """, "-c", 20, "-t", "20s")
    assert report.table()["B job"].requests == 60 and report.errors() == {}


def test_what_it_records_is_counted_in_order_with_its_own_times(play_c):
    report = play_c(THREADS + """
        static void work(acr_user *user)
        {
            char name[16] = "first";
            acr_record_success(user, "B", name, 0.25, 1000);
            strcpy(name, "second");
            acr_record_failure(user, "B", name, 1.5, acr_format(user, "why %d", 7));
            acr_record_failure(user, "B", "third", -1, "");
            strcpy(name, "gone");
            acr_stop_user(user);
        }
        static void hear(const acr_request_record *record)
        {
            int *heard = ACR_STATE(int, record->user);
            acr_log_info(record->user, "%d: %s %s %g %d %s", ++*heard, record->type, record->name, record->seconds,
                         (int)record->bytes, record->error ? record->error : "-");
        }
        ACR_TEST(.on_request = hear);
        ACR_USER(worker, .tasks = {ACR_TASK(work, .blocking = true)}, .state_size = sizeof(int));
    """, "-t", "20s", code=1)
    assert report.records("INFO", "worker") == ["1: B first 0.25 1000 -", "2: B second 1.5 0 why 7",
                                                "3: B third -1 0 failure"]
    assert report.table()["B first"].median == 250
    assert report.total() == (1, 2) and len(report.errors()) == 2


def test_work_that_goes_on_for_long_is_counted_meanwhile(play_c):
    report = play_c("""
        static void work(acr_user *user)
        {
            while (!acr_ending(user)) {
                acr_sleep(user, 0.01);
                acr_record_success(user, "B", "step", 0.01, 0);
            }
            acr_log_info(user, "told");
        }
        ACR_USER(worker, .tasks = {ACR_TASK(work, .blocking = true)});
    """, "-c", 5, "-n", 100)
    assert report.records("INFO", "worker") == 5 * ["told"]
    assert 100 <= report.total()[0] <= 250


def test_what_it_may_call_works_there(play_c):
    report = play_c("""
        static void work(acr_user *user)
        {
            int *runs = ACR_STATE(int, user);
            double before = acr_now(user), slept;
            bool on = acr_sleep(user, 0.05);
            slept = acr_now(user) - before;
            int64_t random = acr_random_int(user, 3, 5);
            double part = acr_random_real(user);
            const char *text = acr_form(user, "a", "b c", NULL);
            if (!on || slept < 0.05 || random < 3 || random > 5 || part < 0 || part >= 1 || strcmp(text, "a=b+c") != 0)
                acr_log_error(user, "wrong: %d %g %d %g %s", on, slept, (int)random, part, text);
            if (acr_user_number(user) < 1 || acr_ending(user))
                acr_log_error(user, "wrong user");
            acr_log_info(user, "run %d", ++*runs);
            acr_interrupt(user, true);
        }
        static void leave(acr_user *user) { acr_stop_user(user); }
        ACR_TASK_SET(inner, .tasks = {ACR_TASK(work, .blocking = true)});
        ACR_USER(worker, .tasks = {ACR_SUBSET(inner), ACR_TASK(leave, .blocking = true)}, .sequence = true,
                 .state_size = sizeof(int), .fixed_count = 3);
        static void ask_to_quit(acr_user *user)
        {
            while (acr_sleep(user, 1))
                acr_quit(user);
        }
        ACR_USER(ender, .tasks = {ACR_TASK(ask_to_quit, .blocking = true)}, .fixed_count = 1);
    """, "-c", 4)
    assert report.records("INFO", "worker") == 3 * ["run 1"] and report.records("ERROR") == []


def test_what_waits_or_is_shared_is_refused_there_and_said_once(play_c, target):
    report = play_c("""
        static void never(acr_user *user, void *argument) { (void)argument; acr_log_error(user, "a listener was called"); }
        ACR_LISTENER("mine", never);
        static void inner(acr_user *user, void *argument) { (void)user; ++*(int *)argument; }
        static void work(acr_user *user, void *argument)
        {
            acr_response *before = (acr_response *)argument, *none = acr_get(user, "/", .name = "refused");
            acr_summary summary;
            int called = 0;
            acr_success(before);
            acr_fire(user, "mine", NULL);
            bool on = acr_blocking(user, inner, &called);
            acr_log_info(user, "%d %s; %s; %d %d %d; %s", acr_status(none), acr_why(none), acr_json(before, "/id"),
                         acr_totals(NULL, NULL, &summary), on, called,
                         acr_find_regex(before, "4[0-9]"));
        }
        static void task(acr_user *user)
        {
            acr_response *page = acr_get(user, "/json", .catch_response = true);
            acr_blocking(user, work, page);
            acr_failure(page, "judged by the task");
            acr_stop_user(user);
        }
        ACR_USER(worker, .tasks = {ACR_TASK(task)});
    """, "-c", 3, host=target.url, code=1)
    assert report.records("INFO", "worker") == 3 * ["0 work that blocks makes no requests here; 42; 0 1 1; 42"]
    said, = report.records("ERROR")
    assert said.startswith("worker: task called ") and "said once" in said
    assert report.total() == (0, 3) and list(report.errors().values()) == [3]
    agree(report, target.stats())


def test_a_user_that_is_to_end_is_told_there(play_c):
    report = play_c("""
        static void work(acr_user *user)
        {
            bool on = acr_sleep(user, 3600), again = acr_sleep(user, 3600);
            acr_log_info(user, "%d %d %d", on, again, acr_ending(user));
            acr_record_success(user, "B", "last", 0, 0);
        }
        static void out(acr_user *user, void *argument)
        {
            (void)argument;
            acr_log_info(user, "out %d %d", acr_ending(user), acr_sleep(user, 0.01));
        }
        static void bye(acr_user *user) { acr_blocking(user, out, NULL); }
        ACR_USER(worker, .tasks = {ACR_TASK(work, .blocking = true)}, .on_stop = bye);
    """, "-c", 10, "-t", "1s")
    assert sorted(report.records("INFO", "worker")) == 10 * ["0 0 1"] + 10 * ["out 0 1"]
    assert report.total() == (10, 0) and report.seconds < 20 and report.records("WARNING") == []


def test_work_that_returns_late_is_waited_for(play_c):
    report = play_c(THREADS + NAP + """
        static void work(acr_user *user) { nap(4); acr_record_success(user, "B", "late", 4, 0); }
        ACR_USER(worker, .tasks = {ACR_TASK(work, .blocking = true)});
    """, "-c", 3, "-t", "1s")
    assert report.total() == (3, 0)
    warning, = report.records("WARNING")
    assert warning.startswith("worker: work still blocks")


def test_the_stop_timeout_ends_a_test_whose_work_does_not(play_c):
    report = play_c(STUCK, "-c", 5, "-t", "1s", "-s", "3")
    assert report.seconds < 20
    assert any("still blocks" in text for text in report.records("WARNING"))
    assert any("Not all users ended within 3 s" in text for text in report.records("WARNING"))


def test_another_signal_ends_a_test_whose_work_does_not(begin, script):
    program = begin(script(HEAD + STUCK, "scenario.c"), "-c", 5)
    program.wait_for("All locusts hatched")
    program.signal(signal.SIGINT)
    program.wait_for("still blocks")
    program.signal(signal.SIGINT)
    finished = program.finish(20)
    assert finished.code == 0 and "Not waiting any longer for" in finished.stderr, str(finished)


def test_after_half_a_minute_a_test_ends_without_work_that_does_not(play_c):
    report = play_c("""
        static void count(acr_user *user) { acr_record_success(user, "T", "tick", 0, 0); acr_sleep(user, 0.1); }
        ACR_USER(counter, .tasks = {ACR_TASK(count)});
    """ + STUCK, "-c", 4, "-n", 10)
    assert 30 <= report.seconds < 55
    assert any("the report is made without them" in text for text in report.records("WARNING"))
    assert report.table()["T tick"].requests >= 10


def test_the_ceiling_holds_for_tasks_that_block(play_c):
    report = play_c(THREADS + NAP + """
        static void work(acr_user *user) { nap(0.01); acr_record_success(user, "B", "work", 0.01, 0); }
        ACR_USER(worker, .tasks = {ACR_TASK(work, .blocking = true)});
    """, "-c", 20, "-t", "3s", "--max-rps", 100)
    assert 80 <= report.total()[0] <= 308


# From here on the system has no more threads: none of them would have room for its stack.
NO_MORE = """
    #include <pthread.h>
    static void no_more_threads(void)
    {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, (size_t)1 << 45);
        pthread_setattr_default_np(&attributes);
        pthread_attr_destroy(&attributes);
    }
"""


def test_without_a_thread_the_task_is_not_run_and_that_is_said_once(play_c):
    report = play_c(NO_MORE + """
        ACR_TEST(.on_start = no_more_threads);
        static void work(acr_user *user) { acr_log_error(user, "run"); }
        ACR_USER(worker, .tasks = {ACR_TASK(work, .blocking = true)}, .fixed_count = 3);
        static void tick(acr_user *user) { acr_record_success(user, "T", "tick", 0, 0); }
        ACR_USER(clock_, .tasks = {ACR_TASK(tick)}, .wait = acr_constant(0.01), .fixed_count = 1);
    """, "-c", 4, "-t", "1s", code=1)
    said, = report.records("ERROR")
    assert said.startswith("worker: work was not run: no thread for work that blocks: ")
    assert report.table()["T tick"].requests > 10


def test_users_wait_for_a_thread_when_there_are_no_more_and_end_without_it(play_c):
    report = play_c(THREADS + NAP + NO_MORE + """
        static bool only_one;
        static void first(acr_user *user) { acr_stop_user(user); }
        static void nothing_more(acr_user *user) { (void)user; no_more_threads(); only_one = true; }
        ACR_USER(pioneer, .tasks = {ACR_TASK(first, .blocking = true)}, .on_stop = nothing_more, .fixed_count = 1);
        static void wait_for_pioneer(acr_user *user)
        {
            while (!only_one && acr_sleep(user, 0.01))
                continue;
        }
        static void work(acr_user *user) { nap(0.2); acr_record_success(user, "B", "work", 0.2, 0); }
        ACR_USER(worker, .tasks = {ACR_TASK(work, .blocking = true)}, .on_start = wait_for_pioneer, .fixed_count = 100);
    """, "-c", 101, "-t", "2s")
    assert 3 <= report.table()["B work"].requests <= 11 and report.seconds < 15
    said, = report.records("WARNING")
    assert said.startswith("There are no more threads for work that blocks")


def test_many_users_share_what_they_lock_and_nothing_is_lost(play_c):
    report = play_c(THREADS + """
        static atomic_int begun, counted;
        static void work(acr_user *user)
        {
            begun++;
            for (int i = 0; i < 10; i++)
                acr_record_success(user, "B", "work", 1e-6, 1);
        }
        static void count(const acr_request_record *record) { (void)record; counted++; }
        static void end(void) { printf("%d %d\\n", begun * 10, counted); }
        ACR_TEST(.on_request = count, .on_stop = end);
        ACR_USER(worker, .tasks = {ACR_TASK(work, .blocking = true)});
    """, "-c", 200, "-t", "2s")
    recorded, counted = map(int, report.stdout.split())
    assert recorded == counted == report.total()[0] > 5000


def test_cxx_works_as_well(play_c):
    report = play_c("""
        #include <string>
        static void work(acr_user *user, void *argument)
        {
            std::string *text = static_cast<std::string *>(argument);
            *text += "!";
            acr_record_success(user, "B", text->c_str(), 0, 0);
        }
        static void task(acr_user *user)
        {
            std::string text = "done";
            acr_blocking(user, work, &text);
            acr_stop_user(user);
        }
        ACR_USER(worker, .tasks = {ACR_TASK(task, .weight = 2), ACR_TASK(task, .blocking = true)});
    """, "-c", 4, name="scenario.cc")
    assert report.table()["B done!"].requests == 4


# ---- the examples with clients of their own

@pytest.fixture
def play_example(play, acrida):
    """play_example(name, *options): runs an example for two seconds; its own code with sanitizers as well."""

    def play_file(name, *options, **more):
        return play(ROOT / "examples" / "c" / name, "-c", 10, "-t", "2s", *options, env=scenario_environment(acrida),
                    **more)

    return play_file


def echo(connection):
    while piece := connection.recv(65536):
        connection.sendall(piece)


def test_the_example_over_tcp(play_example, serve):
    server = serve(echo)
    report = play_example("boomer_tcp.c", "--echo-port", server.port)
    table = report.table()
    assert report.errors() == {} and table["TCP connect"].requests == 10
    assert table["TCP short line"].requests > table["TCP long line"].requests > 20


def test_the_example_over_tcp_counts_what_goes_wrong(play_example, serve):
    def answer_once(connection):
        connection.sendall(connection.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = play_example("boomer_tcp.c", "--echo-port", port, code=1)
    assert nobody.total() == (0, nobody.table()["TCP connect"].failures) and 10 <= nobody.total()[1] <= 30
    assert "TCP connect: 'no connection'" in " ".join(nobody.errors())
    leaving = play_example("boomer_tcp.c", "--echo-port", serve(answer_once).port, code=1)
    assert "closed by the server" in " ".join(leaving.errors()) or "connection lost" in " ".join(leaving.errors())


@pytest.fixture
def datagrams():
    """(port of a server that sends datagrams back, but for every tenth, what it got so far)."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    got = []

    def answer():
        while True:
            question, sender = server.recvfrom(65536)
            if question == b"end":
                return
            got.append(question)
            if len(got) % 10 != 0:
                server.sendto(question, sender)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield server.getsockname()[1], got
    server.sendto(b"end", server.getsockname())
    thread.join(10)
    server.close()


def test_the_example_over_udp(play_example, datagrams):
    port, got = datagrams
    report = play_example("boomer_udp.c", "--echo-port", port, code=1)
    row = report.table()["UDP question"]
    assert row.requests + row.failures == len(got) == len(set(got)) > 50
    assert len(got) // 10 <= row.failures <= len(got) // 10 + 10
    error, = report.errors()
    assert "no answer within 0.5 s" in error


class Store:
    """Understands SET and GET; refuses to set key-13."""

    def __init__(self):
        self.lock, self.values, self.counts = threading.Lock(), {}, {"SET": 0, "GET": 0}

    def serve(self, connection):
        stream = connection.makefile("rb")
        while head := stream.readline():
            words = []
            for _ in range(int(head[1:])):
                words.append(stream.read(int(stream.readline()[1:]) + 2)[:-2].decode())
            connection.sendall(self.answer(*words))

    def answer(self, command, key, value=None):
        with self.lock:
            self.counts[command] += 1
            if command == "GET":
                found = self.values.get(key)
                return f"${len(found)}\r\n{found}\r\n".encode() if found else b"$-1\r\n"
            if key == "key-13":
                return b"-ERR not this one\r\n"
            self.values[key] = value
            return b"+OK\r\n"


def test_the_example_like_redis(play_example, serve):
    store = Store()
    report = play_example("boomer_redis.c", "--redis-port", serve(store.serve).port, "--keys", 20, code=1)
    table = report.table()
    assert table["RESP GET"].requests == store.counts["GET"] > 100
    assert table["RESP SET"].requests + table["RESP SET"].failures == store.counts["SET"] > 20
    assert len(store.values) == 19 and all(value.startswith("by-") for value in store.values.values())
    error, = report.errors()
    assert "ERR not this one" in error and table["RESP SET"].failures > 0


def test_connections_and_cookies_are_not_for_work_that_blocks(play_c, serve):
    report = play_c("""
        static void work(acr_user *user, void *argument)
        {
            acr_stream *mine = (acr_stream *)argument, *other = acr_connect(user, "127.0.0.1", 1);
            char byte;
            acr_log_info(user, "%d %d %d %d", acr_send(mine, "x", 1), (int)acr_receive(mine, &byte, 1),
                         acr_receive_line(mine) != NULL, acr_receive_all(mine, &byte, 1));
            acr_log_info(user, "%s; %d %s; %d %d", acr_stream_why(mine), acr_connected(other), acr_stream_why(other),
                         acr_set_cookie(user, "a", "b"), acr_cookie(user, "a") != NULL);
            acr_disconnect(mine);
        }
        static void task(acr_user *user)
        {
            acr_stream *stream = acr_connect(user, NULL, 0);
            acr_blocking(user, work, stream);
            if (!acr_send_text(stream, "hello\\n") || strcmp(acr_receive_line(stream), "hello") != 0)
                acr_log_error(user, "broken: %s", acr_stream_why(stream));
            acr_stop_user(user);
        }
        ACR_USER(worker, .tasks = {ACR_TASK(task)});
    """, "-c", 3, host=serve(echo).url)
    none = "work that blocks uses no connections here"
    assert sorted(report.records("INFO", "worker")) == 3 * ["0 -1 0 0"] + 3 * [f"{none}; 0 {none}; 0 0"]
    assert report.records("ERROR", "worker") == [] and len(report.records("ERROR")) == 1
