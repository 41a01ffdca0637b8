# SPDX-License-Identifier: MIT
"""What user classes of both generations share: the order of on_start, tasks and on_stop, and the missing client."""
import logging
from typing import Any

from _acrida import NativeUser
from gevent import GreenletExit

from ..exception import LocustError, StopUser

__all__ = ["LivingUser", "NoClient"]

logger = logging.getLogger("locust.user")


class NoClient:
    """`client` of a user class that is not an HTTP one: says so when it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise LocustError(
            f"No client instantiated: this user class has no `client` to call .{name} of. Did you mean to inherit from "
            "HttpLocust (or HttpUser)?")


class LivingUser(NativeUser):
    """One simulated user; base of Locust and User."""

    client: Any = NoClient()

    def on_start(self) -> None:
        """Called once, before the user's first task."""

    def on_stop(self) -> None:
        """Called once when the user ends, unless its on_start failed."""

    def run(self, runner: Any = None) -> None:
        """Lives the user's whole life in the calling greenlet: on_start, the tasks, on_stop.

        Returns when the tasks end by themselves. An exception from on_start or from the root task set's own on_start
        leaves; LocustError when the root task set was interrupted.
        """
        started = False
        try:
            self.on_start()
            started = True
            self.run_loop()
        except StopUser:
            started = True
        except GreenletExit:
            started = True
            raise
        finally:
            if started:
                self._stop()

    def _stop(self) -> None:
        try:
            self.on_stop()
        except StopUser:
            pass
        except Exception:
            logger.exception("on_stop of %s failed", type(self).__name__)
