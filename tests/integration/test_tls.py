# SPDX-License-Identifier: MIT
"""HTTPS against certificates made here: good, expired, for another host, of nobody known; client certificates."""
import ssl

import pytest

from programs import WATCH_OBJECTS  # noqa: F401 - looked for by the fixtures
from servers import answer, read_head
from tables import agree

HEAD = """
from locust import HttpLocust, HttpUser, TaskSet, task
from locust.exception import StopLocust
from probe import note
"""

ONCE = HEAD + """
class User(HttpLocust):
    class task_set(TaskSet):
        def on_start(self):
            %s
        @task
        def once(self):
            response = self.client.get("/json" %s)
            note("answer", status=response.status_code, error=repr(getattr(response, "error", None)))
            raise StopLocust()
"""


@pytest.mark.parametrize("how", ["argument", "attribute", "environment"])
def test_a_good_certificate_is_accepted_by_its_authority(play, probe, certificates, secure_target, how):
    target, ca = secure_target("good"), certificates.path("ca.pem")
    text = ONCE % (f"self.client.verify = {ca!r}" if how == "attribute" else "pass",
                   f", verify={ca!r}" if how == "argument" else "")
    report = play(text, "-c", 3, host=target.url, env={"REQUESTS_CA_BUNDLE": ca} if how == "environment" else {})
    assert probe.values("answer", "status") == [200] * 3
    assert report.total() == (3, 0)


@pytest.mark.parametrize("name, verify, words", [
    ("good", "True", "certificate"), ("expired", "ca", "expired"), ("other", "ca", "127.0.0.1")])
def test_a_bad_certificate_fails_with_its_reason(play, probe, certificates, secure_target, name, verify, words):
    target, ca = secure_target(name), certificates.path("ca.pem")
    report = play(ONCE % ("pass", f", verify={ca!r}" if verify == "ca" else ""), "-c", 2, host=target.url, code=1)
    assert probe.values("answer", "status") == [0, 0]
    assert all(error.startswith("SSLError") and words in error for error in probe.values("answer", "error")), str(report)
    assert report.total() == (0, 2) and len(report.errors()) == 1


@pytest.mark.parametrize("name", ["good", "expired", "other"])
def test_without_verification_every_certificate_will_do(play, probe, secure_target, name):
    target = secure_target(name)
    play(ONCE % ("pass", ", verify=False"), host=target.url)
    play(ONCE % ("self.client.verify = False", ""), host=target.url)
    assert probe.values("answer", "status") == [200, 200]


def test_a_whole_run_over_tls_agrees_and_keeps_its_connections(play, certificates, secure_target):
    target, ca = secure_target("good"), certificates.path("ca.pem")
    report = play(HEAD + f"""
class User(HttpUser):
    def on_start(self):
        self.client.verify = {ca!r}
    @task
    def work(self):
        self.client.get("/")
        self.client.post("/upload", data=b"x" * 100000)
        assert len(self.client.get("/bytes/100000").content) == 100000
        self.client.get("/redirect/1")
""", "-c", 10, "-t", "1s", host=target.url, env={"SSL_CERT_FILE": ca})
    assert report.total()[1] == 0 and report.total()[0] > 50
    redirects = report.table()["GET /redirect/1"].requests
    # This test's own view of the target's counters is not to be had by a client that knows no authority.
    context = ssl.create_default_context(cafile=ca)
    import json
    import urllib.request
    with urllib.request.urlopen(target.url + "/__stats__", context=context) as stats:
        counted = json.load(stats)
    agree(report, counted, uncounted=redirects)
    assert counted["connections"]["accepted"] <= 11


def test_localhost_is_a_name_and_is_sent_as_one(play, probe, certificates, serve):
    names = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.path("good.chain.pem"))
    context.sni_callback = lambda connection, name, context: names.append(name)

    def talk(connection):
        while read_head(connection):
            connection.sendall(answer())

    server = serve(talk, context)
    play(ONCE % ("pass", f", verify={certificates.path('ca.pem')!r}"), host=f"https://localhost:{server.port}")
    assert probe.values("answer", "status") == [200] and names == ["localhost"]


def test_a_client_certificate_that_is_not_there_is_told(play, probe, certificates, secure_target):
    target = secure_target("good")
    report = play(ONCE % ("pass", ", verify=False, cert='/no/such/cert.pem'"), "-t", "1s", host=target.url, code=None)
    assert "/no/such/cert.pem" in report.stderr, str(report)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_both_versions_of_tls_are_spoken(play, probe, certificates, serve, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.path("good.chain.pem"))
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    versions = []

    def talk(connection):
        versions.append(connection.version())
        while read_head(connection):
            connection.sendall(answer())

    server = serve(talk, context)
    play(ONCE % ("pass", f", verify={certificates.path('ca.pem')!r}"), "-c", 2, host=server.url)
    assert versions == [version.replace("_", ".")] * 2


def test_a_handshake_that_stalls_times_out(play, probe, serve):
    def never(connection):
        connection.recv(1 << 20)
        connection.recv(1 << 20)

    server = serve(never)
    play(ONCE % ("pass", ", timeout=0.3"), host=server.url.replace("http:", "https:"), code=1)
    assert probe.values("answer", "status") == [0]
    assert "Timeout" in probe.values("answer", "error")[0]


def test_a_connection_cut_during_the_handshake_is_an_error_of_tls_or_the_connection(play, probe, serve):
    server = serve(lambda connection: connection.recv(100))
    play(ONCE % ("pass", ""), host=server.url.replace("http:", "https:"), code=1)
    assert probe.values("answer", "error")[0].startswith(("SSLError", "ConnectionError"))


def test_an_answer_cut_short_without_a_farewell_is_not_whole(play, probe, certificates, serve):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.path("good.chain.pem"))

    def talk(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    server = serve(talk, context)
    play(ONCE % ("pass", ", verify=False"), host=server.url, code=1)
    assert probe.values("answer", "status") == [0]
