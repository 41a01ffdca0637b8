# SPDX-License-Identifier: MIT
"""What the program calls, in its order."""
import os
import subprocess
import sys
import textwrap

import gevent
import locust
import pytest
from gevent import get_hub
from locust import _scenario, events, log, runners, stats
from locust.event import EventHook

HEAD = """
from locust import HttpLocust, HttpUser, InterruptTaskSet, Locust, TaskSet, User, events, task
import gevent, sys
said = []
"""


class Engine:
    """What the program is told and asked, in order."""

    def __init__(self):
        self.ended, self.quits, self.asked = [], [], []

    def user_ended(self, number):
        self.ended.append(number)

    def request_start(self, *given):
        self.asked.append(("start", *given))

    def request_stop(self):
        self.asked.append(("stop",))

    def request_quit(self):
        self.quits.append(True)


@pytest.fixture
def scenario(tmp_path, monkeypatch):
    """scenario(text, **options): loads it; .ended, .quits and .asked are what the program would be told."""
    engine = Engine()
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(log, "setup_logging", lambda *given: None)
    monkeypatch.setattr(runners, "locust_runner", None)
    monkeypatch.setattr(_scenario, "_scenario", _scenario._Scenario(engine))
    hooks = [hook for hook in vars(events).values() if isinstance(hook, EventHook)]
    handlers = [hook._handlers[:] for hook in hooks]
    before = set(sys.modules)

    def load(text, **options):
        path = tmp_path / "scenariofile.py"
        path.write_text(HEAD + textwrap.dedent(text))
        load.classes = _scenario.load(str(path), **options)
        load.said = sys.modules["scenariofile"].said
        load.environment = _scenario._scenario.environment
        load.ended, load.quits, load.asked = engine.ended, engine.quits, engine.asked
        return load

    yield load
    for number in list(_scenario._scenario.run.users._alive):
        _scenario.stop_user(number)
    gevent.sleep(0.01)
    for hook, mine in zip(hooks, handlers):
        hook._handlers[:] = mine
    for name in set(sys.modules) - before:
        del sys.modules[name]


def in_hub(function, *arguments):
    """Calls it where the engine does: in the hub, where nothing may wait."""
    get_hub().loop.run_callback(function, *arguments)
    gevent.sleep(0.01)


QUIET = """
class Tasks(TaskSet):
    @task
    def a(self):
        said.append("task")
        gevent.sleep(60)
class Mine(Locust):
    task_set = Tasks
    def on_start(self):
        said.append("start")
    def on_stop(self):
        said.append("stop")
"""


def test_load_describes_the_classes(scenario):
    one = scenario("""
class Old(HttpLocust):
    host, task_set = "http://old", TaskSet
class New(User):
    tasks, weight, fixed_count = [print], 2.5, 3
""")
    assert [tuple(cls)[1:] for cls in one.classes] == [
        ("Old", 10.0, "http://old", 0, 9), ("New", 2.5, None, 3, 2)]


def test_the_given_host_wins_over_the_classes(scenario):
    one = scenario("class Old(HttpLocust):\n    host, task_set = 'http://old', TaskSet\n", host="http://given")
    assert one.classes[0].host == one.classes[0].cls.host == "http://given"
    assert runners.locust_runner.host == "http://given"


def test_init_is_fired_once_the_file_is_loaded(scenario):
    one = scenario("@events.init.add_listener\ndef f(environment, runner, web_ui):\n"
                   "    said.append((environment.runner is runner, web_ui))\n" + QUIET)
    assert one.said == [(True, None)]


def test_a_user_is_started_and_stopped_from_the_hub(scenario):
    one = scenario(QUIET)
    in_hub(_scenario.start_user, 0, 7)
    assert one.said == ["start", "task"] and one.ended == [] and runners.locust_runner.user_count == 1
    in_hub(_scenario.stop_user, 7)
    assert one.said == ["start", "task", "stop"] and one.ended == [7] and runners.locust_runner.user_count == 0


def test_stopping_twice_does_not_cut_on_stop_short(scenario):
    one = scenario("""
class Mine(Locust):
    task_set = type("Tasks", (TaskSet,), {"tasks": [lambda l: gevent.sleep(60)]})
    def on_stop(self):
        gevent.sleep(0.03)
        said.append("stopped")
""")
    in_hub(_scenario.start_user, 0, 1)
    in_hub(_scenario.stop_user, 1)
    in_hub(_scenario.stop_user, 1)
    assert one.ended == []
    gevent.sleep(0.05)
    assert one.said == ["stopped"] and one.ended == [1]


def test_a_user_stopped_before_it_began_is_reported_once(scenario):
    one = scenario(QUIET)
    _scenario.start_user(0, 1)
    _scenario.stop_user(1)
    assert one.ended == []
    gevent.sleep(0.01)
    assert one.said == [] and one.ended == [1]


def test_stopping_a_user_that_is_gone_does_nothing(scenario):
    scenario(QUIET)
    _scenario.stop_user(99)


def test_a_user_that_fails_is_logged_and_reported_and_harms_nobody(scenario, caplog):
    one = scenario(QUIET + """
class Broken(Mine):
    def __init__(self, *args, **kwargs):
        raise KeyError("constructor broke")
class Fails(Mine):
    def on_start(self):
        raise KeyError("on_start broke")
""")
    for number in range(3):
        in_hub(_scenario.start_user, number, number)
    assert sorted(one.ended) == [1, 2] and one.said == ["start", "task"]
    assert "constructor broke" in caplog.text and "on_start broke" in caplog.text
    _scenario.stop_user(0)


def test_an_http_user_without_host_asks_for_the_end_of_the_test(scenario, caplog):
    one = scenario("class Mine(HttpUser):\n    tasks = [print]\n")
    in_hub(_scenario.start_user, 0, 1)
    assert one.quits == [True] and one.ended == [1] and "host" in caplog.text


def test_users_get_the_environment(scenario):
    one = scenario("""
def a(user):
    said.append(user.environment.runner.user_count)
    user.environment.runner.quit()
    gevent.sleep(60)
class Mine(User):
    tasks = [a]
""")
    in_hub(_scenario.start_user, 0, 1)
    assert one.said == [1] and one.quits == [True]
    _scenario.stop_user(1)


def test_the_runs_moments_fire_the_hooks_of_both_generations(scenario):
    one = scenario(QUIET + """
events.locust_start_hatching += lambda: said.append("locust_start_hatching")
events.test_start.add_listener(lambda environment: said.append("test_start"))
events.hatch_complete += lambda user_count: said.append(("hatch_complete", user_count))
events.spawning_complete.add_listener(lambda user_count: said.append(("spawning_complete", user_count)))
events.test_stopping.add_listener(lambda environment: said.append("test_stopping"))
events.locust_stop_hatching += lambda: said.append("locust_stop_hatching")
events.test_stop.add_listener(lambda environment: said.append("test_stop"))
events.quitting += lambda: said.append("quitting")
""")
    for number in range(5):
        in_hub(_scenario.event, number, 3)
    assert one.said == ["locust_start_hatching", "test_start", ("hatch_complete", 3), ("spawning_complete", 3),
                        "test_stopping", "locust_stop_hatching", "test_stop", "quitting"]


def test_listeners_may_wait_and_users_begin_after_those_of_the_start(scenario):
    one = scenario(QUIET + """
def slow(**given):
    gevent.sleep(0.03)
    said.append("prepared")
events.test_start.add_listener(slow)
""")

    def begin():
        _scenario.event(_scenario.TEST_START)
        _scenario.start_user(0, 1)

    in_hub(begin)
    assert one.said == []
    gevent.sleep(0.05)
    assert one.said == ["prepared", "start", "task"]
    _scenario.stop_user(1)


def test_outside_the_hub_listeners_have_run_on_return_and_moments_keep_their_order(scenario):
    one = scenario(QUIET + """
def slow(**given):
    gevent.sleep(0.03)
    said.append("stop")
events.test_stop.add_listener(slow)
events.quitting += lambda: said.append("quitting")
""")
    in_hub(_scenario.event, _scenario.TEST_STOP)
    _scenario.event(_scenario.QUITTING)
    assert one.said == ["stop", "quitting"]


def test_a_flow_exception_in_a_listener_of_the_run_does_not_stop_the_next_moment(scenario):
    one = scenario(QUIET + """
def leave(**given):
    raise InterruptTaskSet
events.test_start.add_listener(leave)
events.test_stop.add_listener(lambda **given: said.append("stop"))
""")
    _scenario.event(_scenario.TEST_START)
    _scenario.event(_scenario.TEST_STOP)
    assert one.said == ["stop"]


FIXTURES = """
class Inner(TaskSet):
    tasks = [print]
    def setup(self):
        said.append("inner setup")
    def teardown(self):
        said.append("inner teardown")
class Outer(TaskSet):
    tasks = [Inner]
    def on_start(self):
        said.append(("on_start", self.locust.number))
        gevent.sleep(60)
    def setup(self):
        said.append(("outer setup", self.locust.number))
    def teardown(self):
        said.append("outer teardown")
class Mine(Locust):
    task_set = Outer
    made = 0
    def __init__(self):
        super().__init__()
        Mine.made += 1
        self.number = Mine.made
    def setup(self):
        said.append("setup")
    def teardown(self):
        said.append("teardown")
"""


def test_setup_runs_for_users_then_task_sets_and_teardown_in_reverse(scenario):
    one = scenario(FIXTURES)
    assert _scenario.set_up()
    assert one.said == ["setup", ("outer setup", 1), "inner setup"]
    del one.said[:]
    _scenario.event(_scenario.QUITTING)
    _scenario.event(_scenario.QUITTING)
    assert one.said == ["inner teardown", "outer teardown", "teardown"]


def test_the_user_made_for_setup_is_the_first_user(scenario):
    one = scenario(FIXTURES)
    _scenario.set_up()
    del one.said[:]
    in_hub(_scenario.start_user, 0, 1)
    in_hub(_scenario.start_user, 0, 2)
    assert one.said == [("on_start", 1), ("on_start", 2)]
    _scenario.stop_user(1), _scenario.stop_user(2)


def test_a_class_without_setup_is_not_made_for_it(scenario):
    one = scenario("class Mine(Locust):\n    task_set = TaskSet\n    def __init__(self):\n        said.append(1)\n")
    assert _scenario.set_up() and one.said == []


def test_a_setup_that_fails_is_shown_and_only_done_ones_are_torn_down(scenario, capsys):
    one = scenario(FIXTURES + """
class Second(Mine):
    def setup(self):
        raise ValueError("setup broke")
""")
    assert not _scenario.set_up()
    assert "setup broke" in capsys.readouterr().err
    del one.said[:]
    _scenario.event(_scenario.QUITTING)
    assert one.said == ["teardown"]


def test_a_teardown_that_fails_is_logged_and_the_others_run(scenario, caplog):
    one = scenario(FIXTURES.replace('said.append("outer teardown")', 'raise ValueError("teardown broke")'))
    _scenario.set_up()
    del one.said[:]
    _scenario.event(_scenario.QUITTING)
    assert one.said == ["inner teardown", "teardown"] and "teardown broke" in caplog.text


def test_on_init_is_warned_of_once(scenario, caplog):
    scenario("""
class Tasks(TaskSet):
    tasks = [print]
    def on_init(self):
        pass
class Mine(Locust):
    task_set = Tasks
""")
    assert [record.message for record in caplog.records if "on_start" in record.message] == [
        "Tasks.on_init is never called: the method that runs first is on_start"]


def test_a_script_may_set_the_exit_code(scenario):
    scenario("""
@events.quitting.add_listener
def f(environment, **kwargs):
    environment.process_exit_code = 3
""" + QUIET)
    assert _scenario.verdict() == (-1, False, False)
    _scenario.event(_scenario.QUITTING)
    assert _scenario.verdict()[0] == 3


def test_many_users_cost_little_memory(scenario):
    scenario("class Mine(User):\n    @task\n    def a(self):\n        gevent.sleep(60)\n")
    count = 2000
    for number in range(20):
        _scenario.start_user(0, number)
    gevent.sleep(0.05)
    before = resident_kib()
    for number in range(20, 20 + count):
        _scenario.start_user(0, number)
    gevent.sleep(0.3)
    each = (resident_kib() - before) / count
    for number in range(20 + count):
        _scenario.stop_user(number)
    gevent.sleep(0.3)
    assert each < 24, f"{each:.1f} KiB per user"


def resident_kib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def test_sys_exit_in_a_task_ends_the_process_with_that_code(tmp_path):
    path = tmp_path / "exiting.py"
    path.write_text(HEAD + "class Mine(User):\n    @task\n    def a(self):\n        sys.exit(42)\n")
    here = os.path.dirname(__file__)
    program = (f"import sys; sys.path.insert(0, {here!r}); import conftest, gevent; from locust import _scenario\n"
               f"_scenario.load({str(path)!r}); _scenario.start_user(0, 1)\n"
               "gevent.sleep(5)\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert done.returncode == 42


def test_importing_locust_patches_the_standard_library():
    import socket

    import gevent.socket

    assert issubclass(socket.socket, gevent.socket.socket) and isinstance(locust.__version__, str)
    assert events.request is locust.events.request


@pytest.fixture
def settings(monkeypatch):
    """What a locustfile may set in locust.stats, to be put back after the test."""
    for name in ("CSV_STATS_INTERVAL_SEC", "CONSOLE_STATS_INTERVAL_SEC", "STATS_NAME_WIDTH"):
        monkeypatch.setattr(stats, name, getattr(stats, name))


def test_the_report_is_as_the_locustfile_sets_it_in_locust_stats(scenario, settings):
    assert _scenario.report_settings() == (2, 2, 60)
    scenario(QUIET + """
import locust.stats
locust.stats.CSV_STATS_INTERVAL_SEC = 5
locust.stats.CONSOLE_STATS_INTERVAL_SEC = "0.5"
locust.stats.STATS_NAME_WIDTH = 20
""")
    assert _scenario.report_settings() == (5, 0.5, 20)


@pytest.mark.parametrize("name", ["CSV_STATS_INTERVAL_SEC", "CONSOLE_STATS_INTERVAL_SEC", "STATS_NAME_WIDTH"])
@pytest.mark.parametrize("value", [-1, None, "often", float("nan"), 1e300])
def test_what_no_setting_can_be_is_an_error_with_its_name(settings, monkeypatch, name, value):
    monkeypatch.setattr(stats, name, value)
    with pytest.raises(_scenario.LoadError, match=f"locust.stats.{name} must be"):
        _scenario.report_settings()
