# SPDX-License-Identifier: MIT
"""Task sets as no manual has them: each ends as 0.9 would, or in an error that says what is wrong; none hangs."""
import re
import sys

import gevent
import pytest
from locust import InterruptTaskSet, Locust, TaskSet
from locust.exception import LocustError, RescheduleTask, RescheduleTaskImmediately, StopLocust


class Quick(Locust):
    min_wait = max_wait = 0


def stop(l):
    raise StopLocust


def user_of(body, **attributes):
    return type("Mine", (Quick,), {"task_set": type("Tasks", (TaskSet,), body), **attributes})()


def end_of(user):
    """What a user's life in a greenlet ends by: an exception, or None."""
    greenlet = gevent.spawn(user.run)
    greenlet.join(30)
    assert greenlet.ready()
    return greenlet.exception


def first(what, then=stop):
    """The body of a set that runs `what`, then `then`."""
    waiting = [what, then]
    return {"get_next_task": lambda self: waiting.pop(0)}


async def a_coroutine(*given):
    pass


async def an_async_generator(l):
    yield


def a_generator(l):
    yield


class Holder:
    coroutine = a_coroutine


@pytest.mark.parametrize("odd,says", [
    (a_coroutine, "a_coroutine.* is async def"), (Holder().coroutine, "a_coroutine.* is async def"),
    (an_async_generator, "an_async_generator.* is async def"), (a_generator, "a_generator.* yield"),
    (1, "'int' object is not callable"), (None, "'NoneType' object is not callable"), (lambda: None, "positional"),
    (type("Set", (), {"tasks": []}), "takes no arguments")])
def test_a_task_that_cannot_run_is_an_error_that_says_why(odd, says, hear, recwarn):
    errors = hear("locust_error")
    assert end_of(user_of(first(odd))) is None
    assert [type(one["exception"]) for one in errors] == [TypeError]
    assert re.search(says, str(errors[0]["exception"]))
    assert not [one for one in recwarn if "awaited" in str(one.message)]


@pytest.mark.parametrize("given", [0, "text", (one for one in "ab"), a_generator(None)])
def test_what_a_task_returns_is_ignored(given, hear):
    errors = hear("locust_error")
    assert end_of(user_of(first(lambda l: given))) is None and errors == []


class NoText(Exception):
    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


ODD_ERRORS = [NoText(), ValueError("\udc80"), ValueError(b"\xff"), OSError("\ud800"),
              UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")]
WHERE = ["get_next_task", "schedule_task", "execute_task", "execute_next_task", "a task"]


def raiser(error):
    def throw(*given, **named):
        raise error
    return throw


def raising(where, error, times=1):
    """The body of a set in which `error` is raised there so often, then StopLocust."""
    left = [error] * times

    def throw(*given, **named):
        raise left.pop() if left else StopLocust
    return {"tasks": [throw]} if where == "a task" else {"tasks": [lambda l: None], where: throw}


@pytest.mark.parametrize("where", WHERE + ["wait", "wait_function"])
@pytest.mark.parametrize("error", ODD_ERRORS, ids=lambda error: type(error).__name__)
def test_an_odd_exception_is_told_and_the_user_goes_on(where, error, hear, capfd):
    errors = hear("locust_error")
    assert end_of(user_of(raising(where, error))) is None
    assert [one["exception"] for one in errors] == [error] and type(error).__name__ in capfd.readouterr().err


@pytest.mark.parametrize("error", ODD_ERRORS, ids=lambda error: type(error).__name__)
def test_an_odd_exception_of_on_start_ends_the_user_and_one_of_on_stop_only_is_told(error, hear):
    errors = hear("locust_error")
    assert end_of(user_of({"tasks": [stop], "on_start": raiser(error)})) is error and errors == []
    assert end_of(user_of({"tasks": [stop], "on_stop": raiser(error)})) is None and len(errors) == 1


@pytest.mark.parametrize("where", WHERE + ["wait", "wait_function", "on_start"])
def test_stop_and_kill_end_the_user_quietly_wherever_they_are_raised(where):
    assert end_of(user_of(raising(where, None, times=0))) is None
    assert end_of(user_of(raising(where, gevent.GreenletExit))) is None


@pytest.mark.parametrize("where", WHERE + ["wait", "wait_function", "on_start"])
def test_an_interrupt_of_the_root_set_is_explained_wherever_it_is_raised(where):
    error = end_of(user_of(raising(where, InterruptTaskSet)))
    assert isinstance(error, LocustError) and "Mine.task_set" in str(error) and "Tasks" in str(error)


@pytest.mark.parametrize("flow", [RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet, StopLocust,
                                  gevent.GreenletExit])
def test_flow_out_of_on_stop_means_nothing(flow):
    assert end_of(user_of({"tasks": [stop], "on_stop": raiser(flow)})) is None


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=["SystemExit", "KeyboardInterrupt"])
@pytest.mark.parametrize("where", WHERE + ["wait", "wait_function", "on_start"])
def test_exits_leave_a_user_from_anywhere_after_its_on_stop(where, error):
    said = []
    user = user_of({"on_stop": lambda self: said.append("stop"), **raising(where, error)})
    with pytest.raises(type(error)):
        user.run()
    assert said == ["stop"]


@pytest.mark.parametrize("value,says", [
    (None, "wait_function must be a number, not None"), ("x", "wait_function must be a number, not 'x'"),
    (float("nan"), "not a number"), (10 ** 400, "too large"), (1j, "must be a number")])
def test_a_wait_function_that_gives_no_number_ends_the_user_with_the_reason(value, says, hear):
    errors = hear("locust_error")
    error = end_of(user_of({"tasks": [lambda l: None], "wait_function": lambda self: value}))
    assert says in str(error) and len(errors) == 1


@pytest.mark.parametrize("value", [0, -5, 0.25, True, -float("inf")])
def test_a_wait_function_of_next_to_nothing_or_less_only_lets_the_others_run(value):
    assert end_of(user_of({**first(lambda l: None), "wait_function": lambda self: value})) is None


@pytest.mark.parametrize("value", [1e18, 1e300, float("inf")])
def test_a_wait_without_end_ends_with_the_user(value):
    said = []
    greenlet = gevent.spawn(user_of({"tasks": [said.append], "wait_function": lambda self: value}).run)
    gevent.sleep(0.01)
    greenlet.kill()
    assert len(said) == 1


@pytest.mark.parametrize("waits,says", [
    ({"min_wait": 5, "max_wait": 1}, "longer than the longest"), ({"min_wait": "1"}, "min_wait must be a number"),
    ({"max_wait": None}, "max_wait must be a number"), ({"min_wait": 1.5}, "whole number"),
    ({"max_wait": float("nan")}, "not a number"), ({"max_wait": 10 ** 30}, "too long")])
def test_limits_that_make_no_sense_end_the_user_with_the_reason(waits, says, hear):
    errors = hear("locust_error")
    assert says in str(end_of(user_of({"tasks": [lambda l: None]}, **{"min_wait": 1, "max_wait": 2, **waits})))
    assert len(errors) == 1


def test_negative_limits_are_no_wait():
    assert end_of(user_of(first(lambda l: None), min_wait=-10, max_wait=-5)) is None


@pytest.mark.parametrize("tasks", [[], (), {}, None])
def test_a_set_without_tasks_is_an_error_each_round(tasks, hear):
    errors = hear("locust_error")
    user = user_of({"tasks": tasks}, min_wait=1, max_wait=1)
    greenlet = gevent.spawn(user.run)
    with gevent.Timeout(30):
        while len(errors) < 3:
            gevent.sleep(0.001)
    greenlet.kill()
    assert {type(one["exception"]) for one in errors} == {IndexError}
    assert str(errors[0]["exception"]) == "Tasks has no tasks"


@pytest.mark.parametrize("tasks", [{stop: 1}, 5, None, iter([stop])])
def test_tasks_replaced_by_what_is_no_list_are_an_error_each_round(tasks, hear):
    errors = hear("locust_error")

    def spoil(l):
        l.tasks = tasks
        l.wait = lambda: stop(l) if len(errors) == 3 else None
    user = user_of({"tasks": [spoil]})
    assert end_of(user) is None and len(errors) == 3


def test_tasks_replaced_by_another_list_are_taken():
    said = []

    def spoil(l):
        l.tasks = (lambda l: (said.append("new"), stop(l)),)
    assert end_of(user_of({"tasks": [spoil]})) is None and said == ["new"]


@pytest.mark.parametrize("item", [1, {}, {"callable": stop}, {"callable": stop, "args": 1, "kwargs": {}},
                                  {"callable": stop, "args": [], "kwargs": 5},
                                  {"callable": stop, "args": [], "kwargs": {1: 2}}])
def test_a_queue_that_holds_something_else_is_an_error(item, hear):
    errors = hear("locust_error")
    assert end_of(user_of({"tasks": [stop], "on_start": lambda self: self._task_queue.append(item)})) is None
    assert len(errors) == 1


def test_methods_of_the_set_itself_can_be_scheduled():
    said = []

    class Inner(TaskSet):
        def on_start(self):
            self.schedule_task(self.wait)
            self.schedule_task(self.interrupt, args=[False])

        def on_stop(self):
            said.append("left")

    class Outer(TaskSet):
        tasks = [Inner]

        def wait(self):
            raise StopLocust

    assert end_of(type("Mine", (Quick,), {"task_set": Outer})()) is None and said == ["left"]


def test_a_stop_timeout_that_is_no_number_is_an_error_each_round(hear):
    errors = hear("locust_error")

    def wait(self):
        if len(errors) == 2:
            raise StopLocust
    assert end_of(user_of({"tasks": [stop], "wait": wait}, stop_timeout="soon")) is None and len(errors) == 2


def nested(deepest):
    """(user, depths): a user whose task set contains itself; entering that depth ends it."""
    depths = []

    class Endless(TaskSet):
        def on_start(self):
            depths.append(1)
            if len(depths) == deepest:
                raise StopLocust

    Endless.tasks = [Endless]
    return type("Mine", (Quick,), {"task_set": Endless, "_catch_exceptions": False})(), depths


@pytest.fixture
def any_recursion():
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10 ** 6)
    yield
    sys.setrecursionlimit(before)


def test_a_set_that_contains_itself_ends_in_a_recursion_error():
    user, depths = nested(0)
    with pytest.raises(RecursionError):
        user.run()
    assert len(depths) > 100


def test_sets_may_be_nested_thousands_deep(any_recursion):
    user, depths = nested(3000)
    user.run()
    assert len(depths) == 3000


def test_however_deep_sets_are_nested_the_stack_is_enough(any_recursion):
    user, depths = nested(10 ** 6)
    with pytest.raises(RecursionError):
        user.run()
    assert len(depths) > 3000


def test_a_long_chain_of_parents_is_given_back():
    one = TaskSet(Quick())
    for _ in range(100000):
        one = TaskSet(one)
    assert one.locust is not None
