"""Checkpoints: an answer with status 200 may still be the wrong page.

An assertion ends the task; it is logged with its traceback, and the request stays a success. Where a wrong page is to
be counted as a failed request, catch_response lets the script decide.
"""
from locust import HttpLocust, TaskSet, task


class Checking(TaskSet):
    @task
    def assert_it(self):
        post = self.client.get("/blog?id=7")
        assert "Blog post 7" in post.text, "another post was shown"

    @task
    def count_it(self):
        with self.client.get("/threads/8", catch_response=True) as thread:
            if "Thread 8" not in thread.text:
                thread.failure("another thread was shown")


class Checker(HttpLocust):
    task_set = Checking
    min_wait = 100
    max_wait = 300
