"""Correlation with regular expressions: a value that the site gave in one answer goes into the next request.

The order form holds a token that is another one each time, and the site takes no order without it.
"""
import re

from locust import HttpLocust, TaskSet, task

TOKEN = re.compile(r'name="token" value="([^"]+)"')


class Ordering(TaskSet):
    @task
    def order(self):
        form = self.client.get("/order")
        token = TOKEN.search(form.text).group(1)
        self.client.post("/order", {"item": "7", "token": token})


class Customer(HttpLocust):
    task_set = Ordering
    min_wait = 100
    max_wait = 300
