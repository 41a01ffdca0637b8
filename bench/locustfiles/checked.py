"""What scripts do besides fetching: a cookie, a name, JSON looked into, a verdict of the script's own."""
from locust import HttpUser, constant, task


class Visitor(HttpUser):
    wait_time = constant(0)

    def on_start(self):
        self.client.post("/login", {"username": "ann", "password": "secret"})

    @task
    def item(self):
        with self.client.get("/items/1.json", name="/items/[id].json", catch_response=True) as answer:
            if answer.json()["id"] != 1:
                answer.failure("another item")
