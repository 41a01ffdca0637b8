# SPDX-License-Identifier: MIT
import sys
import textwrap

import pytest
from locust import _loading
from locust._loading import LoadError, find_user_classes, import_locustfile

HEAD = "from locust import HttpLocust, HttpUser, Locust, TaskSet, User, task\n"
SET = "class Tasks(TaskSet):\n    tasks = [print]\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """write(text, name): a locustfile; sys.path and sys.modules are put back afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = dict(sys.modules)

    def file(text, name="mylocustfile.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return str(path)

    yield file
    for name in set(sys.modules) - set(before):
        del sys.modules[name]


def names(path, *wanted):
    return [name for name, _ in find_user_classes(import_locustfile(path), wanted)]


def test_user_classes_of_both_generations_are_found_in_order(write):
    path = write(HEAD + SET + """
class Zebra(HttpLocust):
    task_set = Tasks
class Ape(HttpUser):
    tasks = [Tasks]
class _Hidden(Locust):
    task_set = Tasks
class _Shown(User):
    @task
    def a(self):
        pass
class Base(User):
    abstract = True
    tasks = [Tasks]
class OldBase(Locust):
    abstract = True
class OldRunner(Locust):
    abstract = True  # is nothing to 0.9
    task_set = Tasks
""")
    assert names(path) == ["Zebra", "Ape", "_Shown", "OldRunner"]


def test_only_named_classes_are_taken_in_order_of_declaration(write):
    path = write(HEAD + SET + "class A(Locust):\n    task_set = Tasks\nclass B(A):\n    pass\nclass C(A):\n    pass\n")
    assert names(path, "C", "A") == ["A", "C"]


def test_a_class_with_two_names_is_there_twice(write):
    assert names(write(HEAD + SET + "class A(Locust):\n    task_set = Tasks\nB = A\n")) == ["A", "B"]


def test_a_nested_class_may_be_the_task_set(write):
    path = write(HEAD + "class A(Locust):\n    class task_set(TaskSet):\n        tasks = [print]\n")
    assert names(path) == ["A"]


def test_an_unknown_name_is_an_error_that_says_which_there_are(write):
    path = write(HEAD + SET + "class A(Locust):\n    task_set = Tasks\n")
    with pytest.raises(LoadError, match="Nobody.*there is A"):
        names(path, "Nobody")


def test_a_file_without_user_class_is_an_error(write):
    with pytest.raises(LoadError, match="No user class"):
        names(write("x = 1\n"))


@pytest.mark.parametrize("base,word", [("HttpLocust", "task_set"), ("HttpUser", "@task")])
def test_a_user_class_without_tasks_is_an_error_that_names_it(write, base, word):
    with pytest.raises(LoadError, match=f"Website.*{word}"):
        names(write(HEAD + f"class Website({base}):\n    host = 'http://127.0.0.1'\n"))


def test_a_base_class_without_tasks_is_no_error(write):
    path = write(HEAD + SET + "class Base(HttpLocust):\n    host = 'x'\nclass A(Base):\n    task_set = Tasks\n")
    assert names(path) == ["A"]


def test_an_imported_class_without_tasks_is_no_error(write):
    write(HEAD + "class Base(HttpLocust):\n    pass\n", "mybase.py")
    path = write(HEAD + SET + "from mybase import Base\nclass A(HttpLocust):\n    task_set = Tasks\n")
    assert names(path) == ["A"]


def test_a_class_without_tasks_is_an_error_when_asked_for_by_name(write):
    path = write(HEAD + SET + "class Base(HttpLocust):\n    pass\nclass A(Base):\n    task_set = Tasks\n")
    with pytest.raises(LoadError, match="Base"):
        names(path, "Base")


def test_a_class_of_weight_zero_is_left_out(write):
    path = write(HEAD + "class A(User):\n    tasks = [print]\n    weight = 0\nclass B(User):\n    tasks = [print]\n")
    assert names(path) == ["B"]


@pytest.mark.parametrize("weight", ["'1'", "None", "float('nan')", "float('inf')", "10 ** 400"])
def test_a_weight_that_is_no_number_is_an_error(write, weight):
    with pytest.raises(LoadError, match="A.weight must be a number"):
        names(write(HEAD + f"class A(User):\n    tasks = [print]\n    weight = {weight}\n"))


@pytest.mark.parametrize("weight", [0, -3])
def test_classes_without_any_weight_are_an_error_that_names_them(write, weight):
    with pytest.raises(LoadError, match="weight above 0: A$"):
        names(write(HEAD + f"class A(User):\n    tasks = [print]\n    weight = {weight}\n"))


def test_modules_beside_the_file_can_be_imported_at_any_time(write):
    write("value = 7\n", "helper_beside.py")
    module = import_locustfile(write("def late():\n    import helper_beside\n    return helper_beside.value\n"))
    assert module.late() == 7


def test_dashes_and_dots_in_the_name_are_fine(write):
    assert import_locustfile(write("x = 1\n", "my-flow.locustfile.py")).x == 1


def test_a_package_directory_is_a_locustfile(write, tmp_path):
    write("value = 5\n", "pack/part.py")
    write("from .part import value\n", "pack/__init__.py")
    assert import_locustfile(str(tmp_path / "pack")).value == 5


@pytest.mark.parametrize("name", ["locust.py", "json.py"])
def test_a_name_that_is_taken_does_not_hide_the_file(write, name):
    import json

    module = import_locustfile(write("mine = True\n", name))
    assert module.mine and sys.modules["json"] is json and hasattr(sys.modules["locust"], "TaskSet")


def test_an_exception_in_the_file_is_shown_with_the_scripts_lines_only(write, capsys):
    write("def helper():\n    raise ValueError('broken')\n", "failing_helper.py")
    path = write("import failing_helper\nfailing_helper.helper()\n")
    with pytest.raises(LoadError, match="ValueError: broken"):
        import_locustfile(path)
    printed = capsys.readouterr().err
    assert "failing_helper.py\", line 2" in printed and "mylocustfile.py\", line 2" in printed
    assert "_loading" not in printed and "importlib" not in printed


def test_an_exception_of_ours_ends_at_the_scripts_line(write, capsys):
    path = write(HEAD + "class Tasks(TaskSet):\n    tasks = [(print, 'x')]\n")
    with pytest.raises(LoadError, match="whole number"):
        import_locustfile(path)
    assert "task.py" not in capsys.readouterr().err


def test_a_file_that_failed_is_no_module(write):
    with pytest.raises(LoadError):
        import_locustfile(write("raise KeyError\n"))
    assert "mylocustfile" not in sys.modules


@pytest.mark.parametrize("line", [
    'print "hello"', "print hello, there", "try:\n    pass\nexcept ValueError, e:\n    pass",
    'raise ValueError, "text"', "if 1 <> 2: pass", "x = 0777", "x = 10L", "import urllib2", "import ConfigParser",
    "x = xrange(3)", "x = unicode('a')", 'exec "x = 1"', "x = `1`", 'x = ur"a"',
])
def test_python_2_is_recognised_with_its_line(write, capsys, line):
    with pytest.raises(LoadError, match=r"mylocustfile.py, line [2-4].*Python 2"):
        import_locustfile(write("# first line\n" + line + "\n"))


@pytest.mark.parametrize("line", ["x = = 1", "import module_that_is_nowhere", "x = undefined_name"])
def test_other_mistakes_are_not_blamed_on_python_2(write, capsys, line):
    with pytest.raises(LoadError) as caught:
        import_locustfile(write(line + "\n"))
    assert "Python 2" not in str(caught.value)


def test_sys_exit_in_the_file_leaves(write):
    with pytest.raises(SystemExit):
        import_locustfile(write("import sys\nsys.exit(3)\n"))


def test_a_traceback_keeps_the_exception_behind_an_exception():
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("second") from error
    except ValueError as error:
        text = _loading.script_traceback(error)
    assert "first" in text and "second" in text


@pytest.mark.parametrize("head, found", [
    ("from locust import HttpLocust", False), ("from locust.core import Locust as L", False),
    ("import locust\nclass A(locust.HttpLocust): pass", False), ("from locust import HttpUser", True), ("", True)])
def test_the_working_directory_is_a_place_for_modules_of_the_second_generation_only(write, monkeypatch, tmp_path, head, found):
    write("value = 3\n", "root/only_in_cwd.py")
    monkeypatch.chdir(tmp_path / "root")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    path = write(head + "\nimport sys\nplaces = list(sys.path)\n", "flows/flow.py")
    places = import_locustfile(path).places
    assert places[0] == str(tmp_path / "flows") and (str(tmp_path / "root") in places) is found
