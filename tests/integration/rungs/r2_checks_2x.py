# SPDX-License-Identifier: MIT
"""The same with the classes of today, and types."""
from __future__ import annotations

from json import JSONDecodeError
from typing import Any

import requests
from locust import HttpUser, SequentialTaskSet, constant, task
from locust.clients import ResponseContextManager
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopUser

MAX_SECONDS = 5.0


class Journey(SequentialTaskSet):
    @task
    def too_slow_or_wrong(self) -> None:
        with self.client.get("/json", catch_response=True) as response:
            assert isinstance(response, ResponseContextManager)
            if response.elapsed.total_seconds() > MAX_SECONDS:
                response.failure("too slow")
            elif response.status_code != 200:
                response.failure(f"status {response.status_code}")
            else:
                response.success()

    @task
    def the_last_word_counts(self) -> None:
        with self.client.post("/echo", json={"greeting": None}, catch_response=True, name="last word") as response:
            response.failure("first thought")
            response.success()

    @task
    def broken_json(self) -> None:
        with self.client.get("/hello", catch_response=True, name="broken json") as response:
            try:
                if response.json()["greeting"] != "hello":
                    response.failure("no greeting")
            except JSONDecodeError:
                response.failure("Response could not be decoded as JSON")
            except KeyError:
                response.failure("Response did not contain expected key 'greeting'")

    @task
    def requests_own_error(self) -> None:
        try:
            self.client.get("/hello", name="not json").json()
        except requests.exceptions.JSONDecodeError:
            raise RescheduleTaskImmediately

    @task
    def status_raises_in_block(self) -> None:
        with self.client.get("/status/502", catch_response=True, name="status in block") as response:
            try:
                response.raise_for_status()
            except requests.exceptions.HTTPError as error:
                response.failure(str(error.response.status_code) + " came")

    @task
    def flies(self) -> None:
        self.check(self.client.get("/items/7.json", name="key error").json())

    def check(self, item: dict[str, Any]) -> str:
        return item["colour"]

    @task
    def out_of_block(self) -> None:
        with self.client.get("/about", catch_response=True, name="rescheduled in block") as response:
            if response.ok:
                raise RescheduleTask

    @task
    def not_found_is_retried(self) -> None:
        for attempt in range(3):
            with self.client.get("/status/404", catch_response=True, name=f"attempt {attempt}") as response:
                if attempt < 2:
                    response.success()
        self.user.journeys += 1
        if self.user.journeys == 2:
            raise StopUser()
        raise InterruptTaskSet(reschedule=True)


class Shopper(HttpUser):
    wait_time = constant(0)
    tasks = [Journey]
    journeys = 0
