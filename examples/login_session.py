"""Members log in once, keep their session in a cookie, and log out at the end."""
from locust import HttpLocust, TaskSet, task


class Membership(TaskSet):
    def on_start(self):
        # The answer's Set-Cookie goes into this user's own jar; all later requests of this user send it.
        self.client.post("/login", {"username": "ann", "password": "secret"})

    def on_stop(self):
        self.client.get("/logout")

    @task(3)
    def forum(self):
        self.client.get("/forum/")

    @task(1)
    def profile(self):
        with self.client.get("/profile", catch_response=True) as page:
            if "session" not in self.client.cookies:
                page.failure("this user has lost its session")


class Member(HttpLocust):
    task_set = Membership
    min_wait = 200
    max_wait = 600
