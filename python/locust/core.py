# SPDX-License-Identifier: MIT
"""Locust and HttpLocust of Locust 0.9, and the module that scripts of that time import from."""
from typing import Any, Optional

import _acrida

from . import events
from .clients import HttpSession
from .exception import (InterruptTaskSet, LocustError, RescheduleTask, RescheduleTaskImmediately, ResponseError,
                        StopLocust)
from .user.life import LivingUser
from .user.task import TaskSequence, TaskSet, TaskSetMeta, seq_task, task

__all__ = [
    "HttpLocust", "HttpSession", "InterruptTaskSet", "Locust", "LocustError", "RescheduleTask",
    "RescheduleTaskImmediately", "ResponseError", "StopLocust", "TaskSequence", "TaskSet", "TaskSetMeta", "events",
    "seq_task", "task",
]


class Locust(LivingUser):
    """One simulated user of whatever protocol.

    host: base of what it talks to. task_set: the TaskSet class it runs. min_wait, max_wait: whole milliseconds between
    tasks, both included; wait_function: method that returns milliseconds instead. weight: share among the user classes.
    stop_timeout: seconds after which a task set ends by itself. setup, teardown: methods that run once per process.
    """

    generation = 9
    host: Optional[str] = None
    min_wait: Any = 1000
    max_wait: Any = 1000
    task_set: Any = None
    stop_timeout: Optional[float] = None
    weight: float = 10
    _catch_exceptions = True

    def __init__(self, environment: Any = None) -> None:
        super().__init__()
        self.environment = environment

    def wait_function(self) -> Any:
        """Milliseconds to wait: evenly spread over min_wait .. max_wait, both included. To be overridden.

        ValueError when min_wait > max_wait or they are not whole.
        """
        return _acrida.random_millis(self.min_wait, self.max_wait)


class HttpLocust(Locust):
    """A user with an HTTP session in `client` whose base URL is `host`. LocustError when there is no host."""

    client: Any = None

    def __init__(self, environment: Any = None) -> None:
        super().__init__(environment)
        if self.host is None:
            raise LocustError(f"{type(self).__name__} is an HttpLocust without a host: give --host or set the class "
                              "attribute `host`")
        self.client = HttpSession(self.host)
