# SPDX-License-Identifier: MIT
import decimal
import fractions
import functools
import logging
import re

import locust
import _acrida
import gevent
import pytest
from gevent import GreenletExit
from locust import _complaints, events
from locust.event import EventHook
from locust.exception import InterruptTaskSet, RescheduleTask, StopUser


def test_listeners_run_in_order_with_keyword_arguments():
    hook, said = EventHook(), []
    hook += lambda **given: said.append(("first", given))
    hook += lambda **given: said.append(("second", given))
    hook.fire(a=1)
    assert said == [("first", {"a": 1}), ("second", {"a": 1})]


def test_add_listener_is_a_decorator():
    hook = EventHook()

    @hook.add_listener
    def listener(**given):
        return given

    assert listener(a=1) == {"a": 1}
    assert hook._handlers == [listener]


def test_reverse_holds_for_that_firing_only():
    hook, said = EventHook(), []
    hook += lambda: said.append(1)
    hook += lambda: said.append(2)
    hook.fire(reverse=True)
    hook.fire()
    assert said == [2, 1, 1, 2]


def test_a_listener_added_twice_runs_twice_and_is_removed_once():
    hook, said = EventHook(), []

    def listener():
        said.append(1)

    hook += listener
    hook += listener
    hook -= listener
    hook.fire()
    assert said == [1]


def test_removing_a_stranger_is_a_value_error():
    with pytest.raises(ValueError):
        EventHook().remove_listener(print)


def test_a_listener_that_raises_is_logged_and_harms_nobody(caplog):
    hook, said = EventHook(), []

    def broken(**given):
        raise KeyError("broken listener")

    hook += broken
    hook += lambda **given: said.append(given)
    with caplog.at_level(logging.ERROR):
        hook.fire(a=1)
    assert said == [{"a": 1}]
    assert "broken listener" in caplog.text


@pytest.mark.parametrize("flow", [StopUser(), InterruptTaskSet(), RescheduleTask(), GreenletExit()])
def test_what_steers_tasks_passes_through_a_listener(flow):
    hook = EventHook()

    def listener():
        raise flow

    hook += listener
    with pytest.raises(type(flow)):
        hook.fire()


def test_a_listener_may_remove_itself_while_it_runs():
    hook, said = EventHook(), []

    def once():
        said.append("once")
        hook.remove_listener(once)

    hook += once
    hook += lambda: said.append("always")
    hook.fire()
    hook.fire()
    assert said == ["once", "always", "always"]


def test_events_is_a_module_and_an_events_object():
    import locust.events as module
    from locust.events import request_success

    assert module is events and isinstance(events, locust.Events)
    assert request_success is events.request_success
    assert isinstance(module.EventHook(), EventHook)


def test_the_list_of_listeners_is_never_replaced():
    handlers = events.request._handlers
    listener = events.request.add_listener(lambda **given: None)
    events.request.remove_listener(listener)
    assert events.request._handlers is handlers


def test_all_hooks_of_locust_0_9_exist():
    for name in ("request_success", "request_failure", "locust_error", "report_to_master", "slave_report",
                 "hatch_complete", "quitting", "master_start_hatching", "master_stop_hatching",
                 "locust_start_hatching", "locust_stop_hatching"):
        assert isinstance(getattr(events, name), EventHook)


def test_quitting_serves_listeners_of_both_generations():
    said = []
    events.quitting += lambda: said.append("old")
    events.quitting.add_listener(lambda environment, **given: said.append(environment))
    events.quitting.fire(environment="environment", reverse=True)
    assert said == ["environment", "old"]


def test_a_failure_listener_gets_a_length_only_if_it_can_take_one():
    said = []
    events.request_failure += lambda request_type, name, response_time, exception: said.append(exception)
    events.request_failure += lambda response_length, **given: said.append(response_length)
    events.request_failure.call(request_type="GET", name="/", response_time=1.0, exception="broken")
    assert said == ["broken", 0]


def test_firing_request_success_reports_to_every_kind_of_listener(hear):
    success, request = hear("request_success"), hear("request")
    events.request_success.fire(request_type="mqtt", name="publish", response_time=12, response_length=3)
    assert success == [{"request_type": "mqtt", "name": "publish", "response_time": 12, "response_length": 3}]
    assert request[0]["exception"] is None and request[0]["name"] == "publish"


def test_firing_request_success_takes_arguments_of_ones_own(hear):
    success = hear("request_success")
    events.request_success.fire(request_type="a", name="b", response_time=1, response_length=0, tag="mine")
    assert success[0]["tag"] == "mine"


def test_firing_request_failure_reports_to_every_kind_of_listener(hear):
    failure, request, error = hear("request_failure"), hear("request"), ValueError("no")
    events.request_failure.fire(request_type="mqtt", name="publish", response_time=12, exception=error)
    assert failure[0]["exception"] is error and request[0]["exception"] is error


def test_firing_request_reports_to_old_listeners_with_their_own_arguments(hear):
    success, failure, error = hear("request_success"), hear("request_failure"), ValueError("no")
    events.request.fire(request_type="a", name="good", response_time=1.5, response_length=7, context={"x": 1})
    events.request.fire(request_type="a", name="bad", response_time=None, response_length=0, exception=error)
    assert success == [{"request_type": "a", "name": "good", "response_time": 1.5, "response_length": 7}]
    assert failure[0]["name"] == "bad" and failure[0]["exception"] is error


def test_firing_without_a_needed_argument_is_the_callers_error():
    with pytest.raises(TypeError):
        events.request_success.fire(request_type="a", name="b")


def test_measure_times_a_block_and_keeps_its_exception(hear):
    request = hear("request")
    with events.request.measure("db", "select") as fields:
        fields["response_length"] = 5
    with events.request.measure("db", "insert"):
        raise KeyError("gone")
    assert request[0]["response_length"] == 5 and request[0]["response_time"] >= 0
    assert isinstance(request[1]["exception"], KeyError)


def test_measure_lets_flow_exceptions_pass():
    with pytest.raises(StopUser):
        with events.request.measure("db", "select"):
            raise StopUser


class Odd(str):
    def __repr__(self):
        raise RuntimeError("no repr")


def listeners_of_every_kind(said):
    class Heard:
        def method(self, **given):
            said.append("method")

        def __call__(self, **given):
            said.append("object")

        @staticmethod
        def static(**given):
            said.append("static")

        @classmethod
        def of_class(cls, **given):
            said.append("classmethod")

    class Made:
        def __init__(self, **given):
            said.append("class")

    class Unhashable(list):
        def __call__(self, **given):
            said.append("unhashable")

    def partial(kind, **given):
        said.append(kind)

    def fixed(request_type, name, response_time, exception):
        said.append("fixed")

    heard = Heard()
    return [heard.method, heard, Heard.static, Heard.of_class, Made, Unhashable(), fixed,
            functools.partial(partial, "partial"), lambda **given: said.append("lambda")]


def test_anything_that_can_be_called_may_listen():
    hook, said = locust.Events().request_failure, []
    added = listeners_of_every_kind(said)
    for listener in added:
        hook += listener
    hook.fire(request_type="t", name="n", response_time=1, exception="e")
    assert said == ["method", "object", "static", "classmethod", "class", "unhashable", "fixed", "partial", "lambda"]
    for listener in added:
        hook -= listener
    hook.fire(request_type="t", name="n", response_time=1, exception="e")
    assert len(said) == 9 and hook._unwanted == {}


def test_what_cannot_be_called_is_no_listener():
    with pytest.raises(TypeError, match="must be callable, and 'print' is not"):
        events.request_success += "print"


def test_listeners_may_come_and_go_while_a_hook_is_fired():
    hook, said = EventHook(), []

    def second(**given):
        said.append("second")

    def late(**given):
        said.append("late")

    def first(**given):
        said.append("first")
        hook.remove_listener(second)
        hook.add_listener(late)
        hook.remove_listener(first)

    hook += first
    hook += second
    hook.fire()
    assert said == ["first", "second"]
    hook.fire()
    assert said == ["first", "second", "late"]


def test_a_listener_may_wait_and_fire_the_hook_again():
    hook, said = EventHook(), []

    def listener(depth):
        gevent.sleep(0.001)
        if depth < 3:
            hook.fire(depth=depth + 1)
        said.append(depth)

    hook += listener
    greenlets = [gevent.spawn(hook.fire, depth=0) for _ in range(3)]
    gevent.joinall(greenlets, raise_error=True)
    assert sorted(said) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_listener_that_never_stops_firing_is_stopped_by_python(caplog):
    hook = EventHook()
    hook += lambda: hook.fire()
    hook.fire()
    assert "RecursionError" in caplog.text


def test_arguments_may_have_any_name():
    hook, said = EventHook(), []
    hook += lambda **given: said.append(given)
    hook.fire(self=1, kwargs=2, handler=3)
    assert said == [{"self": 1, "kwargs": 2, "handler": 3}]


def test_wrong_parameters_are_explained_once(caplog):
    hook = EventHook()

    def listener(kind):
        pass

    hook += listener
    for _ in range(5):
        hook.fire(request_type="GET", name="/")
    assert caplog.text.count("ERROR") == 1
    message = caplog.messages[0]
    assert "test_wrong_parameters_are_explained_once.<locals>.listener (" in message and "test_event.py, line" in message
    assert "unexpected keyword argument 'request_type'" in message
    assert "keyword arguments request_type, name; end its parameters with **kwargs" in message


def test_a_type_error_within_a_listener_is_no_matter_of_its_parameters(caplog):
    hook = EventHook()
    hook += lambda **given: len(5)
    hook.fire()
    assert "failed:\nTraceback" in caplog.text and "has no len()" in caplog.text


def test_a_listener_that_always_fails_does_not_flood_the_log(caplog):
    hook = EventHook()

    class User:
        def listener(self, **given):
            raise KeyError("the one mistake")

    for _ in range(100):
        hook += User().listener  # the same lines for each user
    for _ in range(12):
        hook.fire()
    _complaints.sum_up()
    assert caplog.text.count("KeyError: 'the one mistake'") == 3
    counts = [message.rpartition(") ")[2] for message in caplog.messages if "flood" in message][3:]
    assert counts == ["has failed 10 times", "has failed 100 times", "has failed 1000 times", "failed 1200 times in all"]
    caplog.clear()
    _complaints.sum_up()
    assert caplog.messages == []


def test_a_listener_without_a_repr_may_fail_too(caplog):
    class Broken:
        def __call__(self):
            raise ValueError("broken as promised")

        def __repr__(self):
            raise ValueError("no repr either")

    hook, said = EventHook(), []
    hook += Broken()
    hook += lambda: said.append(True)
    hook.fire()
    assert said == [True] and "Broken failed" in caplog.text and "broken as promised" in caplog.text


@pytest.fixture
def counted():
    """counted(): (requests, failures) recorded since the test began."""
    before = _acrida.request_count()
    return lambda: tuple(now - then for now, then in zip(_acrida.request_count(), before))


@pytest.mark.parametrize("time", [None, float("nan"), -5, 0, 10 ** 300, float("inf"), True, fractions.Fraction(1, 3),
                                  decimal.Decimal("1.5")], ids=str)
def test_any_number_is_a_response_time(time, hear, counted):
    success, request = hear("request_success"), hear("request")
    events.request_success.fire(request_type="odd", name="time", response_time=time, response_length=0)
    events.request_failure.fire(request_type="odd", name="time", response_time=time, exception="e")
    events.request.fire(request_type="odd", name="time", response_time=time, response_length=0)
    assert counted() == (3, 1)
    assert success[0]["response_time"] is time and len(request) == 3


@pytest.mark.parametrize("length", [None, 12.7, -1, float("nan"), True, 10 ** 15], ids=str)
def test_any_number_is_a_response_length(length, hear, counted):
    success = hear("request_success")
    events.request_success.fire(request_type="odd", name="length", response_time=1, response_length=length)
    assert counted() == (1, 0) and success[0]["response_length"] is length


@pytest.mark.parametrize("fields, problem", [
    ({"response_time": "12"}, "response_time must be a number of milliseconds or None, not '12'"),
    ({"response_time": b"12"}, "response_time must be"), ({"response_time": []}, "response_time must be"),
    ({"response_time": 1j}, "response_time must be"), ({"response_length": "12"}, "response_length must be a number of"),
    ({"response_length": {}}, "response_length must be a number of bytes or None, not {}"),
], ids=str)
def test_what_is_no_number_is_the_callers_error_and_not_counted(fields, problem, hear, counted):
    heard = hear("request_success")
    with pytest.raises(TypeError, match=re.escape(problem)):
        events.request_success.fire(**{"request_type": "odd", "name": "kind", "response_time": 1, "response_length": 0,
                                       **fields})
    assert counted() == (0, 0) and heard == []


def test_a_length_beyond_all_measure_is_an_error(counted):
    with pytest.raises(OverflowError, match="a response of 1e\\+30 bytes"):
        events.request_success.fire(request_type="odd", name="length", response_time=1, response_length=1e30)
    with pytest.raises(OverflowError):
        events.request_success.fire(request_type="odd", name="length", response_time=10 ** 400, response_length=1)
    assert counted() == (0, 0)


@pytest.mark.parametrize("name", [b"queue/\xff", 7, None, "x" * 1_000_000, "half \ud800 a pair", "", "a\0b\nc", ("a", 1),
                                  Odd("text")], ids=lambda name: type(name).__name__)
def test_any_object_is_a_name(name, hear, counted):
    failure = hear("request_failure")
    events.request_success.fire(request_type=name, name=name, response_time=1, response_length=0)
    events.request_failure.fire(request_type=name, name=name, response_time=1, exception=name)
    assert counted() == (2, 1) and failure[0]["name"] is name and failure[0]["request_type"] is name


def test_a_name_that_has_no_text_is_the_callers_error(counted):
    class Nameless:
        def __str__(self):
            raise LookupError("no name")

    with pytest.raises(LookupError):
        events.request_success.fire(request_type="odd", name=Nameless(), response_time=1, response_length=0)
    assert counted() == (0, 0)


class Unreadable(Exception):
    def __repr__(self):
        raise ValueError("no repr")

    __str__ = __repr__


class Falsy(Exception):
    def __bool__(self):
        return False


@pytest.mark.parametrize("error", [Unreadable(), Falsy(), None, "text", b"\xff", 404, object(), KeyError, [1, 2],
                                   Exception("half \ud800 a pair"), "long " * 100_000], ids=lambda e: type(e).__name__)
def test_any_object_is_an_exception_of_a_failure(error, hear, counted):
    failure = hear("request_failure")
    events.request_failure.fire(request_type="odd", name="error", response_time=1, exception=error)
    assert counted() == (1, 1) and failure[0]["exception"] is error


@pytest.mark.parametrize("exception, failed", [(Falsy(), True), ("", False), (None, False), (0, False), ("no", True)],
                         ids=repr)
def test_what_2x_takes_for_a_failure(exception, failed, hear, counted):
    failures, successes = hear("request_failure"), hear("request_success")
    events.request.fire(request_type="odd", name="2.x", response_time=1, response_length=0, exception=exception)
    assert counted() == (1, int(failed)) and (len(failures), len(successes)) == (int(failed), int(not failed))


def test_a_custom_client_may_fire_in_threads_of_its_own(hear, counted):
    heard = hear("request_success")

    def work():
        for number in range(500):
            events.request_success.fire(request_type="thread", name=f"n{number % 50}", response_time=1, response_length=1)

    jobs = [gevent.get_hub().threadpool.spawn(work) for _ in range(4)]
    for job in jobs:
        job.get()
    assert counted() == (2000, 0) and len(heard) == 2000


def test_any_hook_measures(counted):
    hook, said = EventHook(), []
    hook += lambda **given: said.append(given)
    with hook.measure("db", "select") as fields:
        fields["rows"] = 3
    assert said[0]["name"] == "select" and said[0]["rows"] == 3 and said[0]["response_time"] >= 0
    assert counted() == (0, 0)  # only the hooks of requests count
