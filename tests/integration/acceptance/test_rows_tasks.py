# SPDX-License-Identifier: MIT
"""Which tasks are run and how often: chapters 4.2 and 9.4 of the manual, and the article on TaskSet."""
import collections
import math

import pytest

from shares import assert_shares

# Each example is a class that runs so many tasks as fast as it can and then tells how often it ran which.
TASKS = 2000

COUNTS = '''
import collections

from locust import HttpLocust, Locust, TaskSet, task
from locust.exception import StopLocust
from probe import note

class _Client:
    """Counts what is fetched instead of fetching it."""
    def __init__(self, user):
        self.get = user.count

class _Counted(Locust):
    min_wait = max_wait = 0

    def __init__(self):
        super(_Counted, self).__init__()
        self.counts, self.client = collections.Counter(), _Client(self)

    def count(self, what):
        self.counts[what] += 1
        if sum(self.counts.values()) == %d:
            note(type(self).__name__, counts=self.counts)
            raise StopLocust()

def counted(example):
    """Makes a user class of an example's task set."""
    return type(example.__name__, (_Counted,), {"task_set": example})

@counted
class Method(TaskSet):
    @task(3)
    def task1(self):
        self.locust.count("task1")

    @task(6)
    def task2(self):
        self.locust.count("task2")

def my_task(l):
    l.locust.count("my_task")

def another_task(l):
    l.locust.count("another_task")

@counted
class List(TaskSet):
    tasks = [my_task, another_task]

@counted
class Dict(TaskSet):
    tasks = {my_task: 3, another_task: 1}

@counted
class Pairs(TaskSet):
    tasks = [(my_task, 4), (another_task, 1)]

class ForumPage(TaskSet):
    @task(20)
    def read_thread(self):
        self.locust.count("read_thread")

    @task(1)
    def new_thread(self):
        self.locust.count("new_thread")

    @task(5)
    def stop(self):
        self.locust.count("stop")
        self.interrupt()

@counted
class UserBehaviour(TaskSet):
    tasks = {ForumPage:10}

    @task
    def index(self):
        self.locust.count("index")

class ThreadPage(TaskSet):
    def on_start(self):
        self.locust.count("ThreadPage")
        self.interrupt()

def write_post(l):
    l.locust.count("write_post")

@counted
class Threads(TaskSet):
    tasks = {ThreadPage:15, write_post:1}

@counted
class Decorator(TaskSet):
    @task(100)
    def read_thread(self):
        self.locust.count("read_thread")

    @task(7)
    def create_thread(self):
        self.locust.count("create_thread")

@counted
class Article1(TaskSet):
    @task(1)
    def test_job1(self):
        self.client.get('/job1')

    @task(2)
    def test_job2(self):
        self.client.get('/job2')

def test_job1(obj):
    obj.client.get('/job1')

def test_job2(obj):
    obj.client.get('/job2')

@counted
class Article2(TaskSet):
    tasks = {test_job1:1, test_job2:2}

@counted
class Article3(TaskSet):
    tasks = [(test_job1,1), (test_job2,2)]

@counted
class Article4(TaskSet):
    @task
    def test_job1(self):
        self.client.get('/job1')

    @task
    def test_job2(self):
        self.client.get('/job2')

@counted
class Article5(TaskSet):
    tasks = [test_job1, test_job2]

@counted
class Article6(TaskSet):
    tasks = {test_job1:1, test_job2:1}

note("decorated", names=[one.__name__ for one in Method.task_set.tasks])
note("declared", dict=[one.__name__ for one in Dict.task_set.tasks], list=[one.__name__ for one in List.task_set.tasks])

class Vector(TaskSet):
    tasks = {my_task:5, another_task:2}

    @task(3)
    def t3(self): pass

    @task(13)
    def t4(self): pass

note("vector", length=len(Vector.tasks))
''' % TASKS


@pytest.fixture(scope="module")
def probe_of_counts(stage):
    report, probe = stage.play(COUNTS, "-c", "13")
    assert report.records("ERROR") == []
    return probe


@pytest.fixture(scope="module")
def counts(probe_of_counts):
    """counts("Class"): how often it ran which task."""
    return lambda name: collections.Counter(probe_of_counts.values(name, "counts")[0])


def test_M4_15_a_task_s_weight_says_how_often_it_runs(counts):
    """`@task(weight)` makes a task run more often: one with weight 6 twice as often as one with weight 3."""
    assert_shares(counts("Method"), {"task1": 3, "task2": 6})
    assert sum(counts("Method").values()) == TASKS


def test_M4_17_the_decorator_fills_tasks(probe_of_counts):
    """`@task` does no more than fill the attribute `tasks`."""
    assert probe_of_counts.values("decorated", "names") == [["task1"] * 3 + ["task2"] * 6]


def test_M4_18_tasks_is_a_list_or_a_dict(probe_of_counts, counts):
    """`tasks` is a list of callables, or a dict of callables and whole numbers."""
    assert probe_of_counts.values("declared", "dict") == [["my_task"] * 3 + ["another_task"]]
    assert probe_of_counts.values("declared", "list") == [["my_task", "another_task"]]
    assert set(counts("List")) == set(counts("Dict")) == {"my_task", "another_task"}


def test_M4_21_of_a_list_one_is_chosen_at_random_each_time(counts):
    """Of a list of tasks, one is chosen at random each time."""
    assert_shares(counts("List"), {"my_task": 1, "another_task": 1})


def test_M4_22_a_dict_weighs_its_tasks(counts):
    """With `tasks = {my_task: 3, another_task: 1}` the first runs three times as often as the second."""
    assert_shares(counts("Dict"), {"my_task": 3, "another_task": 1})


def test_M4_24_a_forum_nested_in_a_user_s_behaviour(counts):
    """The example of a forum page nested in a user's behaviour runs its tasks 20 : 1 : 5."""
    forum = counts("UserBehaviour")
    assert_shares(forum, {"read_thread": 20, "new_thread": 1, "stop": 5})
    assert_shares(forum, {"stop": 10, "index": 1})


def test_M4_28_interrupt_and_weights_say_how_likely_a_set_is_left(counts):
    """`interrupt()` in a task with a weight says how likely a nested set is left."""
    forum = counts("UserBehaviour")
    visits = forum["stop"] + 1
    tasks = forum["read_thread"] + forum["new_thread"] + forum["stop"]
    deviation = math.sqrt(26 / 5 * (26 / 5 - 1) / visits)  # of a mean of so many geometric numbers
    assert abs(tasks / visits - 26 / 5) < 5 * deviation, forum


def test_M9_19_a_list_is_chosen_from_at_random(counts):
    """`tasks` as a list: the next task is picked at random, whatever ran before."""
    assert_shares(counts("Article5"), {"/job1": 1, "/job2": 1})
    assert_shares(counts("List"), {"my_task": 1, "another_task": 1})


def test_M9_20_a_list_of_pairs_weighs_its_tasks(counts):
    """`tasks` as a list of (callable, int) pairs: the task is picked at random by these weights."""
    assert_shares(counts("Pairs"), {"my_task": 4, "another_task": 1})


def test_M9_21_a_dict_may_hold_task_sets(counts):
    """With `tasks = {ThreadPage:15, write_post:1}` the nested set is fifteen times as likely as the function."""
    assert_shares(counts("Threads"), {"ThreadPage": 15, "write_post": 1})


def test_M9_23_the_task_decorator_takes_a_weight(counts):
    """`task(weight=1)` declares tasks inline: with 100 and 7 the tasks run in that ratio."""
    assert_shares(counts("Decorator"), {"read_thread": 100, "create_thread": 7})


def test_B_14_weights_of_decorated_methods(counts):
    """`@task(1)` and `@task(2)`: the second job runs twice as often."""
    assert_shares(counts("Article1"), {"/job1": 1, "/job2": 2})


def test_B_15_weights_of_functions_in_a_dict(counts):
    """`tasks = {test_job1:1, test_job2:2}` with functions of one argument: the second runs twice as often."""
    assert_shares(counts("Article2"), {"/job1": 1, "/job2": 2})


def test_B_16_pairs_are_the_same_as_a_dict(counts):
    """A list of (callable, weight) pairs is the same as the dict."""
    assert_shares(counts("Article3"), {"/job1": 1, "/job2": 2})


def test_B_17_without_weights_all_are_as_likely(counts):
    """Tasks decorated without a weight run 1 : 1."""
    assert_shares(counts("Article4"), {"/job1": 1, "/job2": 1})


def test_B_18_a_list_equals_a_dict_of_ones(counts):
    """`tasks = [test_job1, test_job2]` is the same as a dict with 1 for each."""
    for name in ("Article5", "Article6"):
        assert_shares(counts(name), {"/job1": 1, "/job2": 1})


def test_vector_length_of_tasks(probe_of_counts):
    """`tasks = {t1:5, t2:2}` with `@task(3)` and `@task(13)` is a list of 23."""
    assert probe_of_counts.values("vector", "length") == [23]
