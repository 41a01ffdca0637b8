# SPDX-License-Identifier: MIT
"""Runs the functions of a module as run_cases.py does, in a plain Python: plain_cases.py MODULE URL [requests].

With a HttpSession made by hand; with "requests" with a session of the real requests, to prove the cases themselves.
"""
import importlib
import inspect
import json
import sys
import traceback


def new_session(url, real):
    if not real:
        from locust.clients import HttpSession
        return HttpSession(url)
    import requests

    class BasedSession(requests.Session):
        base_url = url

        def request(self, method, url, *args, **kwargs):
            absolute = url.lower().startswith(("http://", "https://"))
            return super().request(method, url if absolute else self.base_url + url, *args, **kwargs)

    return BasedSession()


module_name, base_url, *rest = sys.argv[1:]
if not rest:
    import locust  # patches before requests is imported
module = importlib.import_module(module_name)
for name, function in vars(module).items():
    if not inspect.isfunction(function) or function.__module__ != module.__name__ or name.startswith("_"):
        continue
    try:
        function(new_session(base_url, bool(rest)))
        error = None
    except Exception:
        error = traceback.format_exc()[-3500:]
    print(json.dumps({"kind": "case", "name": name, "error": error}), flush=True)
