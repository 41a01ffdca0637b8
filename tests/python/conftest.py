# SPDX-License-Identifier: MIT
"""Tests of python/locust with the extension _acrida: PYTHONPATH=build/src/python, or where the build is."""
import json
import os
import sys

sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "python")))
import locust  # noqa: E402

import threading  # noqa: E402
import time  # noqa: E402
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # noqa: E402
from urllib.parse import parse_qs, urlsplit  # noqa: E402

import pytest  # noqa: E402


class Site(BaseHTTPRequestHandler):
    """Says what it was asked; sets cookies, redirects and answers with any status on request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        body = self._body()
        if parts.path.startswith("/status/"):
            return self.reply(int(parts.path[8:]), b"status body")
        if parts.path == "/redirect":
            return self.reply(int(query.get("status", 302)), b"", [("Location", query.get("to", "/echo"))])
        if parts.path == "/set":
            cookies = [("Set-Cookie", f"{name}={value}; Path=/") for name, value in query.items()]
            return self.reply(200, b"set", cookies)
        if parts.path == "/spelt":
            return self.reply(200, b"", [("X-A", "1"), ("x-a", "2"), ("X-a", "3")])
        if parts.path == "/slow":
            time.sleep(0.5)
        if parts.path == "/lines":
            return self.reply(200, "eins\nzw\u00f6lf\n".encode(), [("Content-Type", "text/plain; charset=utf-8"),
                                                                   ("Link", "</next>; rel=next")])
        said = {"method": self.command, "path": self.path, "headers": self.headers.items(), "body": body}
        headers = [("Content-Type", "application/json"), ("X-Two", "a"), ("X-Two", "b")]
        self.reply(200, json.dumps(said).encode(), headers)

    def _body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
        body = b""
        while True:
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return body.decode("latin-1")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def reply(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass


class Quiet(ThreadingHTTPServer):
    """Clients that go away are no matter."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


def serve(handler):
    server = Quiet(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


@pytest.fixture(scope="session")
def site():
    """Base URL of a server of this test run."""
    server = serve(Site)
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def serve_statuses():
    """serve_statuses([503, 200]): (base URL, list that fills with the paths asked for) of a server that answers so."""
    servers = []

    def start(statuses):
        answers, asked = iter(statuses), []

        class Answers(Site):
            def answer(self):
                asked.append(self.path)
                self.reply(next(answers), b"")

            do_GET = do_POST = answer

        servers.append(serve(Answers))
        return f"http://127.0.0.1:{servers[-1].server_address[1]}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class Heard:
    """What the listeners of an EventHook were called with."""

    def __init__(self, hook):
        self.hook, self.calls = hook, []
        hook.add_listener(self)

    def __call__(self, **kwargs):
        self.calls.append(kwargs)


@pytest.fixture
def hear():
    """hear("request_success"): a list that fills with the keyword arguments of each firing."""
    listening = []

    def listen(name):
        listening.append(Heard(getattr(locust.events, name)))
        return listening[-1].calls

    yield listen
    for one in listening:
        one.hook.remove_listener(one)


@pytest.fixture(autouse=True)
def no_listener_is_left():
    """A listener that a test forgets would be called in all that follow."""
    before = {name: list(hook._handlers) for name, hook in _hooks()}
    yield
    for name, hook in _hooks():
        hook._handlers[:] = before[name]


def _hooks():
    return [(name, getattr(locust.events, name)) for name in locust.Events.__annotations__]
