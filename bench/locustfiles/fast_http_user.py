"""One page as often as possible, by Locust's faster client."""
from locust import FastHttpUser, constant, task


class Visitor(FastHttpUser):
    wait_time = constant(0)

    @task
    def index(self):
        self.client.get("/")
