# SPDX-License-Identifier: MIT
"""The many ways in which people spell the same things."""
import locust
from locust import HttpLocust, TaskSet, task, wait_time
from locust.core import HttpLocust as CoreHttpLocust
from locust.core import TaskSet as CoreTaskSet
from locust.events import request_failure, request_success
from locust.exception import StopLocust
from locust.wait_time import between, constant

assert CoreHttpLocust is HttpLocust is locust.HttpLocust and CoreTaskSet is TaskSet
assert locust.__version__ and locust.events.request_success is request_success

WEIGHT = 2
seen = []


def count(request_type, name, response_time, response_length):
    seen.append(name)


request_success += count
request_failure += lambda **kw: seen.append("failure")


def page(number):
    def visit(l):
        l.visits = getattr(l, "visits", 0) + 1
        l.client.get("/threads/%d" % number, name="thread")
        if l.visits == 4:
            l.interrupt()

    return visit


class Comprehension(TaskSet):
    tasks = [page(number) for number in range(3)]


class Tuple(TaskSet):
    tasks = (page(4), page(5))


class Set(TaskSet):
    tasks = {page(6), page(7)}


class Weighted(TaskSet):
    tasks = [(page(8), 3), (page(9), 1)]
    wait_function = lambda self: 1  # noqa: E731


class Own(TaskSet):
    wait_time = constant(0)
    pages = 0

    @task()
    def empty_parentheses(self):
        self.visit("/hello")

    @task(WEIGHT * 2)
    def expression(self):
        self.visit("/world")

    @locust.task(1)
    def by_module(self):
        self.visit("/job1")

    def visit(self, path):
        getattr(self.locust.client, "get")(path, name="own")
        self.pages += 1
        if self.pages == 4:
            self._sleep(0.001)
            self.interrupt(False)


class All(TaskSet):
    order = [Comprehension, Tuple, Set, Weighted, Own]

    def get_next_task(self):
        if len(seen) == 20:
            raise StopLocust("enough")
        return self.order[len(seen) // 4]


class SpelledLocust(HttpLocust):
    tasks = []
    task_set = All
    wait_time = between(0, 0.001)
    other_wait = wait_time
    min_wait, max_wait = 5000, 9000
