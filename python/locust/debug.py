# SPDX-License-Identifier: MIT
"""One user in a plain Python process, to try a script or to step through it (2.x)."""
import logging
import sys
from typing import Any, Optional

from . import events, log
from .argument_parser import LocustArgumentParser, read_command_line
from .env import Environment

__all__ = ["run_single_user"]

_NAME_WIDTH, _ERROR_MAX = 50, 500


class _Printer:
    """Prints a line for each request."""

    def __init__(self, **shown: bool) -> None:
        self._shown = [name for name, wanted in shown.items() if wanted]
        self._print("type", "name".ljust(_NAME_WIDTH), "resp_ms", *self._shown, "exception")

    @staticmethod
    def _print(*columns: Any) -> None:
        (sys.__stdout__ or sys.stdout).write("\t".join(map(str, columns)) + "\n")

    def __call__(self, request_type: Any, name: Any, response_time: Any, exception: Any = None, **more: Any) -> None:
        error = "" if exception is None else repr(exception)[:_ERROR_MAX]
        more["payload"] = getattr(getattr(more.get("response"), "request", None), "body", None)
        self._print(request_type, str(name).ljust(_NAME_WIDTH), "" if response_time is None else round(response_time),
                    *(more.get(column) for column in self._shown), error)


def run_single_user(user_class: Any, include_length: bool = False, include_time: bool = False,
                    include_context: bool = False, include_payload: bool = False,
                    loglevel: Optional[str] = "WARNING") -> None:
    """Runs one user of the class in the calling greenlet until it ends by itself, and prints its requests.

    The command line may give --host and what the script adds. init and test_start are fired before. loglevel None:
    logging stays as it is. UsageError for a wrong option of the script's own.
    """
    if loglevel:
        logging.basicConfig(level=loglevel.upper(), format=log.FORMAT)
    parser = LocustArgumentParser()
    events.init_command_line_parser.fire(parser=parser)
    options = read_command_line(parser, sys.argv[1:])
    if options.host is not None:
        user_class.host = options.host
    environment = Environment(events=events, user_classes=[user_class], host=options.host,  # type: ignore[arg-type]
                              parsed_options=options)
    printer = _Printer(response_length=include_length, start_time=include_time, context=include_context,
                       payload=include_payload)
    events.request.add_listener(printer)
    try:
        events.init.fire(environment=environment, runner=None, web_ui=None)
        events.test_start.fire(environment=environment)
        user_class(environment).run()
    finally:
        events.request.remove_listener(printer)
