"""A visitor logs in, then looks at the front page twice as often as at the profile."""
from locust import HttpLocust, TaskSet, task


class Visit(TaskSet):
    def on_start(self):
        """Runs once for each user, before its first task."""
        self.client.post("/login", {"username": "ann", "password": "secret"})

    @task(2)
    def index(self):
        self.client.get("/")

    @task(1)
    def profile(self):
        self.client.get("/profile")


class Visitor(HttpLocust):
    task_set = Visit
    min_wait = 100  # milliseconds; a person takes longer, but a demonstration should not
    max_wait = 300
