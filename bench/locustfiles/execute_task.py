"""http_locust.py with a method of the loop overridden: what a class costs that gives up its loop in C."""
from locust import HttpLocust, TaskSet, task


class Visit(TaskSet):
    @task
    def index(self):
        self.client.get("/")

    def execute_task(self, task, *args, **kwargs):
        super().execute_task(task, *args, **kwargs)


class Visitor(HttpLocust):
    task_set = Visit
    min_wait = 0
    max_wait = 0
