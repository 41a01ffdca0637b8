# SPDX-License-Identifier: MIT
"""Statistics as scripts read them: `global_stats` is what the run has counted, a RequestStats one's own."""
from ._stats.entry import StatsEntry, sort_stats
from ._stats.errors import StatsError
from ._stats.live import LiveStats
from ._stats.request_stats import RequestStats
from ._stats.times import (
    CachedResponseTimes,
    calculate_response_time_percentile,
    diff_response_time_dicts,
    median_from_dict,
)

# Read when they are needed: a locustfile may set them.
CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW = 10  # seconds

# What the run has counted so far, as 0.9 counts; environment.stats is the same as 2.x does.
global_stats = LiveStats()

__all__ = [
    "CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW", "CachedResponseTimes", "RequestStats", "StatsEntry", "StatsError",
    "calculate_response_time_percentile", "diff_response_time_dicts", "global_stats", "median_from_dict", "sort_stats",
]
