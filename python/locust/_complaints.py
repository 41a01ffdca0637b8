# SPDX-License-Identifier: MIT
"""What is logged of event listeners that raise: enough to find the mistake, and no flood at 100,000 requests a second.

Listeners are told apart by where they are written, so that one method of a thousand users is one listener.
"""
import functools
import logging
import math
import traceback
import types
from typing import Any, Callable, Dict

logger = logging.getLogger("locust.event")

# So many failures of one listener are logged with their traceback; of wrong parameters one is enough.
IN_FULL = 3


class _Listener:
    """One place in a script whose listener has failed. `place` is held so that its id is not given out again."""

    def __init__(self, place: Any, text: str) -> None:
        self.place = place
        self.text = text
        self.failures = 0
        self.logged = 0


_failed: Dict[int, _Listener] = {}


def listener_failed(handler: Callable[..., Any], kwargs: Dict[str, Any], error: Exception) -> None:
    """Logs that `handler(**kwargs)` raised: in full at first, then a line each time the count gets another digit."""
    place = _place(handler)
    listener = _failed.get(id(place))
    if listener is None:
        listener = _failed[id(place)] = _Listener(place, _describe(handler))
    listener.failures += 1
    try:
        if _log(listener, kwargs, error):
            listener.logged = listener.failures
    except RecursionError:  # at the end of Python's stack; who fired, further up, will log it
        listener.failures -= 1
        raise


def _log(listener: _Listener, kwargs: Dict[str, Any], error: Exception) -> bool:
    wrong_call = isinstance(error, TypeError) and _raised_by_call(error)
    if listener.failures <= (1 if wrong_call else IN_FULL):
        _log_in_full(listener.text, kwargs, error, wrong_call)
    elif listener.failures >= 10 and math.log10(listener.failures).is_integer():
        logger.error("The event listener %s has failed %d times", listener.text, listener.failures)
    else:
        return False
    return True


def failures() -> int:
    """How often listeners have failed so far."""
    return sum(listener.failures for listener in _failed.values())


def sum_up() -> None:
    """At the end of a run: how often those listeners failed that failed more often than was logged."""
    for listener in _failed.values():
        if listener.logged < listener.failures:
            listener.logged = listener.failures
            logger.error("The event listener %s failed %d times in all", listener.text, listener.failures)


def _log_in_full(listener: str, kwargs: Dict[str, Any], error: Exception, wrong_call: bool) -> None:
    if wrong_call:
        logger.error("The event listener %s cannot be called: %s. It gets the keyword arguments %s; end its parameters "
                     "with **kwargs for those it does not use.", listener, error, ", ".join(kwargs) or "(none)")
    else:
        logger.error("The event listener %s failed:\n%s", listener, _traceback(error))


def _raised_by_call(error: BaseException) -> bool:
    """Did the call itself fail, before any line of the listener ran? Then only the caller's frame is there."""
    return error.__traceback__ is None or error.__traceback__.tb_next is None


def _traceback(error: BaseException) -> str:
    """Without the frame of the hook, which is the same each time."""
    below = error.__traceback__.tb_next if error.__traceback__ is not None else None
    return "".join(traceback.format_exception(type(error), error, below)).rstrip()


def _function(handler: Any) -> Any:
    while isinstance(handler, (functools.partial, types.MethodType)):
        handler = handler.func if isinstance(handler, functools.partial) else handler.__func__
    return handler


def _place(handler: Any) -> Any:
    function = _function(handler)
    if isinstance(function, types.FunctionType):
        return function.__code__
    return function if isinstance(function, (type, types.BuiltinFunctionType)) else type(function)


def _describe(handler: Any) -> str:
    function = _function(handler)
    if isinstance(function, types.FunctionType):
        return f"{function.__qualname__} ({function.__code__.co_filename}, line {function.__code__.co_firstlineno})"
    if isinstance(function, (type, types.BuiltinFunctionType)):
        return function.__qualname__
    return f"of class {type(function).__qualname__}"
