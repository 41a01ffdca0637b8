# SPDX-License-Identifier: MIT
"""Log records in Locust's layout, and what a locustfile prints turned into records."""
import logging
import socket
import sys
from typing import Any, Optional, TextIO, Union

__all__ = ["StdErrWrapper", "StdOutWrapper", "console_logger", "setup_logging"]

# Kept before anything replaces it: tables and log records go here.
_real_stderr: TextIO = sys.__stderr__ or sys.stderr

HOST = socket.gethostname()
FORMAT = f"[%(asctime)s] {HOST.replace('%', '%%')}/%(levelname)s/%(name)s: %(message)s"

# Plain text without a prefix: tables, lists.
console_logger = logging.getLogger("console_logger")


def setup_logging(loglevel: Union[int, str], logfile: Optional[str] = None) -> None:
    """Sends the root logger's records of `loglevel` and above to `logfile` (appended) or to standard error.

    loglevel: a number, or a level's name in any case; ValueError for any other word. From then on print() and
    sys.stderr.write() make records of the loggers `stdout` and `stderr`.
    """
    level = _level(loglevel)
    handler: logging.Handler = logging.FileHandler(logfile) if logfile else logging.StreamHandler(_real_stderr)
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    logging.getLogger("requests").setLevel(logging.WARNING)
    _setup_console()
    sys.stdout = StdOutWrapper()  # type: ignore[assignment]
    sys.stderr = StdErrWrapper()  # type: ignore[assignment]


def _level(loglevel: Union[int, str]) -> int:
    if isinstance(loglevel, int):
        return loglevel
    number = getattr(logging, loglevel.upper(), None)
    if not isinstance(number, int):
        raise ValueError(f"Invalid log level: {loglevel}")
    return number


def _setup_console() -> None:
    for old in list(console_logger.handlers):
        console_logger.removeHandler(old)
    handler = logging.StreamHandler(_real_stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    console_logger.addHandler(handler)
    console_logger.propagate = False


class _LogStream:
    """A standard stream whose lines become log records.

    What is written goes out as one record, stripped, as soon as it ends with a line's end; so a print() is one record
    however many arguments and lines it has, a traceback written at once is one too, and an empty line is none.
    """

    encoding = "utf-8"
    errors = "replace"
    newlines = None
    closed = False

    def __init__(self, logger: str, level: int, original: Any) -> None:
        self._logger = logging.getLogger(logger)
        self._level = level
        self._original = original
        self._pending = ""
        self._busy = False

    def write(self, text: str) -> int:
        """Returns the number of characters, as files do."""
        self._pending += text
        if text.endswith("\n"):
            self.flush()
        return len(text)

    def writelines(self, lines: Any) -> None:
        self.write("".join(lines))

    def flush(self) -> None:
        """Logs an unfinished line."""
        pending, self._pending = self._pending, ""
        self._emit(pending)

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def fileno(self) -> int:
        """The stream behind: for those that hand it to a child process."""
        return self._original.fileno()

    def _emit(self, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if self._busy:  # logging itself complains here: not into the log again
            self._original.write(text + "\n")
            return
        self._busy = True
        try:
            self._logger.log(self._level, "%s", text)
        finally:
            self._busy = False


class StdOutWrapper(_LogStream):
    """Logger `stdout`, level INFO."""

    def __init__(self) -> None:
        super().__init__("stdout", logging.INFO, sys.__stdout__)


class StdErrWrapper(_LogStream):
    """Logger `stderr`, level ERROR."""

    def __init__(self) -> None:
        super().__init__("stderr", logging.ERROR, sys.__stderr__)
