# SPDX-License-Identifier: MIT
"""A locustfile: each user runs one function of the module $CASES with its session, and notes what became of it.

$GENERATION: 9 (HttpLocust) or 2 (HttpUser).
"""
import importlib
import inspect
import os
import traceback

from locust import HttpLocust, HttpUser, TaskSet, constant
from locust.exception import StopLocust

from probe import note


def cases_of(module):
    """Its functions; of an acceptance module's those that are made for users."""
    for name, value in vars(module).items():
        if hasattr(value, "in_user"):
            yield value.in_user
        elif inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith(("_", "test_")):
            yield value


pending = list(cases_of(importlib.import_module(os.environ["CASES"])))


def run_case(user):
    case = pending.pop(0)
    try:
        case(user.client)
    except Exception as error:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__.tb_next))
        note("case", name=case.__name__, error=text[-3500:])
    else:
        note("case", name=case.__name__, error=None)
    raise StopLocust()


if os.environ["GENERATION"] == "9":
    class Cases(TaskSet):
        tasks = [run_case]

    class CaseUser(HttpLocust):
        task_set = Cases
else:
    class CaseUser(HttpUser):
        wait_time = constant(0)
        tasks = [run_case]
