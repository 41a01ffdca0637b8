# SPDX-License-Identifier: MIT
"""The interpreter inside is that of a plain python3: virtual environments, PYTHONPATH, site, sitecustomize, arguments."""
import json
import os
import subprocess

import pytest

from probing import SUPPORT

SHOW = """
import sys, os
from locust import Locust, TaskSet, task
from probe import note
note("interpreter", executable=sys.executable, prefix=sys.prefix, base=sys.base_prefix, path=sys.path, argv=sys.argv,
     version=list(sys.version_info[:2]), encoding=sys.getfilesystemencoding(), modules=sorted(sys.modules),
     optimize=sys.flags.optimize, name=__name__, file=__file__, stdout=sys.stdout.encoding, builtins=sorted(dir(__builtins__)
     if not isinstance(__builtins__, dict) else __builtins__))
%s

class User(Locust):
    class task_set(TaskSet):
        @task
        def never(self): pass
"""


@pytest.fixture
def look(begin, probe):
    """look(text, env): what the interpreter says of itself while the locustfile is listed."""
    def look_at(text="", env=None, *options):
        finished = begin(SHOW % text, "-l", *options, env=env or {}).finish(30)
        probe.settle()
        assert finished.code == 0 and "Available Locusts" in finished.stdout, str(finished)
        return probe.all("interpreter")[-1]
    return look_at


def plain(code, env=None):
    """What a plain /usr/bin/python3 prints as JSON."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
    return json.loads(subprocess.run(["/usr/bin/python3", "-c", "import json, sys;" + code], env={**kept, **(env or {})}, check=True,
                                     capture_output=True, text=True).stdout)


def test_it_is_debian_s_python(look):
    seen = look()
    assert seen["executable"] == "/usr/bin/python3" and seen["prefix"] == "/usr" and seen["version"] == [3, 11]
    path = plain("print(json.dumps(sys.path[1:]))")
    assert [entry for entry in seen["path"] if entry in path] == path
    assert seen["encoding"] == "utf-8" and seen["name"] == "locustfile"
    # What `site` adds.
    assert {"exit", "quit", "copyright", "license", "help"} <= set(seen["builtins"])


def test_its_locust_is_ours_although_debian_has_another(look, probe):
    look("import locust; note('locust', file=locust.__file__, version=locust.__version__)")
    found = probe.all("locust")[0]
    assert not found["file"].startswith("/usr/lib") and found["file"].endswith("locust/__init__.py")


def make_environment(folder, **more):
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", folder], check=True, env={**os.environ, **more})
    packages = folder / "lib" / "python3.11" / "site-packages"
    (packages / "only_here.py").write_text("WHERE = __file__\n")
    return packages


def test_an_active_virtual_environment_gives_its_packages(look, probe, tmp_path):
    packages = make_environment(tmp_path / "venv")
    (packages / "requests_toolbelt_of_mine.py").write_text("import requests\n")
    (packages / "extra.pth").write_text(str(tmp_path / "by_pth") + "\n")
    (tmp_path / "by_pth").mkdir()
    (tmp_path / "by_pth" / "through_pth.py").write_text("")
    seen = look("import only_here, through_pth, requests_toolbelt_of_mine; note('found', where=only_here.WHERE)",
                {"VIRTUAL_ENV": str(tmp_path / "venv"), "PATH": f"{tmp_path}/venv/bin:{os.environ['PATH']}"})
    assert probe.values("found", "where") == [str(packages / "only_here.py")]
    assert seen["prefix"] == str(tmp_path / "venv") and seen["base"] == "/usr"
    assert seen["executable"] == str(tmp_path / "venv" / "bin" / "python3")


def test_a_package_of_the_environment_wins_over_debian_s(look, probe, tmp_path):
    packages = make_environment(tmp_path / "venv")
    (packages / "jinja2.py").write_text("MINE = True\n")
    look("import jinja2; note('found', mine=hasattr(jinja2, 'MINE'))", {"VIRTUAL_ENV": str(tmp_path / "venv")})
    assert probe.values("found", "mine") == [True]


@pytest.mark.parametrize("value", ["/no/such/environment", ""])
def test_an_environment_that_is_gone_is_none(look, value):
    assert look("", {"VIRTUAL_ENV": value})["prefix"] == "/usr"


def test_an_environment_for_another_python_is_told_and_left(begin, script, tmp_path):
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python3").symlink_to("/usr/bin/python3")
    (tmp_path / "venv" / "lib" / "python3.6" / "site-packages").mkdir(parents=True)
    finished = begin("import sys; assert sys.prefix == '/usr'\n", "-l", env={"VIRTUAL_ENV": str(tmp_path / "venv")}).finish(30)
    assert finished.code == 0 and f"The virtual environment {tmp_path}/venv is not for Python 3.11" in finished.stderr


def test_pythonpath_is_honoured(look, probe, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"module_{name}.py").write_text("")
        (tmp_path / name / "in_both.py").write_text(f"NAME = {name!r}\n")
    look("import module_one, module_two, in_both; note('found', name=in_both.NAME)",
         {"PYTHONPATH": f"{SUPPORT}:{tmp_path}/one:{tmp_path}/two"})
    assert probe.values("found", "name") == ["one"]


def test_sitecustomize_and_usercustomize_are_run(look, probe, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import builtins; builtins.FROM_SITE = 1\n")
    (tmp_path / "site" / "usercustomize.py").write_text("import builtins; builtins.FROM_USER = 2\n")
    look("note('found', site=FROM_SITE)", {"PYTHONPATH": f"{SUPPORT}:{tmp_path}/site"})
    assert probe.values("found", "site") == [1]


def test_the_user_s_own_packages_are_found(look, tmp_path):
    packages = tmp_path / ".local" / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "at_home.py").write_text("")
    seen = look("import at_home", {"HOME": str(tmp_path)})
    assert str(packages) in seen["path"]


def test_other_variables_of_python_are_honoured(look):
    assert look("", {"PYTHONOPTIMIZE": "1"})["optimize"] == 1
    assert "PYTHONHASHSEED" not in look("", {"PYTHONHASHSEED": "0"})["modules"]
    assert look("assert 'ü'.encode() == b'\\xc3\\xbc'", {"LC_ALL": "C", "LANG": "C"})["encoding"] == "utf-8"


def test_the_script_sees_its_arguments_and_itself(look, tmp_path):
    seen = look("", None, "User")
    assert seen["file"] == str(tmp_path / "locustfile.py")
    assert seen["argv"][0].endswith("acrida") and "User" in seen["argv"]


def test_files_beside_the_locustfile_are_found_by_name_and_by_path(begin, script, probe, tmp_path):
    script("VALUE = 1\n", "sub/beside.py")
    (tmp_path / "sub" / "data.txt").write_text("data")
    path = script(SHOW % "import beside, pathlib; note('found', text=(pathlib.Path(__file__).parent / 'data.txt').read_text())",
                  "sub/locustfile.py")
    assert begin(path, "-l").finish(30).code == 0
    probe.settle()
    assert probe.values("found", "text") == ["data"]


def test_a_package_as_locustfile_imports_its_own_modules(begin, script, probe):
    script("from probe import note\nnote('part')\n", "pack/part.py")
    script("from .part import note\nfrom . import part\n" + SHOW % "", "pack/__init__.py")
    finished = begin(script("", "pack/unused.py").parent, "-l").finish(30)
    probe.settle()
    assert finished.code == 0 and probe.count("part") == 1, str(finished)


def test_standard_input_is_the_script_s(look):
    look("import sys; assert sys.stdin.read() == ''")


def test_classes_can_be_pickled_and_found_by_module(look):
    look("import sys, dataclasses\n@dataclasses.dataclass\nclass Point:\n    x: int\nimport pickle\n"
         "assert pickle.loads(pickle.dumps(Point(1))) == Point(1) and sys.modules[__name__].Point is Point")


def test_warnings_and_logging_go_to_the_log(begin, probe):
    finished = begin("""
import logging, warnings, sys
logging.getLogger("mine").warning("a warning of %s", "mine")
logging.info("an info record")
logging.debug("not shown")
print("to stdout", 1, 2)
print("to stderr", file=sys.stderr)
sys.stdout.write("no newline")
sys.stdout.flush()
from locust import Locust, TaskSet, task
from locust.exception import StopLocust
class User(Locust):
    class task_set(TaskSet):
        @task
        def work(self):
            try:
                1 / 0
            except ZeroDivisionError:
                logging.exception("caught")
            raise StopLocust()
""").finish(30)
    for expected in ("/WARNING/mine: a warning of mine", "/INFO/root: an info record", "/INFO/stdout: to stdout 1 2",
                     "/ERROR/stderr: to stderr", "/INFO/stdout: no newline", "/ERROR/root: caught", "ZeroDivisionError"):
        assert expected in finished.stderr, (expected, str(finished))
    assert "not shown" not in finished.stderr and finished.stdout == ""
