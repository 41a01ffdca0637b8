# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import sys

import pytest
from locust import HttpLocust, HttpUser, Locust, TaskSet, User, main, task


class Tasks(TaskSet):
    tasks = [print]


class Shop(HttpLocust):
    task_set = Tasks


class Idle(Locust):
    pass


class Modern(HttpUser):
    @task
    def index(self):
        pass


class Base(User):
    abstract = True
    tasks = [Tasks]


def options(*arguments):
    return main.parse_options(arguments)[1]


def test_defaults_have_the_names_and_values_of_0_9():
    assert vars(options()) == {
        "host": None, "web_host": "", "port": 8089, "locustfile": "locustfile", "csvfilebase": None, "master": False,
        "slave": False, "master_host": "127.0.0.1", "master_port": 5557, "master_bind_host": "*",
        "master_bind_port": 5557, "expect_slaves": 1, "no_web": False, "num_clients": 1, "hatch_rate": 1,
        "run_time": None, "num_requests": None, "stop_timeout": None, "exit_code_on_error": 1, "source_ips": None, "loglevel": "INFO", "logfile": None,
        "print_stats": False, "only_summary": False, "no_reset_stats": False, "reset_stats": False,
        "tags": None, "exclude_tags": None, "list_commands": False, "show_task_ratio": False,
        "show_task_ratio_json": False, "show_version": False}


def test_options_and_class_names_are_read_in_any_order():
    parser, values, names = main.parse_options(["Shop", "-c", "010", "--no-web", "Idle", "-r2.5", "--run-time=1h30m"])
    assert names == ["Shop", "Idle"] and values.no_web and values.run_time == "1h30m"
    assert (values.num_clients, values.hatch_rate) == (8, 2.5)
    assert parser.parse_args(["--csv", "x"])[0].csvfilebase == "x"


def test_the_process_own_arguments_are_the_default(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["locust", "-H", "http://a"])
    assert main.parse_options()[1].host == "http://a"


def test_a_file_that_looks_like_an_option_was_left_out():
    values = options("-f", "--no-web", "-c", "3")
    assert (values.locustfile, values.no_web, values.num_clients) == ("locustfile", True, 3)
    assert options("-f", "a.py").locustfile == "a.py"


def test_prefixes_of_0_9_stay_good_beside_the_names_of_later_versions():
    assert options("--e", "3").expect_slaves == 3
    assert options("--clie=4", "--hatch", "2").num_clients == 4
    assert options("--head").no_web and options("--users=5").num_clients == 5
    assert options("--cs", "x").csvfilebase == "x"
    assert options("--slave").slave and options("--worker").slave


@pytest.mark.parametrize("arguments, reason", [
    (["--foo"], "no such option: --foo"), (["-c", "x"], "option -c: invalid integer value: 'x'"),
    (["-c"], "-c option requires 1 argument"),
    (["--no"], "ambiguous option: --no (--no-reset-stats, --no-web?)")])
def test_wrong_usage_ends_with_code_2(capsys, arguments, reason):
    with pytest.raises(SystemExit) as ended:
        options(*arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("Usage: ") and said.endswith(f": error: {reason}\n")


def test_help_is_the_program_s_and_has_the_parser_s_names(capsys):
    with pytest.raises(SystemExit) as ended:
        options("--help")
    shown = capsys.readouterr().out
    assert ended.value.code == 0 and shown.startswith("Usage: ")
    columns = [re.split(r" {2,}", line.strip())[0] for line in shown.splitlines() if line.startswith("  -")]
    listed = {name for column in columns for name in re.findall(r"(?<![\w-])--?\w[\w-]*", column)}
    parser = main.parse_options([])[0]
    for_scenarios_in_c = {"--max-rps", "--request-increase-rate", "--run-tasks", "--stack-size"}
    known = {name for option in parser.option_list for name in option._short_opts + option._long_opts}
    assert listed - known == for_scenarios_in_c and known <= listed


@pytest.mark.parametrize("name, value, expected", [
    ("Shop", Shop, True), ("Modern", Modern, True), ("_Shop", Shop, False), ("Idle", Idle, False), ("Base", Base, False),
    ("Locust", Locust, False), ("HttpLocust", HttpLocust, False), ("HttpUser", HttpUser, False), ("Tasks", Tasks, False),
    ("a_dict", {}, False), ("a_list", [], False)])
def test_what_counts_as_a_user_class(name, value, expected):
    assert main.is_locust((name, value)) is expected


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A tree of files; the working directory is deep in it."""
    for path in ("locustfile.py", "deep/other.py", "deep/er/note.txt", "pack/__init__.py", "pack.py", "empty/x.txt"):
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text("'''What it is.'''\n")
    monkeypatch.chdir(tmp_path / "deep" / "er")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name, found", [
    ("locustfile", "locustfile.py"), ("locustfile.py", "locustfile.py"), ("other", "deep/other.py"), ("pack", "pack"),
    ("pack.py", "pack.py"), ("../other.py", "deep/other.py"), ("../other", "deep/other.py"), ("./other.py", None),
    ("~/pack", "pack"), ("note.txt", None), ("empty", None), ("nothing", None), ("", None)])
def test_locustfiles_are_found_where_the_program_finds_them(folders, name, found):
    path = main.find_locustfile(name)
    assert path == (str(folders / found) if found else None)
    listed = subprocess.run([main.find_program(), "-f", name, "-l"], capture_output=True, text=True)
    assert (listed.returncode == 0) == (found is not None), listed.stderr


def test_a_locustfile_is_loaded_with_its_docstring(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / "for_loading.py"
    path.write_text("'''A shop.'''\nfrom locust import Locust, TaskSet\nclass A(Locust):\n"
                    "    class task_set(TaskSet):\n        tasks = [print]\nclass B(Locust):\n    pass\n_C = A\n")
    doc, classes = main.load_locustfile(str(path))
    assert doc == "A shop." and list(classes) == ["A"] and sys.modules.pop("for_loading").A is classes["A"]
    path.write_text("raise KeyError('its own')\n")
    with pytest.raises(KeyError, match="its own"):
        main.load_locustfile(str(path))


LISTED = """
from locust import Locust, TaskSet
class Me(Locust):
    class task_set(TaskSet):
        tasks = [print]
if __name__ == "__main__":
    import sys
    from locust.main import main
    sys.argv = ["me", "-f", __file__, "--list"]
    main()
    print("never")
"""


def python(folder, *arguments):
    modules = [os.path.dirname(os.path.dirname(sys.modules["locust"].__file__)),
               os.path.dirname(sys.modules["_acrida"].__file__)]
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": ":".join(modules)})


def test_main_is_the_program_with_its_exit_code(tmp_path):
    (tmp_path / "script.py").write_text(LISTED)
    done = python(tmp_path, "script.py")
    assert (done.returncode, done.stdout) == (0, "Available Locusts:\n    Me\n"), done.stderr
    done = python(tmp_path, "-m", "locust", "--nonsense")
    assert done.returncode == 2 and "no such option: --nonsense" in done.stderr


def test_main_in_a_locustfile_is_an_error_that_says_where_it_belongs(tmp_path):
    (tmp_path / "locustfile.py").write_text("from locust.main import main\nmain()\n")
    done = subprocess.run([main.find_program(), "-l"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and '__name__ == "__main__"' in done.stderr


def test_the_version_is_the_package_s():
    import locust
    assert main.version == locust.__version__
