"""Rendezvous at the start: users arrive one by one, and nobody goes on before all are there.

The event hatch_complete opens the gate when the last user has been started.
"""
from gevent.event import Event
from locust import HttpLocust, TaskSet, events, task

everybody_is_there = Event()
events.hatch_complete += lambda user_count, **kwargs: everybody_is_there.set()


class Sale(TaskSet):
    def on_start(self):
        self.client.post("/login", {"username": "ann", "password": "secret"})
        everybody_is_there.wait()

    @task
    def look(self):
        self.client.get("/items/7.json")


class Customer(HttpLocust):
    task_set = Sale
    min_wait = 100
    max_wait = 300
