# SPDX-License-Identifier: MIT
"""HttpSession and its responses, native and by real requests, against a server of this process."""
import copy
import io
import json
import pickle

import gevent
import pytest
import requests
from locust import env, events
from locust.clients import HttpSession, LocustResponse, ResponseContextManager
from locust.exception import CatchResponseError, LocustError, ResponseError
from requests.auth import AuthBase, HTTPBasicAuth
from requests.exceptions import ConnectionError, HTTPError, InvalidSchema, MissingSchema

DEAD = "http://127.0.0.1:9"


class User2:
    def context(self):
        return {"user": "kim"}


def session_of(base_url, generation):
    return HttpSession(base_url) if generation == 9 else HttpSession(base_url, events.request, User2())


class Slow(requests.adapters.HTTPAdapter):
    """Somebody else's adapter: its requests cannot be the engine's."""


def by_requests(session):
    session.mount("http://", Slow())
    return session


@pytest.fixture(params=["native", "fallback"])
def way(request):
    """Makes sure that both ways answer alike."""
    return (lambda session: session) if request.param == "native" else by_requests


@pytest.fixture(params=[9, 2])
def generation(request):
    return request.param


@pytest.fixture
def session(site, way, generation):
    made = way(session_of(site, generation))
    yield made
    made.close()


@pytest.fixture
def old(site, way):
    return way(HttpSession(site))


@pytest.fixture
def new(site, way):
    return way(session_of(site, 2))


def sent_headers(response):
    return {name.lower(): value for name, value in response.json()["headers"]}


def test_the_client_is_a_requests_session_and_answers_are_responses(session):
    response = session.get("/")
    assert isinstance(session, requests.Session)
    assert isinstance(response, requests.Response) and isinstance(response, LocustResponse)
    assert not isinstance(requests.Response(), LocustResponse)


def test_a_plain_request_is_the_engines(site):
    session = HttpSession(site)
    session.get("/")
    assert session.native_count() == 1


@pytest.mark.parametrize("verb", ["get", "options", "post", "put", "patch", "delete"])
def test_each_verb_sends_its_method(session, verb):
    assert getattr(session, verb)("/x").json()["method"] == verb.upper()


def test_head_has_no_body_and_follows_no_redirect(session):
    response = session.head("/redirect")
    assert response.status_code == 302 and response.content == b"" and response.history == []


def test_a_second_positional_argument_of_get_is_an_error(session):
    with pytest.raises(TypeError):
        session.get("/", {"a": 1})


def test_a_misspelt_argument_is_an_error(session):
    with pytest.raises(TypeError):
        session.get("/", param={"a": 1})


def test_a_response_has_what_scripts_read(session, site):
    response = session.get("/echo?a=1")
    assert response.status_code == 200 and response.ok and response
    assert response.url == site + "/echo?a=1" and response.reason == "OK"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["X-Two"] == "a, b"
    assert json.loads(response.content) == json.loads(response.text) == response.json()
    assert response.elapsed.total_seconds() > 0 and response.encoding == "utf-8"
    assert response.request.method == "GET" and response.request.url == response.url
    assert response.request.headers["Accept"] == "*/*"
    assert response.error is None and repr(response) == "<Response [200]>"


def test_the_request_of_a_response_has_its_body_and_headers(session):
    request = session.post("/echo", data=b"abc", headers={"X-Mine": "1"}).request
    assert request.body in (b"abc", "abc") and request.headers["x-mine"] == "1" and request.path_url == "/echo"


def test_default_headers_are_those_of_requests(session):
    headers = sent_headers(session.get("/"))
    assert headers["user-agent"].startswith("python-requests/")
    assert headers["accept"] == "*/*" and "gzip" in headers["accept-encoding"]


def test_parameters_data_and_json_are_encoded(session):
    assert session.get("/p", params={"a": "b c", "d": [1, 2]}).json()["path"] == "/p?a=b+c&d=1&d=2"
    assert session.get("/p?x=1", params=[("a", "\u00e9")]).json()["path"] == "/p?x=1&a=%C3%A9"
    posted = session.post("/p", {"a": "b c", "d": ["1", "2"]})
    assert posted.json()["body"] == "a=b+c&d=1&d=2"
    assert sent_headers(posted)["content-type"] == "application/x-www-form-urlencoded"
    posted = session.post("/p", json={"a": [1, None]})
    assert posted.json()["body"] == '{"a": [1, null]}' and sent_headers(posted)["content-type"] == "application/json"
    assert session.post("/p", data="text").json()["body"] == "text"


def test_files_are_sent_as_multipart(session):
    posted = session.post("/p", data={"field": "value"}, files={"file": ("name.txt", io.BytesIO(b"content"))})
    body = posted.json()["body"]
    assert 'name="field"' in body and 'filename="name.txt"' in body and "content" in body
    assert sent_headers(posted)["content-type"].startswith("multipart/form-data; boundary=")


def test_a_file_as_data_is_read_from_where_it_stands(session):
    file = io.BytesIO(b"0123456789")
    file.read(4)
    assert session.post("/p", data=file).json()["body"] == "456789"


def test_a_generator_as_data_is_sent_in_chunks(session):
    posted = session.post("/p", data=(part for part in (b"ab", b"cd")))
    assert posted.json()["body"] == "abcd" and sent_headers(posted)["transfer-encoding"] == "chunked"


def test_session_headers_are_sent_and_changes_are_seen(session):
    session.headers["X-One"] = "1"
    assert sent_headers(session.get("/"))["x-one"] == "1"
    session.headers.update({"X-One": "2", "User-Agent": "mine"})
    headers = sent_headers(session.get("/"))
    assert headers["x-one"] == "2" and headers["user-agent"] == "mine"
    del session.headers["x-one"]
    assert "x-one" not in sent_headers(session.get("/"))


def test_a_dict_in_place_of_session_headers_stays_the_scripts(session):
    mine = {"X-One": "1"}
    session.headers = mine
    assert sent_headers(session.get("/"))["x-one"] == "1"
    mine["X-One"] = "2"
    assert sent_headers(session.get("/"))["x-one"] == "2"


def test_headers_of_a_request_win_over_the_sessions_and_none_removes(session):
    session.headers["X-One"] = "1"
    assert sent_headers(session.get("/", headers={"x-one": "2"}))["x-one"] == "2"
    assert "x-one" not in sent_headers(session.get("/", headers={"X-One": None}))
    assert sent_headers(session.get("/"))["x-one"] == "1"


def test_a_content_type_of_the_session_holds_for_bodies(session):
    session.headers["Content-Type"] = "application/vnd.mine+json"
    response = session.post("/", json={})
    values = [value for name, value in response.json()["headers"] if name.lower() == "content-type"]
    assert values == ["application/vnd.mine+json"]


def test_a_host_header_of_the_session_is_sent_once(session):
    session.headers["Host"] = "virtual.example"
    values = [value for name, value in session.get("/").json()["headers"] if name.lower() == "host"]
    assert values == ["virtual.example"]


def test_basic_authentication_by_every_way(site, way, generation):
    expected = "Basic dXNlcjpwYXNz"
    session = way(session_of(site, generation))
    assert sent_headers(session.get("/", auth=("user", "pass")))["authorization"] == expected
    assert sent_headers(session.get("/", auth=HTTPBasicAuth("user", "pass")))["authorization"] == expected
    session.auth = ("user", "pass")
    assert sent_headers(session.get("/"))["authorization"] == expected
    session = way(session_of(site.replace("://", "://user:pass@"), generation))
    assert session.base_url == site and sent_headers(session.get("/"))["authorization"] == expected


def test_only_a_user_name_in_the_host_leaves_the_url_alone():
    assert HttpSession("http://user@127.0.0.1").base_url == "http://user@127.0.0.1"


def test_an_authorization_header_of_the_session_is_sent(session):
    session.headers["Authorization"] = "Bearer token"
    assert sent_headers(session.get("/"))["authorization"] == "Bearer token"


class Signed(AuthBase):
    def __call__(self, request):
        request.headers["X-Signed"] = request.method
        return request


def test_an_auth_object_works(site):
    session = HttpSession(site)
    assert sent_headers(session.get("/", auth=Signed()))["x-signed"] == "GET"
    session.auth = Signed()
    assert sent_headers(session.get("/"))["x-signed"] == "GET"
    assert session.native_count() == 0


def test_hooks_params_and_adapters_of_the_session_work(site):
    session, said = HttpSession(site), []
    session.params["always"] = "1"
    session.hooks["response"].append(lambda response, **given: said.append(response.status_code))
    session.mount("http://", Slow(max_retries=2))
    assert session.get("/p").json()["path"] == "/p?always=1" and said == [200]
    assert session.native_count() == 0


def test_a_session_goes_back_to_the_engine_when_the_oddity_is_gone(site):
    session = HttpSession(site)
    session.params["a"] = "1"
    session.get("/")
    session.params.clear()
    session.get("/")
    assert session.native_count() == 1


def test_an_adapter_that_only_has_a_larger_pool_is_no_oddity(site):
    session = HttpSession(site)
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=100))
    session.get("/")
    assert session.native_count() == 1


def test_send_of_a_prepared_request_works_and_is_not_counted(site, hear):
    session, success = HttpSession(site), hear("request_success")
    request = session.prepare_request(requests.Request("GET", site + "/p"))
    assert session.send(request).status_code == 200 and success == []


def test_a_subclass_that_changes_request_changes_the_verbs(site):
    class Mine(HttpSession):
        def request(self, method, url, **kwargs):
            return super().request(method, "/mine" + url, **kwargs)

    assert Mine(site).get("/x").json()["path"] == "/mine/x"


def test_request_and_send_may_be_replaced_on_a_session(site):
    session, said = HttpSession(site), []
    real_request, real_send = session.request, session.send
    session.get("/")
    session.request = lambda method, url, **given: said.append(url) or real_request(method, url, **given)
    session.get("/x")
    session.send = lambda request, **given: said.append(request.url) or real_send(request, **given)
    session.post("/y", {"a": 1})
    assert said == ["/x", "/y", site + "/y"]


def test_a_patched_requests_is_used(site, monkeypatch):
    said, real = [], requests.Session.send
    monkeypatch.setattr(requests.Session, "send",
                        lambda self, *args, **given: said.append(1) or real(self, *args, **given))
    session = HttpSession(site)
    session.headers["X"] = "1"
    session.get("/")
    assert said == [1]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda session: pickle.loads(pickle.dumps(session))])
def test_a_session_can_be_copied_and_pickled(site, copied):
    session = HttpSession(site.replace("://", "://user:word@"))
    session.get("/set?seen=1")
    session.headers.update({"X-Own": "1"})
    del session.headers["Accept"]
    twin = copied(session)
    twin.headers["X-Own"] = "2"
    twin.cookies["more"] = "2"
    assert (type(twin), twin.base_url, twin.auth) == (HttpSession, site, ("user", "word"))
    sent = dict(twin.get("/a").json()["headers"])
    assert sent["X-Own"] == "2" and sent["Cookie"] == "seen=1; more=2" and "Accept" not in sent
    assert session.headers["X-Own"] == "1" and session.cookies.get_dict() == {"seen": "1"}
    assert twin.native_count() == 1


def test_a_session_takes_attributes_of_the_scripts(session):
    session.feature_flag = "on"
    assert session.feature_flag == "on"


def test_absolute_urls_are_used_as_they_are(site, way):
    session = way(HttpSession("http://nowhere.invalid"))
    assert session.get(site.replace("http", "HTTP") + "/x").json()["path"] == "/x"


def test_no_slash_is_added_between_base_and_path(site, way):
    session = way(HttpSession(site + "/base"))
    assert session.get("path").json()["path"] == "/basepath"


def test_requests_are_recorded_under_the_path_as_sent(session, hear):
    success = hear("request_success")
    session.get("/x y", params={"a": "b"})
    session.get("/other#part", name="named")
    session.request("get", "/lower")
    assert [(one["request_type"], one["name"]) for one in success] == [
        ("GET", "/x%20y?a=b"), ("GET", "named"), ("get", "/lower")]
    assert success[0]["response_length"] > 0 and success[0]["response_time"] > 0


def test_rename_request_names_the_block(session, hear):
    success = hear("request_success")
    with session.rename_request("block"):
        session.get("/a")
    session.request_name = "attribute"
    session.get("/b")
    assert [one["name"] for one in success] == ["block", "attribute"]


def test_a_redirect_is_one_request_named_by_its_first_url(session, hear):
    success = hear("request_success")
    response = session.post("/redirect", name=None)
    assert [(one["request_type"], one["name"]) for one in success] == [("POST", "/redirect")]
    assert response.json()["method"] == "GET" and response.url.endswith("/echo")
    assert [hop.status_code for hop in response.history] == [302]
    assert response.history[0].headers["Location"] == "/echo"


def test_a_redirect_that_is_not_followed_says_what_would_be_next(session):
    response = session.get("/redirect", allow_redirects=False)
    assert response.is_redirect and response.next.url.endswith("/echo") and response.next.method == "GET"
    assert session.get("/").next is None


def test_a_status_from_400_on_is_a_failure(session, hear):
    success, failure = hear("request_success"), hear("request_failure")
    for status in (304, 399, 400, 503, 600):
        response = session.get(f"/status/{status}", name="one")
        assert response.status_code == status
    assert len(success) == 3 and len(failure) == 2
    assert isinstance(failure[0]["exception"], HTTPError)


def test_raise_for_status_raises_the_http_error(session):
    response = session.get("/status/404")
    assert not response.ok and not response
    with pytest.raises(HTTPError, match="404 Client Error: Not Found for url"):
        response.raise_for_status()


def test_the_error_text_has_the_url_in_0_9_and_the_name_in_2_x(old, new, hear, site):
    failure = hear("request_failure")
    old.get("/status/500", name="named")
    new.get("/status/500", name="named")
    texts = [str(one["exception"]) for one in failure]
    assert texts == [f"500 Server Error: Internal Server Error for url: {site}/status/500",
                     "500 Server Error: Internal Server Error for url: named"]


def test_a_failed_exchange_gives_a_dummy_and_is_a_failure(way, generation, hear):
    failure = hear("request_failure")
    response = way(session_of(DEAD, generation)).get("/x", timeout=2)
    assert response.status_code == 0 and response.content is None and response.text == ""
    assert not response.ok and not response and isinstance(response.error, ConnectionError)
    assert dict(response.headers) == {} and not response.cookies and response.history == []
    assert response.url is None and response.reason is None and response.elapsed.total_seconds() == 0
    assert response.request.method == "GET" and response.request.url == DEAD + "/x"
    with pytest.raises(ConnectionError):
        response.raise_for_status()
    with pytest.raises(ValueError):
        response.json()
    assert failure[0]["exception"] is response.error and failure[0]["name"] == "/x"


@pytest.mark.parametrize("base,error", [("127.0.0.1/", MissingSchema), ("ftp://127.0.0.1", InvalidSchema)])
def test_a_url_that_is_none_raises_and_is_not_counted(way, generation, base, error, hear):
    failure = hear("request_failure")
    with pytest.raises(error):
        way(session_of(base, generation)).get("/x")
    assert failure == []


def test_bad_json_raises_requests_own_error(session):
    with pytest.raises(requests.exceptions.JSONDecodeError):
        session.get("/status/200").json()


def test_catch_response_lets_the_script_decide(session, hear):
    success, failure = hear("request_success"), hear("request_failure")
    with session.get("/status/404", catch_response=True) as response:
        assert isinstance(response, ResponseContextManager)
        response.success()
    with session.get("/", catch_response=True) as response:
        response.failure("wrong content")
    assert len(success) == 1 and len(failure) == 1
    assert repr(failure[0]["exception"]) == "CatchResponseError('wrong content')"
    assert isinstance(failure[0]["exception"], CatchResponseError)


def test_catch_response_without_a_word_goes_by_the_status(session, hear):
    success, failure = hear("request_success"), hear("request_failure")
    with session.get("/", catch_response=True):
        pass
    with session.get("/status/500", catch_response=True):
        pass
    assert len(success) == 1 and isinstance(failure[0]["exception"], HTTPError)


def test_response_error_in_the_block_is_a_failure_and_swallowed(session, hear):
    failure = hear("request_failure")
    with session.get("/", catch_response=True):
        raise ResponseError("not what I asked for")
    assert isinstance(failure[0]["exception"], ResponseError)


def test_any_other_exception_passes_and_nothing_is_counted(session, hear):
    success, failure = hear("request_success"), hear("request_failure")
    with pytest.raises(AssertionError):
        with session.get("/", catch_response=True):
            raise AssertionError
    assert success == failure == []


def test_catch_response_without_a_block_counts_nothing(session, hear):
    success, failure = hear("request_success"), hear("request_failure")
    session.get("/", catch_response=True)
    assert success == failure == []


def test_in_0_9_each_verdict_counts_at_once(old, hear):
    success, failure = hear("request_success"), hear("request_failure")
    response = old.get("/", catch_response=True)
    response.success()
    response.failure(ValueError("mine"))
    assert len(success) == 1 and isinstance(failure[0]["exception"], ValueError)


def test_in_2_x_the_last_verdict_counts_at_the_end(new, hear):
    success, failure = hear("request_success"), hear("request_failure")
    with new.get("/", catch_response=True) as response:
        response.failure("first")
        response.success()
        assert success == failure == []
    assert len(success) == 1 and failure == []


def test_in_2_x_verdicts_need_catch_response_and_a_block(new):
    with pytest.raises(LocustError):
        new.get("/", catch_response=True).success()
    with pytest.raises(LocustError):
        new.get("/").failure("x")
    with pytest.raises(LocustError):
        with new.get("/"):
            pass


def test_in_0_9_a_plain_response_has_no_verdict(old):
    with pytest.raises(AttributeError):
        old.get("/").failure("x")


def test_the_response_itself_may_be_the_failure(old, hear):
    failure = hear("request_failure")
    with old.get("/", catch_response=True) as response:
        response.failure(response)
    assert failure[0]["exception"] is response


def test_listeners_of_request_get_all_the_fields(new, hear, site):
    request = hear("request")
    response = new.get("/x", context={"more": 1})
    fields = request[0]
    assert set(fields) >= {"request_type", "name", "response_time", "response_length", "context", "response",
                           "exception", "start_time", "url"}
    assert fields["context"] == {"user": "kim", "more": 1} and fields["response"] is response
    assert fields["url"] == site + "/x" and fields["exception"] is None and fields["start_time"] > 1e9


def test_request_meta_says_what_was_recorded(old):
    meta = old.get("/x", catch_response=True).locust_request_meta
    assert meta["method"] == "GET" and meta["name"] == "/x" and meta["content_size"] > 0
    assert meta["response_time"] > 0 and meta["start_time"] > 1e9


def test_bodies_can_be_iterated(session):
    response = session.get("/lines")
    assert list(response.iter_lines(decode_unicode=True)) == ["eins", "zw\u00f6lf"]
    assert b"".join(session.get("/lines").iter_content(3)) == "eins\nzw\u00f6lf\n".encode()
    assert response.links["next"]["url"] == "/next"
    with pytest.raises(TypeError):
        response.iter_content("3")


@pytest.mark.parametrize("size", [0, -1, None, 10 ** 6])
def test_a_size_that_is_none_gives_the_body_in_one_piece(old, size):
    assert list(old.get("/lines").iter_content(size)) == [old.get("/lines").content]
    assert list(HttpSession(old.base_url).get("/lines", stream=True).iter_content(size)) == [old.get("/lines").content]


def test_headers_of_one_name_are_joined_under_the_first_spelling(old):
    assert [pair for pair in old.get("/spelt").headers.items() if pair[0].lower() == "x-a"] == [("X-A", "1, 2, 3")]


def test_content_and_iteration_go_together(session):
    response = session.get("/lines")
    content = response.content
    assert b"".join(response.iter_content(4)) == content == response.content
    response = session.get("/lines")
    assert b"".join(response.iter_content(4)) == response.content


def test_streamed_bodies_can_be_iterated_or_read(session):
    with session.get("/lines", stream=True, catch_response=True) as response:
        assert [line.decode() for line in response.iter_lines()] == ["eins", "zw\u00f6lf"]
    assert session.get("/lines", stream=True, name="x").raw.read(4) == b"eins"
    assert session.get("/lines", stream=True).text == "eins\nzw\u00f6lf\n"


def test_encoding_can_be_changed_before_text_is_read(session):
    response = session.get("/lines")
    response.encoding = "latin-1"
    assert response.text == "eins\nzw\u00c3\u00b6lf\n"


def test_attributes_of_a_response_can_be_overwritten(session):
    response = session.get("/")
    response.status_code = 418
    response.headers = {"a": "b"}
    response.note = "mine"
    assert response.status_code == 418 and response.headers == {"a": "b"} and response.note == "mine"


def test_a_timeout_is_a_failure(session, hear):
    failure = hear("request_failure")
    response = session.get("/slow", timeout=0.05)
    assert response.status_code == 0 and isinstance(failure[0]["exception"], requests.exceptions.ReadTimeout)


def test_closing_a_session_leaves_it_usable(session):
    session.get("/")
    session.close()
    assert session.get("/").status_code == 200


def test_an_http_user_has_a_session_of_its_generation(site):
    from locust import HttpLocust, HttpUser, TaskSet

    old = type("Old", (HttpLocust,), {"host": site, "task_set": TaskSet})()
    new = type("New", (HttpUser,), {"host": site, "tasks": [print]})(env.Environment(events=events))
    assert (old.client.generation, old.client.trust_env) == (9, True)
    assert (new.client.generation, new.client.trust_env) == (2, False)
    assert new.client.get("/").ok and old.client.get("/").ok


def test_several_greenlets_may_use_one_session(session):
    greenlets = [gevent.spawn(session.get, f"/{number}") for number in range(20)]
    gevent.joinall(greenlets, timeout=10)
    assert [one.value.json()["path"] for one in greenlets] == [f"/{number}" for number in range(20)]


def test_a_request_can_be_cut_short_and_the_next_is_fine(session, hear):
    success, failure = hear("request_success"), hear("request_failure")
    with pytest.raises(gevent.Timeout):
        with gevent.Timeout(0.05):
            session.get("/slow")
    assert success == failure == []
    assert session.get("/x").json()["path"] == "/x"
