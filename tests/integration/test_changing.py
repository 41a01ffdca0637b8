# SPDX-License-Identifier: MIT
"""Scripts that change the number of users while a test runs, stop it, and begin another."""
import signal

import pytest

from tables import Report, agree

HEAD = """
import gevent
from locust import HttpLocust, HttpUser, TaskSet, constant, events, runners, task
from locust.exception import StopLocust, StopUser
from probe import note

class Tasks(TaskSet):
    def on_start(self):
        note("start", cls=type(self.locust).__name__)
    def on_stop(self):
        note("stop")
    @task
    def index(self):
        self.client.get(PATH)

class Light(HttpLocust):
    weight = 1
    task_set = Tasks
    min_wait = max_wait = 20

class Heavy(Light):
    weight = 3

PATH = "/"
"""

# Runs `steps()` in a greenlet of its own from the moment all users of the command line have been started.
CONDUCT = """
complete = gevent.event.Event()

def wait_complete():
    complete.clear()
    assert complete.wait(20)

def on_complete(user_count):
    runner = runners.locust_runner
    note("complete", users=user_count, alive=runner.user_count, state=runner.state, mix=runner.user_classes_count)
    if not conducted:
        conducted.append(gevent.spawn(conduct))
    complete.set()

def conduct():
    gevent.sleep(0)
    try:
        steps(runners.locust_runner)
    except Exception as error:
        note("error", text=repr(error))
        raise
    finally:
        runners.locust_runner.quit()

conducted = []
events.hatch_complete += on_complete
"""


def conducted(play, probe, text, *options, **more):
    report = play(HEAD + CONDUCT + text, *options, **more)
    assert probe.values("error", "text") == []
    return report


def test_users_are_raised_and_lowered_under_load_and_every_request_is_in_the_table(play, probe, target):
    report = conducted(play, probe, """
Light.min_wait = Light.max_wait = 0
PATH = "/slow?ms=5"
numbers = [40, 3, 60, 8, 8, 25, 1, 50, 20]
def steps(runner):
    for number in numbers:
        runner.start_hatching(number, 1000)
        wait_complete()
        gevent.sleep(0.05)
    for number in numbers:
        runner.start_hatching(number, 400)
        gevent.sleep(0.02)
    runner.start_hatching(12, 1000)
    while not (runner.user_count == 12 and runner.state == "running"):
        gevent.sleep(0.01)
""", "-c", 4, host=target.url)
    told = [note for note in probe.all("complete") if note["users"] == note["alive"]]
    assert len(told) == len(probe.all("complete")) >= 11
    assert [note["users"] for note in told[:10]] == [4, 40, 3, 60, 8, 8, 25, 1, 50, 20]
    mixes = {note["users"]: (note["mix"]["Light"], note["mix"]["Heavy"]) for note in told}
    assert (mixes[40], mixes[60], mixes[8], mixes[20], mixes[12]) == ((10, 30), (15, 45), (2, 6), (5, 15), (3, 9))
    assert {note["state"] for note in told} == {"hatching"}
    assert probe.count("start") == probe.count("stop") > 150
    assert report.total()[0] > 300 and report.total()[1] == 0
    agree(report, target.stats())


def test_users_that_are_taken_away_finish_the_request_they_are_in(play, probe, target):
    report = conducted(play, probe, """
PATH = "/slow?ms=300"
def steps(runner):
    gevent.sleep(0.1)
    runner.start_hatching(2, 1000)
    wait_complete()
""", "-c", 10, host=target.url)
    assert report.total() == (10 + 2, 0) or report.total() == (10, 0)
    agree(report, target.stats())


def test_more_users_come_by_the_rate_and_too_many_go_by_it_in_2x(play, probe, target):
    conducted(play, probe, """
def steps(runner):
    note("raise")
    runner.start_hatching(10, 20)
    wait_complete()
    note("lower")
    runner.environment.runner.start(5, 20)
    wait_complete()
    note("lowered")
""".replace("runner.environment.runner", "runners.locust_runner.environment.runner"), "-c", 4, host=target.url)
    begin, end = probe.values("raise", "time")[0], probe.values("lower", "time")[0]
    assert 0.28 < end - begin < 0.8  # six users, and an interval
    came = [note["time"] - begin for note in probe.all("start")[4:]]
    assert len(came) == 6 and all(after >= number / 20 - 0.01 for number, after in enumerate(came)), came
    went = [note["time"] - end for note in probe.all("stop")[:5]]
    assert all(after >= number / 20 - 0.01 for number, after in enumerate(went)), went


def test_a_task_may_change_the_number_of_users(play, probe, target):
    report = play(HEAD + """
calls = []
def index(self):
    self.client.get("/")
    calls.append(1)
    runner = runners.locust_runner
    if len(calls) == 3:
        runner.start_hatching(5, 1000)
    if runner.user_count == 5 and runner.state == "running":
        note("there", users=runner.num_clients)
        runner.quit()
Tasks.tasks = [index]
""", host=target.url)
    assert probe.values("there", "users")[0] == 5 and probe.count("start") == 5
    agree(report, target.stats())


def test_a_stop_and_a_start_are_two_tests_with_statistics_of_their_own(play, probe, target):
    report = conducted(play, probe, """
for name in "locust_start_hatching", "locust_stop_hatching", "test_start", "test_stop", "quitting", "hatch_complete":
    hook = getattr(events, name)
    hook += lambda name=name, **kwargs: note("event", name=name, keywords=sorted(kwargs))
PATH = "/error?rate=1"
def steps(runner):
    global PATH
    while runner.stats.num_failures < 10:
        gevent.sleep(0.01)
    runner.stop()
    note("stopped", state=runner.state, alive=runner.user_count, failures=runner.stats.num_failures,
         errors=len(runner.errors))
    PATH = "/json"
    gevent.sleep(0.2)
    runner.start_hatching(6, 1000)
    wait_complete()
    while runner.stats.num_requests < 20:
        gevent.sleep(0.01)
""", "-c", 3, host=target.url)
    note = probe.all("stopped")[0]
    assert (note["state"], note["alive"], note["errors"]) == ("stopped", 0, 1) and note["failures"] >= 10
    table = report.table()
    assert list(table) == ["GET /json"] and table["GET /json"].requests >= 20 and report.errors() == {}
    assert table["GET /json"].requests == target.stats()["by_status"]["200"]
    names = probe.values("event", "name")
    one = ["locust_start_hatching", "test_start", "hatch_complete", "locust_stop_hatching", "test_stop"]
    assert names == one + one + ["quitting"]
    keywords = {note["name"]: note["keywords"] for note in probe.all("event")}
    assert keywords == {"locust_start_hatching": [], "locust_stop_hatching": [], "test_start": ["environment"],
                        "test_stop": ["environment"], "hatch_complete": ["user_count"], "quitting": ["environment"]}


def test_a_script_that_stops_all_users_ends_the_run_a_second_later(play, probe, target):
    report = play(HEAD + CONDUCT.replace("        runners.locust_runner.quit()", "        pass") + """
def steps(runner):
    runner.stop()
    note("stopped")
""", "-c", 3, host=target.url)
    assert probe.count("stopped") == 1 and probe.count("stop") == 3
    assert "has started none since" in report.stderr and report.seconds < 15
    agree(report, target.stats())


@pytest.mark.parametrize("where", ["task", "on_stop", "listener", "hub"])
def test_a_stop_from_anywhere_holds_nobody_up(play, probe, target, where):
    places = {
        "task": "def index(self): stop()\nTasks.tasks = [index]",
        "on_stop": "def on_stop(self): stop(); note('stop')\nTasks.on_stop = on_stop\n"
                   "events.hatch_complete += lambda **kw: runners.locust_runner.kill_locusts(1)",
        "listener": "events.hatch_complete += lambda **kw: stop()",
        "hub": "events.hatch_complete += lambda **kw: gevent.get_hub().loop.run_callback(stop)"}
    report = play(HEAD + """
def stop():
    runners.locust_runner.stop()
    note("returned")
""" + places[where], "-c", 3, host=target.url)
    assert probe.count("returned") >= 1 and report.seconds < 15 and "has started none since" in report.stderr
    agree(report, target.stats())


def test_a_quit_in_on_stop_while_users_are_taken_away_ends_the_run(play, probe, target):
    report = conducted(play, probe, """
def on_stop(self):
    note("stop")
    runners.locust_runner.quit()
Tasks.on_stop = on_stop
def steps(runner):
    runner.start_hatching(1, 1000)
    gevent.sleep(60)
""", "-c", 4, host=target.url)
    assert probe.count("stop") == 4 and report.seconds < 15
    agree(report, target.stats())


def test_a_signal_ends_a_change_that_is_under_way(begin, probe, target):
    program = begin(HEAD + CONDUCT + """
def steps(runner):
    runner.start_hatching(1000, 20)
    note("changing")
    gevent.sleep(60)
""", "-c", 3, host=target.url)
    probe.wait("changing")
    probe.wait("start", 6)
    program.signal(signal.SIGTERM)
    report = Report(program.finish(20))
    probe.settle()
    assert report.code == 0 and not report.broken() and probe.count("start") == probe.count("stop") < 100
    agree(report, target.stats())


def test_users_that_are_stopped_while_they_are_being_made_never_begin(play, probe, target):
    report = conducted(play, probe, """
def __init__(self):
    gevent.sleep(30)
Slow = type("Slow", (Light,), {"__init__": __init__, "weight": 1000})
def steps(runner):
    runner.start_hatching(1, 1000)
    wait_complete()
    note("left", users=runner.user_count)
""", "-c", 6, host=target.url)
    assert probe.values("left", "users") == [1] and report.seconds < 20
    agree(report, target.stats())


def test_a_2x_script_reads_its_runner_while_users_are_spawned(play, probe, target):
    play(HEAD + """
del Light, Heavy
class Api(HttpUser):
    wait_time = constant(0.02)
    @task
    def get(self):
        self.client.get("/json")

@events.init.add_listener
def on_init(environment, **kwargs):
    note("init", state=environment.runner.state)
    gevent.spawn(watch, environment)

def watch(environment):
    states = []
    while not states or states[-1] != "running":
        if environment.runner.state not in states:
            states.append(environment.runner.state)
        gevent.sleep(0.005)
    runner = environment.runner
    note("watched", states=states, target=runner.target_user_count, classes=runner.user_classes_count,
         rate=runner.spawn_rate, stats=environment.stats is runner.stats)
    while runner.stats.total.num_requests < 10:
        gevent.sleep(0.01)
    runner.quit()
""", "-c", 3, "-r", "30", host=target.url)
    assert probe.values("init", "state") == ["ready"]
    note = probe.all("watched")[0]
    assert note["states"] == ["ready", "spawning", "running"] and note["stats"] is True
    assert (note["target"], note["classes"], note["rate"]) == (3, {"Api": 3}, 30)


# ---- exit codes


NEW = HEAD + """
del Light, Heavy
class Api(HttpUser):
    @task
    def get(self):
        self.client.get("/json")
        failing()
        raise StopUser
def failing(): pass
"""


@pytest.mark.parametrize("text, options, code", [
    ("", [], 0),
    ("def failing(): 1 / 0\nApi.wait_time = constant(0.02)", ["-t", "1s"], 1),
    ("def failing(): 1 / 0\nApi.wait_time = constant(0.02)", ["-t", "1s", "--exit-code-on-error", "7"], 7),
    ("@events.test_start.add_listener\ndef bad(environment): 1 / 0", [], 2),
    ("@events.test_start.add_listener\ndef bad(environment): 1 / 0\ndef done(environment, **kw): "
     "environment.process_exit_code = 0\nevents.quitting.add_listener(done)", [], 0),
], ids=["good", "exception", "other code", "listener", "own code"])
def test_exit_codes_of_2x(play, target, text, options, code):
    play(NEW + text, *options, host=target.url, code=code)


@pytest.mark.parametrize("options, code", [([], 1), (["--exit-code-on-error=0"], 0), (["--exit-code-on-error", "9"], 9)])
def test_the_code_of_failed_requests_can_be_chosen(play, target, options, code):
    play(NEW.replace("/json", "/status/500"), *options, host=target.url, code=code)


def test_listeners_of_the_very_end_hear_the_exit_code_after_the_tables(begin, probe, target):
    program = begin(NEW.replace("/json", "/status/500") + """
import sys
@events.quit.add_listener
def on_quit(exit_code, **kwargs):
    note("quit", code=exit_code)
    sys.__stderr__.write("the very end\\n")
""", host=target.url)
    report = Report(program.finish(20))
    probe.settle()
    assert probe.values("quit", "code") == [1] == [report.code]
    assert report.lines[-1] == "the very end" and any("Error report" in line for line in report.lines)
