# SPDX-License-Identifier: MIT
"""The session's cookies as a requests jar over the engine's."""
import copy
import pickle
from http.cookiejar import DefaultCookiePolicy

import pytest
import requests
from locust.clients import HttpSession
from requests.cookies import RequestsCookieJar, cookiejar_from_dict


@pytest.fixture
def session(site):
    return HttpSession(site)


def sent(session, **given):
    headers = {name.lower(): value for name, value in session.get("/", **given).json()["headers"]}
    return sorted(headers.get("cookie", "").split("; ")) if "cookie" in headers else []


def test_cookies_of_the_server_are_seen_and_sent_again(session):
    response = session.get("/set?a=1&b=2")
    assert response.cookies.get_dict() == {"a": "1", "b": "2"}
    assert session.cookies["a"] == "1" and len(session.cookies) == 2
    assert sent(session) == ["a=1", "b=2"]


def test_cookies_of_the_script_are_sent(session):
    session.cookies.set("a", "1")
    session.cookies["b"] = "2"
    session.cookies.update({"c": "3"})
    session.cookies.set("d", "4", domain="127.0.0.1", path="/")
    assert sent(session) == ["a=1", "b=2", "c=3", "d=4"]
    assert isinstance(session.cookies, RequestsCookieJar)


def test_a_cookie_for_another_host_is_not_sent(session):
    session.cookies.set("a", "1", domain="elsewhere.example")
    session.cookies.set("b", "2", path="/deep")
    assert sent(session) == []


def test_a_cookie_is_replaced_by_one_of_the_same_place(session):
    session.cookies.set("a", "1")
    session.cookies.set("a", "2")
    assert sent(session) == ["a=2"]


def test_cookies_are_removed(session):
    session.get("/set?a=1&b=2&c=3")
    del session.cookies["a"]
    assert sent(session) == ["b=2", "c=3"]
    session.cookies.set("b", None)
    assert sent(session) == ["c=3"]
    session.cookies.clear()
    assert sent(session) == [] and len(session.cookies) == 0


def test_clearing_what_is_not_there_is_a_key_error(session):
    with pytest.raises(KeyError):
        session.cookies.clear("127.0.0.1", "/", "a")


def test_the_jar_works_as_a_mapping(session):
    session.get("/set?a=1&b=2")
    jar = session.cookies
    assert sorted(jar.keys()) == ["a", "b"] and sorted(jar.values()) == ["1", "2"] and dict(jar.items())["b"] == "2"
    assert "a" in jar and jar.get("nothing", "default") == "default"
    assert requests.utils.dict_from_cookiejar(jar) == {"a": "1", "b": "2"}
    assert jar.list_domains() == ["127.0.0.1"] and jar.get_dict("127.0.0.1") == {"a": "1", "b": "2"}
    with pytest.raises(KeyError):
        jar["nothing"]


@pytest.mark.parametrize("given", [{"a": "1"}, cookiejar_from_dict({"a": "1"})])
def test_a_dict_or_jar_may_take_the_jars_place(session, given):
    session.cookies.set("old", "x")
    session.cookies = given
    assert sent(session) == ["a=1"]


def test_a_jar_may_be_assigned_to_itself(session):
    session.cookies.set("a", "1")
    session.cookies = session.cookies
    assert sent(session) == ["a=1"]


def test_cookies_of_an_answer_may_be_given_to_another_session(session, site):
    answer = session.get("/set?a=1")
    other = HttpSession(site)
    other.cookies.update(answer.cookies)
    assert sent(other) == ["a=1"]
    third = HttpSession(site)
    third.cookies = session.cookies
    assert sent(third) == ["a=1"] and third.cookies is not session.cookies


def test_copies_are_jars_of_their_own(session):
    session.get("/set?a=1")
    for jar in (session.cookies.copy(), copy.copy(session.cookies), copy.deepcopy(session.cookies),
                pickle.loads(pickle.dumps(session.cookies))):
        assert type(jar) is RequestsCookieJar and jar.get_dict() == {"a": "1"}
        jar.clear()
    assert sent(session) == ["a=1"]


def test_cookies_of_one_request_are_sent_with_it_only(session):
    session.get("/set?a=1")
    assert sent(session, cookies={"b": "2"}) == ["a=1", "b=2"]
    assert sent(session) == ["a=1"]
    assert session.native_count() == 3


def test_a_cookie_of_one_request_wins_over_the_scripts(session):
    session.cookies.set("a", "1")
    assert sent(session, cookies={"a": "2"}) == ["a=2"]
    assert sent(session) == ["a=1"]


def test_both_ways_of_sending_share_the_cookies(session):
    session.hooks["response"].append(lambda response, **given: None)
    session.get("/set?a=1")
    session.hooks["response"].clear()
    assert sent(session) == ["a=1"]
    session.get("/set?b=2")
    session.hooks["response"].append(lambda response, **given: None)
    assert sent(session) == ["a=1", "b=2"] and session.native_count() == 2


def test_a_policy_of_the_scripts_is_obeyed(session):
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.get("/set?a=1")
    assert len(session.cookies) == 0 and session.native_count() == 0


def test_an_expired_cookie_goes(session):
    session.cookies.set("a", "1", domain="127.0.0.1")
    session.cookies.set("a", "1", domain="127.0.0.1", expires=1)
    assert len(session.cookies) == 0


def test_each_session_has_a_jar_of_its_own(site):
    one, other = HttpSession(site), HttpSession(site)
    one.get("/set?a=1")
    assert len(other.cookies) == 0
