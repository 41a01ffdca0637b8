# SPDX-License-Identifier: MIT
"""Small servers in threads of the test: one that answers connections by a function, with TLS if wanted,
and one for datagrams."""
import socket
import threading


class Server:
    """Listens on a free port of 127.0.0.1; `serve(connection)` is called in a thread for each connection."""

    def __init__(self, serve, context=None):
        self._serve = serve
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self.errors = []  # of handshakes
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection):
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._connections.append(connection)
        except OSError as error:
            self.errors.append(str(error))
            return
        try:
            self._serve(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def close(self):
        self._socket.close()
        for connection in self._connections:
            connection.close()


class DatagramServer:
    """Receives on a free UDP port of 127.0.0.1; `answers(datagram)` gives what is sent back for each: several, or none."""

    def __init__(self, answers):
        self._answers = answers
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.received = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            datagram, sender = self._socket.recvfrom(65536)
            if sender[1] == self.port:  # our own: the end
                return
            self.received.append(datagram)
            for answer_ in self._answers(datagram):
                self._socket.sendto(answer_, sender)

    def close(self):
        """After this all that had arrived is in `received`."""
        while self._thread.is_alive():  # while its queue is full this one is lost as well
            self._socket.sendto(b"", ("127.0.0.1", self.port))
            self._thread.join(0.1)
        self._socket.close()


def read_head(connection):
    """One request's head, with what came behind it; b"" at the end."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            return b""
        head += piece
    return head


def answer(body=b"ok", *lines):
    head = "".join(f"{line}\r\n" for line in ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *lines))
    return head.encode() + b"\r\n" + body
