# SPDX-License-Identifier: MIT
"""State of a session and all that an answer tells about itself."""
import datetime
import io
import os

import requests
from locust import HttpUser, task
from locust.exception import StopUser
from requests.auth import HTTPBasicAuth


class Base(HttpUser):
    abstract = True

    def on_start(self):
        response = self.client.post("/login", data={"username": "a", "password": "b"})
        self.client.headers = {**self.client.headers, "Authorization": "Bearer " + response.cookies["session"]}
        self.client.cookies.set("consent", "yes", path="/")


class SessionUser(Base):
    @task
    def all_of_it(self):
        self.describe(self.client.get("/json"))
        self.upload()
        self.flags()
        self.time_out()
        self.one_request_of_its_own()
        raise StopUser()

    def describe(self, response: requests.Response):
        assert isinstance(response, requests.Response)
        assert isinstance(response.elapsed, datetime.timedelta) and response.elapsed.total_seconds() > 0
        assert (response.reason, response.ok, response.history, response.is_redirect) == ("OK", True, [], False)
        assert response.request.method == "GET" and response.request.url == response.url
        assert response.request.headers["Authorization"].startswith("Bearer ") and response.request.body is None
        assert response.encoding in (None, "utf-8") and response.apparent_encoding
        response.encoding = "utf-8"
        assert response.text == response.content.decode() and response.json() and response.links == {}
        assert response.next is None and response.error is None
        assert list(response.iter_lines())[0] and b"".join(response.iter_content(8)) == response.content
        posted = self.client.post("/echo", json={"a": 1}, params=[("q", "x")], name="/echo json")
        assert posted.request.body == b'{"a": 1}' and posted.url.endswith("?q=x")

    def upload(self):
        path = os.path.join(os.path.dirname(__file__), "data", "products.json")
        with open(path, "rb") as file:
            response = self.client.post("/echo", files={"file": ("p.json", file, "application/json")},
                                        data={"kind": "list"}, name="upload")
        assert "multipart/form-data" in str(response.json()["headers"])
        assert response.json()["form"]["kind"] == "list" if response.json().get("form") else True
        assert self.client.post("/upload", files={"f": io.BytesIO(b"x" * 10000)}).json()["bytes"] > 10000
        assert self.client.post("/upload", data=io.BytesIO(b"x" * 5000), name="stream up").json()["bytes"] == 5000

    def flags(self):
        setattr(self.client, "feature_flag", True)
        assert self.client.feature_flag and isinstance(self.client, requests.Session)
        for method in ("get", "post"):
            getattr(self.client, method)("/echo", name="by name")
        assert self.client.get("/cookies", cookies={"once": "1"}).json()["cookies"] == {
            "consent": "yes", "session": self.client.cookies["session"], "once": "1"}
        assert "once" not in self.client.cookies
        del self.client.headers["Authorization"]
        assert self.client.get("/basic-auth/u/p", auth=HTTPBasicAuth("u", "p")).ok

    def time_out(self):
        response = self.client.get("/slow?ms=2000", timeout=0.02, name="timeout")
        assert response.status_code == 0 and isinstance(response.error, requests.exceptions.ReadTimeout)
        response = self.client.get("/redirect/1", allow_redirects=False)
        assert response.is_redirect and response.next.url.endswith("/") or response.next.url

    def one_request_of_its_own(self):
        with requests.Session() as session:
            session.headers["X-Other"] = "1"
            assert session.get(self.host + "/hello").ok
        assert requests.post(self.host + "/echo", json={}).json()["method"] == "POST"
