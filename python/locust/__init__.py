# SPDX-License-Identifier: MIT
"""Locust's Python interface, of both generations, on the engine in C.

Importing it patches the standard library for gevent, so that sockets and time.sleep() of a locustfile and of the
libraries it uses let other users run.
"""
import os as _os

if not _os.environ.get("LOCUST_SKIP_MONKEY_PATCH"):
    from gevent import monkey as _monkey

    _monkey.patch_all()  # before anything imports requests

import _acrida

from . import clients, core, env, event, events, exception, inspectlocust, log, main, runners, stats, util, wait_time
from .core import HttpLocust, Locust
from .debug import run_single_user
from .event import Events
from .exception import InterruptTaskSet, RescheduleTaskImmediately, ResponseError
from .user.sequential_taskset import SequentialTaskSet
from .user.task import TaskSequence, TaskSet, seq_task, tag, task
from .user.users import HttpUser, User
from .wait_time import between, constant, constant_pacing, constant_throughput

from . import _engine

__version__: str = _acrida.__version__

__all__ = [
    "Events", "HttpLocust", "HttpUser", "InterruptTaskSet", "Locust", "RescheduleTaskImmediately", "ResponseError",
    "SequentialTaskSet", "TaskSequence", "TaskSet", "User", "__version__", "between", "clients", "constant",
    "constant_pacing", "constant_throughput", "core", "env", "event", "events", "exception", "inspectlocust", "log",
    "main", "run_single_user", "runners", "seq_task", "stats", "tag", "task", "util", "wait_time",
]

_engine.connect()
