"""Test data, second kind: nothing is used twice, and the test ends when there is nothing left.

Ninety new members register, shared out by a queue: no two users get the same. A user that finds the queue empty stops;
when the last one has stopped, the test is over, however long -t is.
"""
from queue import Empty, Queue

from locust import HttpLocust, TaskSet, task
from locust.exception import StopLocust


class Registration(TaskSet):
    @task
    def register(self):
        try:
            member = self.locust.members.get_nowait()
        except Empty:
            raise StopLocust()
        self.client.put("/echo/members/" + member, json={"password": "secret"}, name="/echo/members/[name]")


class Newcomer(HttpLocust):
    task_set = Registration
    min_wait = 50
    max_wait = 100
    members = Queue()


for number in range(90):
    Newcomer.members.put_nowait("member%02d" % number)
