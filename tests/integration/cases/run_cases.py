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

module = importlib.import_module(os.environ["CASES"])
pending = [function for name, function in vars(module).items()
           if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")]


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
