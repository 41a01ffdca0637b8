# SPDX-License-Identifier: MIT
"""Response times as Locust keeps them: {milliseconds: how many}, and what is computed of that."""
from typing import Dict, Mapping, NamedTuple, Optional, Union

Millis = Union[int, float]
Times = Mapping[Millis, int]


class CachedResponseTimes(NamedTuple):
    """The times of an entry at an earlier moment."""

    response_times: Times
    num_requests: int


def rounded(millis: Millis) -> Millis:
    """The key a response time is counted under: exact below 100 ms, else two digits (0.9's rule)."""
    if millis < 100:
        return millis
    if millis < 1000:
        return int(round(millis, -1))
    if millis < 10000:
        return int(round(millis, -2))
    return int(round(millis, -3))


def calculate_response_time_percentile(response_times: Times, num_requests: int, percent: float) -> Optional[Millis]:
    """The time within which that fraction (0..1) of the requests was answered: that of the request which follows the
    first int(num_requests * percent) ones, the longest for 1.0. None without times."""
    before = int(num_requests * percent)
    longer = 0
    for millis in sorted(response_times, reverse=True):
        longer += response_times[millis]
        if num_requests - longer <= before:
            return millis
    return None


def median_from_dict(total: int, count: Times) -> Optional[Millis]:
    """The lower median of `total` times. None without times."""
    position = (total - 1) / 2
    for millis in sorted(count):
        if position < count[millis]:
            return millis
        position -= count[millis]
    return None


def diff_response_time_dicts(latest: Times, old: Times) -> Dict[Millis, int]:
    """What `latest` counts more than `old`; a time that was not counted again is left out."""
    more = {millis: count - old.get(millis, 0) for millis, count in latest.items()}
    return {millis: count for millis, count in more.items() if count != 0}
