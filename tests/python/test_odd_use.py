# SPDX-License-Identifier: MIT
"""What scripts seldom do and the engine must survive: half-made objects, classes that change, objects that object."""
import os
import pathlib
import subprocess
import sys
import time
from types import MappingProxyType

import _acrida
import gevent
import pytest
from locust import HttpUser, Locust, TaskSet, between, constant, env, events, task
from locust.clients import HttpSession
from locust.exception import LocustError, RescheduleTask, StopUser


class Broken(Exception):
    pass


class Objects:
    """Objects to being asked anything."""

    def __bool__(self):
        raise Broken

    __str__ = __repr__ = __len__ = __iter__ = __bool__


@pytest.fixture
def session(site):
    return HttpSession(site)


@pytest.mark.parametrize("given", [{"name": Objects()}, {"catch_response": Objects()}, {"stream": Objects()},
                                   {"allow_redirects": Objects()}, {"data": {"a": Objects()}},
                                   {"params": {"a": [Objects()]}}, {"data": type("L", (list,), {
                                       "__len__": Objects.__len__, "__bool__": Objects.__bool__})("ab")}])
def test_an_argument_that_raises_when_asked_leaves_by_its_own_exception(session, given):
    with pytest.raises(Broken):
        session.post("/a", **given)
    assert session.get("/a").ok


def test_a_name_that_is_no_text_becomes_one(session, hear):
    heard = hear("request_success")
    session.get("/a", name=5)
    session.request_name = 1.5
    session.get("/a")
    assert [one["name"] for one in heard] == ["5", "1.5"]


def test_form_fields_may_change_while_they_are_converted(session):
    fields = []

    class Clears:
        def __str__(self):
            fields.clear()
            return "value"

    fields += [("a" * 100, Clears()), ("b", "c")]
    assert session.post("/a", data=fields).json()["body"] == "a" * 100 + "=value"


def test_certificates_may_be_given_as_paths(session, tmp_path):
    path = tmp_path / "some.pem"
    path.touch()
    for given in ({"verify": path}, {"cert": path}, {"cert": [str(path), path]}):
        assert session.get("/a", **given).ok
    assert session.native_count() == 3
    with pytest.raises(OSError, match="Could not find"):
        session.get("/a", cert=str(tmp_path / "none.pem"))


def test_a_charset_that_is_none_is_taken_for_utf_8(session):
    response = session.get("/lines")
    for charset in ("nonsense", 5, "nul\0", "\udc80", "hex"):
        response.encoding = charset
        assert response.text == "eins\nzw\u00f6lf\n"


def test_a_0_9_users_own_attribute_context_is_not_called(session, hear):
    heard = hear("request")
    session.user = type("Mine", (), {"context": {"not": "callable"}})()
    assert session.get("/a").ok and heard[0]["context"] == {}


def test_the_context_of_a_request_goes_on_top_of_the_users(site, hear):
    heard = hear("request")
    cls = type("Mine", (HttpUser,), {"host": site, "tasks": [len], "context": lambda self: {"a": 1, "b": 1}})
    cls(env.Environment(events=events)).client.get("/a", context={"b": 2, "c": 2})
    assert heard[0]["context"] == {"a": 1, "b": 2, "c": 2}


def test_a_request_starts_when_it_is_sent_and_not_when_it_is_judged(session, hear):
    heard = hear("request")
    before = time.time()
    with session.get("/a", catch_response=True) as response:
        gevent.sleep(0.2)
    assert before <= heard[0]["start_time"] + 0.01 < before + 0.15
    assert abs(response.request_meta["start_time"] - heard[0]["start_time"]) < 0.05


def test_a_set_whose_constructor_was_not_called_says_so():
    class Half(TaskSet):
        def __init__(self, parent):
            pass

    half = Half(None)
    half._serves_user = True
    for call in (half.run, half.wait, half.wait_function, half.get_next_task, half.execute_next_task,
                 lambda: half.execute_task(len)):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    for name in ("user", "client", "min_wait"):
        with pytest.raises(AttributeError):
            getattr(half, name)
    half.schedule_task(len)
    with pytest.raises(AttributeError):
        _acrida.FromUser.__new__(_acrida.FromUser).__get__(half)


def test_queued_items_may_be_a_scripts_own():
    said = []

    class Tasks(TaskSet):
        def on_start(self):
            self._task_queue.append({"callable": Tasks.a, "args": (1,), "kwargs": {}})
            self._task_queue.append({"callable": Tasks.a, "args": [2], "kwargs": MappingProxyType({"c": 3})})

        def a(self, one, c=None):
            said.append((one, c))

        @task
        def end(self):
            raise StopUser

    type("Mine", (Locust,), {"task_set": Tasks, "min_wait": 0, "max_wait": 0})().run()
    assert said == [(1, None), (2, 3)]


def test_a_class_may_change_while_its_users_run():
    said = []

    class Tasks(TaskSet):
        @task
        def a(self):
            said.append(self.turn)
            self.turn += 1
            if self.turn == 2:
                Mine.wait_time = between(0.05, 0.05)
                Tasks.get_next_task = lambda self: Tasks.b
            if self.turn == 3:
                raise StopUser

        def b(self):
            said.append("b")
            del Tasks.get_next_task

        def on_start(self):
            self.turn = 0

    class Mine(Locust):
        task_set = Tasks
        wait_time = constant(0)

    before = time.monotonic()
    Mine().run()
    assert said == [0, 1, "b", 2] and time.monotonic() - before >= 0.09
    Tasks.on_start = None
    Tasks.turn = 5
    Tasks.on_stop = lambda self: said.append("stop")
    del said[:]
    gevent.spawn(Mine().run).join(0.02)
    assert said == [5]


def test_a_wait_that_asks_to_reschedule_ends_the_user():
    class Tasks(TaskSet):
        tasks = [lambda l: None]

        def wait(self):
            raise RescheduleTask

    with pytest.raises(LocustError):
        type("Mine", (Locust,), {"task_set": Tasks})().run()


def test_the_extension_alone_does_not_crash():
    script = """
import _acrida
for call in (lambda: _acrida.NativeTaskSet(None), lambda: _acrida.NativeUser().run_loop(), _acrida.request_quit,
             lambda: _acrida.NativeSession("http://h").get("/"), lambda: _acrida.NativeResponse(),
             lambda: _acrida.record_success("GET", "a", float("nan"), float("inf")),
             lambda: _acrida.configure(), lambda: _acrida.WaitTime.__new__(_acrida.WaitTime)()):
    try:
        call()
    except Exception as error:
        print(type(error).__name__)
print(_acrida.WaitTime("constant", 1)())
_acrida.record_failure("GET", "a", None, "wrong")
print(_acrida.request_count())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(pathlib.Path(_acrida.__file__).parent)})
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["1.0", "(1, 1)"]
