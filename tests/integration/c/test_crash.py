# SPDX-License-Identifier: MIT
"""Scenarios in C that crash, run out of stack, or do not give way to others."""
import re
import signal

import pytest

from c_source import HEAD
from sanitizer import preload
from servers import answer, read_head
from tables import Report, agree

CRASHED = 3
C_HEAD = HEAD + "#include <assert.h>\n#include <stdlib.h>\n"


def line_of(text, words):
    """The line of the scenario made of `text` that has `words`."""
    lines = (C_HEAD + text).splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def crash(report):
    """What the record of the crash says, and the calls below it."""
    first, *calls = report.records("CRITICAL", "locust.runners")
    assert len(calls) <= 1, str(report)
    return first, [line.strip() for line in calls[0].splitlines()[1:]] if calls else []


@pytest.fixture
def play_crash(play, script):
    def play_scenario(text, *options, name="scenario.c", code=CRASHED, **more):
        report = play(script(C_HEAD + text, name), *options, code=code, timeout=40, **more)
        assert report.seconds < 30
        return report

    return play_scenario


# name -> (the statement that crashes, what is said of it)
CRASHES = {
    "null": ("*(volatile int *)24 = 1;", "invalid memory access at 0x18"),
    "no address": ("*(volatile int *)0x4141414141414141 = 1;", "invalid memory access, at no address that could be one"),
    "call": ("((void (*)(void))nowhere)(); zero = 1;", "invalid memory access at 0x30"),
    "division": ("nowhere = (char *)(7 / zero);", "division by zero"),
    "trap": ("__builtin_trap();", "illegal instruction"),
    "abort": ("abort();", "abort"),
    "assert": ('assert(nowhere == NULL);', "abort"),
    "file": ("map_nothing()[0] = 1;", "memory at 0x[0-9a-f]+ that the machine cannot give"),
}
CRASHING = r"""
    #include <sys/mman.h>
    #include <unistd.h>
    static char *volatile nowhere = (char *)48;
    static volatile long zero;
    __attribute__((unused)) static volatile char *map_nothing(void)
    {
        return (volatile char *)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(tmpfile()), 0);
    }
    __attribute__((noinline)) static void break_down(void)
    {
        %s /* here */
    }
    static void go_on(acr_user *user)
    {
        acr_get(user, "/");
        if (ACR_STATE(int, user)[0]++ == 20)
            break_down();
        acr_sleep(user, 0.001);
    }
    ACR_USER(visitor, .tasks = {ACR_TASK(go_on)}, .state_size = sizeof(int));
"""


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_named_with_its_task_and_line_and_the_tables_are_whole(play_crash, target, name):
    statement, words = CRASHES[name]
    text = CRASHING % statement
    report = play_crash(text, "--csv", "numbers", host=target.url)
    said, calls = crash(report)
    assert re.fullmatch(rf"The scenario crashed in go_on of visitor \(user 1\): {words}\.", said)
    here = [call for call in calls if call.startswith("break_down at ")]
    assert len(here) == 1 and here[0].endswith(f"/scenario.c:{line_of(text, '/* here */')}"), calls
    assert calls[-1].startswith("go_on at "), calls
    assert report.total() == (21, 0) and report.records("INFO")[-1].startswith("Shutting down (exit code 3)")
    agree(report, target.stats(), report.finished.cwd / "numbers")


def test_an_exception_that_nobody_catches_is_an_abort(play_crash, target):
    report = play_crash("""
        #include <stdexcept>
        static void throw_it(acr_user *user) { acr_get(user, "/"); throw std::runtime_error("no stock"); }
        ACR_USER(visitor, .tasks = {ACR_TASK(throw_it)});
    """, name="scenario.cc", host=target.url)
    said, calls = crash(report)
    assert said == "The scenario crashed in throw_it of visitor (user 1): abort."
    assert calls[-1].startswith("throw_it at ") and "no stock" in report.stderr
    agree(report, target.stats())


OVERFLOWS = {
    "recursion": "__attribute__((noinline)) static int dive(int depth) { volatile char here[100]; here[0] = 1; "
                 "return dive(depth + 1) + here[0]; }",
    "a large array": "__attribute__((noinline)) static int dive(int depth) { volatile char here[300000]; "
                     "here[depth] = 1; return here[7]; }",
    "an array of any size": "__attribute__((noinline)) static int dive(int depth) { "
                            "volatile char here[200000 + depth]; here[depth] = 1; return here[7]; }",
}
OVERFLOWING = """
    %s
    static volatile int sum;
    static void plunge(acr_user *user) { acr_sleep(user, 0.05); sum = dive(0); }
    ACR_USER(diver, .tasks = {ACR_TASK(plunge)});
"""


@pytest.mark.parametrize("name", OVERFLOWS)
def test_a_stack_that_is_too_small_is_called_that(play_crash, name):
    text = OVERFLOWING % OVERFLOWS[name]
    said, calls = crash(play_crash(text, "-c", 50))
    assert re.fullmatch(r"The scenario crashed in plunge of diver \(user \d+\): stack overflow \(of 60 KiB, "
                        r"see --stack-size\)\.", said)
    assert f"/scenario.c:{line_of(text, 'int dive')}" in calls[0] and calls[0].startswith("dive at "), calls
    if name == "recursion":
        assert re.search(r" \(\d{3,} times\)$", calls[0]) and len(calls) <= 2


def test_an_overflow_of_the_thread_s_own_stack_is_survived_as_well(play_crash):
    said, calls = crash(play_crash(OVERFLOWS["recursion"] + """
        static void begin(void) { exit(dive(0)); }
        ACR_TEST(.on_start = begin);
        static void nothing(acr_user *user) { (void)user; }
        ACR_USER(diver, .tasks = {ACR_TASK(nothing)});
    """))
    assert said == "The scenario crashed in on_start of ACR_TEST: stack overflow."
    assert calls[0].startswith("dive at ")


PLACES = {
    "on_start": (".on_start = fall", "on_start of visitor (user 1)"),
    "on_stop": (".on_stop = fall", "on_stop of visitor (user 1)"),
    "wait function": (".wait = acr_wait_by(fall_in_wait)", "the wait function of visitor (user 1)"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_crash_beside_tasks_says_where(play_crash, target, name):
    option, where = PLACES[name]
    wait = option if "wait" in option else ".wait = acr_constant(0.01)"
    more = "" if "wait" in option else option
    report = play_crash("""
        static void fall(acr_user *user) { if (acr_user_number(user) == 1) abort(); }
        __attribute__((unused)) static double fall_in_wait(acr_user *user) { fall(user); return 0.1; }
        static void visit(acr_user *user) { acr_get(user, "/"); }
        ACR_USER(visitor, %s, .tasks = {ACR_TASK(visit)} %s);
    """ % (wait, "," + more if more else ""), "-t", "1s", host=target.url)
    said, calls = crash(report)
    assert said == f"The scenario crashed in {where}: abort."
    assert any(call.startswith("fall") for call in calls)
    agree(report, target.stats())


def test_a_crash_in_a_task_set_s_own_functions_says_where(play_crash):
    text = """
        static void visit(acr_user *user) { acr_interrupt(user, true); }
        static void fall(acr_user *user) { (void)user; abort(); }
        ACR_TASK_SET(pages, .tasks = {ACR_TASK(visit)}, %s = fall);
        ACR_USER(visitor, .tasks = {ACR_SUBSET(pages)});
    """
    for option in ("on_start", "on_stop"):
        said, _ = crash(play_crash(text % f".{option}"))
        assert said == f"The scenario crashed in {option} of a task set of visitor (user 1): abort."


@pytest.mark.parametrize("moment", ["on_init", "on_start", "on_spawning_complete", "on_stopping", "on_stop", "on_quitting",
                                    "on_quit"])
def test_a_crash_in_a_listener_says_which(play_crash, target, moment):
    argument = {"on_spawning_complete": "size_t n", "on_quit": "int n"}.get(moment, "void")
    text = """
        static void fall(%s) { puts("falling"); abort(); }
        ACR_TEST(.%s = fall);
        static void visit(acr_user *user) { acr_get(user, "/"); }
        ACR_USER(visitor, .wait = acr_constant(0.01), .tasks = {ACR_TASK(visit)});
    """ % (argument, moment)
    report = play_crash(text, "-t", "1s", host=target.url)
    said, calls = crash(report)
    assert said == f"The scenario crashed in {moment} of ACR_TEST: abort."
    assert calls[-1].endswith(f"/scenario.c:{line_of(text, 'static void fall')}"), calls
    assert report.stdout == "falling\n"
    if report.tables():
        served = target.stats()
        agree(report, served, uncounted=min(1, served["requests"] - report.total()[0]))
    assert bool(report.tables()) == (moment not in ("on_init", "on_start"))


def test_a_crash_on_another_thread_ends_the_run_too(play_crash, target):
    report = play_crash("""
        #include <pthread.h>
        static void *fall(void *unused) { return (void *)(long)*(volatile char *)unused; }
        static void visit(acr_user *user)
        {
            acr_get(user, "/");
            pthread_t thread;
            if (ACR_STATE(int, user)[0]++ == 50)
                pthread_create(&thread, NULL, fall, NULL);
            acr_sleep(user, 0.001);
        }
        ACR_USER(visitor, .tasks = {ACR_TASK(visit)}, .state_size = sizeof(int));
    """, "-c", 10, host=target.url)
    said, calls = crash(report)
    assert said == "The scenario crashed in a thread that is not the users': invalid memory access at (nil)."
    assert calls[0].startswith("fall at ")
    served = target.stats()
    missing = served["requests"] + served["unanswered"] - report.total()[0]
    assert 0 <= missing <= 10
    agree(report, served, uncounted=missing)


def test_a_crash_in_work_that_blocks_names_its_task(play_crash):
    said, calls = crash(play_crash("""
        static void dig(acr_user *user)
        {
            acr_record_success(user, "T", "dug", 0, 0);
            if (acr_user_number(user) == 3)
                abort();
        }
        ACR_USER(miner, .wait = acr_constant(0.1), .tasks = {ACR_TASK(dig, .blocking = true)});
    """, "-c", 5))
    assert said == "The scenario crashed in dig of miner (user 3): abort."
    assert any(call.startswith("dig at ") for call in calls)


def test_an_overflow_of_a_stack_in_work_that_blocks_is_reported_as_well(play_crash):
    said, calls = crash(play_crash(OVERFLOWS["recursion"] + """
        static volatile int sum;
        static void dig(acr_user *user) { (void)user; sum = dive(0); }
        ACR_USER(miner, .tasks = {ACR_TASK(dig, .blocking = true)});
    """))
    assert said.startswith("The scenario crashed in dig of miner (user 1): ")
    assert calls[0].startswith("dive at ")


def test_a_crash_while_a_thousand_requests_are_on_their_way_loses_nothing_that_was_counted(play_crash, start_target):
    target = start_target("--delay", "20")
    report = play_crash("""
        static void visit(acr_user *user)
        {
            acr_get(user, "/");
            if (acr_user_number(user) == 777 && ACR_STATE(int, user)[0]++ == 5)
                abort();
        }
        ACR_USER(visitor, .tasks = {ACR_TASK(visit)}, .state_size = sizeof(int));
    """, "-c", 1000, "--csv", "numbers", host=target.url)
    assert crash(report)[0] == "The scenario crashed in visit of visitor (user 777): abort."
    served = target.stats()
    missing = served["requests"] + served["unanswered"] - report.total()[0]
    assert report.total()[0] >= 3000 and 0 <= missing <= 1000
    agree(report, served, report.finished.cwd / "numbers", uncounted=missing)


def test_a_torn_heap_does_not_keep_the_run_from_ending(play_crash, acrida, target):
    if preload(acrida):
        pytest.skip("the sanitizer's heap finds it by itself")
    # volatile: compilers take out what is written to memory that is freed then. After three seconds: when free() has
    # given up with its lock taken, the report is made of the last snapshot.
    report = play_crash("""
        static void tear(acr_user *user)
        {
            acr_get(user, "/");
            if (ACR_STATE(int, user)[0]++ < 300)
                return;
            char *piece = (char *)malloc(2000), *next = (char *)malloc(2000);
            for (volatile char *at = piece; at < piece + 4000; at++)
                *at = 0x41;
            free(next);
            free(piece);
            abort(); /* if it was not noticed */
        }
        ACR_USER(visitor, .wait = acr_constant(0.01), .tasks = {ACR_TASK(tear)}, .state_size = sizeof(int));
    """, host=target.url)
    assert crash(report)[0].startswith("The scenario crashed in tear of visitor (user 1): ")
    assert report.total()[0] > 0


EXITING = r"""
    static void go_on(acr_user *user)
    {
        acr_get(user, "/");
        if (ACR_STATE(int, user)[0]++ == 20)
            exit(0);
        acr_sleep(user, 0.001);
    }
    ACR_USER(visitor, .tasks = {ACR_TASK(go_on)}, .state_size = sizeof(int));
"""
EXITING_QUICKLY = EXITING.replace("exit(0)", "quick_exit(0)")
EXITING_WORK = r"""
    static void block(acr_user *user)
    {
        acr_sleep(user, 0.1);
        exit(0);
    }
    static void go_on(acr_user *user)
    {
        acr_get(user, "/");
    }
    ACR_USER(visitor, .sequence = true, .wait = acr_constant(0.01),
             .tasks = {ACR_TASK(go_on), ACR_TASK(block, .blocking = true)});
"""


@pytest.mark.parametrize("text, task", [(EXITING, "go_on"), (EXITING_WORK, "block"), (EXITING_QUICKLY, "go_on")],
                         ids=["task", "work", "quickly"])
def test_a_scenario_that_calls_exit_ends_with_the_tables_and_not_with_a_success(play_crash, target, text, task):
    report = play_crash(text, host=target.url)
    said, calls = crash(report)
    assert said == f"The scenario ended in {task} of visitor (user 1): it called exit()."
    assert any(call.startswith(f"{task} at ") and call.endswith(f":{line_of(text, 'exit(0)')}") for call in calls), calls
    assert report.total()[0] == target.stats()["requests"] > 0


def test_a_child_that_crashes_is_the_scenario_s_own_business(play_crash):
    report = play_crash("""
        #include <sys/wait.h>
        #include <unistd.h>
        static void fork_one(acr_user *user)
        {
            int status = 0;
            pid_t child = fork();
            if (child == 0)
                abort();
            waitpid(child, &status, 0);
            acr_log_info(user, "signal %d", WTERMSIG(status));
            acr_stop_user(user);
        }
        ACR_USER(parent, .tasks = {ACR_TASK(fork_one)});
    """, code=0)
    assert report.records("INFO", "parent") == ["signal 6"] and report.records("CRITICAL") == []


@pytest.mark.parametrize("rest, options", [("return;", ""), ("acr_get(user, \"/child\"); return;", ""),
                                           ("return;", ", .blocking = true")], ids=["returns", "waits", "work"])
def test_a_child_that_goes_on_as_a_user_is_ended(play_crash, target, rest, options):
    report = play_crash("""
        #include <sys/wait.h>
        #include <unistd.h>
        static void fork_one(acr_user *user)
        {
            int status = 0;
            pid_t child = fork();
            if (child == 0) {
                %s
            }
            waitpid(child, &status, 0);
            acr_log_info(user, "exit code %%d", WEXITSTATUS(status));
            acr_stop_user(user);
        }
        static void go_on(acr_user *user) { acr_get(user, "/"); acr_sleep(user, 0.01); }
        ACR_USER(parent, .fixed_count = 1, .tasks = {ACR_TASK(fork_one%s)});
        ACR_USER(other, .tasks = {ACR_TASK(go_on)});
    """ % (rest, options), "-c", 5, "-t", "1s", host=target.url, code=0)
    assert report.records("INFO", "parent") == ["exit code 3"]
    assert "a child that the scenario made by fork() went on as a user" in report.stderr
    assert report.total()[0] == target.stats()["requests"]


@pytest.mark.parametrize("statement, number", [("*(volatile int *)24 = 1;", signal.SIGSEGV), ("abort();", signal.SIGABRT)],
                         ids=["segv", "abort"])
def test_with_acrida_core_the_process_ends_by_the_signal_after_the_report(start, script, target, statement, number):
    path = script(C_HEAD + CRASHING % statement, "scenario.c")
    finished = start("-f", path, "--no-web", "-H", target.url, env={"ACRIDA_CORE": "1"}).finish(40)
    assert finished.code == -number, str(finished)
    assert "The scenario crashed in go_on of visitor (user 1)" in finished.stderr
    assert "Percentage of the requests" in finished.stderr


def test_runs_in_python_have_no_such_handlers(play, target):
    report = play("""
        from locust import HttpLocust, TaskSet, task
        class Tasks(TaskSet):
            @task
            def look(self):
                for line in open("/proc/self/status"):
                    if line.startswith("SigCgt:"):
                        print("caught", int(line.split()[1], 16) >> 5 & 1)
                self.locust.environment.runner.quit() if hasattr(self.locust, "environment") else None
        class User(HttpLocust):
            task_set = Tasks
            min_wait = max_wait = 100
    """, "-t", "1s", host=target.url)
    assert set(report.records("INFO", "stdout")) == {"caught 0"}


# ---- tasks that do not give way

SPINNING = """
    static volatile int turns;
    static void visit(acr_user *user)
    {
        acr_get(user, "/");
        if (acr_user_number(user) == 2 && ACR_STATE(int, user)[0]++ == 5)
            for (;;)
                turns++; /* here */
        acr_sleep(user, 0.01);
    }
    ACR_USER(visitor, .tasks = {ACR_TASK(visit)}, .state_size = sizeof(int));
"""


def check_cut_off(report, target):
    stalled = [text for text in report.records("WARNING", "locust.runners") if "has not answered for" in text]
    assert len(stalled) == 2 and "for 1." in stalled[0] and "for 5." in stalled[1]
    assert "visit of visitor (user 2) does not yield to other users" in stalled[1]
    said, calls = crash(report)
    assert said == "The scenario was cut off in visit of visitor (user 2): it did not yield to other users."
    assert calls[0].startswith("visit at ") and calls[0].split(":")[1] in (
        str(line_of(SPINNING, "for (;;)")), str(line_of(SPINNING, "/* here */"))), calls
    served = target.stats()
    missing = served["requests"] + served["unanswered"] - report.total()[0]
    assert 0 <= missing <= 3
    agree(report, served, uncounted=missing)


def test_a_task_that_never_yields_is_named_and_cut_off_when_the_time_is_up(play_crash, target):
    report = play_crash(SPINNING, "-c", 3, "-t", "2s", host=target.url)
    assert 6 < report.seconds
    check_cut_off(report, target)


def test_a_stop_timeout_cuts_a_task_that_never_yields_off_and_loses_nothing_that_was_counted(play_crash, target):
    report = play_crash(SPINNING, "-c", 3, "-t", "3s", "-s", "1s", "--only-summary", host=target.url)
    assert crash(report)[0] == "The scenario was cut off in visit of visitor (user 2): it did not yield to other users."
    assert report.total()[0] > 5
    served = target.stats()
    agree(report, served, uncounted=served["requests"] + served["unanswered"] - report.total()[0])


def test_ctrl_c_ends_a_run_whose_task_never_yields(begin, script, target):
    program = begin(script(C_HEAD + SPINNING, "scenario.c"), "-c", 3, host=target.url)
    program.wait_for("not answered for 5.")
    program.signal(signal.SIGINT)
    report = Report(program.finish(40))
    assert report.code == CRASHED
    check_cut_off(report, target)


def test_a_second_ctrl_c_cuts_a_task_that_never_yields_off_at_once(begin, script, target):
    program = begin(script(C_HEAD + SPINNING, "scenario.c"), "-c", 3, "--only-summary", host=target.url)
    program.wait_for("not answered for 1.")
    program.signal(signal.SIGINT)
    program.wait_for("Got SIGINT")
    program.signal(signal.SIGINT)
    report = Report(program.finish(40))
    assert report.code == CRASHED and "not answered for 5." not in report.stderr
    assert crash(report)[0] == "The scenario was cut off in visit of visitor (user 2): it did not yield to other users."
    assert report.total()[0] > 5


def test_a_task_that_blocks_and_goes_on_is_only_warned_of(play_crash):
    report = play_crash("""
        #include <unistd.h>
        static void nap(acr_user *user) { usleep(1500000); acr_record_success(user, "T", "naps", 0, 0); }
        ACR_USER(sleeper, .tasks = {ACR_TASK(nap)}, .wait = acr_constant(0.5));
    """, "-t", "2s", code=0)
    assert any("nap of sleeper (user 1) does not yield" in text for text in report.records("WARNING"))
    assert report.table()["T naps"].requests >= 1 and report.records("CRITICAL") == []


# ---- stacks

DEEP = """
    static void use(acr_user *user)
    {
        volatile char room[%d];
        for (int i = 0; i < (int)sizeof room; i += 1000)
            room[i] = 1;
        acr_record_success(user, "T", "used", 0, room[0]);
        acr_stop_user(user);
    }
    ACR_USER(deep, .tasks = {ACR_TASK(use)});
    %s
"""
WARNED = "of its stack of"


def test_stacks_are_as_large_as_asked_for(play_crash):
    crash_said, _ = crash(play_crash(DEEP % (100000, "")))
    assert "stack overflow (of 60 KiB" in crash_said
    for test, options in (("", ["--stack-size", "200k"]), ("ACR_TEST(.stack_size = 200 * 1024);", [])):
        report = play_crash(DEEP % (100000, test), "-L", "DEBUG", *options, code=0)
        assert report.table()["T used"].requests == 1 and WARNED not in report.stderr
        found = re.search(r"Stacks: 200 KiB each, (\d+) KiB of the fullest were used", report.stderr)
        assert found and 97 < int(found[1]) < 115, str(report)
    crash_said, _ = crash(play_crash(DEEP % (100000, "ACR_TEST(.stack_size = 200 * 1024);"), "--stack-size", "32k"))
    assert "stack overflow (of 32 KiB" in crash_said


def test_a_stack_that_is_nearly_full_is_warned_of(play_crash):
    report = play_crash(DEEP % (52000, ""), code=0)
    assert any(WARNED + " 60 KiB" in text and "--stack-size" in text for text in report.records("WARNING"))
    assert "Stacks:" not in report.stderr


def test_sizes_that_cannot_be_are_refused(run, script):
    path = script(HEAD + DEEP % (10, ""), "scenario.c")
    for size, code, words in (("many", 1, "--stack-size is no size: 'many'"), ("0", 1, "--stack-size is no size: '0'"),
                              ("12k", 2, "a stack of 12288 bytes is not possible"), ("2g", 2, "not possible")):
        finished = run(["-f", path, "--no-web", "-t", "1s", "--stack-size", size])
        assert finished.code == code and words in finished.stderr, str(finished)
    path = script(HEAD + DEEP % (10, "ACR_TEST(.stack_size = 100);"), "small.c")
    finished = run(["-f", path, "--no-web", "-t", "1s"])
    assert finished.code == 1 and "ACR_TEST.stack_size: a stack of 100 bytes" in finished.stderr
    finished = run(["-f", script("from locust import User", "locustfile.py"), "--no-web", "--stack-size", "256k"])
    assert finished.code == 2 and "--stack-size: it is for scenarios in C" in finished.stderr
