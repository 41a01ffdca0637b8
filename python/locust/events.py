# SPDX-License-Identifier: MIT
"""The hooks that locustfiles listen on.

A module as in Locust 0.9 (`events.request_success += f`, `from locust.events import EventHook`) and an Events object as
in 2.x (`@events.test_start.add_listener`, `environment.events`) in one.
"""
import sys
import types

from .event import EventHook, Events

__all__ = ["EventHook", "Events", *Events.__annotations__]


class _EventsModule(types.ModuleType, Events):
    pass


_module = sys.modules[__name__]
_module.__class__ = _EventsModule
Events.__init__(_module)  # type: ignore[arg-type]
