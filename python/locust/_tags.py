# SPDX-License-Identifier: MIT
"""--tags and --exclude-tags: leaves the wanted tasks in the classes that run."""
import logging
from typing import Any, Dict, Iterable, Optional

from .core import Locust
from .user.task import TaskSet

logger = logging.getLogger("locust.env")


class TagFilter:
    """Keeps a task that has one of `include` (None: all) and none of `exclude`; a task set that has such a task left."""

    def __init__(self, include: Optional[Iterable[str]], exclude: Optional[Iterable[str]]) -> None:
        self._include = None if include is None else frozenset(include)
        self._exclude = frozenset(exclude or ())
        self._keeps_set: Dict[type, bool] = {}

    def apply(self, user_class: Any) -> bool:
        """Takes the tasks that are not wanted out of the class for good. False when there is none left."""
        root = user_class.task_set if issubclass(user_class, Locust) else user_class
        self._filter(root)
        if not root.tasks:
            logger.warning("%s does not run: none of its tasks has the tags asked for", user_class.__name__)
        return bool(root.tasks)

    def _filter(self, owner: Any) -> None:
        owner.tasks = [one for one in owner.tasks if self._keeps(one)]

    def _keeps(self, task: Any) -> bool:
        if isinstance(task, type) and issubclass(task, TaskSet):
            if task not in self._keeps_set:
                self._keeps_set[task] = True  # a set within itself
                self._filter(task)
                self._keeps_set[task] = bool(task.tasks)
            return self._keeps_set[task]
        tags = getattr(task, "locust_tag_set", frozenset())
        return (self._include is None or bool(tags & self._include)) and not tags & self._exclude
