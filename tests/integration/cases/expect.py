# SPDX-License-Identifier: MIT
"""raises(): pytest's, without loading pytest into the program under test."""


class raises:
    """with raises(Kind) as caught: ...; caught.value is the exception."""

    def __init__(self, *kinds):
        self.kinds = kinds
        self.value = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        assert value is not None, f"nothing was raised, not {self.kinds}"
        self.value = value
        return isinstance(value, self.kinds)
