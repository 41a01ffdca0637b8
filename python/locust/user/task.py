# SPDX-License-Identifier: MIT
"""Task sets of both generations: the decorators, how `tasks` is collected, and TaskSet itself on the C loop."""
import operator
from typing import Any, Callable, Iterable, List, Mapping, TypeVar, overload

from _acrida import FromUser, NativeTaskSet, sleep

__all__ = ["DefaultTaskSet", "TaskSequence", "TaskSet", "TaskSetMeta", "seq_task", "tag", "task"]

F = TypeVar("F", bound=Callable[..., Any])


@overload
def task(weight: F) -> F: ...
@overload
def task(weight: int = 1) -> Callable[[F], F]: ...
def task(weight: Any = 1) -> Any:
    """Makes a method, function or nested TaskSet class a task: `@task` or `@task(weight)`.

    weight: whole number, relative to the other tasks of the class; 0 or less: never. A TypeError when the class is
    made tells of any other.
    """
    if callable(weight):
        weight.locust_task_weight = 1
        return weight

    def decorate(decorated: F) -> F:
        decorated.locust_task_weight = weight  # type: ignore[attr-defined]
        return decorated

    return decorate


def seq_task(order: int) -> Callable[[F], F]:
    """Makes a method a task of a TaskSequence; those with a lower order come first."""

    def decorate(decorated: F) -> F:
        decorated.locust_task_order = order  # type: ignore[attr-defined]
        if not hasattr(decorated, "locust_task_weight"):
            decorated.locust_task_weight = 1  # type: ignore[attr-defined]
        return decorated

    return decorate


@overload
def tag(*tags: F) -> F: ...
@overload
def tag(*tags: str) -> Callable[[F], F]: ...
def tag(*tags: Any) -> Any:
    """Puts names on a task, or on all tasks of a task set. ValueError without a name."""
    if not tags or not isinstance(tags[0], str):
        raise ValueError("@tag needs at least one name: @tag(\"name\")")

    def decorate(decorated: Any) -> Any:
        if isinstance(decorated, type):
            for one in decorated.tasks:  # type: ignore[attr-defined]
                decorate(one)
        else:
            decorated.locust_tag_set = getattr(decorated, "locust_tag_set", set()) | set(tags)
        return decorated

    return decorate


def copies(what: Any, weight: Any) -> List[Any]:
    """`weight` times `what`. TypeError when the weight is no whole number."""
    try:
        return [what] * operator.index(weight)
    except TypeError:
        name = getattr(what, "__name__", repr(what))
        raise TypeError(f"the weight of task {name} must be a whole number, not {weight!r}") from None


def marked_weight(value: Any) -> Any:
    """The weight that @task or @seq_task left on a value of a class body, or None."""
    try:
        return getattr(value, "locust_task_weight", None)
    except Exception:  # a value may be an object that objects to being looked at
        return None


def declared_tasks(owner: str, declared: Any) -> List[Any]:
    """The flat list for a class's own attribute `tasks`: {task: n}, [task, ...] or [(task, n), ...]."""
    if isinstance(declared, Mapping):
        declared = declared.items()
    elif isinstance(declared, (str, type)) or not isinstance(declared, Iterable):
        raise TypeError(f"{owner}.tasks must be a list or dict of tasks, not {declared!r}")
    flat: List[Any] = []
    for item in declared:
        if not isinstance(item, tuple):
            flat.append(item)
        elif len(item) == 2:
            flat += copies(*item)
        else:
            raise TypeError(f"{owner}.tasks: {item!r} is not a pair of task and weight")
    return flat


def inherited_tasks(bases: Iterable[type]) -> List[Any]:
    """The expanded tasks of all bases in their order."""
    return [one for base in bases for one in getattr(base, "tasks", None) or ()]


def collect_tasks(owner: str, bases: Iterable[type], body: Mapping[str, Any]) -> List[Any]:
    """`tasks` of a class about to be made: the bases' tasks, the declared ones, the decorated ones."""
    tasks = inherited_tasks(bases)
    if body.get("tasks") is not None:
        tasks += declared_tasks(owner, body["tasks"])
    for value in body.values():
        weight = marked_weight(value)
        if weight is not None:
            tasks += copies(value, weight)
    return tasks


# What each instance has of its own, whatever its class says: `locust = None` is a mere announcement.
OF_INSTANCES = ("locust", "parent", "args", "kwargs", "_task_queue", "_time_start")


class TaskSetMeta(type):
    """Expands `tasks` when a TaskSet class is made."""

    def __new__(mcs, name: str, bases: Any, body: Any) -> Any:
        body["tasks"] = mcs.collect(name, bases, body)
        for announced in OF_INSTANCES:
            if announced in body and not hasattr(body[announced], "__set__"):
                del body[announced]
        return super().__new__(mcs, name, bases, body)

    @staticmethod
    def collect(name: str, bases: Iterable[type], body: Mapping[str, Any]) -> List[Any]:
        return collect_tasks(name, bases, body)


class TaskSet(NativeTaskSet, metaclass=TaskSetMeta):
    """A collection of tasks that one user runs one after the other, chosen at random by weight, with waits between.

    TaskSet(parent): parent is a user or another TaskSet. The engine makes instances itself.
    """

    tasks: List[Any] = []
    # The set's own waits, when a subclass has some; else the user's. Milliseconds in 0.9, wait_time in seconds.
    min_wait: Any = FromUser("min_wait")
    max_wait: Any = FromUser("max_wait")
    wait_time: Any = FromUser("wait_time")
    wait_function: Any = FromUser("wait_function", NativeTaskSet.wait_function)

    def on_start(self) -> None:
        """Called each time the set is entered, before its first task."""

    def on_stop(self) -> None:
        """Called whenever a started set ends, inner sets before outer ones."""

    def _sleep(self, seconds: float) -> None:
        """For scripts that know it from Locust, where waits go through it; here they do not."""
        sleep(seconds)


class DefaultTaskSet(TaskSet):
    """The root task set of a 2.x user: picks from the user's own `tasks` and calls them with the user."""


class TaskSequence(TaskSet):
    """0.9: tasks in the order of @seq_task, round and round; @task(n) beside it: n times in a row."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._index = 0
        self.tasks.sort(key=lambda one: getattr(one, "locust_task_order", 1))

    def get_next_task(self) -> Callable[..., Any]:
        """The next task in order. IndexError when there are none."""
        current = self.tasks[self._index]
        self._index = (self._index + 1) % len(self.tasks)
        return current


