# SPDX-License-Identifier: MIT
"""What the table, the CSV files and the target say after a run is the same, request by request."""
import pytest

from programs import WATCH_OBJECTS  # noqa: F401 - looked for by the fixtures
from tables import agree, read_csv

HEAD = """
from locust import HttpLocust, HttpUser, TaskSet, task, constant
from locust.exception import StopLocust, StopUser
from probe import note
"""


@pytest.mark.parametrize("base", ["HttpLocust", "HttpUser"])
def test_totals_agree_after_a_busy_run_with_errors(play, target, base):
    wait, body = "min_wait = max_wait = 0", "task_set = Tasks"
    if base == "HttpUser":
        wait, body = "wait_time = constant(0)", "tasks = [Tasks]"
    report = play(HEAD + f"""
class Tasks(TaskSet):
    @task(5)
    def index(self): self.client.get("/")
    @task(2)
    def flaky(self): self.client.get("/error?rate=0.3", name="/flaky")
    @task
    def missing(self): self.client.get("/nowhere")
    @task
    def post(self): self.client.post("/echo", data={{"a": "b" * 50}})
    @task
    def json(self): assert self.client.get("/json").json()["id"] == 42
    @task
    def caught(self):
        with self.client.get("/about/", catch_response=True, name="caught") as response:
            if len(response.content) % 2:
                response.failure("odd")
    @task
    def put(self): self.client.put("/upload", data=b"x" * 20000)

class User({base}):
    {wait}
    {body}
""", "-c", 20, "-t", "2s", "--csv", "busy", host=target.url, code=1)
    table = report.table()
    assert report.total()[0] > 500 and table["GET /nowhere"].requests == 0 < table["GET /nowhere"].failures
    assert 0.15 < table["GET /flaky"].failures / sum(table["GET /flaky"][:2]) < 0.45
    agree(report, target.stats(), report.finished.cwd / "busy")
    by_status = target.stats()["by_status"]
    assert by_status["404"] == table["GET /nowhere"].failures and by_status["500"] == table["GET /flaky"].failures
    assert sum(report.errors().values()) == report.total()[1]


def test_redirects_are_one_request_under_the_first_name(play, target):
    report = play(HEAD + """
class User(HttpLocust):
    class task_set(TaskSet):
        @task
        def once(self):
            self.client.get("/redirect/3")
            self.client.post("/redirect-to?url=/echo", {"a": "b"})
            self.client.get("/redirect/5", allow_redirects=False)
            self.client.get("/redirect/40")
            raise StopLocust()
""", "-c", 4, host=target.url, code=1)
    assert {label: row[:2] for label, row in report.table().items()} == {
        "GET /redirect/3": (4, 0), "GET /redirect/5": (4, 0), "POST /redirect-to?url=/echo": (4, 0),
        "GET /redirect/40": (0, 4)}
    agree(report, target.stats(), uncounted=4 * (3 + 1 + 30))
    assert list(report.errors().values()) == [4] and "TooManyRedirects" in next(iter(report.errors()))


def test_labels_are_what_was_asked_for(play, target):
    report = play(HEAD + """
class User(HttpLocust):
    class task_set(TaskSet):
        @task
        def once(self):
            client = self.client
            client.get("/json")
            client.get("/json?q=1")
            client.get("/json", params={"a": "x y", "b": "ü"})
            client.get("/json#part")
            client.get("/echo/ä ö")
            client.get("")
            client.get(client.base_url + "/about/")
            client.get("/json?id=1", name="named")
            client.get("/json?id=2", name="named")
            client.request("get", "/json")
            client.post("/json", name="named")
            client.get("/json", name="with \\"quotes\\", comma")
            client.get("/json", name="ünï 漢字")
            client.get("/json", name="x" * 100)
            raise StopLocust()
""", "--csv", "labels", host=target.url)
    assert set(report.table()) == {
        "GET /json", "GET /json?q=1", "GET /json?a=x+y&b=%C3%BC", "GET /echo/%C3%A4%20%C3%B6", "GET /", "GET /about/",
        "GET named", "get /json", "POST named", 'GET with "quotes", comma', "GET ünï 漢字", "GET " + "x" * 100}
    assert report.table()["GET named"].requests == 2 and report.table()["GET /json"].requests == 2
    agree(report, target.stats(), report.finished.cwd / "labels")
    names = [row["Name"] for row in read_csv(report.finished.cwd / "labels")[0]]
    assert 'with "quotes", comma' in names and "ünï 漢字" in names


def test_every_verb_has_its_row(play, target):
    report = play(HEAD + """
class User(HttpUser):
    @task
    def once(self):
        for verb in "get", "post", "put", "patch", "delete", "head", "options":
            getattr(self.client, verb)("/echo")
        self.client.request("PURGE", "/echo")
        raise StopUser()
""", "-c", 2, host=target.url)
    assert {label: row.requests for label, row in report.table().items()} == {
        f"{verb} /echo": 2 for verb in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE")}
    agree(report, target.stats())


def test_response_times_and_sizes_are_those_of_the_server(play, target):
    report = play(HEAD + """
class User(HttpUser):
    @task
    def once(self):
        self.client.get("/slow?ms=100", name="slow")
        self.client.get("/slow?ms=300", name="slow")
        self.client.get("/bytes/5000", name="bytes")
        self.client.get("/bytes/1000", name="bytes")
        self.client.get("/gzip", name="gzip")
        self.client.get("/bytes/777", name="stream", stream=True).close()
        self.client.get("/stream/50", name="chunks", stream=True).close()
        with self.client.get("/bytes/600000", name="streamed", stream=True, catch_response=True) as response:
            assert len(response.content) == 600000
        with self.client.get("/slow?ms=50", name="caught", catch_response=True) as response:
            import time
            time.sleep(0.3)
        raise StopUser()
""", "--csv", "times", host=target.url)
    slow = report.table()["GET slow"]
    assert 100 <= slow.min < 200 and 300 <= slow.max < 500 and 200 <= slow.avg < 350
    assert report.table()["GET caught"].max < 250  # the block's own time is not the server's
    sizes = {row["Name"]: int(row["Average Content Size"]) for row in read_csv(report.finished.cwd / "times")[0]}
    assert sizes["bytes"] == 3000 and sizes["stream"] == 777 and sizes["streamed"] == 600000
    assert sizes["chunks"] == 0 and sizes["gzip"] > 500


def test_reports_of_catch_response_by_the_rules_of_0_9(play, target):
    report = play(HEAD + """
class User(HttpLocust):
    class task_set(TaskSet):
        @task
        def once(self):
            with self.client.get("/", name="twice", catch_response=True) as response:
                response.success()
                response.failure("after all")
            self.client.get("/", name="never told", catch_response=True)
            self.client.get("/", name="told outside", catch_response=True).failure("outside")
            try:
                with self.client.get("/", name="raised", catch_response=True) as response:
                    raise KeyError("x")
            except KeyError:
                pass
            raise StopLocust()
""", host=target.url, code=1)
    assert {label: row[:2] for label, row in report.table().items()} == {"GET twice": (1, 1), "GET told outside": (0, 1)}
    assert report.errors() == {"""GET twice: "CatchResponseError('after all')\"""": 1,
                               """GET told outside: "CatchResponseError('outside')\"""": 1}


def test_reports_of_catch_response_by_the_rules_of_2x(play, target):
    report = play(HEAD + """
class User(HttpUser):
    @task
    def once(self):
        with self.client.get("/", name="last word", catch_response=True) as response:
            response.success()
            response.failure("after all")
        self.client.get("/", name="never told", catch_response=True)
        with self.client.get("/status/500", name="forgiven", catch_response=True) as response:
            response.success()
        with self.client.get("/", name="object", catch_response=True) as response:
            response.failure({"code": 5})
        try:
            with self.client.get("/", name="raised after failure", catch_response=True) as response:
                response.failure("first")
                raise KeyError("x")
        except KeyError:
            pass
        raise StopUser()
""", host=target.url, code=1)
    assert {label: row[:2] for label, row in report.table().items()} == {
        "GET last word": (0, 1), "GET forgiven": (1, 0), "GET object": (0, 1), "GET raised after failure": (0, 1)}
    assert any("{'code': 5}" in error for error in report.errors())


def test_errors_are_grouped_and_counted(play, target):
    report = play(HEAD + """
class User(HttpLocust):
    class task_set(TaskSet):
        @task
        def once(self):
            for i in range(6):
                self.client.get("/status/503?%d" % (i % 2), name="grouped")
            for i in range(3):
                with self.client.get("/", catch_response=True) as response:
                    response.failure("same text")
            class Odd(Exception):
                pass
            with self.client.get("/", catch_response=True) as response:
                response.failure(Odd(object()))
            with self.client.get("/", catch_response=True) as response:
                response.failure("multi\\nline \\t and ünï")
            raise StopLocust()
""", "-c", 2, host=target.url, code=1)
    errors = report.errors()
    assert sorted(errors.values()) == [2, 2, 6, 6, 6], errors
    assert sum("503 Server Error" in error and error.startswith("GET grouped: ") for error in errors) == 2
    assert any("0x" in error for error in errors)
    assert sum(errors.values()) == report.total()[1]


@pytest.mark.parametrize("base", ["HttpLocust", "HttpUser"])
def test_requests_in_flight_at_the_end_are_counted(play, target, base):
    """Every request that the target answered is in the table, also those that were on their way at the stop."""
    report = play(HEAD + f"""
class Tasks(TaskSet):
    min_wait = max_wait = 0
    wait_time = constant(0)
    @task
    def slow(self):
        self.client.get("/slow?ms=300", name="/slow")

class User({base}):
    {"task_set = Tasks" if base == "HttpLocust" else "tasks = [Tasks]"}
    def on_stop(self):
        self.client.get("/hello")
""", "-c", 30, "-t", "1s", host=target.url)
    assert report.table()["GET /hello"].requests == 30 and report.table()["GET /slow"].requests >= 90
    agree(report, target.stats())


def test_requests_of_on_start_and_on_stop_are_counted(play, target):
    report = play(HEAD + """
class User(HttpLocust):
    min_wait = max_wait = 10
    class task_set(TaskSet):
        def on_start(self): self.client.get("/login", name="start")
        def on_stop(self): self.client.get("/logout", name="stop")
        @task
        def work(self): self.client.get("/")
""", "-c", 10, "-t", "1s", host=target.url)
    assert report.table()["GET start"].requests == report.table()["GET stop"].requests == 10
    agree(report, target.stats())


def test_many_users_for_a_moment(play, start_target):
    target = start_target("--threads", "2")
    report = play(HEAD + """
class User(HttpUser):
    wait_time = constant(0.05)
    @task
    def work(self): self.client.get("/")
""", "-c", 500, "-r", 500, "-t", "3s", host=target.url, timeout=120)
    assert report.total()[1] == 0 and report.total()[0] > 500
    agree(report, target.stats())
    assert target.stats()["connections"]["accepted"] <= 503  # one each, and this test's own


def test_without_any_request_the_tables_are_empty(play):
    report = play(HEAD + """
class User(HttpUser):
    host = "http://127.0.0.1:1"
    @task
    def work(self): raise StopUser()
""", "--csv", "empty")
    assert report.total() == (0, 0) and report.table() == {} and report.errors() == {}
    requests, distribution = read_csv(report.finished.cwd / "empty")
    assert [row["Name"] for row in requests] == ["Total"]
