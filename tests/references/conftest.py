# SPDX-License-Identifier: MIT
"""The calls to repeat are those of tests/python."""
import pathlib
import sys

_tests = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_tests / "python"), str(_tests.parent / "python")]
import locust  # noqa: E402, F401: patches what the tests import after it
