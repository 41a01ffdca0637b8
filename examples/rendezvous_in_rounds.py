"""Rendezvous in rounds: all users prepare at their own pace, meet, and make the next request at the same moment.

The meeting point is a barrier of gevent's means, so it is one for the users of this process.
"""
from gevent.event import Event
from locust import HttpLocust, TaskSet, events, task


class Rendezvous:
    """Holds those who arrive until as many are there as have been started; then begins anew."""

    def __init__(self):
        self.expected = None  # not known before all users have been started
        self.arrived = 0
        self.gate = Event()

    def expect(self, user_count, **kwargs):
        self.expected = user_count
        self.open_if_complete()

    def arrive(self):
        gate = self.gate
        self.arrived += 1
        self.open_if_complete()
        gate.wait()

    def open_if_complete(self):
        if self.arrived == self.expected:
            self.gate.set()
            self.gate, self.arrived = Event(), 0


rendezvous = Rendezvous()
events.hatch_complete += rendezvous.expect


class Sale(TaskSet):
    @task
    def buy_with_everybody(self):
        form = self.client.get("/order")
        token = form.text.partition('name="token" value="')[2].partition('"')[0]
        rendezvous.arrive()
        self.client.post("/order", {"item": "7", "token": token})


class Customer(HttpLocust):
    task_set = Sale
    min_wait = 50
    max_wait = 300
