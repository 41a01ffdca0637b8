# SPDX-License-Identifier: MIT
"""The running test as scripts reach it: `locust.runners.locust_runner` (0.9) and `environment.runner` (2.x)."""
from typing import Any, Callable, List, Optional

# Seconds between two samples of what this process takes of the machine, and the percentage of a processor core beyond
# which cpu_warning is fired.
CPU_MONITOR_INTERVAL = 10.0
CPU_WARNING_THRESHOLD = 90

# None until the locustfile is loaded.
locust_runner: Optional["LocalRunner"] = None


class LocalRunner:
    """A run in this process.

    environment, host, user_classes (= locust_classes): what runs.
    """

    def __init__(self, environment: Any, user_count: Callable[[], int] = lambda: 0) -> None:
        self.environment = environment
        self._request_quit: Optional[Callable[[], Any]] = None
        self._user_count = user_count

    @property
    def host(self) -> Optional[str]:
        return self.environment.host

    @property
    def user_classes(self) -> List[type]:
        return self.environment.user_classes

    locust_classes = user_classes

    @property
    def user_count(self) -> int:
        """Users alive now."""
        return self._user_count()

    def quit(self) -> None:
        """Asks for the normal end of the test, as if its time were up; returns at once. No effect before the run."""
        if self._request_quit is not None:
            self._request_quit()


LocalLocustRunner = LocalRunner
