# SPDX-License-Identifier: MIT
"""Options of its own, and a listener for each moment of the test."""
import argparse
import csv
import logging
import time

from locust import HttpUser, constant, events, task
from locust.env import Environment

rows = []
moments = []


@events.init_command_line_parser.add_listener
def options(parser: argparse.ArgumentParser):
    parser.add_argument("--tenant", type=str, env_var="TENANT", default="acme", help="whose data to load")
    parser.add_argument("--batch-size", type=int, default=3, help="Documents per request")
    parser.add_argument("--results-file", default="", include_in_web_ui=False)
    parser.add_argument("--password", is_secret=True, default="")
    parser.add_argument("--verbose-log", action="store_true")
    group = parser.add_argument_group("tuning", "How hard to push")
    group.add_argument("-Q", "--queue", choices=["fast", "slow"], default="slow", env_var="QUEUE")


@events.init.add_listener
def init(environment: Environment, **kwargs):
    moments.append("init")
    given = environment.parsed_options
    logging.info("tenant %s, batches of %d, queue %s", given.tenant, given.batch_size, given.queue)
    assert environment.host == given.host and given.headless and given.num_users == 2, given
    assert kwargs["runner"] is environment.runner and environment.web_ui is None

    @environment.events.user_error.add_listener
    def failed(user_instance, exception, tb, **kwargs):
        moments.append(type(exception).__name__)


@events.test_start.add_listener
def start(environment, **_kwargs):
    moments.append("start")
    environment.began = time.time()


@events.spawning_complete.add_listener
def spawned(user_count, **kwargs):
    moments.append(f"spawned {user_count}")


@events.request.add_listener
def request(request_type, name, response_time, response_length, response, context, exception, start_time, url, **kwargs):
    rows.append((request_type, name, response_length, context.get("batch"), type(exception).__name__,
                 response.status_code))
    assert start_time <= time.time() and url.endswith(name)


@events.request_success.add_listener
def success(request_type, name, response_time, response_length, **kwargs):
    rows.append(("success", name))


@events.request_failure.add_listener
def failure(request_type, name, response_time, response_length, exception, **kwargs):
    rows.append(("failure", name))


@events.test_stop.add_listener
def stop(environment, **kwargs):
    moments.append("stop")


@events.quitting.add_listener
def quitting(environment, **kw):
    moments.append("quitting")
    if environment.parsed_options.results_file:
        with open(environment.parsed_options.results_file, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(moments)
            writer.writerows(rows)
    environment.process_exit_code = 3


class Batches(HttpUser):
    wait_time = constant(0)
    batches = 0

    def context(self):
        return {"batch": self.batches}

    @task
    def load(self):
        given = self.environment.parsed_options
        documents = [{"tenant": given.tenant, "n": n} for n in range(given.batch_size)]
        self.client.post("/echo", json=documents)
        self.batches += 1
        if self.batches == 2:
            self.client.get("/status/503")
            raise KeyError("tenant")
        if self.batches > 2 and "spawned 2" in moments:
            self.environment.runner.quit()
