# SPDX-License-Identifier: MIT
"""Requests signed with a key."""
import hashlib
import hmac

from requests.auth import AuthBase


class Signed(AuthBase):
    def __init__(self, key):
        self.key = key.encode()

    def sign(self, method, path):
        return hmac.new(self.key, f"{method} {path}".encode(), hashlib.sha256).hexdigest()

    def __call__(self, request):
        request.headers["X-Signature"] = self.sign(request.method, request.path_url)
        return request
