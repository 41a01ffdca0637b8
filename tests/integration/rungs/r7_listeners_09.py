# SPDX-License-Identifier: MIT
"""Results go to a metrics daemon as they come, and to a file at the end; the script stops the test itself."""
import os
import socket

from locust import HttpLocust, TaskSet, events, runners, task
from locust.events import EventHook

sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink.connect(("127.0.0.1", int(os.environ["SINK_PORT"])))
counts = {"success": 0, "failure": 0, "bytes": 0, "errors": []}
moments = []
done = EventHook()


def on_success(request_type, name, response_time, response_length):
    counts["success"] += 1
    counts["bytes"] += response_length
    sink.send(("timing.%s:%d|ms" % (name.strip("/"), response_time)).encode())


def on_failure(request_type, name, response_time, exception, **kwargs):
    counts["failure"] += 1
    assert request_type == "GET" and response_time >= 0
    sink.send(("failed.%s:1|c" % name.strip("/")).encode())


def fails(**kwargs):
    if counts["success"] == 3:
        raise RuntimeError("a listener's own trouble")


def on_error(locust_instance, exception, tb):
    counts["errors"].append((type(locust_instance).__name__, str(exception)))
    assert tb is not None


def on_hatch_complete(user_count):
    moments.append("hatched %d" % user_count)


def on_start():
    moments.append("start")


def on_quitting():
    moments.append("quitting")
    with open("results.txt", "w") as file:
        file.write("%(success)d %(failure)d %(bytes)d\n" % counts)
        file.write(repr(sorted(set(counts["errors"]))) + "\n")
        file.write(" ".join(moments) + "\n")


def enough(total):
    print("enough after", total)
    runners.locust_runner.quit()


events.request_success += on_success
events.request_success += fails
events.request_success -= fails
events.request_success += fails
events.request_failure += on_failure
events.locust_error += on_error
events.hatch_complete += on_hatch_complete
events.locust_start_hatching += on_start
events.quitting += on_quitting
done += enough


class Tasks(TaskSet):
    @task(3)
    def fine(self):
        self.client.get("/hello")

    @task
    def wrong(self):
        self.client.get("/status/500", name="/wrong")

    @task
    def raises(self):
        if counts["success"] >= 30:
            done.fire(total=counts["success"])
        raise ValueError("in a task")


class ListenedLocust(HttpLocust):
    task_set = Tasks
    min_wait = 0
    max_wait = 2
