# SPDX-License-Identifier: MIT
"""Event hooks while users run: what the engine fires, what clients fire, and listeners that are not well-behaved."""
import math

import pytest

from tables import agree

USER = """
from gevent import sleep
from locust import HttpLocust, Locust, TaskSet, events, task
from locust.exception import StopLocust
from probe import note

class Tasks(TaskSet):
    @task
    def hello(self):
        self.client.get("/hello")

class User(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 1
"""


def test_hooks_of_0_9_are_fired_in_order_with_exactly_their_arguments(play, probe, target):
    play(USER + """
ARGUMENTS = {
    "locust_start_hatching": [], "hatch_complete": ["user_count"], "locust_stop_hatching": [], "quitting": [],
    "request_success": ["request_type", "name", "response_time", "response_length"],
    "request_failure": ["request_type", "name", "response_time", "exception"],
    "locust_error": ["locust_instance", "exception", "tb"]}

for hook, arguments in ARGUMENTS.items():
    exact = "lambda {0}: note('{1}', values=[repr(value) for value in [{0}]])".format(", ".join(arguments), hook)
    getattr(events, hook).add_listener(eval(exact))

def both(self):
    self.client.get("/hello")
    self.client.get("/status/500")
    raise KeyError("left the task")

Tasks.tasks = [both]
""", "-c", 2, "-t", "1s", host=target.url, code=1)
    kinds = probe.kinds()
    assert kinds[0] == "locust_start_hatching" and kinds[-2:] == ["locust_stop_hatching", "quitting"]
    assert set(kinds) == {"locust_start_hatching", "hatch_complete", "request_success", "request_failure", "locust_error",
                          "locust_stop_hatching", "quitting"}
    assert probe.values("hatch_complete", "values") == [["2"]]
    kind, name, time, length = probe.values("request_success", "values")[0]
    assert (kind, name, length) == ("'GET'", "'/hello'", "6") and 0 < float(time) < 1000
    *_, error = probe.values("request_failure", "values")[0]
    assert error.startswith("HTTPError('500 Server Error")
    instance, error, traceback = probe.values("locust_error", "values")[0]
    assert "Tasks object" in instance and error == "KeyError('left the task')" and traceback.startswith("<traceback")


def test_what_clients_fire_lands_where_the_engine_counts(play, target):
    report = play(USER + """
class Both(Tasks):
    @task
    def own(self):
        events.request_success.fire(request_type="GET", name="/hello", response_time=10, response_length=6)
        events.request_failure.fire(request_type="GET", name="/hello", response_time=20, exception=ValueError("own"))
        events.request.fire(request_type="GET", name="/hello", response_time=30, response_length=6)

User.task_set = Both
""", "-t", "1s", host=target.url, code=1)
    row = report.table()["GET /hello"]
    served = target.stats()["requests"]
    assert row.failures > 5 and row.requests == served + 2 * row.failures
    assert report.errors() == {"GET /hello: \"ValueError('own')\"": row.failures}
    assert row.max >= 30


def test_a_limit_of_requests_counts_those_of_clients_and_tells_the_last_one(play, probe):
    report = play("""
from locust import Locust, TaskSet, events, task
from probe import note

events.request_success += lambda name, **kw: note("told")

class User(Locust):
    min_wait = max_wait = 1
    class task_set(TaskSet):
        @task
        def own(self):
            events.request_success.fire(request_type="own", name="call", response_time=1, response_length=1)
""", "-n", 25)
    assert report.total() == (25, 0) and probe.count("told") == 25


def test_listeners_that_wait_and_make_requests_of_their_own(play, probe, target):
    report = play(USER + """
def once(**kw):
    note("once")
    events.request_success -= once

def follow_up(name, **kw):
    if name == "/hello":
        sleep(0.01)
        session.get("/world")

@events.request.add_listener
def later(name, **kw):
    sleep(0.001)
    note("heard", name=name)

events.request_success += once
events.request_success += follow_up

class Remembering(Tasks):
    def on_start(self):
        global session
        session = self.client

User.task_set = Remembering
""", "-c", 10, "-t", "1s", host=target.url)
    table = report.table()
    assert probe.count("once") >= 1 and table["GET /hello"].requests > 50
    assert abs(table["GET /hello"].requests - table["GET /world"].requests) <= 10  # at the end listeners are cut short
    agree(report, target.stats())


def test_a_listener_that_makes_requests_without_end_ends_by_python_s_limit(play, target):
    report = play(USER + """
def endless(**kw):
    session.get("/world")

events.request_success += endless

class Remembering(Tasks):
    def on_start(self):
        global session
        session = self.client

User.task_set = Remembering
""", "-c", 1, "-t", "1s", host=target.url)
    assert "RecursionError" in report.stderr and report.table()["GET /hello"].requests >= 1
    agree(report, target.stats())


def test_a_listener_that_always_fails_is_counted_and_does_not_fill_the_log(play, target):
    report = play(USER + """
User.min_wait = User.max_wait = 0

@events.request.add_listener
def broken(**kw):
    raise ValueError("at line six of the listener")

def wrong(request, response):
    pass

events.request_success += wrong
""", "-c", 10, "-t", "1s", host=target.url)
    requests, _ = report.total()
    complaints = report.records("ERROR", "locust.event")
    assert requests > 100 and len(complaints) <= 4 + 2 * (int(math.log10(requests)) + 1)
    assert sum("ValueError: at line six" in text for text in complaints) == 3
    assert sum("cannot be called" in text for text in complaints) == 1
    assert [text for text in complaints if text.endswith(f"failed {requests} times in all")] == complaints[-2:]
    agree(report, target.stats())


@pytest.mark.parametrize("stop", ["StopLocust()", "GreenletExit()"])
def test_a_listener_may_end_the_user(play, probe, target, stop):
    report = play(USER + f"""
from gevent import GreenletExit

def third_time(name, **kw):
    note("heard")
    if probe_count.pop() == 1:
        raise {stop}

probe_count = [1, 2, 3]
events.request_success += third_time
""", "-c", 1, "-t", "20s", host=target.url)
    assert probe.count("heard") == 3 and report.total() == (3, 0) and report.seconds < 15


def test_values_of_any_kind_reach_the_tables(play):
    report = play("""
from locust import Locust, TaskSet, events, task
from locust.exception import StopLocust

class Broken(Exception):
    def __repr__(self): raise ValueError("no repr")

class User(Locust):
    class task_set(TaskSet):
        @task
        def odd(self):
            for name in (b"bytes\\xff", 7, None, "half \\ud800", "", ("a", 1), "long" * 100_000):
                events.request_success.fire(request_type="odd", name=name, response_time=1, response_length=None)
            for time in (None, float("nan"), -5, 10 ** 300, float("inf")):
                events.request_success.fire(request_type="time", name=repr(time)[:9], response_time=time,
                                            response_length=1)
            events.request_failure.fire(request_type=b"odd", name="error", response_time=1, exception=Broken())
            raise StopLocust()
""", "--csv", "odd", code=1)
    table = report.table()
    names = ["bytes\\xff", "7", "None", "half \\ud800", "('a', 1)", "long" * 100_000]
    assert {f"odd {name}" for name in names} < set(table)
    assert {name: table[f"time {name}"][:4] for name in ("None", "nan", "-5", "inf")} == {
        "None": (1, 0, 0, 0), "nan": (1, 0, 0, 0), "-5": (1, 0, 0, 0), "inf": (1, 0, 3600000, 3600000)}
    assert report.errors() == {"odd error: '<Broken without a repr>'": 1}
    assert report.total() == (12, 1) and "Traceback" not in report.stderr


def test_what_is_no_number_is_an_error_of_the_task_and_the_user_goes_on(play, target):
    report = play(USER + """
class Wrong(Tasks):
    @task
    def wrong(self):
        events.request_success.fire(request_type="own", name="call", response_time="12 ms", response_length=0)

User.task_set = Wrong
""", "-t", "1s", host=target.url)
    text = "TypeError: response_time must be a number of milliseconds or None, not '12 ms'"
    assert text in report.stderr and set(report.table()) == {"GET /hello"} and report.total()[0] > 5


def test_usage_of_the_machine_is_told_in_2x_s_way(play, probe):
    play("""
import time
from locust import User, constant, events, runners, task
from probe import note

runners.CPU_MONITOR_INTERVAL = 0.3
runners.CPU_WARNING_THRESHOLD = 5
events.usage_monitor.add_listener(lambda environment, cpu_usage, memory_usage: note(
    "usage", cpu=cpu_usage, memory=memory_usage, used=time.process_time()))
events.cpu_warning.add_listener(lambda environment, cpu_usage: note("warning", cpu=cpu_usage))

class Busy(User):
    wait_time = constant(0)

    @task
    def count(self):
        sum(range(10_000))
""", "-t", "2s")
    usage = probe.all("usage")
    assert 3 <= len(usage) <= 7 and all(2 ** 22 < note["memory"] < 2 ** 33 for note in usage)
    for before, now in zip(usage, usage[1:]):
        share = (now["used"] - before["used"]) / (now["time"] - before["time"])
        assert now["cpu"] == pytest.approx(share * 100, rel=0.3)
    assert probe.values("warning", "cpu") == [note["cpu"] for note in usage if note["cpu"] > 5] != []
