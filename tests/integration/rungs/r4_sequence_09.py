# SPDX-License-Identifier: MIT
"""Journeys in a fixed order, state on everything that can hold it, ways out of nested sets."""
import random

from locust import HttpLocust, Locust, TaskSequence, TaskSet, seq_task, task
from locust.exception import StopLocust

journeys = []


def new_game(l):
    l.st = {"moves": 0}


def play(l):
    if not hasattr(l, "st"):
        new_game(l)
    l.st["moves"] += 1
    l.client.get("/items/%d" % l.st["moves"], name="move")
    if l.st["moves"] == 3:
        del l.st
        l.interrupt()


class Game(TaskSet):
    tasks = {play: 10, new_game: 1}
    min_wait = 0
    max_wait = 1


class Checkout(TaskSequence):
    def on_start(self):
        self.locust.cart.append("opened")

    @seq_task(1)
    def address(self):
        assert self.parent.locust is self.locust and self.parent.number == self.locust.journey
        self.client.post("/echo/address", {"street": "Main"})

    @seq_task(2)
    class Payment(TaskSet):
        @task
        def pay(self):
            self.client.post("/echo/pay", {"method": self.parent.parent.method})
            self.interrupt()

    @seq_task(3)
    def leave(self):
        self.interrupt(reschedule=False)


class Journey(TaskSequence):
    def __init__(self, parent):
        super(Journey, self).__init__(parent)
        self.method = random.choice(["card", "transfer"])
        self.number = 0

    def setup(self):
        journeys.append("setup")

    def teardown(self):
        print("teardown after", journeys.count("end"), "journeys")

    @seq_task(1)
    def begin(self):
        self.locust.journey += 1
        self.number = self.locust.journey
        self.client.get("/")

    @seq_task(2)
    @task(3)
    def look(self):
        self.client.get("/items/%d" % self.number, name="look")

    @seq_task(3)
    class Pause(Game):
        pass

    @seq_task(4)
    class Buying(Checkout):
        pass

    @seq_task(5)
    def later(self):
        self.schedule_task(self.said, args=["late"], kwargs={"times": 2})
        self.schedule_task(self.said, args=["first"], first=True)
        self.said_before = []

    def said(self, what, times=1):
        self.said_before += [what] * times
        if len(self.said_before) == 3:
            assert self.said_before == ["first", "late", "late"], self.said_before

    @seq_task(6)
    def end(self):
        journeys.append("end")
        assert self.locust.cart == ["opened"] * self.locust.journey
        if self.locust.journey == 2:
            raise StopLocust


class Customer(HttpLocust):
    task_set = Journey
    wait_function = lambda self: random.expovariate(1) / 10  # noqa: E731
    weight = 3

    def __init__(self, *args, **kwargs):
        super(Customer, self).__init__(*args, **kwargs)
        self.cart = []
        self.journey = 0

    def setup(self):
        journeys.append("user setup")


class Clock(Locust):
    """Has a second to live."""
    weight = 1
    stop_timeout = 0.2
    min_wait = max_wait = 10

    class task_set(TaskSet):
        ticks = 0

        @task
        def tick(self):
            self.ticks += 1

        def on_stop(self):
            print("the clock stopped after", self.ticks, "ticks")
