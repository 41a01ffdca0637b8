# SPDX-License-Identifier: MIT
"""The life of users and task sets of both generations, on whatever loop there is."""
import gevent
import pytest
from locust import (HttpLocust, HttpUser, InterruptTaskSet, Locust, RescheduleTaskImmediately, TaskSet, User, between,
                    env, events, task)
from locust.exception import LocustError, RescheduleTask, StopLocust, StopTest, StopUser


class Quick(Locust):
    min_wait = max_wait = 0


def old(task_set_class, **attributes):
    return type("Mine", (Quick,), {"task_set": task_set_class, **attributes})()


def new(**body):
    return type("Mine", (User,), body)(env.Environment(events=events))


def stop(l):
    raise StopUser


def test_a_users_life_has_its_order():
    said = []

    class Tasks(TaskSet):
        def on_start(self):
            said.append("set starts")

        @task
        def a(self):
            said.append("task")
            raise StopLocust

        def on_stop(self):
            said.append("set stops")

    class Mine(Quick):
        task_set = Tasks

        def on_start(self):
            said.append("user starts")

        def on_stop(self):
            said.append("user stops")

    Mine().run()
    assert said == ["user starts", "set starts", "task", "set stops", "user stops"]


def test_a_user_of_2_x_has_the_same_order():
    said = []

    def a(user):
        said.append(type(user).__name__)
        raise StopUser

    user = new(tasks=[a], on_start=lambda self: said.append("starts"), on_stop=lambda self: said.append("stops"))
    user.run()
    assert said == ["starts", "Mine", "stops"]


def test_a_killed_user_stops_inner_sets_before_outer_ones():
    said = []

    class Inner(TaskSet):
        @task
        def a(self):
            gevent.sleep(60)

        def on_stop(self):
            said.append("inner")

    class Outer(TaskSet):
        tasks = [Inner]

        def on_stop(self):
            said.append("outer")

    greenlet = gevent.spawn(old(Outer).run)
    gevent.sleep(0.01)
    greenlet.kill()
    assert said == ["inner", "outer"]


def test_a_user_killed_while_it_waits_stops_too():
    said = []

    class Tasks(TaskSet):
        tasks = [lambda l: said.append("task")]

        def on_stop(self):
            said.append("stop")

    greenlet = gevent.spawn(old(Tasks, min_wait=60000, max_wait=60000).run)
    gevent.sleep(0.01)
    greenlet.kill()
    assert said == ["task", "stop"]


def test_on_start_that_fails_ends_the_user_without_on_stop():
    said = []

    class Mine(Quick):
        task_set = TaskSet

        def on_start(self):
            raise KeyError("x")

        def on_stop(self):
            said.append("stop")

    with pytest.raises(KeyError):
        Mine().run()
    assert said == []


def test_on_stop_that_fails_is_only_logged(caplog):
    class Mine(Quick):
        task_set = type("Tasks", (TaskSet,), {"tasks": [stop]})

        def on_stop(self):
            raise KeyError("on_stop broke")

    Mine().run()
    assert "on_stop broke" in caplog.text


def test_an_error_in_a_task_is_told_and_the_loop_goes_on(hear, capsys):
    old_errors, new_errors, runs = hear("locust_error"), hear("user_error"), []

    class Tasks(TaskSet):
        @task
        def a(self):
            runs.append(1)
            if len(runs) == 2:
                raise StopUser
            raise ValueError("task broke")

    old(Tasks).run()
    assert len(runs) == 2
    assert isinstance(old_errors[0]["locust_instance"], Tasks)
    assert isinstance(new_errors[0]["user_instance"], Tasks)
    assert old_errors[0]["tb"] is not None and "task broke" in capsys.readouterr().err


def test_catch_exceptions_off_lets_a_tasks_error_end_the_user(hear):
    errors = hear("locust_error")

    class Tasks(TaskSet):
        @task
        def a(self):
            raise ValueError("task broke")

    with pytest.raises(ValueError):
        old(Tasks, _catch_exceptions=False).run()
    assert len(errors) == 1


def test_functions_get_the_set_methods_get_self_and_sets_are_run():
    said = []

    class Inner(TaskSet):
        def on_start(self):
            said.append((type(self).__name__, type(self.parent).__name__, type(self.locust).__name__))
            self.interrupt()

    def function(l):
        said.append(type(l).__name__)
        raise StopUser

    class Outer(TaskSet):
        def on_start(self):
            self.schedule_task(Inner)
            self.schedule_task(function)

    old(Outer).run()
    assert said == [("Inner", "Outer", "Mine"), "Outer"]


def test_a_task_set_in_tasks_of_a_2_x_user_has_the_user_as_parent():
    said = []

    class Inner(TaskSet):
        @task
        def a(self):
            said.append((self.parent is self.user, self.user is self.locust))
            raise StopUser

    new(tasks=[Inner]).run()
    assert said == [(True, True)]


def test_scheduled_tasks_come_before_chosen_ones_with_their_arguments():
    said = []

    class Tasks(TaskSet):
        def on_start(self):
            self.schedule_task(self.third, args=[3], kwargs={"b": 4})
            self.schedule_task(self.first, first=True)

        def first(self):
            said.append("first")

        def third(self, a, b):
            said.append((a, b))
            raise StopUser

        @task
        def never(self):
            said.append("never")

    old(Tasks).run()
    assert said == ["first", (3, 4)]


def test_interrupt_leaves_the_inner_set_only():
    said = []

    class Outer(TaskSet):
        @task
        class Inner(TaskSet):
            @task
            def leave(self):
                said.append("inner")
                self.interrupt(len(said) == 1)

            def on_stop(self):
                said.append("stop")

        def get_next_task(self):
            return self.Inner if len(said) < 4 else stop

    old(Outer).run()
    assert said == ["inner", "stop", "inner", "stop"]


def test_interrupt_of_the_root_set_is_an_error_of_that_user():
    class Tasks(TaskSet):
        @task
        def a(self):
            self.interrupt()

    with pytest.raises(LocustError):
        old(Tasks).run()


@pytest.mark.parametrize("flow,waits", [(RescheduleTask, 1), (RescheduleTaskImmediately, 0)])
def test_reschedule_stays_in_the_set_and_waits_or_not(flow, waits):
    said = []

    class Tasks(TaskSet):
        @task
        def a(self):
            said.append("task")
            raise flow if said.count("task") == 1 else StopUser

        def wait(self):
            said.append("wait")

    old(Tasks).run()
    assert said.count("wait") == waits


def test_methods_that_a_script_overrides_are_called():
    said = []

    class Tasks(TaskSet):
        tasks = [stop]

        def get_next_task(self):
            said.append("get_next_task")
            return super().get_next_task()

        def execute_next_task(self):
            said.append("execute_next_task")
            super().execute_next_task()

        def execute_task(self, task, *args, **kwargs):
            said.append("execute_task")
            super().execute_task(task, *args, **kwargs)

        def schedule_task(self, *args, **kwargs):
            said.append("schedule_task")
            super().schedule_task(*args, **kwargs)

    old(Tasks).run()
    assert said == ["get_next_task", "schedule_task", "execute_next_task", "execute_task"]


def test_a_scripts_own_attributes_on_a_set_are_its_own():
    said = []

    class Tasks(TaskSet):
        def __init__(self, parent):
            super().__init__(parent)
            self.user = {"name": "kim"}
            self.anything = 1

        @task
        def a(self):
            said.append((self.user, self.anything, type(self.locust).__name__))
            raise StopUser

    old(Tasks).run()
    assert said == [({"name": "kim"}, 1, "Mine")]


def test_the_parent_of_a_set_must_be_a_user_or_a_set():
    with pytest.raises(LocustError):
        TaskSet("parent")


def test_stop_timeout_ends_the_set_by_itself():
    said = []

    class Tasks(TaskSet):
        @task
        def a(self):
            said.append("task")
            gevent.sleep(0.03)

        def on_stop(self):
            said.append("stop")

    old(Tasks, stop_timeout=0.01).run()
    assert said == ["task", "stop"]


def waits_of(locust_attributes, set_attributes):
    seen = []

    class Tasks(TaskSet):
        def wait(self):
            seen.append(self.wait_function())
            raise StopUser

    tasks = type("Tasks", (Tasks,), {"tasks": [lambda l: None], **set_attributes})
    type("Mine", (Locust,), {"task_set": tasks, **locust_attributes})().run()
    return seen[0]


def test_waits_of_a_set_win_over_those_of_the_user():
    assert waits_of({}, {}) == 1000
    assert waits_of({"min_wait": 5, "max_wait": 5}, {}) == 5
    assert waits_of({"min_wait": 5, "max_wait": 5}, {"min_wait": 7, "max_wait": 7}) == 7
    assert waits_of({"min_wait": 5, "max_wait": 5}, {"min_wait": 0, "max_wait": 0}) == 0
    assert waits_of({"min_wait": 5, "max_wait": 5}, {"wait_function": lambda self: 9}) == 9
    assert waits_of({"wait_function": lambda self: 11}, {}) == 11


def test_a_set_shows_the_users_wait_limits_until_it_has_its_own():
    class Mine(Locust):
        min_wait, max_wait, task_set = 3, 4, TaskSet

    one = TaskSet(Mine())
    assert (one.min_wait, one.max_wait) == (3, 4)
    one.min_wait = 1
    assert one.min_wait == 1


def test_wait_time_of_a_2_x_user_is_called_as_a_method():
    class Mine(User):
        wait_time = between(2, 2)

    class Other(User):
        def wait_time(self):
            return 7

    environment = env.Environment(events=events)
    assert Mine(environment).wait_time() == 2
    assert Other(environment).wait_time() == 7
    assert TaskSet(Mine(environment)).wait_time() == 2


def test_a_plain_user_has_no_client_and_says_whom_to_inherit_from():
    with pytest.raises(LocustError, match="HttpLocust"):
        old(TaskSet).client.get("/")
    with pytest.raises(LocustError, match="HttpUser"):
        TaskSet(new(tasks=[stop])).client.get("/")


def test_an_http_user_without_a_host_is_an_error():
    class Old(HttpLocust):
        task_set = TaskSet

    class New(HttpUser):
        tasks = [stop]

    with pytest.raises(LocustError, match="HttpLocust"):
        Old()
    with pytest.raises(StopTest, match="host"):
        New(env.Environment(events=events))


def test_each_http_user_has_a_client_of_its_own():
    class Mine(HttpLocust):
        host, task_set = "http://127.0.0.1", TaskSet

    one, other = Mine(), Mine()
    assert one.client is not other.client
    assert TaskSet(one).client is one.client


def test_a_script_may_put_another_client_in_place():
    class Mine(Locust):
        task_set = TaskSet

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.client = "mine"

    assert TaskSet(Mine()).client == "mine"


def test_a_user_describes_itself():
    class Mine(User):
        host, weight, tasks = "http://127.0.0.1", 3, [stop]

    assert Mine.json() == {"host": "http://127.0.0.1", "weight": 3, "fixed_count": 0, "tasks": ["stop"]}
    assert Mine.fullname().endswith("Mine")


def test_interrupt_exception_tells_whether_to_reschedule():
    assert InterruptTaskSet().reschedule is True
    assert InterruptTaskSet(False).reschedule is False


def test_wait_of_a_user_uses_its_wait_time():
    asked = []
    user = new(tasks=[stop], wait_time=lambda self: asked.append(self) or 0)
    user.wait()
    assert asked == [user]
