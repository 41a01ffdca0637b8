# SPDX-License-Identifier: MIT
"""What a run counts: towards its limit of requests, and in the rates of its table."""
import pytest

from tables import agree

# A look at what the rate of the table is made of, before the end.
RATES = """
import gevent
from locust import HttpLocust, TaskSet, events, runners, stats, task
from probe import note

class Tasks(TaskSet):
    @task
    def index(self):
        self.client.get("/")

class Visitor(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 50

def look():
    gevent.sleep(4.2)
    total = stats.global_stats.total
    note("rates", current=total.current_rps, counts={str(k): v for k, v in total.num_reqs_per_sec.items()},
         last=int(total.last_request_timestamp), average=total.avg_response_time)
    runners.locust_runner.quit()

events.locust_start_hatching += lambda: gevent.spawn(look)
"""


def test_B_51_rates_are_of_late_and_times_of_the_whole_test(stage):
    """`req/s` is that of a few seconds, ten at most and three seconds ago; averages are those of the whole test."""
    _, probe = stage.play(RATES, "-c", 4, host=stage.target().url)
    note, = probe.all("rates")
    first = min(map(int, note["counts"]))
    window = [note["counts"].get(str(second), 0) for second in range(max(note["last"] - 12, first), note["last"] - 2)]
    assert note["current"] == pytest.approx(sum(window) / len(window), rel=0.35)
    assert 0 < note["current"] < 4 * 20 + 1
    assert 0 < note["average"] < 1000


def test_M12_34_failed_requests_count_towards_the_limit(stage):
    """Since 0.7 failed requests count towards the number that `-n` allows."""
    target = stage.target()
    report, _ = stage.play("""
from locust import HttpLocust, TaskSequence, seq_task

class Steps(TaskSequence):
    @seq_task(1)
    def good(self):
        self.client.get("/json")

    @seq_task(2)
    def bad(self):
        self.client.get("/status/500")

class Stepping(HttpLocust):
    task_set = Steps
    min_wait = max_wait = 0
""", "-c", 1, "-n", 10, code=1, host=target.url)
    assert report.total() == (5, 5)
    agree(report, target.stats())
