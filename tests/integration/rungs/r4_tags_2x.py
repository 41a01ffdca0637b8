# SPDX-License-Identifier: MIT
"""Bases for a team's users, tasks picked by tags, and all kinds of waits."""
from locust import HttpUser, SequentialTaskSet, TaskSet, constant, constant_pacing, constant_throughput, tag, task
from locust.exception import StopUser
from locust.user.task import TaskSet as TaskSetOfToday
from locust.user.wait_time import between

assert TaskSetOfToday is TaskSet


class TeamUser(HttpUser):
    """What all users of the team have."""
    abstract = True
    wait_time = between(0, 0.002)
    rounds = 4

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.visited = []

    def get(self, page, **kwargs):
        self.visited.append(page)
        if len(self.visited) >= self.rounds:
            raise StopUser
        return self.client.get(page, **kwargs)


@tag("shop")
class Shop(SequentialTaskSet):
    def on_start(self):
        self.turn = 0

    @task
    def enter(self):
        self.user.get("/about/")

    @tag("heavy")
    @task(2)
    def search(self):
        self.turn += 1
        assert self.turn <= 2, "a sequence begins anew"
        self.user.get("/blog?id=1", name="heavy")

    @task
    class Corner(TaskSet):
        wait_time = constant(0)

        @task
        def look(self):
            self.user.get("/forum/")
            assert self.parent.parent is self.user
            self.parent.seen = True
            self.interrupt()

    @task
    def leave(self):
        assert self.seen
        self.interrupt(reschedule=False)


class Browser(TeamUser):
    fixed_count = 1
    tasks = [Shop]

    @tag("pages", "light")
    @task
    def index(self):
        self.get("/")

    @tag("broken")
    @task(1000)
    def broken(self):
        self.client.get("/status/500")


class Pacer(TeamUser):
    wait_time = constant_pacing(0.02)
    weight = 2

    @tag("pages")
    @task
    def hello(self):
        self.get("/hello")


class Throughput(TeamUser):
    weight = 1.5

    def wait_time(self):
        return 0.001 * len(self.visited)

    @tag("pages")
    @task
    def world(self):
        self.get("/world")


class Steady(TeamUser):
    wait_time = constant_throughput(200)
    tasks = {Shop: 1}

    @tag("pages")
    @task
    def job(self):
        self.get("/job1")
