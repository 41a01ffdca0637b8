# SPDX-License-Identifier: MIT
"""Greenlets beside the users: one that watches from the start of the test to its end, one for each user."""
import time

import gevent
from locust import HttpUser, between, events, task

rounds = []
watcher = None


@events.test_start.add_listener
def begin(environment, **kwargs):
    global watcher
    watcher = gevent.spawn(watch)


def watch():
    while True:
        rounds.append(time.perf_counter())
        gevent.sleep(0.01)


@events.test_stop.add_listener
def end(environment, **kwargs):
    watcher.kill()
    longest = max((b - a for a, b in zip(rounds, rounds[1:])), default=0)
    print(f"{len(rounds)} rounds")
    assert longest < 1, f"somebody held everybody up for {longest} s"


class Watched(HttpUser):
    wait_time = between(0.001, 0.005)

    def on_start(self):
        self.waiting = gevent.spawn_later(0.01, self.client.get, "/hello", name="later")

    @task
    def think(self):
        time.sleep(0.003)
        self.client.get("/")

    def on_stop(self):
        self.waiting.join()
        assert self.waiting.value.ok
