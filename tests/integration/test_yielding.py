# SPDX-License-Identifier: MIT
"""Whatever blocks in a task the way Python blocks lets the other users run."""
import pytest

from tables import agree

OTHERS = """
import gevent, queue, socket, subprocess, sys, threading, time
import requests
from locust import HttpUser, User, task, constant
from locust.exception import StopUser
from probe import note

class Others(HttpUser):
    wait_time = constant(0.01)
    @task
    def tick(self):
        self.client.get("/")
        note("tick")

class Blocking(HttpUser):
    fixed_count = 1
    def on_start(self):
        self.client.get("/hello")
    @task
    def block(self):
        gevent.sleep(0.05)
        note("begin")
        {block}
        note("end")
        gevent.sleep(0.05)
        self.environment.runner.quit()
        raise StopUser()
"""


@pytest.mark.parametrize("block", [
    "time.sleep(0.5)",
    "gevent.sleep(0.5)",
    "assert requests.get(self.host + '/slow?ms=500').text == 'at last\\n'",
    "s = requests.Session(); assert all(s.get(self.host + '/slow?ms=50').ok for _ in range(10))",
    "assert [g.value.ok for g in gevent.joinall([gevent.spawn(self.client.get, '/slow?ms=500') for _ in range(5)])] == [True] * 5",
    "t = threading.Thread(target=time.sleep, args=(0.5,)); t.start(); t.join()",
    "assert threading.Event().wait(0.5) is False",
    "import urllib.request; urllib.request.urlopen(self.host + '/slow?ms=500').read()",
    "import http.client; c = http.client.HTTPConnection(self.host[7:]); c.request('GET', '/slow?ms=500'); c.getresponse().read()",
    "subprocess.run(['sleep', '0.5'], check=True)",
    "import concurrent.futures as f\n        with f.ThreadPoolExecutor(4) as pool:\n"
    "            assert list(pool.map(lambda x: time.sleep(0.25) or x, range(8))) == list(range(8))",
    "from gevent.pool import Pool\n        Pool(2).map(lambda x: time.sleep(0.1), range(10))",
    "from gevent.threadpool import ThreadPool\n        from gevent.monkey import get_original\n"
    "        ThreadPool(1).apply(get_original('time', 'sleep'), (0.5,))",
    "import select; select.select([], [], [], 0.5)",
    "try:\n            queue.Queue().get(timeout=0.5)\n        except queue.Empty:\n            pass",
    "a, b = socket.socketpair(); a.settimeout(0.5)\n        try:\n            a.recv(1)\n        except socket.timeout:\n            pass",
], ids=lambda block: block[:40])
def test_other_users_run_while_a_task_blocks(play, probe, target, block):
    report = play(OTHERS.replace("{block}", block), "-c", 3, "-t", "20s", host=target.url)
    begin, end = probe.all("begin")[0]["time"], probe.all("end")[0]["time"]
    assert 0.4 < end - begin < 5, str(report)
    ticks = sum(begin < note["time"] < end for note in probe.all("tick"))
    assert ticks > 20, (ticks, str(report))  # two users for half a second; some 90
    assert report.total()[1] == 0 and "Traceback" not in report.stderr and "does not yield" not in report.stderr


def test_many_users_with_requests_of_their_own(play, probe, target):
    report = play("""
from locust import User, task, constant, events
import requests, time
from probe import note

class Own(User):
    wait_time = constant(0)
    def on_start(self):
        self.session = requests.Session()
    @task
    def get(self):
        start = time.perf_counter()
        with events.request.measure("GET", "own"):
            assert self.session.get(self.host + "/json").json()["id"] == 42
""", "-c", 10, "-t", "1s", host=target.url)
    assert report.table()["GET own"].requests > 20
    agree(report, target.stats(), uncounted=target.stats()["requests"] - report.total()[0])


def test_background_greenlets_and_timers_of_the_script_run(play, probe, target):
    play("""
import gevent, gevent.timeout, threading, signal, atexit
from locust import HttpLocust, TaskSet, task, events
from probe import note

def background():
    while True:
        gevent.sleep(0.1)
        note("background")

def start(**kwargs):
    gevent.spawn(background)
    gevent.spawn_later(0.2, note, "later")
    timer = threading.Timer(0.2, note, ["timer"])
    timer.daemon = True
    timer.start()

events.test_start += start
atexit.register(note, "atexit")

class User(HttpLocust):
    min_wait = max_wait = 10
    class task_set(TaskSet):
        @task
        def get(self): self.client.get("/")
""", "-t", "1s", host=target.url)
    assert 6 < probe.count("background") < 12
    assert probe.count("later") == probe.count("timer") == probe.count("atexit") == 1


def test_users_wait_for_each_other_by_gevent_s_and_threading_s_means(play, probe):
    play("""
from gevent.lock import BoundedSemaphore
from gevent.event import Event, AsyncResult
import threading, queue
from locust import Locust, TaskSet, task, events
from locust.exception import StopLocust
from probe import note

all_started = Event()
events.hatch_complete += lambda **kw: all_started.set()
lock, condition, gate = threading.Lock(), threading.Condition(), BoundedSemaphore(2)
arrived = queue.Queue()
barrier = threading.Barrier(5)
inside = []

class User(Locust):
    class task_set(TaskSet):
        @task
        def once(self):
            all_started.wait()
            barrier.wait()
            with lock:
                note("locked")
            with gate:
                inside.append(1)
                note("inside", count=len(inside))
                self.wait()
                inside.pop()
            arrived.put(1)
            while arrived.qsize() < 5:
                with condition:
                    condition.wait(0.02)
            note("done")
            raise StopLocust()
    min_wait = max_wait = 20
""", "-c", 5, "-r", 50)
    assert probe.count("done") == probe.count("locked") == 5 and max(probe.values("inside", "count")) <= 2


def test_signals_and_children_of_the_script(play, probe):
    play("""
import os, signal, subprocess, multiprocessing
from locust import Locust, TaskSet, task
from locust.exception import StopLocust
from probe import note

signal.signal(signal.SIGUSR1, lambda *args: note("SIGUSR1"))

class User(Locust):
    class task_set(TaskSet):
        @task
        def once(self):
            os.kill(os.getpid(), signal.SIGUSR1)
            note("child", said=subprocess.check_output(["echo", "hello"]).decode().strip(),
                 code=subprocess.call(["sh", "-c", "exit 3"]), piped=subprocess.run("cat", input=b"in", stdout=-1).stdout.decode())
            pid = os.fork()
            if pid == 0:
                os._exit(5)
            note("forked", code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            import time; time.sleep(0.1)
            raise StopLocust()
""")
    assert probe.count("SIGUSR1") == 1
    child = probe.all("child")[0]
    assert (child["said"], child["code"], child["piped"]) == ("hello", 3, "in") and probe.values("forked", "code") == [5]


def test_a_forked_child_leaves_the_engine_to_its_parent(play, probe, target):
    """What the child asks for goes through requests; it is counted nowhere but at the target."""
    report = play("""
        import os
        from locust import HttpUser, constant, task
        from probe import note

        class Parent(HttpUser):
            wait_time = constant(0.01)
            @task
            def fork(self):
                self.client.get("/")
                child = os.fork()
                if child == 0:
                    code = 1
                    try:
                        code = self.client.get("/hello").status_code // 100
                    finally:
                        os._exit(code)
                note("child", code=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """, "-c", 3, "-n", 30, host=target.url)
    assert probe.count("child") >= 27 and set(probe.values("child", "code")) == {2}
    assert list(report.table()) == ["GET /"]
