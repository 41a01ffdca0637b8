# SPDX-License-Identifier: MIT
"""How runs end: signals, scripts that end them, users that do not end, a load thread that is stuck."""
import signal
import time

import pytest

from tables import Report, agree

SITE = """
from locust import HttpLocust, TaskSet, task, events
from probe import note

class Tasks(TaskSet):
    def on_start(self):
        note("start")
    def on_stop(self):
        self.client.get("/logout")
        note("stop")
    @task
    def index(self):
        self.client.get("/" if not FAIL else "/status/500")
        note("request")

class User(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 20
    def teardown(self):
        note("teardown")

events.quitting += lambda **kw: note("quitting")
FAIL = False
"""
FAILING = SITE.replace("FAIL = False", "FAIL = True")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("text, code", [(SITE, 0), (FAILING, 1)], ids=["good", "failing"])
def test_a_signal_ends_with_tables_and_the_code_of_the_requests(begin, probe, target, number, text, code):
    program = begin(text, "-c", 5, "--csv", "end", host=target.url)
    probe.wait("request", 20)
    program.signal(number)
    report = Report(program.finish(20))
    probe.settle()
    assert report.code == code and not report.broken(), str(report)
    assert report.total()[0] + report.total()[1] >= 25 and report.percentiles()
    assert probe.count("stop") == 5 and probe.count("teardown") == probe.count("quitting") == 1
    assert f"Got {'SIGTERM' if number == signal.SIGTERM else 'SIGINT'}" in report.stderr
    agree(report, target.stats(), report.finished.cwd / "end")


def test_a_signal_while_hatching_ends_it(begin, probe, target):
    program = begin(SITE, "-c", 1000, "-r", "20", host=target.url)
    probe.wait("start", 5)
    program.signal(signal.SIGINT)
    report = Report(program.finish(20))
    assert report.code == 0 and probe.count("start") < 60
    agree(report, target.stats())


def test_a_signal_before_the_first_user_ends_the_program(begin, probe):
    program = begin("""
        from locust import HttpLocust, TaskSet, task
        from probe import note
        note("importing")
        import time
        time.sleep(60)
    """)
    probe.wait("importing")
    program.signal(signal.SIGTERM)
    finished = program.finish(10)
    assert finished.code in (-signal.SIGTERM, 1, 143)


def test_a_second_ctrl_c_ends_users_that_hang_in_on_stop(begin, probe, target):
    program = begin(SITE.replace('self.client.get("/logout")', 'note("hanging"); import time; time.sleep(1000)'), "-c", 3,
                    host=target.url)
    probe.wait("request", 5)
    program.signal(signal.SIGINT)
    probe.wait("hanging", 3)
    program.signal(signal.SIGINT)
    report = Report(program.finish(10))
    assert report.code == 0 and "Not waiting any longer for 3 users" in report.stderr
    assert report.total()[0] >= 5 and report.percentiles()
    agree(report, target.stats())


def test_a_second_ctrl_c_ends_a_load_thread_that_is_stuck(begin, probe, target):
    program = begin(SITE.replace('note("request")', """note("request")
        if len(stuck) == 60:  # the numbers are those of a second ago
            note("stuck")
            while True:
                pass
        stuck.append(1)
""") + "stuck = []\n", host=target.url)
    probe.wait("stuck")
    program.wait_for("has not answered for")
    program.signal(signal.SIGINT)
    program.wait_for("Got SIGINT")
    program.signal(signal.SIGINT)
    report = Report(program.finish(10))
    assert "load thread does not answer" in report.stderr and report.total()[0] > 0, str(report)


def test_stop_timeout_ends_users_that_hang(play, probe, target):
    report = play(SITE.replace('self.client.get("/logout")', "import time; time.sleep(1000)"), "-c", 2, "-t", "1s", "-s", "1",
                  host=target.url)
    assert "Not all users ended within 1 s" in report.stderr
    assert 2 < report.seconds < 15


def test_users_that_take_time_to_stop_are_waited_for(play, probe, target):
    report = play(SITE.replace('self.client.get("/logout")', "import time; time.sleep(1); self.client.get('/logout')"), "-c", 5,
                  "-t", "1s", host=target.url)
    assert probe.count("stop") == 5 and report.table()["GET /logout"].requests == 5
    assert report.seconds < 15
    agree(report, target.stats())


@pytest.mark.parametrize("how", ["runners.locust_runner.quit()", "self.locust.environment.runner.quit()"])
def test_a_task_can_end_the_test(play, probe, target, how):
    report = play(SITE.replace("def index(self):", f"def index(self):\n        from locust import runners; {how}"),
                  "-c", 5, host=target.url)
    assert probe.count("stop") >= 1 and report.seconds < 20 and "Shutting down (exit code 0)" in report.stderr
    agree(report, target.stats())


def test_a_listener_can_end_the_test_at_the_first_failure(play, target):
    report = play(FAILING + """
from locust import runners
def on_failure(**kwargs):
    runners.locust_runner.quit()
events.request_failure += on_failure
""", "-c", 5, host=target.url, code=1)
    assert 1 <= report.total()[1] < 50


@pytest.mark.parametrize("call, code", [("sys.exit(5)", 5), ("exit(3)", 3), ("sys.exit()", 0), ("sys.exit('why')", 1)])
def test_sys_exit_in_a_task_ends_the_program(play, probe, target, call, code):
    report = play(SITE.replace("def index(self):", f"def index(self):\n        import sys; {call}"), "-c", 3, host=target.url,
                  code=code)
    assert report.seconds < 20


def test_keyboard_interrupt_raised_in_a_task_ends_the_program(play, target):
    report = play(SITE.replace("def index(self):", "def index(self):\n        raise KeyboardInterrupt"), "-c", 3,
                  host=target.url, code=None)
    assert report.code in (0, 1, 130, -2) and report.seconds < 20


def test_os_exit_in_a_task_is_the_script_s_own_will(play, target):
    report = play(SITE.replace("def index(self):", "def index(self):\n        import os; os._exit(7)"), host=target.url, code=7)
    assert report.seconds < 20


def test_users_that_all_die_end_the_run(play, target):
    report = play(SITE.replace("def index(self):", "def index(self):\n        self.locust._catch_exceptions = False; 1 / 0"),
                  "-c", 4, host=target.url, code=None)
    assert "All locusts dead" in report.stderr and report.stderr.count("ZeroDivisionError: division by zero") >= 4
    agree(report, target.stats())


def test_the_exit_code_can_be_set_by_the_script(play, target):
    text = SITE + """
def done(environment, **kwargs):
    environment.process_exit_code = 42
events.quitting.add_listener(done)
"""
    assert play(text, "-t", "1s", host=target.url, code=42).total()[0] > 0


# ---- a script that does not yield


@pytest.mark.parametrize("block", ["ctypes.PyDLL(None).usleep(3500000)", "end = clock() + 3.5\n        while clock() < end: pass"],
                         ids=["in C", "in Python"])
def test_a_script_that_blocks_stops_neither_tables_nor_clock(begin, probe, target, block):
    program = begin(f"""
import ctypes, os, time
from locust import HttpLocust, TaskSet, task
from probe import note
clock = time.monotonic
blocked = []

class Tasks(TaskSet):
    @task
    def work(self):
        self.client.get("/")
        if blocked:
            return
        blocked.append(1)
        note("blocking")
        {block}
        note("free again")

class User(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 10
""", "-c", 5, "-t", "5s", host=target.url)
    blocking = probe.wait("blocking")[0]["time"]
    program.wait_for("has not answered for")
    assert probe.count("free again") == 0 and 0.9 < time.monotonic() - blocking < 2.5
    program.wait_for(" # fails", 10)
    report = Report(program.finish(30))
    assert "was blocked for 3." in report.stderr, str(report)
    tables = [i for i, line in enumerate(report.lines) if " # fails" in line]
    blocked = next(i for i, line in enumerate(report.lines) if "has not answered for" in line)
    freed = next(i for i, line in enumerate(report.lines) if "was blocked for" in line)
    assert any(blocked < table < freed for table in tables), str(report)
    assert 5 <= report.seconds < 12 and report.code == 0
    agree(report, target.stats())


def test_the_time_limit_ends_a_script_that_blocks_beyond_it(begin, probe, target):
    program = begin("""
        import ctypes
        from locust import HttpLocust, TaskSet, task
        from probe import note

        class Tasks(TaskSet):
            @task
            def work(self):
                self.client.get("/")
                note("blocking")
                ctypes.PyDLL(None).usleep(2500000)

        class User(HttpLocust):
            task_set = Tasks
    """, "-t", "1s", host=target.url)
    report = Report(program.finish(20))
    assert "Time limit reached" in report.stderr and report.total()[0] >= 1 and report.code == 0
    agree(report, target.stats())
