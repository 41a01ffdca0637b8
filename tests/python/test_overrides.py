# SPDX-License-Identifier: MIT
"""What a script may put in place of the task set's own: in a class, on a class while users run, on one instance."""
import gevent
import pytest
from locust import InterruptTaskSet, Locust, TaskSequence, TaskSet, between, seq_task, task
from locust.exception import RescheduleTask, RescheduleTaskImmediately, StopLocust, StopUser


class Quick(Locust):
    min_wait = max_wait = 0


def life(task_set_class, **attributes):
    """Runs one user of that task set to its end; returns it."""
    user = type("Mine", (Quick,), {"task_set": task_set_class, **attributes})()
    user.run()
    return user


class Said(list):
    """Notes what happens; the task that makes it too long ends the user."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def __call__(self, what):
        self.append(what)
        if len(self) == self.most:
            raise StopUser


METHODS = {
    "execute_task": lambda base, said: lambda self, task, *args, **kwargs: (
        said("execute_task"), base(self, task, *args, **kwargs)),
    "execute_next_task": lambda base, said: lambda self: (said("execute_next_task"), base(self)),
    "get_next_task": lambda base, said: lambda self: (said("get_next_task"), base(self))[1],
    "schedule_task": lambda base, said: lambda self, *args, **kwargs: (
        said("schedule_task"), base(self, *args, **kwargs)),
    "wait": lambda base, said: lambda self: (said("wait"), base(self)),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_replaced_on_the_class_at_run_time_is_called_from_the_next_task_on(name):
    said = Said(6)

    class Tasks(TaskSet):
        @task
        def a(self):
            said("task")
            setattr(Tasks, name, METHODS[name](getattr(TaskSet, name), said))

    life(Tasks)
    assert said.count("task") == 3 and said.count(name) == 3


@pytest.mark.parametrize("name", METHODS)
def test_a_method_replaced_on_the_base_class_holds_for_all_until_it_is_put_back(name, monkeypatch):
    said = Said(6)

    class Tasks(TaskSet):
        @task
        def a(self):
            said("task")

    with monkeypatch.context() as patch:
        patch.setattr(TaskSet, name, METHODS[name](getattr(TaskSet, name), said))
        life(Tasks)
    assert 3 <= said.count(name) <= 4
    said.clear()
    life(Tasks)
    assert said == ["task"] * 6


@pytest.mark.parametrize("name", METHODS)
def test_a_method_replaced_on_one_instance_is_that_one_s(name):
    said = Said(7)

    class Tasks(TaskSet):
        @task
        def a(self):
            said("task")
            if len(said) == 1:
                method = METHODS[name](getattr(TaskSet, name), said)
                setattr(self, name, lambda *args, **kwargs: method(self, *args, **kwargs))
            elif len(said) > 5:
                delattr(self, name)

    life(Tasks)
    assert said.count(name) == 3 and said[-1] == "task"
    said.clear()


def test_on_start_and_on_stop_may_be_an_instance_s_own():
    said = []

    class Tasks(TaskSet):
        tasks = [lambda l: said.append("task") or l.interrupt()]

        def __init__(self, parent):
            super().__init__(parent)
            self.on_start = lambda: said.append("start")
            self.on_stop = lambda: said.append("stop")

    class Outer(TaskSet):
        tasks = [Tasks]

        def get_next_task(self):
            if said:
                raise StopLocust
            return Tasks

    life(Outer)
    assert said == ["start", "task", "stop"]


def pauses(owner, attributes, count=3):
    """The milliseconds a set waits with waits put on it, or on its user, by its on_start."""
    seen = []

    class Tasks(TaskSet):
        tasks = [lambda l: None]

        def on_start(self):
            for name, value in attributes.items():
                setattr(self if owner == "set" else self.locust, name, value)

        def wait(self):
            seen.append(self.wait_function())
            if len(seen) == count:
                raise StopUser

    life(Tasks, min_wait=1, max_wait=1)
    return seen


@pytest.mark.parametrize("owner", ["set", "user"])
@pytest.mark.parametrize("attributes,millis", [
    ({"min_wait": 7, "max_wait": 7}, 7), ({"wait_function": lambda: 9}, 9), ({"wait_time": lambda: 0.011}, 11)])
def test_waits_put_on_an_instance_hold(owner, attributes, millis):
    assert pauses(owner, attributes) == [millis] * 3


def test_waits_put_on_an_instance_are_waited():
    times = []

    class Tasks(TaskSet):
        @task
        def a(self):
            times.append(gevent.get_hub().loop.now())
            self.wait_function = lambda: 40
            if len(times) == 2:
                raise StopUser

    life(Tasks)
    gevent.get_hub().loop.update_now()
    assert times[1] - times[0] > 0.03


def test_a_wait_time_put_on_the_class_at_run_time_holds():
    seen = []

    class Tasks(TaskSet):
        tasks = [lambda l: None]

        def wait(self):
            seen.append(self.wait_function())
            type(self).wait_time = between(0.004, 0.004)
            if len(seen) == 2:
                raise StopUser

    life(Tasks, min_wait=1, max_wait=1)
    assert seen == [1, 4]


def test_a_wait_function_borrowed_from_locust_goes_by_the_set_s_limits():
    seen = []

    class Tasks(TaskSet):
        min_wait = max_wait = 6
        wait_function = Locust.wait_function

        @task
        def a(self):
            seen.append(self.wait_function())
            raise StopUser

    life(Tasks, wait_function=lambda self: 99)
    assert seen == [6]


def test_a_callable_that_is_no_function_is_called_without_self():
    import functools

    class Tasks(TaskSet):
        wait_function = functools.partial(int, "3")

        @task
        def a(self):
            assert self.wait_function() == 3
            raise StopUser

    life(Tasks)


def test_waits_of_a_task_set_class_are_none_until_it_has_some():
    assert TaskSet.min_wait is TaskSet.max_wait is TaskSet.wait_function is None
    assert type("Tasks", (TaskSet,), {"min_wait": 3}).min_wait == 3


def test_getattr_of_a_scripts_own_decides_what_is_called():
    said = Said(4)

    class Tasks(TaskSet):
        @task
        def a(self):
            said("task")

        def __getattribute__(self, name):
            if name == "wait":
                return lambda: said("wait")
            return super().__getattribute__(name)

    life(Tasks)
    assert said == ["task", "wait", "task", "wait"]


def test_names_announced_in_a_class_are_still_the_instance_s():
    class Tasks(TaskSet):
        locust = None
        parent = None
        args = kwargs = ()

        @task
        def a(self):
            assert type(self.locust).__name__ == "Mine" and self.parent is self.locust and self.kwargs == {}
            raise StopUser

    life(Tasks, _catch_exceptions=False)


def test_the_queue_and_the_clock_of_a_set_can_be_replaced():
    said = []

    class Tasks(TaskSet):
        @task
        def never(self):
            said.append("never")

        def on_start(self):
            self.schedule_task(self.never)
            self._task_queue = []
            self.schedule_task(lambda l: said.append("task"))
            self._time_start -= 100

    life(Tasks, stop_timeout=50)
    assert said == []

    class Other(Tasks):
        def on_start(self):
            super().on_start()
            self._time_start += 100

        @task
        def end(self):
            raise StopUser

        get_next_task = lambda self: self.end

    life(Other, stop_timeout=50)
    assert said == ["task"]


def test_stop_timeout_holds_whenever_it_is_set():
    said = []

    class Tasks(TaskSet):
        @task
        def a(self):
            said.append("task")
            self.locust.stop_timeout = 0.0 if len(said) == 3 else 60

    life(Tasks, min_wait=1, max_wait=1)
    assert len(said) == 3
    life(Tasks, stop_timeout=0)
    assert len(said) == 3


def test_a_set_can_be_given_to_another_user_and_to_nothing_else():
    one, other = Quick(), Quick()
    tasks = TaskSet(one)
    tasks.locust = other
    other.client = "mine"
    assert tasks.locust is other and tasks.client == "mine"
    with pytest.raises(TypeError):
        tasks.locust = None


@pytest.mark.parametrize("where", ["wait", "get_next_task"])
@pytest.mark.parametrize("flow", [RescheduleTask, RescheduleTaskImmediately])
def test_a_reschedule_is_a_task_s_to_ask_for_and_an_error_elsewhere(where, flow, hear, capsys):
    errors, runs = hear("locust_error"), []

    class Tasks(TaskSet):
        tasks = [lambda l: None]

    def method(self):
        runs.append(1)
        if len(runs) == 1:
            raise flow
        raise StopUser

    setattr(Tasks, where, method)
    life(Tasks)
    assert [type(one["exception"]) for one in errors] == [flow]


def test_an_interrupt_leaves_the_set_from_its_wait_and_its_wait_function():
    said = []

    class Waits(TaskSet):
        tasks = [lambda l: said.append("inner")]

        def wait(self):
            self.interrupt()

    class Calculates(TaskSet):
        tasks = [lambda l: said.append("inner")]

        def wait_function(self):
            raise InterruptTaskSet(False)

    class Outer(TaskSequence):
        tasks = [Waits, Calculates, lambda l: l.end()]

        def wait(self):
            said.append("outer waits")

        def end(self):
            raise StopUser

    life(Outer)
    assert said == ["inner", "inner", "outer waits"]


def test_tasks_that_never_wait_leave_others_their_turn():
    runs = []

    class Tasks(TaskSet):
        @task
        def a(self):
            runs.append(1)
            raise RescheduleTaskImmediately

    greenlet = gevent.spawn(life, Tasks)
    with gevent.Timeout(10):
        while len(runs) < 20:
            gevent.sleep(0.001)
    greenlet.kill()
    assert not greenlet


def test_a_sequence_of_methods_and_nested_sets_in_any_stacking():
    said = []

    class Sequence(TaskSequence):
        @task(2)
        @seq_task(3)
        class Third(TaskSet):
            def on_start(self):
                said.append("third")
                self.interrupt()

        @seq_task(1)
        @task
        class First(TaskSequence):
            @seq_task(2)
            def leave(self):
                said.append("leave")
                self.interrupt(reschedule=False)

            @seq_task(1)
            def enter(self):
                said.append("enter")

        @seq_task(2)
        def second(self):
            said.append("second")
            if said.count("second") == 2:
                raise StopUser

    life(Sequence)
    assert said == ["enter", "leave", "second", "third", "third", "enter", "leave", "second"]


def test_the_attributes_of_a_set_may_be_replaced_as_a_whole():
    said = Said(5)

    class Tasks(TaskSet):
        @task
        def a(self):
            said("task")
            if len(said) == 1:
                self.__dict__ = {"wait": lambda: said("wait")}
            elif len(said) == 3:
                del self.__dict__

    life(Tasks)
    assert said == ["task", "wait", "task", "task", "task"]


def test_limits_hold_from_the_moment_they_are_changed():
    seen = []

    class Tasks(TaskSet):
        @task
        def a(self):
            for change in (lambda: setattr(type(self.locust), "min_wait", 2), lambda: setattr(self.locust, "max_wait", 2),
                           lambda: setattr(type(self), "max_wait", 3), lambda: setattr(self, "min_wait", 3)):
                change()
                seen.append((self.min_wait, self.max_wait, self.wait_function()))
            raise StopUser

    life(Tasks, min_wait=1, max_wait=2, _catch_exceptions=False)
    assert [one[:2] for one in seen] == [(2, 2), (2, 2), (2, 3), (3, 3)]
    assert all(low <= millis <= high for low, high, millis in seen)
