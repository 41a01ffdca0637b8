# SPDX-License-Identifier: MIT
"""The shop's REST interface: mostly reads, some orders, all verbs."""
import csv
import json
import logging
import os
import random
import uuid
from pathlib import Path

from locust import HttpUser, TaskSet, between, task

HERE = Path(__file__).parent

with open(HERE / "data" / "accounts.csv", newline="") as file:
    ACCOUNTS = list(csv.DictReader(file))
with open(HERE / "data" / "products.json") as file:
    PRODUCTS = json.load(file)["products"]


class Orders(TaskSet):
    @task(3)
    def place(self):
        order = {"id": str(uuid.uuid4()), "lines": [{"sku": random.choice(PRODUCTS)["sku"], "quantity": 2}]}
        with_auth = {"Authorization": f"Bearer {self.user.account['token']}"}
        response = self.client.post("/echo/orders", json=order, headers=with_auth)
        got = response.json()
        assert json.loads(got["body"]) == order
        assert response.headers["Content-Type"].startswith("application/json")

    @task
    def change(self):
        self.client.put("/echo/orders/1", json.dumps({"state": "paid"}), name="/echo/orders/[id]")
        self.client.patch("/echo/orders/1", {"state": "sent"}, name="/echo/orders/[id]")
        self.client.delete("/echo/orders/1", name="/echo/orders/[id]")
        self.interrupt(reschedule=False)


class ShopUser(HttpUser):
    host = os.environ["SHOP_URL"]
    wait_time = between(0.001, 0.002)
    tasks = [Orders]

    def on_start(self):
        self.account = random.choice(ACCOUNTS)
        logging.info("shopping as %s", self.account["name"])
        self.client.post("/login", {"username": self.account["name"], "password": "secret"})

    def on_stop(self):
        self.client.get("/logout")

    @task
    def list_products(self):
        for product in random.sample(PRODUCTS, 2):
            response = self.client.get(f"/items/{product['id']}.json", name="/items/[id].json")
            assert response.json()["id"] == product["id"], response.text

    @task(2)
    def search(self):
        # A body in a GET, as this interface wants it.
        response = self.client.get("/echo/search", data=json.dumps({"query": "shoe"}))
        assert response.json()["method"] == "GET" and "shoe" in response.json()["body"]

    @task
    def other_verbs(self):
        self.client.options("/echo")
        self.client.head("/echo")
        self.client.request("GET", url=os.environ["SHOP_URL"] + "/hello", name="absolute")

    @task
    def misspelt(self):
        self.client.get("/items", param={"page": 1})
