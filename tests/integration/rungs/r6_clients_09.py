# SPDX-License-Identifier: MIT
"""Other protocols than HTTP through self.client: calls by name, raw sockets, the standard library's clients."""
import http.client
import os
import socket
import time
import urllib.request
import xmlrpc.client
from urllib.parse import urlsplit

import requests
from locust import Locust, TaskSet, events, task
from locust.exception import StopLocust

RPC_URL = os.environ["RPC_URL"]
ECHO_PORT = int(os.environ["ECHO_PORT"])


class RpcClient(xmlrpc.client.ServerProxy):
    """Each call is a request in the statistics."""

    _locust = None

    def __getattr__(self, name):
        func = xmlrpc.client.ServerProxy.__getattr__(self, name)

        def wrapper(*args, **kwargs):
            start_time = time.time()
            try:
                result = func(*args, **kwargs)
            except xmlrpc.client.Fault as e:
                total_time = int((time.time() - start_time) * 1000)
                events.request_failure.fire(request_type="xmlrpc", name=name, response_time=total_time, exception=e)
            else:
                total_time = int((time.time() - start_time) * 1000)
                events.request_success.fire(request_type="xmlrpc", name=name, response_time=total_time,
                                            response_length=0)
                return result

        return wrapper


class LineClient(object):
    """A line there, a line back."""

    def __init__(self, host, port):
        self._address = (host, port)
        self._socket = None

    def connect(self):
        self._socket = socket.create_connection(self._address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, line):
        report = {"request_type": "tcp", "name": line.split()[0]}
        start = time.time()
        try:
            self._socket.sendall(line.encode() + b"\n")
            answer = self._socket.makefile("rb").readline()
            if not answer:
                raise EOFError("the server closed")
        except Exception as e:
            events.request_failure.fire(response_time=(time.time() - start) * 1000, exception=e, **report)
            self._socket.close()
            return None
        events.request_success.fire(response_time=(time.time() - start) * 1000, response_length=len(answer), **report)
        return answer.decode().strip()


class RpcLocust(Locust):
    """Base of users with an RPC client."""

    def __init__(self, *args, **kwargs):
        super(RpcLocust, self).__init__(*args, **kwargs)
        self.client = RpcClient(self.host)


class RpcUser(RpcLocust):
    host = RPC_URL
    min_wait = max_wait = 1

    class task_set(TaskSet):
        calls = 0

        @task
        def call(self):
            assert self.client.add(2, 3) == 5
            self.client.fail()
            self.calls += 1
            if self.calls == 5:
                raise StopLocust


class LineUser(Locust):
    min_wait = max_wait = 0

    def __init__(self):
        super(LineUser, self).__init__()
        self.client = LineClient("127.0.0.1", ECHO_PORT)
        self.client.connect()

    class task_set(TaskSet):
        calls = 0

        @task
        def call(self):
            self.calls += 1
            assert self.client.send("hello %d" % self.calls) == "hello %d" % self.calls
            if self.calls == 5:
                self.client.send("bye now")
                raise StopLocust


class PlainUser(Locust):
    """No client at all: the standard library and requests, as they are."""
    host = os.environ["SHOP_URL"]
    min_wait = max_wait = 0

    class task_set(TaskSet):
        @task
        def call(self):
            self.timed("http.client", self.with_http_client)
            self.timed("urllib", self.with_urllib)
            self.timed("requests", self.with_requests)
            raise StopLocust

        def timed(self, name, function):
            start = time.time()
            length = function()
            events.request_success.fire(request_type="GET", name=name, response_length=length,
                                        response_time=int((time.time() - start) * 1000))

        def with_http_client(self):
            connection = http.client.HTTPConnection(urlsplit(self.locust.host).netloc)
            connection.request("GET", "/slow?ms=50")
            body = connection.getresponse().read()
            connection.close()
            return len(body)

        def with_urllib(self):
            with urllib.request.urlopen(self.locust.host + "/slow?ms=50") as answer:
                return len(answer.read())

        def with_requests(self):
            return len(requests.get(self.locust.host + "/slow?ms=50").content)
