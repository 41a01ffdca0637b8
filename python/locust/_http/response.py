# SPDX-License-Identifier: MIT
"""What requests.Response offers beyond the engine's own getters, made from them when asked for."""
import io
from email.message import Message
from typing import Any, Dict, Iterator, List, Optional, Tuple

from requests.cookies import MockRequest, RequestsCookieJar
from requests.exceptions import StreamConsumedError
from requests.models import PreparedRequest, Response
from requests.sessions import Session
from requests.structures import CaseInsensitiveDict
from requests.utils import stream_decode_response_unicode
from urllib3._collections import HTTPHeaderDict
from urllib3.response import HTTPResponse

# Bytes read at a time when a caller leaves the size open.
CHUNK_BYTES = 64 * 1024


def joined_headers(raw: List[Tuple[str, str]]) -> CaseInsensitiveDict:
    """Several fields of one name are joined by ", ", under the first's spelling, as requests does."""
    fields = HTTPHeaderDict()
    for name, value in raw:
        fields.add(name, value)
    return CaseInsensitiveDict(fields)


class _Head:
    """What http.cookiejar wants of a response."""

    def __init__(self, raw: List[Tuple[str, str]]) -> None:
        self._message = Message()
        for name, value in raw:
            if name.lower() in ("set-cookie", "set-cookie2"):
                self._message[name] = value

    def info(self) -> Message:
        return self._message


def received_cookies(raw: List[Tuple[str, str]], request: PreparedRequest) -> RequestsCookieJar:
    """The cookies that this one answer set."""
    jar = RequestsCookieJar()
    head = _Head(raw)
    if len(head.info()):
        jar.extract_cookies(head, MockRequest(request))  # type: ignore[arg-type]
    return jar


def sent_request(parts: Tuple[str, str, bytes, Optional[bytes]], jar: RequestsCookieJar) -> PreparedRequest:
    """The request as a requests object, from what the engine sent."""
    method, url, header_lines, body = parts
    request = PreparedRequest()
    request.method = method.upper()
    request.url = url
    request.headers = CaseInsensitiveDict()
    for line in header_lines.decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            request.headers[name] = value.strip()
    request.body = body
    request._cookies = jar  # type: ignore[attr-defined]
    return request


class _Body(io.RawIOBase):
    """A file over an iterator of chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        taken = self._rest[:len(buffer)]
        buffer[:len(taken)] = taken
        self._rest = self._rest[len(taken):]
        return len(taken)


def rebuilt_response(state: Dict[str, Any]) -> Response:
    """A copied or unpickled response: one of requests' own, without a connection."""
    response = Response()
    response.__setstate__(state)  # type: ignore[attr-defined]
    return response


class LazyParts:
    """Attributes of requests.Response on top of a NativeResponse. They are made once and may be overwritten."""

    # What requests.Response keeps in its instance and its methods look at.
    _content_consumed = True
    _next = None
    connection = None

    @property
    def _content(self) -> Any:
        return self.content  # type: ignore[attr-defined]

    @_content.setter
    def _content(self, value: Any) -> None:
        self.content = value

    def _made(self, name: str, make: Any) -> Any:
        store: Dict[str, Any] = self.__dict__
        if name not in store:
            store[name] = make()
        return store[name]

    @property
    def headers(self) -> Any:
        return self._made("_headers", lambda: joined_headers(self.raw_headers))  # type: ignore[attr-defined]

    @headers.setter
    def headers(self, value: Any) -> None:
        self.__dict__["_headers"] = value

    @property
    def cookies(self) -> Any:
        return self._made("_cookies", lambda: received_cookies(
            self.raw_headers, self.request))  # type: ignore[attr-defined]

    @cookies.setter
    def cookies(self, value: Any) -> None:
        self.__dict__["_cookies"] = value

    @property
    def request(self) -> Any:
        return self._made("_request", lambda: sent_request(
            self.request_parts(), RequestsCookieJar()))  # type: ignore[attr-defined]

    @request.setter
    def request(self, value: Any) -> None:
        self.__dict__["_request"] = value

    @property
    def raw(self) -> Any:
        return self._made("_raw", self._make_raw)

    @raw.setter
    def raw(self, value: Any) -> None:
        self.__dict__["_raw"] = value

    def _make_raw(self) -> HTTPResponse:
        # The body is decoded already: the copy of the headers must not ask for that again.
        headers = HTTPHeaderDict()
        for name, value in self.raw_headers:  # type: ignore[attr-defined]
            if name.lower() != "content-encoding":
                headers.add(name, value)
        body = io.BufferedReader(_Body(self._chunks(CHUNK_BYTES)), CHUNK_BYTES)
        status, reason = self.status_code, self.reason  # type: ignore[attr-defined]
        return HTTPResponse(body=body, headers=headers, status=status, reason=reason, preload_content=False,
                            decode_content=False)

    @property
    def next(self) -> Optional[PreparedRequest]:
        """The request that a redirect asks for, when it was not followed."""
        if not self.is_redirect:  # type: ignore[attr-defined]
            return None
        hops = Session().resolve_redirects(self, self.request, yield_requests=True)  # type: ignore[arg-type]
        return next(hops, None)

    def _chunks(self, size: Optional[int]) -> Iterator[bytes]:
        """A body that is all there stays there; one still to come is handed on as it comes, and then gone."""
        if not self.streaming and "_begun" not in self.__dict__:  # type: ignore[attr-defined]
            content = self.content or b""  # type: ignore[attr-defined]
            step = size if size is not None and size > 0 else max(len(content), 1)
            return iter([content[at:at + step] for at in range(0, len(content), step)])
        if self.__dict__.get("_begun") == "to the end":
            raise StreamConsumedError()
        self.__dict__["_begun"] = True
        return self._stream(size if size is not None and size > 0 else CHUNK_BYTES)

    def _stream(self, size: int) -> Iterator[bytes]:
        yield from self.iter_raw(size)  # type: ignore[attr-defined]
        self.__dict__["_begun"] = "to the end"

    def __reduce__(self) -> Any:
        return rebuilt_response, ({name: getattr(self, name) for name in Response.__attrs__},)  # type: ignore

    def iter_content(self, chunk_size: Optional[int] = 1, decode_unicode: bool = False) -> Iterator[Any]:
        """The decoded body in pieces of at most chunk_size bytes (None: as they come)."""
        if chunk_size is not None and not isinstance(chunk_size, int):
            raise TypeError(f"chunk_size must be an int, it is instead a {type(chunk_size)}.")
        chunks = self._chunks(chunk_size)
        return stream_decode_response_unicode(chunks, self) if decode_unicode else chunks
