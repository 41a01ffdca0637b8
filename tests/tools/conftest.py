# SPDX-License-Identifier: MIT
"""A small tree with one mistake at a time, and a way to run a tool on it."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

ARCHITECTURE = """# Map

| Folder | Holds | May include |
|---|---|---|
| `src/base/` | ground | - |
| `src/net/` | bytes | base |
| `src/python/` | front end | all but cli |
| `src/cli/` | main | all |

| Folder | Else |
|---|---|
"""


@pytest.fixture
def tree(tmp_path):
    """tree(path, text): writes a file of the little repository. Returns its root when called without arguments."""

    def write(path=None, text=""):
        if path is not None:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return tmp_path

    write("ARCHITECTURE.md", ARCHITECTURE)
    for folder in ("base", "net", "python", "cli"):
        write(f"src/{folder}/good.h", "#pragma once\n")
    return write


@pytest.fixture
def tool():
    """tool(name, *args): runs tools/NAME.py to its end; the output is in `stdout`."""

    def run(name, *args):
        return subprocess.run(["/usr/bin/python3", ROOT / "tools" / f"{name}.py", *args], text=True, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    return run
