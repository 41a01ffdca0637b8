# SPDX-License-Identifier: MIT
"""The modules that scripts import, and what `from module import *` gives of each."""
import importlib
import pkgutil

import locust
import pytest

# They tell that they are not there yet.
LATER = {"locust.web": "web page", "locust.rpc": "cluster"}


def public_modules():
    found = ["locust", *(one.name for one in pkgutil.walk_packages(locust.__path__, "locust.", onerror=lambda name: None))]
    return [name for name in found if "._" not in name and name not in LATER]


@pytest.mark.parametrize("name", public_modules())
def test_a_module_says_which_names_are_for_others(name):
    module = importlib.import_module(name)
    names = {}
    exec(f"from {name} import *", names)
    assert sorted(set(names) - {"__builtins__"}) == sorted(module.__all__)


@pytest.mark.parametrize("name, words", LATER.items())
def test_a_module_that_comes_later_says_so(name, words):
    with pytest.raises(ImportError, match=f"{name}: .*no {words} yet"):
        importlib.import_module(name)
    with pytest.raises(ImportError, match=f"no {words} yet"):
        exec(f"from locust import {name.rpartition('.')[2]}")


def test_modules_are_there_after_import_locust():
    for name in ("events", "runners", "stats", "clients", "core", "exception", "log", "main", "inspectlocust", "util"):
        assert getattr(locust, name).__name__ == f"locust.{name}"


def test_star_imports_give_the_hooks_of_events():
    names = {}
    exec("from locust.events import *", names)
    assert names["request_success"] is locust.events.request_success
