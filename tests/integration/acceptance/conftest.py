# SPDX-License-Identifier: MIT
"""`stage`: for runs that several rows of a module look at."""
import textwrap

import pytest

from probing import SUPPORT, Probe
from programs import Program, Target, end_group
from tables import Report

INTEGRATION = SUPPORT.parent


class Stage:
    """Plays locustfiles as the fixture `play` does, each in a folder of its own."""

    def __init__(self, acrida, make_folder):
        self._acrida, self._make_folder = acrida, make_folder
        self._programs, self._targets, self._probes = [], [], []

    def start(self, *args, cwd=None, env=None):
        """A program in the background."""
        self._programs.append(Program(args, cwd or self._make_folder(), env))
        return self._programs[-1]

    def target(self, *options):
        self._targets.append(Target(self._acrida, options, self._make_folder() / "target.err"))
        return self._targets[-1]

    def play(self, text, *options, host=None, code=0, timeout=60, env=None):
        """Runs a locustfile, given as text or as a path, to its end; (Report, Probe)."""
        folder = self._make_folder()
        probe = Probe(folder / "probe.fifo")
        self._probes.append(probe)
        path = text
        if isinstance(text, str):
            path = folder / "locustfile.py"
            path.write_text(textwrap.dedent(text))
        rate = [] if "-r" in options else ["-r", "1000"]
        where = ["-H", host] if host else []
        program = self.start(self._acrida, "-f", path, "--no-web", *rate, *where, *options, cwd=folder,
                             env={"PROBE": str(probe.path), "PYTHONPATH": str(SUPPORT), **(env or {})})
        report = Report(program.finish(timeout))
        probe.settle()
        assert not report.broken(), str(report)
        assert code is None or report.code == code, str(report)
        return report, probe

    def close(self):
        for program in self._programs:
            end_group(program.process)
        for probe in self._probes:
            probe.close()
        problems = [problem for problem in [target.end() for target in self._targets] if problem]
        assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def stage(acrida, tmp_path_factory):
    """What a module's rows share: runs, targets and other programs."""
    stage = Stage(acrida, lambda: tmp_path_factory.mktemp("stage"))
    yield stage
    stage.close()


class Rows:
    """What became of the rows of a module that run in users (inside.in_user), and the report of that run."""

    def __init__(self, stage, module):
        rows = [value for value in vars(module).values() if hasattr(value, "in_user")]
        folders = (SUPPORT, INTEGRATION, INTEGRATION / "acceptance")
        self.target = stage.target()
        self.report, probe = stage.play(
            INTEGRATION / "cases" / "run_cases.py", "-c", str(len(rows)), host=self.target.url, code=None,
            env={"PYTHONPATH": ":".join(map(str, folders)), "CASES": module.__name__, "GENERATION": "9"})
        self._errors = {note["name"]: note["error"] for note in probe.all("case")}

    def check(self, name):
        assert name in self._errors, f"{name} was not run: {self.report}"
        assert self._errors[name] is None, self._errors[name]


@pytest.fixture(scope="module")
def in_users(request, stage):
    return Rows(stage, request.module)


def pytest_itemcollected(item):
    """Where several processes run the tests, one runs all that share a stage."""
    if "stage" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group(item.module.__name__))
