# SPDX-License-Identifier: MIT
"""Answers are looked at, and what is wrong is counted as a failure."""
import requests
from locust import HttpLocust, TaskSet, task
from locust.exception import LocustError, RescheduleTask, ResponseError, StopLocust


class Checks(TaskSet):
    def on_start(self):
        self.steps = [self.page_without_word, self.status_is_fine_here, self.exception_as_text, self.response_as_text,
                      self.raised_in_block, self.both_said, self.status_raises, self.outside_of_with,
                      self.wrong_json, self.asserts, self.rescheduled, self.server_is_gone, self.own_error]

    @task
    def next_step(self):
        if not self.steps:
            raise StopLocust()
        self.steps.pop(0)()

    def page_without_word(self):
        with self.client.get("/hello", catch_response=True) as response:
            if b"Bye" not in response.content:
                response.failure("no Bye on the page")

    def status_is_fine_here(self):
        with self.client.get("/status/404", catch_response=True, name="missing is fine") as r:
            if r.status_code == 404:
                r.success()

    def exception_as_text(self):
        with self.client.get("/json", catch_response=True, name="exception") as r:
            try:
                r.json()["nothing"]
            except KeyError as e:
                r.failure(e)

    def response_as_text(self):
        with self.client.get("/status/418", catch_response=True, name="the response itself") as r:
            r.failure(r)

    def raised_in_block(self):
        with self.client.get("/about/", catch_response=True, name="raised") as response:
            raise ResponseError("not what was asked for")

    def both_said(self):
        with self.client.get("/world", catch_response=True) as r:
            assert r.text
            r.success()

    def status_raises(self):
        response = self.client.get("/status/503", name="raise_for_status")
        try:
            response.raise_for_status()
        except requests.HTTPError as e:
            assert e.response.status_code == 503 and "503" in str(e), e
            print("as expected:", e.response.status_code)
        self.client.get("/job1").raise_for_status()

    def outside_of_with(self):
        self.client.get("/job2").failure("a plain response has no such thing")

    def wrong_json(self):
        with self.client.get("/hello", catch_response=True, name="no json") as r:
            try:
                r.json()
            except ValueError:
                r.failure("no JSON")

    def asserts(self):
        r = self.client.get("/threads/1", name="asserted")
        assert r.status_code == 201, "Unexpected status code: %d" % r.status_code

    def rescheduled(self):
        if self.client.get("/status/500", name="rescheduled").status_code == 500:
            raise RescheduleTask()
        raise LocustError("not reached")

    def server_is_gone(self):
        r = self.client.get("/drop", name="gone")
        assert r.status_code == 0 and not r.ok and r.content is None
        try:
            r.raise_for_status()
        except requests.exceptions.ConnectionError:
            print("the server is gone")

    def own_error(self):
        raise LocustError("the script's own")


class ApiLocust(HttpLocust):
    task_set = Checks
    min_wait = max_wait = 0
