# SPDX-License-Identifier: MIT
"""Requests and waits cut short wherever they wait: nothing leaks, and no answer reaches the wrong request."""
import pytest

from programs import WATCH_OBJECTS  # noqa: F401 - looked for by the fixtures
from servers import answer, read_head
from tables import agree

HEAD = """
import gevent, random, time
from gevent import Timeout
from locust import HttpLocust, HttpUser, TaskSet, task
from locust.exception import StopLocust
from probe import note
import _acrida

tokens = iter(range(10**9))

def ask(client, path="/echo", **kwargs):
    "A request whose answer must be its own."
    token = str(next(tokens))
    response = client.get(path, params={"token": token}, name="/echo", **kwargs)
    assert response.status_code == 200, response.error
    assert response.json()["args"]["token"] == token, (token, response.text)
    return response

def connections():
    return _acrida.connection_counts()[0]
"""


def test_a_timeout_around_a_request_leaves_the_client_in_order(play, probe, target):
    report = play(HEAD + """
class User(HttpLocust):
    class task_set(TaskSet):
        @task
        def once(self):
            ask(self.client)
            for path in ("/stall", "/stall-body", "/slow?ms=150", "/drip?bytes=1000&ms=500") * 3:
                try:
                    with Timeout(0.05):
                        self.client.get(path, name="cut")
                        note("not cut", path=path)
                except Timeout:
                    note("cut")
                ask(self.client)
            ask(self.client)
            note("end", connections=connections())
            raise StopLocust()
""", "-c", 5, host=target.url, code=None)
    assert probe.count("cut") == 60 and probe.count("not cut") == 0 and probe.count("end") == 5, str(report)
    assert max(probe.values("end", "connections")) <= 5
    assert report.table()["GET /echo"].requests == 5 * 14 and report.total()[1] == 0
    assert "Traceback" not in report.stderr


@pytest.mark.parametrize("delay", ["0", "0.0001", "0.001", "random.random() / 300"])
def test_timeouts_at_any_moment_mix_no_answers_up(play, probe, target, delay):
    report = play(HEAD + f"""
class User(HttpUser):
    def on_start(self):
        self.until = time.monotonic() + 1.5
    @task
    def work(self):
        for _ in range(20):
            try:
                with Timeout({delay}):
                    ask(self.client)
                    ask(self.client, "/echo/drip" if random.random() < 0.5 else "/echo")
                    self.client.get("/redirect/2", name="redirect")
                    self.client.post("/upload", data=b"x" * 300_000, name="upload")
            except Timeout:
                note("cut")
            ask(self.client)
        if time.monotonic() > self.until:
            note("end")
            raise StopLocust()
""", "-c", 10, host=target.url)
    assert probe.count("end") == 10 and probe.count("cut") > 10, str(report)
    assert "Traceback" not in report.stderr and report.total()[1] == 0, str(report)


def test_killed_greenlets_of_a_task_leave_the_client_in_order(play, probe, target):
    report = play(HEAD + """
class User(HttpLocust):
    class task_set(TaskSet):
        @task
        def once(self):
            for i in range(30):
                helpers = [gevent.spawn(self.client.get, path, name="helper")
                           for path in ("/stall", "/slow?ms=20", "/echo", "/bytes/500000")]
                gevent.sleep(random.random() / 50)
                gevent.killall(helpers)
                ask(self.client)
            note("end", connections=connections())
            raise StopLocust()
""", "-c", 4, host=target.url)
    assert probe.count("end") == 4, str(report)
    assert max(probe.values("end", "connections")) <= 4 * 5
    assert "Traceback" not in report.stderr and report.total()[1] == 0, str(report)


def test_killed_users_are_told_and_the_others_go_on(play, probe, target):
    report = play(HEAD + """
living = []

class Victim(HttpUser):
    def on_start(self):
        living.append(self.greenlet if hasattr(self, "greenlet") else gevent.getcurrent())
    def on_stop(self):
        note("stopped")
    @task
    def wait(self):
        self.client.get("/stall", name="stall")

class Hunter(HttpUser):
    fixed_count = 1
    @task
    def hunt(self):
        while len(living) < 5:
            gevent.sleep(0.01)
        gevent.killall(living)
        ask(self.client)
        note("hunted")
        raise StopLocust()
""", "-c", 6, host=target.url, code=None)
    assert probe.count("hunted") == 1 and probe.count("stopped") == 5, str(report)
    assert "All locusts dead" in report.stderr


def test_a_wait_can_be_cut_short(play, probe):
    play("""
import gevent, time
from gevent import Timeout
from locust import Locust, TaskSet, task
from locust.exception import StopLocust
from probe import note

class Tasks(TaskSet):
    min_wait = max_wait = 60000
    @task
    def once(self):
        start = time.monotonic()
        for wait in (self.wait, lambda: time.sleep(60), lambda: gevent.sleep(60)):
            try:
                with Timeout(0.05):
                    wait()
            except Timeout:
                note("cut", after=time.monotonic() - start)
        raise StopLocust()

class User(Locust):
    task_set = Tasks
""")
    assert probe.count("cut") == 3 and probe.values("cut", "after")[2] < 2


def test_a_timeout_that_a_user_carries_through_many_tasks(play, probe, target):
    play(HEAD + """
class User(HttpLocust):
    min_wait = max_wait = 1
    class task_set(TaskSet):
        def on_start(self):
            Timeout(0.3).start()
        @task
        def work(self):
            ask(self.client)
    def on_stop(self):
        note("stop")
""", "-c", 3, "-t", "1s", host=target.url, code=None)
    assert probe.count("stop") == 3


@pytest.mark.parametrize("path", ["/stall", "/stall-body", "/drip?bytes=100&ms=20000", "/bytes/1000000000000"])
def test_the_end_of_the_run_cuts_requests_of_all_kinds(play, probe, target, path):
    report = play(HEAD + f"""
class User(HttpUser):
    @task
    def work(self):
        self.client.get("{path}", name="endless")
    def on_stop(self):
        note("stop")
        ask(self.client)
""", "-c", 5, "-t", "1s", host=target.url, code=None)
    assert probe.count("stop") == 5 and report.table()["GET /echo"].requests == 5, str(report)
    assert report.seconds < 15


def test_streams_cut_in_the_middle_do_not_poison_the_next_request(play, probe, target):
    report = play(HEAD + """
class User(HttpUser):
    @task
    def once(self):
        for how in ("close", "forget", "timeout", "with"):
            for _ in range(5):
                response = self.client.get("/bytes/3000000", stream=True, name="stream")
                pieces = response.iter_content(1000)
                assert next(pieces)
                if how == "close":
                    response.close()
                elif how == "timeout":
                    try:
                        with Timeout(0.005):
                            for piece in pieces:
                                gevent.sleep(0.001)
                    except Timeout:
                        pass
                del response, pieces
                ask(self.client)
        note("end")
        raise StopLocust()
""", "-c", 3, host=target.url)
    assert probe.count("end") == 3 and report.total()[1] == 0, str(report)


def test_late_bytes_of_a_cut_answer_are_not_the_next_one(play, probe, serve):
    """A server that answers /first only when another request came on the connection."""
    def talk(connection):
        held = []
        while head := read_head(connection):
            held.append(head.split()[1])
            if held[-1] != b"/first":
                for path in held:
                    connection.sendall(answer(path))
                held.clear()

    server = serve(talk)
    play(HEAD + """
class User(HttpUser):
    @task
    def once(self):
        try:
            with Timeout(0.1):
                self.client.get("/first")
        except Timeout:
            pass
        note("second", text=self.client.get("/second").text)
        response = self.client.get("/first", timeout=0.1)
        note("dummy", status=response.status_code)
        note("third", text=self.client.get("/third").text)
        raise StopLocust()
""", host=server.url, code=1)
    assert probe.values("second", "text") == ["/second"] and probe.values("third", "text") == ["/third"]
    assert probe.values("dummy", "status") == [0]


def test_two_greenlets_of_one_user_share_its_session(play, probe, target):
    report = play(HEAD + """
from gevent.pool import Pool

class User(HttpUser):
    @task
    def once(self):
        pool = Pool(10)
        for response in pool.imap_unordered(lambda i: ask(self.client), range(200)):
            assert response.ok
        self.client.get("/cookies/set?a=1", name="cookies")
        assert set(pool.map(lambda i: self.client.get("/cookies", name="cookies").json()["cookies"]["a"], range(20))) == {"1"}
        note("end")
        raise StopLocust()
""", "-c", 3, host=target.url)
    assert probe.count("end") == 3 and report.table()["GET /echo"].requests == 600
    assert "Traceback" not in report.stderr
    agree(report, target.stats(), uncounted=3)


def test_an_exception_thrown_into_a_waiting_user_is_an_exception_of_its_task(play, probe, target):
    report = play(HEAD + """
class User(HttpLocust):
    min_wait = max_wait = 1
    class task_set(TaskSet):
        count = 0
        @task
        def work(self):
            self.count += 1
            if self.count == 3:
                note("end")
                raise StopLocust()
            me = gevent.getcurrent()
            gevent.spawn_later(0.02, me.throw, ValueError("thrown")).link_exception(lambda g: note("link"))
            self.client.get("/stall", name="stall")
""", host=target.url, code=None)
    assert probe.count("end") == 1 and report.stderr.count("ValueError: thrown") >= 2, str(report)


def test_thousands_of_cut_requests_leave_nothing_behind(play, probe, target):
    play(HEAD + """
import gc, resource

class User(HttpUser):
    @task
    def once(self):
        def round(count):
            for _ in range(count):
                try:
                    with Timeout(0):
                        self.client.get("/echo", name="cut")
                except Timeout:
                    pass
        round(1000)
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        round(4000)
        gc.collect()
        ask(self.client)
        note("end", grown=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, connections=connections())
        raise StopLocust()
""", host=target.url, timeout=120)
    end = probe.all("end")[0]
    assert end["connections"] <= 1
    # The address sanitizer keeps up to 256 MB of what was freed; without it this is a few kilobytes.
    assert end["grown"] < 280_000
