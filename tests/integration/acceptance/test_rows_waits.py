# SPDX-License-Identifier: MIT
"""How long users wait between tasks: chapters 3.1, 4.1.2, 4.2 and 9 of the manual, and the article on it."""
import itertools
import statistics

import pytest

# Users that note each task, the default wait among them; each ends after so many tasks. Where a second would be too
# long, a task draws many waits instead of waiting them.
WAITS = '''
import random

from locust import HttpLocust, Locust, TaskSet, task
from locust.exception import StopLocust
from probe import note

class Noting(TaskSet):
    most = 12

    def on_start(self):
        self.ran = 0

    @task
    def tick(self):
        note(type(self.locust).__name__)
        self.ran += 1
        if self.ran == self.most:
            raise StopLocust()

class Drawing(TaskSet):
    @task
    def draw(self):
        note(type(self.locust).__name__, waits=[self.wait_function() for i in range(4000)])
        raise StopLocust()

class Default(Locust):
    class task_set(Noting):
        most = 2

class Limits(Locust):
    task_set = Noting
    min_wait = 20
    max_wait = 60

class HttpLimits(HttpLocust):
    host = "http://127.0.0.1"
    task_set = Noting
    min_wait = 20
    max_wait = 60

class DrawnLimits(Locust):
    task_set = Drawing
    min_wait = 5000
    max_wait = 9000

class DrawnFunction(Locust):
    wait_function = lambda self: random.expovariate(1)*1000
    task_set = Drawing

class Function(Locust):
    wait_function = lambda self: random.expovariate(1)*1000 * 0 + 30
    task_set = Noting

class FunctionOfASet(Locust):
    wait_function = lambda self: 60000

    class task_set(Noting):
        def wait_function(self):
            return 25.5

class Overridden(Locust):
    min_wait = max_wait = 60000

    class task_set(Noting):
        min_wait = 20
        max_wait = 40

class NoWait(Locust):
    min_wait = max_wait = 60000

    class task_set(Noting):
        min_wait = max_wait = 0

class Unset(Locust):
    min_wait = max_wait = 30

    class task_set(Noting):
        min_wait = max_wait = wait_function = None

class Half(Locust):
    min_wait = 10
    max_wait = 60000

    class task_set(Noting):
        max_wait = 40

class AvgWait(Locust):
    avg_wait = 60000
    min_wait = max_wait = 10
    task_set = Noting

class Nested(Locust):
    min_wait = max_wait = 20

    class task_set(TaskSet):
        min_wait = max_wait = 60000

        @task
        class Inner(Noting):
            pass

class MyTaskSet(TaskSet):
    min_wait = 5000
    max_wait = 15000

    @task(3)
    def task1(self):
        pass

    @task(6)
    def task2(self):
        pass

class Printed(Locust):
    class task_set(MyTaskSet):
        def on_start(self):
            note("Printed", waits=[self.wait_function() for i in range(4000)])
            raise StopLocust()

note("classes", min_wait=Locust.min_wait, max_wait=Locust.max_wait, of_sets=[TaskSet.min_wait, TaskSet.max_wait],
     function_of_sets=TaskSet.wait_function, http=[HttpLocust.min_wait, HttpLocust.max_wait],
     old=hasattr(Locust, "avg_wait"), drawn=Locust().wait_function())
'''


@pytest.fixture(scope="module")
def waits(stage):
    report, probe = stage.play(WAITS, "-c", "14")
    assert report.records("ERROR") == []
    return probe


@pytest.fixture(scope="module")
def pauses(waits):
    """pauses("Class"): the milliseconds between its tasks."""
    def between(name):
        return [(b["time"] - a["time"]) * 1000 for a, b in itertools.pairwise(waits.all(name))]
    return between


def assert_pauses(pauses, least, most, count=11):
    """Were all at least so long, and most of them hardly longer? A busy machine makes single ones longer, and all a bit."""
    assert len(pauses) == count and min(pauses) >= least - 0.5 and statistics.median(pauses) <= most + 25, pauses


def assert_uniform(values, low, high):
    """Are these spread evenly over the whole numbers from low to high?"""
    assert all(low <= value <= high and value == int(value) for value in values)
    edges = [low + (high - low) * quarter / 4 for quarter in range(1, 4)]
    for edge, found in zip(edges, statistics.quantiles(values, n=4)):
        assert abs(found - edge) < (high - low) * 0.05, (edge, found)


def test_M3_08_waits_of_a_user_are_milliseconds(pauses):
    """`min_wait` and `max_wait` on a user class, plain or HTTP, are the least and the most milliseconds between tasks."""
    assert_pauses(pauses("Limits"), 20, 60)
    assert_pauses(pauses("HttpLimits"), 20, 60)


def test_M3_09_waits_are_spread_evenly(waits):
    """The time between tasks is spread evenly between the two."""
    assert_uniform(waits.values("DrawnLimits", "waits")[0], 5000, 9000)


def test_M3_10_wait_function_gives_any_distribution(pauses):
    """Any other distribution is a `wait_function`, any function at all."""
    assert_pauses(pauses("Function"), 30, 30)


def test_M3_11_exponentially_distributed_waits(waits):
    """The example `wait_function = lambda self: random.expovariate(1)*1000` waits exponentially, a second on average."""
    drawn = waits.values("DrawnFunction", "waits")[0]
    assert 900 < statistics.mean(drawn) < 1100 and 900 < statistics.stdev(drawn) < 1100
    assert 600 < statistics.median(drawn) < 790  # 1000 * log(2)


def test_M4_04_limits_of_the_wait_between_tasks(pauses):
    """`min_wait` and `max_wait` are the minimum and the maximum time between tasks, in milliseconds."""
    assert_pauses(pauses("Limits"), 20, 60)
    assert min(pauses("Limits")) < 55


def test_M4_05_the_wait_is_a_second_unless_declared(waits, pauses):
    """Both default to 1000: a user that declares neither always waits for one second."""
    assert_pauses(pauses("Default"), 1000, 1000, count=1)
    assert waits.values("classes", "drawn") == [1000]


def test_M4_07_waits_of_a_task_set_override_the_users(pauses):
    """A task set's `min_wait` and `max_wait` are used instead of the user's."""
    assert_pauses(pauses("Overridden"), 20, 40)


def test_M4_13_the_users_limits_hold_unless_the_set_has_its_own(pauses):
    """The wait is drawn between the user's limits, unless the task set defines its own."""
    assert_pauses(pauses("Limits"), 20, 60)
    assert_pauses(pauses("Overridden"), 20, 40)


def test_M4_16_the_example_of_limits_inside_a_task_set(waits):
    """The example's task set with `min_wait = 5000` and `max_wait = 15000` waits for 5 to 15 seconds, not for one."""
    assert_uniform(waits.values("Printed", "waits")[0], 5000, 15000)


def test_M9_02_max_wait(waits):
    """`max_wait` of `Locust` is 1000."""
    assert waits.values("classes", "max_wait") == [1000] and waits.values("classes", "http")[0][1] == 1000


def test_M9_03_min_wait(waits):
    """`min_wait` of `Locust` is 1000."""
    assert waits.values("classes", "min_wait") == [1000] and waits.values("classes", "http")[0][0] == 1000


def test_M9_05_wait_function_returns_milliseconds(waits, pauses):
    """`Locust.wait_function()` returns how many milliseconds to wait; a class may have its own."""
    assert waits.values("classes", "drawn") == [1000]
    assert_pauses(pauses("Function"), 30, 30)


def test_M9_15_limits_of_a_task_set(waits, pauses):
    """`min_wait` and `max_wait` of `TaskSet` are None: the user's hold. Set, they override: one, both, also by 0."""
    assert waits.values("classes", "of_sets") == [[None, None]]
    assert_pauses(pauses("Unset"), 30, 30)
    assert_pauses(pauses("Half"), 10, 40)
    assert_pauses(pauses("NoWait"), 0, 0)
    assert_pauses(pauses("Nested"), 20, 20)  # the user's, not those of the set around it


def test_M9_22_wait_function_of_a_task_set(waits, pauses):
    """`wait_function` of `TaskSet` is None: the user's holds. Set, it overrides the user's."""
    assert waits.values("classes", "function_of_sets") == [None]
    assert_pauses(pauses("FunctionOfASet"), 25.5, 25.5)
    assert 900 < statistics.mean(waits.values("DrawnFunction", "waits")[0]) < 1100  # the user's, called in a set


def test_M12_02_wait_functions_of_one_s_own(pauses):
    """Since 0.9 users and task sets may define a `wait_function` of their own."""
    assert_pauses(pauses("Function"), 30, 30)
    assert_pauses(pauses("FunctionOfASet"), 25.5, 25.5)


def test_M12_24_avg_wait_is_gone(waits, pauses):
    """`avg_wait` is removed: it does nothing."""
    assert waits.values("classes", "old") == [False]
    assert_pauses(pauses("AvgWait"), 10, 10)


def test_B_08_waits_of_the_user_class(pauses):
    """`max_wait` and `min_wait` are milliseconds; unless given each wait is a fixed second."""
    assert_pauses(pauses("Limits"), 20, 60)
    assert_pauses(pauses("Default"), 1000, 1000, count=1)


def test_B_12_waits_defined_in_the_task_set_take_precedence(pauses):
    """Limits that are defined in the task set take precedence over those of the user class."""
    assert_pauses(pauses("Overridden"), 20, 40)
