# SPDX-License-Identifier: MIT
"""Whole users: the examples of chapters 3.1, 4.1 and 12 of the manual and of the article, set-up and tear-down (4.4)."""
import pytest

from shares import assert_shares
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
    min_wait = 5
    max_wait = 9
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
    min_wait = 5
    max_wait = 9
'''


def assert_quick_start(stage, text):
    """Do five users log in, load the site 2 : 1, and log out?"""
    target = stage.target("--require-login")
    report, _ = stage.play(text, "-c", "5", "-t", "1s", host=target.url)
    table = report.table()
    assert list(table) == ["GET /", "POST /login", "POST /logout", "GET /profile"]
    assert table["POST /login"].requests == table["POST /logout"].requests == 5
    assert table["GET /"].requests > 50
    assert_shares({label: row.requests for label, row in table.items()}, {"GET /": 2, "GET /profile": 1})
    assert report.total()[1] == 0 and report.errors() == {}
    agree(report, target.stats())


def test_M3_01_the_quick_start_with_functions(stage):
    """The example with functions, `tasks = {index: 2, profile: 1}`, `on_start` and `on_stop` loads a site."""
    assert_quick_start(stage, QUICK_START_FUNCTIONS)


def test_M3_03_tasks_are_gathered_in_a_task_set(stage):
    """Tasks are gathered in the attribute `tasks` of a task set: without it there are none."""
    report, _ = stage.play(QUICK_START_FUNCTIONS.replace("tasks = {index: 2, profile: 1}", "tasks = {profile: 1}"),
                           "-n", "5", host=stage.target().url)
    assert set(report.table()) <= {"POST /login", "POST /logout", "GET /profile"}


def test_M3_06_the_quick_start_with_decorators(stage):
    """The example with `@task(2)` and `@task(1)` and helper methods does the same."""
    assert_quick_start(stage, QUICK_START_DECORATED)


def test_M3_07_post_sends_a_form(stage):
    """`client.post(path, dict)` sends the dict as a form."""
    _, probe = stage.play("""
        from locust import HttpLocust, TaskSet
        from locust.exception import StopLocust
        from probe import note

        def login(l):
            answer = l.client.post("/echo", {"username":"ellen_key", "password":"education"}).json()
            note("sent", type=answer["headers"]["Content-Type"], form=answer["form"], method=answer["method"])
            raise StopLocust()

        class User(HttpLocust):
            task_set = type("Tasks", (TaskSet,), {"tasks": [login]})
    """, host=stage.target().url)
    sent = probe.all("sent")[0]
    assert (sent["method"], sent["type"]) == ("POST", "application/x-www-form-urlencoded")
    assert sent["form"] == {"username": "ellen_key", "password": "education"}


def test_M4_06_the_example_of_a_user_that_prints(stage):
    """The example's user of one printing task, waiting between two limits, prints."""
    report, _ = stage.play("""
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


WITHOUT = """
from locust import Locust, TaskSet

class Lost(Locust):
    min_wait = 1

class Fine(Locust):
    task_set = TaskSet
"""


def assert_refused(stage):
    report, _ = stage.play(WITHOUT, "-t", "1s", code=1)
    assert "Lost" in report.stderr and "task_set" in report.stderr and "Fine" not in report.stderr
    assert report.tables() == 0


def test_M4_11_every_user_class_needs_a_task_set(stage):
    """Every user class must have a `task_set`; one without is an error that names it."""
    assert_refused(stage)


def test_B_07_task_set_is_mandatory(stage):
    """A user class without `task_set` cannot be run."""
    assert_refused(stage)


def test_B_03_the_article_s_first_example(stage):
    """The article's first example logs in by POST in `on_start`, then gets `/` and `/about/` 2 : 1, with its own host."""
    target = stage.target()
    report, _ = stage.play(f"""
        from locust import HttpLocust, TaskSet, task

        class WebsiteTasks(TaskSet):
            def on_start(self):
                self.client.post("/login", {{
                    "username": "test",
                    "password": "123456"
                }})

            @task(2)
            def index(self):
                self.client.get("/")

            @task(1)
            def about(self):
                self.client.get("/about/")

        class WebsiteUser(HttpLocust):
            task_set = WebsiteTasks
            host = "{target.url}"
            min_wait = 1
            max_wait = 5
    """, "-c", "3", "-t", "1s")
    table = report.table()
    assert set(table) == {"GET /", "GET /about/", "POST /login"} and table["POST /login"].requests == 3
    assert_shares({label: row.requests for label, row in table.items()}, {"GET /": 2, "GET /about/": 1})
    agree(report, target.stats())


def test_B_19_on_start_prepares_each_user(stage):
    """`on_start` prepares each user once; what it has logged in to stays so for all of the user's tasks."""
    target = stage.target("--require-login")
    report, _ = stage.play(QUICK_START_FUNCTIONS.replace("    def on_stop(self):\n        logout(self)\n", ""), "-c", "4",
                           "-n", "200", host=target.url)
    table = report.table()
    assert table["POST /login"].requests == 4 and table["GET /profile"].requests > 10 and report.total()[1] == 0


BROWSE_PAGE = """
from locust import HttpLocust, Locust, TaskSet, task

class BrowsePage(TaskSet):
    @task(10)
    def index(self):
        self.client.get("/")

    @task(2)
    class AboutPage(TaskSet):
        def on_init(self):
            self.client.get("/about/")

        @task
        def team_page(self):
            self.client.get("/about/team/")

        @task
        def press_page(self):
            self.client.get("/about/press/")

        @task
        def stop(self):
            self.interrupt()

class User(%s):
    min_wait = 1
    max_wait = 12
    task_set = BrowsePage
"""


def test_M12_37_the_example_of_nested_sets(stage):
    """The example with a nested `AboutPage` runs with `HttpLocust`; its `Locust` has no client, and `on_init` no meaning."""
    report, _ = stage.play(BROWSE_PAGE % "HttpLocust", "-c", "3", "-n", "150", host=stage.target().url)
    assert set(report.table()) == {"GET /", "GET /about/team/", "GET /about/press/"}
    assert [text for text in report.records("WARNING") if "on_init" in text and "on_start" in text]
    printed, _ = stage.play(BROWSE_PAGE % "Locust", "-t", "1s")
    assert "HttpLocust" in printed.stderr and "LocustError" in printed.stderr and printed.total() == (0, 0)


ORDER = """
from locust import Locust, TaskSet, task
from probe import note

class Inner(TaskSet):
    def setup(self): note("inner setup")
    def teardown(self): note("inner teardown")
    def on_start(self): note("inner on_start")
    def on_stop(self): note("inner on_stop", user=self.locust.number)

    @task
    def inner(self): note("inner task")

class Outer(TaskSet):
    tasks = [Inner]
    def setup(self): note("set setup")
    def teardown(self): note("set teardown")
    def on_start(self): note("on_start")
    def on_stop(self): note("on_stop", user=self.locust.number)

class User(Locust):
    task_set = Outer
    min_wait = max_wait = 10000
    users = 0
    def __init__(self):
        super(User, self).__init__()
        User.users += 1
        self.number = User.users
    def setup(self): note("user setup")
    def teardown(self): note("user teardown")

class Interrupted(Locust):
    min_wait = max_wait = 0
    class task_set(TaskSet):
        entered = 0

        @task
        class Visit(TaskSet):
            def on_start(self):
                note("enters")
                self.parent.entered += 1

            def on_stop(self): note("leaves")

            @task
            def leave(self):
                if self.parent.entered == 3:
                    from locust.exception import StopLocust
                    raise StopLocust()
                self.interrupt()

        def teardown(self): note("declared alone")
"""


@pytest.fixture(scope="module")
def order(stage):
    """The notes of six users, half of them of each class."""
    _, probe = stage.play(ORDER, "-c", "6", "-t", "1s")
    return probe


def test_M4_36_setup_and_teardown_run_once(order):
    """`setup` and `teardown` of users and task sets run only once, however many users there are."""
    for kind in ("user setup", "set setup", "inner setup", "user teardown", "set teardown", "inner teardown"):
        assert order.count(kind) == 1, kind
    assert order.count("on_start") == order.count("on_stop") == 3


def test_M4_37_setup_runs_before_any_task(order):
    """`setup` runs before tasks start: those of users, then those of task sets, nested ones too."""
    assert order.kinds()[:3] == ["user setup", "set setup", "inner setup"]


def test_M4_38_teardown_runs_after_all_tasks(order):
    """`teardown` runs when all tasks have finished and Locust exits."""
    kinds = order.kinds()
    first = min(kinds.index(kind) for kind in kinds if "teardown" in kind or kind == "declared alone")
    assert {"inner teardown", "set teardown", "user teardown", "declared alone"} == set(kinds[first:])


def test_M4_39_declaring_the_method_is_enough(order):
    """Declaring `setup` or `teardown` is enough to have it run."""
    assert order.count("declared alone") == 1 and order.count("user setup") == 1


def test_M4_40_on_start_runs_when_a_user_enters_the_set(order):
    """`on_start` is called when a user begins to run the task set: nested ones each time."""
    assert order.count("on_start") == order.count("inner on_start") == 3
    assert order.count("enters") == 9


def test_M4_41_on_stop_runs_when_the_set_is_stopped(order):
    """`on_stop` is called when the task set is stopped: by `interrupt()`, `StopLocust` or the end of the test."""
    assert order.count("leaves") == 9
    ended = [(note["kind"], note["user"]) for note in order.all("inner on_stop") + order.all("on_stop")]
    assert sorted(ended) == sorted((kind, user) for kind in ("inner on_stop", "on_stop") for user in (1, 2, 3))


def test_M4_42_the_order_of_events(order):
    """The order is: setup of the user, of the set, on_start, tasks, on_stop, teardown of the set, of the user."""
    firsts = list(dict.fromkeys(kind for kind in order.kinds() if kind not in ("enters", "leaves", "declared alone")))
    assert firsts == ["user setup", "set setup", "inner setup", "on_start", "inner on_start", "inner task",
                      "inner on_stop", "on_stop", "inner teardown", "set teardown", "user teardown"]
