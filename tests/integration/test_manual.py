# SPDX-License-Identifier: MIT
"""The examples of the Locust 0.9 manual, chapters 3.1, 4 and 4.5, as they are printed but for waits and hosts."""
import pytest

from tables import agree

QUICK_START_FUNCTIONS = """
from locust import HttpLocust, TaskSet

def login(l):
    l.client.post("/login", {"username":"ellen_key", "password":"education"})

def logout(l):
    l.client.post("/logout", {"username":"ellen_key", "password":"education"})

def index(l):
    l.client.get("/")

def profile(l):
    l.client.get("/profile")

class UserBehavior(TaskSet):
    tasks = {index: 2, profile: 1}

    def on_start(self):
        login(self)

    def on_stop(self):
        logout(self)

class WebsiteUser(HttpLocust):
    task_set = UserBehavior
    min_wait = 50
    max_wait = 90
"""

QUICK_START_DECORATED = '''
from locust import HttpLocust, TaskSet, task

class UserBehavior(TaskSet):
    def on_start(self):
        """ on_start is called when a Locust start before any task is scheduled """
        self.login()

    def on_stop(self):
        """ on_stop is called when the TaskSet is stopping """
        self.logout()

    def login(self):
        self.client.post("/login", {"username":"ellen_key", "password":"education"})

    def logout(self):
        self.client.post("/logout", {"username":"ellen_key", "password":"education"})

    @task(2)
    def index(self):
        self.client.get("/")

    @task(1)
    def profile(self):
        self.client.get("/profile")

class WebsiteUser(HttpLocust):
    task_set = UserBehavior
    min_wait = 50
    max_wait = 90
'''


@pytest.mark.parametrize("text", [QUICK_START_FUNCTIONS, QUICK_START_DECORATED], ids=["functions", "decorated"])
def test_quick_start_loads_the_site_and_counts_every_request(text, play, start_target):
    target = start_target("--require-login")
    report = play(text, "-c", 5, "-r", 50, "-t", "2s", "--csv", "numbers", host=target.url)
    table = report.table()
    assert list(table) == ["GET /", "POST /login", "POST /logout", "GET /profile"]
    assert table["POST /login"].requests == table["POST /logout"].requests == 5
    assert 0.3 < table["GET /profile"].requests / table["GET /"].requests < 0.85  # 0.5, of about 120
    assert report.total()[1] == 0 and report.errors() == {}
    agree(report, target.stats(), report.finished.cwd / "numbers")


def test_wait_function_of_the_manual_is_taken(play, target):
    report = play(QUICK_START_DECORATED.replace("    min_wait = 50\n    max_wait = 90\n", """
    wait_function = lambda self: random.expovariate(1)*100
""").replace("from locust", "import random\nfrom locust", 1), "-c", 4, "-r", 50, "-t", "1s", host=target.url)
    tasks = report.table()["GET /"].requests + report.table()["GET /profile"].requests
    assert 10 < tasks < 100  # about 40
    agree(report, target.stats())


def test_prints_of_a_plain_locust_are_log_records(play):
    report = play("""
        from locust import Locust, TaskSet, task

        class MyTaskSet(TaskSet):
            @task
            def my_task(self):
                print("executing my_task")

        class MyLocust(Locust):
            task_set = MyTaskSet
            min_wait = 50
            max_wait = 150
    """, "-t", "1s")
    printed = report.records("INFO", "stdout")
    assert set(printed) == {"executing my_task"} and 5 < len(printed) < 22
    assert report.total() == (0, 0) and report.stdout == ""


def test_a_task_can_name_its_locust(play):
    report = play("""
        from locust import Locust, TaskSet, task

        class MyTaskSet(TaskSet):
            min_wait = 50
            max_wait = 50

            @task
            def my_task(self):
                print("Locust instance (%r) executing my_task" % (self.locust))

        class MyLocust(Locust):
            task_set = MyTaskSet
    """, "-t", "1s")
    printed = report.records("INFO", "stdout")
    assert "MyLocust object at 0x" in printed[0] and printed[0].endswith("executing my_task")
    assert len(printed) > 5  # the task set's own wait, not the user's second


def test_task_weights_are_the_ratio_of_tasks(play, probe):
    play("""
        from locust import Locust, TaskSet, task
        from probe import note

        class MyTaskSet(TaskSet):
            min_wait = 1
            max_wait = 2

            @task(3)
            def task1(self):
                note("task1")

            @task(6)
            def task2(self):
                note("task2")

        class MyLocust(Locust):
            task_set = MyTaskSet
    """, "-t", "1s")
    assert 1.4 < probe.count("task2") / probe.count("task1") < 2.9


def test_tasks_may_be_a_list_of_functions(play):
    report = play("""
        from locust import Locust, TaskSet

        def my_task(l):
            pass

        class MyTaskSet(TaskSet):
            tasks = [my_task]

        class MyLocust(Locust):
            task_set = MyTaskSet
    """, "-t", "1s")
    assert report.records("ERROR") == []


NESTED = """
from locust import Locust, TaskSet, task
from probe import note

class ForumPage(TaskSet):
    @task(20)
    def read_thread(self):
        note("read_thread", parent=type(self.parent).__name__, locust=type(self.locust).__name__)

    @task(1)
    def new_thread(self):
        note("new_thread")

    @task(5)
    def stop(self):
        note("stop")
        self.interrupt()

class UserBehaviour(TaskSet):
    tasks = {ForumPage:10}

    @task
    def index(self):
        note("index", parent=type(self.parent).__name__)

class MyLocust(Locust):
    task_set = UserBehaviour
    min_wait = 0
    max_wait = 1
"""


def test_task_sets_can_be_nested_and_left(play, probe):
    play(NESTED, "-c", 2, "-r", 10, "-t", "1s")
    for kind in ("read_thread", "new_thread", "stop", "index"):
        assert probe.count(kind) > 3, kind
    assert 2 < probe.count("read_thread") / probe.count("stop") < 8  # 4
    assert 4 < probe.count("stop") / probe.count("index") < 25  # 10
    assert set(probe.values("read_thread", "parent")) == {"UserBehaviour"}
    assert set(probe.values("read_thread", "locust")) == set(probe.values("index", "parent")) == {"MyLocust"}


def test_task_sets_can_be_nested_inline(play, probe):
    play("""
        from locust import Locust, TaskSet, task
        from probe import note

        class MyTaskSet(TaskSet):
            @task
            class SubTaskSet(TaskSet):
                @task
                def my_task(self):
                    note("my_task", same=self.parent.locust is self.locust)

        class MyLocust(Locust):
            task_set = MyTaskSet
            min_wait = max_wait = 20
    """, "-t", "1s")
    assert probe.count("my_task") > 5 and all(probe.values("my_task", "same"))


def test_a_task_sequence_keeps_its_order(play, probe):
    play("""
        from locust import Locust, TaskSequence, seq_task, task
        from probe import note

        class MyTaskSequence(TaskSequence):
            @seq_task(1)
            def first_task(self):
                note("1")

            @seq_task(2)
            def second_task(self):
                note("2")

            @seq_task(3)
            @task(10)
            def third_task(self):
                note("3")

        class MyLocust(Locust):
            task_set = MyTaskSequence
            min_wait = max_wait = 1
    """, "-t", "1s")
    order = "".join(probe.kinds())
    assert len(order) > 36 and ("123333333333" * (len(order) // 12 + 1)).startswith(order)


ORDER = """
from locust import Locust, TaskSet, task
from probe import note

class Inner(TaskSet):
    def setup(self): note("inner setup")
    def teardown(self): note("inner teardown")
    def on_start(self): note("inner on_start")
    def on_stop(self): note("inner on_stop")

    @task
    def inner(self): note("inner task")

class Outer(TaskSet):
    tasks = [Inner]
    def setup(self): note("set setup")
    def teardown(self): note("set teardown")
    def on_start(self): note("on_start")
    def on_stop(self): note("on_stop")

class User(Locust):
    task_set = Outer
    min_wait = max_wait = 10000
    def setup(self): note("user setup")
    def teardown(self): note("user teardown")
"""


def test_setup_start_stop_and_teardown_have_their_order(play, probe):
    play(ORDER, "-c", 1, "-t", "1s")
    assert probe.kinds() == ["user setup", "set setup", "inner setup", "on_start", "inner on_start", "inner task",
                             "inner on_stop", "on_stop", "inner teardown", "set teardown", "user teardown"]


def test_setup_and_teardown_run_once_for_many_users(play, probe):
    play(ORDER, "-c", 10, "-r", 100, "-t", "1s")
    for kind in ("user setup", "set setup", "inner setup", "user teardown", "set teardown", "inner teardown"):
        assert probe.count(kind) == 1, kind
    for kind in ("on_start", "on_stop", "inner on_start", "inner on_stop"):
        assert probe.count(kind) == 10, kind
    assert probe.kinds()[:3] == ["user setup", "set setup", "inner setup"]


def test_common_libraries_are_imported_from_beside_and_from_the_project_root(play, script, probe, tmp_path):
    script("import probe\ndef note(kind): probe.note(kind)\n", "project/common/auth.py")
    script("", "project/common/__init__.py")
    script("LOADED = True\n", "project/locustfiles/beside.py")
    path = script("""
        import sys, os
        sys.path.append(os.getcwd())
        import common.auth
        import beside
        from locust import Locust, TaskSet, task
        from locust.exception import StopLocust

        class Tasks(TaskSet):
            @task
            def my_task(self):
                import beside as again  # at run time, too
                common.auth.note("loaded" if again.LOADED else "?")
                raise StopLocust()

        class User(Locust):
            task_set = Tasks
    """, "project/locustfiles/web_app.py")
    play(path, cwd=tmp_path / "project")
    assert probe.kinds() == ["loaded"]
