# SPDX-License-Identifier: MIT
"""Raw connections of scenarios in C: what is sent and received, how they fail, how they end. Servers keep count."""
import contextlib
import re
import socket
import ssl
import struct
import threading
import time

import pytest

import services
from c_source import HEAD
from programs import ROOT
from sanitizer import scenario_environment
from tables import Report

HELPERS = """
static void check(acr_user *user, const char *what, bool ok) { if (!ok) acr_log_error(user, "%s", what); }

/* One exchange of a line, counted. */
static void say(acr_user *user, acr_stream *stream, const char *text)
{
    const char *answer = acr_send_text(stream, acr_format(user, "%s\\n", text)) ? acr_receive_line(stream) : NULL;
    if (answer != NULL && strcmp(answer, text) == 0)
        acr_record_success(user, "LINE", "say", acr_stream_elapsed(stream), strlen(answer));
    else if (answer != NULL || !acr_ending(user))
        acr_record_failure(user, "LINE", "say", -1, answer != NULL ? "another line" : acr_stream_why(stream));
}
"""


@pytest.fixture
def play_streams(play_c):
    """play_streams(text, server, *options): as play_c, for the host 127.0.0.1:port, with the helpers above."""

    def play(text, server, *options, **more):
        host = f"127.0.0.1:{server.port}" if server else None
        report = play_c(HELPERS + text, *options, host=host, **more)
        assert report.records("ERROR") == [], str(report)
        return report

    return play


def server_context(certificates, name, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.path(f"{name}.chain.pem"))
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Lines:
    """Sends back each line; counts them and the connections that ended well."""

    def __init__(self):
        self.lines, self.connections, self.ended = 0, 0, 0

    def __call__(self, connection):
        self.connections += 1
        with connection.makefile("rb") as stream:
            for line in stream:
                self.lines += 1
                connection.sendall(line)
        self.ended += 1


def opening(secure):
    """OPEN(user) for a scenario: connects it to its host, in TLS if wanted."""
    return ("#define OPEN(user) acr_connect(user, NULL, 0, " + (".tls = true, .any_certificate = true, " if secure else "")
            + ".timeout = 20)\n")


SECURE = pytest.mark.parametrize("secure", [False, True], ids=["tcp", "tls"])


def reset(connection):
    """Closes it by a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# ---- echo

@pytest.mark.parametrize("how", ["plain", "tls", "any certificate", "own authority"])
def test_lines_come_back_and_both_sides_count_alike(play_streams, serve, certificates, how):
    lines = Lines()
    options = {"plain": "", "tls": ", .tls = true", "any certificate": ", .tls = true, .any_certificate = true",
               "own authority": f", .tls = true, .ca = \"{certificates.path('ca.pem')}\""}[how]
    name = "other" if how == "any certificate" else "good"
    server = serve(lines, None if how == "plain" else server_context(certificates, name))
    report = play_streams("""
        static void once(acr_user *user)
        {
            acr_stream *stream = acr_connect(user, NULL, 0%s);
            for (int i = 0; i < 5; i++)
                say(user, stream, acr_format(user, "line %%d", i));
            acr_disconnect(stream);
            if (++*ACR_STATE(int, user) == 3)
                acr_stop_user(user);
        }
        ACR_USER(talker, .tasks = {ACR_TASK(once)}, .state_size = sizeof(int));
    """ % options, server, "-c", 8, env={"SSL_CERT_FILE": certificates.path("ca.pem")} if how == "tls" else {})
    assert report.total() == (8 * 3 * 5, 0)
    assert lines.lines == 8 * 3 * 5 and lines.connections == 8 * 3


def test_a_stream_is_kept_from_task_to_task_and_closed_with_its_user(play_streams, serve):
    lines = Lines()
    report = play_streams("""
        static void in(acr_user *user) { *ACR_STATE(acr_stream *, user) = acr_connect(user, NULL, 0); }
        static void talk(acr_user *user) { say(user, *ACR_STATE(acr_stream *, user), "hello"); }
        static void out(acr_user *user)
        {
            acr_stream *stream = *ACR_STATE(acr_stream *, user);
            check(user, "connected", acr_connected(stream));
            say(user, stream, "goodbye");
        }
        ACR_USER(talker, .on_start = in, .on_stop = out, .tasks = {ACR_TASK(talk)}, .wait = acr_constant(0.01),
                 .state_size = sizeof(acr_stream *));
    """, serve(lines), "-c", 6, "-t", "1s")
    assert report.total() == (lines.lines, 0) and lines.lines > 12
    assert lines.connections == lines.ended == 6


def test_tls_begins_when_both_agree(play_streams, serve, certificates):
    context, seen = server_context(certificates, "good"), []

    def start_tls(connection):
        connection.sendall(b"220 ready\r\n")
        assert connection.recv(100) == b"STARTTLS\r\n"
        connection.sendall(b"220 go\r\n")
        with context.wrap_socket(connection, server_side=True) as secure:
            seen.append((secure.selected_alpn_protocol(), secure.recv(100)))
            secure.sendall(b"secret\r\n")

    report = play_streams("""
        static void once(acr_user *user)
        {
            acr_stream *stream = acr_connect(user, NULL, 0, .timeout = 10);
            check(user, "greeting", strcmp(acr_receive_line(stream), "220 ready") == 0);
            check(user, "send", acr_send_text(stream, "STARTTLS\\r\\n"));
            check(user, "go", strcmp(acr_receive_line(stream), "220 go") == 0);
            check(user, acr_stream_why(stream), acr_start_tls(stream, .ca = CA));
            check(user, "twice", !acr_start_tls(stream) && strstr(acr_stream_why(stream), "plain connection"));
            check(user, "send in TLS", acr_send_text(stream, "x"));
            check(user, "receive in TLS", strcmp(acr_receive_line(stream), "secret") == 0);
            check(user, "end", acr_receive_line(stream) == NULL);
            acr_disconnect(stream);
            stream = acr_connect(user, NULL, 0);
            acr_receive_line(stream);
            acr_send_text(stream, "STARTTLS\\r\\n");
            acr_receive_line(stream);
            check(user, "trusted", !acr_start_tls(stream) && strstr(acr_stream_why(stream), "certificate not accepted"));
            check(user, "closed", !acr_connected(stream) && !acr_send_text(stream, "x"));
            check(user, "why is kept", strstr(acr_stream_why(stream), "certificate not accepted") != NULL);
            acr_stop_user(user);
        }
        ACR_USER(mail, .tasks = {ACR_TASK(once)});
    """.replace("CA)", f'"{certificates.path("ca.pem")}")'), serve(start_tls))
    assert seen[0] == (None, b"x"), str(report)


def test_a_client_certificate_is_shown(play_streams, serve, certificates):
    lines = Lines()
    server = serve(lines, server_context(certificates, "good", client_ca=certificates.path("ca.pem")))
    report = play_streams(f"""
        static void once(acr_user *user)
        {{
            acr_stream *stream = acr_connect(user, NULL, 0, .tls = true, .any_certificate = true,
                                             .certificate = "{certificates.path('client.pem')}",
                                             .key = "{certificates.path('client.key')}");
            say(user, stream, "known");
            stream = acr_connect(user, NULL, 0, .tls = true, .any_certificate = true);
            if (acr_receive_line(stream) == NULL) /* the server looks for the certificate after the handshake */
                acr_record_failure(user, "LINE", "say", -1, acr_stream_why(stream));
            acr_stop_user(user);
        }}
        ACR_USER(visitor, .tasks = {{ACR_TASK(once)}});
    """, server, code=1)
    assert report.total() == (1, 1) and lines.lines == 1
    assert "certificate required" in " ".join(report.errors())


# ---- how connecting fails

FAILURES = {
    "refused": ("acr_connect(user, \"127.0.0.1\", 1)", "connection refused: 127.0.0.1:1"),
    "no such name": ("acr_connect(user, \"nobody.invalid\", 80, .timeout = 10)", "could not resolve host"),
    "port 0": ("acr_connect(user, \"127.0.0.1\", 0)", "invalid argument: 127.0.0.1:0: there is no such port"),
    "large port": ("acr_connect(user, \"::1\", 65536)", "invalid argument: [::1]:65536: there is no such port"),
    "no host": ("acr_connect(user, NULL, 80)", "invalid argument: no host: give acr_connect() one, or the user by --host"),
    "empty host": ("acr_connect(user, \"\", 80)", "invalid argument: no host"),
    "datagrams in TLS": ("acr_connect(user, \"127.0.0.1\", 1, .tls = true, .udp = true)", "TLS is not there over UDP"),
    "no such authority": ("acr_connect(user, \"127.0.0.1\", PORT, .tls = true, .ca = \"/no/ca\")", "/no/ca"),
    "no TLS there": ("acr_connect(user, \"127.0.0.1\", PORT, .tls = true)", "no TLS on this port?"),
    "nothing": ("NULL", "there is no stream"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_why_there_is_no_connection_is_said_and_every_call_fails(play_streams, serve, certificates, name):
    call, why = FAILURES[name]
    server = serve(lambda connection: connection.sendall(b"hello\r\n"))
    report = play_streams("""
        static void once(acr_user *user)
        {
            char bytes[8];
            size_t size = 77;
            acr_stream *stream = CALL;
            acr_record_failure(user, "TCP", "connect", -1, acr_stream_why(stream));
            check(user, "connected", !acr_connected(stream));
            check(user, "sent", !acr_send(stream, "x", 1) && !acr_send_text(stream, "x") && !acr_send_end(stream));
            check(user, "received", acr_receive(stream, bytes, 8) == -1 && !acr_receive_all(stream, bytes, 8));
            check(user, "text", acr_receive_line(stream) == NULL && acr_receive_until(stream, "x", &size) == NULL);
            check(user, "size is left", size == 77);
            check(user, "tls", !acr_start_tls(stream));
            acr_stream_timeout(stream, 1);
            check(user, "no time", acr_stream_elapsed(stream) == 0);
            acr_record_failure(user, "TCP", "later", -1, acr_stream_why(stream));
            acr_disconnect(stream);
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """.replace("CALL", call).replace("PORT", str(server.port)), None, code=1,
                          env={"SSL_CERT_FILE": certificates.path("ca.pem")})
    errors = report.errors()
    assert len(errors) == 2 and all(why in text for text in errors), str(report)


@pytest.mark.parametrize("name, words", [("other", "certificate not accepted: 127.0.0.1: "), ("expired", "expired")])
def test_a_bad_certificate_is_refused(play_streams, serve, certificates, name, words):
    server = serve(Lines(), server_context(certificates, name))
    report = play_streams("""
        static void once(acr_user *user)
        {
            acr_stream *stream = acr_connect(user, NULL, 0, .tls = true);
            acr_record_failure(user, "TLS", "connect", -1, acr_stream_why(stream));
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """, server, code=1, env={"SSL_CERT_FILE": certificates.path("ca.pem")})
    assert words in " ".join(report.errors()), str(report)
    assert len(server.errors) == 1


@contextlib.contextmanager
def full_queue():
    """A port that does not answer who wants to connect."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        clients = []
        for _ in range(2):  # one more than the queue is said to hold fits in
            clients.append(socket.socket())
            clients[-1].setblocking(False)
            clients[-1].connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for client in clients:
            client.close()


def test_a_host_that_does_not_answer_is_given_up_in_time(play_streams):
    with full_queue() as port:
        report = play_streams(f"""
            static void once(acr_user *user)
            {{
                double begin = acr_now(user);
                acr_stream *stream = acr_connect(user, "127.0.0.1", {port}, .timeout = 0.3);
                acr_record_failure(user, "TCP", "connect", acr_now(user) - begin, acr_stream_why(stream));
                check(user, "time", acr_now(user) - begin >= 0.3);
                acr_stop_user(user);
            }}
            ACR_USER(caller, .tasks = {{ACR_TASK(once)}});
        """, None, code=1)
    assert list(report.errors()) == [f"TCP connect: 'connect timed out: 127.0.0.1:{port}: no answer in time'"], str(report)


def test_the_host_of_the_user_may_be_written_in_several_ways(play_c, serve):
    lines = Lines()
    server = serve(lines)
    text = HELPERS + """
        static void once(acr_user *user)
        {
            check(user, "host", strcmp(acr_host(user), HOST) == 0 && strcmp(acr_class_name(user), "caller") == 0);
            say(user, acr_connect(user, NULL, GIVEN, .timeout = 5), "hello");
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)}, .host = HOST);
    """
    hosts = {"127.0.0.1:PORT": 0, "tcp://127.0.0.1:PORT": 0, "x://me:secret@localhost:PORT/1?a#b": 0, "tcp://127.0.0.1": server.port,
             "127.0.0.1:1": server.port, "[127.0.0.1]:PORT": 0}
    for host, given in hosts.items():
        whole = text.replace("HOST", f'"{host}"').replace("PORT", str(server.port)).replace("GIVEN", str(given))
        report = play_c(whole)
        assert report.total() == (1, 0) and report.records("ERROR") == [], str(report)
    assert lines.lines == len(hosts)


# ---- how a connection ends, and goes wrong

def test_an_end_that_came_with_data_is_seen_behind_them(play_streams, serve):
    def serve_last(connection):
        connection.recv(10)
        connection.sendall(b"one\r\ntwo\nrest")

    play_streams("""
        static void once(acr_user *user)
        {
            char bytes[64];
            acr_stream *stream = acr_connect(user, NULL, 0, .timeout = 10);
            acr_send_text(stream, "x");
            const char *one = acr_receive_line(stream);
            check(user, "one", strcmp(one, "one") == 0);
            check(user, "two", strcmp(acr_receive_line(stream), "two") == 0);
            check(user, "no third", acr_receive_line(stream) == NULL);
            check(user, acr_stream_why(stream), strstr(acr_stream_why(stream), "before the answer was complete: 127.0.0.1"));
            check(user, "disconnected", !acr_connected(stream));
            check(user, "rest", acr_receive(stream, bytes, 3) == 3 && acr_receive(stream, bytes + 3, 9) == 1 && memcmp(bytes, "rest", 4) == 0);
            check(user, "end", acr_receive(stream, bytes, 64) == 0 && strstr(acr_stream_why(stream), "end of stream"));
            check(user, "end again", acr_receive(stream, bytes, 64) == 0);
            check(user, "all", !acr_receive_all(stream, bytes, 1));
            check(user, "one is still there", strcmp(one, "one") == 0);
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """, serve(serve_last))


@SECURE
def test_who_has_ended_can_still_receive(play_streams, serve, certificates, secure):
    def count(connection):
        size = 0
        while piece := connection.recv(1000):
            size += len(piece)
        connection.sendall(b"%d\n" % size)

    play_streams(opening(secure) + """
        static void once(acr_user *user)
        {
            char bytes[8];
            acr_stream *stream = OPEN(user);
            check(user, "sent", acr_send_text(stream, "12345") && acr_send_end(stream));
            check(user, "connected", acr_connected(stream));
            const char *size = acr_receive_line(stream);
            check(user, "counted", size != NULL && strcmp(size, "5") == 0);
            check(user, "end", acr_receive(stream, bytes, 8) == 0);
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """, serve(count, server_context(certificates, "good") if secure else None))


def test_who_saw_an_end_can_still_send(play_streams, serve):
    got, done = [], threading.Event()

    def end_first(connection):
        connection.shutdown(socket.SHUT_WR)
        got.append(connection.makefile("rb").read())
        done.set()

    play_streams("""
        static void once(acr_user *user)
        {
            char bytes[8];
            acr_stream *stream = acr_connect(user, NULL, 0, .timeout = 20);
            check(user, "their end", acr_receive(stream, bytes, 8) == 0 && !acr_connected(stream));
            check(user, "sent all the same", acr_send_text(stream, "late ") && acr_send_text(stream, "words"));
            acr_disconnect(stream);
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """, serve(end_first))
    assert done.wait(20) and got == [b"late words"]


def test_a_reset_is_told_apart_from_an_end(play_streams, serve):
    def serve_reset(connection):
        connection.recv(1)
        reset(connection)

    server = serve(serve_reset)
    report = play_streams("""
        static void once(acr_user *user)
        {
            char bytes[8];
            acr_stream *stream = acr_connect(user, NULL, 0, .timeout = 10);
            acr_send_text(stream, "x");
            check(user, "failed", acr_receive(stream, bytes, 8) == -1 && !acr_connected(stream));
            check(user, "failed for good", acr_receive(stream, bytes, 8) == -1 && !acr_send_text(stream, "x"));
            acr_record_failure(user, "TCP", "reset", -1, acr_stream_why(stream));
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """, server, code=1)
    assert list(report.errors()) == [f"TCP reset: 'connection reset by peer: 127.0.0.1:{server.port}'"], str(report)


def test_silence_is_a_time_out_after_which_one_may_go_on(play_streams, serve):
    def answer_the_second(connection):
        connection.recv(1)
        connection.recv(1)
        connection.sendall(b"late\n")

    server = serve(answer_the_second)
    report = play_streams("""
        static void once(acr_user *user)
        {
            char bytes[8];
            acr_stream *stream = acr_connect(user, NULL, 0, .timeout = 0.2);
            acr_send_text(stream, "x");
            double begin = acr_now(user);
            check(user, "silence", acr_receive(stream, bytes, 8) == -1);
            check(user, "patience", acr_now(user) - begin >= 0.2 && acr_now(user) - begin < 5);
            acr_record_failure(user, "TCP", "silence", -1, acr_stream_why(stream));
            check(user, "still there", acr_connected(stream));
            acr_stream_timeout(stream, 20);
            check(user, "sent", acr_send_text(stream, "x"));
            check(user, "answer", strcmp(acr_receive_line(stream), "late") == 0 && strcmp(acr_stream_why(stream), "") == 0);
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """, server, code=1)
    assert list(report.errors()) == [f"TCP silence: 'read timed out: 127.0.0.1:{server.port}'"], str(report)


def test_a_peer_that_does_not_read_makes_sending_time_out(play_streams, serve):
    server = serve(lambda connection: connection.sendall(b"x") or silent.append(connection.dup()))
    silent = []
    report = play_streams("""
        static char bytes[16 << 20];
        static void once(acr_user *user)
        {
            acr_stream *stream = acr_connect(user, NULL, 0, .timeout = 0.3);
            check(user, "not sent", !acr_send(stream, bytes, sizeof bytes));
            acr_record_failure(user, "TCP", "send", -1, acr_stream_why(stream));
            check(user, "closed", !acr_connected(stream) && !acr_send(stream, bytes, 1));
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """, server, code=1)
    assert list(report.errors()) == [f"TCP send: 'write timed out: 127.0.0.1:{server.port}'"], str(report)
    silent[0].close()


# ---- pieces

def test_pieces_are_put_together_however_they_arrive(play_streams, serve):
    text = b"first\r\nsecond\nthree::four::\r\n" + bytes(range(256)) + b"end\n" + b"\r\n\n"

    def drip(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in text:
            connection.sendall(bytes([byte]))

    def pour(connection):
        connection.sendall(text)

    for function in (drip, pour):
        play_streams("""
            static void once(acr_user *user)
            {
                unsigned char bytes[256];
                size_t size = 0;
                acr_stream *stream = acr_connect(user, NULL, 0, .timeout = 10);
                const char *first = acr_receive_line(stream);
                check(user, "first", strcmp(first, "first") == 0);
                check(user, "second", strcmp(acr_receive_until(stream, "\\n", NULL), "second") == 0);
                check(user, "three", strcmp(acr_receive_until(stream, "::", &size), "three") == 0 && size == 5);
                check(user, "four", strcmp(acr_receive_until(stream, "::\\r\\n", &size), "four") == 0 && size == 4);
                check(user, "none", acr_receive_all(stream, bytes, 0));
                check(user, "all", acr_receive_all(stream, bytes, 256));
                for (int i = 0; i < 256; i++)
                    check(user, "byte", bytes[i] == i);
                check(user, "end", strcmp(acr_receive_line(stream), "end") == 0);
                check(user, "empty", strcmp(acr_receive_line(stream), "") == 0 && strcmp(acr_receive_line(stream), "") == 0);
                check(user, "no end", acr_receive_until(stream, "", NULL) == NULL && strstr(acr_stream_why(stream), "invalid"));
                check(user, "no room", acr_receive(stream, bytes, 0) == -1 && strstr(acr_stream_why(stream), "no room"));
                check(user, "over", acr_receive(stream, bytes, 1) == 0);
                check(user, "first is still there", strcmp(first, "first") == 0);
                acr_stop_user(user);
            }
            ACR_USER(caller, .tasks = {ACR_TASK(once)});
        """, serve(function))


def test_a_line_has_a_limit_and_what_came_can_be_received(play_streams, serve):
    limit = 1 << 20

    def serve_long(connection):
        connection.sendall(b"a" * limit + b"\n" + b"b" * (limit + 1) + b"\n" + b"c" * limit + b"after")

    play_streams("""
        static void once(acr_user *user)
        {
            size_t size = 0, more = 0;
            ptrdiff_t got;
            acr_stream *stream = acr_connect(user, NULL, 0, .timeout = 10);
            const char *line = acr_receive_until(stream, "\\n", &size);
            check(user, "longest", line != NULL && size == ACR_RECEIVE_UNTIL_MAX && line[size - 1] == 'a');
            check(user, "too long", acr_receive_line(stream) == NULL);
            check(user, acr_stream_why(stream), strstr(acr_stream_why(stream), "no end within 1048576 bytes"));
            char *bytes = (char *)acr_memory(user, 65536);
            while (more < size + 1 && (got = acr_receive(stream, bytes, 1000)) > 0 && bytes[0] == 'b')
                more += (size_t)got;
            check(user, "all of it", more >= size + 1);
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """, serve(serve_long))


BIG = 24 << 20


@SECURE
def test_many_megabytes_pass_in_both_directions(play_streams, serve, certificates, secure):
    pattern = (bytes(i * 7 % 251 for i in range(1004)) * (BIG // 1004 + 1))[:BIG]
    seen, done = [], threading.Event()

    def swallow_and_give(connection):
        stream = connection.makefile("rb")
        seen.append(stream.read(BIG) == pattern)
        connection.sendall(pattern)
        seen.append(stream.read(1))
        done.set()

    report = play_streams(opening(secure) + f"""
        #define BIG {BIG}
        static unsigned char bytes[BIG], back[BIG];
        static void once(acr_user *user)
        {{
            for (size_t i = 0; i < BIG; i++)
                bytes[i] = (unsigned char)(i % 1004 * 7 % 251);
            acr_stream *stream = OPEN(user);
            check(user, "sent", acr_send(stream, bytes, BIG));
            check(user, acr_stream_why(stream), acr_receive_all(stream, back, BIG));
            check(user, "the same", memcmp(bytes, back, BIG) == 0);
            acr_record_success(user, "BIG", "both ways", acr_stream_elapsed(stream), 2 * (uint64_t)BIG);
            acr_stop_user(user);
        }}
        ACR_USER(mover, .tasks = {{ACR_TASK(once)}});
    """, serve(swallow_and_give, server_context(certificates, "good") if secure else None))
    assert done.wait(20) and seen == [True, b""] and report.total() == (1, 0)


@SECURE
def test_megabytes_that_are_echoed_at_once_pass_as_well(play_streams, serve, certificates, secure):
    sizes = []

    def echo(connection):
        size = 0
        while piece := connection.recv(1 << 20):
            size += len(piece)
            connection.sendall(piece)
        sizes.append(size)

    report = play_streams(opening(secure) + """
        static char bytes[100000], back[100000];
        static void piece(acr_user *user)
        {
            acr_stream **stream = ACR_STATE(acr_stream *, user);
            if (!acr_connected(*stream))
                *stream = OPEN(user);
            memset(bytes, (int)acr_random_int(user, 0, 255), sizeof bytes);
            char first = bytes[0];
            bool back_again = acr_send(*stream, bytes, sizeof bytes) && acr_receive_all(*stream, back, sizeof back);
            if (!back_again)
                acr_record_failure(user, "ECHO", "piece", -1, acr_stream_why(*stream));
            else
                acr_record_success(user, "ECHO", "piece", acr_stream_elapsed(*stream), sizeof back);
            check(user, "the same", back_again && back[0] == first && back[sizeof back - 1] == first);
        }
        ACR_USER(mover, .tasks = {ACR_TASK(piece)}, .state_size = sizeof(acr_stream *));
    """, serve(echo, server_context(certificates, "good") if secure else None), "-n", 200)
    assert report.total() == (200, 0) and sizes == [200 * 100000]


# ---- users that are to end, and those that never would

STOPPED = {
    "receive": "acr_receive(stream, bytes, 8) == -1",
    "line": "acr_receive_line(stream) == NULL",
    "all": "!acr_receive_all(stream, bytes, 8)",
    "send": "!acr_send(stream, many, sizeof many)",
}


@SECURE
@pytest.mark.parametrize("call", STOPPED)
def test_a_user_that_waits_for_its_peer_is_given_two_seconds_at_the_end(play_streams, serve, certificates, secure, call):
    leave, connections = threading.Event(), []

    def stall(connection):
        connections.append(connection.recv(1))
        leave.wait(60)

    report = play_streams(opening(secure) + f"""
        static char many[16 << 20];
        static void wait(acr_user *user)
        {{
            char bytes[8];
            acr_stream *stream = OPEN(user);
            acr_stream_timeout(stream, 0);
            check(user, "began", acr_send_text(stream, "x") && !acr_ending(user));
            check(user, "call", {STOPPED[call]});
            check(user, "ending", acr_ending(user));
            check(user, "why", strcmp(acr_stream_why(stream), "the user is being ended") == 0);
            check(user, "nothing more", acr_receive_line(stream) == NULL && acr_receive(stream, bytes, 8) == -1);
            check(user, "no other", !acr_connected(OPEN(user)));
        }}
        static void out(acr_user *user) {{ acr_record_success(user, "END", "out", 0, 0); }}
        ACR_USER(caller, .tasks = {{ACR_TASK(wait)}}, .on_stop = out);
    """, serve(stall, server_context(certificates, "good") if secure else None), "-c", 3, "-t", "1s")
    leave.set()
    assert report.total() == (3, 0) and 3 <= report.seconds < 20
    assert len(connections) == 3


def test_a_user_that_connects_is_given_two_seconds_at_the_end(play_streams):
    with full_queue() as port:
        report = play_streams(f"""
            static void wait(acr_user *user)
            {{
                acr_stream *stream = acr_connect(user, "127.0.0.1", {port});
                check(user, "not", !acr_connected(stream) && acr_ending(user));
                check(user, "why", strcmp(acr_stream_why(stream), "the user is being ended") == 0);
                acr_record_success(user, "END", "told", 0, 0);
            }}
            ACR_USER(caller, .tasks = {{ACR_TASK(wait)}});
        """, None, "-c", 3, "-t", "1s")
    assert report.total() == (3, 0) and 3 <= report.seconds < 20


@pytest.mark.parametrize("call", ["acr_connected(acr_connect(user, NULL, 0, .tls = true))",
                                  "acr_start_tls(acr_connect(user, NULL, 0))"])
def test_a_user_whose_peer_is_silent_in_the_handshake_is_given_two_seconds_at_the_end(play_streams, serve, call):
    leave = threading.Event()
    report = play_streams(f"""
        static void wait(acr_user *user)
        {{
            check(user, "handshake", !{call});
            check(user, "ending", acr_ending(user));
        }}
        static void out(acr_user *user) {{ acr_record_success(user, "END", "out", 0, 0); }}
        ACR_USER(caller, .tasks = {{ACR_TASK(wait)}}, .on_stop = out);
    """, serve(lambda connection: leave.wait(60)), "-c", 3, "-t", "1s")
    leave.set()
    assert report.total() == (3, 0) and 3 <= report.seconds < 20


def test_an_exchange_that_is_under_way_at_the_end_is_finished_and_counted(begin, script, serve):
    """The answers come when the end has begun, and then the users say goodbye."""
    received, release = [], threading.Event()

    def answer_late(connection):
        with connection.makefile("rb") as stream:
            for line in stream:
                received.append(line)
                if line == b"question\n":
                    release.wait(60)
                connection.sendall(line)

    path = script(HEAD + HELPERS + """
        static void in(acr_user *user) { *ACR_STATE(acr_stream *, user) = acr_connect(user, NULL, 0); }
        static void ask(acr_user *user) { say(user, *ACR_STATE(acr_stream *, user), "question"); }
        static void out(acr_user *user) { say(user, *ACR_STATE(acr_stream *, user), "goodbye"); }
        ACR_USER(caller, .on_start = in, .on_stop = out, .tasks = {ACR_TASK(ask)}, .state_size = sizeof(acr_stream *));
    """, "scenario.c")
    program = begin(path, "-c", 4, "-t", "1s", host=f"127.0.0.1:{serve(answer_late).port}")
    program.wait_for("Time limit reached")
    release.set()
    report = Report(program.finish(60))
    assert report.code == 0 and not report.broken() and report.total() == (8, 0), str(report)
    assert sorted(received) == 4 * [b"goodbye\n"] + 4 * [b"question\n"]


@pytest.mark.parametrize("call", ["acr_receive(stream, bytes, 8)", "acr_receive_line(stream)", 'acr_send_text(stream, "x")',
                                  'acr_connect(user, "127.0.0.1", 1)', "acr_start_tls(stream)"])
def test_a_task_that_goes_on_for_ever_is_cut_off_and_leaves_nothing(play_streams, serve, call):
    """The sanitizer looks for leaks when the program ends."""
    ends = []

    def pour(connection):
        ends.append(0)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"a" * 100 + b"\n")

    report = play_streams("""
        static void forever(acr_user *user)
        {
            char bytes[8];
            acr_stream *stream = acr_connect(user, NULL, 0);
            (void)bytes;
            (void)stream;
            for (;;)
                CALL;
        }
        static void out(acr_user *user) { acr_record_success(user, "END", "out", 0, 0); }
        ACR_USER(stubborn, .tasks = {ACR_TASK(forever)}, .on_stop = out);
    """.replace("CALL", call), serve(pour), "-c", 3, "-t", "1s")
    assert sum("stubborn: forever was cut off" in text for text in report.records("WARNING")) == 3
    assert report.table()["END out"].requests == 3 and report.seconds < 30


FLOODS = {
    "received": ("", "while (acr_receive(stream, bytes, sizeof bytes) > 0) { }"),
    "lines": ("", "while (acr_receive_line(stream) != NULL) { }"),
    "datagrams": (", .udp = true", "while (!acr_ending(user)) acr_send(stream, bytes, 16);"),
    "failures": ("", "acr_disconnect(stream); while (!acr_ending(user)) { stream = acr_connect(user, \"::1\", 0); acr_disconnect(stream); }"),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_user_whose_peer_is_always_ready_lets_others_run(play_streams, serve, serve_datagrams, kind):
    options, loop = FLOODS[kind]

    def pour(connection):
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"0123456\n" * 8192)

    server = serve_datagrams(lambda datagram: ()) if kind == "datagrams" else serve(pour)
    report = play_streams(f"""
        static void drink(acr_user *user)
        {{
            char bytes[4096] = "";
            (void)bytes;
            acr_stream *stream = acr_connect(user, NULL, 0{options});
            {loop}
        }}
        static void tick(acr_user *user) {{ acr_record_success(user, "T", "tick", 0, 0); }}
        ACR_USER(drinker, .tasks = {{ACR_TASK(drink)}}, .fixed_count = 1);
        ACR_USER(clock_, .tasks = {{ACR_TASK(tick)}}, .wait = acr_constant(0.01), .fixed_count = 1);
    """, server, "-c", 2, "-t", "1s")
    assert report.table()["T tick"].requests > 10 and report.seconds < 20


def test_times_count_from_the_send_to_the_arrival(play_streams, serve):
    def answer_slowly(connection):
        with connection.makefile("rb") as stream:
            for line in stream:
                time.sleep(0.1)
                connection.sendall(line)

    report = play_streams("""
        static void once(acr_user *user)
        {
            acr_stream *stream = acr_connect(user, NULL, 0);
            acr_sleep(user, 0.3); /* before */
            acr_send_text(stream, "a\\n");
            acr_sleep(user, 0.5); /* the answer is there long before it is asked for */
            acr_receive_line(stream);
            acr_sleep(user, 0.3); /* after */
            acr_record_success(user, "T", "answer", acr_stream_elapsed(stream), 2);
            acr_stop_user(user);
        }
        ACR_USER(patient, .tasks = {ACR_TASK(once)});
    """, serve(answer_slowly))
    assert 100 <= report.table()["T answer"].median < 400


def test_streams_that_are_forgotten_are_noticed(play_c):
    report = play_c("""
        static void once(acr_user *user)
        {
            for (int i = 0; i < 1500; i++)
                acr_connect(user, "127.0.0.1", 0);
            acr_stop_user(user);
        }
        ACR_USER(careless, .tasks = {ACR_TASK(once)});
    """)
    warning, = report.records("WARNING")
    assert warning.startswith("careless: a user has 1000 streams: acr_disconnect()")


def test_streams_work_in_cxx(play_c, serve, certificates):
    lines = Lines()
    server = serve(lines, server_context(certificates, "good"))
    report = play_c(HELPERS + """
        #include <string>
        static void once(acr_user *user)
        {
            std::string host = "localhost";
            acr_stream *stream = acr_connect(user, host.c_str(), PORT, .tls = true, .any_certificate = true, .timeout = 20);
            say(user, stream, "hello");
            check(user, "twice", !acr_start_tls(stream, .timeout = 5));
            acr_disconnect(stream);
            acr_stop_user(user);
        }
        ACR_USER(caller, .tasks = {ACR_TASK(once)});
    """.replace("PORT", str(server.port)), name="scenario.cc")
    assert report.total() == (1, 0) and lines.lines == 1 and report.records("ERROR") == []


# ---- datagrams

def test_datagrams_go_and_come_one_by_one(play_streams, serve_datagrams):
    server = serve_datagrams(lambda datagram: [datagram, b"", datagram[::-1]])
    report = play_streams("""
        static void once(acr_user *user)
        {
            char bytes[64];
            acr_stream *socket = acr_connect(user, NULL, 0, .timeout = 20, .udp = true);
            for (int i = 0; i < 100; i++) {
                check(user, "sent", acr_send(socket, "abc", 3));
                check(user, "same", acr_receive(socket, bytes, 64) == 3 && memcmp(bytes, "abc", 3) == 0);
                check(user, "empty", acr_receive(socket, bytes, 64) == 0 && strcmp(acr_stream_why(socket), "") == 0);
                check(user, "still connected", acr_connected(socket));
                check(user, "reversed", acr_receive(socket, bytes, 64) == 3 && memcmp(bytes, "cba", 3) == 0);
                acr_record_success(user, "UDP", "abc", acr_stream_elapsed(socket), 6);
            }
            check(user, "empty sent", acr_send(socket, "", 0));
            for (int i = 0; i < 3; i++)
                check(user, "empty back", acr_receive(socket, bytes, 64) == 0);
            check(user, "long", acr_send_text(socket, "0123456789"));
            check(user, "no room", acr_receive(socket, bytes, 9) == -1);
            check(user, acr_stream_why(socket), strstr(acr_stream_why(socket), "a datagram of 10 bytes, room for 9"));
            check(user, "next", acr_receive(socket, bytes, 64) == 0 && acr_receive(socket, bytes, 64) == 10);
            check(user, "no bytes", !acr_receive_all(socket, bytes, 1) && strstr(acr_stream_why(socket), "acr_receive()"));
            check(user, "no line", acr_receive_line(socket) == NULL && strstr(acr_stream_why(socket), "acr_receive()"));
            check(user, "no end", !acr_send_end(socket) && strstr(acr_stream_why(socket), "no end"));
            check(user, "no TLS", !acr_start_tls(socket));
            check(user, "still there", acr_send(socket, "abc", 3) && acr_receive(socket, bytes, 64) == 3);
            acr_stop_user(user);
        }
        ACR_USER(asker, .tasks = {ACR_TASK(once)});
    """, server, "-c", 5)
    server.close()
    assert report.total() == (500, 0)
    assert sorted(server.received) == sorted(5 * (101 * [b"abc"] + [b"", b"0123456789"]))


def test_a_refused_datagram_is_told_and_the_next_may_arrive(play_streams, serve_datagrams):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    report = play_streams(f"""
        static void once(acr_user *user)
        {{
            char bytes[8];
            acr_stream *socket = acr_connect(user, "127.0.0.1", {port}, .timeout = 20, .udp = true);
            for (int i = 0; i < 3; i++) {{
                check(user, "sent", acr_connected(socket) && acr_send_text(socket, "x"));
                check(user, "refused", acr_receive(socket, bytes, 8) == -1);
                acr_record_failure(user, "UDP", "x", -1, acr_stream_why(socket));
            }}
            acr_stop_user(user);
        }}
        ACR_USER(asker, .tasks = {{ACR_TASK(once)}});
    """, None, code=1)
    assert report.errors() == {f"UDP x: 'connection refused: 127.0.0.1:{port}'": 3}, str(report)


def test_a_lost_datagram_is_a_time_out_and_the_next_answer_is_its_own(play_streams, serve_datagrams):
    server = serve_datagrams(lambda datagram: [] if datagram == b"lost" else [datagram])
    report = play_streams("""
        static void ask(acr_user *user, acr_stream *socket, const char *text)
        {
            char bytes[8];
            ptrdiff_t got = acr_send_text(socket, text) ? acr_receive(socket, bytes, 8) : -1;
            if (got < 0)
                acr_record_failure(user, "UDP", text, -1, acr_stream_why(socket));
            else
                acr_record_success(user, "UDP", text, acr_stream_elapsed(socket), (uint64_t)got);
        }
        static void once(acr_user *user)
        {
            acr_stream *socket = acr_connect(user, NULL, 0, .timeout = 0.5, .udp = true);
            ask(user, socket, "one");
            ask(user, socket, "lost");
            ask(user, socket, "two");
            acr_stop_user(user);
        }
        ACR_USER(asker, .tasks = {ACR_TASK(once)});
    """, server, "-c", 4, code=1)
    server.close()
    table = report.table()
    assert {name: (row.requests, row.failures) for name, row in table.items()} == {
        "UDP one": (4, 0), "UDP lost": (0, 4), "UDP two": (4, 0)}
    assert list(report.errors()) == [f"UDP lost: 'read timed out: 127.0.0.1:{server.port}'"]
    assert table["UDP two"].max < 400 and len(server.received) == 12


# ---- the examples

@pytest.fixture
def play_example(play, acrida):
    """play_example(name, *options): as play(), with the sanitizers that the program has."""
    return lambda name, *options, **more: play(ROOT / "examples" / "c" / name, *options, env=scenario_environment(acrida), **more)


def test_the_example_of_a_line_protocol_counts_every_line(play_example, serve):
    lines = Lines()
    report = play_example("tcp_echo.c", "-c", 8, "-t", "2s", host=f"127.0.0.1:{serve(lines).port}")
    table = report.table()
    assert list(table) == ["TCP connect", "TCP echo"] and report.total()[1] == 0
    assert table["TCP connect"].requests == lines.connections == 8
    assert table["TCP echo"].requests == lines.lines > 8


def test_the_example_of_a_line_protocol_connects_again_when_it_has_to(play_example, serve):
    connections = []

    def fail_in_turn(connection):
        connections.append(connection)
        if len(connections) == 1:
            connection.recv(1)
            reset(connection)
            return
        change = {2: lambda line: b"", 3: lambda line: b"else\n"}.get(len(connections), lambda line: line)
        with connection.makefile("rb") as stream:
            for line in stream:
                connection.sendall(change(line))
                if change(line) != line:
                    connection.shutdown(socket.SHUT_WR)

    report = play_example("tcp_echo.c", "-n", 12, host=f"127.0.0.1:{serve(fail_in_turn).port}", code=1)
    table = report.table()
    assert table["TCP connect"].requests == len(connections) == 4
    assert table["TCP echo"].failures == table["TCP echo"].requests == 4
    errors = " ".join(report.errors())
    assert all(text in errors for text in ("reset", "before the answer was complete", "another line came back")), errors


def dns_answer(question):
    """An A record for names of example.com, "no such name" for example.org."""
    known = b"\x07example\x03com" in question
    header = question[:2] + (b"\x81\x80" if known else b"\x81\x83") + struct.pack(">HHHH", 1, known, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 1]) if known else b""
    return header + question[12:] + record


def question_name(question):
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    assert question[at:] == b"\0\0\1\0\1" and question[2:12] == b"\1\0\0\1" + bytes(6), question
    return ".".join(labels)


def test_the_example_of_a_name_server_counts_by_name_and_tells_what_was_lost(play_example, serve_datagrams):
    lost = []

    def answer_most(question):
        name = question_name(question)
        if name == "mail.example.com":
            lost.append(question)
            return [] if len(lost) % 2 else [bytes([question[0] ^ 1]) + question[1:], dns_answer(question)]
        return [dns_answer(question)]

    server = serve_datagrams(answer_most)
    report = play_example("dns_over_udp.c", "-c", 10, "-t", "4s", host=f"127.0.0.1:{server.port}", code=1)
    server.close()
    table = report.table()
    asked = [question_name(question) for question in server.received]
    assert len(asked) > 20 and sorted(table) == [f"DNS {name}" for name in ("example.org", "mail.example.com", "www.example.com")]
    for name in set(asked):
        row = table[f"DNS {name}"]
        assert row.requests + row.failures <= asked.count(name) <= row.requests + row.failures + 10, str(report)
    assert table["DNS www.example.com"].failures == table["DNS example.org"].requests == 0
    assert table["DNS mail.example.com"].failures > 2 and table["DNS mail.example.com"].requests > 2
    assert sorted(report.errors()) == ["DNS example.org: 'there is no such name'",
                                       f"DNS mail.example.com: 'read timed out: 127.0.0.1:{server.port}'"]


class Resp:
    """As much of Redis as PING, SET and GET take; counts commands."""

    def __init__(self, wrong=False):
        self.values, self.counts, self._wrong = {}, {}, wrong

    def __call__(self, connection):
        with connection.makefile("rb") as stream:
            while head := stream.readline():
                words = []
                for _ in range(int(head[1:])):
                    size = int(stream.readline()[1:])
                    words.append(stream.read(size + 2)[:-2])
                connection.sendall(self.reply(*words))

    def reply(self, verb, *words):
        self.counts[verb.decode()] = self.counts.get(verb.decode(), 0) + 1
        if verb == b"PING":
            return b"-LOADING not yet\r\n" if self._wrong else b"+PONG\r\n"
        if verb == b"SET":
            self.values[words[0]] = words[1]
            return b"+OK\r\n"
        value = b"other" if self._wrong else self.values[words[0]]
        return b"$%d\r\n%s\r\n" % (len(value), value)


def test_the_example_of_redis_counts_by_command(play_example, serve):
    server = Resp()
    report = play_example("redis_like.c", "-c", 10, "-t", "2s", host=f"redis://127.0.0.1:{serve(server).port}")
    assert report.total()[1] == 0 and report.total()[0] > 20
    assert {name: row.requests for name, row in report.table().items()} == {
        f"REDIS {verb}": count for verb, count in server.counts.items()}


def test_the_example_of_redis_judges_what_it_gets(play_example, serve):
    server = Resp(wrong=True)
    report = play_example("redis_like.c", "-n", 60, host=f"redis://127.0.0.1:{serve(server).port}", code=1)
    table = report.table()
    assert table["REDIS SET"].failures == table["REDIS GET"].requests == table["REDIS PING"].requests == 0
    assert sorted(report.errors()) == ["REDIS GET: 'another value than was set'", "REDIS PING: 'LOADING not yet'"]


def test_the_example_of_redis_speaks_to_the_real_one(play_example, service):
    port = service(services.start_redis_on_a_port)
    report = play_example("redis_like.c", "-c", 10, "-t", "2s", host=f"127.0.0.1:{port}")
    assert report.total()[1] == 0 and report.total()[0] > 20
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"INFO commandstats\r\n")
        told = connection.recv(65536).decode()
    calls = {verb: int(count) for verb, count in re.findall(r"cmdstat_(\w+):calls=(\d+)", told)}
    assert {name: row.requests for name, row in report.table().items()} == {
        f"REDIS {verb.upper()}": calls[verb] for verb in ("get", "ping", "set")}


def test_a_stream_is_its_user_s_alone(play_c, serve):
    server = serve(Lines())
    report = play_c(HELPERS + """
        static acr_stream *shared;
        static void talk(acr_user *user)
        {
            if (shared == NULL)
                shared = acr_connect(user, NULL, 0, .timeout = 5);
            if (acr_user_number(user) == 1) {
                say(user, shared, "mine");
            } else {
                check(user, "sent by another", !acr_send_text(shared, "x\\n"));
                check(user, "received by another", acr_receive_line(shared) == NULL);
                acr_disconnect(shared);
            }
            acr_sleep(user, 0.01);
        }
        ACR_USER(talker, .tasks = {ACR_TASK(talk)});
    """, "-c", 3, "-t", "1s", host=f"127.0.0.1:{server.port}")
    said = report.records("ERROR")
    assert len(said) == 1 and re.fullmatch(
        r"talker: talk of user [23] used the stream to 127\.0\.0\.1:\d+ of user 1; nothing was done \(said once\): .*",
        said[0]), str(report)
    succeeded, failed = report.total()
    assert succeeded > 10 and failed == 0
