# SPDX-License-Identifier: MIT
"""memoize(): a result that is good for some time."""
import functools
import time
from typing import Any, Callable

__all__ = ["memoize"]


def memoize(timeout: float, dynamic_timeout: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function is called again only when its last result is more than `timeout` seconds old.

    There is one result, whatever the arguments. dynamic_timeout: a call that took longer than the timeout doubles it, for
    good. The decorated function has clear_cache(), after which the next call is a real one.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        cache = _Cache(timeout)

        @functools.wraps(function)
        def remembered(*args: Any, **kwargs: Any) -> Any:
            start = time.monotonic()
            if not cache.is_good(start):
                cache.keep(function(*args, **kwargs))
                if dynamic_timeout and cache.made - start > cache.timeout:
                    cache.timeout *= 2
            return cache.result

        remembered.clear_cache = cache.clear  # type: ignore[attr-defined]
        return remembered

    return decorate


class _Cache:
    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.clear()

    def clear(self) -> None:
        self.result: Any = None
        self.made = float("-inf")

    def keep(self, result: Any) -> None:
        self.result, self.made = result, time.monotonic()

    def is_good(self, now: float) -> bool:
        return now - self.made <= self.timeout
