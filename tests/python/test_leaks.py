# SPDX-License-Identifier: MIT
"""Each kind of call a few thousand times: objects, memory, descriptors and connections stay as many as they were."""
import ctypes
import gc
import io
import sys

import _acrida
import gevent
import pytest
from echo import EchoServer, open_descriptors
from locust import HttpUser, TaskSet, constant, env, events, task
from locust._life import Users
from locust.clients import HttpSession
from locust.exception import InterruptTaskSet, ResponseError, StopUser

# Calls per round. The first round fills pools and caches, the next ones are measured.
CALLS = 400
# What a small leak in each call would exceed. Histograms of response times grow a little with every new duration.
GROWTH_BYTES_MAX = 150 * CALLS
# What may differ by chance: a cache, a greenlet that has yet to end.
OBJECTS_MAX = 40

OURS = (_acrida.NativeResponse, _acrida.NativeSession, _acrida.NativeTaskSet, _acrida.NativeUser)


class Rig:
    def __init__(self, server):
        self.server = server
        self.session = HttpSession(server.url)
        self.modern = HttpSession(server.url, events.request)
        self.nobody = HttpSession("http://127.0.0.1:1")
        self.environment = env.Environment(events=events)


@pytest.fixture(scope="module")
def rig():
    server = EchoServer()
    yield Rig(server)
    server.stop()


def in_use():
    """Bytes that malloc has given out and not got back."""
    class Info(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in
                    "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Info
    info = libc.mallinfo2()
    return info.uordblks + info.hblkhd


def measure():
    for _ in range(3):
        gc.collect()
    objects = gc.get_objects()
    ours = sum(isinstance(one, OURS) for one in objects)
    count = len(objects)
    del objects
    return {"ours": ours, "objects": count, "blocks": sys.getallocatedblocks(), "bytes": in_use(),
            "descriptors": open_descriptors(), "connections": _acrida.connection_counts()[0]}


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
        with pytest.raises(Exception):
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
    users = Users(ended.append, lambda: None)
    users.start(1, lambda: cls(rig.environment))
    gevent.sleep(0.001)
    users.stop(1)
    while not ended:
        gevent.sleep(0.0005)


def sleeps(rig):
    _acrida.sleep(0.0001)
    with gevent.Timeout(0.0001, False):
        _acrida.sleep(1)


CASES = [get, all_attributes, post_json, post_form, post_files, odd_arguments, wrong_arguments, session_state,
         catch_success, catch_failure, catch_exception, catch_passing, catch_nothing, http_error, no_connection,
         cut_connection, bad_url, redirects, too_many_redirects, whole_stream, abandoned_stream, timeouts, killed,
         read_timeout, listeners, json_answer, user_lives, user_stopped, sleeps]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_nothing_is_left_behind(rig, case):
    def play():
        for _ in range(CALLS):
            case(rig)
        rig.session.close(), rig.modern.close()
        gc.collect()  # users and their sessions are cycles
        rig.server.wait_for_silence()
        gevent.sleep(0.001)
        del rig.server.asked[:]

    play()
    growths = []
    for _ in range(3):
        before = measure()
        play()
        after = measure()
        growths.append({name: after[name] - before[name] for name in before})
        if _is_flat(growths[-1]):
            return
    assert False, growths


def _is_flat(growth):
    """A table that doubles now and then is no leak: one round of three has to be flat."""
    return (growth["ours"] <= 0 and growth["connections"] <= 0 and growth["descriptors"] <= 0
            and growth["objects"] <= OBJECTS_MAX and growth["blocks"] <= CALLS // 3
            and growth["bytes"] <= GROWTH_BYTES_MAX)
