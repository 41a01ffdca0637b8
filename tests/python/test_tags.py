# SPDX-License-Identifier: MIT
import pytest
from locust import HttpUser, Locust, SequentialTaskSet, TaskSet, tag, task
from locust._tags import TagFilter


def classes():
    """New ones each time: filtering is for good."""
    @tag("outer")
    class Steps(SequentialTaskSet):
        @task
        def first(self):
            pass

        @tag("second", "slow")
        @task(2)
        def second(self):
            pass

        @task
        class Inner(TaskSet):
            @task
            def deep(self):
                pass

    class User(HttpUser):
        tasks = [Steps]

        @tag("own")
        @task(3)
        def own(self):
            pass

        @task
        def plain(self):
            pass

    return Steps, User


def names(owner):
    return [one.__name__ for one in owner.tasks]


@pytest.mark.parametrize("include, exclude, user, steps", [
    (["own"], None, ["own"] * 3, []),
    (["outer"], None, ["Steps"], ["first", "second", "second", "Inner"]),
    (["slow", "nothing"], [], ["Steps"], ["second", "second"]),
    (None, ["own", "second"], ["Steps", "plain"], ["first", "Inner"]),
    (["outer", "own"], ["slow"], ["Steps", "own", "own", "own"], ["first", "Inner"]),
    (None, ["outer"], ["own", "own", "own", "plain"], []),
    ([], None, [], []),
    (["own"], ["own"], [], [])])
def test_tasks_with_one_of_the_tags_and_none_of_the_excluded_are_left(include, exclude, user, steps):
    Steps, User = classes()
    assert TagFilter(include, exclude).apply(User) is bool(user)
    assert (names(User), names(Steps)) == (user, steps)


def test_a_set_is_looked_into_wherever_it_is_used():
    Steps, User = classes()

    class Old(Locust):
        task_set = Steps

    class Other(Locust):
        class task_set(TaskSet):
            tasks = [Steps]

    wanted = TagFilter(["slow"], None)
    assert wanted.apply(Other) and wanted.apply(Old) and names(Other.task_set) == ["Steps"]
    assert names(Steps) == ["second", "second"]
    nothing = TagFilter(["nothing"], None)
    assert not nothing.apply(Other) and not nothing.apply(Old)


def test_a_set_that_holds_itself_is_looked_into_once():
    Steps, User = classes()
    Steps.tasks.append(Steps)
    assert TagFilter(["second"], None).apply(User)
    assert names(Steps) == ["second", "second", "Steps"]


def test_tags_reach_the_tasks_of_sets_in_sets():
    Steps, User = classes()
    inner = Steps.tasks[-1]
    assert inner.tasks[0].locust_tag_set == {"outer"} and Steps.tasks[1].locust_tag_set == {"outer", "second", "slow"}
