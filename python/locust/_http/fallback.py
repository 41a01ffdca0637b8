# SPDX-License-Identifier: MIT
"""Requests that only real `requests` can make: adapters, hooks, auth objects, proxies, generators as bodies.

They are timed, named, recorded and answered as the engine's own are.
"""
import time
from typing import Any, Dict, Optional

import _acrida
from requests.exceptions import RequestException
from requests.models import Response
from requests.sessions import Session

from .. import events
from ..exception import CatchResponseError, LocustError, ResponseError
from .errors import bare_request
from .prepare import RAISED, absolute


class FallbackResponse(Response):
    """A real response of requests. isinstance() counts it as a LocustResponse."""

    error: Optional[BaseException] = None

    @property
    def ok(self) -> bool:
        return self.error is None and super().ok

    def __bool__(self) -> bool:
        return self.ok

    def raise_for_status(self) -> None:
        """Raises what went wrong in sending, else HTTPError for 400 to 599."""
        if self.error is not None:
            raise self.error
        super().raise_for_status()


class FallbackContext(FallbackResponse):
    """The answer to a request with catch_response. isinstance() counts it as a ResponseContextManager.

    0.9: each success() or failure() is reported at once. 2.x: the last one counts, reported at the end of the block.
    """

    _report: Any = None
    _catching = True
    _manual: Any = None  # None: nothing said, True: success, else the exception
    _entered = False

    def __enter__(self) -> "FallbackContext":
        if not self._catching:
            raise LocustError("a response is used in a `with` block only with catch_response=True")
        self._entered = True
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        if self._report.modern and self._manual is not None:
            self._report(None if self._manual is True else self._manual)
        if self._manual is not None:
            return False
        if error is None:
            self._report(self._report.http_error(self))
            return False
        if isinstance(error, ResponseError):
            self._report(error)
            return True
        return False

    def success(self) -> None:
        """Reports the request as successful, whatever the status."""
        self._say(True)

    def failure(self, exc: Any) -> None:
        """Reports the request as failed with `exc`; a text becomes a CatchResponseError."""
        if isinstance(exc, str) or self._report.modern and not isinstance(exc, BaseException):
            exc = CatchResponseError(exc)
        self._say(exc)

    def _say(self, result: Any) -> None:
        if not self._report.modern:
            self._report(None if result is True else result)
        elif not self._entered or not self._catching:
            raise LocustError("success() and failure() belong into the `with` block of a request with catch_response")
        self._manual = result


class _Report:
    """Records one request and tells the listeners."""

    def __init__(self, session: Any, meta: Dict[str, Any], response: Response, context: Any) -> None:
        self.modern = session.generation == 2
        self.meta = meta
        self._response = response
        self._context = context
        self._user = session.user

    def http_error(self, response: Any) -> Optional[BaseException]:
        """What a request without catch_response is reported with; 2.x names the request instead of the URL."""
        url = response.url
        if self.modern:
            response.url = self.meta["name"]
        try:
            response.raise_for_status()
        except RequestException as error:
            return error
        finally:
            response.url = url
        return None

    def __call__(self, error: Any) -> None:
        meta = self.meta
        fields = dict(request_type=meta["method"], name=meta["name"], response_time=meta["response_time"])
        size = meta["content_size"]
        if error is None:
            _acrida.record_success(meta["method"], meta["name"], meta["response_time"], size)
            events.request_success.call(**fields, response_length=size)
        else:
            _acrida.record_failure(meta["method"], meta["name"], meta["response_time"], error)
            events.request_failure.call(**fields, response_length=size, exception=error)
        if events.request._handlers:
            events.request.call(
                **fields, response_length=size, context={**self._users_context(), **(self._context or {})},
                response=self._response, exception=error, start_time=meta["start_time"], url=meta["url"])

    def _users_context(self) -> Dict[str, Any]:
        return self._user.context() if self.modern and self._user is not None else {}


def fallback(session: Any, method: str, url: str, name: Optional[str], catch_response: bool, context: Any,
             kwargs: Dict[str, Any]) -> Any:
    """Makes the whole request with requests.Session.request. MissingSchema, InvalidSchema and InvalidURL leave."""
    full_url = absolute(session, url)
    if isinstance(method, bytes):
        method = method.decode("ascii")
    start_time, begin = time.time(), time.perf_counter()
    response = _send(session, method, full_url, kwargs)
    if not kwargs.get("stream"):
        response.content  # within the measured time
    response_time = (time.perf_counter() - begin) * 1000
    first = response.history[0] if response.history else response
    meta = {
        "method": method, "name": name or session.request_name or _path(first.request), "start_time": start_time,
        "response_time": response_time, "content_size": _size(response, bool(kwargs.get("stream"))),
        "url": first.request.url,
    }
    report = _Report(session, meta, response, context)
    response.locust_request_meta = response.request_meta = meta
    if catch_response or report.modern:
        response.__class__ = FallbackContext
        response._report, response._catching = report, catch_response
    else:
        response.__class__ = FallbackResponse
    if not catch_response:
        report(report.http_error(response))
    return response


def _send(session: Any, method: str, url: str, kwargs: Dict[str, Any]) -> Any:
    try:
        response = Session.request(session, method, url, **kwargs)
    except RAISED:
        raise
    except RequestException as error:
        response = failed(method, url, error)
    return response


def failed(method: str, url: str, error: RequestException) -> FallbackResponse:
    """The answer that stands for none: status 0, no content, false."""
    response = FallbackResponse()
    response.status_code = 0
    response.error = error
    response.request = error.request if getattr(error.request, "url", None) else bare_request(method, url)
    return response


def _path(request: Any) -> str:
    return request.path_url if hasattr(request, "path_url") else str(request.url)


def _size(response: Response, streamed: bool) -> int:
    if streamed:
        length = response.headers.get("Content-Length") or "0"
        return int(length) if length.isdigit() else 0
    return len(response.content or b"")


