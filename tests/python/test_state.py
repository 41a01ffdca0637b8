# SPDX-License-Identifier: MIT
"""What of a session goes into each request, and what the environment has to say about it."""
import pytest
import requests
from locust.clients import HttpSession
from locust._http import state
from locust._http.state import ALWAYS, BASE_HOST_ONLY, NEVER, session_state

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """environment(NAME=value): the only such variables; sessions are then asked afresh."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    state.environment_of.cache_clear()

    def set_variables(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        state.environment_of.cache_clear()

    yield set_variables
    state.environment_of.cache_clear()


def modern(base_url):
    return HttpSession(base_url, object(), object())


def test_an_untouched_session_sends_the_default_headers(environment):
    given = session_state(HttpSession("http://127.0.0.1"))
    assert given.plain == ALWAYS and b"User-Agent: python-requests/" in given.header_lines
    assert given.authorization is None and given.verify and given.max_redirects == 30


def test_looking_at_headers_changes_nothing(environment):
    untouched, looked = HttpSession("http://127.0.0.1"), HttpSession("http://127.0.0.1")
    assert looked.headers["Accept"] == "*/*"
    assert session_state(looked) == session_state(untouched)


def test_the_authorization_header_is_kept_apart(environment):
    session = HttpSession("http://127.0.0.1")
    session.headers["Authorization"] = "Bearer x"
    given = session_state(session)
    assert given.authorization == b"Bearer x" and b"Bearer" not in given.header_lines


def test_authentication_wins_over_the_header(environment):
    session = HttpSession("http://127.0.0.1")
    session.headers["Authorization"] = "Bearer x"
    session.auth = ("user", "pass")
    assert session_state(session).authorization == b"Basic dXNlcjpwYXNz"


@pytest.mark.parametrize("name,value", [("Content-Length", "3"), ("Bad", "a\r\nb"), ("Number", 5), ("Text", "\u20ac")])
def test_headers_that_requests_must_judge_are_left_to_it(environment, name, value):
    session = HttpSession("http://127.0.0.1")
    session.headers[name] = value
    assert session_state(session).plain == NEVER


def test_header_values_may_be_bytes_and_none_is_not_sent(environment):
    session = HttpSession("http://127.0.0.1")
    session.headers.clear()
    session.headers.update({"A": b"1", "B": None, "User-Agent": "mine", "Accept-Encoding": ""})
    assert session_state(session).header_lines == b"A: 1\r\nUser-Agent: mine\r\nAccept-Encoding: \r\n"


@pytest.fixture
def pem(tmp_path):
    """pem("name"): the path of a file of that name that is there."""

    def make(name):
        path = tmp_path / name
        path.touch()
        return str(path)

    return make


def test_verify_and_cert_become_paths(environment, pem):
    session = HttpSession("https://127.0.0.1")
    ca, cert, key = map(pem, ("ca", "cert", "key"))
    session.verify, session.cert = ca, (cert, key)
    assert session_state(session)[3:7] == (True, ca, cert, key)
    session.verify, session.cert = False, cert
    assert session_state(session)[3:7] == (False, None, cert, None)


@pytest.mark.parametrize("name, value", [("verify", "/not/there"), ("cert", "/not/there"), ("cert", ("/not/there", "/"))])
def test_files_that_are_not_there_are_left_to_requests(environment, name, value):
    session = HttpSession("https://127.0.0.1")
    setattr(session, name, value)
    assert session_state(session).plain == NEVER
    with pytest.raises(OSError, match="Could not find"):
        session.get("/")


def test_the_environments_ca_bundle_counts_in_0_9_only(environment, pem):
    environment(REQUESTS_CA_BUNDLE=pem("bundle"))
    assert session_state(HttpSession("https://127.0.0.1")).ca_path == pem("bundle")
    assert session_state(modern("https://127.0.0.1")).ca_path is None
    own = HttpSession("https://127.0.0.1")
    own.verify = pem("own")
    assert session_state(own).ca_path == pem("own")


def test_a_missing_ca_bundle_of_the_environment_is_left_to_requests(environment):
    environment(REQUESTS_CA_BUNDLE="/not/there")
    assert session_state(HttpSession("https://127.0.0.1")).plain == NEVER
    assert session_state(HttpSession("http://127.0.0.1")).plain == ALWAYS


def test_a_proxy_of_the_environment_needs_requests_in_0_9_only(environment):
    environment(HTTP_PROXY="http://127.0.0.1:1")
    assert session_state(HttpSession("http://somewhere.example")).plain == NEVER
    assert session_state(modern("http://somewhere.example")).plain == ALWAYS
    free = HttpSession("http://somewhere.example")
    free.trust_env = False
    assert session_state(free).plain == ALWAYS


def test_a_host_without_a_proxy_is_plain_but_others_are_not(environment, site, hear):
    environment(HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="127.0.0.1")
    base = site + "/asked-for-here-first"  # untouched sessions of one base URL share their state
    session = HttpSession(base)
    assert session_state(session).plain == BASE_HOST_ONLY
    failure = hear("request_failure")
    session.get("/")
    session.get(base + "/x")
    assert session.native_count() == 2 and failure == []
    session.get("http://other.invalid/", timeout=2)
    assert session.native_count() == 2
    assert isinstance(failure[0]["exception"], requests.exceptions.ProxyError)


def test_no_proxy_alone_is_no_proxy(environment):
    environment(NO_PROXY="*")
    assert session_state(HttpSession("http://somewhere.example")).plain == ALWAYS


def test_netrc_gives_the_credentials_of_the_base_host(environment, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine known.example login user password pass\n")
    environment(NETRC=str(netrc))
    given = session_state(HttpSession("http://known.example"))
    assert given.plain == BASE_HOST_ONLY and given.authorization == b"Basic dXNlcjpwYXNz"
    assert session_state(HttpSession("http://unknown.example")).authorization is None
    assert session_state(modern("http://known.example")).authorization is None


def test_the_environment_is_looked_at_once_per_base_url(environment, monkeypatch):
    calls = []
    monkeypatch.setattr(state, "getproxies", lambda: calls.append(1) or {})
    for _ in range(3):
        session_state(HttpSession("http://once.example"))
    assert len(calls) == 1
