# SPDX-License-Identifier: MIT
"""Where things are, and a small client library that knows nothing of load tests."""


def product(number):
    return f"/items/{number}"


class Api:
    def __init__(self, url, session):
        self.url, self.session = url, session

    def product(self, number):
        answer = self.session.get(self.url + product(number))
        answer.raise_for_status()
        return answer.json()
