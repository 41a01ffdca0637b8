# SPDX-License-Identifier: MIT
"""What a session of requests does, case by case. Each function gets a fresh session for the target's base URL.

The same functions run with the real requests, so a case says nothing that requests does not do.
"""
import datetime
import io
import json
import os

import requests

from expect import raises


def _echo(response):
    assert response.status_code == 200, response
    return response.json()


def a_page_has_status_text_content_and_headers(client):
    response = client.get("/about/")
    assert response.status_code == 200
    assert response.ok is True and bool(response) is True
    assert response.reason == "OK"
    assert isinstance(response.text, str) and "<title>" in response.text
    assert isinstance(response.content, bytes) and response.content.decode() == response.text
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["content-TYPE"] == response.headers["Content-Type"]
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.url == client.base_url + "/about/"
    assert response.history == []
    assert isinstance(response.elapsed, datetime.timedelta) and response.elapsed.total_seconds() > 0
    assert response.raise_for_status() is None
    assert response.encoding.lower() == "utf-8"
    assert response.is_redirect is False and response.is_permanent_redirect is False
    assert response.links == {}
    assert repr(response) == "<Response [200]>"


def session_and_response_are_those_of_requests(client):
    assert isinstance(client, requests.Session)
    assert isinstance(client, requests.sessions.Session)
    response = client.get("/")
    assert isinstance(response, requests.Response)
    assert isinstance(response, requests.models.Response)
    assert isinstance(response.request, requests.PreparedRequest)
    assert isinstance(response.headers, requests.structures.CaseInsensitiveDict)
    assert isinstance(response.cookies, requests.cookies.RequestsCookieJar)
    assert isinstance(client.cookies, requests.cookies.RequestsCookieJar)
    assert isinstance(client.headers, requests.structures.CaseInsensitiveDict)


def every_verb_arrives(client):
    for verb in ("get", "post", "put", "patch", "delete", "options"):
        assert _echo(getattr(client, verb)("/echo"))["method"] == verb.upper()
        assert _echo(client.request(verb.upper(), "/echo"))["method"] == verb.upper()
    assert _echo(client.request("PROPFIND", "/echo"))["method"] == "PROPFIND"
    assert _echo(client.request(method="get", url="/echo"))["method"] == "GET"


def head_has_no_body_and_follows_no_redirect(client):
    response = client.head("/")
    assert response.status_code == 200 and response.content == b"" and int(response.headers["Content-Length"]) > 0
    assert client.head("/redirect/1").status_code == 302
    assert client.head("/redirect/1", allow_redirects=True).status_code == 200
    assert client.get("/json").json()["id"] == 42  # the connection is still in step


def get_takes_no_second_positional_argument(client):
    with raises(TypeError):
        client.get("/", {"a": 1})


def form_data_is_encoded(client):
    sent = _echo(client.post("/echo", {"username": "testuser", "password": "s e&=c/ü"}))
    assert sent["form"] == {"username": "testuser", "password": "s e&=c/ü"}
    assert sent["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent["body"] == "username=testuser&password=s+e%26%3Dc%2F%C3%BC"
    assert _echo(client.post("/echo", data=[("a", "1"), ("a", "2")]))["body"] == "a=1&a=2"
    assert _echo(client.post("/echo", data=[["a", "1"], ["b", ("x", "y")]]))["body"] == "a=1&b=x&b=y"
    assert _echo(client.put("/echo", data={"a": ["1", "2"], "b": None, "c": 3}))["body"] == "a=1&a=2&c=3"
    assert _echo(client.patch("/echo", {"x": 1.5, "y": True}))["body"] == "x=1.5&y=True"
    assert _echo(client.delete("/echo", data={"gone": "yes"}))["form"] == {"gone": "yes"}


def raw_data_is_sent_as_it_is(client):
    sent = _echo(client.post("/echo", data="grüße"))
    assert sent["body"] == "grüße" and "Content-Type" not in sent["headers"]
    assert _echo(client.post("/echo", data=b"\x00\x01bytes"))["body_size"] == 7
    assert _echo(client.post("/echo", data=bytearray(b"array")))["body"] == "array"
    assert _echo(client.post("/echo", io.BytesIO(b"from a file")))["body"] == "from a file"
    empty = _echo(client.post("/echo"))
    assert empty["headers"]["Content-Length"] == "0" and empty["body"] == ""
    assert _echo(client.post("/echo", data=""))["headers"]["Content-Length"] == "0"
    assert _echo(client.post("/echo", data={}))["headers"]["Content-Length"] == "0"


def a_generator_is_sent_in_chunks(client):
    sent = _echo(client.post("/echo", data=(piece for piece in [b"one ", b"two ", b"three"])))
    assert sent["body"] == "one two three" and sent["chunked"] is True


def json_bodies_are_encoded(client):
    value = {"name": "Zoë", "list": [1, 2.5, None, True], "nested": {"a": {}}}
    sent = _echo(client.post("/echo", json=value))
    assert json.loads(sent["body"]) == value
    assert sent["headers"]["Content-Type"] == "application/json"
    assert json.loads(_echo(client.put("/echo", json=[]))["body"]) == []
    assert json.loads(_echo(client.patch("/echo", json="text"))["body"]) == "text"
    assert json.loads(_echo(client.post("/echo", json=0))["body"]) == 0
    assert json.loads(_echo(client.post("/echo", None, {"positional": 1}))["body"]) == {"positional": 1}
    assert _echo(client.post("/echo", data={"form": "wins"}, json={"not": "sent"}))["form"] == {"form": "wins"}
    own = client.post("/echo", json={}, headers={"Content-Type": "application/vnd.api+json"})
    assert _echo(own)["headers"]["Content-Type"] == "application/vnd.api+json"


def json_that_cannot_be_encoded_raises(client):
    with raises(TypeError):
        client.post("/echo", json={"set": {1, 2}})
    with raises(requests.exceptions.InvalidJSONError):
        client.post("/echo", json=float("nan")).raise_for_status()  # safe mode: there is a dummy instead


def files_are_uploaded(client):
    sent = _echo(client.post("/echo", data={"title": "My file"}, files={"upload": ("a.txt", b"contents", "text/x-mine")}))
    assert sent["headers"]["Content-Type"].startswith("multipart/form-data; boundary=")
    for part in ('name="title"', "My file", 'name="upload"; filename="a.txt"', "text/x-mine", "contents"):
        assert part in sent["body"], part
    several = client.post("/echo", files=[("one", io.BytesIO(b"first")), ("two", ("b.bin", "second"))])
    assert "first" in _echo(several)["body"] and "second" in _echo(several)["body"]
    with open(__file__, "rb") as file:
        assert "files_are_uploaded" in _echo(client.post("/echo", files={"source": file}))["body"]


def large_bodies_are_sent_whole(client):
    size = 5_000_000
    assert client.post("/upload", data=b"x" * size).json() == {"bytes": size}
    with open("/dev/zero", "rb") as zeros:
        data = io.BytesIO(zeros.read(size))
    assert client.put("/upload", data=data).json() == {"bytes": size}


def large_bodies_are_received_whole(client):
    response = client.get("/bytes/3000000")
    assert len(response.content) == 3_000_000
    assert response.content[:27] == b"abcdefghijklmnopqrstuvwxyz\n"
    assert len(client.get("/stream/5000").content.splitlines()) == 5000


def params_go_into_the_query(client):
    sent = _echo(client.get("/echo", params={"q": "a b&c", "n": 5, "none": None, "many": ["x", "y"]}))
    assert sent["target"] == "/echo?q=a+b%26c&n=5&many=x&many=y"
    assert _echo(client.get("/echo?a=1", params={"b": "2"}))["target"] == "/echo?a=1&b=2"
    assert _echo(client.get("/echo", params=[("k", "v"), ("k", "w")]))["target"] == "/echo?k=v&k=w"
    assert _echo(client.get("/echo", params="raw=text"))["target"] == "/echo?raw=text"
    assert _echo(client.get("/echo", params=b"raw=bytes"))["target"] == "/echo?raw=bytes"
    assert _echo(client.get("/echo#part", params={"f": "1"}))["target"] == "/echo?f=1"
    assert _echo(client.get("/echo", params={"ü": "ß"}))["target"] == "/echo?%C3%BC=%C3%9F"
    assert client.get("/echo", params={"a": "1"}).url == client.base_url + "/echo?a=1"
    assert _echo(client.post("/echo", data={"d": "1"}, params={"p": "2"}))["args"] == {"p": "2"}


def odd_paths_are_quoted_as_requests_does(client):
    for path in ("/echo/a b", "/echo/ü", "/echo/%C3%BC", "/echo/a%2Fb", "/echo/a//b", "/echo/~tilde", "/echo?x=[1]",
                 "/echo?a=b|c", "/echo/\"quoted\"", "/echo/%zz"):
        assert _echo(client.get(path))["target"], path
    assert _echo(client.get("/echo/a b"))["target"] == "/echo/a%20b"
    assert _echo(client.get("/echo/ü"))["target"] == "/echo/%C3%BC"
    assert _echo(client.get("/echo/a%2Fb"))["target"] == "/echo/a%2Fb"


def headers_are_merged_over_the_sessions(client):
    client.headers["X-Session"] = "session"
    client.headers.update({"X-Both": "session", "Accept-Language": "de"})
    sent = _echo(client.get("/echo", headers={"X-Own": "own", "x-both": "call"}))["headers"]
    assert sent["X-Session"] == "session" and sent["X-Own"] == "own" and sent["Accept-Language"] == "de"
    assert {value for name, value in sent.items() if name.lower() == "x-both"} == {"call"}
    assert "X-Session" not in _echo(client.get("/echo", headers={"X-Session": None}))["headers"]
    assert _echo(client.get("/echo"))["headers"]["X-Session"] == "session"
    del client.headers["X-Session"]
    assert "X-Session" not in _echo(client.get("/echo"))["headers"]


def default_headers_are_those_of_requests(client):
    sent = _echo(client.get("/echo"))["headers"]
    assert sent["User-Agent"] == requests.utils.default_user_agent()
    assert sent["Accept"] == "*/*" and sent["Connection"] == "keep-alive"
    assert "gzip" in sent["Accept-Encoding"]
    assert sent["Host"] == client.base_url.partition("://")[2]
    client.headers = {"User-Agent": "mine"}
    replaced = _echo(client.get("/echo"))["headers"]
    assert replaced["User-Agent"] == "mine" and "Accept" not in replaced


def header_values_of_odd_types_are_told(client):
    with raises(requests.exceptions.InvalidHeader, TypeError, AttributeError):
        response = client.get("/echo", headers={"X-Number": 5})
        response.raise_for_status()  # safe mode: there is a dummy instead
    assert _echo(client.get("/echo", headers={"X-Bytes": b"b"}))["headers"]["X-Bytes"] == "b"
    assert _echo(client.get("/echo", headers={"X-Empty": ""}))["headers"]["X-Empty"] == ""


def own_host_header_is_sent(client):
    assert _echo(client.get("/echo", headers={"Host": "virtual.example"}))["headers"]["Host"] == "virtual.example"


def cookies_set_by_the_server_come_back(client):
    assert client.get("/cookies/set?flavour=oat&size=2").json()["cookies"] == {"flavour": "oat", "size": "2"}
    assert client.cookies["flavour"] == "oat" and client.cookies.get_dict() == {"flavour": "oat", "size": "2"}
    assert client.get("/cookies").json()["cookies"] == {"flavour": "oat", "size": "2"}
    assert client.get("/cookies/delete?flavour").json()["cookies"] == {"size": "2"}
    assert "flavour" not in client.cookies
    assert client.get("/cookies/set?x=1", allow_redirects=False).cookies["x"] == "1"


def cookies_of_the_script_are_sent(client):
    client.cookies.set("session", "abc")
    client.cookies["plain"] = "1"
    client.cookies.update({"more": "2"})
    expected = {"session": "abc", "plain": "1", "more": "2"}
    assert client.get("/cookies").json()["cookies"] == expected
    assert client.get("/cookies", cookies={"once": "x"}).json()["cookies"] == {**expected, "once": "x"}
    assert client.get("/cookies").json()["cookies"] == expected
    assert client.get("/cookies", cookies={"plain": "changed"}).json()["cookies"] == {**expected, "plain": "changed"}
    del client.cookies["plain"]
    assert "plain" not in client.get("/cookies").json()["cookies"]
    client.cookies.clear()
    assert client.get("/cookies").json()["cookies"] == {}


def a_login_is_remembered(client):
    client.post("/login", {"username": "ellen_key", "password": "education"})
    assert client.cookies["session"]
    assert "session" in client.get("/cookies").json()["cookies"]
    client.post("/logout")
    assert client.get("/cookies").json()["cookies"] == {}


def basic_authentication_works(client):
    assert client.get("/basic-auth/ann/secret").status_code == 401
    assert client.get("/basic-auth/ann/secret", auth=("ann", "secret")).json() == {"authenticated": True}
    assert client.get("/basic-auth/ann/secret", auth=requests.auth.HTTPBasicAuth("ann", "secret")).ok
    assert client.get("/basic-auth/ann/secret", auth=("ann", "wrong")).status_code == 401
    client.auth = ("ann", "secret")
    assert client.get("/basic-auth/ann/secret").ok
    assert client.get("/basic-auth/ann/secret", auth=("bob", "x")).status_code == 401
    client.auth = None
    assert client.get("/basic-auth/ann/secret").status_code == 401


def authentication_in_the_url_works(client):
    with_user = client.base_url.replace("://", "://ann:s%40cret@")
    assert client.get(with_user + "/basic-auth/ann/s%40cret").ok


def an_auth_object_of_the_script_works(client):
    class Token(requests.auth.AuthBase):
        def __call__(self, request):
            request.headers["X-Token"] = "t0ken"
            return request

    assert _echo(client.get("/echo", auth=Token()))["headers"]["X-Token"] == "t0ken"
    client.auth = Token()
    assert _echo(client.get("/echo"))["headers"]["X-Token"] == "t0ken"


def redirects_are_followed(client):
    response = client.get("/redirect/3")
    assert response.status_code == 200 and response.text == "arrived\n"
    assert [one.status_code for one in response.history] == [302, 302, 302]
    assert response.url == client.base_url + "/redirect/0"
    assert response.history[0].url == client.base_url + "/redirect/3"
    assert response.history[0].headers["Location"] == "/redirect/2"
    assert all(isinstance(one, requests.Response) for one in response.history)


def redirects_can_be_left_alone(client):
    response = client.get("/redirect/3", allow_redirects=False)
    assert response.status_code == 302 and response.history == [] and response.is_redirect
    assert response.headers["Location"] == "/redirect/2"
    assert response.ok


def redirects_change_the_method_as_browsers_do(client):
    def arrived(method, status, **more):
        return _echo(client.request(method, f"/redirect-to?url=/echo&status={status}", **more))

    for status in (301, 302, 303):
        sent = arrived("POST", status, data={"a": "1"})
        assert sent["method"] == "GET" and sent["body"] == "" and "Content-Type" not in sent["headers"], status
    assert arrived("PUT", 301, data="x")["method"] == "PUT"
    assert arrived("PUT", 302, data="x")["method"] == "GET"
    assert arrived("PUT", 303, data="x")["method"] == "GET"
    for status in (307, 308):
        sent = arrived("POST", status, data={"a": "1"})
        assert sent["method"] == "POST" and sent["form"] == {"a": "1"}, status


def redirects_without_end_are_an_error(client):
    with raises(requests.exceptions.TooManyRedirects):
        client.get("/redirect/100").raise_for_status()
    client.max_redirects = 2
    with raises(requests.exceptions.TooManyRedirects):
        client.get("/redirect/3").raise_for_status()
    assert client.get("/redirect/2").text == "arrived\n"


def redirects_to_other_hosts_keep_credentials_back(client):
    port = client.base_url.rpartition(":")[2]
    elsewhere = f"http://localhost:{port}/echo"
    client.cookies.set("mine", "1", domain="127.0.0.1")
    response = client.get("/redirect-to", params={"url": elsewhere}, auth=("ann", "secret"), headers={"X-Kept": "y"})
    sent = _echo(response)["headers"]
    assert "Authorization" not in sent and "Cookie" not in sent and sent["X-Kept"] == "y"
    assert sent["Host"] == f"localhost:{port}"
    same_host = client.get("/redirect-to", params={"url": "/echo"}, auth=("ann", "secret"))
    assert "Authorization" in _echo(same_host)["headers"]


def the_fragment_is_not_sent(client):
    response = client.get("/echo#section")
    assert _echo(response)["target"] == "/echo"


def status_codes_are_told(client):
    for status in (200, 201, 204, 304, 400, 401, 403, 404, 418, 429, 500, 503, 599):
        response = client.get(f"/status/{status}")
        assert response.status_code == status
        assert response.ok is (status < 400)
        if status >= 400:
            with raises(requests.exceptions.HTTPError) as caught:
                response.raise_for_status()
            assert str(caught.value).startswith(f"{status} {'Client' if status < 500 else 'Server'} Error: ")
            assert str(caught.value).endswith(f" for url: {client.base_url}/status/{status}")
            assert caught.value.response is response and caught.value.request.url == response.url


def attributes_may_be_set_as_on_any_object(client):
    response = client.get("/json")
    response.mine = 1
    response.status_code = 418
    response._content = b'{"patched": true}'
    assert response.mine == 1 and response.status_code == 418 and not response.ok
    assert response.json() == {"patched": True} and response.text == '{"patched": true}'
    client.mine = 2
    assert client.mine == 2


def a_response_knows_its_attributes(client):
    response = client.get("/json")
    for name in ("apparent_encoding", "close", "content", "cookies", "elapsed", "encoding", "headers", "history",
                 "is_permanent_redirect", "is_redirect", "iter_content", "iter_lines", "json", "links", "next", "ok",
                 "raise_for_status", "raw", "reason", "request", "status_code", "text", "url"):
        assert hasattr(response, name) and name in dir(response), name
    assert response.next is None and response.raw.status == 200
    assert response == response and response != client.get("/json") and hash(response) == hash(response)


def codings_are_undone(client):
    for coding in ("gzip", "deflate"):
        response = client.get("/" + coding)
        assert response.json()["encoding"] == coding
        assert response.headers["Content-Encoding"] == coding
        assert len(response.content) > int(response.headers["Content-Length"])


def json_of_a_response_is_decoded(client):
    assert client.get("/json").json() == {"message": "hello", "id": 42, "tags": ["a", "b"]}
    assert client.get("/json").json(parse_int=str)["id"] == "42"
    with raises(ValueError):
        client.get("/").json()
    with raises(requests.exceptions.JSONDecodeError):
        client.get("/").json()


def the_encoding_can_be_changed(client):
    response = client.get("/about/")
    response.encoding = "latin-1"
    assert response.encoding == "latin-1" and isinstance(response.text, str)
    assert client.get("/bytes/30").encoding is None
    assert client.get("/bytes/30").text.startswith("abc")
    assert client.get("/bytes/3").apparent_encoding == "ascii"


def lines_and_chunks_can_be_iterated(client):
    response = client.get("/stream/3")
    assert [json.loads(line) for line in response.iter_lines()] == [{"line": 0}, {"line": 1}, {"line": 2}]
    assert b"".join(client.get("/bytes/100").iter_content(7)) == client.get("/bytes/100").content
    assert [len(chunk) for chunk in client.get("/bytes/100").iter_content(chunk_size=40)] == [40, 40, 20]
    assert list(client.get("/stream/2").iter_lines(decode_unicode=True))[1].startswith('{"line":1')
    assert list(client.get("/hello"))[0].startswith(b"hello")


def a_body_can_be_read_in_several_ways_one_after_the_other(client):
    response = client.get("/stream/3")
    assert response.text.count("line") == 3
    assert len(list(response.iter_lines())) == 3 and b"".join(response.iter_content(5)) == response.content
    streamed = client.get("/stream/3", stream=True)
    assert len(streamed.content.splitlines()) == len(list(streamed.iter_lines())) == len(list(streamed.iter_lines())) == 3
    assert streamed.json and streamed.text == response.text


def a_streamed_body_cannot_be_streamed_twice(client):
    response = client.get("/stream/300000", stream=True)
    assert b"".join(response.iter_content(1000)).count(b"line") == 300_000
    with raises(requests.exceptions.StreamConsumedError):
        list(response.iter_content(1000))


def a_streamed_body_is_read_when_asked_for(client):
    response = client.get("/bytes/300000", stream=True)
    assert response.status_code == 200
    assert sum(len(chunk) for chunk in response.iter_content(10_000)) == 300_000
    lines = client.get("/stream/500", stream=True)
    assert [json.loads(line)["line"] for line in lines.iter_lines()] == list(range(500))
    assert len(client.get("/bytes/5000", stream=True).content) == 5000
    response = client.get("/bytes/5000", stream=True)
    assert response.raw.read(100) == client.get("/bytes/100").content
    response.close()
    unread = client.get("/bytes/9000000", stream=True)
    assert unread.headers["Content-Length"] == "9000000"
    unread.close()
    assert client.get("/json").json()["id"] == 42


def a_connection_is_used_again(client):
    first, second = _echo(client.get("/echo")), _echo(client.get("/echo"))
    assert first["connection"] == second["connection"]
    assert second["connection_requests"] == first["connection_requests"] + 1
    assert _echo(client.get("/echo", headers={"Connection": "close"}))["connection"] == first["connection"]
    assert _echo(client.get("/echo"))["connection"] != first["connection"]


def a_connection_that_the_server_closed_is_opened_again(client):
    for _ in range(3):
        assert client.get("/close").text == "closing\n"
        assert client.get("/until-close").text == "The end is the end.\n"
        assert client.post("/echo", data="x").status_code == 200


def trailers_and_chunk_extensions_are_read_over(client):
    assert client.get("/chunked-trailers").text == "hello world\n"
    assert client.get("/json").json()["id"] == 42


def a_timeout_is_an_error_of_its_own(client):
    for timeout in (0.1, (5, 0.1)):
        with raises(requests.exceptions.ReadTimeout):
            client.get("/stall", timeout=timeout).raise_for_status()
    assert client.get("/slow?ms=50", timeout=20).text == "at last\n"
    assert client.get("/json", timeout=None).ok


def broken_answers_are_errors(client):
    for path, kind in (("/drop", requests.exceptions.ConnectionError), ("/reset", requests.exceptions.ConnectionError),
                       ("/garbage", requests.exceptions.ConnectionError)):
        with raises(kind):
            client.get(path).raise_for_status()
        assert client.get("/json").json()["id"] == 42, path


def an_unreachable_server_is_an_error(client):
    for url in ("http://127.0.0.1:1/", "http://nowhere.invalid/"):
        with raises(requests.exceptions.ConnectionError):
            client.get(url, timeout=20).raise_for_status()


def bad_urls_raise(client):
    for url, kind in (("http://", requests.exceptions.InvalidURL), ("http://*.example/", requests.exceptions.InvalidURL),
                      ("http://host:port/", requests.exceptions.InvalidURL)):
        with raises(kind):
            client.get(url)


def the_request_of_a_response_is_told(client):
    response = client.post("/echo?q=1", data={"a": "b"}, headers={"X-Own": "1"})
    assert response.request.method == "POST"
    assert response.request.url == client.base_url + "/echo?q=1"
    assert response.request.path_url == "/echo?q=1"
    assert response.request.headers["X-Own"] == "1"
    assert response.request.headers["User-Agent"].startswith("python-requests/")
    assert response.request.body in (b"a=b", "a=b")


def hooks_and_adapters_of_the_script_are_used(client):
    seen = []
    client.get("/json", hooks={"response": lambda response, **_: seen.append(response.status_code)})
    assert seen == [200]
    client.hooks["response"].append(lambda response, **_: seen.append(response.url))
    client.get("/json")
    assert seen[1:] == [client.base_url + "/json"]
    client.hooks["response"].clear()

    class Counting(requests.adapters.HTTPAdapter):
        sent = 0

        def send(self, *args, **kwargs):
            Counting.sent += 1
            return super().send(*args, **kwargs)

    client.mount("http://", Counting())
    assert client.get("/json").json()["id"] == 42 and Counting.sent == 1


def prepared_requests_can_be_sent(client):
    request = requests.Request("POST", client.base_url + "/echo", data={"by": "hand"}, headers={"X-Own": "1"})
    response = client.send(client.prepare_request(request))
    assert _echo(response)["form"] == {"by": "hand"}


def session_params_are_added(client):
    client.params = {"key": "secret"}
    assert _echo(client.get("/echo", params={"a": "1"}))["args"] == {"key": "secret", "a": "1"}
    client.params = {}
    assert _echo(client.get("/echo"))["args"] == {}


def a_response_can_be_pickled_and_copied(client):
    import copy
    import pickle
    response = client.get("/json")
    for twin in (pickle.loads(pickle.dumps(response)), copy.copy(response)):
        assert twin.status_code == 200 and twin.json()["id"] == 42 and twin.headers == response.headers


def verify_may_be_said_for_plain_http(client):
    assert client.get("/", verify=False).ok
    client.verify = False
    assert client.get("/").ok


def the_session_can_be_closed_and_used_as_a_context(client):
    with client as same:
        assert same is client and same.get("/").ok
    assert client.get("/").ok
    client.close()
    assert client.get("/").ok


def many_requests_keep_their_order(client):
    for i in range(50):
        assert _echo(client.get(f"/echo?i={i}", headers={"X-I": str(i)}))["headers"]["X-I"] == str(i)
        assert _echo(client.post("/echo", data=str(i)))["body"] == str(i)


def environment_proxies_are_not_needed(client):
    assert os.environ.get("HTTP_PROXY") is None
    assert client.trust_env in (True, False)
