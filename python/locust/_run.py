# SPDX-License-Identifier: MIT
"""The run that the program holds: what it is like now, and what a script asks of it. The runners are views on it."""
import logging
import traceback
from typing import Any, Dict, List, Optional

import _acrida
from gevent import getcurrent, get_hub
from gevent.event import Event

from ._life import UserGreenlet, Users
from .exception import text_of

logger = logging.getLogger("locust.runners")

# enum acr_run_state
READY, HATCHING, RUNNING, CLEANUP, STOPPED = range(5)


class Run:
    """The engine's state of the run, its users, and the exceptions of its tasks. For the load thread.

    engine: what user_ended(), request_start(), request_stop() and request_quit() are asked of.
    """

    def __init__(self, environment: Any, engine: Any = _acrida) -> None:
        self.environment = environment
        self.engine = engine
        self.users = Users(engine.user_ended, self.quit, self._check_over)
        self.state = READY
        self.target = 0
        self.rate = 1.0
        self.configured_users: Optional[int] = None  # of the command line
        self.exceptions: Dict[int, Dict[str, Any]] = {}
        self.moments: Any = None  # whose listeners run in greenlets that must not wait for the end of what they listen to
        self._stopped = Event()
        self._over = Event()

    # ---- what the engine says

    def update(self, target: int, rate: float) -> None:
        """So many users are wanted, started at that rate."""
        if self.configured_users is None:
            self.configured_users = target
        self.target, self.rate = target, rate

    def enter(self, state: int) -> None:
        self.state = state
        if state == STOPPED:
            self._stopped.set()
        else:
            self._stopped.clear()
        self._check_over()

    def _check_over(self) -> None:
        if self.state == STOPPED or self.state == RUNNING and not len(self.users):
            self._over.set()

    # ---- what scripts ask for

    def start(self, users: Optional[int], rate: Optional[float], ends_by_rate: bool, wait: bool) -> None:
        """users None: as many as the command line says; rate None or 0: as before."""
        wanted = self._default_users() if users is None else int(users)
        self._over.clear()
        self.engine.request_start(wanted, float(rate or self.rate), ends_by_rate)
        if wait and self._may_wait():
            self._over.wait()

    def _default_users(self) -> int:
        if self.state in (HATCHING, RUNNING) or self.configured_users is None:
            return self.target
        return self.configured_users

    def stop(self) -> None:
        """Returns when all users are gone and the listeners have heard of it; at once where that would never come."""
        try:
            if self.state != STOPPED:
                self.engine.request_stop()
        except RuntimeError:  # nothing runs: there is nothing to stop
            return
        if self._may_wait():
            self._stopped.wait()
            self.moments.settle()

    def quit(self) -> None:
        try:
            self.engine.request_quit()
        except RuntimeError:  # nothing runs: there is nothing to end
            pass

    def _may_wait(self) -> bool:
        """Not in the hub; not in users, who are what is waited for, nor in the run's listeners."""
        current = getcurrent()
        return not (current is get_hub() or isinstance(current, UserGreenlet) or self.moments.is_firing(current))

    # ---- exceptions of tasks

    def begin_test(self) -> None:
        self.exceptions.clear()

    def log_exception(self, node_id: str, message: str, traceback_text: str) -> None:
        """Counts one exception by the text of its traceback; `message` is kept of the first one."""
        one = self.exceptions.setdefault(hash(traceback_text), {
            "count": 0, "msg": message, "traceback": traceback_text, "nodes": set()})
        one["count"] += 1
        one["nodes"].add(node_id)

    def on_locust_error(self, locust_instance: Any, exception: BaseException, tb: Any, **more: Any) -> None:
        """Listener of 0.9's hook."""
        if generation_of(locust_instance) != 2:
            self._log(exception, tb)

    def on_user_error(self, user_instance: Any, exception: BaseException, tb: Any, **more: Any) -> None:
        """Listener of 2.x's hook. The engine fires both for an exception, scripts one."""
        if generation_of(user_instance) != 9:
            self._log(exception, tb)

    def _log(self, exception: BaseException, tb: Any) -> None:
        self.log_exception("local", text_of(exception), "".join(traceback.format_tb(tb)))

    # ---- users

    def shares(self, users: int) -> List[type]:
        """The class of each of so many users, class by class."""
        classes: List[Any] = self.environment.user_classes
        counts = _acrida.user_shares([(float(cls.weight), int(getattr(cls, "fixed_count", 0) or 0)) for cls in classes],
                                     users)
        return [cls for cls, count in zip(classes, counts) for _ in range(count)]


def generation_of(instance: Any) -> Optional[int]:
    """9 or 2, of a user or of the user of a task set; None of anything else."""
    user = getattr(instance, "locust", instance)
    generation = getattr(user, "generation", None)
    return generation if generation in (9, 2) else None
