# SPDX-License-Identifier: MIT
"""The article's four enhancements of a script, as the files in examples/ have them; looked at from the target."""
import re
import threading

import pytest

from programs import ROOT
from servers import Server, answer, read_head

EXAMPLES = ROOT / "examples"
FORM = b'<html><form><input type="hidden" name="token" value="1-2"></form></html>'


def hurried(example):
    """Text of an example with waits of a few milliseconds."""
    text = (EXAMPLES / example).read_text()
    return re.sub(r"max_wait = \d+", "max_wait = 10", re.sub(r"min_wait = \d+", "min_wait = 1", text))


def by_path(target, prefix):
    """Answers by path, of those that begin with `prefix`; the prefix left out."""
    return {path[len(prefix):]: count for path, count in target.stats()["by_path"].items() if path.startswith(prefix)}


class Visits:
    """A site that gives everybody everything, and remembers who asked for what in which order."""

    def __init__(self, page=b"ok"):
        self.page = page
        self.log = []  # (connection, "POST /login", body)
        self._lock = threading.Lock()
        self.server = Server(self._serve)

    def _serve(self, connection):
        while head := read_head(connection):
            head, _, body = head.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
            while len(body) < length:
                body += connection.recv(65536)
            with self._lock:
                self.log.append((connection, " ".join(lines[0].split()[:2]), body.decode()))
            connection.sendall(answer(self.page))

    def calls(self):
        return [call for _, call, _ in self.log]


@pytest.fixture
def visits():
    """visits(page): starts a site for this test."""
    started = []

    def start(page=b"ok"):
        started.append(Visits(page))
        return started[-1]

    yield start
    for one in started:
        one.server.close()


def test_B_06_other_protocols_are_reported_by_two_events(stage):
    """A client for another protocol is bound to `client`, and fires `request_success` and `request_failure`."""
    target = stage.target()
    report, _ = stage.play(EXAMPLES / "custom_client.py", "-c", 4, "-t", "1s", host=target.url)
    table = report.table()
    assert set(table) == {"LINE GET /hello", "LINE GET /world"}
    assert {f"LINE GET {path}": count for path, count in by_path(target, "").items()} == {
        label: row.requests for label, row in table.items()}
    refused, _ = stage.play(EXAMPLES / "custom_client.py", "-c", 1, "-t", "1s", host="http://127.0.0.1:1", code=1)
    assert refused.total()[0] == 0 < refused.total()[1]
    assert all("ConnectionRefusedError" in text for text in refused.errors())


@pytest.mark.parametrize("example", ["correlation_regex.py", "correlation_xpath.py"])
def test_B_20_values_of_an_answer_go_into_later_requests(example, stage):
    """What a page holds is found with `re.search` or lxml's `xpath`, and sent back in a later request."""
    target = stage.target()
    report, _ = stage.play(hurried(example), "-c", 5, "-t", "1s", host=target.url)
    table, stats = report.table(), target.stats()
    assert 20 <= table["POST /order"].requests <= table["GET /order"].requests
    assert set(stats["by_status"]) == {"200"}  # 403 without the right token
    if "GET /threads/[id]" in table:
        threads = by_path(target, "/threads/")
        assert set(threads) == {"1", "2", "3"} and sum(threads.values()) == table["GET /threads/[id]"].requests


def test_B_21_everybody_goes_through_a_shared_list(stage):
    """Users go through a list on their class, each from its start and over again."""
    target = stage.target()
    text = hurried("data_from_a_list.py").replace("range(1, 101)", "range(1, 8)")
    report, _ = stage.play(text, "-c", 3, "-t", "1s", host=target.url)
    counts = by_path(target, "/threads/")
    assert set(counts) == set("1234567") and min(counts.values()) > 3  # over again
    assert max(counts.values()) - min(counts.values()) <= 3  # in order: no user is ahead by more than one
    assert sum(counts.values()) == report.table()["GET /threads/[number]"].requests


def test_B_22_data_of_a_queue_is_used_once_and_then_the_test_ends(stage):
    """A shared queue gives each value to one user; the test ends when it is empty."""
    target = stage.target()
    report, _ = stage.play(EXAMPLES / "data_used_once.py", "-c", 10, "-t", "60s", host=target.url)
    assert by_path(target, "/echo/members/") == {f"member{number:02}": 1 for number in range(90)}
    assert report.table()["PUT /echo/members/[name]"].requests == 90 and report.seconds < 30


def test_B_23_data_that_is_put_back_is_used_by_one_user_at_a_time(stage, visits):
    """What a user puts back into the queue is used again, and never by two users at a time."""
    site = visits()
    stage.play(hurried("data_in_turn.py").replace("range(90)", "range(4)"), "-c", 6, "-t", "1s", host=site.server.url)
    users, times = {}, {}
    for user, call, body in site.log:
        if call == "POST /login":
            assert body not in users.values(), f"{body} is logged in twice"
            users[user] = body
            times[body] = times.get(body, 0) + 1
        elif call == "GET /logout":
            users.pop(user)
    assert len(times) == 4 and min(times.values()) > 3


def test_B_24_checkpoints_are_assertions(stage, visits):
    """`assert ... in response.text` ends the task with an exception; the request stays a success."""
    site = visits(b"We are closed today.")
    report, _ = stage.play(hurried("checkpoints.py"), "-c", 3, "-t", "1s", host=site.server.url, code=1)
    table, calls = report.table(), site.calls()
    assert table["GET /blog?id=7"][:2] == (calls.count("GET /blog?id=7"), 0)
    logged = sum("AssertionError: another post was shown" in text for text in report.records("ERROR", "stderr"))
    assert 0 <= calls.count("GET /blog?id=7") - logged <= 3 < logged  # the end may come between request and assertion
    assert table["GET /threads/8"][:2] == (0, calls.count("GET /threads/8"))
    assert list(report.errors()) == ["GET /threads/8: \"CatchResponseError('another thread was shown')\""]


def in_rounds_of_five(site):
    """Had all five prepared (GET) before the first one of each round acted (POST)?"""
    verbs = [call.split()[0] for call in site.calls()]
    prepared = acted = 0
    for verb in verbs:
        prepared += verb == "GET"
        acted += verb == "POST"
        if prepared < -(-acted // 5) * 5:
            return False
    assert acted >= 15 and len({user for user, call, _ in site.log if call == "POST /order"}) == 5, verbs
    return True


def test_B_25_nobody_passes_a_rendezvous_before_all_are_there(stage, visits):
    """Users wait for each other: once, until `hatch_complete` tells that all are there, or in rounds, at a barrier."""
    once = visits()
    stage.play(hurried("rendezvous_at_start.py"), "-c", 5, "-r", "10", "-t", "1s", host=once.server.url)
    calls = once.calls()
    assert calls[:5] == 5 * ["POST /login"] and calls.count("POST /login") == 5
    assert calls.count("GET /items/7.json") > 5
    rounds = visits(FORM)
    stage.play(hurried("rendezvous_in_rounds.py"), "-c", 5, "-r", "20", "-t", "1s", host=rounds.server.url)
    assert in_rounds_of_five(rounds)
