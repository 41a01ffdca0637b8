# SPDX-License-Identifier: MIT
"""Every example runs as it is, against the built-in target, without a failed request."""
import pathlib

import pytest

EXAMPLES = sorted((pathlib.Path(__file__).resolve().parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_loads_the_target(example, run, target):
    before = target.stats()["requests"]
    finished = run(["-f", example, "--no-web", "-c", "5", "-r", "50", "-t", "1s", "-H", target.url], timeout=30)
    assert finished.code == 0, str(finished)
    assert target.stats()["requests"] > before + 5, str(finished)
