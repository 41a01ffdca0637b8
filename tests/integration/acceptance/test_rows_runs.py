# SPDX-License-Identifier: MIT
"""The life of a run: its users and their classes, its beginning and end, what it prints and its exit code."""
import re

import pytest

from tables import agree

# Two classes, one three times as frequent as the other; what the run does is noted as it happens.
SITE = """
import gevent, os
from locust import HttpLocust, TaskSet, events, runners, stats, task
from locust.exception import StopLocust
from probe import note

class Tasks(TaskSet):
    def on_start(self):
        note("user", cls=type(self.locust).__name__, number=id(self.locust))

    @task
    def index(self):
        self.client.get("/")

class WebUserLocust(HttpLocust):
    weight = 3
    task_set = Tasks
    min_wait = max_wait = 50

class MobileUserLocust(HttpLocust):
    weight = 1
    task_set = Tasks
    min_wait = max_wait = 50

events.locust_start_hatching += lambda **given: note("begun", given=given)
events.hatch_complete += lambda **given: note("hatched", given=given)
events.quitting += lambda **given: note("quitting", given=sorted(given))
"""

# A look at the numbers before the end: what the rate of the table is made of.
RATES = """
def look():
    gevent.sleep(5.5)
    total = stats.global_stats.total
    note("rates", current=total.current_rps, counts={str(k): v for k, v in total.num_reqs_per_sec.items()},
         last=int(total.last_request_timestamp), average=total.avg_response_time)

events.locust_start_hatching += lambda: gevent.spawn(look)
"""


@pytest.fixture(scope="module")
def six_seconds(stage):
    """(Report, Probe) of eight users, four a second, for six seconds."""
    return stage.play(SITE + RATES, "-c", 8, "-r", 4, "--run-time", "6s", host=stage.target().url)


def starts(probe):
    times = probe.values("user", "time")
    return [time - times[0] for time in times]


def test_M4_02_a_user_is_an_instance(six_seconds):
    """For each simulated user there is one instance of its class."""
    assert len(set(six_seconds[1].values("user", "number"))) == six_seconds[1].count("user") == 8


def test_M4_09_weight_makes_a_class_more_frequent(six_seconds):
    """With weights 3 and 1 a class has three times as many users as the other."""
    assert sorted(six_seconds[1].values("user", "cls")) == ["MobileUserLocust"] * 2 + ["WebUserLocust"] * 6


def test_B_10_weights_of_several_classes(six_seconds):
    """`weight` shares the users out among the classes of a file."""
    assert "All locusts hatched: WebUserLocust: 6, MobileUserLocust: 2" in six_seconds[0].stderr


def test_M6_02_clients_is_the_number_of_users(six_seconds):
    """`-c` says how many users are started: exactly so many."""
    assert "Hatching and swarming 8 clients at the rate 4 clients/s" in six_seconds[0].stderr
    assert six_seconds[1].count("user") == 8


def test_M6_03_hatch_rate_is_users_per_second(six_seconds):
    """`-r` says how many users are started per second."""
    assert starts(six_seconds[1]) == pytest.approx([number / 4 for number in range(8)], abs=0.3)


def test_M6_06_run_time_limits_the_run(six_seconds):
    """`-t` and `--run-time` limit how long the run takes."""
    report, probe = six_seconds
    assert "Run time limit set to 6 seconds" in report.stderr
    begun, quitting = probe.values("begun", "time")[0], probe.values("quitting", "time")[0]
    assert quitting - begun == pytest.approx(6, abs=0.5)


def test_M6_08_it_shuts_down_when_the_time_is_up(six_seconds):
    """When its time is up, the run ends by itself, with all its reports."""
    report, probe = six_seconds
    assert [word for word in ("Time limit reached", "Cleaning up", "Running teardowns", "Shutting down (exit code 0)")
            if word not in report.stderr] == []
    assert report.total()[0] == sum(row.requests for row in report.table().values()) > 100


def test_M9_80_hatch_complete_tells_the_number_of_users(six_seconds):
    """`hatch_complete` is fired once, with `user_count`, an interval after the last user was started."""
    note, = six_seconds[1].all("hatched")
    assert note["given"] == {"user_count": 8}
    assert note["time"] - six_seconds[1].values("user", "time")[0] == pytest.approx(2, abs=0.3)


def test_M9_81_quitting_is_fired_at_the_end(six_seconds):
    """`quitting` is fired once, when the process is about to end."""
    assert six_seconds[1].kinds()[-1] == "quitting" and six_seconds[1].count("quitting") == 1


def test_B_51_rates_are_of_late_and_times_of_the_whole_test(six_seconds):
    """`req/s` is that of a few seconds, ten at most and three seconds ago; averages are those of the whole test."""
    note, = six_seconds[1].all("rates")
    first = min(map(int, note["counts"]))
    window = [note["counts"].get(str(second), 0) for second in range(max(note["last"] - 12, first), note["last"] - 2)]
    assert note["current"] == pytest.approx(sum(window) / len(window), rel=0.35)
    assert 0 < note["current"] < 8 * 20 + 1
    assert 0 < note["average"] < 1000


@pytest.fixture(scope="module")
def hosts(stage):
    """Targets and the counts at (class's, command line's) host of a run with -H and of one without."""
    counts = []
    for given in (True, False):
        own, other = stage.target(), stage.target()
        text = SITE + "\nfor cls in (WebUserLocust, MobileUserLocust):\n    cls.host = os.environ['OWN']\n"
        stage.play(text, "-c", 2, "-n", 4, env={"OWN": own.url}, host=other.url if given else None)
        counts.append((own.stats()["requests"], other.stats()["requests"]))
    return counts


def test_M4_10_host_is_the_class_s_unless_given(hosts):
    """A class's `host` is put in front of its URLs when `--host` is not given."""
    assert hosts[1][0] >= 4 and hosts[1][1] == 0


def test_B_09_host_of_the_class_gives_way(hosts):
    """A class's `host` has no effect when `-H` is given."""
    assert hosts[0][0] == 0 and hosts[0][1] >= 4


def test_M4_08_classes_are_named_on_the_command_line(stage):
    """`-f FILE WebUserLocust MobileUserLocust` runs these two classes of the file."""
    text = SITE + "\nclass Other(HttpLocust):\n    task_set = Tasks\n"
    _, probe = stage.play(text, "-c", 4, "-n", 8, "WebUserLocust", "MobileUserLocust", host=stage.target().url)
    assert sorted(probe.values("user", "cls")) == ["MobileUserLocust"] + ["WebUserLocust"] * 3


def test_M9_06_weight_is_10(stage):
    """`weight` is 10 unless set; a class with 30 is three times as frequent."""
    text = SITE.replace("    weight = 3\n", "    weight = 30\n").replace("    weight = 1\n", "")
    _, probe = stage.play(text + "note('weight', weight=MobileUserLocust.weight)", "-c", 8, "-n", 16,
                          host=stage.target().url)
    assert probe.values("weight", "weight") == [10]
    assert sorted(probe.values("user", "cls")) == ["MobileUserLocust"] * 2 + ["WebUserLocust"] * 6


# Half of the requests fail; a task that raises comes between.
FAILING = """
from locust import HttpLocust, TaskSequence, seq_task
from probe import note

class Steps(TaskSequence):
    @seq_task(1)
    def good(self):
        self.client.get("/json")

    @seq_task(2)
    def raises(self):
        raise ValueError("not the end of this user")

    @seq_task(3)
    def bad(self):
        self.client.get("/status/500")

class Stepping(HttpLocust):
    task_set = Steps
    min_wait = max_wait = 0
"""


@pytest.fixture(scope="module")
def failing(stage):
    """(Report, the target's count) of one user and ten requests, of which every second one fails."""
    target = stage.target()
    report, _ = stage.play(FAILING, "-c", 1, "-n", 10, code=1, host=target.url)
    return report, target.stats()


def test_M6_04_the_exit_code_tells_a_pipeline(failing, six_seconds):
    """A run fits into continuous integration: its exit code is 0 when all went well and 1 when requests failed."""
    assert (failing[0].code, six_seconds[0].code) == (1, 0)
    assert failing[0].stdout == ""


def test_M12_13_failed_requests_make_the_exit_code_1(failing):
    """Since 0.7.2 the exit code is 1 when failed requests were reported."""
    report = failing[0]
    assert report.code == 1 and "Shutting down (exit code 1)" in report.stderr
    assert list(report.errors().values()) == [5]


def test_M12_17_exceptions_of_tasks_are_caught(failing):
    """Since 0.7.1 an exception in a task set is caught: it is logged, and its user goes on."""
    assert failing[0].stderr.count("ValueError: not the end of this user") >= 4
    assert failing[0].total() == (5, 5)


def test_M12_34_failed_requests_count_towards_the_limit(failing):
    """Since 0.7 failed requests count towards the number that `-n` allows."""
    assert failing[0].total() == (5, 5)
    agree(*failing)


# The article's script, as in its transcripts.
ARTICLE = """
from locust import HttpLocust, TaskSet, task

class WebsiteTasks(TaskSet):
    @task(2)
    def index(self):
        print("front page")
        self.client.get("/")

    @task(1)
    def about(self):
        print("about page")
        self.client.get("/about/")

class WebsiteUser(HttpLocust):
    task_set = WebsiteTasks
    min_wait = %d
    max_wait = %d
"""


def test_B_29_a_script_is_tried_with_one_request(stage):
    """`--no_web -c 1 -n 1` tries a script: its prints are in the log, and one request is made."""
    report, _ = stage.play(ARTICLE % (1000, 5000), "--no_web", "-c", "1", "-n", "1", host=stage.target().url)
    assert sum(report.total()) == 1
    assert report.records("INFO", "stdout") in (["front page"], ["about page"])


@pytest.fixture(scope="module")
def transcript(stage):
    """The article's `--no-web -c1 -n2`, as the log of a run of some three seconds."""
    return stage.play(ARTICLE % (2500, 2500), "-c1", "-n2", "-r", "1", host=stage.target().url)[0]


def test_B_36_a_run_looks_as_in_the_article(transcript):
    """Hatching, a table every two seconds, all hatched, all dead, the exit code and the last tables are printed."""
    order = ("INFO/locust.main: Starting Locust", "INFO/locust.runners: Hatching and swarming 1 clients at the rate 1 ",
             "INFO/locust.runners: All locusts hatched: WebsiteUser: 1", "INFO/locust.runners: All locusts dead",
             r"INFO/locust.main: Shutting down \(exit code 0\), bye", r"^ Total +2 ",
             "Percentage of the requests completed within given times")
    found = [re.search(pattern, transcript.stderr, re.M) for pattern in order]
    assert all(found), [pattern for pattern, one in zip(order, found) if not one]
    assert [one.start() for one in found] == sorted(one.start() for one in found)
    assert [int(count) for count in re.findall(r"^ Total +(\d+) +0\(", transcript.stderr, re.M)] == [0, 1, 2]


def test_B_37_statistics_are_not_reset_unless_wanted(transcript, stage):
    """The statistics are reset after hatching, as in the article, with `--reset-stats`; else they are kept."""
    assert transcript.total() == (2, 0) and "Resetting stats" not in transcript.stderr
    text = ARTICLE % (3600000, 3600000)
    report, _ = stage.play(text, "-c", "1", "-r", "2", "-t", "1s", "--reset-stats", host=stage.target().url)
    assert report.total() == (0, 0) and "Resetting stats" in report.stderr


def test_vector_three_users_at_one_a_second(stage):
    """Three users at one a second start at 0, 1 and 2 seconds; hatching is complete at 3."""
    report, probe = stage.play(SITE, "-c", 3, "-r", 1, "-t", "4s", host=stage.target().url)
    assert starts(probe) == pytest.approx([0, 1, 2], abs=0.3)
    begun, hatched = probe.values("user", "time")[0], probe.values("hatched", "time")
    assert [time - begun for time in hatched] == [pytest.approx(3, abs=0.3)]
    assert report.stderr.count("All locusts hatched") == 1
