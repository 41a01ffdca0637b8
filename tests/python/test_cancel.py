# SPDX-License-Identifier: MIT
"""What is thrown into a waiting greenlet, wherever it waits: nothing is lost, mixed up or left behind."""
import gc
import random
import socket

import _acrida
import gevent
import pytest
from echo import EchoServer, open_descriptors
from gevent import GreenletExit
from locust import HttpUser, TaskSet, constant, env, events, task
from locust._life import UserKill, Users
from locust.clients import HttpSession
from locust.exception import StopUser
from requests.exceptions import ConnectionError, RequestException


@pytest.fixture
def server():
    made = EchoServer()
    yield made
    made.stop()


@pytest.fixture
def session(server):
    made = HttpSession(server.url)
    yield made
    made.close()


class Thrown(Exception):
    pass


def throw_exit(greenlet):
    greenlet.kill(block=False)


def throw_other(greenlet):
    gevent.get_hub().loop.run_callback(greenlet.throw, Thrown)


def throw_user_kill_twice(greenlet):
    greenlet.kill(UserKill, block=False)
    greenlet.kill(UserKill, block=False)


THROWS = [throw_exit, throw_other, throw_user_kill_twice]


def outcome(function, *args, **kwargs):
    """Runs in a greenlet; its `.value` is what was returned or what was raised."""
    def run():
        try:
            return function(*args, **kwargs)
        except (Exception, GreenletExit) as error:
            return error

    return gevent.spawn(run)


def succeeded(session, token):
    response = session.get(f"/now/{token}")
    return response.text == token


def counted():
    return _acrida.request_count()[0]


# Requests

@pytest.mark.parametrize("throw", THROWS)
@pytest.mark.parametrize("plan", ["hold", "half,hold", "to=hold", "status=500,hold"])
def test_a_request_that_is_cut_short_leaves_the_session_usable(server, session, plan, throw):
    for kept_alive in (False, True):
        before, token = counted(), f"first-{kept_alive}"
        waiting = outcome(session.get, f"/{plan}/{token}")
        server.wait_for(token)
        gevent.sleep(0.003)  # lets a half answer arrive
        throw(waiting)
        waiting.join(1)
        assert isinstance(waiting.value, (GreenletExit, Thrown))
        assert counted() == before
        assert succeeded(session, f"second-{kept_alive}")
        assert counted() == before + 1


@pytest.mark.parametrize("seed", range(4))
def test_at_whatever_moment_a_request_is_cut_short_later_ones_get_their_own_answers(server, seed):
    chance = random.Random(seed)
    sessions = [HttpSession(server.url) for _ in range(4)]

    def user(number):
        session = sessions[number]
        for turn in range(60):
            token = f"{number}-{turn}"
            plan = chance.choice(["now", "1ms", "half,1ms", "2ms", "to=1ms", "chunks"])
            try:
                with gevent.Timeout(chance.choice([0.0002, 0.0007, 0.001, 0.002, 0.003, 0.05])):
                    response = session.get(f"/{plan}/{token}")
                    assert response.text in (token, token * 20)
            except gevent.Timeout:
                pass
            assert succeeded(session, f"{token}-again")

    users = [gevent.spawn(user, number) for number in range(len(sessions))]
    gevent.joinall(users, raise_error=True)
    for session in sessions:
        session.close()


def test_a_timeout_hits_the_request_it_was_meant_for(server, session):
    with pytest.raises(gevent.Timeout):
        with gevent.Timeout(0.01):
            session.get("/hold/a")
    with gevent.Timeout(0.01, False):
        session.get("/hold/b")
    assert succeeded(session, "c")


def test_a_greenlet_may_be_cut_short_while_it_connects(server):
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(full.getsockname())
        fillers.append(filler)
    gevent.sleep(0.01)
    session = HttpSession(f"http://127.0.0.1:{full.getsockname()[1]}")
    before = open_descriptors()
    for throw in THROWS:
        waiting = outcome(session.get, "/")
        gevent.sleep(0.005)
        assert not waiting.ready()
        throw(waiting)
        waiting.join(1)
        assert isinstance(waiting.value, (GreenletExit, Thrown))
    assert open_descriptors() == before
    for one in fillers + [full]:
        one.close()


def test_a_greenlet_may_be_cut_short_in_the_handshake():
    mute = socket.socket()
    mute.bind(("127.0.0.1", 0))
    mute.listen(8)
    session = HttpSession(f"https://127.0.0.1:{mute.getsockname()[1]}")
    before = open_descriptors()
    for throw in THROWS:
        waiting = outcome(session.get, "/")
        gevent.sleep(0.01)
        assert not waiting.ready()
        throw(waiting)
        waiting.join(1)
        assert isinstance(waiting.value, (GreenletExit, Thrown))
    assert open_descriptors() == before
    mute.close()


def test_a_session_may_be_dropped_while_its_request_waits(server):
    waiting = outcome(lambda: HttpSession(server.url).get("/hold/a").text)
    server.wait_for("a")
    gc.collect()
    server.release()
    assert waiting.get() == "a"


def test_what_a_call_was_given_may_change_while_it_waits(server, session):
    headers, data = {"X-A": "1"}, {"a": "b"}
    waiting = outcome(session.post, "/hold/a", data=data, headers=headers)
    server.wait_for("a")
    headers.clear(), data.clear(), session.headers.clear()
    session.base_url, session.auth, session.request_name = "http://127.0.0.1:9", ("a", "b"), "new"
    server.release()
    assert waiting.get().text == "a"
    assert waiting.value.request.headers["X-A"] == "1" and waiting.value.request.body == b"a=b"


# Streams

@pytest.mark.parametrize("throw", THROWS)
def test_reading_a_stream_may_be_cut_short(server, session, throw):
    response = session.get("/half,hold/abcdef", stream=True)
    assert response.raw.read(3) == b"abc"
    waiting = outcome(lambda: response.content)
    gevent.sleep(0.003)
    throw(waiting)
    waiting.join(1)
    assert isinstance(waiting.value, (GreenletExit, Thrown))
    assert succeeded(session, "next")
    with pytest.raises(RequestException):
        response.content


def test_the_timeout_of_the_call_holds_for_reading_its_stream(server, session):
    response = session.get("/half,hold/abcdef", stream=True, timeout=0.02)
    with gevent.Timeout(1), pytest.raises(RequestException):
        response.content
    assert succeeded(session, "next")


def test_two_greenlets_cannot_read_one_stream_at_a_time(server, session):
    response = session.get("/half,hold/abcdef", stream=True)
    first = outcome(lambda: response.content)
    gevent.sleep(0.001)
    second = outcome(lambda: response.content)
    second.join(1)
    assert isinstance(second.value, RuntimeError)
    server.release()
    assert first.get() == b"abcdef"


def test_closing_a_stream_ends_the_reading_of_another_greenlet(server, session):
    response = session.get("/half,hold/abcdef", stream=True)
    reader = outcome(lambda: response.content)
    gevent.sleep(0.001)
    response.close()
    response.close()
    assert isinstance(reader.get(timeout=1), ConnectionError)
    assert succeeded(session, "next")


def test_a_stream_that_is_dropped_gives_its_connection_up(server, session):
    open_before = _acrida.connection_counts()[0]
    response = session.get("/half,hold/abcdef", stream=True)
    assert _acrida.connection_counts()[0] == open_before + 1
    del response
    assert _acrida.connection_counts()[0] == open_before
    assert succeeded(session, "next")


# Sleeps

@pytest.mark.parametrize("throw", [throw_exit, throw_other])
def test_a_sleep_may_be_cut_short(throw):
    waiting = outcome(_acrida.sleep, 60)
    gevent.sleep(0.001)
    throw(waiting)
    waiting.join(1)
    assert isinstance(waiting.value, (GreenletExit, Thrown))


def test_the_hub_must_not_wait(session):
    raised = []

    def in_hub():
        for call in (lambda: session.get("/now/a"), lambda: _acrida.sleep(0)):
            try:
                call()
            except RuntimeError as error:
                raised.append(error)

    gevent.get_hub().loop.run_callback(in_hub)
    gevent.sleep(0.001)
    assert len(raised) == 2


# The end of a test

class Life:
    """One user of `tasks` under the run's management."""

    def __init__(self, server, tasks=(), on_stop=lambda user: None, listeners=()):
        self.ended, self.said = [], []
        body = {"tasks": list(tasks), "host": server.url, "on_stop": on_stop, "wait_time": constant(60),
                "said": self.said}
        self.cls = type("Mine", (HttpUser,), body)
        self.users = Users(self.ended.append, lambda: None, lambda: None)
        self.users.start(1, self.cls, lambda: self.cls(env.Environment(events=events)))

    def stop(self):
        self.users.stop(1)

    def wait(self, seconds=1):
        with gevent.Timeout(seconds):
            while not self.ended:
                gevent.sleep(0.001)
        return self.said


def test_a_user_that_is_stopped_finishes_its_request(server):
    def one(user):
        user.client.get("/hold/a")
        user.said.append("not reached")

    life, before = Life(server, [one], on_stop=lambda user: user.said.append(user.client.get("/now/b").text)), counted()
    server.wait_for("a")
    life.stop()
    gevent.sleep(0.01)
    assert not life.ended
    server.release()
    assert life.wait() == ["b"]
    assert counted() == before + 2


def test_a_redirect_is_followed_to_its_end_by_a_user_that_is_stopped(server):
    life, before = Life(server, [lambda user: user.client.get("/5ms,to=hold/a")]), counted()
    server.wait_for("a")
    life.stop()
    gevent.sleep(0.01)
    server.release()
    life.wait()
    assert counted() == before + 1


def test_a_user_whose_server_never_answers_ends_all_the_same(server):
    life = Life(server, [lambda user: user.client.get("/hold/a")], lambda user: user.said.append("stop"))
    before = counted()
    server.wait_for("a")
    life.stop()
    assert life.wait(4) == ["stop"]
    assert counted() == before


def test_a_second_kill_is_not_put_aside(server):
    life = Life(server, [lambda user: user.client.get("/hold/a")], lambda user: user.said.append("stop"))
    server.wait_for("a")
    greenlet = life.users._alive[1]
    life.stop()
    gevent.sleep(0.005)
    greenlet.kill(block=False)
    assert life.wait(1) == ["stop"]


def test_a_kill_of_the_scripts_is_never_put_aside(server, session):
    helpers = [outcome(session.get, f"/hold/{number}") for number in range(3)]
    server.wait_for("2")
    gevent.killall(helpers, timeout=0.5)
    assert all(isinstance(one.value, GreenletExit) for one in helpers)
    assert succeeded(session, "next")


def test_a_timeout_during_the_grace_ends_the_user(server):
    def one(user):
        with gevent.Timeout(0.02, False):
            user.client.get("/hold/a")
        user.said.append("not reached")

    life = Life(server, [one], lambda user: user.said.append("stop"))
    server.wait_for("a")
    life.stop()
    assert life.wait(1) == ["stop"]


def test_a_users_block_is_finished_and_its_verdict_counts(server):
    def one(user):
        with user.client.get("/hold/a", catch_response=True) as response:
            user.said.append(response.text)
            response.failure("wrong")
        user.said.append("not reached")

    life, before = Life(server, [one]), _acrida.request_count()
    server.wait_for("a")
    life.stop()
    gevent.sleep(0.005)
    server.release()
    assert life.wait() == ["a"]
    assert _acrida.request_count() == (before[0] + 1, before[1] + 1)


def test_a_user_that_waits_in_its_block_is_ended_there(server):
    def one(user):
        with user.client.get("/hold/a", catch_response=True):
            gevent.sleep(60)

    life = Life(server, [one], lambda user: user.said.append("stop"))
    server.wait_for("a")
    life.stop()
    gevent.sleep(0.005)
    server.release()
    assert life.wait(1) == ["stop"]


def test_a_user_that_makes_a_request_in_its_block_is_ended_there(server):
    def one(user):
        with user.client.get("/hold/a", catch_response=True):
            user.client.get("/now/b")
            user.said.append("not reached")

    life = Life(server, [one], lambda user: user.said.append("stop"))
    server.wait_for("a")
    life.stop()
    gevent.sleep(0.005)
    server.release()
    assert life.wait(1) == ["stop"]
    assert "b" not in server.asked


def test_a_user_that_ends_itself_in_its_block_has_all_of_its_on_stop(server):
    def one(user):
        with user.client.get("/hold/a", catch_response=True):
            raise StopUser

    life = Life(server, [one], lambda user: user.said.append(user.client.get("/60ms/b").text))
    server.wait_for("a")
    life.stop()
    gevent.sleep(0.005)
    server.release()
    assert life.wait(1) == ["b"]


def test_an_error_in_its_block_is_told_before_the_user_ends(server, hear):
    errors = hear("user_error")

    def one(user):
        with user.client.get("/hold/a", catch_response=True):
            raise KeyError("x")

    life = Life(server, [one], lambda user: user.said.append("stop"))
    server.wait_for("a")
    life.stop()
    gevent.sleep(0.005)
    server.release()
    assert life.wait(1) == ["stop"]
    assert [type(error["exception"]) for error in errors] == [KeyError]


def test_requests_of_on_stop_get_their_own_answers(server):
    def on_stop(user):
        for token in ("b", "c"):
            user.said.append(user.client.get(f"/half,5ms/{token}-{token}").text)

    life = Life(server, [lambda user: user.client.get("/half,hold/aaaa")], on_stop)
    server.wait_for("aaaa")
    life.stop()
    gevent.sleep(0.005)
    server.release()
    assert life.wait(1) == ["b-b", "c-c"]


def test_a_kill_that_reaches_a_nested_sets_on_stop_ends_the_user(server):
    said = []

    class Inner(TaskSet):
        @task
        def a(self):
            self.interrupt()

        def on_stop(self):
            said.append("inner stops")
            gevent.sleep(60)

    life = Life(server, [Inner], lambda user: user.said.append("user stops"))
    gevent.sleep(0.01)
    life.stop()
    assert life.wait(1) == ["user stops"] and said == ["inner stops"]


# Listeners

def listen(hook, function):
    getattr(events, hook).add_listener(function)


def test_a_listener_may_make_requests(server, session):
    seen = []

    def listener(name, **more):
        seen.append(name)
        if len(seen) == 1:
            seen.append(session.get("/now/inner").text)

    listen("request_success", listener)
    assert session.get("/now/outer").text == "outer"
    assert seen == ["/now/outer", "/now/inner", "inner"]


@pytest.mark.parametrize("hook", ["request_success", "request"])
def test_a_listener_may_kill_its_own_greenlet_and_others(server, session, hook):
    other = outcome(session.get, "/hold/other")
    server.wait_for("other")

    def listener(**given):
        other.kill(block=False)
        gevent.getcurrent().kill()

    listen(hook, listener)
    killed = outcome(session.get, "/now/a")
    gevent.joinall([killed, other], timeout=1)
    assert isinstance(killed.value, GreenletExit) and isinstance(other.value, GreenletExit)
    getattr(events, hook)._handlers.remove(listener)
    assert succeeded(session, "next")


def test_a_listener_may_wait_while_the_user_is_stopped(server):
    def listener(**given):
        gevent.sleep(60)

    listen("request_success", listener)
    life = Life(server, [lambda user: user.client.get("/now/a")], lambda user: user.said.append("stop"))
    before = counted()
    gevent.sleep(0.02)
    life.stop()
    assert life.wait(1) == ["stop"]
    assert counted() == before + 1


def test_what_flows_through_a_listener_ends_the_task_after_the_count(server, session):
    def listener(**given):
        raise StopUser

    listen("request", listener)
    before = counted()
    with pytest.raises(StopUser):
        session.get("/now/a")
    with pytest.raises(StopUser):
        with session.get("/now/a", catch_response=True) as response:
            response.success()
    assert counted() == before + 2


def test_a_context_that_raises_does_not_uncount_the_request(server):
    class Mine(HttpUser):
        host = server.url
        tasks = [len]

        def context(self):
            raise KeyError("no context")

    listen("request", lambda **given: None)
    before = counted()
    with pytest.raises(KeyError):
        Mine(env.Environment(events=events)).client.get("/now/a")
    assert counted() == before + 1


def test_an_error_without_a_repr_is_counted(session):
    class Odd(Exception):
        def __repr__(self):
            raise KeyError("no repr")

    class Lone(Exception):
        def __repr__(self):
            return "lone \udc80 surrogate"

    before = _acrida.request_count()
    for error in (Odd(), Lone()):
        with session.get("/now/a", catch_response=True) as response:
            response.failure(error)
    assert _acrida.request_count() == (before[0] + 2, before[1] + 2)
