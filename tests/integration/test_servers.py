# SPDX-License-Identifier: MIT
"""Servers that stall, reset, lie, talk nonsense or die: one request is harmed, and its error says what happened."""
import pytest

from programs import WATCH_OBJECTS  # noqa: F401 - looked for by the fixtures
from servers import answer, read_head
from tables import Report, agree

ONCE = """
from locust import HttpLocust, TaskSet, task
from locust.exception import StopLocust
from probe import note

class User(HttpLocust):
    class task_set(TaskSet):
        @task
        def once(self):
            %s
            raise StopLocust()
"""

MIXED = """
from locust import HttpUser, task, constant

class Good(HttpUser):
    wait_time = constant(0.01)
    weight = 2
    @task
    def work(self):
        assert self.client.get("/json").json()["id"] == 42

class Harmed(HttpUser):
    wait_time = constant(0.02)
    @task
    def harmed(self):
        assert self.client.get("{path}", timeout={timeout}).status_code == 0
        assert self.client.get("/json").json()["id"] == 42
"""


@pytest.mark.parametrize("path, timeout, error", [
    ("/stall", 0.1, "ReadTimeout"), ("/stall-body", 0.1, "ReadTimeout"), ("/drop", None, "ConnectionError"),
    ("/reset", None, "ConnectionError"), ("/half", None, "ConnectionError"), ("/garbage", None, "ConnectionError"),
    ("/huge-headers", None, "ConnectionError"), ("/redirect/99", None, "TooManyRedirects")])
def test_a_broken_page_harms_its_own_requests_only(play, target, path, timeout, error):
    report = play(MIXED.format(path=path, timeout=timeout), "-c", 6, "-t", "1s", host=target.url, code=1)
    table = report.table()
    assert set(table) == {"GET /json", "GET " + path}
    assert table["GET /json"].failures == table["GET " + path].requests == 0
    assert table["GET /json"].requests > 50 and table["GET " + path].failures >= 4
    assert len(report.errors()) == 1 and error in next(iter(report.errors())), report.errors()
    assert "Traceback" not in report.stderr, str(report)
    stats, failed = target.stats(), table["GET " + path].failures
    more = 30 * failed if path.startswith("/redirect") else 0
    if path in ("/drop", "/reset"):  # a connection that was kept is given a second try
        more = stats["unanswered"] - failed
        assert failed // 2 < more <= failed
    agree(report, stats, uncounted=more)


@pytest.mark.parametrize("path", ["/drop", "/reset"])
def test_what_must_not_happen_twice_is_not_sent_twice(play, target, path):
    report = play(ONCE % f"""
            for _ in range(5):
                assert self.client.get("/json").ok
                assert self.client.post("{path}", data="buy").status_code == 0
                assert self.client.get("/json").ok
                assert self.client.patch("{path}").status_code == 0
""", "-c", 3, host=target.url, code=1)
    assert report.total() == (30, 30)
    agree(report, target.stats())


def test_errors_tell_kinds_of_failure_apart(play, target):
    lines = "\n            ".join(f"self.client.get({path!r}, timeout=0.3, name={path!r})" for path in (
        "/stall", "/drop", "/reset", "/half", "/garbage", "/huge-headers", "http://127.0.0.1:1/", "http://nowhere.invalid/",
        "/stall-body"))
    report = play(ONCE % lines, host=target.url, code=1)
    errors = {error.split(": ")[0]: error.partition(": ")[2] for error in report.errors()}
    assert len(errors) == 9 and len(set(errors.values())) == 7, errors  # a drop is a reset, a stall a stall


@pytest.mark.parametrize("kind", ["HttpLocust", "HttpUser"])
def test_the_end_of_the_run_does_not_wait_for_a_server_that_stalls(play, target, kind):
    report = play(f"""
from locust import HttpLocust, HttpUser, TaskSet, task
class Tasks(TaskSet):
    min_wait = max_wait = 0
    @task
    def stall(self): self.client.get("/stall")
    @task
    def stall_body(self): self.client.get("/stall-body")
class User({kind}):
    {"task_set = Tasks" if kind == "HttpLocust" else "tasks = [Tasks]"}
""", "-c", 20, "-t", "1s", host=target.url, code=None)
    assert report.seconds < 15 and report.code in (0, 1)
    assert "Shutting down" in report.stderr


def test_a_server_that_stops_answering_in_the_middle_of_a_run(play, start_target):
    target = start_target("--stall-after", "100")
    report = play("""
from locust import HttpUser, task, constant
class User(HttpUser):
    wait_time = constant(0.01)
    @task
    def work(self): self.client.get("/json", timeout=0.2)
""", "-c", 5, "-t", "2s", host=target.url, code=1)
    assert report.total()[0] == 100 and report.total()[1] >= 5
    assert all("ReadTimeout" in error for error in report.errors())


def test_a_server_that_dies_and_comes_back(begin, probe, start_target, serve):
    first = serve(lambda connection: [connection.sendall(answer()) for _ in iter(lambda: read_head(connection), b"")])
    program = begin("""
from locust import HttpUser, task, constant
from probe import note
class User(HttpUser):
    wait_time = constant(0.02)
    @task
    def work(self): note("answer", status=self.client.get("/json").status_code)
""", "-c", 3, "-t", "3s", host=first.url)
    probe.wait("answer", 10)
    first.close()
    while 0 not in probe.values("answer", "status"):
        probe.wait("answer", probe.count("answer") + 1)
    report = Report(program.finish(30))
    assert report.code == 1 and report.total()[1] > 3 and all("ConnectionError" in error for error in report.errors())


def test_a_delay_of_all_answers_is_measured(play, start_target):
    target = start_target("--delay", "100-150")
    report = play(ONCE % 'self.client.get("/"); self.client.get("/")', "-c", 10, host=target.url)
    row = report.table()["GET /"]
    assert row.requests == 20 and 100 <= row.min and row.avg < 250
    agree(report, target.stats())


# ---- answers byte by byte


def talk_once(reply, close=False):
    """Answers every request with `reply`; closes after the first when told."""
    def talk(connection):
        while read_head(connection):
            connection.sendall(reply)
            if close:
                return
    return talk


@pytest.mark.parametrize("reply, close, status, text", [
    (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", True, 200, "until the end"),
    (b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", False, 200, "hello"),
    (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", False, 200, "hi"),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(b"late"), False, 200, "late"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", False, 200, "abc"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\nContent-Length: 999\r\n\r\n1;x=y\r\nZ\r\n0\r\nT: 1\r\n\r\n", False, 200, "Z"),
    (b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", False, 204, ""),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", False, 304, ""),
    (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", False, 999, ""),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", False, 200, "abc"),
    (b"HTTP/1.1 200 OK\r\nX-Folded: a\r\n  b\r\nContent-Length: 1\r\n\r\nx", False, 200, "x"),
    (answer(b"grown") + b"and more than was asked for", False, 200, "grown"),
    (answer(b"x", "Connection: close"), True, 200, "x"),
    # broken ones: no answer
    (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", False, 0, ""),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", False, 0, ""),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n", False, 0, ""),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", False, 0, ""),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nshort", True, 0, ""),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", False, 0, ""),
    (b"HTTP/1.1 abc OK\r\n\r\n", False, 0, ""),
    (b"SSH-2.0-OpenSSH_9.2\r\n", True, 0, ""),
    (b"\x00" * 5000, False, 0, ""),
    (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", False, 0, ""),
    (b"", True, 0, "")])
def test_odd_answers(play, probe, serve, reply, close, status, text):
    server = serve(talk_once(reply, close))
    play(ONCE % """response = self.client.get("/x", timeout=5)
            note("answer", status=response.status_code, text=response.text)
            response = self.client.post("/x", data="y", timeout=5)
            note("answer", status=response.status_code, text=response.text)
""", "-c", 2, host=server.url, code=int(status == 0))
    assert probe.values("answer", "status") == [status] * 4
    assert probe.values("answer", "text") == [text] * 4


def test_a_slow_server_is_read_piece_by_piece(play, probe, serve):
    import time

    def drip(connection):
        while read_head(connection):
            for byte in answer(b"drop by drop"):
                connection.sendall(bytes([byte]))
                time.sleep(0.003)

    server = serve(drip)
    play(ONCE % 'note("answer", text=self.client.get("/", timeout=0.5).text)', "-c", 2, host=server.url)
    assert probe.values("answer", "text") == ["drop by drop"] * 2


def test_cookies_of_odd_servers(play, probe, serve):
    server = serve(talk_once(answer(b"x", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=\"two words\"; HttpOnly; SameSite=Lax",
                                    "Set-Cookie: c=3; Domain=evil.example", "Set-Cookie: =nameless", "Set-Cookie: d=4; Max-Age=0",
                                    "set-cookie: e=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Set-Cookie: f=6; Secure")))
    play(ONCE % 'self.client.get("/"); note("jar", cookies=self.client.cookies.get_dict())', host=server.url)
    cookies = probe.values("jar", "cookies")[0]
    assert cookies["a"] == "1" and "c" not in cookies and "d" not in cookies and "e" not in cookies


def test_an_upload_to_a_server_that_does_not_read(play, probe, serve):
    def unread(connection):
        connection.recv(100)
        connection.sendall(answer(b"enough"))

    server = serve(unread)
    play(ONCE % 'note("answer", status=self.client.post("/", data=b"x" * 50_000_000, timeout=5).status_code)', host=server.url,
         code=None)
    assert probe.values("answer", "status")[0] in (0, 200)


def test_redirects_of_odd_servers(play, probe, serve):
    def talk(connection):
        while head := read_head(connection):
            path = head.split()[1].decode()
            location = {"/empty": "", "/loop": "/loop", "/scheme": "ftp://127.0.0.1/", "/space": "/a b", "/end": None,
                        "/query": "?q=1", "/double": "//nowhere.invalid/x", "/bad": "http://[::1"}.get(path.split("?")[0], None)
            if path == "/query?q=1" or location is None:
                connection.sendall(answer(path.encode()))
            else:
                connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

    server = serve(talk)
    play(ONCE % """
            for path in "/empty", "/loop", "/scheme", "/space", "/query", "/double", "/bad":
                try:
                    response = self.client.get(path)
                    note("answer", path=path, status=response.status_code, text=response.text)
                except Exception as error:
                    note("answer", path=path, status=type(error).__name__, text="")
""", host=server.url, code=1)
    found = {note["path"]: (note["status"], note["text"]) for note in probe.all("answer")}
    assert found["/loop"] == (0, "") and found["/space"] == (200, "/a%20b") and found["/query"] == (200, "/query?q=1")
    assert found["/scheme"][0] in ("InvalidSchema", 0) and found["/double"] == (0, "")
    assert found["/bad"][0] in ("InvalidURL", 0) and len(found) == 7
