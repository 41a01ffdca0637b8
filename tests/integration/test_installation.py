# SPDX-License-Identifier: MIT
"""What `meson install` copies works without the build and without the sources."""
import re
import subprocess

from programs import ROOT, Program, environment
from sanitizer import plain_environment
from tables import Report, agree

SCRIPT = """
import locust, _acrida
from locust import HttpLocust, TaskSet, task
print("locust is", locust.__file__, "and", _acrida.__file__)

class Tasks(TaskSet):
    @task
    def index(self):
        self.client.get("/")

class User(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 20
"""


def run(folder, *arguments):
    return Program(arguments, folder).finish(60)


def test_the_installed_program_holds_a_run_with_the_installed_package(installed, script, target, tmp_path):
    script(SCRIPT)
    report = Report(run(tmp_path, installed / "bin" / "locust", "--no-web", "-t", "1s", "-H", target.url))
    assert report.code == 0 and report.total()[0] > 5, str(report)
    agree(report, target.stats())
    where, = [line for line in report.lines if "locust is" in line]
    assert where.count(str(installed / "lib")) == 2


def test_the_program_is_called_what_it_was_started_as(installed, tmp_path):
    for name in ("acrida", "locust"):
        finished = run(tmp_path, installed / "bin" / name, "--help")
        assert finished.code == 0 and finished.stdout.startswith(f"Usage: {name} "), str(finished)


def test_a_plain_python_imports_the_installed_package_and_finds_the_program(installed, acrida, tmp_path):
    package, = installed.glob("lib/**/acrida")
    env = {**environment(tmp_path), **plain_environment(acrida), "PYTHONPATH": str(package)}
    done = subprocess.run(["/usr/bin/python3", "-c", "from locust import main; print(main.find_program())"], cwd=tmp_path,
                          env=env, capture_output=True, text=True)
    assert done.stdout == f"{installed}/bin/acrida\n", done.stderr


def test_nothing_but_what_is_needed_is_installed(installed):
    files = [path.relative_to(installed) for path in installed.glob("**/*") if not path.is_dir()]
    version = (ROOT / "CHANGES.md").read_text().split("\n## ")[1].split("\n")[0]
    others = [path for path in files if path.suffix not in (".py", ".typed")]
    assert sorted(path.name for path in others) == [
        "_acrida.so", "acrida", "acrida.h", "acrida.pc", "libacrida.so", "libacrida.so.0", f"libacrida.so.{version}",
        "locust"]


def test_all_that_the_header_declares_is_exported(installed):
    header = re.sub(r"/\*.*?\*/", "", (installed / "include" / "acrida.h").read_text(), flags=re.S)
    declared = set(re.findall(r"^(?!typedef|static|#)\w[\w ]*[ *](acr_\w+)\(", header, re.M))
    library, = installed.glob("lib/**/libacrida.so")
    listed = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    assert {"acr_run", "acr_run_tasks", "acr_register_user", "acr_format", "acr_body"} < declared
    assert declared - {line.split()[-1] for line in listed.splitlines()} == set()


def test_the_installed_program_compiles_a_scenario_in_c(installed, script, target, tmp_path):
    path = script("""
        #include <acrida.h>
        static void index_page(acr_user *user) { acr_get(user, "/"); }
        ACR_USER(visitor, .tasks = {ACR_TASK(index_page)}, .wait = acr_constant(0.01));
    """, "visitor.c")
    report = Report(run(tmp_path, installed / "bin" / "acrida", "-f", path, "--no-web", "-n", "20", "-H", target.url))
    assert report.code == 0 and report.total() == (20, 0), str(report)
    agree(report, target.stats())
