"""Pauses of one's own: people do not wait evenly between two limits."""
import random

from locust import HttpLocust, HttpUser, TaskSet, task


class Reading(TaskSet):
    @task
    def read(self):
        self.client.get("/blog?id=1")


class Reader(HttpLocust):
    """0.9: wait_function returns milliseconds. Most pauses are short, a few are long."""

    task_set = Reading

    def wait_function(self):
        return random.expovariate(1 / 200)


class Poller(HttpUser):
    """2.x: wait_time returns seconds. Asks more and more seldom, down to every second."""

    weight = 10  # as many as Readers: 10 is the default of 0.9 classes, 1 that of 2.x classes

    def on_start(self):
        self.pause = 0.1

    def wait_time(self):
        self.pause = min(self.pause * 1.5, 1)
        return self.pause

    @task
    def poll(self):
        self.client.get("/json")
