"""A protocol of one's own: any Python code that talks to a server can be timed and counted.

Sockets let other users run while they wait, as time.sleep() and most libraries in plain Python do.
"""
import socket
import time
from urllib.parse import urlsplit

from locust import Locust, TaskSet, events, task


class LineClient:
    """Sends one line, reads until the server hangs up. (HTTP/1.0 without headers happens to be such a protocol.)"""

    def __init__(self, host):
        parts = urlsplit(host)
        self.address = (parts.hostname, parts.port or 80)

    def ask(self, line):
        start = time.perf_counter()
        try:
            answer = self._exchange(line)
        except OSError as error:
            events.request_failure.fire(request_type="LINE", name=line, exception=error,
                                        response_time=(time.perf_counter() - start) * 1000)
            return None
        events.request_success.fire(request_type="LINE", name=line, response_length=len(answer),
                                    response_time=(time.perf_counter() - start) * 1000)
        return answer

    def _exchange(self, line):
        with socket.create_connection(self.address, timeout=5) as connection:
            connection.sendall(line.encode() + b" HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(4096), b""))


class Asking(TaskSet):
    @task(2)
    def hello(self):
        self.client.ask("GET /hello")

    @task(1)
    def world(self):
        self.client.ask("GET /world")


class Asker(Locust):
    task_set = Asking
    min_wait = 100
    max_wait = 200

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.client = LineClient(self.host)
