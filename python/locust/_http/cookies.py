# SPDX-License-Identifier: MIT
"""A requests cookie jar whose cookies live in the engine, so that both sides see every change at once."""
import time
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Any, Dict, Iterator, Optional, Tuple

from requests.cookies import RequestsCookieJar, create_cookie

Tree = Dict[str, Dict[str, Dict[str, Cookie]]]


def _from_native(entry: Tuple[Any, ...]) -> Cookie:
    name, value, domain, path, expires, host_only, secure, http_only = entry
    dotted = domain if host_only or not domain else "." + domain
    return Cookie(
        version=0, name=name, value=value, port=None, port_specified=False, domain=dotted,
        domain_specified=not host_only and bool(domain), domain_initial_dot=not host_only and bool(domain), path=path,
        path_specified=True, secure=secure, expires=expires, discard=expires is None, comment=None, comment_url=None,
        rest={"HttpOnly": None} if http_only else {}, rfc2109=False)


class SessionCookieJar(RequestsCookieJar):
    """`session.cookies`. Made by the session; copies and pickles are plain RequestsCookieJars.

    A cookie set without a domain goes to every host, as in requests.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self.native = True  # the engine does as this jar says: not when a script set a policy, it knows only the usual
        self._seen_version: Optional[int] = None
        self._seen: Tree = {}
        super().__init__()

    # The tree that http.cookiejar keeps its cookies in: domain -> path -> name.
    @property
    def _cookies(self) -> Tree:
        version = self._session.cookie_version()
        if version != self._seen_version:
            self._seen = self._read()
            self._seen_version = version
        return self._seen

    @_cookies.setter
    def _cookies(self, tree: Tree) -> None:
        # http.cookiejar's constructor and clear() assign an empty one.
        if not tree and self._seen_version is not None:
            self._session.cookie_remove(None, None, None)

    def _read(self) -> Tree:
        tree: Tree = {}
        for entry in self._session.cookie_list():
            cookie = _from_native(entry)
            tree.setdefault(cookie.domain, {}).setdefault(cookie.path, {})[cookie.name] = cookie
        return tree

    def set_cookie(self, cookie: Cookie, *args: Any, **kwargs: Any) -> None:
        """Stores or replaces a cookie; surrounding quotes with escapes are taken off as requests does."""
        value = cookie.value
        if value is not None and value.startswith('"') and value.endswith('"'):
            value = value.replace('\\"', "")
        if cookie.expires is not None and cookie.expires <= time.time():
            self._session.cookie_remove(cookie.domain.lstrip("."), cookie.path, cookie.name)
            return
        dotted = cookie.domain.startswith(".")
        self._session.cookie_set(
            str(cookie.name), "" if value is None else str(value), cookie.domain.lstrip(".").lower(),
            cookie.path or "/", None if cookie.expires is None else int(cookie.expires),
            bool(cookie.domain) and not dotted, bool(cookie.secure),
            cookie.has_nonstandard_attr("HttpOnly") or cookie.has_nonstandard_attr("httponly"))

    def clear(self, domain: Optional[str] = None, path: Optional[str] = None, name: Optional[str] = None) -> None:
        """Removes all cookies, or those of a domain, of a path in it, or one. KeyError when there are none of these."""
        if domain is None:
            self._session.cookie_remove(None, None, None)
            return
        if not self._session.cookie_remove(domain.lstrip("."), path, name):
            raise KeyError((domain, path, name))

    def set_policy(self, policy: Any) -> None:
        super().set_policy(policy)
        self.native = False
        self._session.invalidate()

    def copy(self) -> RequestsCookieJar:
        """A jar of its own with the same cookies."""
        jar = RequestsCookieJar()
        jar.set_policy(self.get_policy())
        jar.update(self)
        return jar

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> RequestsCookieJar:
        return self.copy()

    def __reduce__(self) -> Any:
        return _rebuild, (list(self),)


def _rebuild(cookies: Any) -> RequestsCookieJar:
    jar = RequestsCookieJar()
    for cookie in cookies:
        jar.set_cookie(cookie)
    return jar


def is_native(jar: Any) -> bool:
    """Is this a jar that the engine knows to obey?"""
    return isinstance(jar, SessionCookieJar) and jar.native


def is_plain(source: Any) -> bool:
    """Does `source` hold cookies and no more: neither a policy nor a jar of the script's own making?"""
    if not isinstance(source, CookieJar):
        return True
    return type(source) in (RequestsCookieJar, SessionCookieJar) and _rules(source._policy) == _USUAL  # type: ignore


def _rules(policy: Any) -> Tuple[type, Dict[str, Any]]:
    return type(policy), {name: value for name, value in vars(policy).items() if name != "_now"}


_USUAL = _rules(DefaultCookiePolicy())


def fill(jar: RequestsCookieJar, source: Any) -> None:
    """Makes `jar` hold exactly what `source` (a jar or a dict) holds."""
    cookies = list(_cookies_of(source))
    jar.clear()
    for cookie in cookies:
        jar.set_cookie(cookie)


def _cookies_of(source: Any) -> Iterator[Cookie]:
    if source is None:
        return
    if hasattr(source, "keys") and not hasattr(source, "set_cookie"):
        for name, value in source.items():
            yield create_cookie(name, value)
    else:
        yield from source
