# SPDX-License-Identifier: MIT
"""Certificates of an authority made for a test: good, expired, for another host, for a client."""
import subprocess


class Certificates:
    """Files in a folder: ca.pem, and NAME.pem with NAME.key, NAME.chain.pem with both."""

    def __init__(self, folder):
        self.folder = folder
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
                     "ca.pem", "-days", "2", "-subj", "/CN=test authority", "-addext", "basicConstraints=critical,CA:TRUE")
        self.issue("good", "IP:127.0.0.1,DNS:localhost")
        self.issue("expired", "IP:127.0.0.1,DNS:localhost", days=-1)
        self.issue("other", "DNS:other.example")
        self.issue("client", "DNS:client.example")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name, names, days=1):
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out",
                     f"{name}.csr", "-subj", f"/CN={name}")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", days, "-out",
                     f"{name}.pem", "-extfile", f"{name}.ext")
        (self.folder / f"{name}.chain.pem").write_text(self.read(f"{name}.pem") + self.read(f"{name}.key"))

    def read(self, name):
        return (self.folder / name).read_text()

    def path(self, name):
        return str(self.folder / name)
