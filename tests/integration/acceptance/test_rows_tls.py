# SPDX-License-Identifier: MIT
"""HTTPS with certificates of one's own: what 9.7 of the manual says of `verify` and `cert`."""
import ssl

from servers import answer, read_head

ASK = """
from locust import HttpLocust, TaskSet, task
from locust.clients import HttpSession
from locust.exception import StopLocust
from probe import note

def ask(client, **given):
    try:
        note("answer", status=client.get("/json", **given).status_code)
    except OSError as error:
        note("answer", status=str(error).partition(":")[0])

class User(HttpLocust):
    class task_set(TaskSet):
        @task
        def once(self):
"""


def test_M9_51_verify(play, probe, certificates, secure_target):
    """`verify` is a bool, or the path of the authority's certificate; it belongs to the call, or to the session."""
    target, ca = secure_target("good"), certificates.path("ca.pem")
    play(ASK + f"""
            for verify in (False, True, {ca!r}, None, "/no/such/file", False):
                ask(self.client, verify=verify)
            for verify in (True, {ca!r}, False):
                self.client.verify = verify
                ask(self.client)
            raise StopLocust()
""", host=target.url, code=1, env={"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""})
    missing = "Could not find a suitable TLS CA certificate bundle, invalid path"
    assert probe.values("answer", "status") == [200, 0, 200, 0, missing, 200, 0, 200, 200]


def test_M9_52_cert(play, probe, certificates, serve):
    """`cert` is the file of a client's certificate with its key, or a pair of files."""
    subjects = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.path("good.chain.pem"))
    context.load_verify_locations(certificates.path("ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED

    def talk(connection):
        subjects.append(dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"])
        while read_head(connection):
            connection.sendall(answer())

    server = serve(talk, context)
    pair = (certificates.path("client.pem"), certificates.path("client.key"))
    whole = certificates.path("client.chain.pem")
    play(ASK + f"""
            for given in ({{"cert": {pair!r}}}, {{"cert": {whole!r}}}, {{}}, {{"cert": "/no/such/file"}}):
                ask(HttpSession(self.client.base_url), verify={certificates.path('ca.pem')!r}, **given)
            self.client.cert = {whole!r}
            ask(self.client, verify={certificates.path('ca.pem')!r})
            raise StopLocust()
""", host=server.url, code=1)
    missing = "Could not find the TLS certificate file, invalid path"
    assert probe.values("answer", "status") == [200, 200, 0, missing, 200]
    assert subjects == ["client"] * 3
