# SPDX-License-Identifier: MIT
"""The inside of requests, and a file that does a good deal when it is imported."""
import argparse
import json
import os
import resource
import sys
import warnings

import requests
import urllib3
from locust import HttpLocust, TaskSet, task
from locust.clients import HttpSession, ResponseContextManager
from locust.exception import StopLocust
from requests.adapters import HTTPAdapter
from requests.packages.urllib3.exceptions import InsecureRequestWarning
from requests.packages.urllib3.util.retry import Retry

from shopkit import pages
from shopkit.signing import Signed

warnings.filterwarnings("ignore", category=InsecureRequestWarning)
requests.packages.urllib3.disable_warnings(InsecureRequestWarning)
urllib3.disable_warnings()

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
sys.path.append(os.path.join(os.getcwd(), "data"))

parser = argparse.ArgumentParser()
parser.add_argument("-H", "--host")
parser.add_argument("--no-web", action="store_true")
known, others = parser.parse_known_args()
assert known.host == sys.argv[sys.argv.index("-H") + 1] and known.no_web, sys.argv
os.environ.setdefault("STAGE", "test")

with open("data/products.json") as file:  # in the working directory
    products = json.load(file)["products"]


class Tracing(HTTPAdapter):
    """Writes a number into each request."""
    sent = 0

    def send(self, request, **kwargs):
        Tracing.sent += 1
        request.headers["X-Trace"] = str(Tracing.sent)
        return super(Tracing, self).send(request, **kwargs)


class TeamSession(HttpSession):
    def request(self, method, url, *args, **kwargs):
        kwargs.setdefault("name", "team " + url)
        return super(TeamSession, self).request(method, url, *args, **kwargs)


class Internals(TaskSet):
    @task
    def all(self):
        self.retries()
        self.adapter()
        self.hooks()
        self.prepared()
        self.signed()
        self.handed_over()
        self.subclass()
        raise StopLocust

    def retries(self):
        retry = Retry(total=2, status_forcelist=[503], backoff_factor=0)
        client = HttpSession(self.locust.host)
        client.mount("http://", HTTPAdapter(max_retries=retry))
        response = client.get("/status/503", name="retried")
        assert response.status_code == 0 and isinstance(response.error, requests.exceptions.RetryError)

    def adapter(self):
        client = HttpSession(self.locust.host)
        client.mount(self.locust.host, Tracing())
        for number in (1, 2):
            sent = client.get("/echo", name="traced").json()["headers"]
            assert str(Tracing.sent) in str(sent), sent

    def hooks(self):
        seen = []
        self.client.get("/hello", hooks={"response": lambda r, *args, **kwargs: seen.append(r.status_code)})
        self.client.hooks["response"].append(lambda r, *args, **kwargs: seen.append("session"))
        self.client.get("/hello")
        self.client.hooks["response"] = []
        assert seen == [200, "session"], seen

    def prepared(self):
        request = requests.Request("POST", self.locust.host + "/echo", data={"a": "b"})
        prepared = self.client.prepare_request(request)
        assert isinstance(prepared, requests.PreparedRequest) and prepared.body == "a=b"
        prepared.headers["X-Late"] = "1"
        assert self.client.send(prepared).json()["method"] == "POST"

    def signed(self):
        response = self.client.get(pages.product(products[0]["id"]), auth=Signed("key"), name="signed")
        assert response.request.headers["X-Signature"] == Signed("key").sign("GET", response.request.path_url)

    def handed_over(self):
        """To a library that wants a requests.Session."""
        api = pages.Api(self.locust.host, session=self.client)
        assert isinstance(self.client, requests.Session) and api.product(12)["id"] == 12
        with self.client.get("/about/", catch_response=True, name="context") as response:
            assert isinstance(response, ResponseContextManager)

    def subclass(self):
        client = TeamSession(self.locust.host)
        assert client.get("/world").ok and client.post("/echo", data="x").ok


class InternalsLocust(HttpLocust):
    task_set = Internals
    min_wait = max_wait = 0


if __name__ == "__main__":
    sys.exit("this file is for the load test")
