# SPDX-License-Identifier: MIT
"""What Locust's session adds to that of requests, in both generations."""
import requests
from requests.exceptions import (ChunkedEncodingError, ConnectionError, ConnectTimeout, HTTPError, InvalidSchema,
                                 InvalidURL, MissingSchema, ReadTimeout, TooManyRedirects)

import locust
from locust.clients import HttpSession, ResponseContextManager
from locust.exception import CatchResponseError, ResponseError

from expect import raises

UNREACHABLE = "http://127.0.0.1:1/"


def the_session_is_locusts_and_requests(client):
    assert isinstance(client, HttpSession) and isinstance(client, requests.Session)
    assert type(client).__mro__.index(requests.Session) > 0
    assert client.base_url.startswith("http://127.0.0.1:")


def responses_are_locusts_and_requests(client):
    with client.get("/", catch_response=True) as caught:
        assert isinstance(caught, ResponseContextManager) and isinstance(caught, requests.Response)
    assert isinstance(client.get("/"), requests.Response)


def a_failed_exchange_gives_a_dummy(client):
    response = client.get(UNREACHABLE)
    assert isinstance(response, requests.Response)
    assert response.status_code == 0 and response.content is None and response.text == ""
    assert response.ok is False and not response
    assert dict(response.headers) == {} and dict(response.cookies) == {} and response.history == []
    assert response.url is None and response.reason is None and response.encoding is None
    assert response.elapsed.total_seconds() == 0
    assert isinstance(response.error, ConnectionError)
    assert response.request.method == "GET" and response.request.url == UNREACHABLE
    with raises(ConnectionError):
        response.raise_for_status()
    with raises(ValueError):
        response.json()
    assert list(response.iter_lines()) == [] and list(response.iter_content(5)) == []
    assert response.is_redirect is False and response.links == {}


def each_failure_has_its_class(client):
    for path, kind, more in (("/stall", ReadTimeout, {"timeout": 0.1}), ("/stall-body", (ReadTimeout, ConnectionError), {"timeout": 0.1}),
                             ("/drop", ConnectionError, {}), ("/reset", ConnectionError, {}),
                             ("/half", (ConnectionError, ChunkedEncodingError), {}),
                             ("/garbage", ConnectionError, {}), ("/huge-headers", ConnectionError, {}),
                             ("/redirect/31", TooManyRedirects, {}), ("http://nowhere.invalid/", ConnectionError, {})):
        response = client.get(path, **more)
        assert isinstance(response.error, kind), (path, response.error)
        assert response.status_code == 0 and response.content is None, path
        assert client.get("/json").json()["id"] == 42, path


def wrong_urls_are_the_scripts_own_fault(client):
    for url, kind in (("http://", InvalidURL), ("http://host:port/", InvalidURL), ("https://*.example/", InvalidURL)):
        with raises(kind):
            client.get(url)
    other = HttpSession("ftp://127.0.0.1")
    with raises(InvalidSchema):
        other.get("/")
    for base in ("127.0.0.1", "", "//127.0.0.1"):
        with raises(MissingSchema):
            HttpSession(base).get("/path")
    with raises(TypeError):
        client.get("/", nonsense=1)
    with raises(TypeError):
        client.get()
    with raises(ValueError, TypeError):
        client.get("/", timeout="soon")


def absolute_urls_leave_the_base_out(client):
    assert client.get(client.base_url + "/json").json()["id"] == 42
    assert client.get(client.base_url.replace("http", "HTTP") + "/json").json()["id"] == 42
    port = client.base_url.rpartition(":")[2]
    assert client.get(f"http://localhost:{port}/json").json()["id"] == 42


def nothing_is_put_between_base_and_path(client):
    based = HttpSession(client.base_url + "/echo")
    assert based.get("/sub").json()["path"] == "/echo/sub"
    assert based.get("").json()["path"] == "/echo"
    assert HttpSession(client.base_url + "/").get("json").json()["id"] == 42
    assert client.get("").status_code == 200


def credentials_in_the_base_url_are_basic_authentication(client):
    with_user = client.base_url.replace("://", "://ann:secret@")
    session = HttpSession(with_user)
    assert session.base_url == client.base_url and session.auth == ("ann", "secret")
    assert session.get("/basic-auth/ann/secret").ok
    assert session.get("/basic-auth/ann/other").status_code == 401


def catch_response_counts_what_it_is_told(client):
    with client.get("/", name="told failed", catch_response=True) as response:
        if response.content != b"Success":
            response.failure("Got wrong response")
    with client.get("/does_not_exist/", name="told good", catch_response=True) as response:
        if response.status_code == 404:
            response.success()
    with client.get("/status/503", name="left alone", catch_response=True) as response:
        pass
    with client.get("/json", name="left alone", catch_response=True) as response:
        assert response.json()["id"] == 42
    with client.get("/", name="exception given", catch_response=True) as response:
        response.failure(CatchResponseError("own error"))
    with client.get("/", name="response error", catch_response=True):
        raise ResponseError("not what I wanted")
    with client.get(UNREACHABLE, name="unreachable", catch_response=True) as response:
        assert response.status_code == 0
    with client.get(UNREACHABLE, name="forgiven", catch_response=True) as response:
        response.success()


def exceptions_leave_a_catching_block(client):
    for kind in (AssertionError, KeyError, locust.InterruptTaskSet):
        with raises(kind):
            with client.get("/", name="not counted", catch_response=True):
                raise kind()
    with raises(ZeroDivisionError):
        with client.get("/", name="counted before", catch_response=True) as response:
            response.failure("said before")
            raise ZeroDivisionError


def catch_response_goes_with_everything(client):
    with client.post("/echo", {"a": "1"}, catch_response=True) as response:
        assert response.json()["form"] == {"a": "1"}
    with client.get("/bytes/100000", stream=True, catch_response=True) as response:
        assert sum(map(len, response.iter_content(1000))) == 100000
    with client.get("/redirect/2", catch_response=True) as response:
        assert response.ok and len(response.history) == 2
    with client.get("/json", hooks={"response": []}, catch_response=True) as response:
        response.success()
    with client.head("/", catch_response=True) as response:
        assert response.content == b""


def a_with_block_needs_no_catch_response_in_requests(client):
    response = client.get("/", catch_response=False)
    assert response.ok


def http_errors_are_no_exceptions(client):
    response = client.get("/status/404")
    assert response.status_code == 404 and not response.ok and response.text == "status 404\n"
    with raises(HTTPError):
        response.raise_for_status()


def name_none_and_empty_mean_the_path(client):
    assert client.get("/json", name=None).ok and client.get("/json", name="").ok


def threads_may_not_use_the_engine_but_sessions_of_requests(client):
    import threading
    got = []
    thread = threading.Thread(target=lambda: got.append(requests.get(client.base_url + "/json").json()["id"]))
    thread.start()
    thread.join()
    assert got == [42]


def a_connect_timeout_is_told_from_a_read_timeout(client):
    # TEST-NET: nobody answers there, or the network says so at once.
    response = client.get("http://192.0.2.1:9/", timeout=(0.1, 5))
    assert isinstance(response.error, ConnectionError) and response.status_code == 0
    if not isinstance(response.error, ConnectTimeout):
        assert "unreachable" in str(response.error).lower() or "refused" in str(response.error).lower()


def sessions_do_not_share_cookies_and_headers(client):
    other = HttpSession(client.base_url)
    client.cookies["mine"] = "1"
    client.headers["X-Mine"] = "1"
    sent = other.get("/echo").json()["headers"]
    assert "Cookie" not in sent and "X-Mine" not in sent
    sent = client.get("/echo").json()["headers"]
    assert sent["Cookie"] == "mine=1" and sent["X-Mine"] == "1"
