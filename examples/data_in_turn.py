"""Test data, third kind: no two users have the same at one time, but what is given back is used again.

Accounts wait in a queue; a user takes one for as long as it is logged in, and puts it back at the end. With fewer
accounts than users, those without one wait in get() while the others go on.
"""
from queue import Queue

from locust import HttpLocust, TaskSet, task


class Membership(TaskSet):
    @task
    def visit(self):
        account = self.locust.accounts.get()
        try:
            self.client.post("/login", account)
            self.client.get("/profile")
            self.client.get("/logout")
        finally:
            self.locust.accounts.put_nowait(account)


class Member(HttpLocust):
    task_set = Membership
    min_wait = 50
    max_wait = 100
    accounts = Queue()


for number in range(90):
    Member.accounts.put_nowait({"username": "member%02d" % number, "password": "secret"})
