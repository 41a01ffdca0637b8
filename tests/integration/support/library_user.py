# SPDX-License-Identifier: MIT
"""For locustfiles under test: users of a library that waits for its server, one slow call beside many quick ones.

A client class has quick(), slow() (about a second) and broken() (raises an exception of the library).
"""
import time

from gevent.event import Event
from locust import Locust, TaskSet, events, runners, task
from locust.exception import StopLocust
from probe import note

_hatched = Event()
_quick_ends = []  # when each quick call ended


def timed(kind, name, call):
    """Calls and reports; an exception is a failed request and goes no further."""
    start = time.perf_counter()
    try:
        call()
    except Exception as error:
        events.request_failure.fire(request_type=kind, name=name, exception=error,
                                    response_time=(time.perf_counter() - start) * 1000)
    else:
        events.request_success.fire(request_type=kind, name=name, response_length=0,
                                    response_time=(time.perf_counter() - start) * 1000)


def users(kind, client_class):
    """Two user classes: four of five users make quick calls, one makes the slow one and ends the test."""

    class Quick(Locust):
        weight = 4
        min_wait = max_wait = 5

        def __init__(self):
            super().__init__()
            self.client = client_class()

        class task_set(TaskSet):
            @task
            def quick(self):
                timed(kind, "quick", self.client.quick)
                _quick_ends.append(time.monotonic())

    class Slow(Locust):
        weight = 1

        def __init__(self):
            super().__init__()
            self.client = client_class()

        class task_set(TaskSet):
            @task
            def slow(self):
                _hatched.wait()
                begin = time.monotonic()
                timed(kind, "slow", self.client.slow)
                end = time.monotonic()
                _tell_of_others(begin, end)
                timed(kind, "broken", self.client.broken)
                runners.locust_runner.quit()
                raise StopLocust()

    return Quick, Slow


def _tell_of_others(begin, end):
    meanwhile = [begin, *(time for time in _quick_ends if begin < time < end), end]
    gaps = [later - earlier for earlier, later in zip(meanwhile, meanwhile[1:])]
    note("slow", seconds=end - begin, quick_calls=len(gaps) - 1, longest_gap=max(gaps))


events.hatch_complete += lambda user_count: _hatched.set()
