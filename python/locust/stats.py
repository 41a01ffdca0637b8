# SPDX-License-Identifier: MIT
"""Statistics as scripts read them: `global_stats` is what the run has counted, a RequestStats one's own."""
from typing import Any, Callable, Mapping, Optional, Union

import _acrida
import gevent

from ._stats import tables
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
from .log import console_logger

# A locustfile may set these. The run looks at them when the file is loaded, the functions below at each use.
STATS_NAME_WIDTH = 60  # characters of the tables' first column
CSV_STATS_INTERVAL_SEC = 2
CONSOLE_STATS_INTERVAL_SEC = 2
CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW = 10  # seconds

# What the run has counted so far, as 0.9 counts; environment.stats is the same as 2.x does.
global_stats = LiveStats()

Stats = Union[RequestStats, Mapping[Any, StatsEntry]]


def _entries(stats: Stats) -> Mapping[Any, StatsEntry]:
    """The run's as 0.9 counts them: its tables are the only ones there are."""
    if isinstance(stats, LiveStats):
        return global_stats.entries
    return stats.entries if isinstance(stats, RequestStats) else stats


def _print(text: str) -> None:
    for line in text.splitlines():
        console_logger.info("%s", line)


def print_stats(stats: Stats) -> None:
    """The request table of a RequestStats, or of entries by key, as the run prints it."""
    _print(tables.request_table(sort_stats(_entries(stats))))


def print_percentile_stats(stats: Stats) -> None:
    """The percentile table. The last row is the total of `stats`, or that of the run where entries are given."""
    own = isinstance(stats, RequestStats) and not isinstance(stats, LiveStats)
    total = (stats if own else global_stats).total  # type: ignore[union-attr]
    _print(tables.percentile_table(sort_stats(_entries(stats)), total))


def print_error_report(stats: RequestStats = global_stats) -> None:
    """The error report; nothing without errors."""
    _print(tables.error_table(stats.errors.values()))


def requests_csv() -> str:
    """The file BASE_requests.csv of the run as it would be now."""
    return _acrida.requests_csv()


def distribution_csv() -> str:
    """The file BASE_distribution.csv of the run as it would be now."""
    return _acrida.distribution_csv()


def write_stat_csvs(base_filepath: Any) -> None:
    """Writes both files. OSError when that cannot be done."""
    _acrida.write_csv(base_filepath)


def stats_printer(stats: Optional[Stats] = None) -> Optional[Callable[[], None]]:
    """Prints the request table again and again, for a greenlet of its own: gevent.spawn(stats_printer).

    With `stats` (2.x) it returns the function to spawn.
    """

    def print_forever() -> None:
        while True:
            print_stats(global_stats if stats is None else stats)
            gevent.sleep(CONSOLE_STATS_INTERVAL_SEC)

    return print_forever() if stats is None else print_forever  # type: ignore[func-returns-value]


def stats_writer(base_filepath: Any) -> None:
    """Writes the CSV files again and again, for a greenlet of its own."""
    while True:
        write_stat_csvs(base_filepath)
        gevent.sleep(CSV_STATS_INTERVAL_SEC)


def on_request_success(request_type: str, name: str, response_time: Optional[float], response_length: int,
                       **more: Any) -> None:
    """Counts a success in the run's statistics; no listener is told."""
    global_stats.log_request(request_type, name, response_time, response_length)


def on_request_failure(request_type: str, name: str, response_time: Optional[float], exception: Any,
                       **more: Any) -> None:
    """Counts a failure in the run's statistics; no listener is told."""
    _acrida.record_failure(request_type, name, response_time, exception)


__all__ = [
    "CONSOLE_STATS_INTERVAL_SEC", "CSV_STATS_INTERVAL_SEC", "CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW",
    "CachedResponseTimes", "RequestStats", "STATS_NAME_WIDTH", "StatsEntry", "StatsError",
    "calculate_response_time_percentile", "diff_response_time_dicts", "distribution_csv", "global_stats",
    "median_from_dict", "on_request_failure", "on_request_success", "print_error_report", "print_percentile_stats",
    "print_stats", "requests_csv", "sort_stats", "stats_printer", "stats_writer", "write_stat_csvs",
]
