# SPDX-License-Identifier: MIT
"""What only 2.x's session does."""
from locust.exception import LocustError

from expect import raises


def requests_in_a_block_can_be_renamed(client):
    with client.rename_request("/renamed"):
        assert client.get("/json?1").ok
        assert client.get("/json?2", name="/own").ok
    assert client.request_name is None
    client.request_name = "/set"
    assert client.get("/json?3").ok
    client.request_name = None


def success_and_failure_belong_into_a_block(client):
    response = client.get("/json", catch_response=True)
    with raises(LocustError):
        response.success()
    with raises(LocustError):
        response.failure("x")
    with raises(LocustError):
        client.get("/json").success()


def the_last_word_counts(client):
    with client.get("/json", name="last word", catch_response=True) as response:
        response.failure("first")
        response.success()
    with client.get("/json", name="last word", catch_response=True) as response:
        response.success()
        response.failure("last")


def the_environment_is_not_trusted(client):
    assert client.trust_env is False


def a_session_knows_its_user(client):
    assert client.user.client is client
