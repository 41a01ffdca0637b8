"""A JSON interface: what an answer says decides whether it counts as a success, not only its status."""
import random

from locust import HttpUser, between, task


class Shop(HttpUser):
    wait_time = between(0.1, 0.4)

    @task(5)
    def look_at_an_item(self):
        number = random.randint(1, 1000)
        # One row in the statistics for all items, instead of a thousand rows.
        with self.client.get(f"/items/{number}.json", name="/items/[number].json", catch_response=True) as answer:
            if not answer.ok:
                return  # counted as a failure by its status, or by why there is no answer
            item = answer.json()
            if item["id"] != number:
                answer.failure(f"asked for one item, got another: {item['name']}")
            elif not item["in_stock"]:
                answer.failure("out of stock")

    @task(1)
    def order(self):
        with self.client.post("/echo", json={"item": 7, "count": 2}, name="/order", catch_response=True) as answer:
            if answer.ok and '"count": 2' not in answer.json()["body"]:
                answer.failure("the order did not arrive as it was sent")

    @task(1)
    def item_that_is_gone(self):
        with self.client.get("/status/410", name="/items/gone", catch_response=True) as answer:
            if answer.status_code == 410:
                answer.success()  # this is what the interface promises for it
