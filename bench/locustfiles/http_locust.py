"""One page as often as possible, written for Locust 0.9."""
from locust import HttpLocust, TaskSet, task


class Visit(TaskSet):
    @task
    def index(self):
        self.client.get("/")


class Visitor(HttpLocust):
    task_set = Visit
    min_wait = 0
    max_wait = 0
