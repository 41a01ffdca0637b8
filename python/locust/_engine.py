# SPDX-License-Identifier: MIT
"""Hands the engine what it calls back: types, hooks, and the few functions it needs of Python."""
import logging
import sys
import traceback
from typing import Any

import _acrida
from requests.exceptions import HTTPError

from . import clients, core, events, exception
from ._http.errors import make_error
from ._http.fallback import fallback
from ._http.prepare import encode_json, prepare
from ._http.state import session_attribute, session_state
from ._life import UserKill

logger = logging.getLogger("locust.user.task")


def task_error(task_set: Any, error: BaseException) -> None:
    """An exception left a task: tells the listeners, logs the traceback; raises it again if the user is to end."""
    events.locust_error.fire(locust_instance=task_set, exception=error, tb=error.__traceback__)
    events.user_error.fire(user_instance=task_set, exception=error, tb=error.__traceback__)
    if not catches_exceptions(task_set.locust):
        raise error
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    if task_set.locust.generation == 2:
        logger.error("%s\n%s", exception.text_of(error), text)
    else:
        sys.stderr.write("\n" + text)  # a record of the logger stderr, as in 0.9


def catches_exceptions(user: Any) -> bool:
    """0.9: the user's _catch_exceptions; 2.x: its environment's catch_exceptions."""
    if user.generation == 2:
        return bool(getattr(user.environment, "catch_exceptions", True))
    return bool(user._catch_exceptions)


def connect() -> None:
    """Called once, at the end of `import locust`."""
    _acrida.configure(
        response_type=clients.LocustResponse, context_type=clients.ResponseContextManager, session_state=session_state,
        session_attribute=session_attribute, fallback=fallback, encode_json=encode_json, prepare=prepare,
        make_error=make_error, http_error=HTTPError, catch_error=exception.CatchResponseError,
        response_error=exception.ResponseError, locust_error=exception.LocustError,
        interrupt=exception.InterruptTaskSet, reschedule=exception.RescheduleTask,
        reschedule_now=exception.RescheduleTaskImmediately, stop_user=exception.StopUser, user_kill=UserKill,
        task_error=task_error, wait_by_limits=core.Locust.wait_function,
        success_hook=events.request_success, failure_hook=events.request_failure, request_hook=events.request)
    _acrida.attach_hub()
