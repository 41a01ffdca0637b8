# SPDX-License-Identifier: MIT
"""What locustfiles raise, and what is raised at them, in both generations of Locust."""

__all__ = [
    "CatchResponseError", "InterruptTaskSet", "LocustError", "MissingWaitTimeError", "RescheduleTask",
    "RescheduleTaskImmediately", "ResponseError", "StopLocust", "StopTest", "StopUser",
]


class LocustError(Exception):
    """The locustfile asks for something that cannot be."""


class ResponseError(Exception):
    """Raised in a `with client.get(..., catch_response=True)` block: the request is reported as failed with it."""


class CatchResponseError(Exception):
    """What `failure("text")` is reported as."""


class MissingWaitTimeError(LocustError):
    """A 2.x user has neither wait_time nor min_wait and max_wait."""


class InterruptTaskSet(Exception):
    """Leaves the task set that runs; what TaskSet.interrupt() raises.

    reschedule: the parent picks its next task at once (True) or waits first (False).
    """

    def __init__(self, reschedule: bool = True) -> None:
        super().__init__(reschedule)
        self.reschedule = reschedule


class RescheduleTask(Exception):
    """Ends a task as if it had returned: wait, then the next one."""


class RescheduleTaskImmediately(Exception):
    """Ends a task; the next one starts without a wait."""


class StopUser(Exception):
    """Ends the user that raises it, quietly, after its on_stop methods."""


StopLocust = StopUser


class StopTest(StopUser):
    """In a task: ends this user (as upstream does). From a user's constructor: ends the whole test."""


# What goes through event listeners to the task that caused the event; anything else they raise is only logged.
FLOW = (StopUser, InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately)


def text_of(error: BaseException) -> str:
    """str(error), or what can be said of one whose own __str__ fails."""
    try:
        return str(error)
    except Exception:
        return f"<{type(error).__name__} without a text>"
