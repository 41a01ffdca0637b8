# SPDX-License-Identifier: MIT
"""Rows that are shown inside of a user: their functions run in the program, each in a task, with the user's session."""
import functools
import os

import gevent
from gevent.pywsgi import WSGIServer

# Is this the program? The test runner has no module `locust` of ours.
INSIDE = "CASES" in os.environ


def in_user(row):
    """The function gets the session of a user of the program; as a test it tells what became of it there."""

    def look(in_users):
        in_users.check(row.__name__)

    functools.update_wrapper(look, row)
    del look.__wrapped__  # pytest would ask for its arguments
    look.in_user = row
    return look


class counted:
    """with counted() as requests: ...; what this user's requests are counted as, each as the listeners hear of it."""

    def __enter__(self):
        from locust import events
        self._events, self._greenlet, self._requests = events, gevent.getcurrent(), []
        events.request_success += self._hear
        events.request_failure += self._hear
        return self._requests

    def __exit__(self, *error):
        self._events.request_success -= self._hear
        self._events.request_failure -= self._hear

    def _hear(self, **given):
        if gevent.getcurrent() is self._greenlet:
            self._requests.append(Counted(**given))


class Counted:
    def __init__(self, request_type, name, response_time, response_length=None, exception=None):
        self.what = f"{request_type} {name}"
        self.time, self.length, self.error = response_time, response_length, exception

    @property
    def failed(self):
        return self.error is not None


class serving:
    """with serving(app) as url: a WSGI application on a free port of this process."""

    def __init__(self, app):
        self._server = WSGIServer(("127.0.0.1", 0), app, log=None)

    def __enter__(self):
        self._server.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *error):
        self._server.stop(timeout=0)
