# SPDX-License-Identifier: MIT
"""Event hooks of both generations: `hook += f` and `hook.add_listener(f)`, and the set of hooks of one environment."""
import inspect
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import _acrida

from . import _complaints
from .exception import FLOW, StopUser

__all__ = ["EventHook", "Events"]

Handler = Callable[..., Any]


class EventHook:
    """A list of listeners, called with keyword arguments in the order in which they were added.

    A listener that raises is logged; the others still run and whoever fired goes on. StopUser, InterruptTaskSet,
    RescheduleTask and RescheduleTaskImmediately pass, and so does what is no Exception (GreenletExit, SystemExit).
    Listeners may wait, fire, and add or remove listeners: each firing calls those that were there when it began.
    """

    # Arguments that only one generation passes: left out for listeners that could not take them.
    optional: "frozenset[str]" = frozenset()

    def __init__(self, optional: Any = ()) -> None:
        self._handlers: List[Handler] = []  # the engine holds on to this very list
        self.optional = frozenset(optional)
        # By id: a listener need not be hashable. It stands in the value, so that its id is not given out again.
        self._unwanted: Dict[int, Tuple[Handler, "frozenset[str]"]] = {}

    def add_listener(self, handler: Handler) -> Handler:
        """Adds `handler` and returns it, so that this works as a decorator. TypeError when it cannot be called."""
        if not callable(handler):
            raise TypeError(f"an event listener must be callable, and {handler!r} is not")
        self._handlers.append(handler)
        return handler

    def remove_listener(self, handler: Handler) -> None:
        """Removes the first occurrence; ValueError when there is none."""
        removed = self._handlers.pop(self._handlers.index(handler))
        self._unwanted.pop(id(removed), None)

    def __iadd__(self, handler: Handler) -> "EventHook":
        self.add_listener(handler)
        return self

    def __isub__(self, handler: Handler) -> "EventHook":
        self.remove_listener(handler)
        return self

    def fire(self, /, *, reverse: bool = False, **kwargs: Any) -> None:
        """Calls the listeners with `kwargs`; `reverse`: last added first, this once."""
        self._call(kwargs, reverse)

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

    def call(self, /, **kwargs: Any) -> None:
        """Calls the listeners and does nothing else: for the engine, which has recorded the request already."""
        self._call(kwargs, False)

    def _call(self, kwargs: Dict[str, Any], reverse: bool) -> None:
        handlers = self._handlers[::-1] if reverse else self._handlers[:]
        for handler in handlers:
            wanted = kwargs
            try:
                if self.optional:
                    wanted = self._wanted(handler, kwargs)
                handler(**wanted)
            except FLOW:
                raise
            except Exception as error:
                _complaints.listener_failed(handler, wanted, error)

    def _wanted(self, handler: Handler, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        known = self._unwanted.get(id(handler))
        if known is None:
            known = self._unwanted[id(handler)] = handler, _cannot_take(handler, self.optional)
        unwanted = known[1]
        return {name: value for name, value in kwargs.items() if name not in unwanted} if unwanted else kwargs


def _cannot_take(handler: Handler, names: "frozenset[str]") -> "frozenset[str]":
    try:
        parameters = inspect.signature(handler).parameters
    except (TypeError, ValueError):
        return frozenset()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return frozenset()
    return frozenset(name for name in names if name not in parameters)


class _ReportingHook(EventHook):
    """A hook whose firing counts a request in the statistics, in the same entries as the engine's own.

    request_type, name: any object, listed as text. response_time: milliseconds as a number; None or NaN: counted
    without a time; negative counts as 0. response_length: bytes as a number, None is 0. What is no number raises
    TypeError in the caller, and nothing is counted. Listeners get the values as they are. May be fired in any thread.
    """

    def __init__(self, events: "Events", optional: Any = ()) -> None:
        super().__init__(optional)
        self._events = events

    def _tell_request(self, fields: Dict[str, Any], exception: Any, reverse: bool) -> None:
        if self._events.request._handlers:
            self._events.request._call(_as_request(fields, exception), reverse)


class RequestSuccessHook(_ReportingHook):
    """request_success. To fire it reports a successful request of a custom client."""

    def fire(self, /, *, request_type: Any, name: Any, response_time: Optional[float], response_length: Any,
             reverse: bool = False, **more: Any) -> None:
        """The values are those of _ReportingHook. StopUser after the last request that -n allows."""
        fields = dict(request_type=request_type, name=name, response_time=response_time,
                      response_length=response_length, **more)
        with _counted(_acrida.record_success, request_type, name, response_time, response_length):
            self._call(fields, reverse)
            self._tell_request(fields, None, reverse)


class RequestFailureHook(_ReportingHook):
    """request_failure. To fire it reports a failed request of a custom client."""

    def __init__(self, events: "Events") -> None:
        super().__init__(events, optional=("response_length",))

    def fire(self, /, *, request_type: Any, name: Any, response_time: Optional[float], exception: Any,
             response_length: Any = 0, reverse: bool = False, **more: Any) -> None:
        """`exception`: any object, listed by its repr(). The rest as in _ReportingHook."""
        fields = dict(request_type=request_type, name=name, response_time=response_time,
                      response_length=response_length, exception=exception, **more)
        with _counted(_acrida.record_failure, request_type, name, response_time, exception):
            self._call(fields, reverse)
            self._tell_request(fields, exception, reverse)

    def call(self, /, **kwargs: Any) -> None:
        kwargs.setdefault("response_length", 0)
        self._call(kwargs, False)


class RequestHook(_ReportingHook):
    """request (2.x). To fire it reports a request of a custom client, failed if `exception` is true or an exception."""

    def fire(self, /, *, request_type: Any, name: Any, response_time: Optional[float], response_length: Any = 0,
             exception: Any = None, reverse: bool = False, **more: Any) -> None:
        """The values are those of _ReportingHook. StopUser after the last request that -n allows."""
        fields = dict(request_type=request_type, name=name, response_time=response_time,
                      response_length=response_length, exception=exception, **more)
        failed = isinstance(exception, BaseException) or bool(exception)
        record = _acrida.record_failure if failed else _acrida.record_success
        with _counted(record, request_type, name, response_time, exception if failed else response_length):
            self._call(fields, reverse)
            self._tell_old_hooks(fields, failed, reverse)

    def _tell_old_hooks(self, fields: Dict[str, Any], failed: bool, reverse: bool) -> None:
        hook = self._events.request_failure if failed else self._events.request_success
        if not hook._handlers:
            return
        names = ["request_type", "name", "response_time", "response_length"] + (["exception"] if failed else [])
        hook._call({name: fields[name] for name in names}, reverse)


@contextmanager
def _counted(record: Callable[..., None], *values: Any) -> Iterator[None]:
    """Counts a request, then runs the block that tells the listeners of it, be it the last one or not."""
    last = None
    try:
        record(*values)
    except StopUser as error:
        last = error
    yield
    if last is not None:
        raise last


def _as_request(fields: Dict[str, Any], exception: Any) -> Dict[str, Any]:
    """The fields of 2.x's `request` for what an old hook was fired with."""
    request = {"context": {}, "response": None, "start_time": None, "url": None, **fields, "exception": exception}
    if request["start_time"] is None:
        request["start_time"] = time.time() - float(fields["response_time"] or 0) / 1000
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
    usage_monitor: EventHook
    cpu_warning: EventHook
    init: EventHook
    init_command_line_parser: EventHook
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
