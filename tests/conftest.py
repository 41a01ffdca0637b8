# SPDX-License-Identifier: MIT
"""Fixtures for tests that run the program: `acrida`, `target`, `run`.

Nothing outlives a test: each program is ended by its own process id, with whatever it started.
"""
import dataclasses
import json
import os
import pathlib
import selectors
import signal
import subprocess
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
# No proxy of the environment stands between a test and its own machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
START_SECONDS = 30
END_SECONDS = 20


def program():
    """The program to test: $ACRIDA, else the developer build, else the release build."""
    builds = [os.environ.get("ACRIDA"), ROOT / "build-check" / "acrida", ROOT / "build" / "acrida"]
    for path in filter(None, builds):
        if os.access(path, os.X_OK):
            return str(pathlib.Path(path).resolve())
    raise FileNotFoundError("no program: set ACRIDA, or run ./dev build")


def end_group(process):
    """Ends the process group that `process` leads; waits for `process` itself."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def read_line(process, seconds):
    """The first line that `process` prints, or what there was of it after `seconds`."""
    deadline, line = time.monotonic() + seconds, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(deadline - time.monotonic()):
            byte = os.read(process.stdout.fileno(), 1)
            if not byte:
                break
            line += byte
    return line.decode(errors="replace")


class Target:
    """A running `acrida target`; `url` has no slash at its end."""

    def __init__(self, acrida, options, errors):
        self.errors = errors
        with errors.open("wb") as stderr:
            self.process = subprocess.Popen([acrida, "target", "--port", "0", *options], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=stderr, start_new_session=True)
        line = read_line(self.process, START_SECONDS)
        self.url = line.split()[-1] if line.endswith("\n") else ""
        if not self.url.startswith(("http://", "https://")):
            end_group(self.process)
            raise RuntimeError(f"the target did not start: {line!r} {errors.read_text(errors='replace')}")
        self.port = int(self.url.rsplit(":", 1)[1])

    def fetch(self, path, data=None):
        """The body of the answer to a GET (or, with `data`, a POST) of `path`."""
        with OPENER.open(self.url + path, data=data, timeout=10) as answer:
            return answer.read()

    def stats(self):
        """What the target counted so far: the JSON of /__stats__."""
        return json.loads(self.fetch("/__stats__"))

    def end(self):
        """Ends the target; an error text when it had not run well until then, else ""."""
        crashed = self.process.poll()
        if crashed is None:
            self.process.terminate()
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                crashed = f"still there {END_SECONDS} s after SIGTERM"
        end_group(self.process)
        self.process.stdout.close()
        errors = self.errors.read_text(errors="replace")
        if crashed is not None or "Sanitizer" in errors or "runtime error:" in errors:
            return f"the target ended badly ({crashed}):\n{errors}"
        return ""


@dataclasses.dataclass
class Finished:
    """What a program left behind."""

    args: list
    code: int  # negative: the signal that ended it
    stdout: str
    stderr: str
    seconds: float

    def __str__(self):
        return f"{self.args} ended with {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


class Program:
    """A program in the background; use run() unless it is to be signalled."""

    def __init__(self, args, cwd, env=None):
        self.args = [str(arg) for arg in args]
        self.start = time.monotonic()
        self.process = subprocess.Popen(self.args, cwd=cwd, env={**os.environ, **(env or {})}, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        errors="replace", start_new_session=True)

    def finish(self, timeout):
        """Waits for its end and returns a Finished; AssertionError when it takes longer than `timeout` seconds."""
        try:
            stdout, stderr = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"still running after {timeout} s:\n"
                                 f"{Finished(self.args, -9, stdout, stderr, timeout)}") from None
        return Finished(self.args, self.process.returncode, stdout, stderr, time.monotonic() - self.start)


@pytest.fixture(scope="session")
def acrida():
    """Path of the program."""
    return program()


@pytest.fixture
def start_target(acrida, tmp_path):
    """start_target(*options): a further target of this test's own."""
    targets = []

    def start(*options):
        targets.append(Target(acrida, options, tmp_path / f"target-{len(targets)}.err"))
        return targets[-1]

    yield start
    problems = [problem for problem in [target.end() for target in targets] if problem]
    assert not problems, "\n".join(problems)


@pytest.fixture
def target(start_target):
    """A target that serves only this test, its counters at zero."""
    return start_target()


@pytest.fixture
def start(acrida, tmp_path):
    """start(*args): the program, running in the test's own folder, as a Program."""
    started = []

    def start_program(*args, cwd=tmp_path, env=None):
        started.append(Program([acrida, *args], cwd, env))
        return started[-1]

    yield start_program
    for one in started:
        end_group(one.process)


@pytest.fixture
def run(start, tmp_path):
    """run(args, cwd, timeout): runs the program with `args` to its end; returns a Finished."""

    def run_program(args, cwd=tmp_path, timeout=60, env=None):
        finished = start(*args, cwd=cwd, env=env).finish(timeout)
        assert "Sanitizer" not in finished.stderr and "runtime error:" not in finished.stderr, str(finished)
        return finished

    return run_program
