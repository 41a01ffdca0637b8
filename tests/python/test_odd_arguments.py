# SPDX-License-Identifier: MIT
"""Objects of every kind in place of each argument and each attribute of a session: what requests makes of them."""
import datetime
import decimal
import io
import pathlib
from collections import OrderedDict, namedtuple
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy

import pytest
import requests
from locust.clients import HttpSession
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth, HTTPProxyAuth
from requests.structures import CaseInsensitiveDict
from urllib3.util.retry import Retry


class Text(str):
    pass


class Fields(Mapping):
    """A mapping that is no dict."""

    def __init__(self, **fields):
        self.fields = fields

    def __getitem__(self, name):
        return self.fields[name]

    def __iter__(self):
        return iter(self.fields)

    def __len__(self):
        return len(self.fields)

    def __repr__(self):
        return f"Fields({self.fields})"


class Seconds:
    def __float__(self):
        return 5.0


# Functions that make a value: some are used up by a call.
MAKERS = [
    lambda: None, lambda: 0, lambda: 1, lambda: -1, lambda: 1.5, lambda: True, lambda: False, lambda: 10 ** 30,
    lambda: float("nan"), lambda: float("inf"), lambda: decimal.Decimal("1.5"), lambda: 1j,
    lambda: "", lambda: "x", lambda: b"", lambda: b"x", lambda: Text("y"), lambda: bytearray(b"x"),
    lambda: "a\nb", lambda: "a\0b", lambda: "\udc80", lambda: "5", lambda: b"\xff",
    lambda: [], lambda: (), lambda: {}, lambda: set(), lambda: [1], lambda: [None], lambda: [[]],
    lambda: [[1, 2]], lambda: [["a", "b"]], lambda: [("a", ["b", "c"])], lambda: (("a", "b"),),
    lambda: [("a",)], lambda: [("a", "b", "c")], lambda: ["ab"], lambda: {"ab"}, lambda: (1, 2), lambda: (1, 2, 3),
    lambda: (None, None), lambda: ("u", "p"), lambda: ("u", None), lambda: (b"u", b"p"), lambda: ["u", "p"],
    lambda: namedtuple("Pair", "a b")("u", "p"),
    lambda: {"a": "b"}, lambda: OrderedDict(a="b"), lambda: Fields(a="b"), lambda: CaseInsensitiveDict(a="b"),
    lambda: {1: 2}, lambda: {None: "x"}, lambda: {b"a": b"b"}, lambda: {"a": 1}, lambda: {"a": True},
    lambda: {"a": [1, None, "x"]}, lambda: {"a": ["x", ["y"]]}, lambda: {"a": {"b": "c"}},
    lambda: {"a": (1, 2)}, lambda: {"a": bytearray(b"x")}, lambda: {"a": b"\xff"}, lambda: {Text("a"): Text("b")},
    lambda: {"a": decimal.Decimal(1)}, lambda: {"a": datetime.date(2020, 1, 2)}, lambda: {"User-Agent": None},
    lambda: {"accept-encoding": None, "Host": "other.example"},
    object, lambda: len, lambda: ..., lambda: pathlib.Path("/not/there"), lambda: "/not/there", Seconds,
    lambda: HTTPBasicAuth("u", "p"), lambda: HTTPProxyAuth("u", "p"), lambda: (part for part in (b"a", b"b")),
    lambda: (part for part in ("a", "b")), lambda: (pair for pair in [("a", "b")]), lambda: iter([b"a"]),
    lambda: io.BytesIO(b"file"), lambda: io.StringIO("file"), lambda: io.BytesIO(), lambda: range(3),
    lambda: {"a": "b"}.items(), lambda: requests.cookies.cookiejar_from_dict({"a": "1"}),
]
KINDS = {f"{number}: {make()!r}": make for number, make in enumerate(MAKERS)}

# Engine and requests differ here, and why.
DIFFER = {
    "data": "{'User-Agent': None}",  # requests sends neither a length nor a body's end
    "cert": "PosixPath('/not/there')",  # requests knows no path objects there; the engine does
}

ARGUMENTS = ("params", "data", "json", "headers", "cookies", "files", "auth", "timeout", "allow_redirects", "proxies",
             "hooks", "stream", "verify", "cert")
WITH_BODY = ("data", "json", "files")
ATTRIBUTES = ("headers", "auth", "verify", "params", "proxies", "hooks", "cert", "max_redirects", "trust_env", "stream",
              "adapters")


def outcome(call):
    """What the server saw and the client was told, or the class of what was raised; also in safe mode."""
    try:
        response = call()
    except Exception as error:
        return type(error).__name__
    if getattr(response, "error", None) is not None:
        return type(response.error).__name__
    try:
        seen = response.json()
    except ValueError:
        return response.status_code, response.content
    headers = sorted((name.lower(), value) for name, value in seen["headers"])
    text = repr((seen["method"], seen["path"], headers, seen["body"], response.status_code, response.url,
                 [hop.status_code for hop in response.history]))
    boundary = next((value.partition("boundary=")[2] for name, value in headers if name == "content-type"), "")
    return text.replace(boundary, "BOUNDARY") if boundary else text


def differences(name, ours, theirs):
    expected = {kind: outcome(lambda: theirs(make())) for kind, make in KINDS.items()}
    given = {kind: outcome(lambda: ours(make())) for kind, make in KINDS.items()}
    return {kind: (given[kind], expected[kind]) for kind in KINDS
            if given[kind] != expected[kind] and not kind.endswith(DIFFER.get(name, "-"))}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_of_any_kind_does_what_it_does_in_requests(site, name):
    method = "POST" if name in WITH_BODY else "GET"
    path = "/redirect" if name == "allow_redirects" else "/a"
    assert differences(name, lambda value: HttpSession(site).request(method, path, **{name: value}),
                       lambda value: requests.Session().request(method, site + path, **{name: value})) == {}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_of_any_kind_does_what_it_does_in_requests(site, name):
    def get(session, url, value):
        setattr(session, name, value)
        return session.get(url)

    path = "/redirect" if name == "max_redirects" else "/a"
    assert differences("", lambda value: get(HttpSession(site), path, value),
                       lambda value: get(requests.Session(), site + path, value)) == {}


@pytest.mark.parametrize("method", [None, 5, b"PUT", Text("get"), "", "a b", "a\n", "\u00fc", "\udc80", "\u0131"])
def test_a_method_of_any_kind_does_what_it_does_in_requests(site, method):
    assert outcome(lambda: HttpSession(site).request(method, "/a")) == \
        outcome(lambda: requests.request(method, site + "/a"))


@pytest.mark.parametrize("url", ["", "\u00fc", "\udc80", "http://[::1", "http://a b/", "http://\u2160.invalid/",
                                 "http://b\u00fccher.invalid:bad/", "http://-/", "http://xn--/", "http://%zz/"])
def test_a_url_of_any_kind_does_what_it_does_in_requests(site, url):
    assert outcome(lambda: HttpSession("").get(url, timeout=2)) == outcome(lambda: requests.get(url, timeout=2))


def test_what_requests_refuses_is_a_failure_and_not_an_exception(site, hear):
    failures = hear("request_failure")
    session = HttpSession(site)
    for given in ({"headers": {"X": "a\nb"}}, {"json": float("nan")}, {"headers": {"X": 5}}):
        assert session.post("/a", **given).status_code == 0
    names = [type(one["exception"]).__name__ for one in failures]
    assert names == ["InvalidHeader", "InvalidJSONError", "InvalidHeader"]


def test_what_is_known_for_sure_stays_native(site):
    session = HttpSession(site)
    calls = [{"params": {"a": 1, "b": [1, "x", None], "c": decimal.Decimal(1)}}, {"params": [("a", "b")]},
             {"params": "a=b"}, {"params": b"a=b"}, {"data": {"a": True}}, {"data": [("a", 1)]},
             {"data": Fields(a="b")}, {"data": io.BytesIO(b"file")},
             {"headers": {"A": "b", b"C": b"d", "Accept": None}}, {"headers": Fields(A="b")},
             {"auth": ("u", b"p")}, {"auth": HTTPBasicAuth("u", "p")}, {"cookies": {"a": "b"}}, {"files": {"f": b"x"}},
             {"timeout": 5}, {"timeout": (1.5, None)}, {"verify": False}, {"verify": True}, {"cert": None},
             {"stream": True}, {"allow_redirects": False}, {"json": [1]},
             {"params": None, "data": None, "hooks": None, "proxies": None}]
    for count, given in enumerate(calls, 1):
        assert session.post("/a", **given).ok
        assert session.native_count() == count, given


def test_an_adapter_is_plain_only_as_requests_makes_it(site):
    mine = type("Mine", (HTTPAdapter,), {})
    for adapter, native in (
            (HTTPAdapter(), True), (HTTPAdapter(pool_maxsize=100), True), (HTTPAdapter(max_retries=0), True),
            (HTTPAdapter(max_retries=3), False), (HTTPAdapter(max_retries=Retry(None, connect=2)), False),
            (HTTPAdapter(max_retries=Retry(0, status=2)), False), (mine(), False)):
        session = HttpSession(site)
        session.mount("http://", adapter)
        assert session.get("/a").ok and session.native_count() == native


def test_retries_of_an_adapter_are_made(serve_statuses):
    url, asked = serve_statuses([503, 503, 200])
    session = HttpSession(url)
    session.mount("http://", HTTPAdapter(max_retries=Retry(5, status_forcelist=[503], backoff_factor=0)))
    assert session.get("/a").status_code == 200 and len(asked) == 3


class Blocking(DefaultCookiePolicy):
    def set_ok(self, cookie, request):
        return False


@pytest.mark.parametrize("make", [lambda: requests.cookies.RequestsCookieJar(Blocking()),
                                  lambda: type("Jar", (requests.cookies.RequestsCookieJar,), {})(Blocking())])
def test_a_jar_with_rules_of_its_own_is_obeyed_until_another_takes_its_place(site, make):
    session = HttpSession(site)
    jar = session.cookies = make()
    session.get("/set?a=1")
    assert session.cookies is jar and len(jar) == 0 and session.native_count() == 0
    session.cookies = requests.cookies.cookiejar_from_dict({"b": "2"})
    session.get("/set?a=1")
    assert session.cookies.get_dict() == {"a": "1", "b": "2"} and session.native_count() == 1
