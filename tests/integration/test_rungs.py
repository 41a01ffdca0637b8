# SPDX-License-Identifier: MIT
"""Locustfiles as people write them, of both generations, rung by rung of what they use: rungs/*.py.

Each asserts in its tasks what it relies on; a broken assertion is a traceback in the log. The test compares what both
ends counted and what the file left behind.
"""
import pathlib
import re
import socket
import threading
import xmlrpc.server

import pytest

from servers import Server
from tables import agree

# Its last line, without the name of the module.
TRACEBACK = re.compile(r"^.*Traceback \(most recent call last\):\n(?: .*\n)+(?:\w+\.)*(.*)$", re.M)
RUNGS = pathlib.Path(__file__).resolve().parent / "rungs"


@pytest.fixture
def climb(play, target):
    """climb(name, *options, wrong, ...): plays a file of rungs/ against the target. Options of play(), and:

    wrong: regular expressions of the last lines of the tracebacks that it has to log, and no other.
    """

    def climb_one(name, *options, wrong=(), env=None, **more):
        report = play(RUNGS / name, *options, env={"THINK_MS": "1", "SHOP_URL": target.url, **(env or {})},
                      **{"host": target.url, **more})
        errors = TRACEBACK.findall(report.stderr)
        unexpected = [error for error in errors if not any(re.match(one, error) for one in wrong)]
        assert not unexpected, f"{unexpected}\n{report}"
        missing = [one for one in wrong if not any(re.match(one, error) for error in errors)]
        assert not missing, f"{missing}\n{report}"
        return report

    return climb_one


def rows(report):
    """name -> (successes, failures)"""
    return {name: (row.requests, row.failures) for name, row in report.table().items()}


def test_r1_a_web_site_in_the_first_generation(climb, target):
    report = climb("r1_website_09.py", "-c", 11, "-n", 600)
    agree(report, target.stats())
    table, by_path = report.table(), target.stats()["by_path"]
    assert set(table) == {"POST /login", "POST /logout", "GET /", "GET /profile", "GET /threads/[id]", "POST /threads/new",
                          "GET /echo?q=blue+shoes&page=2", "GET /about/", "HEAD /robots.txt"}
    assert table["POST /login"].requests == by_path["/login"] == 10, "one user of eleven is the monitor"
    assert 8 < table["GET /threads/[id]"].requests / table["POST /threads/new"].requests < 50


def test_r1_a_rest_interface_of_today(climb, target):
    report = climb("r1_api_2x.py", "-u", 5, "-n", 300, host=None, code=1, wrong=[r"TypeError: .*param"])
    agree(report, target.stats())
    table = report.table()
    assert table["POST /login"].requests == 5 and table["GET /logout"].requests == 5
    assert table["PUT /echo/orders/[id]"].requests >= table["DELETE /echo/orders/[id]"].requests > 0
    assert table["GET absolute"].requests and table["GET /echo/search"].requests and table["OPTIONS /echo"].requests
    assert any(re.match(r"shopping as (ada|grace|edsger)", text) for text in report.records(logger="root"))


def test_r1_the_many_spellings(climb, target):
    report = climb("r1_spellings_09.py", "-t", "20s")
    agree(report, target.stats())
    assert rows(report) == {"GET thread": (16, 0), "GET own": (4, 0)} and report.seconds < 15, "min_wait is 5 s"


def test_r2_answers_are_checked_in_the_first_generation(climb, target):
    report = climb("r2_checks_09.py", "-n", 100, "-t", "20s", code=1,
                   wrong=["AttributeError.*failure", "AssertionError: Unexpected status code: 200", "LocustError: the script's own"])
    agree(report, target.stats(), uncounted=1)  # /drop, once more on a new connection
    failed = {name for name, (_, failures) in rows(report).items() if failures}
    assert failed == {"GET /hello", "GET exception", "GET the response itself", "GET raised", "GET raise_for_status",
                      "GET no json", "GET rescheduled", "GET gone"}
    assert rows(report)["GET missing is fine"] == (1, 0) and rows(report)["GET /world"] == (1, 0)
    texts = list(report.errors())
    assert any("no Bye on the page" in text for text in texts) and any("KeyError('nothing')" in text for text in texts)
    assert any("<Response [418]>" in text for text in texts) and any("not what was asked for" in text for text in texts)
    assert "as expected: 503" in report.stderr and "the server is gone" in report.stderr


def test_r2_answers_are_checked_today(climb, target):
    report = climb("r2_checks_2x.py", "-t", "20s", code=1, wrong=["KeyError: 'colour'"])
    agree(report, target.stats(), uncounted=2)  # left by an exception, which says neither
    assert rows(report) == {
        "GET /json": (2, 0), "POST last word": (2, 0), "GET broken json": (0, 2), "GET not json": (2, 0),
        "GET status in block": (0, 2), "GET key error": (2, 0), "GET attempt 0": (2, 0), "GET attempt 1": (2, 0), "GET attempt 2": (0, 2)}
    assert any("502 came" in text for text in report.errors())


def test_r3_session_state_in_the_first_generation(climb, target):
    report = climb("r3_session_09.py", "-c", 3, "-t", "20s", code=1)
    agree(report, target.stats(), uncounted=3 * 3)
    assert rows(report)["GET no auth"] == (0, 3) and report.total()[1] == 3
    assert rows(report)["GET other base"] == (3, 0) and rows(report)["GET session auth"] == (3, 0)


def test_r3_session_state_today(climb, target):
    report = climb("r3_session_2x.py", "-u", 2, "-t", "20s", code=1)
    table = rows(report)
    assert table["GET timeout"] == (0, 2) and report.total()[1] == 2
    assert table["POST upload"] == table["POST /upload"] == table["POST stream up"] == (2, 0)
    assert target.stats()["by_path"]["/hello"] == 2, "those were not counted here"


def test_r4_sequences_and_state(climb, target):
    report = climb("r4_sequence_09.py", "-c", 4, "-t", "20s")
    agree(report, target.stats())
    moves = rows(report).pop("GET move")
    assert moves >= (18, 0), "more when a game begins anew"
    assert rows(report) == {"GET /": (6, 0), "GET look": (18, 0), "GET move": moves, "POST /echo/address": (6, 0),
                            "POST /echo/pay": (6, 0)}
    assert "teardown after 6 journeys" in report.stderr
    ticks = int(re.search(r"the clock stopped after (\d+) ticks", report.stderr)[1])
    assert 5 <= ticks <= 21


PAGES, SHOP = {"GET /", "GET /hello", "GET /world", "GET /job1"}, {"GET /about/", "GET /forum/"}


@pytest.mark.parametrize("options, certain, possible", [
    (("--tags", "pages"), PAGES, PAGES),
    (("-T", "nothing", "light"), {"GET /"}, {"GET /"}),
    (("-T", "shop", "--exclude-tags", "heavy"), SHOP, SHOP),
    (("-E", "broken"), {"GET /hello", "GET /world"}, PAGES | SHOP | {"GET heavy"})])
def test_r4_tasks_are_chosen_by_tags(climb, target, options, certain, possible):
    users = {"heavy": ["Browser", "Steady"], "light": ["Browser"]}.get(options[-1], ())
    report = climb("r4_tags_2x.py", *users, "-u", 9, "-t", "20s", *options)
    agree(report, target.stats())
    assert certain <= set(rows(report)) <= possible


def test_r5_polling_and_parts_at_once(climb, target):
    report = climb("r5_polling_09.py", "-c", 10, "-t", "20s")
    table, stats = rows(report), target.stats()
    agree(report, stats, uncounted=stats["by_path"]["/robots.txt"] - table["GET heartbeat"][0])
    assert table["GET /jobs/[id]"] == (50, 0) and table["GET part"] == (40, 0) and table["GET spawned part"] == (30, 0)
    assert report.seconds < 10, "ten users took turns"


def test_r5_greenlets_beside_the_users(climb, target):
    report = climb("r5_background_2x.py", "-u", 10, "-n", 200)
    agree(report, target.stats())
    assert rows(report)["GET later"] == (10, 0)
    assert int(re.search(r"(\d+) rounds", report.stderr)[1]) > 3


@pytest.fixture
def line_server(serve):
    """Sends each line back; ends the connection after one that begins with "bye"."""
    def echo(connection):
        with connection.makefile("rwb") as stream:
            for line in stream:
                if line.startswith(b"bye"):
                    return
                stream.write(line)
                stream.flush()

    return serve(echo)


@pytest.fixture
def rpc_server():
    class Server(xmlrpc.server.SimpleXMLRPCServer):
        allow_reuse_address = True

    server = Server(("127.0.0.1", 0), logRequests=False)
    server.register_function(lambda a, b: a + b, "add")
    server.register_function(lambda: 1 // 0, "fail")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_r6_clients_of_other_protocols(climb, target, line_server, rpc_server):
    report = climb("r6_clients_09.py", "-c", 3, "-t", "20s", code=1,
                   env={"RPC_URL": rpc_server, "ECHO_PORT": str(line_server.port)}, host=None)
    assert rows(report) == {"xmlrpc add": (5, 0), "xmlrpc fail": (0, 5), "tcp hello": (5, 0), "tcp bye": (0, 1),
                            "GET http.client": (1, 0), "GET urllib": (1, 0), "GET requests": (1, 0)}
    assert target.stats()["requests"] == 3 and 45 <= report.table()["GET requests"].min < 2000


def test_r6_clients_of_today(climb, target, line_server):
    report = climb("r6_clients_2x.py", "-u", 2, "-t", "20s", code=1, env={"ECHO_PORT": str(line_server.port)})
    assert rows(report) == {"kv SET": (3, 0), "kv GET": (3, 0), "kv FAIL": (0, 3), "own block": (1, 0),
                            "own failing block": (0, 1), "own measure": (1, 0), "old success": (1, 0),
                            "old failure": (0, 1)}


def test_r7_listeners_of_the_first_generation(climb, target):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        report = climb("r7_listeners_09.py", "-c", 5, "-t", "20s", code=1, env={"SINK_PORT": str(sink.getsockname()[1])},
                       wrong=["ValueError: in a task", "RuntimeError: a listener's own trouble"])
        sink.settimeout(5)
        assert re.match(rb"(timing.hello:\d+\|ms|failed.wrong:1\|c)$", sink.recv(100))
    agree(report, target.stats())
    totals, errors, moments = (report.finished.cwd / "results.txt").read_text().splitlines()
    assert tuple(map(int, totals.split()))[:2] == report.total()
    assert errors == "[('Tasks', 'in a task')]" and moments == "start hatched 5 quitting"
    assert "enough after" in report.stderr


LISTENER_OPTIONS = ("--tenant", "globex", "--batch-size=2", "-Q", "fast", "--results-file", "results.csv")


def test_r7_listeners_and_options_of_today(climb, target):
    report = climb("r7_listeners_2x.py", "-u", 2, *LISTENER_OPTIONS, "-t", "20s", "--headless", code=3,
                   wrong=["KeyError: 'tenant'"])
    agree(report, target.stats())
    assert "tenant globex, batches of 2, queue fast" in report.records("INFO", "root")
    moments, *lines = (report.finished.cwd / "results.csv").read_text().splitlines()
    assert re.fullmatch("init,start,(KeyError,)*spawned 2,(KeyError,)*stop,quitting", moments) and "KeyError" in moments
    requests, failures = report.total()
    assert lines.count("success,/echo") == requests and lines.count("failure,/status/503") == failures
    assert sum(line.startswith("POST,/echo,") and line.endswith(",NoneType,200") for line in lines) == requests
    assert sum(line.startswith("GET,/status/503,") and line.endswith(",HTTPError,503") for line in lines) == failures


def test_r10_gevent(climb, target):
    report = climb("r10_gevent_2x.py", "-u", 3, "-t", "20s")
    table = rows(report)
    assert table["GET together"] == table["GET alone"] == table["GET own server"] == (3, 0)
    assert table["GET pool"] == (12, 0) and table["GET /world"] == (9, 0)
    assert "GET killed" not in table or table["GET killed"][0] == 0
    stats = target.stats()
    assert stats["by_path"]["/job1"] == stats["by_path"]["/job2"] == 3


def test_r10_threads_processes_and_asyncio(climb, target):
    report = climb("r10_threads_2x.py", "-u", 2, "-t", "20s", code=1)
    assert rows(report)["GET thread"] == (3, 0) and rows(report)["GET future"] == (6, 0)
    assert rows(report)["GET native"] == (3, 0) and rows(report)["GET native caught"] == (1, 0)
    assert rows(report)["GET native gone"] == (0, 1) and rows(report)["GET /world"] == (1, 0)


def test_r10_the_inside_of_requests(climb, target):
    report = climb("r10_requests_09.py", "-t", "20s", code=1, cwd=RUNGS)
    table = rows(report)
    assert table["GET retried"] == (0, 1) and target.stats()["by_path"]["/status/503"] == 3
    assert table["GET traced"] == (2, 0) and table["GET signed"] == (1, 0)
    assert table["GET team /world"] == (1, 0) and table["POST team /echo"] == (1, 0)
