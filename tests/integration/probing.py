# SPDX-License-Identifier: MIT
"""The test's end of support/probe.py."""
import json
import os
import pathlib
import threading
import time

SUPPORT = pathlib.Path(__file__).resolve().parent / "support"


class Probe:
    """What note() of support/probe.py said, in a thread that reads while the program runs."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        # Both ends are held open here, so that neither side waits for the other to open it.
        self._fd = os.open(path, os.O_RDWR)
        self._changed = threading.Condition()
        self._notes = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        with os.fdopen(self._fd, "rb", buffering=0, closefd=False) as pipe:
            pending = b""
            while True:
                pending += pipe.read(65536)
                *lines, pending = pending.split(b"\n")
                notes = [{"time": time.monotonic(), **json.loads(line)} for line in lines]
                with self._changed:
                    self._notes += notes
                    self._changed.notify_all()
                if any(note["kind"] == "end of probe" for note in notes):
                    return

    def close(self):
        os.write(self._fd, b'{"kind": "end of probe"}\n')
        self._thread.join()
        os.close(self._fd)

    def settle(self):
        """Returns when all that was written until now has been read."""
        mark = f"mark {time.monotonic_ns()}"
        os.write(self._fd, json.dumps({"kind": mark}).encode() + b"\n")
        self.wait(mark)

    def all(self, kind):
        """The notes of one kind so far."""
        with self._changed:
            return [note for note in self._notes if note["kind"] == kind]

    def count(self, kind):
        return len(self.all(kind))

    def values(self, kind, name):
        return [note[name] for note in self.all(kind)]

    def kinds(self):
        """The kinds of all notes in order."""
        with self._changed:
            return [note["kind"] for note in self._notes if not note["kind"].startswith("mark ")]

    def wait(self, kind, count=1, timeout=30):
        """Waits until there are `count` notes of a kind; returns them."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [note for note in self._notes if note["kind"] == kind]
                if len(found) >= count:
                    return found
                left = deadline - time.monotonic()
                assert left > 0 and self._changed.wait(left), \
                    f"{len(found)} of {count} notes {kind!r} after {timeout} s; there are {self._notes[-20:]}"
