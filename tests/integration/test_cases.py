# SPDX-License-Identifier: MIT
"""The cases in cases/, each in a user of its own of one run; and the same functions in a plain Python."""
import ast
import json
import pathlib

import pytest

from probing import Probe
from programs import WATCH_OBJECTS, Program, Target
from sanitizer import plain_environment
from tables import Report

CASES = pathlib.Path(__file__).resolve().parent / "cases"
SUPPORT = CASES.parent / "support"


def names(module):
    tree = ast.parse((CASES / f"{module}.py").read_text())
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


def outcomes(lines):
    """case name -> error or None."""
    notes = [json.loads(line) for line in lines if line.startswith("{")]
    return {note["name"]: note["error"] for note in notes if note["kind"] == "case"}


def in_users(module, generation, acrida, folder, new_target):
    """Runs each case in a user; the run's Report, and the outcomes."""
    target, probe = new_target(acrida, folder), Probe(folder / "probe.fifo")
    environment = {"PROBE": str(probe.path), "PYTHONPATH": f"{SUPPORT}:{CASES}", "CASES": module,
                   "GENERATION": str(generation), **WATCH_OBJECTS}
    count = str(len(names(module)))
    program = Program([acrida, "-f", CASES / "run_cases.py", "--no-web", "-c", count, "-r", "1000", "-H", target.url,
                       "--only-summary"], folder, environment)
    report = Report(program.finish(60))
    probe.settle()
    probe.close()
    problem = target.end()
    assert not problem and not report.broken(), f"{problem}\n{report}"
    return {note["name"]: note["error"] for note in probe.all("case")}, report


def in_plain_python(module, acrida, folder, new_target, *options):
    target = new_target(acrida, folder)
    environment = plain_environment(acrida) if not options else {}
    program = Program(["/usr/bin/python3", CASES / "plain_cases.py", module, target.url, *options], folder,
                      {**environment, **WATCH_OBJECTS})
    finished = program.finish(60)
    problem = target.end()
    assert not problem and finished.code == 0, f"{problem}\n{finished}"
    return outcomes(finished.stdout.splitlines()), Report(finished)


WAYS = {
    "requests_cases": ("HttpLocust", "HttpUser", "plain", "requests"),
    "locust_cases": ("HttpLocust", "HttpUser", "plain"),
    "new_cases": ("HttpUser",),
}
RUNS = [(module, way) for module, ways in WAYS.items() for way in ways]


def run_way(module, way, acrida, folder, new_target):
    if way == "plain":
        return in_plain_python(module, acrida, folder, new_target)
    if way == "requests":
        return in_plain_python(module, acrida, folder, new_target, "requests")
    return in_users(module, 9 if way == "HttpLocust" else 2, acrida, folder, new_target)


@pytest.fixture(scope="module")
def results(acrida, tmp_path_factory):
    """results(module, way): (outcomes, Report), each run once."""
    def new_target(program, folder):
        return Target(program, (), folder / "target.err")

    known = {}

    def get(module, way):
        if (module, way) not in known:
            known[module, way] = run_way(module, way, acrida, tmp_path_factory.mktemp(f"{module}-{way}"), new_target)
        return known[module, way]

    return get


# Those of one run stay together where tests are spread over several processes.
ALL = [pytest.param(*run, name, marks=pytest.mark.xdist_group("-".join(run))) for run in RUNS for name in names(run[0])]


@pytest.mark.parametrize("module, way, name", ALL, ids=lambda value: value)
def test_case(module, way, name, results):
    outcome, report = results(module, way)
    assert name in outcome, f"{name} was not run: {report}"
    assert outcome[name] is None, outcome[name]


@pytest.mark.parametrize("module, way", [pytest.param(*run, marks=pytest.mark.xdist_group("-".join(run)))
                                         for run in RUNS if run[1].startswith("Http")])
def test_cases_end_without_an_error_in_the_log(module, way, results):
    report = results(module, way)[1]
    assert report.code == 1, str(report)  # there are failed requests among them
    assert report.records("ERROR") == [], str(report)
