# SPDX-License-Identifier: MIT
"""The HTTP client: chapters 4.5 and 9.7 to 9.9 of the manual, and what of chapter 12 is about it."""
import datetime
import hashlib
import re
import time

from cases.expect import raises
from inside import INSIDE, counted, in_user, serving
from tables import agree

if INSIDE:
    import requests
    from locust import HttpLocust, InterruptTaskSet, Locust, TaskSet, events
    from locust.clients import HttpSession, ResponseContextManager
    from locust.exception import CatchResponseError, LocustError, ResponseError
    from requests.exceptions import ConnectionError, HTTPError, ReadTimeout, TooManyRedirects

# Nobody listens there.
UNREACHABLE = "http://127.0.0.1:1/"


def _user(client):
    """A further user for the same host."""
    return type("Mine", (HttpLocust,), {"host": client.base_url, "task_set": TaskSet})()


def _echo(response):
    assert response.status_code == 200, response.error
    return response.json()


# ---- 4.5 making HTTP requests

@in_user
def test_M4_43_each_user_has_a_session_of_its_own(client):
    """Each instance of HttpLocust has an HttpSession of its own in `client`."""
    one, other = _user(client), _user(client)
    assert type(one.client) is type(other.client) is HttpSession
    assert one.client is not other.client and one.client.base_url == client.base_url


@in_user
def test_M4_44_the_client_keeps_cookies(client):
    """The client keeps cookies, and with them the session on the server."""
    client.get("/cookies/set?flavour=oat")
    assert client.get("/cookies").json()["cookies"] == {"flavour": "oat"}
    assert _user(client).client.get("/cookies").json()["cookies"] == {}


def test_M4_45_two_urls_with_weights(stage):
    """The example with `index` (2) and `about` (1) asks for `/` twice as often as for `/about/`."""
    target = stage.target()
    report, _ = stage.play("""
        from locust import HttpLocust, TaskSet, task

        class MyTaskSet(TaskSet):
            @task(2)
            def index(self):
                self.client.get("/")

            @task(1)
            def about(self):
                self.client.get("/about/")

        class MyLocust(HttpLocust):
            task_set = MyTaskSet
            min_wait = 5
            max_wait = 15
    """, "-c", "5", "-t", "1s", host=target.url)
    assert set(report.table()) == {"GET /", "GET /about/"}
    assert 1.3 < report.table()["GET /"].requests / report.table()["GET /about/"].requests < 3
    agree(report, target.stats())


@in_user
def test_M4_46_client_of_a_task_set_is_the_users(client):
    """`self.client` in a task set is short for `self.locust.client`."""
    user = _user(client)
    inner = TaskSet(TaskSet(user))
    assert inner.client is inner.locust.client is user.client


@in_user
def test_M4_47_the_session_is_a_requests_session(client):
    """HttpSession is a subclass of requests.Session."""
    assert issubclass(HttpSession, requests.Session) and isinstance(client, requests.Session)
    assert client.request.__self__ is client and client.headers["User-Agent"].startswith("python-requests/")


@in_user
def test_M4_48_every_verb_is_counted(client):
    """Requests by `get`, `post`, `put`, `delete`, `head`, `patch` and `options` are all counted."""
    verbs = ("get", "post", "put", "delete", "head", "patch", "options")
    with counted() as requests_made:
        for verb in verbs:
            getattr(client, verb)("/echo")
    assert [one.what for one in requests_made] == [f"{verb.upper()} /echo" for verb in verbs]


@in_user
def test_M4_49_a_login_lasts(client):
    """A log-in lasts for the requests that follow."""
    client.post("/login", {"username": "ellen_key", "password": "education"})
    assert client.get("/cookies").json()["cookies"] == {"session": client.cookies["session"]}
    client.post("/logout", {"username": "ellen_key", "password": "education"})
    assert client.get("/cookies").json()["cookies"] == {}


@in_user
def test_M4_50_status_and_text_of_a_get(client):
    """The example of a GET tells the answer's `status_code` and `text`."""
    response = client.get("/about")
    assert response.status_code == 200 and response.text.startswith("<!doctype html>")


@in_user
def test_M4_51_a_dict_is_posted_as_a_form(client):
    """The example of a POST sends its dict as a form."""
    sent = _echo(client.post("/echo", {"username": "testuser", "password": "secret"}))
    assert sent["method"] == "POST" and sent["body"] == "username=testuser&password=secret"
    assert sent["headers"]["Content-Type"] == "application/x-www-form-urlencoded"


@in_user
def test_M4_52_a_failed_exchange_does_not_raise(client):
    """A connection error, a time-out or the like does not raise; only URLs that are none do."""
    for path, kind, given in ((UNREACHABLE, ConnectionError, {}), ("/stall", ReadTimeout, {"timeout": 0.1}),
                              ("/drop", ConnectionError, {}), ("/redirect/31", TooManyRedirects, {})):
        assert isinstance(client.get(path, **given).error, kind), path
    with raises(requests.exceptions.InvalidURL):
        client.get("http://")


@in_user
def test_M4_53_a_failed_exchange_is_a_failure(client):
    """A request that got no answer is reported as a failure."""
    with counted() as requests_made:
        client.get(UNREACHABLE, name="unreachable")
    assert [(one.what, type(one.error)) for one in requests_made] == [("GET unreachable", ConnectionError)]


@in_user
def test_M4_54_the_dummy_answer(client):
    """The answer that stands for none has `content` None and `status_code` 0."""
    response = client.get(UNREACHABLE)
    assert response.content is None and response.status_code == 0
    assert isinstance(response, requests.Response) and not response and response.text == ""


@in_user
def test_M4_55_a_status_from_400_on_is_a_failure(client):
    """A request fails unless its status is OK: one below 400 is."""
    with counted() as requests_made:
        for status in (200, 204, 304, 400, 404, 599):
            client.get(f"/status/{status}")
    assert [one.failed for one in requests_made] == [False, False, False, True, True, True]
    assert str(requests_made[4].error).startswith("404 Client Error: Not Found for url: http://127.0.0.1:")
    assert isinstance(requests_made[5].error, HTTPError) and str(requests_made[5].error).startswith("599 Server Error")


@in_user
def test_M4_56_an_answer_of_status_200_can_be_failed(client):
    """`catch_response` in a `with` statement lets the script fail an answer of status 200."""
    with counted() as requests_made:
        with client.get("/", catch_response=True) as response:
            if response.content != b"Success":
                response.failure("Got wrong response")
    assert response.status_code == 200
    assert [(one.what, one.failed) for one in requests_made] == [("GET /", True)]


@in_user
def test_M4_57_failure_takes_a_text(client):
    """`response.failure("text")` reports a failure with that text."""
    with counted() as requests_made:
        with client.get("/", catch_response=True) as response:
            response.failure("Got wrong response")
    assert [repr(one.error) for one in requests_made] == ["CatchResponseError('Got wrong response')"]


@in_user
def test_M4_58_an_answer_of_status_404_can_be_accepted(client):
    """`response.success()` reports a success, whatever the status."""
    with counted() as requests_made:
        with client.get("/does_not_exist/", catch_response=True) as response:
            if response.status_code == 404:
                response.success()
    assert response.status_code == 404 and [one.failed for one in requests_made] == [False]


def test_M4_59_requests_can_be_named(in_users):
    """`name` puts requests with different URLs into one row of the statistics."""
    row = in_users.report.table()["GET /blog?id=[id]"]
    assert (row.requests, row.failures) == (10, 0)
    asked = in_users.target.stats()["by_path"]
    assert sum(count for path, count in asked.items() if path.startswith("/blog")) == 10


@in_user
def test_M9_29_a_session_is_made_of_a_base_url(client):
    """HttpSession(base_url, ...) makes a session by hand; user and password in the URL are its authentication."""
    made = HttpSession(client.base_url)
    assert made.get("/json").json()["id"] == 42
    made = HttpSession(base_url=client.base_url.replace("://", "://ann:secret@"))
    assert made.base_url == client.base_url and made.auth == ("ann", "secret")
    assert made.get("/basic-auth/ann/secret").ok


@in_user
def test_M9_30_the_base_url_is_put_in_front(client):
    """A URL may be only a path: the base URL is put in front; a whole URL is used as it is."""
    based = HttpSession(client.base_url + "/echo")
    assert based.get("/sub?q=1").json()["target"] == "/echo/sub?q=1"
    assert based.get(client.base_url.replace("http", "HTTP") + "/json").json()["id"] == 42


@in_user
def test_M9_31_each_request_is_logged_for_statistics(client):
    """Each request is in the statistics, with its method, path, response time and size."""
    with counted() as requests_made:
        client.get("/bytes/1000")
        client.request("get", "/slow?ms=50", params={"a": "\u00e9 b"})
    assert [one.what for one in requests_made] == ["GET /bytes/1000", "get /slow?ms=50&a=%C3%A9+b"]
    assert requests_made[0].length == 1000 and requests_made[1].time >= 50


@in_user
def test_M9_32_name_and_catch_response_go_with_every_verb(client):
    """Every verb takes `name` and `catch_response`."""
    with counted() as requests_made:
        for verb in ("get", "post", "put", "delete", "head", "patch", "options"):
            with getattr(client, verb)("/status/404", name=verb, catch_response=True) as response:
                response.success()
    assert [one.failed for one in requests_made] == [False] * 7
    assert requests_made[0].what == "GET get" and requests_made[6].what == "OPTIONS options"


def _sends(client, method, with_body=False):
    """The verb's method, its query and, when it has one, its body arrive."""
    call = getattr(client, method.lower())
    sent = _echo(call("/echo", *[b"body"] * with_body, params={"q": "1"}, headers={"X-Own": "y"}))
    assert (sent["method"], sent["args"], sent["headers"]["X-Own"]) == (method, {"q": "1"}, "y")
    assert sent["body"] == "body" * with_body


@in_user
def test_M9_33_delete(client):
    """`delete(url, **kwargs)` sends a DELETE."""
    _sends(client, "DELETE")


@in_user
def test_M9_34_get(client):
    """`get(url, **kwargs)` sends a GET and follows redirects."""
    _sends(client, "GET")
    assert client.get("/redirect/2").url.endswith("/redirect/0")


@in_user
def test_M9_35_head(client):
    """`head(url, **kwargs)` sends a HEAD, gets no body and follows no redirect unless told."""
    response = client.head("/json")
    assert response.request.method == "HEAD" and response.content == b"" and response.headers["Content-Length"] != "0"
    assert client.head("/redirect/1").status_code == 302
    assert client.head("/redirect/1", allow_redirects=True).status_code == 200


@in_user
def test_M9_36_options(client):
    """`options(url, **kwargs)` sends an OPTIONS and follows redirects."""
    _sends(client, "OPTIONS")
    assert client.options("/redirect/1").status_code == 200


@in_user
def test_M9_37_patch(client):
    """`patch(url, data=None, **kwargs)` sends a PATCH."""
    _sends(client, "PATCH", True)
    _sends(client, "PATCH")


@in_user
def test_M9_38_post(client):
    """`post(url, data=None, json=None, **kwargs)` sends a POST."""
    _sends(client, "POST", True)
    sent = _echo(client.post("/echo", None, {"a": [1]}))
    assert sent["body"] == '{"a": [1]}' and sent["headers"]["Content-Type"] == "application/json"


@in_user
def test_M9_39_put(client):
    """`put(url, data=None, **kwargs)` sends a PUT."""
    _sends(client, "PUT", True)
    _sends(client, "PUT")


@in_user
def test_M9_40_request(client):
    """`request(method, url, name=None, catch_response=False, **kwargs)` sends any method."""
    with counted() as requests_made:
        assert _echo(client.request("PUT", "/echo", "named", data="x"))["method"] == "PUT"
        with client.request("get", "/status/500", "caught", True) as response:
            response.success()
        assert _echo(client.request(method="REPORT", url="/echo"))["method"] == "REPORT"
    assert [(one.what, one.failed) for one in requests_made] == [
        ("PUT named", False), ("get caught", False), ("REPORT /echo", False)]


@in_user
def test_M9_41_params(client):
    """`params` is a dict, pairs or bytes for the query."""
    pairs = [("a", "1"), ("b", "x"), ("b", "y z")]
    for params in ({"a": "1", "b": ["x", "y z"], "none": None}, pairs, b"a=1&b=x&b=y+z"):
        assert _echo(client.get("/echo", params=params))["target"] == "/echo?a=1&b=x&b=y+z"
    assert _echo(client.get("/echo?z=0", params={"a": "1"}))["target"] == "/echo?z=0&a=1"


@in_user
def test_M9_42_data(client):
    """`data` is a dict to be sent as a form, or bytes."""
    assert _echo(client.post("/echo", data={"a": "1 2", "b": ["x", "y"]}))["body"] == "a=1+2&b=x&b=y"
    sent = _echo(client.post("/echo", data=b"as it is"))
    assert sent["body"] == "as it is" and "Content-Type" not in sent["headers"]


@in_user
def test_M9_43_headers(client):
    """`headers` go on top of the session's; None takes one away."""
    client.headers["X-Session"] = "s"
    sent = _echo(client.get("/echo", headers={"X-Own": "y", "accept": "text/x", "X-Session": None}))["headers"]
    assert sent["X-Own"] == "y" and sent["accept"] == "text/x" and "X-Session" not in sent and "Accept" not in sent
    assert _echo(client.get("/echo"))["headers"]["X-Session"] == "s"


@in_user
def test_M9_44_cookies(client):
    """`cookies` is a dict or a jar to be sent with one request."""
    client.cookies["kept"] = "1"
    for cookies in ({"once": "2"}, requests.cookies.cookiejar_from_dict({"once": "2"})):
        assert client.get("/cookies", cookies=cookies).json()["cookies"] == {"kept": "1", "once": "2"}
    assert client.get("/cookies").json()["cookies"] == {"kept": "1"}


@in_user
def test_M9_45_files(client):
    """`files` are uploaded as parts of a multipart body."""
    sent = _echo(client.post("/echo", files={"upload": ("a.txt", b"contents", "text/x")}, data={"title": "mine"}))
    assert sent["headers"]["Content-Type"].startswith("multipart/form-data; boundary=")
    for part in ('name="title"', "mine", 'name="upload"; filename="a.txt"', "Content-Type: text/x", "contents"):
        assert part in sent["body"]


def _digest_protected(environ, start):
    """Lets Ann in who shows that she knows the word."""
    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    given = dict(re.findall(r'(\w+)="?([^",]*)', environ.get("HTTP_AUTHORIZATION", "")))
    middle = ":".join(given.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
    right = md5(f"{md5('ann:here:secret')}:{middle}:{md5('GET:' + environ['PATH_INFO'])}")
    if given.get("response") == right and given["username"] == "ann":
        start("200 OK", [])
        return [b"welcome"]
    start("401 Unauthorized", [("WWW-Authenticate", 'Digest realm="here", nonce="n1", qop="auth", algorithm=MD5')])
    return [b""]


@in_user
def test_M9_46_auth(client):
    """`auth` is a pair for basic authentication, or a callable: basic, digest, or the script's own."""
    def own(request):
        request.headers["X-Token"] = "t0ken"
        return request

    for auth in (("ann", "secret"), requests.auth.HTTPBasicAuth("ann", "secret")):
        assert client.get("/basic-auth/ann/secret", auth=auth).ok
    assert client.get("/basic-auth/ann/secret", auth=("ann", "wrong")).status_code == 401
    assert _echo(client.get("/echo", auth=own))["headers"]["X-Token"] == "t0ken"
    with serving(_digest_protected) as url:
        assert client.get(url + "/a", auth=requests.auth.HTTPDigestAuth("ann", "secret")).text == "welcome"
        assert client.get(url + "/a", auth=requests.auth.HTTPDigestAuth("ann", "wrong")).status_code == 401


@in_user
def test_M9_47_timeout(client):
    """`timeout` is a number of seconds, or one to connect and one to wait."""
    for timeout in (0.1, (5, 0.1)):
        before = time.monotonic()
        assert isinstance(client.get("/stall", timeout=timeout).error, ReadTimeout)
        assert 0.09 < time.monotonic() - before < 5
    assert client.get("/slow?ms=20", timeout=(20, None)).ok


@in_user
def test_M9_48_allow_redirects(client):
    """`allow_redirects` is true unless given."""
    assert client.get("/redirect/1").status_code == 200 and client.post("/redirect/1").status_code == 200
    assert client.get("/redirect/1", allow_redirects=False).status_code == 302


@in_user
def test_M9_49_proxies(client):
    """`proxies` sends requests through a proxy, by the scheme of the URL."""
    through = _echo(client.get("http://elsewhere.invalid/echo", proxies={"http": client.base_url}))
    assert through["target"] == "http://elsewhere.invalid/echo"
    client.proxies = {"http": client.base_url}
    assert _echo(client.get("http://elsewhere.invalid/echo"))["target"] == "http://elsewhere.invalid/echo"
    assert isinstance(client.get("/echo", proxies={"http": UNREACHABLE}).error, requests.exceptions.ProxyError)


@in_user
def test_M9_50_stream(client):
    """`stream` leaves the body to be read by the script; it is false unless given."""
    with counted() as requests_made:
        streamed = client.get("/drip?bytes=2&ms=800", stream=True)
        whole = client.get("/drip?bytes=2&ms=800")
    assert requests_made[0].time < 390 <= requests_made[1].time
    assert requests_made[0].length == 2  # the header says so
    assert streamed.content == whole.content == b".."


# ---- 9.8 the response

@in_user
def test_M9_53_text_and_its_encoding(client):
    """`text` is the body decoded by `encoding`, which can be set, or by `apparent_encoding` when there is none."""
    def app(environ, start):
        kind = environ["QUERY_STRING"]
        start("200 OK", [("Content-Type", kind)])
        return ["zw\u00f6lf Gr\u00fc\u00dfe, sch\u00f6n".encode("latin-1" if "8859" in kind else "utf-8")]

    with serving(app) as url:
        for kind, encoding in (("text/plain;charset=utf-8", "utf-8"), ("text/plain;charset=iso-8859-1", "iso-8859-1"),
                               ("text/plain;charset=%22nonsense%22", "%22nonsense%22"), ("application/x", None)):
            response = client.get(f"{url}/?{kind}")
            assert response.encoding == encoding and response.text == "zw\u00f6lf Gr\u00fc\u00dfe, sch\u00f6n", kind
        assert response.apparent_encoding == "utf-8"
        response = client.get(f"{url}/?text/html")
        assert response.encoding == "ISO-8859-1" and response.text.startswith("zw\u00c3\u00b6lf")
        response.encoding = "utf-8"
        assert response.text.startswith("zw\u00f6lf")
        response.encoding = "ascii"
        assert response.text.startswith("zw\ufffd\ufffdlf")


@in_user
def test_M9_54_content(client):
    """`content` is the body as bytes, with its coding undone."""
    assert client.get("/bytes/30").content == b"abcdefghijklmnopqrstuvwxyz\nabc"
    assert client.get("/gzip").json()["encoding"] == "gzip" and client.get("/gzip").content.startswith(b"{")


@in_user
def test_M9_55_close(client):
    """`close()` gives up what was not read; the session can be used on."""
    response = client.get("/bytes/9000000", stream=True)
    assert len(next(response.iter_content(1000))) == 1000
    response.close()
    response.close()
    client.get("/json").close()
    assert client.get("/json").json()["id"] == 42


@in_user
def test_M9_56_cookies_of_an_answer(client):
    """`cookies` of an answer are those that this answer set."""
    assert client.get("/cookies/set?a=1&b=2", allow_redirects=False).cookies.get_dict() == {"a": "1", "b": "2"}
    assert len(client.get("/json").cookies) == 0 and len(client.cookies) == 2


@in_user
def test_M9_57_elapsed(client):
    """`elapsed` is the time from sending to the end of the head; the body does not count."""
    response = client.get("/drip?bytes=2&ms=800")
    assert datetime.timedelta(0) < response.elapsed < datetime.timedelta(seconds=0.39)
    assert client.get("/slow?ms=50").elapsed >= datetime.timedelta(seconds=0.05)


@in_user
def test_M9_58_headers_of_an_answer(client):
    """`headers` of an answer are a dict without regard to case."""
    headers = client.get("/json").headers
    assert headers["content-type"] == headers["CONTENT-TYPE"] == "application/json" and "Content-Length" in headers
    assert headers.get("x-none") is None


@in_user
def test_M9_59_history(client):
    """`history` has the redirects that were followed, oldest first."""
    response = client.get("/redirect/3")
    assert [hop.url.rpartition("/")[2] for hop in response.history] == ["3", "2", "1"]
    assert [hop.status_code for hop in response.history] == [302, 302, 302]
    assert all(isinstance(hop, requests.Response) for hop in response.history) and client.get("/json").history == []


@in_user
def test_M9_60_redirects_that_were_not_followed(client):
    """`is_redirect`, `is_permanent_redirect` and `next` tell of a redirect that was not followed."""
    for status, permanent in ((301, True), (302, False), (303, False), (307, False), (308, True)):
        response = client.get(f"/redirect-to?url=/json&status={status}", allow_redirects=False)
        assert response.is_redirect and response.is_permanent_redirect is permanent
        assert response.next.method == "GET" and response.next.url == client.base_url + "/json"
    plain = client.get("/json")
    assert not plain.is_redirect and not plain.is_permanent_redirect and plain.next is None
    assert client.send(response.next).json()["id"] == 42


@in_user
def test_M9_61_iter_content(client):
    """`iter_content(chunk_size, decode_unicode)` gives the body in pieces, streamed or not."""
    for stream in (False, True):
        assert [len(part) for part in client.get("/bytes/100", stream=stream).iter_content(40)] == [40, 40, 20]
        parts = client.get("/about/", stream=stream).iter_content(7, decode_unicode=True)
        assert "".join(parts) == client.get("/about/").text
        assert b"".join(client.get("/bytes/5", stream=stream).iter_content()) == b"abcde"
        assert b"".join(client.get("/stream/3", stream=stream).iter_content(None)) == client.get("/stream/3").content
    assert list(client.get("/bytes/100").iter_content(None)) == [client.get("/bytes/100").content]
    with raises(TypeError):
        client.get("/json").iter_content("all")


@in_user
def test_M9_62_iter_lines(client):
    """`iter_lines(chunk_size, decode_unicode, delimiter)` gives the body by lines, or by what stands between."""
    for stream in (False, True):
        assert list(client.get("/stream/2", stream=stream).iter_lines()) == [b'{"line":0}', b'{"line":1}']
        assert list(client.get("/stream/2", stream=stream).iter_lines(3, True)) == ['{"line":0}', '{"line":1}']
        assert list(client.get("/bytes/6", stream=stream).iter_lines(delimiter=b"c")) == [b"ab", b"def"]


@in_user
def test_M9_63_json(client):
    """`json(**kwargs)` decodes the body; ValueError when it is no JSON."""
    assert client.get("/json").json() == {"message": "hello", "id": 42, "tags": ["a", "b"]}
    assert client.get("/json").json(parse_int=str)["id"] == "42"
    with raises(ValueError):
        client.get("/").json()


@in_user
def test_M9_64_links(client):
    """`links` are the links of the head, taken apart."""
    def app(environ, start):
        start("200 OK", [("Link", '<http://x/?page=2>; rel="next", <http://x/?page=9>; rel=last')])
        return [b""]

    with serving(app) as url:
        links = client.get(url).links
    assert links["next"] == {"url": "http://x/?page=2", "rel": "next"} and links["last"]["url"] == "http://x/?page=9"
    assert client.get("/json").links == {}


@in_user
def test_M9_65_ok(client):
    """`ok` is true below 400; that of an answer that stands for none is false."""
    for status in (200, 204, 304, 399, 400, 404, 500, 599, 600):
        response = client.get(f"/status/{status}")
        assert response.ok is bool(response) is (not 400 <= status < 600), status
    assert client.get(UNREACHABLE).ok is False


@in_user
def test_M9_66_raise_for_status(client):
    """`raise_for_status()` raises the error of a status from 400 on, or why there is no answer."""
    assert client.get("/json").raise_for_status() is None
    with raises(HTTPError) as caught:
        client.get("/status/503").raise_for_status()
    assert str(caught.value) == f"503 Server Error: Service Unavailable for url: {client.base_url}/status/503"
    assert caught.value.response.status_code == 503 and caught.value.request.method == "GET"
    with raises(ConnectionError):
        client.get(UNREACHABLE).raise_for_status()


@in_user
def test_M9_67_reason_status_url_and_request(client):
    """An answer has `reason`, `status_code`, its final `url`, and the `request` that it is the answer to."""
    response = client.post("/redirect-to?url=/echo&status=303", data="x", headers={"X-Own": "y"})
    assert (response.reason, response.status_code, response.url) == ("OK", 200, client.base_url + "/echo")
    assert (response.request.method, response.request.path_url) == ("GET", "/echo")
    first = response.history[0].request
    assert isinstance(first, requests.PreparedRequest)
    assert (first.method, first.body, first.headers["X-Own"]) == ("POST", "x", "y")


# ---- 9.9 catch_response

@in_user
def test_M9_68_the_caught_response(client):
    """A ResponseContextManager is a Response and a context manager."""
    with client.get("/json", catch_response=True) as response:
        assert isinstance(response, ResponseContextManager) and isinstance(response, requests.Response)
        assert response.json()["id"] == 42 and response.status_code == 200


@in_user
def test_M9_69_failure(client):
    """`failure(exc)` takes an exception, or a text for a CatchResponseError; the example fails an empty answer."""
    with counted() as requests_made:
        with client.get("/bytes/0", catch_response=True) as response:
            if response.content == b"":
                response.failure("No data")
        error = KeyError("own")
        with client.get("/", catch_response=True) as response:
            response.failure(error)
        with client.get("/", catch_response=True) as response:
            response.failure(response)
    assert repr(requests_made[0].error) == "CatchResponseError('No data')"
    assert requests_made[1].error is error and requests_made[2].error is response and len(requests_made) == 3


@in_user
def test_M9_70_success(client):
    """`success()` reports a success; the example accepts status 404."""
    with counted() as requests_made:
        with client.get("/does/not/exist", catch_response=True) as response:
            if response.status_code == 404:
                response.success()
        with client.get(UNREACHABLE, name="forgiven", catch_response=True) as response:
            response.success()
    assert [one.failed for one in requests_made] == [False, False]


# ---- chapter 12

@in_user
def test_M12_11_a_redirected_request_keeps_its_method(client):
    """A request that is redirected is counted under its own method."""
    with counted() as requests_made:
        response = client.put("/redirect-to?url=/echo&status=302", name="redirected", data="x")
    assert _echo(response)["method"] == "GET" and [one.what for one in requests_made] == ["PUT redirected"]


@in_user
def test_M12_14_a_redirected_request_keeps_its_name(client):
    """A request that is redirected is counted under its first URL, or the name given."""
    with counted() as requests_made:
        client.get("/redirect/2")
        client.get("/redirect/2", name="named")
    assert [one.what for one in requests_made] == ["GET /redirect/2", "GET named"]


@in_user
def test_M12_15_the_time_of_all_redirects_counts(client):
    """The response time of a redirected request is that of all its hops."""
    with counted() as requests_made:
        client.get("/redirect-to", params={"url": "/slow?ms=60"}, name="slow")
    assert 60 <= requests_made[0].time


@in_user
def test_M12_16_the_time_of_the_body_counts(client):
    """The response time goes on until the body is there."""
    with counted() as requests_made:
        client.get("/drip?bytes=2&ms=120")
    assert 59 <= requests_made[0].time


@in_user
def test_M12_20_only_http_users_have_a_client(client):
    """Only HttpLocust has an HTTP client; a plain Locust says so."""
    user = type("Plain", (Locust,), {"host": client.base_url, "task_set": TaskSet})()
    with raises(LocustError) as caught:
        user.client.get("/")
    assert "HttpLocust" in str(caught.value)


@in_user
def test_M12_39_the_client_is_requests_in_thin_clothes(client):
    """The client is a thin wrapper of requests: its objects do what requests' own do."""
    prepared = client.prepare_request(requests.Request("POST", client.base_url + "/echo", data={"a": "1"}))
    assert _echo(client.send(prepared))["form"] == {"a": "1"}
    client.mount("http://", requests.adapters.HTTPAdapter(max_retries=2))
    seen = []
    client.hooks["response"].append(lambda response, **_: seen.append(response.status_code))
    client.params = {"key": "k"}
    assert _echo(client.get("/echo"))["args"] == {"key": "k"} and seen == [200]


def test_M12_40_gzip_is_accepted_unless_the_headers_are_replaced(stage, in_users):
    """gzip is accepted by default; `self.client.headers = {"Accept-Encoding": ""}` in `on_start` turns that off."""
    probe = stage.play("""
        from locust import HttpLocust, TaskSet, task
        from locust.exception import StopLocust
        from probe import note

        class Look(TaskSet):
            @task
            def look(self):
                note("sent", headers=self.client.get("/echo").json()["headers"])
                raise StopLocust()

        class Untouched(HttpLocust):
            task_set = Look

        class MyWebUser(HttpLocust):
            task_set = Look

            def on_start(self):
                self.client.headers = {"Accept-Encoding": ""}
    """, "-c", "2", host=in_users.target.url)[1]
    accepted = sorted(sent["Accept-Encoding"] for sent in probe.values("sent", "headers"))
    assert accepted[0] == "" and "gzip" in accepted[1]


@in_user
def test_M12_41_patch_and_options(client):
    """The client has `patch` and `options`."""
    assert _echo(client.patch("/echo"))["method"] == "PATCH" and _echo(client.options("/echo"))["method"] == "OPTIONS"


@in_user
def test_M12_42_all_but_url_and_data_go_by_keyword(client):
    """Everything but the URL and the data is given by keyword: `client.get(path, {...})` does not work."""
    for call in (lambda: client.get("/path", {"User-Agent": "locust"}), lambda: client.put("/path", "data", {}),
                 lambda: client.get("/path", nonsense=1), lambda: client.get()):
        with counted() as requests_made, raises(TypeError):
            call()
        assert requests_made == []


@in_user
def test_M12_43_headers_go_by_keyword(client):
    """`client.get(path, headers={...})` sends the headers."""
    assert _echo(client.get("/echo", headers={"User-Agent": "locust"}))["headers"]["User-Agent"] == "locust"


@in_user
def test_M12_44_upload_and_keep_alive(client):
    """Files can be uploaded, and connections are kept (TLS: M9-51)."""
    sent = _echo(client.post("/echo", files={"f": b"data"}))
    again = _echo(client.get("/echo"))
    assert 'name="f"' in sent["body"] and sent["connection"] == again["connection"]


@in_user
def test_M12_45_content_and_status_code(client):
    """Answers have `content` and `status_code`, not `data` and `code`."""
    response = client.get("/json")
    assert response.status_code == 200 and response.content.startswith(b"{")
    assert not hasattr(response, "data") and not hasattr(response, "code")


@in_user
def test_M12_46_any_answer_can_be_accepted(client):
    """`catch_response` replaces `allow_http_error`: the example takes any answer for a success."""
    with counted() as requests_made:
        with client.get("/does/not/exist", catch_response=True) as response:
            response.success()
    assert [one.failed for one in requests_made] == [False]
    with raises(TypeError):
        client.get("/does/not/exist", allow_http_error=True)


@in_user
def test_M12_49_the_size_is_right_without_a_content_length(client):
    """The size of an answer is right when it comes without a Content-Length; a coding is undone first."""
    with counted() as requests_made:
        response, zipped = client.get("/stream/3"), client.get("/gzip")
    assert "Content-Length" not in response.headers and requests_made[0].length == len(response.content) == 33
    assert requests_made[1].length == len(zipped.content) > int(zipped.headers["Content-Length"])


@in_user
def test_M12_51_listeners_get_the_length(client):
    """Listeners of `request_success` get the length of the answer, not the answer."""
    heard = []

    def hear(**given):
        if given["name"] == "heard for its length":
            heard.append(given)

    events.request_success += hear
    client.get("/bytes/77", name="heard for its length")
    events.request_success -= hear
    assert set(heard[0]) == {"request_type", "name", "response_time", "response_length"}
    assert heard[0]["response_length"] == 77 and len(heard) == 1


# ---- the article

@in_user
def test_B_05_the_client_makes_requests_with_a_memory(client):
    """The client makes GET, POST, HEAD, PUT, DELETE and PATCH requests as requests does, and remembers the session."""
    for verb in ("get", "post", "head", "put", "delete", "patch"):
        assert getattr(client, verb)(f"/cookies/set?{verb}=1").status_code in (200, 302)
    assert set(client.get("/cookies").json()["cookies"]) >= {"get", "post", "put"}


# ---- vectors

@in_user
def test_vector_a_post_answered_by_a_redirect_is_one_post(client):
    """A POST that is answered by a redirect is one POST under the first path, and no GET."""
    with counted() as requests_made:
        response = client.post("/redirect/1", data={"a": "1"})
    assert response.request.method == "GET"
    assert [(one.what, one.failed) for one in requests_made] == [("POST /redirect/1", False)]


@in_user
def test_vector_an_interrupt_leaves_a_catching_block(client):
    """InterruptTaskSet passes a `with` block of `catch_response`, and nothing is recorded."""
    with counted() as requests_made:
        for kind in (InterruptTaskSet, AssertionError, CatchResponseError):
            with raises(kind):
                with client.get("/", catch_response=True):
                    raise kind()
        assert requests_made == []
        with client.get("/", catch_response=True):
            raise ResponseError("not what I wanted")
    assert [repr(one.error) for one in requests_made] == ["ResponseError('not what I wanted')"]


@in_user
def test_vector_a_refused_connection(client):
    """A refused connection with timeout=0.1 has status 0 and content None, and is one failure."""
    with counted() as requests_made:
        response = client.get(UNREACHABLE, timeout=0.1)
    assert response.status_code == 0 and response.content is None
    assert [one.failed for one in requests_made] == [True]


@in_user
def test_vector_each_verdict_counts(client):
    """`success()` and `failure()` count at each call; without a call or a `with` block nothing does."""
    with counted() as requests_made:
        with client.get("/", catch_response=True) as response:
            response.success()
            response.success()
            response.failure("after all")
        client.get("/", catch_response=True)
        client.get("/", catch_response=True).failure("without a block")
    assert [one.failed for one in requests_made] == [False, False, True, True]


@in_user
def _names_ten_pages(client):
    # Statistics for these requests will be grouped under: /blog/?id=[id]
    for i in range(10):
        client.get("/blog?id=%i" % i, name="/blog?id=[id]")
