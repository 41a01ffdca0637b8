# SPDX-License-Identifier: MIT
"""How many users, of which classes, when; how a run ends (chapters 4.1, 6, 9.1, 9.11 and 12 of the manual; the article)."""
import collections
import itertools

import pytest

from tables import agree

# The classes of 4.1.3, in a file with a third one that is not asked for.
TWO_CLASSES = """
from locust import HttpLocust, TaskSet, events, task
from probe import note

class Tasks(TaskSet):
    def on_start(self):
        note("user", name=type(self.locust).__name__, number=id(self.locust), host=self.locust.host)
    @task
    def index(self):
        self.client.get("/json", name=type(self.locust).__name__)

class Base(HttpLocust):
    min_wait = max_wait = 50
    host = "HOST"

class WebUserLocust(Base):
    task_set = Tasks
    weight = 3

class MobileUserLocust(Base):
    task_set = Tasks
    weight = 1

class UnwantedLocust(Base):
    task_set = Tasks
    weight = 1000

events.hatch_complete += lambda **given: note("hatch_complete", given=given)
events.quitting += lambda: note("quitting")
"""


class Run:
    """A run and what it was made of."""

    def __init__(self, stage, text, *options, own_host=False, **more):
        self.target = stage.target()
        more = more if own_host else {"host": self.target.url, **more}
        self.report, self.probe = stage.play(text.replace("HOST", self.target.url), *options, **more)

    def users(self):
        """How many of each class began."""
        return collections.Counter(self.probe.values("user", "name"))


@pytest.fixture(scope="module")
def two_classes(stage):
    """Twelve users at twenty per second, for two seconds; the host is that of the class."""
    return Run(stage, TWO_CLASSES, "WebUserLocust", "MobileUserLocust", "-c", "12", "-r", "20", "-t", "2s",
               own_host=True)


def test_M4_02_an_instance_per_user(two_classes):
    """Each simulated user is an instance of its class."""
    assert len(set(two_classes.probe.values("user", "number"))) == two_classes.probe.count("user") == 12


def test_M4_08_two_classes_of_one_file_by_name(two_classes):
    """Names on the command line choose the classes of a file that run."""
    assert set(two_classes.users()) == {"WebUserLocust", "MobileUserLocust"}
    assert set(two_classes.report.table()) == {"GET WebUserLocust", "GET MobileUserLocust"}


def test_M4_09_weights_of_three_and_one(two_classes):
    """Of two classes with weights 3 and 1 the first has three times as many users."""
    assert two_classes.users() == {"WebUserLocust": 9, "MobileUserLocust": 3}


def test_M6_02_clients_is_the_number_of_users(two_classes):
    """`-c` is the number of users."""
    assert two_classes.probe.count("user") == 12
    assert "All locusts hatched: WebUserLocust: 9, MobileUserLocust: 3" in two_classes.report.stderr


def test_M6_03_hatch_rate_is_users_per_second(two_classes):
    """`-r` is how many users start in a second."""
    times = two_classes.probe.values("user", "time")
    late = [time - times[0] - number / 20 for number, time in enumerate(times)]
    assert min(late) > -0.03 and sorted(late)[6] < 0.1, late


def test_M6_06_run_time_limits_the_run(two_classes):
    """`-t` limits how long the test takes."""
    assert two_classes.report.stderr.count("locust.main: Time limit reached. Stopping Locust.\n") == 1
    assert "Run time limit set to 2 seconds" in two_classes.report.stderr
    quitting = two_classes.probe.values("quitting", "time")[0]
    assert 1.9 < quitting - two_classes.probe.values("user", "time")[0] < 3


def test_M6_08_the_program_ends_when_the_time_is_up(two_classes):
    """When the time is up the program shuts down, with its report and its exit code."""
    assert two_classes.report.code == 0 and two_classes.report.percentiles()
    assert two_classes.report.records(logger="locust.main")[-1].startswith("Shutting down (exit code 0), bye.")
    agree(two_classes.report, two_classes.target.stats())


def test_M9_80_hatch_complete_gets_the_number_of_users(two_classes):
    """`hatch_complete` is fired with `user_count` when all users have been started."""
    assert two_classes.probe.values("hatch_complete", "given") == [{"user_count": 12}]
    assert two_classes.probe.kinds().index("hatch_complete") == 12


def test_M9_81_quitting_when_the_process_ends(two_classes):
    """`quitting` is fired when the process is about to end."""
    assert two_classes.probe.count("quitting") == 1 and two_classes.probe.kinds()[-1] == "quitting"


def test_M4_10_the_class_s_host_holds_unless_one_is_given(stage, two_classes):
    """`host` of a class is used where `--host` is not given; `--host` wins."""
    assert set(two_classes.probe.values("user", "host")) == {two_classes.target.url}
    given = Run(stage, TWO_CLASSES.replace("HOST", "http://127.0.0.1:9"), "WebUserLocust", "-n", "3")
    assert given.probe.values("user", "host") == [given.target.url] and given.report.total() == (3, 0)


def test_B_09_host_is_used_only_without_the_option(stage):
    """A class's `host` is looked at only when `--host` is not given."""
    text = TWO_CLASSES + "MobileUserLocust.host = None\n"
    assert set(Run(stage, text, "WebUserLocust", "MobileUserLocust", "-c", "4", "-n", "20").probe.values(
        "user", "host")).isdisjoint({None, "http://127.0.0.1:9"})
    own = Run(stage, TWO_CLASSES, "WebUserLocust", "-n", "1", own_host=True)
    assert own.report.total() == (1, 0) == (own.target.stats()["requests"], 0)


@pytest.mark.parametrize("weights, users, shares", [
    ((10, 10, 10), 10, (4, 3, 3)), ((1, 1, 1), 1, (1, 0, 0)), ((1, 1, 1), 11, (4, 4, 3)), ((3, 1), 10, (8, 2)),
    ((3, 1), 2, (2, 0)), ((0.5, 1.5), 4, (1, 3))])
def test_M9_06_weight_decides_how_often_a_class_is_chosen(stage, weights, users, shares):
    """The greater a class's `weight`, 10 unless set, the more users it has; together they are exactly as many as asked."""
    classes = "".join(f"\nclass User{number}(Base):\n    task_set = Tasks\n" + (f"    weight = {weight}\n" if weight != 10
                      else "") for number, weight in enumerate(weights))
    text = TWO_CLASSES.split("class WebUserLocust")[0].replace("HOST", "http://127.0.0.1:9")
    text += classes + "Tasks.tasks = [lambda self: exit_one()]\ndef exit_one():\n    from locust.exception import StopLocust\n"
    text += "    raise StopLocust()\n"
    _, probe = stage.play(text, "-c", str(users))
    counted = collections.Counter(probe.values("user", "name"))
    assert tuple(counted[f"User{number}"] for number in range(len(weights))) == shares


def test_B_10_weights_of_several_classes(stage):
    """Several user classes of a file get users by their weights."""
    run = Run(stage, TWO_CLASSES.replace("1000", "6"), "-c", "20", "-n", "100")
    assert run.users() == {"WebUserLocust": 6, "MobileUserLocust": 2, "UnwantedLocust": 12}


# ---- the end of a run


TASK = """
from locust import HttpLocust, TaskSet, task, events, runners
from probe import note

class UserBehavior(TaskSet):
    @task
    def index(self):
        BODY

class WebsiteUser(HttpLocust):
    task_set = UserBehavior
    min_wait = max_wait = 20
"""


def test_M6_04_the_exit_code_tells_automated_flows(stage):
    """A run without the web page suits automated flows: its exit code tells whether requests failed."""
    good = Run(stage, TASK.replace("BODY", "self.client.get('/json')"), "-c", "2", "-n", "10")
    bad = Run(stage, TASK.replace("BODY", "self.client.get('/error?rate=0.5')"), "-c", "2", "-n", "40", code=1)
    assert good.report.total()[1] == 0 and good.report.code == 0
    assert bad.report.total()[0] > 0 < bad.report.total()[1] and "Shutting down (exit code 1), bye." in bad.report.stderr


def test_M12_13_the_exit_code_is_1_when_failures_were_reported(stage):
    """The exit code is 1 when a failed request was reported, whatever ended the run."""
    text = TASK.replace("BODY", "self.client.get('/json'); self.client.get('/status/404')")
    by_limit = Run(stage, text, "-t", "1s", code=1)
    assert by_limit.report.errors() and by_limit.report.total()[0] > 0
    by_script = Run(stage, text + "events.request_failure += lambda **given: runners.locust_runner.quit()\n", code=1)
    assert by_script.report.total()[1] >= 1


def test_M12_17_exceptions_of_tasks_are_caught(stage):
    """An exception in a task is logged and the user goes on, unless the class says otherwise."""
    body = "note('task'); self.client.get('/json'); raise ValueError('of a task')"
    caught = Run(stage, TASK.replace("BODY", body), "-n", "4")
    assert caught.probe.count("task") == 4 and caught.report.stderr.count("ValueError: of a task") >= 3
    text = TASK.replace("BODY", body) + "    _catch_exceptions = False\n"
    ended = Run(stage, text, "-c", "2", "-n", "4")
    assert ended.probe.count("task") == 2 and "All locusts dead" in ended.report.stderr


def test_M12_58_the_number_of_users_can_be_changed_while_a_test_runs(stage):
    """The number of users can be changed while a test runs."""
    run = Run(stage, TASK.replace("BODY", "self.client.get('/json')") + """
numbers = iter([9, 2, 5])
def change(user_count):
    runner = runners.locust_runner
    note("number", wanted=user_count, alive=runner.user_count)
    number = next(numbers, None)
    if number is None:
        runner.quit()
    else:
        runner.start_hatching(number, 500)
events.hatch_complete += change
""", "-c", "4")
    assert run.probe.values("number", "wanted") == run.probe.values("number", "alive") == [4, 9, 2, 5]
    agree(run.report, run.target.stats())


def test_vector_three_users_at_a_rate(stage):
    """Users start one interval apart, and hatching is complete one interval after the last. Here at ten per second."""
    run = Run(stage, TASK.replace("BODY", "pass") + """
UserBehavior.on_start = lambda self: note("user")
events.locust_start_hatching += lambda: note("begin")
def complete(user_count):
    note("complete")
    runners.locust_runner.quit()
events.hatch_complete += complete
""", "-c", "3", "-r", "10")
    times = [note["time"] for note in run.probe._notes if note["kind"] in ("user", "complete")]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert run.probe.kinds() == ["begin", "user", "user", "user", "complete"]
    assert all(0.05 < gap < 0.25 for gap in gaps) and 0.28 < sum(gaps) < 0.45, gaps


# ---- the article's commands


def test_B_29_the_command_that_tries_a_script_once(stage):
    """`-f locustfile.py --no_web -c 1 -n 1` runs one request of one user, with what the script prints."""
    run = Run(stage, TASK.replace("BODY", "print('asking'); self.client.get('/json')"), "-c", "1", "-n", "1", "--no_web")
    assert run.report.total() == (1, 0) and run.target.stats()["requests"] == 1
    assert run.report.records("INFO", "stdout") == ["asking"]


@pytest.fixture(scope="module")
def transcript(stage):
    """The article's run of two requests, with the reset that its version makes by itself."""
    text = TASK.replace("BODY", "self.client.get('/about/')").replace("20", "600")
    return Run(stage, text, "-c1", "-n2", "-r", "2", "--reset-stats")


def test_B_36_the_transcript_of_a_run_without_the_web_page(transcript):
    """A run prints its start, tables, that all users have started, that all are gone, its exit code, and the last tables."""
    lines = iter(transcript.report.lines)
    for text in ("Starting Locust", "Hatching and swarming 1 clients at the rate 2 clients/s...", " Name  ", " Total  ",
                 "All locusts hatched: WebsiteUser: 1", "All locusts dead", "Shutting down (exit code 0), bye.", " Name  ",
                 " GET /about/  ", " Total  ", "Percentage of the requests completed within given times", " GET /about/  "):
        assert any(text in line for line in lines), f"no {text!r} in its place:\n{transcript.report}"


def test_B_37_the_statistics_are_reset_after_hatching(transcript):
    """With `--reset-stats` the statistics begin anew when all users have been started."""
    assert transcript.report.records(logger="locust.runners")[2].startswith("Resetting stats")
    assert transcript.report.total() == (2, 0) and transcript.target.stats()["requests"] == 3


@pytest.mark.parametrize("kind, code", [("/json", 0), ("/status/500", 1)])
def test_vector_number_of_requests(stage, kind, code):
    """`-n` ends the run at that many requests, failed ones included; those under way are finished, at most one per user."""
    run = Run(stage, TASK.replace("BODY", f"self.client.get('{kind}')"), "-c", "5", "-n", "30", code=code)
    assert 30 <= sum(run.report.total()) <= 34 and "All locusts dead" in run.report.stderr
    agree(run.report, run.target.stats())
