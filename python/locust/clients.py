# SPDX-License-Identifier: MIT
"""HttpSession and its responses: requests' classes by name and type, the engine's client underneath."""
import re
from contextlib import contextmanager
from functools import partial
from typing import Any, Iterator
from urllib.parse import urlsplit, urlunsplit

from _acrida import NativeResponse, NativeSession
from requests.models import Response
from requests.sessions import Session

from ._http.cookies import SessionCookieJar, fill, is_plain
from ._http.fallback import FallbackContext, FallbackResponse
from ._http.response import LazyParts
from ._http.state import STEPS

__all__ = ["HttpSession", "LocustResponse", "ResponseContextManager", "absolute_http_url_regexp"]

absolute_http_url_regexp = re.compile(r"^https?://", re.I)

_VERBS = ("get", "options", "head", "post", "put", "patch", "delete")


class HttpSession(NativeSession, Session):
    """A requests.Session whose plain requests are made by the engine.

    HttpSession(base_url), or 2.x's HttpSession(base_url, request_event, user). base_url is put in front of every URL
    that does not start with http:// or https://; user:password@ in it is taken out and sent as basic authentication.

    All of requests.Session works. What only requests can do (an adapter of one's own, hooks, session-wide params,
    proxies, auth objects, a cookie policy) makes this session slower: its requests then go through real requests.

    Every verb also takes name (what the request is called in statistics), catch_response (True: use the answer in a
    `with` block and call success() or failure()) and, in 2.x, context (a dict for listeners). A failed exchange does
    not raise: the answer then has status_code 0, is false and holds the exception in `error`. MissingSchema,
    InvalidSchema and InvalidURL do raise.
    """

    def __init__(self, base_url: str, request_event: Any = None, user: Any = None, *args: Any,
                 pool_manager: Any = None, **kwargs: Any) -> None:
        # request_event and pool_manager: there is one set of hooks, and the engine keeps its own connections.
        modern = request_event is not None or user is not None
        stripped, auth = _without_credentials(base_url) if "@" in (base_url or "") else (base_url, None)
        NativeSession.__init__(self, stripped, 2 if modern else 9, user)
        if auth is not None:
            self.auth = auth

    @property
    def cookies(self) -> Any:
        """The user's cookies; a RequestsCookieJar. What is assigned is copied into it.

        A jar of another class, or with a policy of its own, is kept as it is, and requests then obeys it.
        """
        return NativeSession.cookies.__get__(self, type(self))  # type: ignore[attr-defined]

    @cookies.setter
    def cookies(self, value: Any) -> None:
        if not is_plain(value):
            self._hold(value)
        elif value is not self.cookies:
            if not isinstance(self.cookies, SessionCookieJar):
                self._hold(SessionCookieJar(self))
            fill(self.cookies, value)

    def _hold(self, jar: Any) -> None:
        NativeSession.cookies.__set__(self, jar)  # type: ignore[attr-defined]
        self.invalidate()

    @contextmanager
    def rename_request(self, name: str) -> Iterator[None]:
        """Requests in the block are called `name` in statistics unless they say otherwise."""
        previous, self.request_name = self.request_name, name
        try:
            yield
        finally:
            self.request_name = previous

    def __reduce__(self) -> Any:
        """Copies and pickles have what those of a requests session have, and the base URL; they belong to no user."""
        state = {name: getattr(self, name) for name in self.__attrs__
                 if name == "cookies" or self.touched(name) or name in vars(self)}
        return _copied, (type(self), self.base_url, self.generation), state

    def __setstate__(self, state: Any) -> None:
        for name, value in state.items():
            if name == "headers":
                self.headers.clear()
                self.headers.update(value)
            else:
                setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "request":
            for verb in _VERBS:
                super().__setattr__(verb, partial(getattr(Session, verb), self))
        elif name in STEPS:
            self.hooks  # a session whose hooks were looked at is asked for its state before every request

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # In requests the verbs go through request(): who changes that means them, too. The same in __setattr__.
        if "request" in cls.__dict__:
            for verb in _VERBS:
                if getattr(cls, verb) is getattr(NativeSession, verb):
                    setattr(cls, verb, getattr(Session, verb))


def _copied(cls: Any, base_url: str, generation: int) -> Any:
    session = cls.__new__(cls)
    NativeSession.__init__(session, base_url, generation)
    return session


def _without_credentials(base_url: str) -> Any:
    """(base URL without user:password@, the two as written) or the URL as it is when one of them is missing."""
    parts = urlsplit(base_url)
    if not parts.username or not parts.password:
        return base_url, None
    where = parts.netloc.rpartition("@")[2].lower()
    return urlunsplit(parts._replace(netloc=where)), (parts.username, parts.password)


class _CountsFallback(type):
    """isinstance() of an engine's response class holds for what real requests answered, too."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or isinstance(instance, cls.__dict__.get("_twin", ()))


class LocustResponse(LazyParts, NativeResponse, Response, metaclass=_CountsFallback):
    """A requests.Response made by the engine. `error`: why there is no answer, or None."""

    _twin = FallbackResponse


class ResponseContextManager(LocustResponse):
    """The answer to a request with catch_response=True, for use in a `with` block.

    success() and failure(text or exception) say how the request is counted. 0.9: each call counts at once; 2.x: the
    last call counts, at the end of the block. Said nothing: failed for 400 to 599 and failed exchanges. ResponseError
    raised in the block is reported as a failure and goes no further; any other exception passes, and then nothing is
    counted.
    """

    _twin = FallbackContext
