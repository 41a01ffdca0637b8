# SPDX-License-Identifier: MIT
"""What a user does from its first task to its last: chapters 4.2, 4.3, 9 and 12 of the manual, and the article."""
import ast
import re

import pytest

# A class for each example: what it does is noted under its name. No waits but where they are what is shown.
LIVES = '''
import requests

from locust import HttpLocust, InterruptTaskSet, Locust, TaskSequence, TaskSet, events, seq_task, task
from locust.clients import HttpSession
from locust.exception import StopLocust
from probe import note

class _Quick(Locust):
    min_wait = max_wait = 0

    def say(self, what, **more):
        note(type(self).__name__, what=what, **more)

def lives(example):
    """Makes a user class of an example's task set."""
    return type(example.__name__, (_Quick,), {"task_set": example})

def end(l):
    raise StopLocust()

# ---- tasks

def my_task(l):
    l.locust.say(type(l).__name__, is_set=isinstance(l, TaskSet))
    raise StopLocust()

@lives
class Function(TaskSet):
    tasks = [my_task]

@lives
class Method(TaskSet):
    @task
    def my_task(self):
        print("Locust instance (%r) executing my_task" % (self.locust))
        self.schedule_task(end)

class Brain(TaskSet):
    tasks = [end]

    def on_start(self):
        self.locust.say("Brain", user=type(self.parent).__name__)

class Points(_Quick):
    task_set = Brain

class Repeats(_Quick):
    class task_set(TaskSet):
        calls = 0

        def on_start(self):
            self.locust.say("start")

        def get_next_task(self):
            self.locust.say("pick")
            return super().get_next_task()

        @task
        def one(self):
            self.locust.say("call")
            self.calls += 1
            if self.calls == 3:
                raise StopLocust()

        def wait_function(self):
            self.locust.say("wait")
            return 1

class Http(HttpLocust):
    class task_set(TaskSet):
        @task
        def look(self):
            client = self.client
            note("Http", session=isinstance(client, HttpSession), requests=isinstance(client, requests.Session),
                 same=client is self.locust.client, on_class=HttpLocust.client)
            client.get("/cookies/set?seen=yes", name="set")
            note("cookies", text=client.get("/cookies", name="cookies").text)
            raise StopLocust()

# ---- nested sets

def path(one):
    """Class names from a set up to its user."""
    return [type(one).__name__] + (path(one.parent) if isinstance(one, TaskSet) else [])

class Thread(TaskSet):
    @task
    def reply(self):
        self.locust.say("reply", path=path(self),
                        same=self.locust is self.parent.locust is self.parent.parent.locust is self.parent.parent.parent)
        self.interrupt()

class Forum(TaskSet):
    tasks = {Thread: 3}

    @task
    def leave(self):
        self.locust.say("leave", path=path(self))
        self.interrupt()

@lives
class Site(TaskSet):
    tasks = {Forum: 2}
    seen = 0

    @task
    def front(self):
        self.locust.say("front", path=path(self))
        self.seen += 1
        if self.seen == 10:
            raise StopLocust()

@lives
class Inline(TaskSet):
    @task
    class SubTaskSet(TaskSet):
        @task
        def my_task(self):
            self.locust.say("my_task", path=path(self))
            raise StopLocust()

@lives
class Loop(TaskSet):
    @task
    class Inner(TaskSet):
        calls = 0

        @task
        def one(self):
            self.locust.say("task")
            self.calls += 1
            if self.calls == 3:
                raise StopLocust()

        def wait(self):
            self.locust.say("wait")

    def wait(self):
        self.locust.say("wait of the outer set")

@lives
class Endless(TaskSet):
    def on_start(self):
        self.schedule_task(self.Inner)

    @task(100)
    def outer(self):
        self.locust.say("outer")

    class Inner(TaskSet):
        calls = 0

        @task
        def one(self):
            self.locust.say("inner")
            self.calls += 1
            if self.calls == 50:
                raise StopLocust()

@lives
class Interrupts(TaskSequence):
    @seq_task(1)
    class Now(TaskSet):
        @task
        def leave(self):
            self.locust.say("now")
            self.interrupt()

    @seq_task(2)
    class Later(TaskSet):
        @task
        def leave(self):
            self.locust.say("later")
            self.interrupt(reschedule=False)

    @seq_task(3)
    class RaisesNow(TaskSet):
        @task
        def leave(self):
            self.locust.say("raises now")
            raise InterruptTaskSet()

    @seq_task(4)
    class RaisesLater(TaskSet):
        @task
        def leave(self):
            self.locust.say("raises later")
            raise InterruptTaskSet(reschedule=False)

    @seq_task(5)
    def back(self):
        self.locust.say("back")
        raise StopLocust()

    def wait(self):
        self.locust.say("wait")

@lives
class Root(TaskSet):
    @task
    def leave(self):
        self.locust.say("interrupt")
        self.interrupt()

# ---- sequences

@lives
class MyTaskSequence(TaskSequence):
    @seq_task(1)
    def first_task(self):
        self.locust.say("first")

    @seq_task(2)
    def second_task(self):
        self.locust.say("second")

    @seq_task(3)
    @task(10)
    def third_task(self):
        self.locust.say("third")
        self.runs = getattr(self, "runs", 0) + 1
        if self.runs == 25:
            raise StopLocust()

@lives
class NormalUser(TaskSequence):
    @seq_task(1)
    def login_first(self):
        self.locust.say("login")

    @seq_task(2)
    @task(25) # You can also set the weight in order to execute the task for `weight` times one after another.
    def then_read_thread(self):
        self.locust.say("read")

    @seq_task(3)
    def then_logout(self):
        self.locust.say("logout")
        raise StopLocust()

@lives
class Mixed(TaskSequence):
    @task(2)
    @seq_task(2)
    class Set(TaskSet):
        @task
        class Sequence(TaskSequence):
            @seq_task(2)
            def two(self):
                self.locust.say("two")
                self.interrupt()

            @seq_task(1)
            def one(self):
                self.locust.say("one")

        @task
        def leave(self):
            self.locust.say("left")
            self.interrupt()

    @seq_task(1)
    def first(self):
        self.locust.say("first")

    @seq_task(3)
    def third(self):
        self.locust.client = "a client"
        self.schedule_task(self.queued, kwargs={"client": self.client}, first=True)

    def queued(self, client):
        self.locust.say("queued", client=client)
        raise StopLocust()

def plain(l):
    l.locust.say("plain")

@lives
class Orders(TaskSequence):
    tasks = [plain]

    @seq_task(2)
    @task(2)
    def c(self):
        self.locust.say("c")

    @task(3)
    @seq_task(1)
    def d(self):
        self.locust.say("d")

    @task
    def e(self):
        self.locust.say("e")

    @seq_task(9)
    def turn(self):
        self.locust.say("turn")
        self.turns = getattr(self, "turns", 0) + 1
        if self.turns == 2:
            raise StopLocust()

# ---- the queue

def with_arguments(l, one, two, three):
    l.locust.say("function", values=[one, two, three])

class Nested(TaskSet):
    @task
    def look(self):
        self.locust.say("nested", args=list(self.args), kwargs=self.kwargs)
        self.interrupt()

@lives
class Queue(TaskSet):
    def on_start(self):
        self.schedule_task(with_arguments, [1, 2], {"three": 3})
        self.schedule_task(self.bound, kwargs={"text": "x"})
        self.schedule_task(Nested, args=["a", "b"], kwargs={"c": "d"})
        self.schedule_task(self.early, first=True)

    def early(self):
        self.locust.say("early")

    def bound(self, text):
        self.locust.say("bound", text=text)

    @task
    def chosen(self):
        self.locust.say("chosen")
        raise StopLocust()

@lives
class ByHand(TaskSet):
    def on_start(self):
        self.schedule_task(with_arguments, [1, 2, 3])
        self.execute_next_task()
        self.execute_task(with_arguments, 4, 5, three=6)
        self.wait()
        self.locust.say("waited")
        try:
            self.interrupt()
        except InterruptTaskSet as error:
            self.locust.say("interrupt", reschedule=error.reschedule)
        raise StopLocust()

# ---- clients

def heard(locust_instance, exception, tb):
    note("locust_error", user=type(locust_instance.locust).__name__, error=repr(exception))

events.locust_error += heard

@lives
class NoClient(TaskSet):
    @task
    def fetch(self):
        self.schedule_task(end)
        self.client.get("/")

class OwnClient(_Quick):
    def __init__(self, *args, **kwargs):
        super(OwnClient, self).__init__(*args, **kwargs)
        self.client = self

    def fetch(self, path):
        self.say(path)

    class task_set(TaskSet):
        @task
        def fetch(self):
            self.client.fetch("/")
            raise StopLocust()

note("Locust", task_set=Locust.task_set)
'''
CLASSES = len(re.findall(r"^@lives$|^class \w+\((_Quick|HttpLocust)\)", LIVES, re.M))


@pytest.fixture(scope="module")
def run(stage):
    """(Report, Probe) of one user of each class."""
    return stage.play(LIVES, "-c", str(CLASSES), host=stage.target().url)


@pytest.fixture(scope="module")
def lives(run):
    """lives("Class"): what its user noted."""
    return run[1].all


@pytest.fixture(scope="module")
def said(run):
    """said("Class"): in order, what its user did."""
    return lambda name: run[1].values(name, "what")


# ---- tasks


def test_M3_02_a_task_is_a_callable_with_one_argument(lives):
    """A task is any Python callable that takes one argument: the task set that runs it."""
    assert [(one["what"], one["is_set"]) for one in lives("Function")] == [("Function", True)]


def test_M3_05_task_sets_can_be_nested(said):
    """Task sets can be nested in each other."""
    assert said("Inline") == ["my_task"] and set(said("Site")) == {"front", "leave", "reply"}


def test_M4_03_task_set_points_to_a_task_set_class(lives):
    """`task_set` of a user class points to the task set that says what the user does."""
    assert [(one["what"], one["user"]) for one in lives("Points")] == [("Brain", "Points")]


def test_M4_12_a_user_picks_a_task_calls_it_waits_and_does_so_again(said):
    """Each user runs its task set: pick a task, call it, wait, again."""
    assert said("Repeats") == ["start", "pick", "call", "wait", "pick", "call", "wait", "pick", "call"]


def test_M4_14_the_task_decorator_declares_a_task(run):
    """`@task` declares a task; the example prints the user that runs it."""
    printed = [text for text in run[0].records("INFO", "stdout") if text.endswith("executing my_task")]
    assert len(printed) == 1 and re.match(r"Locust instance \(<\S*\.Method object at 0x\w+>\)", printed[0])


def test_M4_19_a_task_gets_the_task_set_instance(lives):
    """Task callables get one argument, the task set instance that runs them."""
    assert [(one["what"], one["is_set"]) for one in lives("Function")] == [("Function", True)]


def test_M4_20_a_function_in_a_list_of_tasks(said):
    """The example `tasks = [my_task]` with a function of one argument runs it."""
    assert said("Function") == ["Function"]


def test_M9_01_locust_is_the_base_of_users(lives):
    """`Locust` is the class that users derive from, with their behaviour in `task_set`."""
    assert [one["user"] for one in lives("Points")] == ["Points"]


def test_M9_04_task_set_is_none_unless_set(lives):
    """`task_set` of `Locust` is None."""
    assert lives("Locust")[0]["task_set"] is None


def test_M9_08_a_task_set_picks_executes_waits_and_schedules_the_next(said):
    """A `TaskSet` picks a task, executes it, calls its `wait_function` to know how long to wait, and goes on."""
    assert said("Repeats")[1:7] == ["pick", "call", "wait", "pick", "call", "wait"]


def test_B_11_on_start_once_then_tasks_and_waits(said):
    """A user runs `on_start` once, then picks tasks by weight and waits, until the test ends."""
    assert said("Repeats").count("start") == 1 and said("Repeats")[:4] == ["start", "pick", "call", "wait"]


# ---- the client


def test_M3_04_http_users_have_a_session(lives):
    """`HttpLocust` adds `client`, an `HttpSession`, to what a user is."""
    assert lives("Http")[0]["session"] and lives("Http")[0]["requests"]


def test_M9_07_the_client_is_made_with_the_user_and_keeps_cookies(lives):
    """`client` of `HttpLocust` is made when the user is, None on the class, and keeps cookies."""
    assert lives("Http")[0]["on_class"] is None
    assert ast.literal_eval(lives("cookies")[0]["text"]) == {"cookies": {"seen": "yes"}}


def test_M9_10_the_client_of_a_task_set_is_its_users(lives):
    """`client` of a task set is the user's."""
    assert lives("Http")[0]["same"]


def test_B_04_a_plain_user_needs_a_client_of_its_own(lives, said):
    """The base class `Locust` has no client to use; a subclass binds one."""
    errors = [one["error"] for one in lives("locust_error") if one["user"] == "NoClient"]
    assert len(errors) == 1 and errors[0].startswith("LocustError(")
    assert said("OwnClient") == ["/"]


# ---- nested sets


def paths(lives, kind):
    return {tuple(one["path"]) for one in lives("Site") if one["what"] == kind}


def test_M4_23_a_hierarchy_of_sets_is_a_site(lives):
    """Nested task sets make up the sections of a site, as deep as it takes."""
    assert paths(lives, "front") == {("Site", "Site")}
    assert paths(lives, "leave") == {("Forum", "Site", "Site")}
    assert paths(lives, "reply") == {("Thread", "Forum", "Site", "Site")}


def test_M4_25_a_nested_set_has_a_loop_of_its_own(said):
    """A nested set that is chosen picks, executes and waits by itself."""
    assert said("Loop") == ["task", "wait", "task", "wait", "task"]


def test_M4_26_interrupt_goes_back_to_the_parent(said):
    """`self.interrupt()` leaves the nested set, and the parent goes on."""
    assert said("Interrupts")[:2] == ["now", "later"] and said("Interrupts")[-1] == "back"


def test_M4_27_a_set_is_not_left_without_interrupt(said):
    """Without `interrupt()` a nested set is never left."""
    assert said("Endless") == ["inner"] * 50


def test_M4_29_a_nested_set_is_declared_inline(lives):
    """A task set is nested inline with `@task` before its class."""
    assert [one["path"] for one in lives("Inline")] == [["SubTaskSet", "Inline", "Inline"]]


def test_M4_30_locust_is_the_user_at_every_level(lives):
    """`self.locust` is the user, however deep the set is nested."""
    assert {one["same"] for one in lives("Site") if one["what"] == "reply"} == {True}


def test_M4_31_parent_is_the_set_around_or_the_user(lives):
    """`self.parent` is the set around this one; of the outermost set it is the user."""
    assert paths(lives, "reply") == {("Thread", "Forum", "Site", "Site")}
    assert paths(lives, "front") == {("Site", "Site")}


def test_M9_09_a_nested_set_runs_until_it_is_interrupted(said):
    """A nested set is made and run by the set around it until `InterruptTaskSet` leaves it."""
    assert said("Interrupts") == ["now", "later", "wait", "raises now", "raises later", "wait", "back"]


def test_M9_11_interrupt_hands_control_back(said):
    """`interrupt(reschedule=True)` gives control back to the parent."""
    assert "back" in said("Interrupts")


def test_M9_12_reschedule_says_whether_the_parent_waits(said):
    """With `reschedule` true the parent runs a new task at once, with false it waits first."""
    assert said("Interrupts")[:3] == ["now", "later", "wait"]


def test_M9_13_the_root_set_must_not_be_interrupted(run, said):
    """`interrupt()` must not be called in the root task set: it ends that user with an error that says so."""
    errors = run[0].records("ERROR", "locust.runners")
    assert len(errors) == 1 and "LocustError: interrupt()" in errors[0] and "Root.task_set" in errors[0]
    assert said("Root") == ["interrupt"]


def test_M9_14_the_attribute_locust(lives):
    """`locust` of a task set is the user it belongs to."""
    assert {one["same"] for one in lives("Site") if one["what"] == "reply"} == {True}


def test_M9_16_the_attribute_parent(lives):
    """`parent` of a task set is the set, or the user, that it was made by."""
    assert paths(lives, "leave") == {("Forum", "Site", "Site")}


def test_M9_71_the_exception_of_interrupt_can_be_raised(said):
    """`InterruptTaskSet(reschedule=True)` may be raised in a task instead of calling `interrupt()`."""
    assert said("Interrupts")[3:] == ["raises now", "raises later", "wait", "back"]


def test_M12_35_sets_have_a_parent(lives):
    """Since 0.6.2 task sets have the attribute `parent`."""
    assert paths(lives, "reply") == {("Thread", "Forum", "Site", "Site")}


def test_M12_38_sets_have_their_user(lives):
    """Since 0.6 each task set instance has the attribute `locust`."""
    assert {one["same"] for one in lives("Site") if one["what"] == "reply"} == {True}


# ---- sequences


def test_M4_32_a_sequence_runs_in_order(said):
    """`TaskSequence` runs its tasks in order, again and again."""
    assert said("MyTaskSequence")[:2] == ["first", "second"]
    assert said("MyTaskSequence")[12:14] == ["first", "second"]


def test_M4_33_the_example_of_a_sequence(said):
    """In the example the first task runs, then the second, then the third ten times."""
    assert said("MyTaskSequence") == (["first", "second"] + ["third"] * 10) * 2 + ["first", "second"] + ["third"] * 5


def test_M4_34_seq_task_and_task_go_together(said):
    """`@seq_task` and `@task` can both decorate a task, in either order."""
    assert said("Orders")[:8] == ["plain", "d", "d", "d", "e", "c", "c", "turn"]


MIXED = re.compile("first ((one two )*left ){2}queued")


def test_M4_35_sets_and_sequences_nest_in_each_other(said):
    """Task sets can be nested in sequences, and sequences in task sets."""
    assert MIXED.fullmatch(" ".join(said("Mixed")))


def test_M9_24_a_sequence_goes_round(said):
    """`TaskSequence(parent)` runs the task at its index, then the next one, after the last the first."""
    assert said("Orders") == ["plain", "d", "d", "d", "e", "c", "c", "turn"] * 2


def test_M9_25_nested_sequences_end_by_interrupt(said):
    """Sequences and sets nest in each other, and are left by `InterruptTaskSet`."""
    assert MIXED.fullmatch(" ".join(said("Mixed")))


def test_M9_26_tasks_of_a_sequence_come_as_list_or_decorated(said):
    """A sequence's tasks are a list, or decorated with `@seq_task`."""
    assert said("Orders")[0] == "plain" and said("NormalUser")[0] == "login"


def test_M9_27_a_sequence_has_what_a_set_has(lives, said):
    """`client`, `interrupt()` and `schedule_task()` of a sequence are those of a task set."""
    assert lives("Mixed")[-1] == {**lives("Mixed")[-1], "what": "queued", "client": "a client"}
    assert "left" in said("Mixed")


def test_M9_28_the_example_of_seq_task(said):
    """`seq_task(order)`: the example logs in, reads 25 times, logs out."""
    assert said("NormalUser") == ["login"] + ["read"] * 25 + ["logout"]


def test_M12_01_sequential_tasks(said):
    """Since 0.9 tasks can be run in sequence."""
    assert said("NormalUser") == ["login"] + ["read"] * 25 + ["logout"]


# ---- the queue


def test_M9_17_schedule_task_takes_arguments(lives, said):
    """`schedule_task(task_callable, args, kwargs, first)` puts a task with its arguments on the queue, before any choice."""
    assert said("Queue") == ["early", "function", "bound", "nested", "chosen"]
    assert lives("Queue")[1]["values"] == [1, 2, 3]


def test_M9_18_first_puts_it_first(said):
    """With `first=True` the task comes before all others on the queue."""
    assert said("Queue")[0] == "early"


def test_M12_47_scheduled_tasks_take_keyword_arguments(lives):
    """Since 0.6 scheduled tasks may get keyword arguments."""
    assert [one["text"] for one in lives("Queue") if one["what"] == "bound"] == ["x"]


def test_M12_48_scheduled_sets_keep_their_arguments(lives):
    """Since 0.6 a set that was scheduled with arguments has them in `self.args` and `self.kwargs`."""
    assert [(one["args"], one["kwargs"]) for one in lives("Queue") if one["what"] == "nested"] == [
        (["a", "b"], {"c": "d"})]


def test_M12_50_schedule_task_takes_a_list_and_a_dict(lives):
    """Since 0.6 `schedule_task` takes a list `args` and a dict `kwargs`."""
    assert [one["values"] for one in lives("Queue") if one["what"] == "function"] == [[1, 2, 3]]


def test_B_13_methods_of_a_task_set(lives, said):
    """A task set has `schedule_task`, `execute_next_task`, `execute_task`, `wait` and `interrupt`."""
    assert said("ByHand") == ["function", "function", "waited", "interrupt"]
    assert [one["values"] for one in lives("ByHand")[:2]] == [[1, 2, 3], [4, 5, 6]]
    assert lives("ByHand")[-1]["reschedule"] is True
