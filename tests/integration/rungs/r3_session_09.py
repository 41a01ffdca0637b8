# SPDX-License-Identifier: MIT
"""Log in with a token from a cookie, keep it in headers, and what else a session is used for."""
import re
import urllib3

import requests
from locust import HttpLocust, TaskSet, task
from locust.clients import HttpSession
from locust.exception import StopLocust

urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
requests.packages.urllib3.disable_warnings()

# Of all users: whoever logs in last wins.
headers = {"Accept": "application/json"}


class LoggedIn(TaskSet):
    def on_start(self):
        self.client.verify = False
        self.client.get("/login")
        r = self.client.post("/login", {"username": "a", "password": "b"})
        assert "session" in self.client.cookies, self.client.cookies
        session = self.client.cookies["session"]
        assert r.cookies.get("session", session) == session
        self.client.headers["X-CSRFToken"] = session
        headers["X-Token"] = session

    @task
    def everything(self):
        self.with_headers()
        self.with_basic_auth()
        self.with_own_cookies()
        self.elsewhere()
        self.after_a_redirect()
        self.fresh_session()
        self.parsed_page()
        raise StopLocust()

    def with_headers(self):
        sent = self.client.get("/echo", headers=headers, verify=False).json()["headers"]
        sent = dict((name.lower(), value) for name, value in sent.items())
        assert sent["x-csrftoken"] == self.client.cookies["session"], sent
        assert sent["x-token"] and sent["accept"] == "application/json"
        self.client.headers.update({"User-Agent": "load test"})
        sent = self.client.get("/echo", name="/echo again").json()["headers"]
        assert "load test" in sent.values(), sent
        del self.client.headers["X-CSRFToken"]

    def with_basic_auth(self):
        assert self.client.get("/basic-auth/ann/secret", name="no auth").status_code == 401
        assert self.client.get("/basic-auth/ann/secret", auth=("ann", "secret")).status_code == 200
        self.client.auth = ("ann", "secret")
        assert self.client.get("/basic-auth/ann/secret", name="session auth").ok
        self.client.auth = None

    def with_own_cookies(self):
        self.client.cookies.set("colour", "blue")
        assert self.client.get("/cookies").json()["cookies"]["colour"] == "blue"
        requests.utils.add_dict_to_cookiejar(self.client.cookies, {"size": "9"})
        all_of_them = requests.utils.dict_from_cookiejar(self.client.cookies)
        assert all_of_them["size"] == "9" and "session" in all_of_them
        self.client.cookies.clear()
        assert self.client.get("/cookies", name="/cookies emptied").json()["cookies"] == {}

    def elsewhere(self):
        self.client.base_url = self.locust.host + "/echo"
        assert self.client.get("/under", name="other base").json()["target"] == "/echo/under"
        self.client.base_url = self.locust.host

    def after_a_redirect(self):
        r = self.client.get("/redirect/2")
        assert len(r.history) == 2 and r.history[0].status_code == 302 and r.url.startswith(self.locust.host)
        r = self.client.get("/redirect/1", allow_redirects=False, name="not followed")
        assert r.status_code == 302 and r.headers["Location"]

    def fresh_session(self):
        client = HttpSession(self.locust.host)
        assert len(client.cookies) == 0
        client.get("/cookies/set?fresh=1", name="fresh")
        assert client.cookies["fresh"] == "1" and "fresh" not in self.client.cookies
        old, self.locust.client = self.client, client
        assert self.client is client and self.client.cookies["fresh"] == "1"
        self.locust.client = old

    def parsed_page(self):
        content = self.client.get("/").content.decode("utf-8")
        links = re.findall(r'href="([^"]+)"', content)
        for link in links[:2]:
            self.client.get(link, name="a link")


class SessionLocust(HttpLocust):
    task_set = LoggedIn
    min_wait = 0
    max_wait = 0
