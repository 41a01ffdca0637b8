# SPDX-License-Identifier: MIT
"""Event hooks of both generations: `hook += f` and `hook.add_listener(f)`, and the set of hooks of one environment."""
import inspect
import logging
import time
import traceback
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional

import _acrida

from .exception import FLOW

logger = logging.getLogger("locust.event")

Handler = Callable[..., Any]


class EventHook:
    """A list of listeners, called with keyword arguments in the order in which they were added.

    A listener that raises is logged; the others still run and whoever fired goes on. StopUser, InterruptTaskSet,
    RescheduleTask and RescheduleTaskImmediately pass, and so does what is no Exception (GreenletExit, SystemExit).
    """

    # Arguments that only one generation passes: left out for listeners that could not take them.
    optional: "frozenset[str]" = frozenset()
    # How many listeners have raised since the process started, over all hooks.
    failures = 0

    def __init__(self, optional: Any = ()) -> None:
        self._handlers: List[Handler] = []  # the engine holds on to this very list
        self.optional = frozenset(optional)
        self._unwanted: Dict[Handler, "frozenset[str]"] = {}

    def add_listener(self, handler: Handler) -> Handler:
        """Adds `handler` and returns it, so that this works as a decorator."""
        self._handlers.append(handler)
        return handler

    def remove_listener(self, handler: Handler) -> None:
        """Removes the first occurrence; ValueError when there is none."""
        self._handlers.remove(handler)
        if handler not in self._handlers:
            self._unwanted.pop(handler, None)

    def __iadd__(self, handler: Handler) -> "EventHook":
        self.add_listener(handler)
        return self

    def __isub__(self, handler: Handler) -> "EventHook":
        self.remove_listener(handler)
        return self

    def fire(self, *, reverse: bool = False, **kwargs: Any) -> None:
        """Calls the listeners with `kwargs`; `reverse`: last added first, this once."""
        self._call(kwargs, reverse)

    def call(self, **kwargs: Any) -> None:
        """Calls the listeners and does nothing else: for the engine, which has recorded the request already."""
        self._call(kwargs, False)

    def _call(self, kwargs: Dict[str, Any], reverse: bool) -> None:
        handlers = self._handlers[::-1] if reverse else self._handlers[:]
        for handler in handlers:
            try:
                if self.optional:
                    handler(**self._wanted(handler, kwargs))
                else:
                    handler(**kwargs)
            except FLOW:
                raise
            except Exception:
                EventHook.failures += 1
                logger.error("An event listener failed: %r\n%s", handler, traceback.format_exc())

    def _wanted(self, handler: Handler, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        unwanted = self._unwanted.get(handler)
        if unwanted is None:
            unwanted = self._unwanted[handler] = _cannot_take(handler, self.optional)
        return {name: value for name, value in kwargs.items() if name not in unwanted} if unwanted else kwargs


def _cannot_take(handler: Handler, names: "frozenset[str]") -> "frozenset[str]":
    try:
        parameters = inspect.signature(handler).parameters
    except (TypeError, ValueError):
        return frozenset()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return frozenset()
    return frozenset(name for name in names if name not in parameters)


class RequestSuccessHook(EventHook):
    """request_success. To fire it reports a successful request of a custom client."""

    def __init__(self, events: "Events") -> None:
        super().__init__()
        self._events = events

    def fire(self, *, request_type: Any, name: Any, response_time: Optional[float], response_length: Any,
             reverse: bool = False, **more: Any) -> None:
        """response_time in milliseconds (None: counted without a time), response_length in bytes."""
        milliseconds = _milliseconds(response_time)
        _acrida.record_success(_text(request_type), _text(name), milliseconds, int(response_length or 0))
        fields = dict(request_type=request_type, name=name, response_time=response_time,
                      response_length=response_length, **more)
        self._call(fields, reverse)
        if self._events.request._handlers:
            self._events.request._call(_as_request(fields, None), reverse)


class RequestFailureHook(EventHook):
    """request_failure. To fire it reports a failed request of a custom client."""

    def __init__(self, events: "Events") -> None:
        super().__init__(optional=("response_length",))
        self._events = events

    def fire(self, *, request_type: Any, name: Any, response_time: Optional[float], exception: Any,
             response_length: Any = 0, reverse: bool = False, **more: Any) -> None:
        """response_time in milliseconds; `exception` is listed by its repr()."""
        _acrida.record_failure(_text(request_type), _text(name), _milliseconds(response_time), exception)
        fields = dict(request_type=request_type, name=name, response_time=response_time,
                      response_length=response_length, exception=exception, **more)
        self._call(fields, reverse)
        if self._events.request._handlers:
            self._events.request._call(_as_request(fields, exception), reverse)

    def call(self, **kwargs: Any) -> None:
        kwargs.setdefault("response_length", 0)
        self._call(kwargs, False)


class RequestHook(EventHook):
    """request (2.x). To fire it reports a request of a custom client, failed if `exception` is true."""

    def __init__(self, events: "Events") -> None:
        super().__init__()
        self._events = events

    def fire(self, *, request_type: Any, name: Any, response_time: Optional[float], response_length: Any = 0,
             exception: Any = None, reverse: bool = False, **more: Any) -> None:
        """response_time in milliseconds (None: counted without a time), response_length in bytes."""
        milliseconds = _milliseconds(response_time)
        if exception:
            _acrida.record_failure(_text(request_type), _text(name), milliseconds, exception)
        else:
            _acrida.record_success(_text(request_type), _text(name), milliseconds, int(response_length or 0))
        fields = dict(request_type=request_type, name=name, response_time=response_time,
                      response_length=response_length, exception=exception, **more)
        self._call(fields, reverse)
        self._tell_old_hooks(fields, exception, reverse)

    def _tell_old_hooks(self, fields: Dict[str, Any], exception: Any, reverse: bool) -> None:
        hook = self._events.request_failure if exception else self._events.request_success
        if not hook._handlers:
            return
        names = ["request_type", "name", "response_time", "response_length"] + (["exception"] if exception else [])
        hook._call({name: fields[name] for name in names}, reverse)

    @contextmanager
    def measure(self, request_type: str, name: str, response_length: int = 0,
                context: Optional[Dict[str, Any]] = None) -> Iterator[Dict[str, Any]]:
        """Times the block and fires this hook at its end, failed if it raised (the exception goes no further).

        The yielded dict holds the fields of the event and may be changed in the block.
        """
        fields: Dict[str, Any] = {
            "request_type": request_type, "name": name, "response_length": response_length,
            "context": context or {}, "response": None, "exception": None, "start_time": time.time(), "url": None,
        }
        begin = time.perf_counter()
        try:
            yield fields
        except FLOW:
            raise
        except Exception as error:
            fields["exception"] = error
        fields["response_time"] = (time.perf_counter() - begin) * 1000
        self.fire(**fields)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _milliseconds(value: Any) -> Optional[float]:
    return None if value is None else float(value)


def _as_request(fields: Dict[str, Any], exception: Any) -> Dict[str, Any]:
    """The fields of 2.x's `request` for what an old hook was fired with."""
    request = {"context": {}, "response": None, "start_time": None, "url": None, **fields, "exception": exception}
    if request["start_time"] is None:
        request["start_time"] = time.time() - (fields["response_time"] or 0) / 1000
    return request


class Events:
    """The hooks of one environment. `locust.events` is the one that locustfiles use."""

    # 0.9
    request_success: RequestSuccessHook
    request_failure: RequestFailureHook
    locust_error: EventHook
    report_to_master: EventHook
    slave_report: EventHook
    hatch_complete: EventHook
    quitting: EventHook
    master_start_hatching: EventHook
    master_stop_hatching: EventHook
    locust_start_hatching: EventHook
    locust_stop_hatching: EventHook
    # 2.x
    request: RequestHook
    user_error: EventHook
    worker_report: EventHook
    worker_connect: EventHook
    init: EventHook
    test_start: EventHook
    spawning_complete: EventHook
    test_stopping: EventHook
    test_stop: EventHook
    reset_stats: EventHook
    quit: EventHook

    def __init__(self) -> None:
        self.request_success = RequestSuccessHook(self)
        self.request_failure = RequestFailureHook(self)
        self.request = RequestHook(self)
        # 0.9 passes nothing to it, 2.x the environment
        self.quitting = EventHook(optional=("environment",))
        for name in Events.__annotations__:
            if not hasattr(self, name):
                setattr(self, name, EventHook())
