# SPDX-License-Identifier: MIT
"""0.9's setup and teardown methods: which there are, in which order, and the objects they are called on."""
import logging
from typing import Any, Dict, Iterable, Iterator, List, Set

from .core import Locust
from .user.task import TaskSet

logger = logging.getLogger("locust.main")


def task_set_classes(user_class: Any) -> Iterator[type]:
    """The task sets of a user class, outer before inner, each once."""
    seen: Set[type] = set()
    waiting = [getattr(user_class, "task_set", None), *getattr(user_class, "tasks", ())]
    while waiting:
        cls = waiting.pop(0)
        if isinstance(cls, type) and issubclass(cls, TaskSet) and cls not in seen:
            seen.add(cls)
            yield cls
            waiting += cls.tasks


def has_fixture(cls: type) -> bool:
    return hasattr(cls, "setup") or hasattr(cls, "teardown")


class Fixtures:
    """The setup and teardown methods of the user classes of one run, each called once.

    A user whose class, or one of whose task sets, has one is made here, before the run, and used as the first user of
    that class: so `setup` of 0.9 sees, and may change, the first user, and nothing is made in vain.
    """

    def __init__(self) -> None:
        self._done: List[Any] = []  # objects whose setup was called, in that order
        self._users: Dict[type, Any] = {}

    def set_up(self, user_classes: Iterable[type], make_user: Any) -> None:
        """Calls every setup: those of users, then those of task sets. What one raises leaves."""
        classes = [cls for cls in dict.fromkeys(user_classes) if issubclass(cls, Locust) and self._concerned(cls)]
        for cls in classes:
            self._users[cls] = make_user(cls)
            if has_fixture(cls):
                self._call(self._users[cls])
        seen: Set[type] = set()
        for cls in classes:
            for task_set in task_set_classes(cls):
                if has_fixture(task_set) and task_set not in seen:
                    seen.add(task_set)
                    self._call(_bare(task_set, self._users[cls]))

    @staticmethod
    def _concerned(cls: type) -> bool:
        return has_fixture(cls) or any(map(has_fixture, task_set_classes(cls)))

    def _call(self, one: Any) -> None:
        if hasattr(one, "setup"):
            one.setup()
        self._done.append(one)

    def take_user(self, cls: type) -> Any:
        """The user made for set-up of this class, the first time; else None."""
        return self._users.pop(cls, None)

    def tear_down(self) -> None:
        """Calls every teardown in reverse order: task sets first. What one raises is logged."""
        while self._done:
            one = self._done.pop()
            if not hasattr(one, "teardown"):
                continue
            try:
                one.teardown()
            except Exception:
                logger.exception("teardown of %s failed", type(one).__name__)


def _bare(task_set: Any, parent: Any) -> Any:
    """An instance without the script's own __init__: in 0.9 setup ran before that."""
    one = task_set.__new__(task_set, parent)
    TaskSet.__init__(one, parent)
    return one
