# SPDX-License-Identifier: MIT
"""Environment: what belongs to one test, as 2.x hands it to users and listeners; 0.9's globals are views on it."""
from typing import Any, List, Optional, Sequence

from ._stats.live import LiveStats
from .event import Events

__all__ = ["Environment"]


class Environment:
    """Keyword arguments only.

    user_classes: the classes that run. host: base URL given for all of them, or None. events: an Events object.
    catch_exceptions: False lets an exception of a task end its user. process_exit_code: set it to end the process with
    that code. tags, exclude_tags: names of tasks to run, and not to run; None: all, none. stats: what the run has
    counted, as 2.x counts: failed requests are requests. runner: the running test, or None before there is one.
    """

    def __init__(self, *, user_classes: Optional[List[type]] = None, host: Optional[str] = None,
                 events: Optional[Events] = None, catch_exceptions: bool = True, tags: Optional[Sequence[str]] = None,
                 exclude_tags: Optional[Sequence[str]] = None, parsed_options: Any = None) -> None:
        self.user_classes = list(user_classes or [])
        self.host = host
        self.events = events if events is not None else Events()
        self.catch_exceptions = catch_exceptions
        self.process_exit_code: Optional[int] = None
        self.stats = LiveStats(with_failures=True)
        self.runner: Any = None
        self.tags = tags
        self.exclude_tags = exclude_tags
        self.parsed_options = parsed_options
        self.web_ui = None  # there is none yet
