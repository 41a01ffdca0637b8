"""What scripts do besides fetching: a cookie, a name for many URLs, JSON looked into, a verdict of the script's own."""
from locust import HttpUser, constant, task


class Visitor(HttpUser):
    wait_time = constant(0)

    def on_start(self):
        self.client.post("/login", {"username": "ann", "password": "secret"})
        self.number = 0

    @task
    def item(self):
        self.number = self.number % 1000 + 1
        with self.client.get(f"/items/{self.number}.json", name="/items/[id].json", catch_response=True) as answer:
            if answer.json()["id"] != self.number:
                answer.failure("another item")
