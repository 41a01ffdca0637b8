# SPDX-License-Identifier: MIT
"""A job is started and asked for until it is done; a page is fetched with all its parts at once."""
import time

import gevent
from gevent.pool import Group
from locust import HttpLocust, TaskSet, task
from locust.exception import StopLocust

begun = time.time()


class Polling(TaskSet):
    @task
    def start_job_and_wait(self):
        self.client.post("/echo/jobs", {"name": "report"})
        for _ in range(5):
            time.sleep(0.02)
            state = self.client.get("/echo/jobs/1", name="/jobs/[id]")
            if state.status_code != 200:
                break
        gevent.sleep(0.01)
        self.page_with_parts()
        self.heartbeat()
        raise StopLocust()

    def page_with_parts(self):
        group = Group()
        for number in range(4):
            group.spawn(self.client.get, "/slow?ms=30", name="part")
        start = time.time()
        group.join()
        assert time.time() - start < 0.1, "the parts were not fetched together"

        parts = [gevent.spawn(self.part, number) for number in range(3)]
        gevent.joinall(parts)
        assert [one.value for one in parts] == [200, 200, 200]

    def part(self, number):
        return self.client.get("/threads/%d" % number, name="spawned part").status_code

    def heartbeat(self):
        beats = []

        def beat():
            while True:
                beats.append(self.client.get("/robots.txt", name="heartbeat").ok)
                gevent.sleep(0.005)

        greenlet = gevent.spawn(beat)
        time.sleep(0.05)
        greenlet.kill()
        assert len(beats) > 2 and greenlet.dead
        print("slept", round(time.time() - begun, 1), "s with", self.locust.number)


class PollingLocust(HttpLocust):
    task_set = Polling
    min_wait = max_wait = 0
    count = 0

    def __init__(self):
        super(PollingLocust, self).__init__()
        PollingLocust.count += 1
        self.number = PollingLocust.count
