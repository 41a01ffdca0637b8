# SPDX-License-Identifier: MIT
import pytest
from locust import HttpLocust, TaskSet, User, task
from locust.inspectlocust import get_task_ratio_dict, task_ratio_lines
from locust.util import cache
from locust.util.time import parse_timespan


@pytest.mark.parametrize("text,seconds", [("7", 7), ("7s", 7), ("1m", 60), ("2h", 7200), ("1h3m7s", 3787), ("0", 0)])
def test_time_spans(text, seconds):
    assert parse_timespan(text) == seconds


@pytest.mark.parametrize("text", [None, "", "q", "10x", "1.5h", "-5", " 20", "1h30", "10s5m"])
def test_time_spans_that_are_none(text):
    with pytest.raises(ValueError):
        parse_timespan(text)


def test_ratios_of_nested_sets_multiply_in_the_total():
    class Sub(TaskSet):
        tasks = {task_1: 1, task_2: 1}

    class Tasks(TaskSet):
        tasks = [Sub, root_task]

    total = get_task_ratio_dict(Tasks.tasks, total=True)
    assert total["root_task"]["ratio"] == total["Sub"]["ratio"] == 0.5
    assert [one["ratio"] for one in total["Sub"]["tasks"].values()] == [0.25, 0.25]


def test_ratios_of_users_go_by_weight():
    class Tasks(TaskSet):
        @task(1)
        def task_1(self):
            pass

        @task(3)
        def task_3(self):
            pass

    class Unlikely(HttpLocust):
        weight, task_set = 1, Tasks

    class Likely(User):
        weight, tasks = 3, Tasks.tasks

    tree = get_task_ratio_dict([Unlikely, Likely], total=True)
    ratios = [one["ratio"] for user in tree.values() for one in user["tasks"].values()]
    assert ratios == [0.25 * 0.25, 0.25 * 0.75, 0.75 * 0.25, 0.75 * 0.75]


def test_the_lines_have_locusts_widths():
    class Sub(TaskSet):
        tasks = {task_1: 20, task_2: 1, root_task: 5}

    class Tasks(TaskSet):
        tasks = {Sub: 10, root_task: 1}

    lines = task_ratio_lines({"A": {"ratio": 0.75, "tasks": get_task_ratio_dict(Tasks.tasks)}})
    assert lines[0] == " 75.0       A".ljust(62)
    assert lines[1] == "   90.9       Sub".ljust(62)
    assert lines[2] == "     76.9       task_1".ljust(62)


def root_task(l):
    pass


def task_1(l):
    pass


def task_2(l):
    pass


@pytest.fixture
def clock(monkeypatch):
    """A list whose last number is what time it is, for memoize()."""
    times = [1000.0]
    monkeypatch.setattr(cache.time, "monotonic", lambda: times[-1])
    return times


def test_a_result_is_good_for_its_time(clock):
    calls = []
    remembered = cache.memoize(timeout=2)(lambda *args: calls.append(args) or len(calls))
    assert [remembered(1), remembered(2)] == [1, 1]
    clock.append(1002.0)
    assert remembered() == 1
    clock.append(1002.1)
    assert remembered(3) == 2 and calls == [(1,), (3,)]


def test_a_cleared_cache_asks_again(clock):
    calls = []
    remembered = cache.memoize(2)(lambda: calls.append(1) or len(calls))
    assert remembered() == 1
    remembered.clear_cache()
    assert remembered() == 2


@pytest.mark.parametrize("dynamic, calls_then", [(True, 1), (False, 2)])
def test_a_slow_function_doubles_its_time(clock, dynamic, calls_then):
    calls = []

    def slow():
        calls.append(1)
        clock.append(clock[-1] + 3)

    remembered = cache.memoize(2, dynamic_timeout=dynamic)(slow)
    remembered()
    clock.append(clock[-1] + 4)
    remembered()
    assert len(calls) == calls_then
