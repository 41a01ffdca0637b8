# SPDX-License-Identifier: MIT
"""Programs that tests start, watch and end: the program under test, its target, others beside them.

Nothing outlives a test: each program is ended by its own process id, with whatever it started.
"""
import dataclasses
import json
import os
import pathlib
import selectors
import signal
import subprocess
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
# No proxy of the environment stands between a test and its own machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
START_SECONDS = 30
END_SECONDS = 20


def program():
    """The program to test: $ACRIDA, else the developer build, else the release build."""
    builds = [os.environ.get("ACRIDA"), ROOT / "build-check" / "acrida", ROOT / "build" / "acrida"]
    for path in filter(None, builds):
        if os.access(path, os.X_OK):
            return str(pathlib.Path(path).resolve())
    raise FileNotFoundError("no program: set ACRIDA, or run ./dev build")


# Of the developer's own environment, what would change what programs under test do.
_UNWANTED = ("PYTHON", "VIRTUAL_ENV", "LOCUST", "ACRIDA", "REQUESTS_", "CURL_", "SSL_CERT", "NETRC")


def environment(home):
    """The environment of programs under test.

    A problem found by a sanitizer ends the program. Leaks are not looked for: the interpreter never frees all it has.
    """
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(_UNWANTED) and not name.lower().endswith("_proxy")}
    return {**kept, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1",
            "ASAN_OPTIONS": "detect_leaks=0:exitcode=99", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}


# For environment(): Python's objects from malloc(), so that a sanitizer sees uses after their end. Starting takes twice as
# long with it.
WATCH_OBJECTS = {"PYTHONMALLOC": "malloc"}


def end_group(process):
    """Ends the process group that `process` leads; waits for `process` itself."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def read_line(process, seconds):
    """The first line that `process` prints, or what there was of it after `seconds`."""
    deadline, line = time.monotonic() + seconds, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(deadline - time.monotonic()):
            byte = os.read(process.stdout.fileno(), 1)
            if not byte:
                break
            line += byte
    return line.decode(errors="replace")


class Target:
    """A running `acrida target`; `url` has no slash at its end."""

    def __init__(self, acrida, options, errors):
        self.errors = errors
        with errors.open("wb") as stderr:
            self.process = subprocess.Popen([acrida, "target", "--port", "0", *options], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=stderr, start_new_session=True,
                                            env=environment(errors.parent))
        line = read_line(self.process, START_SECONDS)
        self.url = line.split()[-1] if line.endswith("\n") else ""
        if not self.url.startswith(("http://", "https://")):
            end_group(self.process)
            raise RuntimeError(f"the target did not start: {line!r} {errors.read_text(errors='replace')}")
        self.port = int(self.url.rsplit(":", 1)[1])

    def fetch(self, path, data=None):
        """The body of the answer to a GET (or, with `data`, a POST) of `path`."""
        with OPENER.open(self.url + path, data=data, timeout=10) as answer:
            return answer.read()

    def stats(self):
        """What the target counted so far: the JSON of /__stats__."""
        return json.loads(self.fetch("/__stats__"))

    def end(self):
        """Ends the target; an error text when it had not run well until then, else ""."""
        crashed = self.process.poll()
        if crashed is None:
            self.process.terminate()
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                crashed = f"still there {END_SECONDS} s after SIGTERM"
        end_group(self.process)
        self.process.stdout.close()
        errors = self.errors.read_text(errors="replace")
        if crashed is not None or "Sanitizer" in errors or "runtime error:" in errors:
            return f"the target ended badly ({crashed}):\n{errors}"
        return ""


@dataclasses.dataclass
class Finished:
    """What a program left behind."""

    args: list
    code: int  # negative: the signal that ended it
    stdout: str
    stderr: str
    seconds: float
    cwd: pathlib.Path

    def __str__(self):
        return f"{self.args} ended with {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


class _Output:
    """Reads one of a program's streams in a thread; text() is what came so far."""

    def __init__(self, stream):
        self._stream = stream
        self._changed = threading.Condition()
        self._bytes = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            piece = self._stream.read1(65536)
            with self._changed:
                self._bytes += piece
                self._changed.notify_all()
            if not piece:
                return

    def text(self):
        with self._changed:
            return self._bytes.decode(errors="replace")

    def wait(self, wanted, seconds):
        """Waits until `wanted` was written; False when it was not in time."""
        return self.wait_any([wanted], seconds) is not None

    def wait_any(self, wanted, seconds):
        """Waits until one of the texts was written; the first of them that was, None when there was none in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: next((text for text in wanted if text.encode() in self._bytes), None), seconds)

    def close(self, seconds):
        """Reads to the end, which may not come while a child of the program has the stream open."""
        self._thread.join(seconds)
        if not self._thread.is_alive():
            self._stream.close()
        return self.text()


class Program:
    """A program in the background; use run() unless it is to be signalled or watched."""

    def __init__(self, args, cwd, env=None, executable=None):
        self.args, self.cwd = [str(arg) for arg in args], pathlib.Path(cwd)
        self.start = time.monotonic()
        self.process = subprocess.Popen(self.args, executable=executable, cwd=cwd,
                                        env={**environment(cwd), **(env or {})},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        start_new_session=True)
        self.stdout, self.stderr = _Output(self.process.stdout), _Output(self.process.stderr)

    def wait_for(self, text, seconds=30):
        """Waits until the program has written `text` to standard error."""
        assert self.stderr.wait(text, seconds), f"no {text!r} after {seconds} s:\n{self.stderr.text()}"

    def signal(self, number):
        self.process.send_signal(number)

    def finish(self, timeout):
        """Waits for its end and returns a Finished; AssertionError when it takes longer than `timeout` seconds."""
        late = False
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            late = True
        end_group(self.process)
        finished = Finished(self.args, self.process.returncode, self.stdout.close(END_SECONDS),
                            self.stderr.close(END_SECONDS), time.monotonic() - self.start, self.cwd)
        assert not late, f"still running after {timeout} s:\n{finished}"
        return finished
