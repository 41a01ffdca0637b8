# SPDX-License-Identifier: MIT
"""A server that answers each request with the token it was asked with, when and how the request says."""
import os
import socket
from urllib.parse import unquote

import gevent
from gevent.event import Event
from gevent.server import StreamServer


class EchoServer:
    """GET /PLAN/TOKEN answers TOKEN. PLAN is a list of steps, joined by `,`:

    now       answer in one piece
    MSms      wait so many milliseconds first
    hold      wait for release()
    half      send the head and half of the body, then go on with the next steps before the rest
    chunks    answer in chunks, one each millisecond
    status=N  answer with this status
    to=PLAN2  redirect to /PLAN2/TOKEN (steps joined by `+`)
    cut       close instead of answering
    """

    def __init__(self):
        self.asked = []  # tokens in the order in which their requests arrived
        self.connections = 0
        self._released = Event()
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self):
        self.release()
        self._server.stop(timeout=1)

    def release(self):
        self._released.set()

    def wait_for(self, token, seconds=5):
        """Until the request with this token has arrived."""
        with gevent.Timeout(seconds):
            while token not in self.asked:
                gevent.sleep(0.0005)

    def wait_for_silence(self, seconds=5):
        """Until the last connection has ended."""
        with gevent.Timeout(seconds):
            while self.connections:
                gevent.sleep(0.001)

    def _serve(self, connection, address):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = connection.makefile("rb")
        self.connections += 1
        try:
            while self._answer_one(reader, connection):
                pass
        except OSError:
            pass  # the client was cut short
        finally:
            reader.close()
            self.connections -= 1

    def _answer_one(self, reader, connection):
        line = reader.readline()
        if not line:
            return False
        length = 0
        while True:
            header = reader.readline().strip().lower()
            if not header:
                break
            if header.startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        reader.read(length)
        path = line.split()[1].decode().partition("?")[0]
        plan, token = path.strip("/").split("/", 1)
        token = unquote(token)
        self.asked.append(token)
        return self._follow(plan.split(","), token.encode(), connection)

    def _follow(self, steps, token, connection):
        head, body = _head(200, len(token)), token
        for step in steps:
            if step.startswith("to="):
                place = step[3:].replace("+", ",") + "/" + token.decode()
                head = _head(302, len(token), f"Location: /{place}\r\n")
            elif step.endswith("ms"):
                gevent.sleep(int(step[:-2]) / 1000)
            elif step == "hold":
                self._released.wait()
            elif step == "half":
                middle = len(body) // 2
                connection.sendall(head + body[:middle])
                head, body = b"", body[middle:]
            elif step == "chunks":
                return self._send_chunks(token, connection)
            elif step.startswith("status="):
                head = _head(int(step[7:]), len(token))
            elif step == "cut":
                return False
        connection.sendall(head + body)
        return True

    def _send_chunks(self, token, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(20):
            connection.sendall(b"%x\r\n%s\r\n" % (len(token), token))
            gevent.sleep(0.001)
        connection.sendall(b"0\r\n\r\n")
        return True


def _head(status, length, more=""):
    return f"HTTP/1.1 {status} Some\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n{more}\r\n".encode()


def open_descriptors():
    """How many file descriptors this process has."""
    return len(os.listdir("/proc/self/fd"))
