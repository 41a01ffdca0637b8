# SPDX-License-Identifier: MIT
"""What the program is (chapter 1 of the manual, the article's overview), and the limit of open files (2.4)."""
import shutil

import pytest

USERS = 2000

# A crowd: all are in the same request at once, then do two more, then wait for an hour.
CROWD = """
import os, time
import gevent
from locust import HttpLocust, TaskSet, events, task
from probe import note

numbers = iter(range(%d))
inside, done = [], []

class Visit(TaskSet):
    @task
    def visit(self):
        number = next(numbers)
        inside.append(number)
        if len(inside) == %d:
            note("all inside", threads=len(os.listdir("/proc/self/task")), process=os.getpid())
        first = self.client.get("/slow?ms=1000", name="/slow")
        steps = [gevent.getcurrent().minimal_ident]
        for page in range(2):
            answer = self.client.get("/items/%%d.json" %% (number + page), name="/items")
            steps.append(answer.json()["id"] - number)
        if number %% 4 == 0:
            self.client.post("/echo", {"number": number}, name="fourth")
        done.append(number)
        note("visited", number=number, steps=steps, status=first.status_code, process=os.getpid())

class Visitor(HttpLocust):
    task_set = Visit
    min_wait = max_wait = 3600 * 1000

def measure():
    while len(done) < %d:
        gevent.sleep(0.1)
    before = time.process_time()
    gevent.sleep(1)  # the second that is measured
    note("idle", seconds=time.process_time() - before)
    from locust import runners
    note("alive", users=runners.locust_runner.user_count)
    runners.locust_runner.quit()

events.locust_start_hatching += lambda: gevent.spawn(measure)
""" % (USERS, USERS, USERS)


@pytest.fixture(scope="module")
def crowd(stage):
    """(Report, Probe) of 2000 users in one process."""
    return stage.play(CROWD, "-c", USERS, "-r", 10000, host=stage.target().url)


def test_M1_02_behaviour_is_code(crowd):
    """What each user does is written in code: loops, conditions, and what an answer said."""
    report, probe = crowd
    table = report.table()
    assert {label: row.requests for label, row in table.items()} == {
        "GET /slow": USERS, "GET /items": 2 * USERS, "POST fourth": USERS / 4}
    assert all(steps[1:] == [0, 1] for steps in probe.values("visited", "steps"))


def test_M1_04_thousands_of_users_wait_for_answers_in_one_thread(crowd):
    """Thousands of users are served by events on one machine: all wait for answers at once, without threads."""
    note, = crowd[1].all("all inside")
    assert note["threads"] < 20
    answered = sum(time < note["time"] for time in crowd[1].values("visited", "time"))
    assert answered < USERS / 10, "so many were through before all had asked"


def test_M1_05_each_user_runs_in_a_greenlet_of_its_own(crowd):
    """Each user runs in a light-weight thread of its own, so its code reads as if it blocked."""
    greenlets = {steps[0] for steps in crowd[1].values("visited", "steps")}
    assert len(greenlets) == USERS
    assert set(crowd[1].values("visited", "status")) == {200}


def test_M1_08_idle_users_cost_little(crowd):
    """Thousands of users run in one process, and those that wait cost next to nothing."""
    report, probe = crowd
    assert len(set(probe.values("visited", "process"))) == 1
    assert probe.values("idle", "seconds")[0] < 0.3
    assert report.seconds < 60


def test_B_02_thousands_of_users_on_one_machine(crowd):
    """Thousands of users live at the same time on one machine."""
    assert crowd[1].values("alive", "users") == [USERS]
    assert f"All locusts hatched: Visitor: {USERS}" in crowd[0].stderr


def test_M1_06_a_scenario_is_plain_python(play, target, tmp_path):
    """A scenario is plain Python with all its libraries and language: no recording, no XML."""
    (tmp_path / "pages.csv").write_text("path,times\n/about/,2\n/json,1\n")
    play("""
import csv, functools, os
from locust import HttpLocust, TaskSet, task
from locust.exception import StopLocust

with open(os.path.join(os.path.dirname(__file__), "pages.csv"), newline="") as file:
    PAGES = {row["path"]: int(row["times"]) for row in csv.DictReader(file)}

def logged_in(method):
    @functools.wraps(method)
    def with_login(self):
        self.client.post("/login", {"username": "ann", "password": "secret"})
        return method(self)
    return with_login

class Reading:
    def read(self):
        for path, times in PAGES.items():
            yield from (self.client.get(path) for _ in range(times))

class Visit(Reading, TaskSet):
    @task
    @logged_in
    def all_pages(self):
        assert all(answer.ok for answer in self.read())
        raise StopLocust()

class Visitor(HttpLocust):
    task_set = Visit
""", host=target.url)
    assert target.stats()["by_path"] == {"/login": 1, "/about/": 2, "/json": 1}


def test_M2_08_too_few_open_files_are_told(stage, acrida, tmp_path, script):
    """Where fewer files may be open than there are users, that is told; where they run out, requests fail."""
    limited = shutil.which("prlimit"), "--nofile=200:200", acrida, "-f", script("""
import os
from locust import HttpLocust, TaskSet, task

taken = [os.open("/dev/null", os.O_RDONLY) for _ in range(150)]

class Visit(TaskSet):
    @task
    def ask(self):
        self.client.get("/slow?ms=500", name="/slow")

class Visitor(HttpLocust):
    task_set = Visit
    min_wait = max_wait = 3600 * 1000
"""), "--no-web", "-H", stage.target().url, "-r", "1000", "-t", "1s"
    few = stage.start(*limited, "-c", "200").finish(60)
    assert few.code == 1 and "200 users may need 264 open files" in few.stderr
    short = stage.start(*limited, "-c", "100").finish(60)
    assert short.code == 1 and "out of local ports or descriptors" in short.stderr, str(short)


def test_M12_06_python_is_python_3(play, run, script, probe):
    """Locustfiles run in Python 3; one that is written for Python 2 is refused with the line that shows it."""
    play("""
import sys
from locust import Locust, TaskSet, task
from probe import note

class Visit(TaskSet):
    @task
    def look(self):
        note("python", version=sys.version_info[0])

class Visitor(Locust):
    task_set = Visit
""", "-t", "1s")
    assert probe.values("python", "version")[0] == 3
    refused = run(["-f", script("import sys\n\nprint 'hello'\n", "old.py"), "--no-web"])
    assert refused.code == 1 and "old.py, line 3: print without parentheses" in refused.stderr
