# SPDX-License-Identifier: MIT
"""Errors as Locust lists them: by method, name and text."""
import hashlib
from typing import Any, Dict


class StatsError:
    """How often one error occurred. error: an exception, or its text as it came from elsewhere."""

    def __init__(self, method: Any, name: Any, error: Any, occurences: int = 0) -> None:
        self.method = method
        self.name = name
        self.error = error
        self.occurences = occurences

    @property
    def occurrences(self) -> int:
        """2.x's spelling."""
        return self.occurences

    @classmethod
    def parse_error(cls, error: Any) -> str:
        """repr(error) with the address of the first object in it masked, wherever it stands."""
        text = repr(error)
        before, target, rest = text.partition("object at 0x")
        address, close, _ = rest.partition(">")
        return text.replace("0x" + address, "0x....") if close else text

    @classmethod
    def create_key(cls, method: Any, name: Any, error: Any) -> str:
        """What errors are told apart by: MD5, in hexadecimal digits."""
        key = f"{method}.{name}.{cls.parse_error(error)!r}"
        return hashlib.md5(key.encode("utf-8", "backslashreplace")).hexdigest()

    def occured(self) -> None:
        self.occurences += 1

    def to_name(self) -> str:
        """As the error report lists it."""
        label = " ".join(filter(None, (self.method, self.name)))
        return (f"{label}: " if label else "") + repr(repr(self.error))

    def to_dict(self) -> Dict[str, Any]:
        return {"method": self.method, "name": self.name, "error": self.parse_error(self.error),
                "occurences": self.occurences}

    @classmethod
    def from_dict(cls, data: Dict[str, Any]) -> "StatsError":
        return cls(data["method"], data["name"], data["error"], data["occurences"])
