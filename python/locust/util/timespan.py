# SPDX-License-Identifier: MIT
"""2.x's place for parse_timespan()."""
import re

__all__ = ["parse_timespan"]

_SPAN = re.compile(r"(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?")


def parse_timespan(time_str: str) -> int:
    """Seconds of "300", "20s", "3m", "2h", "1h20m", "3h30m10s". ValueError for any other text."""
    if not time_str:
        raise ValueError("Invalid time span format")
    if time_str.isdecimal():
        return int(time_str)
    match = _SPAN.fullmatch(time_str)
    if match is None:
        raise ValueError("Invalid time span format. Valid formats: 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc.")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
