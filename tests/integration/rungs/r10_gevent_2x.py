# SPDX-License-Identifier: MIT
"""All of gevent beside the users: a feeder with a queue, a barrier, pools, locks, time limits, a server."""
from gevent import monkey

monkey.patch_all()

import signal  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import gevent  # noqa: E402
from gevent import Greenlet, GreenletExit, Timeout, lock, pool, pywsgi, queue  # noqa: E402
from gevent.event import AsyncResult, Event  # noqa: E402
from locust import HttpUser, constant, events, task  # noqa: E402
from locust.exception import StopUser  # noqa: E402

USERS = 3
accounts = queue.Queue(maxsize=2)
together = Event()
here = 0
one_at_a_time = lock.BoundedSemaphore(1)
reentrant = lock.RLock()
results = AsyncResult()
inside = []


class Feeder(Greenlet):
    """Puts accounts into the queue; waits while it is full."""

    def __init__(self, count):
        Greenlet.__init__(self)
        self.count = count

    def _run(self):
        for number in range(self.count):
            accounts.put({"name": f"account{number}"})
        results.set(self.count)


feeder = Feeder(USERS)
feeder.start()
gevent.signal_handler(signal.SIGUSR1, lambda: inside.append("signal"))


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"from the script's own server"]


@events.init.add_listener
def serve(environment, **kwargs):
    environment.own_server = pywsgi.WSGIServer(("127.0.0.1", 0), app, log=None)
    environment.own_server.start()


@events.quitting.add_listener
def close(environment, **kwargs):
    environment.own_server.stop()


class Everything(HttpUser):
    wait_time = constant(0)

    def on_start(self):
        self.account = accounts.get(timeout=5)

    @task
    def all(self):
        self.meet()
        self.alone()
        self.in_pools()
        self.limited()
        self.killed()
        self.elsewhere()
        self.own_server()
        gevent.idle()
        assert results.get(timeout=1) == USERS
        raise StopUser

    def meet(self):
        """All users go on at the same moment."""
        global here
        here += 1
        if here == USERS:
            together.set()
        assert together.wait(5), "not all came"
        self.client.get("/hello", name="together")

    def alone(self):
        with one_at_a_time, reentrant, reentrant:
            inside.append(self)
            self.client.get("/slow?ms=5", name="alone")
            assert inside[-1] is self
            inside.remove(self)

    def in_pools(self):
        workers = pool.Pool(2)
        answers = workers.map(lambda number: self.client.get(f"/threads/{number}", name="pool"), range(4))
        assert [answer.status_code for answer in answers] == [200] * 4
        assert sorted(one.status_code for one in workers.imap_unordered(self.client.get, ["/job1", "/job2"])) == [200, 200]
        group = pool.Group()
        group.add(gevent.spawn(self.client.get, "/world"))
        group.join(timeout=5)
        jobs = [gevent.spawn(self.client.get, "/world") for _ in range(2)]
        assert len(gevent.wait(jobs)) == 2 and len(list(gevent.iwait(jobs))) == 2

    def limited(self):
        try:
            with Timeout(0.02):
                self.client.get("/slow?ms=3000", name="too slow")
            raise AssertionError("no timeout")
        except Timeout:
            pass
        with Timeout(0.01, False):
            time.sleep(5)
        assert gevent.with_timeout(0.01, gevent.sleep, 5, timeout_value="late") == "late"

    def killed(self):
        ended = []

        def work():
            try:
                self.client.get("/slow?ms=3000", name="killed")
            except GreenletExit:
                ended.append("killed")
                raise

        worker = gevent.spawn(work)
        gevent.sleep(0.02)
        gevent.kill(worker)
        worker.join()
        assert ended == ["killed"] and isinstance(worker.value, GreenletExit)
        late = gevent.spawn_later(60, self.client.get, "/never")
        late.kill()
        linked = []
        done = gevent.spawn(lambda: 5)
        done.link(lambda one: linked.append(one.value))
        done.join()
        gevent.sleep(0)
        assert linked == [5]

    def elsewhere(self):
        threads = gevent.get_hub().threadpool
        assert threads.apply(sum, ([1, 2, 3],)) == 6
        assert threads.spawn(sys.intern, "x").get() == "x"
        found = threads.apply_async(time.perf_counter)
        assert found.get() > 0

    def own_server(self):
        port = self.environment.own_server.server_port
        assert b"own server" in self.client.get(f"http://127.0.0.1:{port}/", name="own server").content
