# SPDX-License-Identifier: MIT
"""What `meson install` copies works without the build and without the sources."""
import subprocess

from programs import Program, environment
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
    assert {path.suffix for path in files} == {"", ".so", ".py", ".typed", ".h"}, files
    assert sorted(path.name for path in files if path.suffix in ("", ".so")) == [
        "_acrida.so", "acrida", "libacrida.so", "locust"]


def test_a_scenario_in_c_finds_the_installed_header(installed, script, tmp_path):
    path = script("""
        #include <acrida.h>
        static void tick(acr_user *user) { acr_record_success(user, "T", "tick", 0, 0); }
        ACR_USER(ticker, .tasks = {ACR_TASK(tick)}, .wait = acr_constant(1));
    """, "ticker.c")
    finished = run(tmp_path, installed / "bin" / "acrida", "-f", str(path), "--list")
    assert finished.stdout == "Available Locusts:\n    ticker\n", str(finished)
