# SPDX-License-Identifier: MIT
"""A client of one's own for 2.x, reporting by each of the ways there are."""
import os
import socket
import time
from contextlib import contextmanager

import requests
from locust import User, constant, events, task
from locust.exception import LocustError, StopUser


class KeyValueClient:
    """Speaks GET and SET over one connection."""

    def __init__(self, port, request_event):
        self._file = socket.create_connection(("127.0.0.1", port)).makefile("rwb")
        self._request_event = request_event

    def execute(self, command, *arguments):
        request_meta = {"request_type": "kv", "name": command, "start_time": time.time(), "response_length": 0,
                        "response": None, "context": {}, "exception": None}
        start = time.perf_counter()
        try:
            self._file.write(" ".join((command, *arguments)).encode() + b"\n")
            self._file.flush()
            request_meta["response"] = self._file.readline().decode().split()
            request_meta["response_length"] = len(request_meta["response"])
            if command == "FAIL":
                raise LocustError("the server said no")
        except (OSError, LocustError) as error:
            request_meta["exception"] = error
        request_meta["response_time"] = (time.perf_counter() - start) * 1000
        self._request_event.fire(**request_meta)
        return request_meta["response"]


class KeyValueUser(User):
    abstract = True

    def __init__(self, environment):
        super().__init__(environment)
        self.client = KeyValueClient(int(os.environ["ECHO_PORT"]), environment.events.request)


class Worker(KeyValueUser):
    wait_time = constant(0)
    turns = 0

    @task
    def set_and_get(self):
        self.turns += 1
        assert self.client.execute("SET", "key", str(self.turns)) == ["SET", "key", str(self.turns)]
        self.client.execute("GET", "key")
        self.client.execute("FAIL")
        if self.turns == 3:
            raise StopUser()


class Reporter(User):
    """Measures with requests, a block and the old hooks."""
    wait_time = constant(0)

    @task
    def report(self):
        with self.measured("block"):
            requests.get(self.host + "/hello").raise_for_status()
        with self.measured("failing block"):
            requests.get(self.host + "/status/500").raise_for_status()
        with self.environment.events.request.measure("own", "measure") as fields:
            fields["response_length"] = len(requests.post(self.host + "/echo", data="x").content)
        events.request_success.fire(request_type="old", name="success", response_time=12.5, response_length=3)
        events.request_failure.fire(request_type="old", name="failure", response_time=1, response_length=0,
                                    exception=ValueError("old"))
        raise StopUser()

    @contextmanager
    def measured(self, name):
        start, exception = time.perf_counter(), None
        try:
            yield
        except requests.exceptions.HTTPError as error:
            exception = error
        events.request.fire(request_type="own", name=name, response_time=(time.perf_counter() - start) * 1000,
                            response_length=0, exception=exception)
