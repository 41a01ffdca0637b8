# SPDX-License-Identifier: MIT
"""The forum as its visitors use it: they log in, look around, read and write a little."""
import os
import random
from random import randint

from locust import HttpLocust, TaskSet, task

THINK_MS = int(os.environ.get("THINK_MS", "2000"))


def login(l):
    response = l.client.post("/login", {"username": "ellen_key", "password": "education"})
    if response.status_code != 200:
        print("login failed:", response.status_code, response.content)


def logout(l):
    l.client.post("/logout", data={"username": "ellen_key"})


def index(l):
    r = l.client.get("/")
    assert r.ok and b"<" in r.content


def profile(l):
    l.client.get("/profile", headers={"Accept": "text/html", "X-Visitor": str(randint(1, 1000))})


class Forum(TaskSet):
    min_wait = 0
    max_wait = 1

    @task(20)
    def read_thread(self):
        self.client.get("/threads/%d" % random.choice([1, 2, 3, 5, 8]), name="/threads/[id]")

    @task(1)
    def new_thread(self):
        self.client.post("/post", data={"title": "Hello", "text": "x" * 100}, name="/threads/new")

    @task(5)
    def stop(self):
        self.interrupt()


class UserBehavior(TaskSet):
    tasks = {index: 2, profile: 1, Forum: 2}

    def on_start(self):
        login(self)

    def on_stop(self):
        logout(self)

    @task
    def search(self):
        r = self.client.get("/echo", params={"q": "blue shoes", "page": 2})
        found = r.json()
        assert found["target"].endswith("q=blue+shoes&page=2"), found

    @task
    def about(self):
        self.client.get(url="/about/")


class WebsiteUser(HttpLocust):
    task_set = UserBehavior
    min_wait = THINK_MS
    max_wait = THINK_MS * 2


class Monitor(HttpLocust):
    """Someone looks whether the site is there."""
    weight = 1
    min_wait = max_wait = 5

    class task_set(TaskSet):
        @task
        def alive(self):
            self.client.head("/robots.txt")
