# SPDX-License-Identifier: MIT
"""The running test as scripts reach it: `locust.runners.locust_runner` (0.9) and `environment.runner` (2.x).

Both are views on one run, with the methods of both generations; they differ in one word: while users are being started,
`state` is "hatching" on the one and "spawning" on the other.
"""
import logging
import sys
from typing import Any, Dict, Iterator, List, NoReturn, Optional

from . import stats as _stats
from ._life import UserGreenlet
from ._run import CLEANUP, HATCHING, READY, RUNNING, STOPPED, Run

__all__ = [
    "CPU_MONITOR_INTERVAL", "CPU_WARNING_THRESHOLD", "DistributedLocustRunner", "DistributedRunner",
    "LocalLocustRunner", "LocalRunner", "LocustRunner", "MasterLocustRunner", "MasterRunner", "Runner",
    "SLAVE_REPORT_INTERVAL", "STATE_CLEANUP", "STATE_HATCHING", "STATE_INIT", "STATE_MISSING", "STATE_RUNNING",
    "STATE_SPAWNING", "STATE_STOPPED", "STATE_STOPPING", "SlaveLocustRunner", "SlaveNode", "UserGroup",
    "WORKER_REPORT_INTERVAL", "WorkerNode", "WorkerRunner", "locust_runner",
]

logger = logging.getLogger("locust.runners")

global_stats = _stats.global_stats  # scripts of 0.9 import it from here, too

STATE_INIT = "ready"
STATE_HATCHING = "hatching"
STATE_SPAWNING = "spawning"
STATE_RUNNING = "running"
STATE_CLEANUP = "cleanup"
STATE_STOPPING = "stopping"
STATE_STOPPED = "stopped"
STATE_MISSING = "missing"

# Seconds between the reports of a worker.
SLAVE_REPORT_INTERVAL = 3.0
WORKER_REPORT_INTERVAL = 3.0

# Seconds between two samples of what this process takes of the machine, and the percentage of a processor core beyond
# which cpu_warning is fired.
CPU_MONITOR_INTERVAL = 10.0
CPU_WARNING_THRESHOLD = 90

# None until the locustfile is loaded.
locust_runner: Optional["LocalLocustRunner"] = None


class UserGroup:
    """The greenlets of the users that live now: len(), iteration, `in`."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __len__(self) -> int:
        return len(self._run.users)

    def __iter__(self) -> Iterator[UserGreenlet]:
        return iter(self._run.users.greenlets())

    def __contains__(self, greenlet: Any) -> bool:
        return greenlet in self._run.users.greenlets()

    @property
    def greenlets(self) -> "set[UserGreenlet]":
        return set(self)


class Runner:
    """A run in this process. Made by the program.

    environment: the Environment it belongs to. All that changes the run returns at once unless it says that it waits, may
    be called from tasks, listeners and greenlets of the script, and has no effect once the run is being ended. Calls take
    effect in their order.
    """

    _words = {READY: STATE_INIT, HATCHING: STATE_SPAWNING, RUNNING: STATE_RUNNING, CLEANUP: STATE_CLEANUP,
              STOPPED: STATE_STOPPED}
    _generation = 2

    def __init__(self, environment: Any, run: Run) -> None:
        self.environment = environment
        self._run = run
        self._options: Any = None

    # ---- what it is like

    @property
    def state(self) -> str:
        """"ready" before the first user, "hatching" (2.x: "spawning") while their number changes, "running", "cleanup"
        while all are being stopped, "stopped"."""
        return self._words[self._run.state]

    @property
    def host(self) -> Optional[str]:
        """Of --host: what all classes talk to. Setting it sets that of users started from now on."""
        return self.environment.host

    @host.setter
    def host(self, host: Optional[str]) -> None:
        self.environment.host = host
        if host is not None:
            for cls in self.environment.user_classes:
                cls.host = host

    @property
    def user_classes(self) -> List[type]:
        """The classes that run."""
        return self.environment.user_classes

    locust_classes = user_classes

    @property
    def options(self) -> Any:
        """The command line as locust.main.parse_options() gives it."""
        if self._options is None:
            from .main import parse_options

            self._options = parse_options(sys.argv[1:])[1]
        return self._options

    @property
    def num_clients(self) -> int:
        """Users wanted. Those that have ended by themselves are not made up for before the next change."""
        return self._run.target

    target_user_count = num_clients

    @property
    def target_user_classes_count(self) -> Dict[str, int]:
        """Users wanted of each class, by its name."""
        counts = {cls.__name__: 0 for cls in self.user_classes}
        for cls in self._run.shares(self._run.target):
            counts[cls.__name__] += 1
        return counts

    @property
    def hatch_rate(self) -> float:
        """Users started per second. What is set here holds from the next change on."""
        return self._run.rate

    @hatch_rate.setter
    def hatch_rate(self, rate: float) -> None:
        self._run.rate = float(rate)

    spawn_rate = hatch_rate

    @property
    def user_count(self) -> int:
        """Users alive now, those included that are just being stopped."""
        return len(self._run.users)

    @property
    def user_classes_count(self) -> Dict[str, int]:
        """Users alive now of each class, by its name."""
        counts = self._run.users.counts
        return {cls.__name__: counts[cls] for cls in self.user_classes}

    @property
    def locusts(self) -> UserGroup:
        """The greenlets of the users alive now."""
        return UserGroup(self._run)

    user_greenlets = locusts

    @property
    def stats(self) -> Any:
        """The statistics, a RequestStats as of this generation."""
        return self.environment.stats if self._generation == 2 else _stats.global_stats

    @property
    def errors(self) -> Any:
        """Failed requests by kind: stats.errors."""
        return self.stats.errors

    @property
    def request_stats(self) -> Any:
        """Requests by (name, method): stats.entries."""
        return self.stats.entries

    @property
    def exceptions(self) -> Dict[int, Dict[str, Any]]:
        """Exceptions of tasks in this test by the hash of the traceback: {"count", "msg", "traceback", "nodes"}."""
        return self._run.exceptions

    def log_exception(self, node_id: str, msg: str, formatted_tb: str) -> None:
        """Adds one to `exceptions`."""
        self._run.log_exception(node_id, msg, formatted_tb)

    # ---- changing it

    def start_hatching(self, locust_count: Optional[int] = None, hatch_rate: Optional[float] = None,
                       wait: bool = False) -> None:
        """As Locust 0.9: so many users. Before or after a test it begins one, with empty statistics.

        More are started by the rate; too many end at once, the newest first, each after the request it is in.
        locust_count None: as many as -c says, or in a running test as there are to be; hatch_rate None or 0: as before. A
        change replaces one that is under way. hatch_complete tells when it is done. wait: returns when all users have
        ended.
        """
        self._run.start(locust_count, hatch_rate, False, wait)

    def start(self, user_count: int, spawn_rate: float, wait: bool = False,
              user_classes: Optional[List[type]] = None) -> None:
        """As Locust 2.x: like start_hatching(), but users that are too many end by the rate, too.

        wait: ValueError when more users are to be started than spawn_rate. user_classes: those that run, or None.
        """
        if user_classes is not None and set(user_classes) != set(self.user_classes):
            raise NotImplementedError("other user classes cannot be chosen while a test runs")
        if wait and user_count - self.user_count > spawn_rate:
            raise ValueError("with wait=True all users have to start within a second: give a spawn_rate of at least "
                             f"{user_count - self.user_count}")
        self._run.start(user_count, spawn_rate, True, wait)

    def spawn_locusts(self, spawn_count: Optional[int] = None, stop_timeout: Any = None, wait: bool = False) -> None:
        """So many users more than are wanted now; None: as many as -c says."""
        more = self._run.configured_users if spawn_count is None else int(spawn_count)
        self._run.start(self.num_clients + (more or 0), None, False, wait)

    def kill_locusts(self, kill_count: int) -> None:
        """So many users fewer than are wanted now."""
        self._run.start(max(0, self.num_clients - int(kill_count)), None, False, False)

    def weight_locusts(self, amount: int, stop_timeout: Any = None) -> List[type]:
        """The class of each of `amount` users, as they are shared out by weight."""
        return self._run.shares(int(amount))

    def stop(self) -> None:
        """Stops all users: the end of the test, but not of the run, if another start comes within a second.

        Returns when they are gone and the listeners of the test's end have run; in a user, in a listener of the run's
        events and in a callback of gevent's hub at once, because there that would never be.
        """
        self._run.stop()

    def quit(self) -> None:
        """Asks for the normal end of the run, as if its time were up; returns at once. No effect without a run."""
        self._run.quit()


class LocustRunner(Runner):
    """As of Locust 0.9."""

    _words = {**Runner._words, HATCHING: STATE_HATCHING}
    _generation = 9


class LocalRunner(Runner):
    """A run on one machine."""


class LocalLocustRunner(LocustRunner, LocalRunner):
    """A run on one machine, as of Locust 0.9."""


def _refuse(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
    raise NotImplementedError(f"{type(self).__name__}: tests over several machines are not available yet")


class DistributedRunner(Runner):
    """What a run over several machines will be; there is none yet, so that isinstance() says no."""

    __init__ = _refuse


class MasterRunner(DistributedRunner):
    """See DistributedRunner."""


class WorkerRunner(DistributedRunner):
    """See DistributedRunner."""


class DistributedLocustRunner(DistributedRunner, LocustRunner):
    """See DistributedRunner."""


class MasterLocustRunner(DistributedLocustRunner, MasterRunner):
    """See DistributedRunner."""


class SlaveLocustRunner(DistributedLocustRunner, WorkerRunner):
    """See DistributedRunner."""


class WorkerNode:
    """What a master will know of a worker; there is none yet."""

    __init__ = _refuse


class SlaveNode(WorkerNode):
    """See WorkerNode."""
