# SPDX-License-Identifier: MIT
"""The runner objects: what they show of a run, and what they ask of it."""
import gevent
import pytest
from locust import _scenario, events, runners
from locust.env import Environment
from test_scenario import QUIET, in_hub, scenario  # noqa: F401 - a fixture

READY, HATCHING, RUNNING, CLEANUP, STOPPED = range(5)
TWO = QUIET + """
class Heavy(Mine):
    weight = 30
"""


def both():
    return runners.locust_runner, _scenario._scenario.environment.runner


def test_constants_are_those_of_both_generations():
    assert (runners.STATE_INIT, runners.STATE_HATCHING, runners.STATE_SPAWNING, runners.STATE_RUNNING,
            runners.STATE_CLEANUP, runners.STATE_STOPPING, runners.STATE_STOPPED, runners.STATE_MISSING) == (
        "ready", "hatching", "spawning", "running", "cleanup", "stopping", "stopped", "missing")
    assert runners.SLAVE_REPORT_INTERVAL == runners.WORKER_REPORT_INTERVAL == 3.0


def test_the_runners_are_local_ones_and_no_others(scenario):
    scenario(QUIET)
    old, new = both()
    assert isinstance(old, (runners.LocustRunner, runners.LocalLocustRunner)) and isinstance(old, runners.LocalRunner)
    assert isinstance(new, runners.LocalRunner) and not isinstance(new, runners.LocustRunner)
    for name in "DistributedLocustRunner", "MasterLocustRunner", "SlaveLocustRunner", "MasterRunner", "WorkerRunner":
        cls = getattr(runners, name)
        assert not isinstance(old, cls) and not isinstance(new, cls)
        with pytest.raises(NotImplementedError, match=f"{name}: .*machines"):
            cls([], None)
    with pytest.raises(NotImplementedError, match="SlaveNode"):
        runners.SlaveNode("id")


def test_no_runner_before_a_file_is_loaded():
    assert runners.locust_runner is None


@pytest.mark.parametrize("state, old_word, new_word", [
    (READY, "ready", "ready"), (HATCHING, "hatching", "spawning"), (RUNNING, "running", "running"),
    (CLEANUP, "cleanup", "cleanup"), (STOPPED, "stopped", "stopped")])
def test_the_state_is_a_word_of_its_generation(scenario, state, old_word, new_word):
    scenario(QUIET)
    _scenario.status(state, 3, 2.5)
    old, new = both()
    assert (old.state, new.state) == (old_word, new_word)
    for one in both():
        assert one.num_clients == one.target_user_count == 3 and one.hatch_rate == one.spawn_rate == 2.5


def test_what_runs_can_be_read_on_either(scenario):
    one = scenario(TWO, host="http://given")
    for runner in both():
        assert runner.locust_classes == runner.user_classes == [cls.cls for cls in one.classes]
        assert runner.host == "http://given" and runner.environment is one.environment
        assert set(runner.errors) == set(runner.stats.errors) and set(runner.request_stats) == set(runner.stats.entries)
    assert runners.locust_runner.stats is __import__("locust").stats.global_stats
    assert one.environment.runner.stats is one.environment.stats


def test_a_host_that_is_set_is_that_of_users_to_come(scenario):
    one = scenario("class Mine(HttpLocust):\n    host, task_set = 'http://old', TaskSet\n")
    runners.locust_runner.host = "http://new"
    assert one.classes[0].cls.host == one.environment.host == "http://new"


def test_options_are_those_of_the_command_line(scenario, monkeypatch):
    scenario(QUIET)
    monkeypatch.setattr("sys.argv", ["locust", "--no-web", "-c", "7", "-r", "2.5", "-H", "http://h", "-t", "1m"])
    options = runners.locust_runner.options
    assert (options.num_clients, options.hatch_rate, options.host, options.run_time, options.no_web) == (
        7, 2.5, "http://h", "1m", True)


def test_live_users_can_be_counted_and_walked_over(scenario):
    one = scenario(TWO)
    for number, index in enumerate((0, 1, 1)):
        in_hub(_scenario.start_user, index, number)
    for runner in both():
        assert runner.user_count == len(runner.locusts) == len(runner.user_greenlets.greenlets) == 3
        assert sorted(runner.user_classes_count.values()) == [1, 2]
        assert sorted(type(greenlet.args[0]).__name__ for greenlet in runner.locusts) == sorted(
            [one.classes[0].name, one.classes[1].name, one.classes[1].name])
        assert all(greenlet in runner.locusts for greenlet in runner.locusts) and gevent.getcurrent() not in runner.locusts
    in_hub(_scenario.stop_user, 1)
    assert runners.locust_runner.user_count == 2 == sum(runners.locust_runner.user_classes_count.values())


def test_users_are_shared_out_by_weight(scenario):
    scenario(TWO)
    bucket = runners.locust_runner.weight_locusts(8)
    assert sorted(cls.__name__ for cls in bucket) == ["Heavy"] * 6 + ["Mine"] * 2
    _scenario.status(RUNNING, 4, 1)
    assert runners.locust_runner.target_user_classes_count == {"Heavy": 3, "Mine": 1}
    assert [len(runners.locust_runner.weight_locusts(n)) for n in range(20)] == list(range(20))


# ---- asking


def test_start_hatching_and_start_ask_for_users(scenario):
    one = scenario(QUIET)
    _scenario.status(RUNNING, 3, 2.0)
    old, new = both()
    old.start_hatching(10, 5)
    old.start_hatching(10)
    old.start_hatching(12, 0)
    old.start_hatching(locust_count=1, hatch_rate=0.5)
    old.start_hatching()
    new.start(7, spawn_rate=3)
    assert one.asked == [("start", 10, 5.0, False), ("start", 10, 2.0, False), ("start", 12, 2.0, False),
                         ("start", 1, 0.5, False), ("start", 3, 2.0, False), ("start", 7, 3.0, True)]


def test_a_new_test_has_the_users_of_the_command_line_unless_told(scenario):
    one = scenario(QUIET)
    _scenario.status(READY, 3, 2.0)
    _scenario.status(STOPPED, 50, 4.0)
    runners.locust_runner.start_hatching()
    assert one.asked == [("start", 3, 4.0, False)]


def test_users_can_be_added_and_taken_away(scenario):
    one = scenario(QUIET)
    _scenario.status(RUNNING, 3, 2.0)
    runners.locust_runner.spawn_locusts(4)
    runners.locust_runner.spawn_locusts()
    runners.locust_runner.kill_locusts(2)
    runners.locust_runner.kill_locusts(20)
    assert [users for _, users, _, _ in one.asked] == [7, 6, 1, 0]


def test_the_rate_can_be_set_for_the_next_change(scenario):
    one = scenario(QUIET)
    _scenario.status(RUNNING, 3, 2.0)
    runners.locust_runner.hatch_rate = 20
    assert one.environment.runner.spawn_rate == 20
    runners.locust_runner.start_hatching(5)
    assert one.asked == [("start", 5, 20.0, False)]


@pytest.mark.parametrize("users, rate", [(-1, 1), (10 ** 8, 1), (5, float("nan")), ("many", 1), (5, "fast")])
def test_impossible_wishes_are_errors(users, rate):
    """By the real engine, which looks at the numbers before it looks for a run."""
    environment = Environment()
    runner = runners.LocalRunner(environment, _scenario.Run(environment))
    with pytest.raises(ValueError):
        runner.start(users, rate)


def test_start_of_2x_checks_its_other_arguments(scenario):
    one = scenario(QUIET)
    _, new = both()
    with pytest.raises(ValueError, match="at least 10"):
        new.start(10, 5, wait=True)
    with pytest.raises(NotImplementedError, match="classes"):
        new.start(10, 5, user_classes=[])
    new.start(10, 5, user_classes=list(new.user_classes))
    assert one.asked == [("start", 10, 5.0, True)]


def test_quit_and_stop_without_a_run_do_nothing_and_start_says_so():
    environment = Environment()
    runner = runners.LocalRunner(environment, _scenario.Run(environment))
    runner.quit()
    runner.stop()
    with pytest.raises(RuntimeError, match="no test is running"):
        runner.start(1, 1)


# ---- waiting


def test_stop_returns_when_the_listeners_have_heard_of_the_end(scenario):
    one = scenario(QUIET + """
@events.test_stop.add_listener
def slow(**kwargs):
    gevent.sleep(0.02)
    said.append("heard")
""")
    _scenario.status(RUNNING, 1, 1.0)
    stopping = []

    def stop():
        runners.locust_runner.stop()
        one.said.append("returned")

    def over():
        _scenario.status(STOPPED, 1, 1.0)
        _scenario.event(_scenario.TEST_STOP)
        stopping.append(gevent.spawn(stop))

    stopping.append(gevent.spawn(stop))
    gevent.sleep(0.01)
    assert one.asked == [("stop",)] and one.said == []
    in_hub(over)
    assert len(gevent.joinall(stopping, 2)) == 2 and one.said == ["heard", "returned", "returned"]
    runners.locust_runner.stop()  # at once
    assert one.asked == [("stop",)]


def test_stop_does_not_wait_where_that_would_be_for_ever(scenario):
    one = scenario("""
from locust import runners
def stop(who):
    runners.locust_runner.stop()
    said.append(who)
def a(user):
    stop("task")
    raise __import__("locust").exception.StopUser
class Mine(User):
    tasks = [a]
    def on_stop(self):
        stop("on_stop")
events.hatch_complete += lambda user_count: stop("listener")
""")
    _scenario.status(RUNNING, 1, 1.0)
    in_hub(_scenario.start_user, 0, 1)
    in_hub(_scenario.event, _scenario.SPAWNING_COMPLETE, 1)
    in_hub(lambda: (runners.locust_runner.stop(), one.said.append("hub")))
    assert one.said == ["task", "on_stop", "listener", "hub"] and one.asked == [("stop",)] * 4


def test_start_can_wait_for_the_end_of_all_users(scenario):
    one = scenario(QUIET)
    _scenario.status(READY, 1, 1.0)
    waiting = gevent.spawn(runners.locust_runner.start_hatching, 1, 10, wait=True)
    gevent.sleep(0)
    in_hub(_scenario.start_user, 0, 1)
    in_hub(_scenario.status, RUNNING, 1, 1.0)
    assert not waiting.ready()
    in_hub(_scenario.stop_user, 1)
    assert waiting.ready() and one.ended == [1]


def test_listeners_of_the_end_of_a_change_find_the_state_before_it(scenario):
    one = scenario(QUIET + """
from locust import runners
def waits(user_count):
    gevent.sleep(0.02)
    said.append(runners.locust_runner.state)
events.hatch_complete += waits
""")

    def complete():
        _scenario.event(_scenario.SPAWNING_COMPLETE, 1)
        _scenario.status(RUNNING, 1, 1.0)

    _scenario.status(HATCHING, 1, 1.0)
    in_hub(complete)
    gevent.sleep(0.03)
    assert one.said == ["hatching"] and runners.locust_runner.state == "running"


def test_a_listener_of_the_end_of_a_change_that_raises_holds_nothing_up(scenario, caplog):
    one = scenario(QUIET + """
def bad(user_count):
    raise KeyError("broken listener")
events.hatch_complete += bad
events.hatch_complete += lambda user_count: said.append(user_count)
""")
    _scenario.status(HATCHING, 4, 1.0)
    in_hub(lambda: (_scenario.event(_scenario.SPAWNING_COMPLETE, 4), _scenario.status(RUNNING, 4, 1.0)))
    assert one.said == [4] and runners.locust_runner.state == "running" and "broken listener" in caplog.text


def test_what_comes_after_that_is_seen_at_once(scenario):
    scenario(QUIET + "events.hatch_complete += lambda user_count: gevent.sleep(0.03)\n")
    in_hub(lambda: (_scenario.event(_scenario.SPAWNING_COMPLETE, 1), _scenario.status(RUNNING, 1, 1.0)))
    _scenario.status(CLEANUP, 1, 1.0)
    assert runners.locust_runner.state == "cleanup"
    gevent.sleep(0.04)
    assert runners.locust_runner.state == "cleanup"


def test_users_do_not_wait_for_listeners_of_other_moments_than_the_start(scenario):
    one = scenario(QUIET + "events.hatch_complete += lambda user_count: gevent.sleep(60)\n")
    in_hub(_scenario.event, _scenario.SPAWNING_COMPLETE, 1)
    in_hub(_scenario.start_user, 0, 1)
    assert one.said == ["start", "task"]


# ---- exceptions


RAISING = """
def broken():
    raise KeyError("lost")
class Tasks(TaskSet):
    wait_time = lambda self: 0.001
    @task
    def a(self):
        broken()
class Old(Locust):
    task_set = Tasks
class New(User):
    tasks = [Tasks]
"""


@pytest.mark.parametrize("index", [0, 1], ids=["New", "Old"])
def test_exceptions_of_tasks_are_kept_by_their_traceback(scenario, index):
    scenario(RAISING)
    in_hub(_scenario.start_user, index, 1)
    with gevent.Timeout(10):
        while sum(one["count"] for one in runners.locust_runner.exceptions.values()) < 2:
            gevent.sleep(0.001)
    in_hub(_scenario.stop_user, 1)
    for runner in both():
        (key, one), = runner.exceptions.items()
        assert key == hash(one["traceback"]) and one["msg"] == "'lost'" and one["nodes"] == {"local"}
        assert "in broken" in one["traceback"] and "KeyError: " not in one["traceback"] and one["count"] >= 2


def test_an_exception_without_a_text_is_counted_too(scenario):
    scenario(RAISING.replace('KeyError("lost")', 'NoText()') + """
class NoText(Exception):
    def __str__(self):
        raise ValueError("no text")
""")
    in_hub(_scenario.start_user, 1, 1)
    in_hub(_scenario.stop_user, 1)
    assert [one["msg"] for one in runners.locust_runner.exceptions.values()] == ["<NoText without a text>"]


def test_a_listener_of_the_file_runs_before_an_exception_is_counted(scenario):
    one = scenario("""
from locust import runners
events.locust_error += lambda locust_instance, exception, tb: said.append(len(runners.locust_runner.exceptions))
""" + RAISING)
    in_hub(_scenario.start_user, 1, 1)
    assert one.said[0] == 0 and len(runners.locust_runner.exceptions) == 1


def raise_one():
    try:
        raise ValueError("by hand")
    except ValueError as error:
        return error


def test_exceptions_that_scripts_fire_count_once(scenario):
    scenario(QUIET)
    error = raise_one()
    events.locust_error.fire(locust_instance=object(), exception=error, tb=error.__traceback__)
    events.user_error.fire(user_instance=object(), exception=error, tb=error.__traceback__)
    runners.locust_runner.log_exception("elsewhere", "other text", "line\n")
    counts = sorted((one["count"], one["msg"]) for one in runners.locust_runner.exceptions.values())
    assert counts == [(1, "other text"), (2, "by hand")]


def test_a_new_test_begins_without_exceptions(scenario):
    scenario(QUIET)
    runners.locust_runner.log_exception("local", "old", "traceback")
    _scenario.event(_scenario.TEST_START)
    assert runners.locust_runner.exceptions == {}


@pytest.mark.parametrize("classes, expected", [("class Old(Mine): pass", (-1, False, False)),
                                               ("class New(User):\n    tasks = [print]", (-1, True, True))])
def test_exceptions_and_failed_listeners_change_the_exit_code_in_2x_only(scenario, classes, expected):
    scenario(QUIET + classes + "\ndef bad(**kwargs): raise KeyError\nevents.test_start.add_listener(bad)\n")
    _scenario.event(_scenario.TEST_START)
    runners.locust_runner.log_exception("local", "text", "traceback")
    assert _scenario.verdict() == expected


def test_quit_listeners_get_the_exit_code(scenario):
    one = scenario(QUIET + "events.quit.add_listener(lambda exit_code: said.append(exit_code))\n")
    _scenario.event(_scenario.QUIT, 3)
    assert one.said == [3]


def test_teardowns_come_before_listeners_of_the_file_when_the_process_quits(scenario):
    one = scenario("""
class Mine(Locust):
    task_set = TaskSet
    def setup(self):
        events.quitting += lambda: said.append("added in setup")
    def teardown(self):
        said.append("teardown")
events.quitting += lambda: said.append("first")
events.quitting += lambda environment: said.append("second")
""")
    _scenario.set_up()
    _scenario.event(_scenario.QUITTING)
    assert one.said == ["added in setup", "teardown", "second", "first"]
