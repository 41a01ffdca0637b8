# SPDX-License-Identifier: MIT
import logging

import locust
import pytest
from gevent import GreenletExit
from locust import events
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
