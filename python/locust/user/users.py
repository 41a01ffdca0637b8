# SPDX-License-Identifier: MIT
"""User and HttpUser of Locust 2.x."""
import warnings
from typing import Any, Dict, List, Optional

import _acrida

from ..clients import HttpSession
from ..exception import StopTest
from ..wait_time import constant
from .life import LivingUser
from .task import DefaultTaskSet, TaskSet, collect_tasks, marked_weight


class UserMeta(type):
    """Collects tasks and settles `abstract` when a user class is made."""

    def __new__(mcs, name: str, bases: Any, body: Any) -> Any:
        if marked_weight(body.get("run")) is not None:
            raise ValueError(f"{name}.run is the user's own method: give that task another name")
        if body.get("task_set") is not None:
            warnings.warn(f"{name}.task_set means nothing on a User: use tasks = [...]", DeprecationWarning,
                          stacklevel=2)
            body["task_set"] = None
        body["tasks"] = collect_tasks(name, bases, body)
        body["abstract"] = bool(body.get("abstract", False))
        return super().__new__(mcs, name, bases, body)


class User(LivingUser, metaclass=UserMeta):
    """One simulated user of whatever protocol. User(environment): the engine makes instances itself.

    host: base of what it talks to. wait_time: seconds between tasks, between(...) and its like or a method.
    weight: share among the user classes (> 0); fixed_count: exactly so many instead. abstract: only to inherit from.
    """

    generation = 2
    abstract = True
    host: Optional[str] = None
    weight: float = 1
    fixed_count: int = 0
    tasks: List[Any] = []
    task_set = None  # 0.9's; looked at by the engine
    stop_timeout = None  # ditto
    wait_time: Any = constant(0)
    min_wait: Optional[int] = None
    max_wait: Optional[int] = None
    _default_task_set = DefaultTaskSet

    def __init__(self, environment: Any) -> None:
        super().__init__()
        self.environment = environment

    def wait(self) -> None:
        """Waits as between two tasks."""
        _acrida.sleep(self.wait_time())

    def context(self) -> Dict[str, Any]:
        """What goes into `context` of every request event; to be overridden."""
        return {}

    @classmethod
    def fullname(cls) -> str:
        """Module and class name."""
        return f"{cls.__module__}.{cls.__qualname__}"

    @classmethod
    def json(cls) -> Dict[str, Any]:
        """The class's settings and the names of its tasks."""
        return {"host": cls.host, "weight": cls.weight, "fixed_count": cls.fixed_count,
                "tasks": [one.__name__ for one in cls.tasks]}


class HttpUser(User):
    """A user with an HTTP session in `client` whose base URL is `host`. StopTest when there is no host."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        if self.host is None:
            raise StopTest(f"{type(self).__name__} has no host: give --host or set the class attribute `host`")
        self.client = HttpSession(self.host, environment.events.request, self)


__all__ = ["HttpUser", "TaskSet", "User", "UserMeta"]
