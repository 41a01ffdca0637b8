# SPDX-License-Identifier: MIT
"""Fixtures for end-to-end tests: locustfiles written by the test, and what they tell while they run."""
import pathlib
import subprocess
import textwrap

import pytest

from c_source import HEAD
from certificates import Certificates
from embedding import Kit
from probing import SUPPORT, Probe
from servers import DatagramServer, Server
from services import Services
from tables import Report


@pytest.fixture
def probe(tmp_path):
    """Reads what locustfiles say with `from probe import note`."""
    probe = Probe(tmp_path / "probe.fifo")
    yield probe
    probe.close()


@pytest.fixture
def script(tmp_path):
    """script(text, name): writes a locustfile into the test's folder; returns its path."""

    def write(text, name="locustfile.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    return write


@pytest.fixture
def script_environment(probe, request):
    """Environment in which locustfiles find the probe; with WATCH_OBJECTS in modules that have it."""
    return {"PROBE": str(probe.path), "PYTHONPATH": str(SUPPORT), **getattr(request.module, "WATCH_OBJECTS", {})}


@pytest.fixture
def begin(script, start, script_environment):
    """begin(text, *options, host, env): starts the program on a locustfile; returns a Program.

    headless: adds --no-web and, unless told, a spawn rate that does not hold a test up.
    """

    def begin_script(text, *options, host=None, env=None, cwd=None, headless=True):
        arguments = ["-f", script(text) if isinstance(text, str) else text]
        arguments += ["--no-web"] if headless else []
        arguments += ["-H", host] if host else []
        arguments += ["-r", "1000"] if headless and "-r" not in options else []
        where = {"cwd": cwd} if cwd else {}
        return start(*arguments, *map(str, options), env={**script_environment, **(env or {})}, **where)

    return begin_script


@pytest.fixture
def play(begin, probe):
    """play(text, *options, ...): runs a locustfile to its end; returns a Report. Options of begin(), and:

    code: the exit code it must have (None: any); timeout: seconds it may take.
    """

    def play_script(text, *options, code=0, timeout=60, **more):
        report = Report(begin(text, *options, **more).finish(timeout))
        probe.settle()
        assert not report.broken(), str(report)
        assert code is None or report.code == code, str(report)
        return report

    return play_script


@pytest.fixture
def serve():
    """serve(function, context): starts a Server that lives as long as the test."""
    servers = []

    def start_server(function, context=None):
        servers.append(Server(function, context))
        return servers[-1]

    yield start_server
    for server in servers:
        server.close()


@pytest.fixture
def serve_datagrams():
    """serve_datagrams(answers): starts a DatagramServer that lives as long as the test."""
    servers = []

    def start_server(answers):
        servers.append(DatagramServer(answers))
        return servers[-1]

    yield start_server
    for server in servers:
        server.close()


@pytest.fixture
def service(tmp_path):
    """Servers that live no longer than this test."""
    running = Services(tmp_path / "service")
    yield running
    running.end()


@pytest.fixture(scope="module")
def installed(acrida, tmp_path_factory):
    """Folder with bin/ and lib/: the build under test, installed and then moved."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "-C", pathlib.Path(acrida).parent, "--no-rebuild", "--quiet", "--destdir",
                    folder / "first"], check=True, capture_output=True)
    prefix, = (folder / "first").glob("**/bin")
    return prefix.parent.rename(folder / "second")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure_target(start_target, certificates):
    """secure_target(name): a target that serves HTTPS with that certificate."""
    return lambda name: start_target("--tls-cert", certificates.path(f"{name}.chain.pem"))


@pytest.fixture
def kit(installed, tmp_path):
    """Compiler and installed library for programs of the test."""
    kit = Kit(tmp_path, installed)
    yield kit
    kit.close()


@pytest.fixture
def embed(kit):
    """embed(text, command): compiles a program in C, or in C++ if the command says so; returns its Kit."""

    def compile_text(text, command="gcc -Wall -Wextra -Werror -g"):
        name = "program.cpp" if "++" in command else "program.c"
        (kit.folder / name).write_text(HEAD + text)
        kit.build(f"{command} {name} -o program $(pkg-config --cflags --libs acrida)")
        return kit

    return compile_text
