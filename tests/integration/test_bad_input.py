# SPDX-License-Identifier: MIT
"""Wrong files, options and scripts: a clear message on standard error, a code that is not 0, no half-started run."""
import subprocess

import pytest

from tables import Report, agree

GOOD = """
from locust import HttpLocust, TaskSet, task
class Tasks(TaskSet):
    @task
    def index(self): self.client.get("/")
class WebUser(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 20
"""


def refused(finished, *words, code=1):
    """The program ended before a run began, with a message that has all `words`."""
    text = str(finished)
    assert finished.code == code, text
    assert " # fails" not in finished.stderr and "Hatching" not in finished.stderr, text
    for word in words:
        assert word in finished.stderr, f"no {word!r}: {text}"
    for word in ("python/locust/_scenario", 'File "<frozen', "Sanitizer"):
        assert word not in finished.stderr, f"{word!r}: {text}"


@pytest.fixture
def refuse(begin):
    """refuse(text, *words, options): runs a locustfile that must be refused."""

    def refuse_script(text, *words, options=("-t", "2s"), host="http://127.0.0.1:1", **more):
        report = Report(begin(text, *options, host=host).finish(30))
        refused(report, *words, **more)
        return report

    return refuse_script


# ---- files


def test_no_locustfile(run, tmp_path):
    refused(run(["--no-web"], cwd=tmp_path), "locustfile", ".py", "--help")
    refused(run(["--no-web", "-f", "missing.py"]), "missing.py")
    refused(run(["--no-web", "-f", "no/such/folder/file.py"]), "no/such/folder/file.py")
    refused(run(["--no-web", "-f", str(tmp_path)]), str(tmp_path))
    (tmp_path / "text.txt").write_text("hello")
    refused(run(["--no-web", "-f", "text.txt"]), "text.txt")
    refused(run(["--no-web", "-f", ""]), "locustfile")


def test_a_file_that_cannot_be_read(run, tmp_path):
    (tmp_path / "loop.py").symlink_to("loop.py")
    refused(run(["--no-web", "-f", "loop.py"]), "loop.py")
    (tmp_path / "folder.py").mkdir()
    refused(run(["--no-web", "-f", "folder.py"]), "folder.py")
    (tmp_path / "binary.py").write_bytes(bytes(range(256)))
    refused(run(["--no-web", "-f", "binary.py"]), "binary.py")
    (tmp_path / "utf16.py").write_bytes(GOOD.encode("utf-16"))
    refused(run(["--no-web", "-f", "utf16.py"]), "utf16.py")
    (tmp_path / "latin.py").write_bytes(b"x = '\xe4'\n")
    refused(run(["--no-web", "-f", "latin.py"]), "latin.py")
    (tmp_path / "null.py").write_bytes(b"x = 1\x00\n")
    refused(run(["--no-web", "-f", "null.py"]), "null.py")


def test_an_empty_file_has_no_class(refuse):
    refuse("", "No user class found", "locustfile.py")
    refuse("from locust import HttpLocust, TaskSet\n", "No user class found")
    refuse("# just a comment", "No user class found")


def test_an_unknown_class(refuse):
    refuse(GOOD, "NoSuchUser", "WebUser", options=["NoSuchUser"])
    refuse(GOOD, "One", "Two", options=["One", "WebUser", "Two"])
    refuse(GOOD, "Tasks", options=["Tasks"])
    refuse(GOOD, "HttpLocust", options=["HttpLocust"])


def test_a_syntax_error(refuse):
    report = refuse("from locust import task\n\ndef broken(:\n    pass\n", "SyntaxError", "line 3", "def broken(:",
                    "locustfile.py")
    assert report.stderr.count("Traceback") <= 1
    refuse("def f():\nreturn 1\n", "IndentationError", "line 2")
    refuse("if True:\n    x = 1\n\ty = 2\n", "locustfile.py")


@pytest.mark.parametrize("line, word", [
    ('print "hello"', "print"), ("except_ = 1\ntry:\n    pass\nexcept ValueError, e:\n    pass", "except"), ("exec 'x'", "exec"),
    ("raise ValueError, 'x'", "raise"), ("x = 0777", "octal"), ("x = 1 <> 2", "<>"), ("x = 10L", "long"),
    ("x = `1`", "backquotes"), ("import urllib2", "urllib2"), ("x = unicode('a')", "unicode"),
    ("x = xrange(3)", "xrange"), ("from ConfigParser import ConfigParser", "ConfigParser")])
def test_python_2_is_told(refuse, line, word):
    refuse("import os\n" + line + "\n", "Python 2", word, "locustfile.py, line ")


def test_an_import_error_shows_the_script_s_own_lines(refuse, script):
    script("import missing_library_of_mine\n", "helper.py")
    report = refuse("import os\nimport helper\n", "ModuleNotFoundError", "missing_library_of_mine", 'locustfile.py", line 2',
                    'helper.py", line 1', "import helper")
    assert report.stderr.count('File "') == 2
    refuse("from locust import NoSuchName\n", "NoSuchName", 'locustfile.py", line 1')


def test_an_exception_at_import(refuse):
    report = refuse("def deep():\n    raise ValueError('at import: ünï')\ndeep()\n", "ValueError: at import: ünï",
                    'locustfile.py", line 3', 'locustfile.py", line 2', "in deep")
    assert report.stderr.count('File "') == 2
    refuse("from locust import TaskSet, task\nclass T(TaskSet):\n    @task(1.5)\n    def f(self): pass\n", "whole number", "f")
    refuse("from locust import HttpLocust\nclass T(HttpLocust):\n    pass\n", "T", "task_set")
    refuse("from locust import HttpUser\nclass T(HttpUser):\n    pass\n", "T", "task")
    refuse("raise SystemError('odd')\n", "SystemError")
    refuse("def f(): f()\nf()\n", "RecursionError")


def test_exits_at_import_are_the_script_s_own(run, script, script_environment):
    for text, code in (("import sys; sys.exit(4)", 4), ("import os; os._exit(6)", 6), ("raise SystemExit('sorry')", 1),
                       ("raise KeyboardInterrupt", None)):
        ended = run(["--no-web", "-f", script(text)], env=script_environment)
        assert ended.code == code or code is None and ended.code != 0, str(ended)


# ---- options


@pytest.mark.parametrize("options, words", [
    (["-c", "x"], ["-c", "'x'"]), (["-c", "-5"], ["-c"]), (["-c", "1.5"], ["-c"]), (["-c"], ["-c"]),
    (["-c", "99999999999999999999"], ["-c"]), (["-c", ""], ["-c"]),
    (["-r", "fast"], ["-r", "'fast'"]), (["-r", "-1"], ["-r"]), (["-r", "0"], ["-r"]), (["-r", "nan"], ["-r"]),
    (["--nonsense"], ["--nonsense"]), (["--no"], ["--no"]), (["-Z"], ["-Z"]), (["-n", "many"], ["-n"]),
    (["-n", "-1"], ["-n"]), (["--csv"], ["--csv"]), (["--no-web=yes"], ["--no-web"])])
def test_bad_options(run, script, options, words):
    refused(run(["-f", script(GOOD), "--no-web", *options], timeout=10), "Usage: ", *words, code=2)


@pytest.mark.parametrize("span", ["soon", "1.5h", "-5", "10x", "1h30", "10s5m", "", "1H", "9" * 30])
def test_bad_run_times(run, script, span):
    finished = run(["-f", script(GOOD), "--no-web", "-t", span], timeout=10)
    assert finished.code in (1, 2)
    refused(finished, "run", code=finished.code)


def test_a_bad_log_level_and_files_that_cannot_be_written(run, script):
    path = script(GOOD)
    refused(run(["-f", path, "--no-web", "-L", "LOUD"]), "LOUD", "DEBUG, INFO, WARNING, ERROR, CRITICAL")
    refused(run(["-f", path, "--no-web", "-H", "http://127.0.0.1:1", "--logfile", "no/folder/log"]), "no/folder/log")
    finished = run(["-f", path, "--no-web", "-H", "http://127.0.0.1:1", "-t", "1s", "--csv", "no/folder/base"])
    refused(finished, "no/folder/base")


def test_options_of_later_are_told_apart_from_nonsense(run, script):
    for option in ("--master", "--slave", "--html=x"):
        finished = run(["-f", script(GOOD), "--no-web", option])
        assert finished.code == 2 and option.partition("=")[0] in finished.stderr, str(finished)


def test_without_no_web_it_is_said_what_to_do(run, script):
    finished = run(["-f", script(GOOD)], timeout=10)
    assert finished.code == 2 and "--no-web" in finished.stderr, str(finished)


# ---- hosts


def test_no_host(begin):
    for base in ("HttpLocust", "HttpUser"):
        text = GOOD.replace("HttpLocust", base).replace("task_set = Tasks", "task_set = Tasks; tasks = [Tasks]")
        report = Report(begin(text, "-c", 2).finish(20))
        refused(report, "host", "--host", "WebUser")


@pytest.mark.parametrize("host, error", [
    ("http://127.0.0.1:1", "ConnectionError"), ("http://nowhere.invalid", "ConnectionError"),
    ("https://127.0.0.1:1", "ConnectionError")])
def test_an_unreachable_host_gives_failures(play, host, error):
    report = play(GOOD, "-c", 2, "-t", "1s", host=host, code=1)
    assert report.total()[0] == 0 < report.total()[1] and list(report.table()) == ["GET /"]
    assert all(error in text for text in report.errors()) and "Traceback" not in report.stderr


@pytest.mark.parametrize("host, error", [("127.0.0.1:8000", "InvalidSchema"), ("localhost", "MissingSchema"),
                                         ("ftp://host", "InvalidSchema"), ("http://", "InvalidURL")])
def test_a_host_that_is_no_url_is_told_with_each_request(play, host, error):
    report = play(GOOD, "-t", "1s", host=host, code=None)
    assert error in report.stderr and report.total() == (0, 0), str(report)


def test_plain_http_spoken_to_tls_and_the_other_way_round(play, start_target, target):
    report = play(GOOD, "-t", "1s", host=target.url.replace("http:", "https:"), code=1)
    assert report.total()[0] == 0 < report.total()[1] and all("SSLError" in error for error in report.errors())


# ---- scripts that fail while they run


def test_a_failing_setup_ends_before_it_began(refuse, probe):
    text = "from probe import note\n" + GOOD + "    def setup(self): raise ValueError('no database')\n"
    text += "    def teardown(self): note('teardown')\n"
    refuse(text, "ValueError: no database", "in setup")
    refuse(GOOD.replace("    @task\n", "    def setup(self): 1 / 0\n    @task\n"), "ZeroDivisionError", "in setup")


@pytest.mark.parametrize("base", ["HttpLocust", "HttpUser"])
def test_tasks_that_raise_are_logged_and_the_user_goes_on(play, probe, target, base):
    report = play(f"""
from locust import HttpLocust, HttpUser, TaskSet, task, constant
from probe import note

class Tasks(TaskSet):
    done = 0
    @task
    def work(self):
        self.done += 1
        note("task")
        if self.done % 2:
            raise ValueError("task error %d" % self.done)
        self.client.get("/")
        if self.done == 6:
            from locust.exception import StopLocust
            raise StopLocust()

class User({base}):
    task_set = Tasks
    tasks = [Tasks]
    min_wait = max_wait = 20
    {"" if base == "HttpLocust" else "wait_time = constant(0.02)"}
""", "-c", 2, host=target.url, code=0 if base == "HttpLocust" else 1)
    assert probe.count("task") == 12 and report.total() == (6, 0)
    for number in (1, 3, 5):
        assert report.stderr.count(f"ValueError: task error {number}") == 2
    assert report.stderr.count("Traceback (most recent call last)") == 6
    assert 'locustfile.py", line' in report.stderr and "in work" in report.stderr
    agree(report, target.stats())


def test_a_failing_assertion_is_an_exception_and_no_failed_request(play, target):
    report = play(GOOD.replace('self.client.get("/")', 'assert self.client.get("/").text == "no", "wrong page"'), "-t", "1s",
                  host=target.url)
    assert "AssertionError: wrong page" in report.stderr and report.total()[1] == 0 and report.total()[0] > 5


def test_odd_exceptions_of_tasks_are_survived(play, target):
    report = play("""
from locust import HttpLocust, TaskSet, task
from locust.exception import StopLocust

class BadStr(Exception):
    def __str__(self): raise RuntimeError("no str")
    __repr__ = __str__

class Frozen(Exception):
    __slots__ = ()
    def __setattr__(self, *args): raise AttributeError("frozen")

def endless(): endless()

class Tasks(TaskSet):
    kinds = iter([lambda: (_ for _ in ()).throw(BadStr()), lambda: (_ for _ in ()).throw(Frozen()), endless,
                  lambda: (_ for _ in ()).throw(MemoryError()), lambda: "x" + 1, lambda: {}["ünï \\ud800"],
                  lambda: (_ for _ in ()).throw(ExceptionGroup("many", [ValueError(1), KeyError(2)])),
                  lambda: next(iter([])), lambda: (_ for _ in ()).throw(OSError(5, "io")),
                  lambda: (_ for _ in ()).throw(TimeoutError())])
    @task
    def work(self):
        kind = next(self.kinds, None)
        if kind is None:
            print("all kinds done")
            raise StopLocust()
        kind()

class User(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 1
""", host=target.url)
    assert "all kinds done" in report.stderr and "RecursionError" in report.stderr and "ExceptionGroup" in report.stderr


def test_listeners_that_raise_harm_nobody(play, probe, target):
    report = play(GOOD + """
from locust import events
def broken(**kwargs): raise ValueError("broken listener")
def wrong_signature(): pass
for hook in (events.request_success, events.request, events.hatch_complete, events.quitting, events.test_start,
             events.test_stop, events.locust_start_hatching, events.spawning_complete):
    hook += broken
    hook += wrong_signature
from probe import note
events.request_success += lambda **kw: note("heard")
""", "-t", "1s", host=target.url, code=None)
    assert "ValueError: broken listener" in report.stderr and "wrong_signature" in report.stderr
    assert probe.count("heard") == report.total()[0] > 5
    agree(report, target.stats())


@pytest.mark.parametrize("base", ["HttpLocust", "HttpUser"])
def test_an_on_start_that_raises_ends_its_user_only(play, probe, target, base):
    report = play(f"""
from locust import HttpLocust, HttpUser, TaskSet, task, constant
from probe import note
numbers = iter(range(100))

class Tasks(TaskSet):
    def on_start(self):
        if next(numbers) % 2:
            raise ValueError("bad start")
    @task
    def work(self):
        self.client.get("/")
        note("work", user=id(self.locust))

class User({base}):
    task_set = Tasks
    tasks = [Tasks]
    min_wait = max_wait = 20
    {"" if base == "HttpLocust" else "wait_time = constant(0.02)"}
""", "-c", 4, "-t", "1s", host=target.url, code=0 if base == "HttpLocust" else 1)
    assert report.stderr.count("ValueError: bad start") >= 2
    assert len(set(probe.values("work", "user"))) == 2 or base == "HttpUser"
    agree(report, target.stats())


def test_an_on_stop_that_raises_is_logged(play, target):
    report = play(GOOD.replace("    @task\n", "    def on_stop(self): raise ValueError('bad stop')\n    @task\n"), "-c", 3, "-t", "1s",
                  host=target.url)
    assert report.stderr.count("ValueError: bad stop") == 3
    agree(report, target.stats())


def test_a_constructor_that_raises_ends_its_user(play, target):
    report = play(GOOD + "    def __init__(self, *args, **kwargs):\n        raise ValueError('bad constructor')\n", "-c", 3,
                  host=target.url, code=None)
    assert report.stderr.count("ValueError: bad constructor") == 3 and "All locusts dead" in report.stderr


def test_a_set_that_contains_itself_is_told_and_harms_no_other_user(play, target):
    report = play(GOOD + """
class Endless(TaskSet):
    pass
Endless.tasks = [Endless]
class Lost(WebUser):
    task_set = Endless
""", "-c", 2, "-t", "1s", host=target.url)
    assert "RecursionError" in report.stderr and report.total()[0] >= 1
    agree(report, target.stats())


def test_a_wait_that_makes_no_sense_is_told(play, target):
    for wait, word in (("min_wait = 500; max_wait = 100", "min_wait"), ("min_wait = 'x'", "must be a number, not 'x'"),
                       ("wait_function = lambda self: None", "must be a number, not None"),
                       ("wait_function = lambda self: 1 / 0", "division")):
        report = play(GOOD.replace("min_wait = max_wait = 20", wait), "-t", "1s", host=target.url, code=None)
        assert word in report.stderr and report.total()[0] >= 1, (wait, str(report))
        agree(report, target.stats(), uncounted=target.stats()["requests"] - report.total()[0])


def test_a_user_without_wait_time_does_not_wait(play, target):
    report = play("""
from locust import HttpUser, task
class Fast(HttpUser):
    @task
    def index(self): self.client.get("/")
""", "-t", "1s", host=target.url)
    assert report.total()[0] > 100
    agree(report, target.stats())


def test_empty_task_lists_are_told(refuse, play, target):
    report = play(GOOD.replace('    @task\n    def index(self): self.client.get("/")\n', "    tasks = []\n"), "-t", "1s", host=target.url,
                  code=None)
    assert "Tasks" in report.stderr and "no tasks" in report.stderr
    refuse("from locust import HttpUser\nclass Idle(HttpUser):\n    tasks = []\n", "Idle")
    refuse("from locust import TaskSet, HttpUser\nclass Idle(HttpUser):\n    tasks = 5\n", "Idle", "5")


def test_wrong_kinds_of_tasks_are_told(play, target):
    report = play(GOOD.replace("    @task\n", "    tasks = [5, 'text', None]\n    @task\n"), "-t", "1s", host=target.url)
    assert "not callable" in report.stderr and report.total()[0] > 3


def test_a_task_that_hides_everything_cannot_hide_its_end(play, target):
    """`except Exception: pass` around requests and waits: the run ends all the same."""
    report = play("""
import gevent
from locust import HttpLocust, TaskSet, task
class Tasks(TaskSet):
    @task
    def loop(self):
        while True:
            try:
                self.client.get("/")
                gevent.sleep(0.01)
            except Exception:
                pass
class User(HttpLocust):
    task_set = Tasks
""", "-c", 3, "-t", "1s", host=target.url)
    assert report.seconds < 15
    agree(report, target.stats())


def test_standard_error_that_is_closed_early_does_not_hang_the_run(acrida, script, target, tmp_path, script_environment):
    from programs import environment
    process = subprocess.Popen([acrida, "-f", script(GOOD), "--no-web", "-t", "1s", "-H", target.url], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env={**environment(tmp_path), **script_environment}, start_new_session=True)
    process.stderr.close()
    assert process.wait(20) in (0, 1)
    assert target.stats()["requests"] > 0
