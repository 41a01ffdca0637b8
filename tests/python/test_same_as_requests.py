# SPDX-License-Identifier: MIT
"""What the engine sends and answers, side by side with what requests does for the same call."""
import io

import pytest
import requests
from locust.clients import HttpSession
from requests.auth import HTTPBasicAuth

CALLS = [
    ("GET", "/a", {}),
    ("GET", "", {}),
    ("GET", "?only=query", {}),
    ("GET", "/a b/%7Euser/\u00fc?x=\u00e9 y#fragment", {}),
    ("GET", "/a%zz/%2f%20", {}),
    ("GET", "/a//b/../c/./d", {}),
    ("GET", "/a?x=1&y", {"params": {"z": "1 2"}}),
    ("GET", "/a?", {"params": {"z": "1"}}),
    ("GET", "/a#f", {"params": {"z": "1"}}),
    ("GET", "/a", {"params": {"none": None, "true": True, "int": 5, "float": 1.5, "list": ["x", None, 3], "e": ""}}),
    ("GET", "/a", {"params": [("a", "1"), ("a", "2"), ("b", "\u20ac&=+/:")]}),
    ("GET", "/a", {"params": "raw=1&b=%20 x"}),
    ("GET", "/a", {"params": b"raw=2"}),
    ("GET", "/a", {"params": {}}),
    ("GET", "/a", {"params": {"a": b"bytes"}}),
    ("GET", "/a", {"params": {"t": ("x", "y")}}),
    ("GET", "/a", {"data": "body of a get"}),
    ("GET", "/a", {"json": {"a": 1}}),
    ("POST", "/a", {}),
    ("POST", "/a", {"data": "text"}),
    ("POST", "/a", {"data": b"\x00\xff"}),
    ("POST", "/a", {"data": ""}),
    ("POST", "/a", {"data": {}}),
    ("POST", "/a", {"data": {"a": "b c", "n": None, "i": 5, "l": [1, "x"], "u": "\u00fc&=", "e": ""}}),
    ("POST", "/a", {"data": [("a", "1"), ("a", "2")]}),
    ("POST", "/a", {"data": (("a", "1"),)}),
    ("POST", "/a", {"data": {"a": b"bytes"}}),
    ("POST", "/a", {"data": bytearray(b"array")}),
    ("POST", "/a", {"data": io.BytesIO(b"file")}),
    ("POST", "/a", {"data": {"a": "1"}, "json": {"b": 2}}),
    ("POST", "/a", {"data": {}, "json": {"b": 2}}),
    ("POST", "/a", {"json": {"a": [1, 2.5, None, True, "\u00fc"]}}),
    ("POST", "/a", {"json": {}}),
    ("POST", "/a", {"json": []}),
    ("POST", "/a", {"json": 0}),
    ("POST", "/a", {"json": False}),
    ("POST", "/a", {"json": "text"}),
    ("POST", "/a", {"json": {"a": 1}, "headers": {"Content-Type": "application/x+json"}}),
    ("POST", "/a", {"data": "x", "headers": {"content-type": "text/x"}}),
    ("POST", "/a", {"data": {"a": "1"}, "headers": {"Content-Type": None}}),
    ("POST", "/a", {"data": "x", "headers": {"Content-Length": "7"}}),
    ("PUT", "/a", {"data": "x"}),
    ("PUT", "/a", {}),
    ("PATCH", "/a", {"json": {"a": 1}}),
    ("DELETE", "/a", {}),
    ("DELETE", "/a", {"json": {"a": 1}}),
    ("OPTIONS", "/a", {}),
    ("GET", "/a", {"headers": {"Accept": "text/html", "X": "1"}}),
    ("GET", "/a", {"headers": {"accept": None, "USER-AGENT": "mine"}}),
    ("GET", "/a", {"headers": {"X": b"bytes"}}),
    ("GET", "/a", {"headers": {b"X": "1"}}),
    ("GET", "/a", {"headers": {"X": "\u00fc"}}),
    ("GET", "/a", {"headers": {"Cookie": "own=1"}}),
    ("GET", "/a", {"headers": {"Host": "virtual.example"}}),
    ("GET", "/a", {"headers": {"Accept-Encoding": "identity"}}),
    ("GET", "/a", {"headers": {"Connection": "close"}}),
    ("GET", "/a", {"headers": requests.structures.CaseInsensitiveDict({"X": "1"})}),
    ("GET", "/a", {"headers": {"Authorization": "Bearer x"}}),
    ("GET", "/a", {"headers": {"Authorization": "Bearer x"}, "auth": ("u", "p")}),
    ("GET", "/a", {"auth": ("u\u00fc", "p")}),
    ("GET", "/a", {"auth": HTTPBasicAuth("u", "p")}),
    ("GET", "/a", {"auth": ()}),
    ("GET", "/a", {"cookies": {"a": "1", "b": "x y"}}),
    ("GET", "/a", {"cookies": requests.cookies.cookiejar_from_dict({"a": "1"})}),
    ("GET", "/a", {"cookies": {}}),
    ("GET", "/a", {"timeout": 5}),
    ("GET", "/a", {"timeout": (5, 5)}),
    ("GET", "/a", {"timeout": (None, 5)}),
    ("GET", "/a", {"timeout": None, "verify": False, "cert": None, "stream": False, "files": None, "auth": None}),
    ("POST", "/a", {"files": {"f": "text"}}),
    ("POST", "/a", {"files": {"f": ("n.txt", b"x", "text/plain")}, "data": {"a": "1"}}),
    ("POST", "/a", {"files": [("f", ("1", "a")), ("f", ("2", "b"))]}),
    ("POST", "/a", {"files": {}, "data": {"a": "1"}}),
    ("GET", "/redirect?to=/echo", {}),
    ("GET", "/redirect?to=echo%3Fx%3D1", {"params": {"y": "1"}}),
    ("POST", "/redirect?status=301", {"data": "x"}),
    ("POST", "/redirect?status=302", {"json": {"a": 1}}),
    ("PUT", "/redirect?status=302", {"data": "x"}),
    ("DELETE", "/redirect?status=301", {}),
    ("POST", "/redirect?status=303", {"data": "x"}),
    ("POST", "/redirect?status=307", {"data": "x"}),
    ("POST", "/redirect?status=308", {"json": {"a": 1}}),
    ("POST", "/redirect?status=302", {"data": "x", "allow_redirects": False}),
    ("get", "/a", {}),
    ("WEIRD", "/a", {"data": "x"}),
]


def call_id(call):
    return f"{call[0]} {call[1]} {sorted(call[2])}"


def said(response):
    """What the server saw and the client got, without what differs from call to call."""
    if response.request.body is not None and b"multipart" in str(response.request.headers).encode():
        body = "multipart"
    try:
        seen = response.json()
    except ValueError:
        return response.status_code, response.text
    headers = sorted((name.lower(), value) for name, value in seen["headers"])
    boundary = next((value.partition("boundary=")[2] for name, value in headers if name == "content-type"), "")
    text = repr((seen["method"], seen["path"], headers, seen["body"], response.status_code, response.url,
                 [(hop.status_code, hop.url) for hop in response.history], response.encoding))
    return text.replace(boundary, "BOUNDARY") if boundary else text


@pytest.mark.parametrize("call", CALLS, ids=call_id)
def test_the_engine_sends_what_requests_sends(site, call):
    method, path, given = call
    theirs = requests.Session()
    theirs.trust_env = False
    expected = said(theirs.request(method, site + path, **fresh(given)))
    ours = HttpSession(site)
    assert said(ours.request(method, path, **fresh(given))) == expected


def fresh(given):
    """Files at their beginning."""
    if hasattr(given.get("data"), "seek"):
        given["data"].seek(0)
    return given


def test_text_is_sent_as_utf_8_as_requests_does_from_urllib3_2_on(site):
    assert HttpSession(site).post("/a", data="\u00fc\u20ac").json()["body"].encode("latin-1") == "\u00fc\u20ac".encode()


def test_a_token_of_the_request_replaces_that_of_the_session(site):
    session = HttpSession(site)
    session.headers["Authorization"] = "Bearer session"

    def tokens(**given):
        return [value for name, value in session.get("/", **given).json()["headers"] if name == "Authorization"]

    assert tokens() == ["Bearer session"]
    assert tokens(headers={"authorization": "Bearer own"}) == ["Bearer own"]
    assert tokens(headers={"Authorization": None}) == []
    assert tokens(auth=("user", "pass")) == ["Basic dXNlcjpwYXNz"]


def test_a_token_does_not_follow_a_redirect_to_another_host(site):
    other = site.replace("127.0.0.1", "localhost")
    session = HttpSession(site)
    response = session.get("/redirect", params={"to": other + "/x"}, headers={"Authorization": "Bearer own"})
    assert response.json()["path"] == "/x"
    assert "authorization" not in {name.lower() for name, _ in response.json()["headers"]}


@pytest.mark.parametrize("call", [call for call in CALLS if not hasattr(call[2].get("data"), "read")], ids=call_id)
def test_a_responses_request_tells_what_was_sent(site, call):
    method, path, given = call
    theirs = requests.Session()
    theirs.trust_env = False
    expected = theirs.request(method, site + path, **fresh(given))
    response = HttpSession(site).request(method, path, **fresh(given))
    assert told(response.request) == told(expected.request)
    assert [told(hop.request) for hop in response.history] == [told(hop.request) for hop in expected.history]


def told(request):
    headers = {name.lower(): value for name, value in request.headers.items()}
    boundary = headers.get("content-type", "").partition("boundary=")[2].encode() or b"none"
    body = request.body
    if isinstance(body, bytes):
        body = body.replace(boundary, b"BOUNDARY").decode("latin-1")
    wanted = ("content-type", "authorization", "x", "user-agent", "accept", "content-length")
    own = {name: headers[name] for name in wanted if name in headers}
    return request.method, request.url, body, {
        name: value.replace(boundary.decode(), "BOUNDARY") if isinstance(value, str) else value.decode()
        for name, value in own.items()}


@pytest.mark.parametrize("call", [
    ("GET", "/a", {"headers": {"X": 5}}),
    ("GET", "/a", {"headers": {"X": "\u20ac"}}),
    ("GET", "/a", {"auth": ("\u20ac", "p")}),
    ("GET", "/a", {"headers": {"X": "a\nb"}}),
    ("GET", "/a", {"headers": {" X": "a"}}),
    ("GET", "/a", {"timeout": "soon"}),
    ("GET", "/a", {"timeout": (1, 2, 3)}),
    ("POST", "/a", {"json": {1, 2}}),
    ("POST", "/a", {"json": float("nan")}),
    ("POST", "/a", {"data": 5}),
    ("GET", "/a", {"params": 5}),
    ("GET", "/a", {"auth": ("only one",)}),
    ("POST", "/a", {"data": "x", "files": {"f": "x"}}),
    ("GET", "/redirect?to=http%3A%2F%2F", {}),
], ids=call_id)
def test_what_requests_refuses_is_refused_or_fails(site, call):
    method, path, given = call
    theirs = requests.Session()
    theirs.trust_env = False
    with pytest.raises(Exception) as caught:
        theirs.request(method, site + path, **given)
    expected = caught.type
    try:
        response = HttpSession(site).request(method, path, **given)
    except Exception as error:
        wrong_value = isinstance(error, (TypeError, ValueError)) and issubclass(expected, ValueError)
        assert type(error) is expected or wrong_value
    else:
        assert type(response.error) is expected and response.status_code == 0


@pytest.mark.parametrize("user_info", ["user", "user:", ":word", "user:word", "us%40er:w%3Ard", ":"])
def test_user_name_and_password_in_a_url_count_as_in_requests(site, user_info):
    url = site.replace("http://", f"http://{user_info}@")
    theirs = requests.Session()
    theirs.trust_env = False
    expected = theirs.get(url + "/a")
    session = HttpSession(site)
    response = session.get(url + "/a")
    assert session.native_count() == 1
    assert said(response) == said(expected) and response.url == expected.url


@pytest.mark.parametrize("target", ["/echo", "http://HOST/echo", "//HOST/echo", "http://a:b@HOST/echo", "http://OTHER/echo",
                                    "http://a:b@OTHER/echo"])
@pytest.mark.parametrize("user_info, given", [
    ("", {}), ("user:word@", {}), ("", {"auth": ("user", "word")}), ("user:word@", {"auth": ("another", "one")}),
    ("", {"headers": {"Authorization": "Bearer x"}}), ("user:word@", {"headers": {"Authorization": "Bearer x"}})])
def test_credentials_follow_a_redirect_as_far_as_in_requests(site, target, user_info, given):
    host = site.partition("://")[2]
    place = target.replace("HOST", host).replace("OTHER", host.replace("127.0.0.1", "localhost"))
    theirs = requests.Session()
    theirs.trust_env = False
    url = f"http://{user_info}{host}/redirect"
    expected = theirs.get(url, params={"to": place}, **given)
    assert said(HttpSession(site).get(url, params={"to": place}, **given)) == said(expected)


def test_elapsed_is_that_of_the_last_hop(site):
    response = HttpSession(site).get("/slow", allow_redirects=True)
    assert 0.4 < response.elapsed.total_seconds() < 5
    response = HttpSession(site).get("/redirect?to=/slow")
    assert response.history[0].elapsed.total_seconds() < 0.4 < response.elapsed.total_seconds()


@pytest.mark.parametrize("most", [0, 1])
def test_no_more_redirects_than_the_session_allows(site, most):
    session = HttpSession(site)
    session.max_redirects = most
    assert session.get("/echo").ok
    response = session.get("/redirect?to=/redirect%3Fto%3D/echo")
    assert isinstance(response.error, requests.TooManyRedirects)
