# SPDX-License-Identifier: MIT
import os
import pathlib
import subprocess
import sys

import _acrida

SCRIPT = """
from locust import HttpUser, constant, events, run_single_user, task
from locust.exception import StopUser

@events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--tenant", default="acme")

@events.test_start.add_listener
def begin(environment, **kwargs):
    print("begin", environment.parsed_options.tenant, environment.runner)

class User(HttpUser):
    wait_time = constant(0)

    @task
    def all(self):
        self.client.post("/echo", json={"a": 1}, name="named")
        self.client.get("/status/500")
        raise StopUser

if __name__ == "__main__":
    run_single_user(User, include_length=True, include_payload=True)
"""


def test_one_user_runs_in_a_plain_python(tmp_path, site):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    package = pathlib.Path(__file__).resolve().parents[2] / "python"
    folders = os.pathsep.join((str(package), str(pathlib.Path(_acrida.__file__).parent)))
    done = subprocess.run([sys.executable, path, "--host", site, "--tenant", "globex"], capture_output=True, text=True,
                          timeout=60, check=False, env={**os.environ, "PYTHONPATH": folders})
    assert done.returncode == 0, done.stderr
    first, head, post, get = sorted(done.stdout.splitlines(), key=lambda line: ("begin", "type", "POST", "GET").index(
        line.split()[0]))
    assert first == "begin globex None" and head.split() == ["type", "name", "resp_ms", "response_length", "payload",
                                                             "exception"]
    assert post.split("\t")[1].strip() == "named" and "b'{\"a\": 1}'" in post
    assert get.split("\t")[1].strip() == "/status/500" and "500 Server Error" in get
