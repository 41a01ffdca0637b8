# SPDX-License-Identifier: MIT
"""Work in threads, processes and an event loop of asyncio while the other users go on."""
import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

import gevent
from gevent import monkey
from gevent.threadpool import ThreadPool
from locust import HttpUser, User, constant, task
from locust.exception import StopUser

beats = []
real_sleep = monkey.get_original("time", "sleep")


@contextmanager
def others_go_on():
    before = len(beats)
    yield
    assert len(beats) >= before + 3, "everybody was held up"


class Heart(User):
    """Shows whether the others go on."""
    wait_time = constant(0.002)
    fixed_count = 1

    @task
    def beat(self):
        beats.append(time.perf_counter())


class Threads(HttpUser):
    wait_time = constant(0)
    fixed_count = 1

    @task
    def all(self):
        while not beats:
            gevent.sleep(0.001)
        self.thread()
        self.futures()
        self.native_threads()
        for work in (self.sleeping_thread, self.process, self.event_loop):
            with others_go_on():
                work()
        self.environment.runner.quit()
        raise StopUser

    def thread(self):
        answers = []
        workers = [threading.Thread(target=lambda: answers.append(self.client.get("/hello", name="thread")))
                   for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [answer.text for answer in answers] == [answers[0].text] * 3 and answers[0].ok

    def futures(self):
        with ThreadPoolExecutor(max_workers=3) as executor:
            futures = [executor.submit(self.client.get, f"/items/{number}", name="future") for number in range(6)]
            assert sorted(one.result().json()["id"] for one in as_completed(futures)) == list(range(6))

    def sleeping_thread(self):
        """A thread of the operating system, in which nothing is cooperative."""
        gevent.get_hub().threadpool.apply(real_sleep, (0.1,))

    def native_threads(self):
        """One thread of the operating system: several must not share a session, whose connections gevent then mixes up."""
        pool = ThreadPool(1)
        assert pool.apply(threading.get_native_id) != threading.get_native_id()
        answers = [pool.spawn(self.client.get, "/slow?ms=30", name="native") for _ in range(3)]
        gevent.wait(answers)
        assert all(one.get().ok for one in answers)
        with pool.apply(lambda: self.client.get("/status/500", name="native caught", catch_response=True)) as response:
            response.success()
        assert pool.apply(self.failing_request) == 0

    def failing_request(self):
        return self.client.get("/drop", name="native gone").status_code

    def process(self):
        done = subprocess.run([sys.executable or "python3", "-c", "import time; time.sleep(0.1); print('child')"],
                              capture_output=True, text=True, check=True)
        assert done.stdout == "child\n"

    def event_loop(self):
        async def talk():
            await asyncio.sleep(0.05)
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(None, self.client.get, "/world")
            return answer.status_code

        assert gevent.get_hub().threadpool.apply(asyncio.run, (talk(),)) == 200
