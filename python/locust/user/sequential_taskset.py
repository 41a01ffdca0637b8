# SPDX-License-Identifier: MIT
"""2.x's SequentialTaskSet: tasks in the order in which they are written."""
from typing import Any, Callable, Iterable, List, Mapping

from ..exception import LocustError
from .task import TaskSet, TaskSetMeta, copies, declared_tasks, inherited_tasks, marked_weight

__all__ = ["SequentialTaskSet", "SequentialTaskSetMeta"]


class SequentialTaskSetMeta(TaskSetMeta):
    """Collects tasks in order of declaration; a `tasks` attribute counts where it stands."""

    @staticmethod
    def collect(name: str, bases: Iterable[type], body: Mapping[str, Any]) -> List[Any]:
        tasks = inherited_tasks(bases)
        for key, value in body.items():
            if key == "tasks" and value is not None:
                tasks += declared_tasks(name, value)
            elif marked_weight(value) is not None:
                tasks += copies(value, marked_weight(value))
        return tasks


class SequentialTaskSet(TaskSet, metaclass=SequentialTaskSetMeta):
    """Runs its tasks in order of declaration, round and round; @task(n): n times in a row."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self._position = 0

    def get_next_task(self) -> Callable[..., Any]:
        """The next task in order. LocustError when there are none."""
        if not self.tasks:
            raise LocustError(f"No tasks defined on {type(self).__name__}: use the @task decorator or `tasks`")
        current = self.tasks[self._position % len(self.tasks)]
        self._position += 1
        return current
