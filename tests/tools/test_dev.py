# SPDX-License-Identifier: MIT
import pathlib
import re
import subprocess

DEV = pathlib.Path(__file__).resolve().parents[2] / "dev"


def dev(*args, cwd=None):
    return subprocess.run([DEV, *args], text=True, timeout=60, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True)


def test_help_lists_every_command_and_no_other(tmp_path):
    listed = set(re.findall(r"^  (\w+)", dev("help", cwd=tmp_path).stdout, re.M))
    assert listed == set(re.findall(r"^cmd_(\w+)\(\)", DEV.read_text(), re.M))


def test_without_a_command_there_is_help():
    finished = dev()
    assert finished.returncode == 0 and finished.stdout == dev("help").stdout == dev("--help").stdout


def test_an_unknown_command_is_an_error_that_names_it():
    finished = dev("frobnicate")
    assert finished.returncode == 2
    assert finished.stdout == "" and "'frobnicate'" in finished.stderr and "./dev help" in finished.stderr


def test_interop_says_that_nothing_was_run():
    finished = dev("interop")
    assert finished.returncode == 0 and "Nothing was run" in finished.stdout


def test_python_is_the_systems_and_stays_where_it_was_called(tmp_path):
    (tmp_path / "script.py").write_text("import os, sys; print(sys.executable, os.getcwd(), *sys.argv)")
    assert dev("python", "script.py", "a b", cwd=tmp_path).stdout.split() == [
        "/usr/bin/python3", str(tmp_path), "script.py", "a", "b"]
