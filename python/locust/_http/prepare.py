# SPDX-License-Identifier: MIT
"""Turns keyword arguments that the engine does not take apart (files, odd data, cookies) into bytes it can send."""
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any, Dict, Optional, Tuple

from requests.auth import HTTPBasicAuth
from requests.compat import json as complex_json
from requests.cookies import cookiejar_from_dict
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema, RequestException
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity

Prepared = Tuple[str, Optional[bytes], Optional[bytes], Optional[bytes], Dict[str, Any]]

# What requests raises for a URL, also in safe mode.
RAISED = (MissingSchema, InvalidSchema, InvalidURL)

_UNDERSTOOD = frozenset(("params", "data", "json", "headers", "cookies", "files", "auth", "timeout", "allow_redirects",
                         "verify", "cert", "stream", "name", "catch_response", "context"))

# What is underneath requests sends its own in place of these.
_SENT_ANYWAY = ("user-agent", "accept-encoding")


def encode_json(value: Any) -> Optional[bytes]:
    """The body of json=value; None for what JSON does not have, TypeError for foreign objects."""
    try:
        return complex_json.dumps(value, allow_nan=False).encode("utf-8")
    except ValueError:
        return None


def prepare(session: Any, method: str, url: str, kwargs: Dict[str, Any]) -> Optional[Prepared]:
    """(url, content type, body, cookies, other arguments) of a request, or None when only real requests can send it.

    url is absolute. MissingSchema, InvalidSchema and InvalidURL leave; any other complaint of requests is left to the
    fallback, which reports it as a failure.
    """
    rest = {name: value for name, value in kwargs.items() if value is not None}
    if not _UNDERSTOOD.issuperset(rest) or not _known_auth(rest):
        return None
    try:
        return _prepare(session, method, url, rest)
    except RAISED:
        raise
    except RequestException:
        return None


def _known_auth(rest: Dict[str, Any]) -> bool:
    auth = rest.get("auth")
    if type(auth) is HTTPBasicAuth:
        auth = rest["auth"] = (auth.username, auth.password)
    if not isinstance(auth, tuple):
        return auth is None
    return len(auth) == 2 and all(isinstance(part, (str, bytes)) for part in auth)


def _prepare(session: Any, method: str, url: str, rest: Dict[str, Any]) -> Optional[Prepared]:
    request = PreparedRequest()
    request.prepare_method(method)
    request.prepare_url(absolute(session, url), rest.pop("params", None))
    headers = rest.get("headers", {})
    if not isinstance(headers, Mapping):
        return None
    for name, value in headers.items():
        if not isinstance(name, str) or value is None and name.lower() in _SENT_ANYWAY:
            return None
        if value is not None:
            check_header_validity((name, value))
    rest["headers"] = dict(headers)
    request.headers = CaseInsensitiveDict({name: value for name, value in headers.items() if value is not None})
    had_type = "Content-Type" in request.headers
    cookies = _cookie_header(session, request, rest.pop("cookies", None))
    if cookies is None:
        return None
    request.prepare_body(rest.pop("data", None), rest.pop("files", None), rest.pop("json", None))
    known, body = _body_bytes(request)
    if not known:
        return None
    content_type = None if had_type else request.headers.get("Content-Type")
    return str(request.url), _bytes(content_type), body, cookies or None, rest


def absolute(session: Any, url: Any) -> Any:
    """What a session makes of the given URL: base URL in front unless it starts with http:// or https://."""
    if isinstance(url, bytes):
        url = url.decode("utf-8")
    url = str(url)
    return url if url[:8].lower().startswith(("http://", "https://")) else session.base_url + url


def _cookie_header(session: Any, request: PreparedRequest, cookies: Any) -> Optional[bytes]:
    """The request's own cookies as "a=1; b=2"; None when they clash with the session's."""
    if not cookies:
        return b""
    jar = cookies if isinstance(cookies, CookieJar) else cookiejar_from_dict(cookies)
    names = {cookie.name for cookie in jar}
    if any(entry[0] in names and not entry[2] for entry in session.cookie_list()):
        return None  # one for all hosts is replaced by the request's
    given = request.headers.pop("Cookie", None)
    request.prepare_cookies(jar)
    made = request.headers.pop("Cookie", None)
    return None if given is not None else _bytes(made) or b""


def _body_bytes(request: PreparedRequest) -> Tuple[bool, Optional[bytes]]:
    """(could it be had as bytes?, body)"""
    body = request.body
    if body is None or isinstance(body, bytes):
        return True, body
    if isinstance(body, str):
        return True, body.encode("utf-8")
    place = request._body_position  # type: ignore[attr-defined]
    if "Content-Length" not in request.headers or not hasattr(body, "read") or not isinstance(place, int):
        return False, None
    data = body.read()
    if isinstance(data, bytes) and len(data) == int(request.headers["Content-Length"]):
        return True, data
    body.seek(place)  # requests reads it again
    return False, None


def _bytes(text: Any) -> Optional[bytes]:
    return text.encode("latin-1") if isinstance(text, str) else text
