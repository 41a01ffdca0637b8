# SPDX-License-Identifier: MIT
"""The command line (chapters 2, 3 and 6 of the manual), where locustfiles and their modules are found (4), and the log."""
import json
import re
import signal
import socket
import time

import pytest

from programs import Program
from sanitizer import plain_environment
from tables import Report, agree

SITE = """
from locust import HttpLocust, TaskSet, task
from probe import note

class Tasks(TaskSet):
    def on_start(self):
        note("start", user=type(self.locust).__name__)
    @task
    def index(self):
        self.client.get("/")

class WebUser(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 20

class MobileUser(WebUser):
    pass
"""

# Says where it is, prints, logs, and starts a thread; each user makes one request and then waits.
TALKING = """
import logging, os, threading, time
from locust import HttpLocust, TaskSet, task
from probe import note

note("module", name=__name__, file=__file__, cwd=os.getcwd())
logging.getLogger("shop.cart").warning("filled with %d", 3)
print("printed at import")

def sleep_in_a_thread():
    note("thread sleeps")
    time.sleep(0.3)
    note("thread woke")

class Tasks(TaskSet):
    def on_start(self):
        note("start")
        if not hasattr(Tasks, "thread"):
            Tasks.thread = threading.Thread(target=sleep_in_a_thread)
            Tasks.thread.start()
            Tasks.thread.join()
    @task
    def index(self):
        note("request")
        print("printed by", "a task")
        self.client.get("/")

class WebUser(HttpLocust):
    host = "http://127.0.0.1:1"
    task_set = Tasks
    min_wait = max_wait = 50
"""

RATIOS = """
from locust import Locust, TaskSet, task

class Sub(TaskSet):
    @task(20)
    def read_thread(self): pass
    @task(1)
    def new_thread(self): pass
    @task(5)
    def stop(self): pass

class Tasks(TaskSet):
    tasks = {Sub: 10}
    @task
    def index(self): pass

class A(Locust):
    weight = 3
    task_set = Tasks

class B(Locust):
    weight = 1
    class task_set(TaskSet):
        def only(self): pass
        tasks = [only]
"""


class Talk:
    """A run of TALKING, started as in the manual: in the file's folder, without -f."""

    def __init__(self, stage, folder):
        self.folder = folder
        self.target = stage.target()
        path = folder / "locustfile.py"
        path.write_text(TALKING)
        # The later --host wins over the one that is play's to give, and is given as the manual does.
        self.report, self.probe = stage.play(path, "-c", 3, "-t", "1s", f"--host={self.target.url}")


@pytest.fixture(scope="module")
def talk(stage, tmp_path_factory):
    return Talk(stage, tmp_path_factory.mktemp("talk"))


@pytest.fixture
def look(run, tmp_path, script_environment):
    """look(*arguments, folder, code): the program in that folder of the test's; a Finished."""

    def look_at(*arguments, folder=".", code=0, env=None):
        finished = run([str(argument) for argument in arguments], cwd=tmp_path / folder,
                       env={**script_environment, "HOME": str(tmp_path), **(env or {})})
        assert finished.code == code, str(finished)
        return finished

    return look_at


def classes(finished):
    head, *names = finished.stdout.splitlines()
    assert head == "Available Locusts:" and all(name.startswith("    ") for name in names), str(finished)
    return [name[4:] for name in names]


# ---- the command and its options


def test_M2_03_a_command_named_locust_is_there_after_installation(installed, tmp_path):
    """After `meson install` there is a command `locust` on the path."""
    bare = Program(["/usr/bin/env", f"PATH={installed / 'bin'}", "locust", "--version"], tmp_path).finish(30)
    assert bare.code == 0 and re.fullmatch(r"\S+ \d+\.\d+\S*\n", bare.stdout), str(bare)


# Of Locust 0.9, in its order: names, what --help says of the default.
OPTIONS = [
    ("-h --help", None), ("-H --host", None), ("--web-host", "all"), ("-P --port --web-port", "8089"),
    ("-f --locustfile", "locustfile"), ("--csv --csv-base-name", None), ("--master", None), ("--slave", None),
    ("--master-host", "127.0.0.1"), ("--master-port", "5557"), ("--master-bind-host", "all"),
    ("--master-bind-port", "5557"), ("--expect-slaves", "1"), ("--no-web", None), ("-c --clients", "1"),
    ("-r --hatch-rate", "1"), ("-t --run-time", "no limit"), ("-L --loglevel", "INFO"), ("--logfile", None),
    ("--print-stats", None), ("--only-summary", None), ("--no-reset-stats", None), ("--reset-stats", None),
    ("-l --list", None), ("--show-task-ratio", None), ("--show-task-ratio-json", None), ("-V --version", None)]


@pytest.fixture(scope="module")
def help_table(stage, acrida):
    """[(names, text)] of --help."""
    shown = stage.start(acrida, "--help").finish(30)
    assert shown.code == 0 and shown.stderr == "" and shown.stdout.startswith("Usage: ")
    entries = re.split(r"^  (?=-)", shown.stdout, flags=re.M)[1:]
    split = [re.split(r"\s{2,}", entry, maxsplit=1) for entry in entries]
    return [(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", names), " ".join(text.split())) for names, text in split]


def test_M2_04_help_lists_all_options(help_table):
    """`--help` lists all options, on standard output."""
    listed = [option for option in (find(help_table, names.split()[0]) for names, _ in OPTIONS) if option]
    assert len(listed) == len(OPTIONS)
    assert [help_table.index(option) for option in listed] == sorted(help_table.index(option) for option in listed)


def find(table, name):
    return next((entry for entry in table if name in entry[0]), None)


def test_M3_17_help_says_names_and_defaults_of_each_option(help_table):
    """Each option has the names and the default that the manual gives it."""
    for names, default in OPTIONS:
        found, text = find(help_table, names.split()[0])
        assert set(names.split()) <= set(found), names
        assert default is None or f"[{default}" in text, (names, text)


def test_M3_12_a_locustfile_in_the_working_directory_is_taken(script, start, target, probe, script_environment):
    """Without `-f` the `locustfile.py` of the working directory is run; `--host` says against what."""
    script(SITE)
    finished = start(f"--host={target.url}", "--no-web", "-t", "1s", env=script_environment).finish(30)
    assert probe.count("start") == 1
    agree(Report(finished), target.stats())


def test_M3_13_a_locustfile_elsewhere_is_named(play, script, target):
    """`-f FOLDER/FILE` names a locustfile elsewhere."""
    script(SITE, "locust_files/my_locust_file.py")
    finished = play(SITE, "-f", "locust_files/my_locust_file.py", f"--host={target.url}", "-t", "1s", "WebUser")
    assert finished.total()[0] == target.stats()["requests"] > 5


def test_B_30_host_overrides_that_of_the_class(talk):
    """`-H` and `--host` say what to load instead of the class's `host`."""
    assert talk.report.total()[0] == talk.target.stats()["requests"] > 5


@pytest.mark.parametrize("arguments, folder, name", [
    ([], "deep/er", "locustfile"), (["-f", "pack"], "deep", "pack"), (["--locustfile=deep/other"], ".", "other"),
    (["-f../deep/other.py"], "deep", "other"), (["-f", "~/my-flow.v2.py"], "pack", "my_flow")])
def test_B_31_the_locustfile_may_be_anywhere(look, script, arguments, folder, name):
    """`-f` and `--locustfile` find a file or package, with or without `.py`, here, above or in a folder."""
    for path, user in (("locustfile.py", "locustfile"), ("deep/other.py", "other"), ("deep/er/none.txt", "none"),
                       ("pack/__init__.py", "pack"), ("pack.py", "wrong"), ("my-flow.v2.py", "my_flow")):
        script(SITE.replace("WebUser", user), path)
    assert classes(look(*arguments, "-l", folder=folder))[0] == name


def test_B_32_clients_is_the_number_of_users(talk):
    """`-c` is the number of users."""
    assert talk.probe.count("start") == 3 and "All locusts hatched: WebUser: 3" in talk.report.stderr


def test_B_34_one_user_a_second_unless_told(begin, probe, target):
    """`-r` is the number of users started per second, 1 unless given."""
    program = begin(SITE, "--no-web", "-c", 2, host=target.url, headless=False)
    first, second = probe.values("start", "time") if probe.wait("start", 2) else ()
    program.signal(signal.SIGINT)
    assert "2 clients at the rate 1 clients/s" in program.finish(30).stderr
    assert 0.9 < second - first < 3


def test_M6_01_a_test_without_the_page(begin, probe, target):
    """`--no-web` with `-c` and `-r` starts at once; the example asks for 1000 users, 100 each second."""
    begun = begin(SITE, "--no-web", "-c", 1000, "-r", 100, "-t", "1s", host=target.url, headless=False)
    report = Report(begun.finish(30))
    probe.settle()
    assert "Hatching and swarming 1000 clients at the rate 100 clients/s" in report.stderr
    starts = probe.values("start", "time")
    assert 50 < len(starts) <= 115 and starts[50] - starts[0] > 0.4
    agree(report, target.stats())


def test_M6_07_the_example_with_a_run_time(script, start, probe, target, script_environment):
    """The manual's `-f --no-web -c 1000 -r 100 --run-time 1h30m` runs the default locustfile for 90 minutes."""
    script(SITE)
    program = start(*"-f --no-web -c 1000 -r 100 --run-time 1h30m -H".split(), target.url, env=script_environment)
    probe.wait("start", 20)
    program.signal(signal.SIGINT)
    report = Report(program.finish(30))
    assert "Run time limit set to 5400 seconds" in report.stderr and report.code == 0
    assert "1000 clients at the rate 100 clients/s" in report.stderr
    assert ["-f has no value" in text for text in report.records("WARNING", "locust.main")] == [True]


@pytest.fixture(scope="module")
def limited(stage):
    """(report, the target's count) of runs with -n, by the number of users."""
    runs = {}
    for users, name in ((1, "-n"), (7, "--num-request")):
        target = stage.target()
        report, _ = stage.play(SITE, "-c", users, name, 20, "WebUser", host=target.url)
        runs[users] = report, target.stats()["requests"]
    return runs


def test_M6_05_the_0_8_way_to_stop_works(limited):
    """`-n`, which 0.8 had in the place of `--run-time`, ends a test after so many requests."""
    report, served = limited[1]
    assert report.total() == (20, 0) and served == 20 and report.code == 0


def test_B_33_num_request_is_the_number_of_requests(play, target):
    """The article's `--no_web -c 1 -n 1` makes one request."""
    report = play(SITE, "--no_web", "-c", 1, "-n", 1, host=target.url, headless=False)
    assert report.total() == (1, 0) and target.stats()["requests"] == 1


def test_M12_36_a_number_of_requests_is_kept_with_many_users(limited):
    """`-n` works with several users: requests under way when it is reached are finished and counted."""
    report, served = limited[7]
    assert 20 <= report.total()[0] < 27 and report.total()[0] == served


def test_M12_25_there_is_no_ramping(look):
    """The option for ramping is gone."""
    assert "no such option: --ramp" in look("--no-web", "--ramp", code=2).stderr


@pytest.mark.parametrize("option", ["--only-summary", "--print-stats"])
def test_M12_29_only_summary_leaves_the_last_table(begin, target, option):
    """`--only-summary` prints the tables of the end and no others."""
    program = begin(SITE, "-t", "1s", option, host=target.url)
    report = Report(program.finish(30))
    assert report.tables() == (1 if option == "--only-summary" else 2)
    agree(report, target.stats())


@pytest.fixture(scope="module")
def resets(stage):
    """(report, the target's count) of a run in which all requests come before hatching is complete, by options."""
    text = SITE.replace('note("start"', 'self.client.get("/hello"); note("start"').replace("= 20", "= 100000")
    runs = {}
    for options in ((), ("--reset-stats",), ("--no-reset-stats",)):
        target = stage.target()
        report, probe = stage.play(text, "-c", 3, "-r", 20, "-t", "1s", *options, "WebUser", host=target.url)
        runs[" ".join(options)] = report, target.stats()["requests"]
    return runs


@pytest.mark.parametrize("option, kept", [("", 6), ("--no-reset-stats", 6), ("--reset-stats", 0)])
def test_M12_03_statistics_are_reset_only_when_asked_for(resets, option, kept):
    """Statistics go on when all users have been started; `--reset-stats` empties them, `--no-reset-stats` does not."""
    report, served = resets[option]
    assert served == 6 and report.total() == (kept, 0)
    assert ("Resetting stats" in report.stderr) is (kept == 0)


def test_M12_33_old_classes_are_gone(begin):
    """`WebLocust` and `SubLocust` are gone; a file that imports them is told the line."""
    for name in ("WebLocust", "SubLocust"):
        finished = begin(f"import os\nfrom locust import {name}\n", "-l").finish(30)
        assert finished.code == 1 and name in finished.stderr and 'locustfile.py", line 2' in finished.stderr


# ---- the file and its modules


def test_M4_01_a_locustfile_is_a_module_with_a_user_class(talk, look, script):
    """A locustfile is a Python module with at least one user class; without one, or without tasks in it, it is refused."""
    module = talk.probe.all("module")
    assert [(one["name"], one["file"]) for one in module] == [("locustfile", str(talk.folder / "locustfile.py"))]
    script("import os\n")
    assert "No user class found" in look("--no-web", code=1).stderr
    script("from locust import HttpLocust\nclass Shop(HttpLocust):\n    host = 'http://127.0.0.1:1'\n")
    assert re.search(r"Shop has nothing to do: .*task_set", look("--no-web", code=1).stderr)


PROJECT_USER = """
from locust import Locust, TaskSet
class ApiUser(Locust):
    class task_set(TaskSet):
        tasks = [print]
"""


@pytest.fixture
def project(script):
    """The manual's two layouts in one project root, whose locustfiles note what they import."""
    for path in ("__init__.py", "common/__init__.py", "locustfiles/__init__.py", "common/config.py", "commonlib_config.py"):
        script("", path)
    script("from probe import note\nnote('auth', of='root')\n", "commonlib_auth.py")
    script("from probe import note\nnote('auth', of='common')\n", "common/auth.py")
    script("import commonlib_auth\n" + PROJECT_USER, "locustfile_api.py")
    script("import common.auth\n" + PROJECT_USER, "locustfiles/ecommerce.py")
    script("import os, sys\nsys.path.append(os.getcwd())\nimport common.auth\n" + PROJECT_USER, "locustfiles/api.py")


def test_M4_60_the_project_root_is_where_the_program_is_started(talk, look, script, probe):
    """The working directory of a locustfile, its project root, is where the program was started."""
    assert talk.probe.values("module", "cwd") == [str(talk.report.finished.cwd)]
    script("import os\nfrom probe import note\nnote('cwd', cwd=os.getcwd())\n" + PROJECT_USER, "locustfiles/api.py")
    root = look("-f", "locustfiles/api.py", "-l").cwd
    look("-f", "api.py", "-l", folder="locustfiles")
    probe.settle()
    assert probe.values("cwd", "cwd") == [str(root), str(root / "locustfiles")]


def test_M4_61_modules_beside_the_locustfile_can_be_imported(project, look, probe):
    """A locustfile imports modules of its own folder by their names."""
    look("-f", "locustfile_api.py", "-l")
    look("-f", "../locustfile_api.py", "-l", folder="common")
    probe.settle()
    assert probe.values("auth", "of") == ["root", "root"]


def test_M4_62_modules_of_the_project_root_are_not_found_by_themselves(project, look, probe):
    """Only modules relative to the locustfile's folder can be imported unless the file says otherwise."""
    assert "No module named 'common'" in look("-f", "locustfiles/ecommerce.py", "-l", code=1).stderr
    probe.settle()
    assert probe.count("auth") == 0


def test_M4_63_the_project_root_can_be_put_on_the_path(project, look, probe):
    """With `sys.path.append(os.getcwd())` a locustfile imports packages of the project root."""
    assert classes(look("-f", "locustfiles/api.py", "-l")) == ["ApiUser"]
    probe.settle()
    assert probe.values("auth", "of") == ["common"]


def test_B_01_scenarios_are_python_and_clients_anything(play, target, probe):
    """A scenario is plain Python, and its client may speak any protocol that Python can."""
    report = play("""
        import socket, time
        from locust import Locust, TaskSet, task, events
        from locust.exception import StopLocust

        class LineClient:
            def __init__(self, host):
                self.address = host.split("/")[2].split(":")
            def ask(self, line):
                start = time.time()
                with socket.create_connection(self.address, timeout=10) as connection:
                    connection.sendall((line + "\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n").encode())
                    answer = b"".join(iter(lambda: connection.recv(65536), b""))
                events.request_success.fire(request_type="line", name=line.split()[1], response_length=len(answer),
                                            response_time=(time.time() - start) * 1000)
                return answer

        class Tasks(TaskSet):
            @task
            def three_pages(self):
                for page in ("/", "/hello", "/json"):
                    assert b" 200 " in self.client.ask(f"GET {page} HTTP/1.1")
                raise StopLocust()

        class LineUser(Locust):
            task_set = Tasks
            def __init__(self, *args, **kwargs):
                super(LineUser, self).__init__(*args, **kwargs)
                self.client = LineClient(self.host)
        """, "-c", 4, host=target.url)
    assert {label: row.requests for label, row in report.table().items()} == {"line /": 4, "line /hello": 4, "line /json": 4}
    assert target.stats()["requests"] == 12


# ---- the log


def test_B_28_prints_are_in_the_log(talk):
    """What the locustfile prints is in the log."""
    printed = talk.report.records("INFO", "stdout")
    assert printed[0] == "printed at import" and printed.count("printed by a task") == talk.probe.count("request") > 5
    assert talk.report.finished.stdout == ""


def test_B_35_records_begin_with_time_machine_level_and_logger(talk):
    """A record of the log is `[date time,ms] machine/LEVEL/logger: text`, in the order of the article's transcript."""
    began = [line for line in talk.report.lines if "Hatching and swarming" in line]
    form = r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3}\] (.*)/INFO/locust.runners: (.*)"
    date, machine, text = re.fullmatch(form, began[0]).groups()
    assert abs(time.mktime(time.strptime(date, "%Y-%m-%d %H:%M:%S")) - time.time()) < 600
    assert machine == socket.gethostname() and text == "Hatching and swarming 3 clients at the rate 1000 clients/s..."
    places = [talk.report.stderr.index(text) for text in ("Hatching and swarming", "All locusts hatched: WebUser: 3",
                                                          "Time limit reached", "Shutting down (exit code 0)")]
    assert places == sorted(places)


def test_M12_57_all_logging_is_python_s(talk):
    """What loggers of Python's `logging` are told is in the log, the program's own records among them."""
    assert talk.report.records("WARNING", "shop.cart") == ["filled with 3"]
    assert any("Starting Locust" in text for text in talk.report.records("INFO", "locust.main"))


def test_M12_10_threads_are_cooperative(talk):
    """Threads are patched: one that sleeps, and a user that waits for it, let other users go on."""
    kinds = talk.probe.kinds()
    between = kinds[kinds.index("thread sleeps"):kinds.index("thread woke")]
    assert between.count("request") >= 4


def test_M12_52_level_and_file_of_the_log_are_obeyed(play, target, tmp_path):
    """`--logfile` gets the records, appended, while tables stay on the terminal; `--loglevel` says which records."""
    (tmp_path / "run.log").write_text("before\n")
    talking = SITE.replace("def index(self):", "def index(self):\n        print('printed')")
    report = play(talking, "-t", "1s", "--logfile", "run.log", host=target.url)
    log = (tmp_path / "run.log").read_text()
    assert log.startswith("before\n[") and "/INFO/stdout: printed" in log and "Time limit reached" in log
    assert "printed" not in report.stderr and "Time limit" not in report.stderr and report.total()[0] > 0
    quiet = play(talking, "-n", 1, "-L", "warning", host=target.url)
    assert quiet.stderr == "", str(quiet)


# ---- ratios


def test_M12_54_task_ratios_as_json(look, script):
    """`--show-task-ratio-json` prints the ratios, of each class and of all, as a line of JSON; names choose classes."""
    script(RATIOS)
    shown = look("--show-task-ratio-json").stdout
    assert shown.count("\n") == 1
    ratios = json.loads(shown)
    assert list(ratios) == ["per_class", "total"] and list(ratios["total"]) == ["A", "B"]
    assert ratios["per_class"]["A"]["ratio"] == 0.75 and ratios["per_class"]["B"]["tasks"] == {"only": {"ratio": 1.0}}
    assert ratios["per_class"]["A"]["tasks"]["Sub"]["ratio"] == pytest.approx(10 / 11)
    assert ratios["total"]["A"]["tasks"]["Sub"]["tasks"]["stop"]["ratio"] == pytest.approx(0.75 * 10 / 11 * 5 / 26)
    assert '"ratio": 0.25, "tasks": {"only"' in shown
    assert json.loads(look("--show-task-ratio-json", "B").stdout)["total"] == {
        "B": {"ratio": 1.0, "tasks": {"only": {"ratio": 1.0}}}}


def test_vector_task_ratio_lines(look, script):
    """`--show-task-ratio` prints percentages of a column's width, nested by two blanks, of each class and of all."""
    script(RATIOS)
    lines = look("--show-task-ratio").stdout.splitlines()
    blanks = (" 75.0       A", "   90.9       Sub", "     76.9       read_thread")
    assert lines[:6] == ["", " Task ratio per locust class", 80 * "-",
                         *(f" {first:<10} {second:<50}" for first, second in
                           (("75.0  ", "A"), ("  90.9  ", "  Sub"), ("    76.9  ", "    read_thread")))]
    assert [line.rstrip() for line in lines[3:6]] == list(blanks) and len(lines[3]) == 62
    total = lines[lines.index(" Total task ratio") - 1:]
    assert total[0] == "" and total[2] == 80 * "-"
    assert [tuple(line.split()) for line in total[3:]] == [
        ("75.0", "A"), ("68.2", "Sub"), ("52.4", "read_thread"), ("2.6", "new_thread"), ("13.1", "stop"), ("6.8", "index"),
        ("25.0", "B"), ("25.0", "only")]


def test_vector_task_ratios_of_nested_sets(look, script):
    """A set with a task and a nested set of two tasks: 0.5, 0.5, 0.25 and 0.25 of all."""
    script("""
        from locust import Locust, TaskSet, task
        class Tasks(TaskSet):
            @task
            def root_task(self): pass
            @task
            class SubTasks(TaskSet):
                @task
                def first(self): pass
                @task
                def second(self): pass
        class User(Locust):
            task_set = Tasks
        """)
    tasks = json.loads(look("--show-task-ratio-json").stdout)["total"]["User"]["tasks"]
    assert tasks["root_task"]["ratio"] == tasks["SubTasks"]["ratio"] == 0.5
    assert [one["ratio"] for one in tasks["SubTasks"]["tasks"].values()] == [0.25, 0.25]


def test_vector_task_ratios_of_weighted_users(look, script):
    """Two user classes of weights 1 and 3 share the tasks of weights 1 and 3 accordingly."""
    script("""
        from locust import Locust, TaskSet, task
        class Tasks(TaskSet):
            @task(1)
            def rare(self): pass
            @task(3)
            def common(self): pass
        class Unlikely(Locust):
            weight, task_set = 1, Tasks
        class Likely(Locust):
            weight, task_set = 3, Tasks
        """)
    total = json.loads(look("--show-task-ratio-json").stdout)["total"]
    assert [one["ratio"] for user in total.values() for one in user["tasks"].values()] == [
        0.25 * 0.25, 0.25 * 0.75, 0.75 * 0.25, 0.75 * 0.75]


def test_vector_time_spans(stage, acrida):
    """`parse_timespan()` reads 7, 7s, 1m, 2h and 1h3m7s as 7, 7, 60, 7200 and 3787 seconds, and refuses None, "" and q."""
    code = """
from locust.util.time import parse_timespan
print(*map(parse_timespan, ("7", "7s", "1m", "2h", "1h3m7s")))
for wrong in (None, "", "q"):
    try:
        parse_timespan(wrong)
    except ValueError:
        print("ValueError")
"""
    done = stage.start("/usr/bin/python3", "-c", code, env=plain_environment(acrida)).finish(30)
    assert done.stdout.split() == ["7", "7", "60", "7200", "3787"] + 3 * ["ValueError"], str(done)


def test_vector_run_times(look, script):
    """`-t` takes what `parse_timespan()` takes; anything else is an error with code 1, as is `-t` without `--no-web`."""
    script(SITE)
    for text in ("1h30", "5m10", "10s5m", "1.5h", "q", "10x", " 20", "-5", "1H", ""):
        refused = look("--no-web", "-t", text, code=1).stderr
        assert "no time" in refused and "1h20m" in refused, refused
    assert "--run-time needs --no-web" in look("-t", "10s", code=1).stderr
