# SPDX-License-Identifier: MIT
"""Servers of other protocols, each started for a test on a socket or a port of its own. Their packages: ./dev."""
import os
import shutil
import socket
import sys
import time

from probing import SUPPORT
from programs import Program

PORT_TRIES = 10


class Services:
    """service(start_x): starts a server of services.py; returns where it is."""

    def __init__(self, folder):
        self._folder = folder
        self._programs = []

    def __call__(self, start_x):
        self._folder.mkdir()
        return start_x(self._start, self._folder)

    def _start(self, args, folder, executable=None):
        self._programs.append(Program(args, folder, executable=executable))
        return self._programs[-1]

    def end(self):
        while self._programs:
            program = self._programs.pop()
            program.process.terminate()
            program.finish(30)


def find_program(name):
    """Its path: Debian keeps servers where only root looks."""
    path = shutil.which(name, path=os.defpath + ":/usr/sbin:/usr/local/sbin:/sbin")
    assert path, f"{name} is not there; ./dev deps installs it"
    return path


def start_websocket_server(start, folder):
    """Its URL."""
    server = start([sys.executable, SUPPORT / "websocket_server.py"], folder)
    assert server.stdout.wait("/\n", 30), server.stderr.text()
    return server.stdout.text().split()[-1]


def start_redis(start, folder):
    """Path of its socket."""
    path = folder / "redis.sock"
    # The program that Debian links redis-server to, which goes by the name it is called by. The package that has the
    # link would also set up a service.
    server = start(["redis-server", "--port", "0", "--unixsocket", path, "--save", ""], folder,
                   executable=find_program("redis-check-rdb"))
    assert server.stdout.wait("ready to accept connections", 30), server.stdout.text()
    return path


def start_redis_on_a_port(start, folder):
    """Its port on 127.0.0.1, which was free a moment ago."""
    for _ in range(PORT_TRIES):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        server = start(["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", ""], folder,
                       executable=find_program("redis-check-rdb"))
        ready = "Ready to accept connections"
        if server.stdout.wait_any([ready, "Failed listening"], 30) == ready:
            return int(port)
    raise AssertionError(f"no free port in {PORT_TRIES} tries:\n{server.stdout.text()}")


def start_mariadb(start, folder):
    """Path of its socket; it has no tables, and everybody may do everything."""
    path = folder / "mariadb.sock"
    (folder / "data").mkdir()
    server = start([find_program("mariadbd"), "--no-defaults", f"--datadir={folder / 'data'}", f"--socket={path}",
                    "--user=root", "--skip-networking", "--skip-grant-tables", "--skip-innodb",
                    "--default-storage-engine=MyISAM"], folder)
    server.wait_for("ready for connections")
    return path


def start_mosquitto(start, folder):
    """Its port on 127.0.0.1. It takes no 0 for a port that is free, so one is found that was free a moment ago."""
    for _ in range(PORT_TRIES):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        configuration = folder / "mosquitto.conf"
        configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
        server = start([find_program("mosquitto"), "-v", "-c", configuration], folder)
        if server.stderr.wait_any(["running", "Error"], 30) == "running":
            return port
    raise AssertionError(f"no free port in {PORT_TRIES} tries:\n{server.stderr.text()}")


def serve_postgres(connection):
    """For servers.Server: as much of PostgreSQL's protocol as it takes to answer statements of one value.

    "SELECT n" is n, "SELECT pg_sleep(1)" takes a second, any other SELECT is a syntax error, the rest is done.
    """
    stream = connection.makefile("rb")
    stream.read(int.from_bytes(stream.read(4), "big") - 4)  # who it is and what database it wants
    setting = b"client_encoding\0UTF8\0"
    connection.sendall(_message(b"R", bytes(4)) + _message(b"S", setting) + _message(b"Z", b"I"))
    while True:
        kind = stream.read(1)
        text = stream.read(int.from_bytes(stream.read(4), "big") - 4)
        if kind != b"Q":
            return
        connection.sendall(_answer(text.rstrip(b"\0").decode()) + _message(b"Z", b"T"))


def _message(kind, content):
    return kind + (len(content) + 4).to_bytes(4, "big") + content


def _answer(statement):
    value = statement.removeprefix("SELECT ")
    if value == statement:
        return _message(b"C", statement.split()[0].encode() + b"\0")
    if value == "pg_sleep(1)":
        time.sleep(1)
    elif not value.isdigit():
        return _message(b"E", b"SERROR\0C42601\0Msyntax error\0\0")
    column = b"value\0" + bytes(6) + (25).to_bytes(4, "big") + b"\xff\xff" + b"\xff\xff\xff\xff" + bytes(2)
    data = len(value).to_bytes(4, "big") + value.encode()
    return (_message(b"T", b"\0\1" + column) + _message(b"D", b"\0\1" + data) + _message(b"C", b"SELECT 1\0"))
