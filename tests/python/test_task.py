# SPDX-License-Identifier: MIT
import pytest
from locust import SequentialTaskSet, TaskSequence, TaskSet, User, seq_task, tag, task
from locust.exception import LocustError


def names(cls):
    return [one.__name__ for one in cls.tasks]


def first(l):
    pass


def second(l):
    pass


def test_a_decorated_method_is_a_task_as_often_as_its_weight_says():
    class Tasks(TaskSet):
        @task
        def a(self):
            pass

        @task(2)
        def b(self):
            pass

        @task()
        def c(self):
            pass

        @task(0)
        def never(self):
            pass

        @task(-1)
        def not_either(self):
            pass

    assert names(Tasks) == ["a", "b", "b", "c"]


def test_a_dict_a_list_and_pairs_say_the_same():
    class Dict(TaskSet):
        tasks = {first: 2, second: 1}

    class List(TaskSet):
        tasks = [first, first, second]

    class Pairs(TaskSet):
        tasks = [(first, 2), (second, 1)]

    assert Dict.tasks == List.tasks == Pairs.tasks == [first, first, second]


def test_tasks_and_decorators_add_up():
    class Tasks(TaskSet):
        tasks = {first: 5, second: 2}

        @task(3)
        def a(self):
            pass

        @task(13)
        def b(self):
            pass

    assert len(Tasks.tasks) == 23


def test_inherited_tasks_stay_even_when_overridden():
    class Base(TaskSet):
        @task
        def a(self):
            pass

    class Derived(Base):
        @task
        def a(self):
            pass

    assert Derived.tasks == [Base.__dict__["a"], Derived.__dict__["a"]]
    assert len(Base.tasks) == 1


def test_tasks_of_several_bases_come_in_their_order():
    class One(TaskSet):
        tasks = [first]

    class Two(TaskSet):
        tasks = [second]

    class Both(Two, One):
        pass

    assert Both.tasks == [second, first]


def test_an_undecorated_nested_task_set_is_no_task_but_one_derived_from_a_decorated_is():
    @task(2)
    class Decorated(TaskSet):
        pass

    class Tasks(TaskSet):
        class Plain(TaskSet):
            pass

        class Derived(Decorated):
            pass

    assert names(Tasks) == ["Derived", "Derived"]


@pytest.mark.parametrize("weight", [1.5, "2", None])
def test_a_weight_that_is_no_whole_number_is_a_type_error_that_names_the_task(weight):
    with pytest.raises(TypeError, match="first"):
        type("Tasks", (TaskSet,), {"tasks": [(first, weight)]})


def test_a_tuple_that_is_no_pair_is_a_type_error():
    with pytest.raises(TypeError):
        type("Tasks", (TaskSet,), {"tasks": [(first, 1, 2)]})


def test_tasks_that_are_one_class_are_a_type_error():
    with pytest.raises(TypeError, match="list or dict"):
        type("Tasks", (TaskSet,), {"tasks": TaskSet})


def test_tasks_none_means_none():
    class Tasks(TaskSet):
        tasks = None

    assert Tasks.tasks == []


def test_user_classes_of_2_x_collect_tasks_too():
    class Mine(User):
        tasks = [first]

        @task(2)
        def a(self):
            pass

    assert names(Mine) == ["first", "a", "a"]


def test_abstract_is_not_inherited():
    class Base(User):
        abstract = True

    class Derived(Base):
        pass

    assert User.abstract and Base.abstract and not Derived.abstract


def test_a_task_called_run_on_a_user_is_an_error():
    with pytest.raises(ValueError, match="run"):
        class Mine(User):
            @task
            def run(self):
                pass


def test_a_sequence_is_sorted_by_order_stably_when_first_made(user):
    class Sequence(TaskSequence):
        tasks = [first]

        @seq_task(2)
        @task(2)
        def c(self):
            pass

        @task(3)
        @seq_task(1)
        def d(self):
            pass

        @task
        def e(self):
            pass

    one = Sequence(user)
    assert [one.get_next_task().__name__ for _ in range(8)] == ["first", "d", "d", "d", "e", "c", "c", "first"]


def test_a_new_sequence_begins_at_the_beginning(user):
    class Sequence(TaskSequence):
        @seq_task(1)
        def a(self):
            pass

        @seq_task(2)
        def b(self):
            pass

    Sequence(user).get_next_task()
    assert Sequence(user).get_next_task().__name__ == "a"


def test_a_sequential_set_runs_in_order_of_declaration_with_tasks_where_they_stand(user):
    class Base(SequentialTaskSet):
        @task
        def base(self):
            pass

    class Sequence(Base):
        @task
        def a(self):
            pass

        tasks = {first: 2}

        @task(2)
        def b(self):
            pass

    one = Sequence(user)
    assert [one.get_next_task().__name__ for _ in range(7)] == ["base", "a", "first", "first", "b", "b", "base"]


def test_an_empty_sequential_set_is_an_error(user):
    class Empty(SequentialTaskSet):
        pass

    with pytest.raises(LocustError):
        Empty(user).get_next_task()


def test_tags_of_a_set_go_to_its_tasks():
    @tag("outer")
    class Tasks(TaskSet):
        @tag("inner")
        @task
        def a(self):
            pass

    assert Tasks.tasks[0].locust_tag_set == {"outer", "inner"}


def test_a_tag_without_a_name_is_an_error():
    with pytest.raises(ValueError):
        tag()
    with pytest.raises(ValueError):
        tag(first)


@pytest.fixture
def user():
    from locust import Locust

    class Mine(Locust):
        task_set = TaskSet

    return Mine()
