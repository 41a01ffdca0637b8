# SPDX-License-Identifier: MIT
"""Fixtures for tests that run the program: `acrida`, `target`, `start`, `run`."""
import pytest

from programs import Program, Target, end_group, program


def pytest_configure(config):
    config.addinivalue_line("markers", "xdist_group(name): tests that one process has to run where several do")


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
