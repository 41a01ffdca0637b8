# SPDX-License-Identifier: MIT
"""User classes, task sets and waits of both generations, as whole programs."""
import itertools
import textwrap

import pytest

from tables import agree

STOP = "from locust.exception import StopLocust\n"


def gaps(notes):
    """Seconds between one note and the next."""
    return [after["time"] - before["time"] for before, after in itertools.pairwise(notes)]


# ---- 2.x


def test_a_2x_file_with_tasks_on_the_user(play, probe, target):
    report = play("""
        from locust import HttpUser, task, between
        from probe import note

        class QuickstartUser(HttpUser):
            wait_time = between(0.01, 0.02)

            @task
            def hello_world(self):
                self.client.get("/hello")
                self.client.get("/world")

            @task(3)
            def view_items(self):
                for item_id in range(10):
                    self.client.get(f"/item?id={item_id}", name="/item")
                note("viewed")
                if self.environment.runner.user_count and probe_done():
                    self.environment.runner.quit()

            def on_start(self):
                self.client.post("/login", json={"username": "foo", "password": "bar"})

            def on_stop(self):
                note("stopped")

        viewed = []
        def probe_done():
            viewed.append(1)
            return len(viewed) == 30
    """, "-c", 3, "-r", 100, "-t", "20s", host=target.url)
    table = report.table()
    assert set(table) == {"GET /hello", "GET /world", "GET /item", "POST /login"}
    assert table["GET /hello"].requests == table["GET /world"].requests > 0
    assert table["GET /item"].requests >= 300 and table["POST /login"].requests == 3
    assert probe.count("stopped") == 3
    agree(report, target.stats())


def test_2x_options_have_their_own_names(play, target):
    report = play("""
        from locust import HttpUser, task, constant

        class Api(HttpUser):
            wait_time = constant(0.05)

            @task
            def get(self):
                self.client.get("/json")
    """, "--headless", "--users", 3, "--spawn-rate", 100, "--run-time", "1s", host=target.url, headless=False)
    assert 20 < report.table()["GET /json"].requests < 63
    agree(report, target.stats())


def test_users_of_several_classes_come_by_weight_with_their_own_hosts(play, start_target, probe):
    first, second = start_target(), start_target()
    report = play(f"""
        from locust import HttpUser, User, HttpLocust, TaskSet, task, constant
        from locust.exception import StopUser
        from probe import note

        class Base(HttpUser):
            abstract = True
            wait_time = constant(0)

            @task
            def once(self):
                note(type(self).__name__)
                self.client.get("/" + type(self).__name__, name=type(self).__name__)
                raise StopUser()

        class Heavy(Base):
            weight = 3
            host = "{first.url}"

        class Light(Base):
            weight = 1
            host = "{second.url}/"

        class Never(Base):
            weight = 0
            host = "{first.url}"
    """, "-c", 12, "-r", 1000, code=1)
    assert (probe.count("Heavy"), probe.count("Light"), probe.count("Never")) == (9, 3, 0)
    assert first.stats()["requests"] == 9 and second.stats()["requests"] == 3
    assert report.total() == (0, 12)


def test_generations_may_stand_in_one_file(play, probe):
    play("""
        from locust import Locust, User, TaskSet, task, constant
        from locust.exception import StopLocust, StopUser
        from probe import note

        class Old(Locust):
            weight = 1
            class task_set(TaskSet):
                @task
                def once(self):
                    note("old", user=type(self.locust).__name__)
                    raise StopLocust()

        class New(User):
            wait_time = constant(0)

            @task
            def once(self):
                note("new", user=type(self).__name__)
                raise StopUser()
    """, "-c", 4, "-r", 100)
    assert probe.values("old", "user") == ["Old"] * 2 and probe.values("new", "user") == ["New"] * 2


def test_fixed_count_users_come_first(play, probe):
    play("""
        from locust import User, task, constant
        from locust.exception import StopUser
        from probe import note

        class Admin(User):
            fixed_count = 1
            @task
            def once(self):
                note("admin")
                raise StopUser()

        class Customer(User):
            @task
            def once(self):
                note("customer")
                raise StopUser()
    """, "-c", 6, "-r", 100)
    assert probe.count("admin") == 1 and probe.count("customer") == 5


def test_the_command_line_s_host_wins_over_the_class_s(play, target):
    play("""
        from locust import HttpLocust, TaskSet, task
        from locust.exception import StopLocust

        class Tasks(TaskSet):
            @task
            def once(self):
                assert self.client.get("/json").ok
                raise StopLocust()

        class User(HttpLocust):
            task_set = Tasks
            host = "http://127.0.0.1:1"
    """, "-c", 2, "-r", 100, host=target.url)
    assert target.stats()["requests"] == 2


def test_start_and_stop_hooks_of_users_and_sets_in_order(play, probe):
    play("""
        from locust import User, TaskSet, task, constant
        from locust.exception import StopUser
        from probe import note

        class Inner(TaskSet):
            def on_start(self): note("inner start")
            def on_stop(self): note("inner stop")
            @task
            def one(self):
                note("task")
                self.interrupt()

        class Outer(TaskSet):
            wait_time = constant(0)
            def on_start(self): note("outer start")
            def on_stop(self): note("outer stop")
            @task
            class Nested(Inner):
                pass
            @task
            def end(self):
                pass

        class Tester(User):
            tasks = [Outer]
            def on_start(self):
                note("user start")
                self.left = 2
            def on_stop(self): note("user stop")

        Outer.tasks = [Inner, lambda self: note("outer task"), Inner]
        picks = iter([0, 1, 2])
        def get_next_task(self):
            pick = next(picks, None)
            if pick is None:
                raise StopUser()
            return self.tasks[pick]
        Outer.get_next_task = get_next_task
    """)
    assert probe.kinds() == ["user start", "outer start", "inner start", "task", "inner stop", "outer task",
                             "inner start", "task", "inner stop", "outer stop", "user stop"]


@pytest.mark.parametrize("wait, least, most", [
    ("between(0.05, 0.1)", 0.05, 0.1), ("constant(0.07)", 0.07, 0.07), ("constant_pacing(0.08)", 0.08, 0.08),
    ("constant_throughput(12.5)", 0.08, 0.08), ("lambda self: 0.06", 0.06, 0.06)])
def test_wait_times_of_2x(play, probe, wait, least, most):
    play(f"""
        from locust import User, task, between, constant, constant_pacing, constant_throughput
        from locust.exception import StopUser
        from probe import note

        class Waiting(User):
            wait_time = {wait}
            done = 0

            @task
            def tick(self):
                note("tick")
                self.done += 1
                if self.done == 9:
                    raise StopUser()
    """)
    found = gaps(probe.all("tick"))
    assert len(found) == 8
    assert min(found) > least * 0.8, found
    assert sorted(found)[4] < most * 1.6, found  # the median: a single one may be late on a busy machine


# ---- 0.9


@pytest.mark.parametrize("on_set, on_user, least, most", [
    ("", "min_wait = 40\n    max_wait = 80", 0.04, 0.08),
    ("min_wait = 40\n    max_wait = 80", "min_wait = max_wait = 5000", 0.04, 0.08),
    ("", "wait_function = lambda self: 60", 0.06, 0.06),
    ("wait_function = lambda self: self.max_wait / 2\n    max_wait = 100", "min_wait = 5000", 0.05, 0.05),
    ("min_wait = max_wait = None", "min_wait = max_wait = 50", 0.05, 0.05),
    ("min_wait = max_wait = 0", "min_wait = max_wait = 5000", 0.0, 0.05),
    ("def wait_function(self): return 50.5", "", 0.05, 0.051)])
def test_waits_of_0_9(play, probe, on_set, on_user, least, most):
    play(f"""
from locust import Locust, TaskSet, task
from locust.exception import StopLocust
from probe import note

class Tasks(TaskSet):
    {on_set or "pass"}
    done = 0

    @task
    def tick(self):
        note("tick")
        self.done += 1
        if self.done == 9:
            raise StopLocust()

class Waiting(Locust):
    task_set = Tasks
    {on_user or "pass"}
""")
    found = gaps(probe.all("tick"))
    assert len(found) == 8
    assert min(found) > least * 0.8 - 0.001, found
    assert sorted(found)[4] < most * 1.6, found


def test_the_default_wait_of_0_9_is_a_second(play, probe):
    play("""
        from locust import Locust, TaskSet, task
        from locust.exception import StopLocust
        from probe import note

        class Tasks(TaskSet):
            done = 0
            @task
            def tick(self):
                note("tick")
                self.done += 1
                if self.done == 2:
                    raise StopLocust()

        class Waiting(Locust):
            task_set = Tasks
    """)
    assert 0.95 < gaps(probe.all("tick"))[0] < 1.5


@pytest.mark.parametrize("tasks", ["[a, b, b, b]", "{a: 1, b: 3}", "[(a, 1), (b, 3)]", "[a, (b, 3)]", "((a, 1), (b, 3))"])
def test_forms_of_the_tasks_attribute(play, probe, tasks):
    play(f"""
        from locust import Locust, TaskSet
        from locust.exception import StopLocust
        from probe import note

        done = []

        def a(self): count("a")
        def b(self): count("b")
        def count(kind):
            note(kind)
            done.append(kind)
            if len(done) == 400:
                raise StopLocust()

        class Tasks(TaskSet):
            tasks = {tasks}

        assert len(Tasks.tasks) == 4

        class User(Locust):
            task_set = Tasks
            min_wait = max_wait = 0
    """)
    assert probe.count("a") + probe.count("b") == 400
    assert 1.9 < probe.count("b") / probe.count("a") < 4.9


def test_decorators_inheritance_and_declared_tasks_add_up(play):
    play("""
        from locust import Locust, TaskSet, task
        from locust.exception import StopLocust

        class Base(TaskSet):
            @task(2)
            def base(self): pass

        class Derived(Base):
            def one(self): pass
            tasks = {one: 5}
            @task
            def two(self): pass
            @task(0)
            def never(self): pass
            @task(13)
            class Nested(TaskSet):
                @task
                def inner(self): pass

        assert len(Derived.tasks) == 2 + 5 + 1 + 13, Derived.tasks

        class User(Locust):
            class task_set(Derived):
                def on_start(self):
                    raise StopLocust()
    """)


def test_scheduled_tasks_come_first_and_get_their_arguments(play, probe):
    play("""
        from locust import Locust, TaskSet, task
        from locust.exception import StopLocust
        from probe import note

        class Nested(TaskSet):
            def on_start(self):
                note("nested", args=list(self.args), kwargs=self.kwargs)
                self.interrupt()
            @task
            def never(self): note("never")

        def free(self, *args): note("free", args=list(args), set=type(self).__name__)

        class Tasks(TaskSet):
            @task
            def first(self):
                note("first")
                self.schedule_task(free, args=[1, 2])
                self.schedule_task(self.bound, kwargs={"x": 3})
                self.schedule_task(Nested, args=["a"], kwargs={"k": "v"})
                self.schedule_task(self.early, first=True)
                self.schedule_task(self.end)
            def early(self): note("early")
            def bound(self, x): note("bound", x=x)
            def end(self): raise StopLocust()

        class User(Locust):
            task_set = Tasks
            min_wait = max_wait = 0
    """)
    assert probe.kinds() == ["first", "early", "free", "bound", "nested"]
    assert probe.all("free")[0]["args"] == [1, 2] and probe.all("free")[0]["set"] == "Tasks"
    assert probe.all("nested")[0]["args"] == ["a"] and probe.all("nested")[0]["kwargs"] == {"k": "v"}


def test_interrupt_waits_or_not_as_asked(play, probe):
    play("""
        from locust import Locust, TaskSet, task
        from locust.exception import StopLocust
        from probe import note

        class Leaves(TaskSet):
            @task
            def leave(self):
                note("leave")
                self.interrupt(reschedule=User.now)

        class Tasks(TaskSet):
            order = iter([0, 1, 2, 3])
            def get_next_task(self):
                step = next(self.order)
                note("pick", step=step)
                User.now = step == 0
                if step == 3:
                    raise StopLocust()
                return Leaves

        class User(Locust):
            task_set = Tasks
            min_wait = max_wait = 100
    """)
    picks = gaps(probe.all("pick"))
    assert picks[0] < 0.08 and 0.09 < picks[1] and 0.09 < picks[2], picks


def test_interrupting_the_root_set_ends_the_user_with_an_explanation(play):
    report = play("""
        from locust import Locust, TaskSet, task

        class Tasks(TaskSet):
            @task
            def leave(self):
                self.interrupt()

        class User(Locust):
            task_set = Tasks
    """)
    assert "LocustError" in report.stderr and "interrupt" in report.stderr and "Tasks" in report.stderr
    assert "All locusts dead" in report.stderr


def test_overridden_methods_of_the_loop_are_called(play, probe):
    play("""
        from locust import Locust, TaskSet, task
        from locust.exception import StopLocust
        from probe import note

        class Tasks(TaskSet):
            done = 0
            @task
            def work(self):
                note("work")
                self.done += 1
            def get_next_task(self):
                note("get_next_task")
                return super().get_next_task()
            def execute_task(self, task, *args, **kwargs):
                note("execute_task")
                return super().execute_task(task, *args, **kwargs)
            def execute_next_task(self):
                note("execute_next_task")
                return super().execute_next_task()
            def schedule_task(self, *args, **kwargs):
                note("schedule_task")
                return super().schedule_task(*args, **kwargs)
            def wait(self):
                note("wait")
                if self.done == 2:
                    raise StopLocust()

        class User(Locust):
            task_set = Tasks
    """)
    step = ["get_next_task", "schedule_task", "execute_next_task", "execute_task", "work", "wait"]
    assert probe.kinds() == step * 2


def test_stop_timeout_ends_a_user(play, probe):
    report = play("""
        from locust import Locust, TaskSet, task
        from probe import note

        class Tasks(TaskSet):
            @task
            def work(self): note("work")
            def on_stop(self): note("stop")

        class User(Locust):
            task_set = Tasks
            stop_timeout = 0.4
            min_wait = max_wait = 50
    """)
    assert 4 < probe.count("work") < 11 and probe.count("stop") == 1
    assert report.seconds < 20


def test_a_plain_locust_has_no_client(play):
    report = play("""
        from locust import Locust, TaskSet, task
        from locust.exception import LocustError, StopLocust

        class Tasks(TaskSet):
            @task
            def work(self):
                try:
                    self.client.get("/")
                except LocustError as error:
                    print("said:", error)
                raise StopLocust()

        class User(Locust):
            task_set = Tasks
    """)
    assert any("HttpLocust" in record for record in report.records("INFO", "stdout"))


def test_listeners_hear_of_every_request_in_both_generations(play, probe, target):
    report = play("""
        from locust import HttpLocust, TaskSet, task, events
        from locust.exception import StopLocust
        from probe import note

        def on_success(request_type, name, response_time, response_length):
            note("success", type=request_type, name=name, length=response_length, time=response_time)

        def on_failure(request_type, name, response_time, exception, **kw):
            note("failure", type=request_type, name=name, error=repr(exception))

        events.request_success += on_success
        events.request_failure += on_failure

        @events.request.add_listener
        def on_request(request_type, name, response_time, response_length, response, context, exception, start_time, url,
                       **kwargs):
            note("request", name=name, failed=exception is not None, url=url, status=response.status_code)

        @events.test_start.add_listener
        def on_test_start(environment, **kwargs):
            note("test_start", host=environment.host)

        @events.test_stop.add_listener
        def on_test_stop(environment, **kwargs):
            note("test_stop")

        events.quitting += lambda **kw: note("quitting")
        events.hatch_complete += lambda user_count: note("hatch_complete", users=user_count)

        class User(HttpLocust):
            min_wait = max_wait = 0
            class task_set(TaskSet):
                @task
                def call(self):
                    self.client.get("/json")
                    self.client.get("/status/404")
                    raise StopLocust()
    """, "-c", 2, "-r", 100, host=target.url, code=1)
    kinds = probe.kinds()
    assert kinds[0] == "test_start" and kinds[-2:] == ["test_stop", "quitting"] and "hatch_complete" in kinds
    assert probe.count("success") == probe.count("failure") == 2 and probe.count("request") == 4
    assert probe.all("success")[0]["name"] == "/json" and probe.all("success")[0]["length"] == 45
    assert probe.all("failure")[0]["error"].startswith("HTTPError('404 Client Error")
    assert probe.values("hatch_complete", "users") == [2]
    agree(report, target.stats())


def test_users_die_one_by_one_and_the_run_ends(play):
    report = play(STOP + textwrap.dedent("""
        from locust import Locust, TaskSet, task

        class Tasks(TaskSet):
            @task
            def end(self):
                raise StopLocust()

        class User(Locust):
            task_set = Tasks
    """), "-c", 20, "-r", 1000)
    assert "All locusts hatched: User: 20" in report.stderr and "All locusts dead" in report.stderr
    assert report.seconds < 20
