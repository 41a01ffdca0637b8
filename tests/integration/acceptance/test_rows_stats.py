# SPDX-License-Identifier: MIT
"""Statistics: the CSV files (chapter 7 of the manual), the tables of the article, what scripts read, and the inputs with
known results."""
import json
import re

import pytest

from sanitizer import plain_environment
from tables import agree, read_csv

PERCENTS = ["50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "100%"]
REQUESTS_HEADER = ('"Method","Name","# requests","# failures","Median response time","Average response time",'
                   '"Min response time","Max response time","Average Content Size","Requests/s"')
DISTRIBUTION_HEADER = '"Name","# requests","50%","66%","75%","80%","90%","95%","98%","99%","100%"'
SLOW = r"(?:1[5-9]|[2-9]\d)\d"  # what 150 ms may take

# A second during which it is noted each time the file of requests appears anew, and how many requests it then has.
WATCH = """
import csv, os, time
import gevent
from locust import HttpLocust, TaskSet, TaskSequence, events, seq_task, task
from locust.exception import StopLocust
from probe import note

def watch():
    last, end = None, time.monotonic() + 1
    while time.monotonic() < end:
        state = os.stat("example_requests.csv")
        if (state.st_ino, state.st_mtime_ns) != last:
            last = state.st_ino, state.st_mtime_ns
            with open("example_requests.csv") as file:
                note("written", requests=int(list(csv.reader(file))[-1][2]))
        time.sleep(0.01)
"""

BASIC = WATCH + """
class Visit(TaskSet):
    @task
    def visit(self):
        for _ in range(10):
            self.client.get("/")
        self.client.get("/slow?ms=150", name="slow")
        self.client.post("/login", {"username": "ellen_key", "password": "education"})
        self.client.get("/about/", name='say "hi", twice')
        for _ in range(3):
            self.client.get("/nowhere")
        if self.locust.first:
            type(self.locust).first = False
            watch()
        raise StopLocust()

class WebsiteUser(HttpLocust):
    first = True
    task_set = Visit
"""


@pytest.fixture(scope="module")
def basic(stage, tmp_path_factory):
    """The manual's run with --csv: (Report, Probe, the target's counters)."""
    target = stage.target()
    path = tmp_path_factory.mktemp("manual") / "examples" / "basic.py"
    path.parent.mkdir()
    path.write_text(BASIC)
    report, probe = stage.play(path, "--csv=example", "-t10m", "-c", 2, host=target.url, code=1)
    return report, probe, target.stats()


@pytest.fixture(scope="module")
def requests_file(basic):
    return (basic[0].finished.cwd / "example_requests.csv").read_text()


@pytest.fixture(scope="module")
def distribution_file(basic):
    return (basic[0].finished.cwd / "example_distribution.csv").read_text()


@pytest.fixture(scope="module")
def every_fifth(stage):
    """A run whose script sets the interval to a fifth of a second: a Probe."""
    target = stage.target()
    return stage.play(WATCH + """
import locust.stats
locust.stats.CSV_STATS_INTERVAL_SEC = 0.2

class User(HttpLocust):
    min_wait = max_wait = 10
    class task_set(TaskSet):
        def on_start(self):
            self.end = gevent.spawn(watch)
        @task
        def index(self):
            self.client.get("/")
            if self.end.ready():
                raise StopLocust()
""", "--csv", "example", host=target.url)[1]


def test_M7_02_csv_saves_the_statistics_again_and_again(every_fifth):
    """`--csv` saves the statistics in two files while the test runs, again and again."""
    counts = every_fifth.values("written", "requests")
    assert counts[0] == 0 and len(counts) >= 4 and counts == sorted(set(counts))


def test_M7_03_the_example_with_csv_and_a_run_time_without_a_blank(basic):
    """`-f examples/basic.py --csv=example --no-web -t10m` runs."""
    report, _, counters = basic
    assert report.records(logger="locust.main")[0] == "Run time limit set to 600 seconds"
    agree(report, counters, report.finished.cwd / "example")


def test_M7_04_the_files_are_named_after_the_given_word(basic):
    """With `--csv=example` they are `example_distribution.csv` and `example_requests.csv`."""
    assert sorted(path.name for path in basic[0].finished.cwd.glob("*.csv")) == [
        "example_distribution.csv", "example_requests.csv"]


def test_M7_05_the_files_say_what_the_tables_say(basic):
    """The files hold what the statistics show."""
    report = basic[0]
    requests, distribution = read_csv(report.finished.cwd / "example")
    table, percentiles = report.table(), report.percentiles()
    rows = {" ".join(filter(None, (row["Method"], row["Name"]))): row for row in requests[:-1]}
    assert list(rows) == list(table)
    for label, row in rows.items():
        shown = table[label]
        assert (int(row["# requests"]), int(row["# failures"])) == (shown.requests, shown.failures)
        for column, millis in (("Median", shown.median), ("Average", shown.avg), ("Min", shown.min), ("Max", shown.max)):
            assert int(row[f"{column} response time"]) - millis in (0, 1)  # rounded here, cut off there
    for row in distribution:
        if row["50%"] != "N/A":
            assert all(int(row[percent]) - millis in (0, 1) for percent, millis in zip(PERCENTS, percentiles[row["Name"]][1]))


def test_M7_06_a_script_sets_the_interval(basic, every_fifth):
    """The files are written every two seconds; `locust.stats.CSV_STATS_INTERVAL_SEC` in the locustfile changes that."""
    assert basic[1].count("written") == 1  # in a second
    assert 4 <= every_fifth.count("written") <= 7


def test_M7_07_the_header_of_the_distribution(distribution_file):
    """The distribution has the columns Name, # requests, and nine percentages."""
    assert distribution_file.split("\n")[0] == DISTRIBUTION_HEADER


def test_M7_08_a_row_of_the_distribution(distribution_file):
    """Verb and name are one quoted field, numbers stand without quotes."""
    lines = distribution_file.split("\n")
    assert re.fullmatch(r'"GET /",20(,\d+){9}', lines[1])
    assert re.fullmatch(r'"POST /login",2(,\d+){9}', lines[2])
    assert re.fullmatch(r'"GET say ""hi"", twice",2(,\d+){9}', lines[4])
    slow = re.fullmatch(r'"GET slow",2((,' + SLOW + "){9})", lines[5])
    times = [int(time) for time in slow[1].split(",")[1:]]
    assert times == sorted(times)


def test_M7_09_a_row_of_the_distribution_without_requests(distribution_file):
    """A name without successful requests has no verb, 0, and `N/A` nine times."""
    assert distribution_file.split("\n")[3] == '"/nowhere",0' + ',"N/A"' * 9


def test_M7_10_the_total_of_the_distribution(distribution_file):
    """The last row is that of all requests, `Total`."""
    assert re.fullmatch(r'"Total",26(,\d+){9}', distribution_file.split("\n")[-1])  # without a newline at the end


def test_M7_11_the_header_of_the_requests(requests_file):
    """The requests have ten columns."""
    assert requests_file.split("\n")[0] == REQUESTS_HEADER


def test_M7_12_a_row_of_the_requests(requests_file):
    """Verb and name are quoted, numbers are not, requests per second have two digits."""
    lines = requests_file.split("\n")
    assert re.fullmatch(r'"GET","/",20,0(,\d+){4},\d+,\d+\.\d\d', lines[1])
    assert re.fullmatch(r'"GET","say ""hi"", twice",2,0(,\d+){5},\d+\.\d\d', lines[4])


def test_M7_13_a_row_of_the_requests_that_all_failed(requests_file):
    """A name whose requests all failed has 0 requests; failures are a number of their own."""
    assert requests_file.split("\n")[3] == '"GET","/nowhere",0,6,0,0,0,0,0,0.00'


def test_M7_14_the_total_of_the_requests(requests_file):
    """The last row is that of all requests: `None`, `Total`."""
    assert re.fullmatch(r'"None","Total",26,6(,\d+){5},\d+\.\d\d', requests_file.split("\n")[-1])


def test_M12_08_results_are_had_as_csv_by_an_option(basic):
    """Results are saved as CSV by an option of the command line."""
    requests, distribution = read_csv(basic[0].finished.cwd / "example")
    assert [row["Name"] for row in requests] == ["/", "/login", "/nowhere", 'say "hi", twice', "slow", "Total"]
    assert len(distribution) == 6


def test_B_38_the_request_table(basic):
    """The table shows Name, # reqs, # fails, Avg, Min, Max, Median and req/s."""
    lines = basic[0].lines
    head = [i for i, line in enumerate(lines) if line.split() == [
        "Name", "#", "reqs", "#", "fails", "Avg", "Min", "Max", "|", "Median", "req/s"]]
    table = lines[head[-1] + 1:]
    assert table[0] == table[6] == "-" * 140
    assert re.fullmatch(r" GET /nowhere {48} {7}0   6\(100\.00%\)( {7}0){3}  \| {7}0    0\.00", table[3])
    assert re.fullmatch(rf" GET slow {{52}} {{7}}2     0\(0\.00%\)( {{5}}{SLOW}){{3}}  \| {{5}}{SLOW} {{4}}\d\.\d\d", table[5])
    assert re.fullmatch(r" Total {55} {6}26    6\(18\.75%\) +\d+\.\d\d", table[7])


def test_B_39_the_percentile_table(basic):
    """The table of percentiles shows within which times 50 to 100 % of the requests were done."""
    lines = basic[0].lines
    at = lines.index("Percentage of the requests completed within given times")
    assert lines[at + 1].split() == ["Name", "#", "reqs", *PERCENTS]
    assert [line[:9].rstrip() for line in lines[at + 3:at + 7]] == [" GET /", " POST /lo", " GET say", " GET slow"]
    assert re.fullmatch(rf" GET slow {{52}} {{8}}2( {{4}}{SLOW}){{9}}", lines[at + 6])
    assert lines[at + 7] == "-" * 140 and re.fullmatch(r" Total {55} {7}26( +\d+){9}", lines[at + 8])


def test_B_53_percentiles_are_had_as_csv(basic):
    """The distribution of response times is had as CSV."""
    rows = {row["Name"]: row for row in read_csv(basic[0].finished.cwd / "example")[1]}
    assert int(rows["GET /"]["50%"]) < 150 <= int(rows["GET slow"]["50%"]) <= int(rows["Total"]["100%"])


# ---- what scripts read and reset


@pytest.fixture(scope="module")
def read_live(stage):
    """A script that reads, resets and reads the statistics in its task and at the end: (Report, Probe)."""
    return stage.play("""
import time
from locust import Locust, TaskSet, events, runners, stats, task
from locust.exception import StopLocust
from probe import note

def fire(name, *times, failures=0):
    for millis in times:
        events.request_success.fire(request_type="job", name=name, response_time=millis, response_length=100)
    for _ in range(failures):
        events.request_failure.fire(request_type="job", name=name, response_time=9, exception=ValueError("bad " + name))

def tell(kind):
    told = runners.locust_runner.stats
    note(kind, requests=told.total.num_requests, failures=told.num_failures, least=told.total.min_response_time,
         most=told.total.max_response_time, median=told.total.median_response_time,
         p95=told.total.get_response_time_percentile(0.95), average=told.total.avg_response_time,
         errors=[error.to_dict() for error in runners.locust_runner.errors.values()],
         entries={entry.name: [entry.num_requests, entry.num_failures, entry.response_times]
                  for entry in runners.locust_runner.request_stats.values()})

class User(Locust):
    class task_set(TaskSet):
        @task
        def once(self):
            note("same", same=runners.locust_runner.stats is stats.global_stats is runners.global_stats)
            fire("first", 5, 7, failures=2)
            tell("before")
            started = stats.global_stats.start_time
            stats.global_stats.reset_all()
            tell("reset")
            note("started", later=stats.global_stats.start_time > started)
            fire("first", 60, 45)
            fire("second", *range(100, 200), failures=1)
            tell("after")
            raise StopLocust()

@events.quitting.add_listener
def at_the_end(**kwargs):
    tell("quitting")
    note("of 2", requests=kwargs["environment"].stats.num_requests, ratio=kwargs["environment"].stats.total.fail_ratio)
""", code=1)


def test_M12_18_the_least_response_time_is_right_after_a_reset(read_live):
    """After the statistics were reset the least response time is that of the requests since."""
    report, probe = read_live
    assert [probe.values(kind, "least") for kind in ("before", "reset", "after")] == [[5], [None], [45]]
    assert report.table()["job first"].min == 45


def test_M12_23_the_statistics_hold_the_global_numbers_and_an_entry_for_each_name(read_live):
    """RequestStats has the numbers of all requests, and a StatsEntry for each name and method."""
    report, probe = read_live
    [end] = probe.all("quitting")
    assert probe.values("same", "same") == [True]
    assert (end["requests"], end["failures"]) == report.total() == (102, 1)
    assert {name: numbers[:2] for name, numbers in end["entries"].items()} == {"first": [2, 0], "second": [100, 1]}
    assert end["entries"]["first"][2] == {"45": 1, "60": 1}
    assert {name: list(row[:2]) for name, row in report.table().items()} == {"job first": [2, 0], "job second": [100, 1]}


def test_what_a_script_reads_is_what_the_report_says(read_live):
    report, probe = read_live
    [end] = probe.all("quitting")
    assert (end["requests"], end["failures"]) == report.total()
    times = report.percentiles()["Total"][1]
    assert int(end["p95"]) == times[PERCENTS.index("95%")] and int(end["most"]) == times[-1] == 199
    assert end["average"] == pytest.approx((sum(range(100, 200)) + 105) / 102)
    assert {error["error"]: error["occurences"] for error in end["errors"]} == {
        "ValueError('bad first')": 2, "ValueError('bad second')": 1}  # a reset keeps errors
    assert sum(report.errors().values()) == 3
    [of_2] = probe.all("of 2")
    assert of_2["requests"] == 103 and of_2["ratio"] == pytest.approx(1 / 103)
    assert probe.all("reset")[0]["requests"] == 0 and probe.values("started", "later") == [True]


# ---- inputs with known results

VECTORS = """
import json
from locust.exception import CatchResponseError
from locust.stats import *

stats = RequestStats()

def entry(*times, failures=0):
    made = StatsEntry(stats, "name", "GET")
    for millis in times:
        made.log(millis, 0)
    for _ in range(failures):
        made.log_error(Exception("bad"))
    return made

def percentiles(made, *shares):
    return [made.get_response_time_percentile(share) for share in shares]

TABLE = (0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
told = {}
one = entry(45, 135, 44, 375, 601, 35, 79, failures=3)
told["counts"] = [one.num_requests, one.num_failures, one.median_response_time, one.avg_response_time]
told["percentiles"] = percentiles(entry(*range(100)), 0.5, 0.6, 0.95)
one = entry(122, 992, 142, 552, 557, 387, 557, 977)
told["median"] = [one.median_response_time, one.avg_response_time, one.min_response_time, one.max_response_time]
told["122"], told["127"] = percentiles(entry(122), *TABLE), percentiles(entry(127), *TABLE)
told["1200"] = percentiles(entry(*[400] * 19, 1200), 0.95, 0.98, 0.99, 1.0)
one = entry(12, 12, 38, failures=1)
one.extend(entry(12, 99, 14, 55, 38, 55, 97, failures=2))
told["extended"] = [one.num_requests, one.num_failures, one.median_response_time, one.avg_response_time]
told["key"] = StatsError.create_key("GET", "/500", CatchResponseError("my fail"))
for error in (ValueError("a"), ValueError("a"), ValueError("b")):
    stats.log_error("GET", "/", error)
told["errors"] = [error.occurences for error in stats.errors.values()]
told["difference"] = diff_response_time_dicts({1: 6, 6: 16, 2: 2}, {1: 1, 6: 8, 2: 2})
told["two"] = [percentiles(entry(250, 260), 0.5), entry(250, 260).median_response_time]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def vectors(stage, acrida):
    """What the entries of a plain process say."""
    finished = stage.start("/usr/bin/python3", "-c", VECTORS, env=plain_environment(acrida)).finish(60)
    assert finished.code == 0, str(finished)
    return json.loads(finished.stdout)


@pytest.mark.parametrize("name, result", [
    ("counts", [7, 3, 79, 187.71428571428572]), ("percentiles", [50, 60, 95]), ("median", [550, 535.75, 122, 992]),
    ("122", [120] * 9), ("127", [130] * 9), ("1200", [1200] * 4), ("extended", [10, 3, 38, 43.2]),
    ("key", "f29512047b60d184cc70cb5679260380"), ("errors", [2, 1]), ("difference", {"1": 5, "6": 8}),
    ("two", [[260], 250])])
def test_vector_statistics(vectors, name, result):
    """Entries that a script counts itself give the numbers, percentiles, sums and keys of 0.9."""
    assert vectors[name] == result
