"""The style of Locust 2: tasks on the user itself, waits in seconds, listeners as decorators."""
import logging

from locust import HttpUser, SequentialTaskSet, between, constant_pacing, events, task


@events.test_start.add_listener
def before(environment, **kwargs):
    logging.info("about to load %s", environment.host)


class Purchase(SequentialTaskSet):
    """One step after the other, then back to the shop."""

    @task
    def look(self):
        self.client.get("/items/5.json")

    @task
    def log_in(self):
        self.client.post("/login", data={"username": "bob", "password": "secret"})

    @task
    def pay(self):
        self.client.post("/post", json={"item": 5}, name="/pay")

    @task
    def leave(self):
        self.interrupt()


class Customer(HttpUser):
    weight = 3
    wait_time = between(0.1, 0.3)

    @task(4)
    def index(self):
        self.client.get("/")

    tasks = [Purchase]


class Monitor(HttpUser):
    """Exactly one of these, whatever the number of users; asks twice a second, however long an answer takes."""

    fixed_count = 1
    wait_time = constant_pacing(0.5)

    @task
    def health(self):
        with self.client.rename_request("health"):
            self.client.get("/json")
