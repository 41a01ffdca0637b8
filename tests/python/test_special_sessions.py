# SPDX-License-Identifier: MIT
"""Sessions that a script changed, subclassed or handed over: each does what it does in requests, native or not."""
import pytest
import requests
from locust.clients import HttpSession
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth, HTTPDigestAuth
from test_same_as_requests import said


def token(request):
    request.headers["X-Token"] = "t0ken"
    return request


class Stamped(HTTPAdapter):
    def add_headers(self, request, **kwargs):
        request.headers["X-Stamp"] = "s"


def changed(**attributes):
    def change(session):
        for name, value in attributes.items():
            setattr(session, name, value)

    return change


# What a script does to its session, and whether the engine can go on making its requests.
CHANGES = {
    "nothing": (lambda session: None, True),
    "a header": (lambda session: session.headers.update({"X-Own": "y", "Accept": None}), True),
    "headers replaced": (changed(headers={"Accept-Encoding": ""}), True),
    "headers emptied": (lambda session: session.headers.clear(), True),
    "a pair as auth": (changed(auth=("user", "word")), True),
    "basic auth": (changed(auth=HTTPBasicAuth("user", "word")), True),
    "digest auth": (changed(auth=HTTPDigestAuth("user", "word")), False),
    "a callable as auth": (changed(auth=token), False),
    "cookies": (lambda session: session.cookies.update({"a": "1", "b": "2"}), True),
    "no verification": (changed(verify=False), True),
    "few redirects": (changed(max_redirects=3), True),
    "no environment": (changed(trust_env=False), True),
    "params": (changed(params={"key": "k"}), False),
    "empty params": (changed(params={}), True),
    "a hook": (lambda session: session.hooks["response"].append(lambda response, **_: None), False),
    "a proxy for another scheme": (changed(proxies={"ftp": "http://127.0.0.1:1"}), False),
    "empty proxies": (changed(proxies={}), True),
    "streaming": (changed(stream=True), False),
    "a plain adapter": (lambda session: session.mount("http://", HTTPAdapter(pool_connections=5)), True),
    "an adapter": (lambda session: session.mount("http://", Stamped()), False),
    "an adapter for other hosts": (lambda session: session.mount("http://other/", Stamped()), False),
    "an attribute": (changed(own=1), True),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_session_does_what_it_does_in_requests(site, name):
    change, native = CHANGES[name]
    theirs, ours = requests.Session(), HttpSession(site)
    change(theirs), change(ours)
    for method, path, given in (("GET", "/a?q=1", {}), ("POST", "/redirect?status=307", {"data": {"a": "1"}}),
                                ("GET", "/set?new=1", {}), ("GET", "/a", {"headers": {"X-Call": "c"}})):
        assert said(ours.request(method, path, **given)) == said(theirs.request(method, site + path, **given))
    assert ours.cookies.get_dict() == theirs.cookies.get_dict()
    assert ours.native_count() == 4 * native


def paged(session, url):
    """As a library does that expects a requests.Session: prepared requests, merged settings, send()."""
    assert isinstance(session, requests.Session)
    request = session.prepare_request(requests.Request("POST", url, json={"page": 1}, headers={"X-Library": "l"}))
    settings = session.merge_environment_settings(request.url, {}, None, None, None)
    return session.send(request, timeout=5, **settings)


def test_a_library_gets_from_the_session_what_it_gets_from_requests(site, hear):
    heard = hear("request_success")
    sessions = requests.Session(), HttpSession(site)
    for session in sessions:
        session.headers["X-Own"] = "y"
        session.cookies["a"] = "1"
        session.auth = ("user", "word")
    theirs, ours = (paged(session, site + "/a") for session in sessions)
    assert said(ours) == said(theirs) and type(ours) is requests.Response
    assert heard == []  # the library's own requests are none of the script's


def test_verbs_of_a_subclass_may_be_overridden_one_by_one(site, hear):
    class Mine(HttpSession):
        def get(self, url, **kwargs):
            return super().get("/prefix" + url, headers={"X-Mine": "m"}, **kwargs)

    heard = hear("request_success")
    session = Mine(site)
    assert session.get("/a", params={"q": "1"}).json()["path"] == "/prefix/a?q=1"
    assert session.post("/a").json()["path"] == "/a"
    assert [one["name"] for one in heard] == ["/prefix/a?q=1", "/a"] and session.native_count() == 2


@pytest.mark.parametrize("generation", [9, 2])
def test_request_of_a_subclass_is_asked_by_every_verb(site, hear, generation):
    asked = []

    class Mine(HttpSession):
        def request(self, method, url, *args, **kwargs):
            asked.append((method, url))
            return super().request(method, url, *args, **kwargs)

    heard = hear("request_success")
    session = Mine(site) if generation == 9 else Mine(site, object(), None)
    for verb in ("get", "options", "head", "post", "put", "patch", "delete"):
        assert getattr(session, verb)("/a", name="named").ok
    assert asked == [(verb, "/a") for verb in ("GET", "OPTIONS", "HEAD", "POST", "PUT", "PATCH", "DELETE")]
    assert [one["request_type"] for one in heard] == [method for method, _ in asked] and session.native_count() == 7


def test_send_of_a_subclass_sees_every_request(site, hear):
    sent = []

    class Mine(HttpSession):
        def send(self, request, **kwargs):
            sent.append(request.url)
            request.headers["X-Signed"] = "s"
            return super().send(request, **kwargs)

    heard = hear("request_success")
    session = Mine(site)
    response = session.get("/redirect")
    assert dict(response.json()["headers"])["X-Signed"] == "s"
    assert sent == [site + "/redirect", site + "/echo"]
    assert [one["name"] for one in heard] == ["/redirect"] and session.native_count() == 0


def test_a_constructor_of_a_subclass_may_take_what_it_likes(site):
    class Mine(HttpSession):
        def __init__(self, base_url, *args, tenant=None, **kwargs):
            super().__init__(base_url, *args, **kwargs)
            self.headers["X-Tenant"] = tenant

    session = Mine(site, tenant="t1")
    assert dict(session.get("/a").json()["headers"])["X-Tenant"] == "t1" and session.native_count() == 1


def test_a_session_that_changes_between_two_equal_requests_sends_the_change(site):
    def sent(**given):
        answer = session.get("/echo", **given).json()
        return {name.lower(): value for name, value in answer["headers"]}

    session = HttpSession(site)
    first = sent()
    assert sent() == first
    session.headers["X-Own"] = "1"
    assert sent() == {**first, "x-own": "1"}
    assert sent(headers={"X-Own": "2"}) == {**first, "x-own": "2"}
    assert sent() == {**first, "x-own": "1"}
    del session.headers["X-Own"]
    session.auth = ("user", "word")
    assert "authorization" in sent()
    session.auth = None
    session.cookies.set("a", "1")
    assert sent() == {**first, "cookie": "a=1"} == sent()
    assert session.delete("/echo").json()["method"] == "DELETE"
    assert session.get("/echo", params={"b": "2"}).json()["path"] == "/echo?b=2"
    assert sent() == {**first, "cookie": "a=1"}
    assert HttpSession(site).get("/echo").json()["path"] == "/echo"
