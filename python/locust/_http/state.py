# SPDX-License-Identifier: MIT
"""What of a session's state goes into each of its requests, and which sessions need real requests for all of them."""
import os
from collections import OrderedDict
from functools import lru_cache
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth, _basic_auth_str
from requests.exceptions import InvalidHeader
from requests.hooks import default_hooks
from requests.sessions import Session
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity, default_headers, get_environ_proxies, get_netrc_auth, getproxies
from urllib3 import __version__ as urllib3_version

from .cookies import SessionCookieJar, is_native

REDIRECTS_MAX = 30

NEVER, ALWAYS, BASE_HOST_ONLY = 0, 1, 2

# Methods that send a plain request in requests. A session on which one of these is somebody else's (a subclass, a
# patch by an instrumentation or mocking library) must go through it.
STEPS: Dict[str, Any] = {name: getattr(Session, name) for name in (
    "send", "prepare_request", "get_adapter", "merge_environment_settings", "resolve_redirects", "rebuild_auth",
    "rebuild_method", "rebuild_proxies", "should_strip_auth", "get_redirect_target")}
_ADAPTER_SEND = HTTPAdapter.send
_SCHEMES = frozenset(("https://", "http://"))
# What the libraries below requests send when the session has no such header.
_UNDERNEATH = ((b"Accept-Encoding", b"identity"), (b"User-Agent", f"python-urllib3/{urllib3_version}".encode()))
# These belong to a body or a connection and are not the session's to set in the engine.
_UNSENDABLE = frozenset(("content-length", "transfer-encoding"))


class SessionHeaders(CaseInsensitiveDict):
    """`session.headers`: tells the engine when it changes."""

    def __init__(self, session: Any, data: Any = None) -> None:
        self._session: Any = None
        super().__init__(data)
        self._session = session

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if self._session is not None:
            self._session.invalidate()

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        if self._session is not None:
            self._session.invalidate()

    def copy(self) -> CaseInsensitiveDict:
        """A plain one, of no session."""
        return CaseInsensitiveDict(self._store.values())  # type: ignore[attr-defined]

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> CaseInsensitiveDict:
        return self.copy()

    def __reduce__(self) -> Any:
        return CaseInsensitiveDict, (list(self.items()),)


def session_attribute(session: Any, name: str) -> Any:
    """The default object of an attribute of requests.Session that is read for the first time."""
    if name == "headers":
        return SessionHeaders(session, default_headers())
    if name == "cookies":
        return SessionCookieJar(session)
    if name == "hooks":
        return default_hooks()
    if name == "adapters":
        return OrderedDict((("https://", HTTPAdapter()), ("http://", HTTPAdapter())))
    return {}


class State(NamedTuple):
    """What session_state() answers; see NativeSession in _acrida.pyi."""

    plain: int
    header_lines: bytes
    authorization: Optional[bytes]
    verify: bool
    ca_path: Optional[str]
    cert_path: Optional[str]
    key_path: Optional[str]
    max_redirects: int


_FALLBACK = State(NEVER, b"", None, True, None, None, None, REDIRECTS_MAX)


def session_state(session: Any) -> Tuple[Any, ...]:
    """Asked by the engine before the first request of a session and after changes."""
    try:
        return _FALLBACK if needs_requests(session) else _native_state(session)
    except Exception:
        return _FALLBACK  # what cannot be made sense of is requests' to accept or to refuse


def _native_state(session: Any) -> State:
    touched = session.touched
    lines, authorization = _session_headers(session) if touched("headers") else (_default_lines(), None)
    own_auth = session.auth if touched("auth") else None
    if own_auth:
        authorization = basic_authorization(own_auth)
        if authorization is None:
            return _FALLBACK
    verify, ca_path = _verification(session.verify) if touched("verify") else (True, None)
    cert, key = _certificate(session.cert) if touched("cert") else (None, None)
    redirects = session.max_redirects if touched("max_redirects") else REDIRECTS_MAX
    plain = ALWAYS
    if trusts_environment(session):
        found = environment_of(session.base_url)
        plain = found.plain
        if found.authorization and not own_auth:
            authorization = found.authorization
        if verify and ca_path is None:
            ca_path = found.ca_path
    return State(plain, lines, authorization, verify, ca_path, cert, key, redirects)


def needs_requests(session: Any) -> bool:
    """Has the script asked for something that only requests itself can do?"""
    touched = session.touched
    return (_foreign_steps(type(session)) or not STEPS.keys().isdisjoint(vars(session))
            or touched("hooks") and session.hooks != default_hooks()
            or touched("params") and bool(session.params)
            or touched("proxies") and bool(session.proxies)
            or touched("stream") and bool(session.stream)
            or touched("adapters") and not _plain_adapters(session.adapters)
            or touched("max_redirects") and (not isinstance(session.max_redirects, int) or session.max_redirects < 1)
            or touched("cookies") and not is_native(session.cookies))


def _foreign_steps(cls: type) -> bool:
    return HTTPAdapter.send is not _ADAPTER_SEND or any(
        getattr(cls, name) is not step for name, step in STEPS.items())


def _plain_adapters(adapters: Mapping[str, Any]) -> bool:
    return _SCHEMES.issubset(adapters) and all(map(_plain_adapter, adapters.values()))


def _plain_adapter(adapter: Any) -> bool:
    return type(adapter) is HTTPAdapter and _retries(adapter) == _NO_RETRIES


def _retries(adapter: HTTPAdapter) -> Tuple[type, Dict[str, Any]]:
    return type(adapter.max_retries), vars(adapter.max_retries)


def trusts_environment(session: Any) -> bool:
    """0.9 sessions heed proxies, netrc and CA bundles of the environment unless told otherwise, 2.x ones do not."""
    return bool(session.trust_env) if session.touched("trust_env") else session.generation != 2


def basic_authorization(auth: Any) -> Optional[bytes]:
    """The Authorization value for (user, password) or HTTPBasicAuth; None for anything else."""
    if type(auth) is HTTPBasicAuth:
        auth = (auth.username, auth.password)
    if isinstance(auth, tuple) and len(auth) == 2:
        return _basic_auth_str(*auth).encode("latin-1")
    return None


_NO_RETRIES = _retries(HTTPAdapter())


def _session_headers(session: Any) -> Tuple[bytes, Optional[bytes]]:
    """As _headers(), remembered: a session whose headers are a dict of the script's is asked before every request."""
    items = tuple(session.headers.items())
    known = vars(session).get("_headers_sent")
    if known is None or known[0] != items:
        known = vars(session)["_headers_sent"] = (items, _headers(dict(items)))
    return known[1]


def _headers(headers: Mapping[str, Any]) -> Tuple[bytes, Optional[bytes]]:
    """Header lines, and the Authorization value apart from them: it must not follow a redirect to another host."""
    lines, authorization, sent = [], None, set()
    for name, value in headers.items():
        if value is None:
            continue
        check_header_validity((name, value))
        name, value = _latin1(name), _latin1(value)
        lower = name.lower().decode("latin-1")
        sent.add(lower)
        if lower in _UNSENDABLE:
            raise InvalidHeader(f"{lower} is not the session's to set")
        if lower == "authorization":
            authorization = value
        else:
            lines.append(_line(name, value))
    missing = [_line(name, value) for name, value in _UNDERNEATH if name.lower().decode() not in sent]
    return b"".join(missing + lines), authorization


def _line(name: bytes, value: bytes) -> bytes:
    return name + b": " + value + b"\r\n"


def _latin1(text: Any) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise InvalidHeader(f"{text!r} is not Latin-1") from None


@lru_cache(maxsize=None)
def _default_lines() -> bytes:
    return _headers(default_headers())[0]


def _verification(verify: Any) -> Tuple[bool, Optional[str]]:
    if verify is None or isinstance(verify, int):
        return verify is None or bool(verify), None
    return (True, _file(verify)) if verify else (False, None)


def _certificate(cert: Any) -> Tuple[Optional[str], Optional[str]]:
    if not cert:
        return None, None
    if isinstance(cert, (str, os.PathLike)):
        return _file(cert), None
    return _file(cert[0]), _file(cert[1])


def _file(path: Any) -> str:
    """The path as text. OSError when there is no such file, which requests says in its own words."""
    os.stat(path)
    return os.fspath(path)


class HostEnvironment(NamedTuple):
    """What the process environment says about requests to one base URL."""

    plain: int
    authorization: Optional[bytes]
    ca_path: Optional[str]


@lru_cache(maxsize=1024)
def environment_of(base_url: str) -> HostEnvironment:
    """Decided once per base URL. Other hosts than the base URL's go by requests when they may differ."""
    ca_path = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or None
    if ca_path is not None and not os.path.exists(ca_path) and base_url[:8].lower() == "https://":
        return HostEnvironment(NEVER, None, ca_path)
    has_proxies = any(scheme != "no" for scheme in getproxies())
    if not has_proxies and not _has_netrc():
        return HostEnvironment(ALWAYS, None, ca_path)
    if has_proxies and _proxied(base_url):
        return HostEnvironment(NEVER, None, ca_path)
    user = get_netrc_auth(base_url) if _has_netrc() else None
    return HostEnvironment(BASE_HOST_ONLY, basic_authorization(user) if user else None, ca_path)


def _proxied(url: str) -> bool:
    proxies = get_environ_proxies(url)
    return bool(proxies.get(urlsplit(url).scheme) or proxies.get("all"))


def _has_netrc() -> bool:
    given = os.environ.get("NETRC")
    places = (given,) if given else ("~/.netrc", "~/_netrc")
    return any(os.path.exists(os.path.expanduser(place)) for place in places)
