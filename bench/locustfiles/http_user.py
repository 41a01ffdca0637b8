"""One page as often as possible."""
from locust import HttpUser, constant, task


class Visitor(HttpUser):
    wait_time = constant(0)

    @task
    def index(self):
        self.client.get("/")
