# SPDX-License-Identifier: MIT
"""Every kind of call that a locustfile makes of the package, as functions to be repeated: for tests that count."""
import io
from contextlib import suppress

import _acrida
import gevent
import locust
import pytest
import requests
from echo import EchoServer
from locust import (HttpLocust, HttpUser, Locust, SequentialTaskSet, TaskSequence, TaskSet, between, constant,
                    constant_pacing, env, events, seq_task, task)
from locust._life import Users
from locust.clients import HttpSession
from locust.event import EventHook
from locust.exception import (InterruptTaskSet, LocustError, RescheduleTask, RescheduleTaskImmediately, ResponseError,
                              StopUser)
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth


class Rig:
    def __init__(self, server):
        self.server = server
        self.session = HttpSession(server.url)
        self.modern = HttpSession(server.url, events.request)
        self.nobody = HttpSession("http://127.0.0.1:1")
        self.environment = env.Environment(events=events)


def get(rig):
    rig.session.get("/now/a")


def all_attributes(rig):
    response = rig.session.get("/to=to=now/a", params={"q": [1, "two"]}, headers={"X": "y"}, name="named")
    assert response.text == "a" and response.content == b"a" and response.ok and response.reason and response.elapsed
    response.headers, response.cookies, response.request, response.history[0].request, response.raw_headers
    response.raw, response.links, response.locust_request_meta, response.encoding, response.apparent_encoding
    response.encoding = "latin-1"
    response.own = response  # a cycle


def post_json(rig):
    rig.session.post("/now/a", json={"a": [1, 2, {"b": None}]})


def post_form(rig):
    rig.session.post("/now/a", data={"a": 1, "b": ["c", "d"]})
    rig.session.put("/now/a", data=[("a", "b"), ["c", 4]])


def post_files(rig):
    rig.session.post("/now/a", files={"f": ("name", io.BytesIO(b"x" * 1000))}, cookies={"a": "b"})


def odd_arguments(rig):
    rig.session.get(b"/now/a", params=b"a=b", auth=("u", "p"), timeout=(1, 2), verify=False, cert=None,
                    cookies={"a": "b"})
    rig.session.request("pUt", "/now/a", data="text", headers={"Content-Type": "text/plain", "X": None})


def wrong_arguments(rig):
    for kwargs in ({"headers": {"a b": "c"}}, {"headers": {"X": 1}}, {"timeout": 0}, {"timeout": "x"}, {"nothing": 1},
                   {"data": [1]}, {"data": {"a": Broken()}}, {"json": {1, 2}}, {"cert": (1, 2)}, {"name": Broken()},
                   {"catch_response": Broken()}, {"stream": Broken()}, {"auth": ("\u20ac", "b")}):
        with suppress(Exception):
            rig.session.get("/now/a", **kwargs)


class Broken:
    def __str__(self):
        raise KeyError("no text")

    def __bool__(self):
        raise KeyError("neither")


def session_state(rig):
    session = HttpSession(rig.server.url)
    session.headers["X-A"] = "b"
    session.auth = ("u", "p")
    session.cookies.set("a", "b")
    session.own = session
    session.get("/now/a")
    session.headers = {"X": "y"}
    session.get("/now/a")
    session.close()


def catch_success(rig):
    with rig.session.get("/status=500/a", catch_response=True) as response:
        response.success()
    with rig.modern.get("/now/a", catch_response=True, context={"a": 1}) as response:
        response.success()


def catch_failure(rig):
    with rig.session.get("/now/a", catch_response=True) as response:
        response.failure("wrong")
    with rig.modern.get("/now/a", catch_response=True) as response:
        response.failure(ValueError("wrong"))


def catch_exception(rig):
    with rig.session.get("/now/a", catch_response=True):
        raise ResponseError("wrong")


def catch_passing(rig):
    with pytest.raises(KeyError):
        with rig.modern.get("/now/a", catch_response=True):
            raise KeyError("passing")


def catch_nothing(rig):
    rig.session.get("/now/a", catch_response=True)


def http_error(rig):
    response = rig.session.get("/status=404/a")
    with pytest.raises(Exception):
        response.raise_for_status()
    rig.modern.get("/status=503/a")


def no_connection(rig):
    response = rig.nobody.get("/a")
    assert response.status_code == 0 and response.error is not None


def cut_connection(rig):
    rig.session.post("/cut/a")


def bad_url(rig):
    with pytest.raises(Exception):
        rig.session.get("http://")


def redirects(rig):
    rig.session.get("/to=to=to=now/a")


def too_many_redirects(rig):
    session = HttpSession(rig.server.url)
    session.max_redirects = 2
    session.get("/to=to=to=to=now/a")


def whole_stream(rig):
    assert b"".join(rig.session.get("/half,now/abcdef", stream=True).iter_content(4)) == b"abcdef"


def abandoned_stream(rig):
    response = rig.session.get("/half,30ms/abcdef", stream=True)
    assert next(response.iter_content(2)) == b"ab"
    if rig.session.native_count() % 2:
        response.close()


def timeouts(rig):
    with gevent.Timeout(0.0005, False):
        rig.session.get("/3ms/a")
    rig.session.get("/now/a")


def killed(rig):
    greenlet = gevent.spawn(rig.session.get, "/2ms/a")
    gevent.sleep(0.0005)
    greenlet.kill()


def read_timeout(rig):
    rig.session.get("/5ms/a", timeout=0.001)


def listeners(rig):
    heard = []

    def listener(**given):
        heard.append(given)

    hooks = (events.request_success, events.request_failure, events.request)
    for hook in hooks:
        hook.add_listener(listener)
    rig.session.get("/now/a")
    rig.modern.get("/status=500/a", context={"a": 1})
    for hook in hooks:
        hook.remove_listener(listener)
    assert len(heard) == 4


def json_answer(rig):
    response = rig.session.get('/now/{"a":[1,2.5,"x"]}')
    assert response.json() == {"a": [1, 2.5, "x"]}
    with pytest.raises(ValueError):
        rig.session.get("/now/{nothing}").json()


class Inner(TaskSet):
    @task
    def a(self):
        self.client.get("/now/a")
        self.schedule_task(type(self).b, args=[1], kwargs={"c": 2})

    def b(self, one, c):
        raise InterruptTaskSet(one == 1)

    def on_stop(self):
        pass


class Mine(HttpUser):
    abstract = True
    wait_time = constant(0)
    tasks = [Inner]
    turns = 0

    @task
    def end(self):
        self.turns += 1
        if self.turns == 3:
            raise StopUser


def user_lives(rig):
    cls = rig.__dict__.setdefault("user_class", type("Living", (Mine,), {"host": rig.server.url}))
    cls(rig.environment).run()


def user_stopped(rig):
    cls = rig.__dict__.setdefault("stopped_class", type("Stopped", (Mine,), {
        "host": rig.server.url, "tasks": [lambda user: user.client.get("/2ms/a")],
        "on_stop": lambda user: user.client.get("/now/b")}))
    ended = []
    users = Users(ended.append, lambda: None, lambda: None)
    users.start(1, cls, lambda: cls(rig.environment))
    gevent.sleep(0.001)
    users.stop(1)
    while not ended:
        gevent.sleep(0.0005)


def sleeps(rig):
    _acrida.sleep(0.0001)
    with gevent.Timeout(0.0001, False):
        _acrida.sleep(1)


def cookies(rig):
    jar = rig.session.cookies
    jar.set("a", "b", domain="127.0.0.1", path="/")
    jar["c"] = "d"
    assert jar.get("a") == "b" and "c" in jar and dict(jar)["c"] == "d"
    rig.session.get("/now/a")
    del jar["c"]
    jar.update({"e": "f"})
    requests.utils.add_dict_to_cookiejar(jar, {"g": "h"})
    jar.clear()


def session_headers(rig):
    headers = rig.session.headers
    headers["X-A"] = "b"
    headers.update({"X-C": "d", "X-E": None})
    rig.session.get("/now/a")
    for name in ("X-A", "X-C", "X-E"):
        del headers[name]
    with pytest.raises(KeyError):
        headers["X-A"]


def own_attributes(rig):
    session = rig.session
    session.flag = [session]
    assert session.flag and getattr(session, "get") and not hasattr(session, "nothing")
    del session.flag
    with pytest.raises(AttributeError):
        session.nothing
    session.base_url, session.verify = session.base_url, session.verify
    session.request_name = None


class Renames(HTTPAdapter):
    def send(self, request, **kwargs):
        request.headers["X-Adapter"] = "yes"
        return super().send(request, **kwargs)


def through_adapter(rig):
    with HttpSession(rig.server.url) as session:
        session.mount("http://", Renames())
        assert session.get("/now/a", name="mounted").text == "a"


def through_hooks(rig):
    seen = []
    rig.session.get("/now/a", hooks={"response": lambda response, **given: seen.append(response)}).close()
    assert seen
    rig.session.auth = HTTPDigestAuth("u", "p")
    with rig.session.get("/status=401/a", catch_response=True) as response:
        response.failure("still 401")
    rig.session.auth = None


def prepared(rig):
    request = rig.session.prepare_request(requests.Request("GET", rig.server.url + "/now/a"))
    assert rig.session.send(request).text == "a"


def requests_themselves(rig):
    assert requests.get(rig.server.url + "/now/a").text == "a"


def fired_events(rig):
    events.request_success.fire(request_type="x", name="fired", response_time=1, response_length=2)
    events.request_failure.fire(request_type="x", name="fired", response_time=1.5, exception=ValueError("wrong"))
    events.request.fire(request_type="x", name="fired", response_time=None, response_length=0, exception=None, context={})
    with events.request.measure("x", "measured") as fields:
        fields["response_length"] = 3
    with events.request.measure("x", "measured"):
        raise ValueError("wrong")
    with pytest.raises(TypeError):
        events.request_success.fire(name="no type")
    with pytest.raises(TypeError):
        _acrida.record_success("x", "y")
    with pytest.raises(OverflowError):
        _acrida.record_success("x", "y", 1, 1e300)


def fired_oddly(rig):
    for name in (b"\xff", None, "half \ud800", ("a", 1)):
        events.request_success.fire(request_type=name, name=name, response_time=float("nan"), response_length=None)
        events.request_failure.fire(request_type="odd", name=name, response_time=-1, exception=WithoutRepr())
    for wrong in ({"response_time": "1"}, {"response_length": []}, {"name": WithoutRepr()}, {"response_length": 1e300}):
        with suppress(TypeError, OverflowError, ArithmeticError):
            events.request_success.fire(**{"request_type": "odd", "name": "wrong", "response_time": 1, "response_length": 1,
                                           **wrong})


class WithoutRepr(Exception):
    def __repr__(self):
        raise ArithmeticError("no repr")

    __str__ = __repr__


def raising_listeners(rig):
    def fails(**given):
        raise KeyError("listener")

    def stops(**given):
        raise RescheduleTask

    for listener, count in ((fails, 2), (stops, 1)):
        events.request_success += listener
        events.request_failure += listener
        for path in ("/now/a", "/status=500/a"):
            try:
                rig.session.get(path)
            except RescheduleTask:
                pass
        events.request_success -= listener
        events.request_failure -= listener
    hook = EventHook()
    hook += fails
    hook.fire(a=1, reverse=True)


def waits(rig):
    for wait in (between(1, 2), constant(3), constant_pacing(4)):
        assert 0 <= wait() <= 4
        assert 0 <= wait(rig) <= 4
    with pytest.raises(ValueError):
        constant(-1)
    with pytest.raises(TypeError):
        between("a", 1)


def live(rig, cls, **attributes):
    """One whole life of a user of this class. The class is made once, as in a locustfile."""
    classes = rig.__dict__.setdefault("classes", {})
    if cls not in classes:
        classes[cls] = type(cls.__name__, (cls,), {"host": rig.server.url, **attributes})
    cls = classes[cls]
    (cls() if issubclass(cls, Locust) else cls(rig.environment)).run()


class Deep(TaskSet):
    min_wait = max_wait = 0

    @task
    class Middle(TaskSet):
        @task
        class Innermost(TaskSet):
            def on_start(self):
                self.parent.parent.visits += 1

            @task
            def leave(self):
                self.client.get("/now/a")
                self.interrupt(reschedule=self.parent.parent.visits % 2 == 0)

        @task
        def leave(self):
            self.interrupt()

        def on_start(self):
            self.visits = 0

    def on_start(self):
        self.visits = 0

    @task
    def end(self):
        if self.visits > 1:
            raise StopUser


class DeepLocust(HttpLocust):
    task_set = Deep
    min_wait = max_wait = 0


def nested_sets(rig):
    live(rig, DeepLocust)


class Steps(TaskSequence):
    @seq_task(2)
    def second(self):
        self.locust.steps += "2"
        raise RescheduleTaskImmediately

    @seq_task(1)
    @task(2)
    def first(self):
        self.locust.steps += "1"

    @seq_task(3)
    def third(self):
        assert self.locust.steps == "112"
        raise StopUser


class StepsLocust(Locust):
    task_set = Steps
    min_wait = max_wait = 0
    steps = ""


class Ordered(SequentialTaskSet):
    def on_start(self):
        self.steps = ""

    @task
    def one(self):
        self.steps += "1"
        raise RescheduleTask

    @task
    def two(self):
        assert self.steps == "1"
        self.interrupt()


class OrderedUser(HttpUser):
    abstract = True
    tasks = [Ordered]
    rounds = 0

    def wait_time(self):
        self.rounds += 1
        if self.rounds > 3:
            raise StopUser
        return 0


def sequences(rig):
    live(rig, StepsLocust)
    live(rig, OrderedUser)


class Scheduling(TaskSet):
    @task
    def plan(self):
        self.schedule_task(self.end)
        self.schedule_task(Scheduling.note, args=["late"], first=True)
        self.schedule_task(note, kwargs={"text": "function"}, first=True)
        self.execute_task(note, text="at once")
        with pytest.raises(TypeError):
            self.schedule_task()
        self.schedule_task(note, args=5)
        self.execute_next_task()

    def note(self, text):
        self.locust.noted.append(text)

    def end(self):
        raise StopUser


def note(task_set, text=""):
    task_set.locust.noted.append(text)


class SchedulingLocust(Locust):
    task_set = Scheduling
    min_wait = max_wait = 0

    def __init__(self):
        super().__init__()
        self.noted = []


def scheduled_tasks(rig):
    live(rig, SchedulingLocust)


class FailingTasks(TaskSet):
    turns = 0

    @task
    def fail(self):
        self.turns += 1
        if self.turns == 4:
            raise StopUser
        raise (ValueError("task"), KeyError(Broken()), AssertionError())[self.turns - 1]

    def on_stop(self):
        raise ValueError("on_stop")


class FailingLocust(Locust):
    task_set = FailingTasks
    wait_function = lambda self: 0  # noqa: E731


class FailingUser(HttpUser):
    abstract = True
    tasks = [FailingTasks]


def raising_tasks(rig):
    live(rig, FailingLocust)
    live(rig, FailingUser)


class RaisesAtOnce(TaskSet):
    def on_start(self):
        raise ValueError("on_start")

    @task
    def never(self):
        pass


class RaisingLocust(Locust):
    task_set = RaisesAtOnce


class OddWait(HttpUser):
    abstract = True
    tasks = [note]
    noted = []
    wait_time = property(lambda self: self.nothing)


class NoTasks(HttpUser):
    abstract = True

    def wait_time(self):
        raise StopUser


class Unmakeable(HttpLocust):
    def __init__(self):
        super().__init__()
        raise ValueError("__init__")


class Unfinished(TaskSet):
    def __init__(self, parent):
        """Forgets super().__init__()."""

    @task
    def never(self):
        pass


class UnfinishedLocust(Locust):
    task_set = Unfinished


def users_that_cannot_live(rig):
    live(rig, NoTasks)
    for cls in (RaisingLocust, OddWait, Unmakeable, UnfinishedLocust, Locust):
        with pytest.raises(Exception):
            live(rig, cls)
    with pytest.raises(LocustError):
        TaskSet(None)


def parallel(rig):
    """Requests of several greenlets at once, of which one is killed before it begins."""
    greenlets = [gevent.spawn(rig.session.get, "/now/a") for _ in range(3)]
    unborn = gevent.spawn(rig.session.get, "/now/a")
    unborn.kill(block=False)
    gevent.joinall(greenlets)


def statistics(rig):
    """Everything that is read of the run's statistics, and what is refused."""
    stats = locust.stats.global_stats
    stats.clear_all()
    for name in ("a", "b"):
        stats.log_request("GET", name, 10.5, 100)
        stats.log_error("GET", name, ValueError("bad"))
    for entry in (*stats.entries.values(), stats.total, locust.env.Environment().stats.total):
        str(entry), entry.percentile(), entry.serialize(), entry.current_rps, entry.total_rps, entry.fail_ratio
    stats.total.get_current_response_time_percentile(0.5), dict(stats.total.response_times_cache)
    stats.serialize_errors(), stats.serialize_stats(), locust.stats.requests_csv(), locust.stats.distribution_csv()
    locust.stats.print_stats(stats), locust.stats.print_percentile_stats(stats), locust.stats.print_error_report()
    for refused in (lambda: _acrida.request_table([("GET",)], (), 60), lambda: _acrida.percentile_table([1], None, 60),
                    lambda: _acrida.error_table([("GET", "a", "b", "many")], 60), lambda: stats.entries["none", ""],
                    lambda: locust.stats.write_stat_csvs("/no/folder"), lambda: locust.stats.write_stat_csvs(None),
                    lambda: stats.get("\ud800", "GET"), lambda: _acrida.stats_counts(1, 2),
                    lambda: _acrida.request_table([], ("GET", "\ud800", 1, 1, 1, 1, 1, 1, 1), 60)):
        with pytest.raises((TypeError, KeyError, OSError, UnicodeError)):
            refused()
    stats.total.reset(), stats.get("a", "GET").reset(), stats.reset_all()


CASES = [get, all_attributes, post_json, post_form, post_files, odd_arguments, wrong_arguments, session_state,
         catch_success, catch_failure, catch_exception, catch_passing, catch_nothing, http_error, no_connection,
         cut_connection, bad_url, redirects, too_many_redirects, whole_stream, abandoned_stream, timeouts, killed,
         read_timeout, listeners, json_answer, user_lives, user_stopped, sleeps, cookies, session_headers, own_attributes,
         through_adapter, through_hooks, prepared, requests_themselves, fired_events, fired_oddly, raising_listeners, waits,
         nested_sets, sequences, scheduled_tasks, raising_tasks, users_that_cannot_live, parallel, statistics]


