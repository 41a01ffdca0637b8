# SPDX-License-Identifier: MIT
"""How long users wait between two tasks, in seconds; for the class attribute `wait_time`."""
import _acrida

__all__ = ["between", "constant", "constant_pacing", "constant_throughput"]


def between(min_wait: float, max_wait: float) -> "_acrida.WaitTime":
    """A random time, evenly spread over min_wait .. max_wait seconds (in either order).

    ValueError for bounds that are negative or not a number.
    """
    low, high = sorted((min_wait, max_wait))
    return _acrida.WaitTime("between", low, high)


def constant(wait_time: float) -> "_acrida.WaitTime":
    """Always `wait_time` seconds. ValueError when negative or not a number."""
    return _acrida.WaitTime("constant", wait_time)


def constant_pacing(wait_time: float) -> "_acrida.WaitTime":
    """Whatever is left of `wait_time` seconds since the last task began; nothing if it took longer.

    ValueError when negative or not a number.
    """
    return _acrida.WaitTime("pacing", wait_time)


def constant_throughput(task_runs_per_second: float) -> "_acrida.WaitTime":
    """As constant_pacing(1 / task_runs_per_second). ZeroDivisionError for 0, ValueError when negative."""
    return constant_pacing(1 / task_runs_per_second)
