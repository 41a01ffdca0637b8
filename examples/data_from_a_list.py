"""Test data, first kind: everybody may use everything, again and again.

The list stands on the user class, where all users see the same one; each user goes through it from the start, in order,
and begins again at the end.
"""
from itertools import cycle

from locust import HttpLocust, TaskSet, task


class Reading(TaskSet):
    def on_start(self):
        self.numbers = cycle(self.locust.numbers)

    @task
    def next_thread(self):
        self.client.get("/threads/%d" % next(self.numbers), name="/threads/[number]")


class Reader(HttpLocust):
    task_set = Reading
    min_wait = 50
    max_wait = 100
    numbers = list(range(1, 101))
