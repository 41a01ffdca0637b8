"""A site with parts: visitors enter a part, do several things there, and leave it again."""
from locust import HttpLocust, TaskSet, task


class Forum(TaskSet):
    def on_start(self):
        """Runs each time somebody enters the forum."""
        self.client.get("/forum/")

    @task(10)
    def read(self):
        self.client.get("/threads/1", name="/threads/[id]")

    @task(2)
    def answer(self):
        self.client.post("/post", {"text": "I agree"}, name="/threads/[id]/answer")

    @task(4)
    def leave(self):
        self.interrupt()  # back to Site, which picks its next task at once


class Site(TaskSet):
    # Three of five times the forum: the numbers are weights, as with @task(3).
    tasks = {Forum: 3}

    @task(1)
    def index(self):
        self.client.get("/")

    @task(1)
    class Blog(TaskSet):
        """A part that has no other use may stand inside the one it belongs to."""

        @task(2)
        def post(self):
            self.client.get("/blog", params={"id": 3}, name="/blog?id=[id]")

        @task(1)
        def leave(self):
            self.interrupt(reschedule=False)  # back to Site, which waits first


class Visitor(HttpLocust):
    task_set = Site
    min_wait = 50
    max_wait = 150
