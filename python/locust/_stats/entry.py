# SPDX-License-Identifier: MIT
"""StatsEntry: the requests of one name, counted by a script itself."""
import time
from collections import OrderedDict
from typing import Any, Dict, Iterable, List, Mapping, Optional, cast

from . import tables
from .times import (CachedResponseTimes, Millis, Times, calculate_response_time_percentile, diff_response_time_dicts,
                    median_from_dict, rounded)

# Seconds that the window of the current rate ends before the last request, and how many more it may look back.
RATE_END = 3
RATE_BEGIN = 12

SERIALIZED = ("name", "method", "last_request_timestamp", "start_time", "num_requests", "num_failures",
              "total_response_time", "max_response_time", "min_response_time", "total_content_length",
              "response_times", "num_reqs_per_sec")

Rates = Mapping[int, int]


class StatsEntry:
    """The requests of one name and method. Times are milliseconds, sizes bytes, timestamps seconds since the epoch.

    As in 0.9, num_requests counts those that succeeded, num_failures the others, which leave no other trace here.
    """

    num_requests: int
    num_none_requests: int  # those of num_requests of which no time is known (2.x)
    num_failures: int
    total_response_time: float
    min_response_time: Optional[Millis]
    max_response_time: Millis
    response_times: Times
    num_reqs_per_sec: Rates
    num_fail_per_sec: Rates
    total_content_length: int
    start_time: float
    last_request_timestamp: Optional[float]
    response_times_cache: Optional[Mapping[int, CachedResponseTimes]]

    def __init__(self, stats: Any, name: str, method: Optional[str], use_response_times_cache: bool = False) -> None:
        """stats: the RequestStats it is of, which rates refer to; None if there is none."""
        self.stats = stats
        self.name = name
        self.method = method
        self.use_response_times_cache = use_response_times_cache
        self.response_times_cache = None
        self._empty()

    def _empty(self) -> None:
        now = time.time()
        self.start_time = now
        self.last_request_timestamp = int(now)
        self.num_requests = self.num_none_requests = self.num_failures = 0
        self.total_response_time = self.total_content_length = 0
        self.min_response_time = None
        self.max_response_time = 0
        self.response_times, self.num_reqs_per_sec, self.num_fail_per_sec = {}, {}, {}
        if self.use_response_times_cache:
            self.response_times_cache = OrderedDict()
            self._cache_response_times(int(now))

    def reset(self) -> None:
        """Forgets all requests and starts anew."""
        self._empty()

    # counting

    def log(self, response_time: Optional[Millis], content_length: int) -> None:
        """Counts a success; response_time None: without a time."""
        second = int(time.time())
        if self.use_response_times_cache and second > (self.last_request_timestamp or 0):
            self._cache_response_times(second - 1)
        self.num_requests += 1
        _count(self.num_reqs_per_sec, second)
        self.last_request_timestamp = second
        self.total_content_length += content_length
        if response_time is None:
            self.num_none_requests += 1
        else:
            self._log_time(response_time)

    def _log_time(self, millis: Millis) -> None:
        self.total_response_time += millis
        self.min_response_time = millis if self.min_response_time is None else min(self.min_response_time, millis)
        self.max_response_time = max(self.max_response_time, millis)
        _count(self.response_times, rounded(millis))

    def log_error(self, error: Any) -> None:
        """Counts a failure."""
        self.num_failures += 1
        _count(self.num_fail_per_sec, int(time.time()))

    def _cache_response_times(self, second: int) -> None:
        cache = cast("OrderedDict[int, CachedResponseTimes]", self.response_times_cache)
        cache[second] = CachedResponseTimes(dict(self.response_times), self._timed)
        while len(cache) > _window() + 10:
            cache.popitem(last=False)

    # what is drawn from the numbers

    @property
    def _timed(self) -> int:
        return self.num_requests - self.num_none_requests

    @property
    def num_successes(self) -> int:
        """num_requests as 0.9 counts them."""
        return self.num_requests

    @property
    def fail_ratio(self) -> float:
        """Failures among all requests, 0..1."""
        requests = self.num_requests + self.num_failures
        return self.num_failures / requests if requests else 0.0

    @property
    def avg_response_time(self) -> float:
        return self.total_response_time / self._timed if self._timed else 0

    @property
    def median_response_time(self) -> Millis:
        """The lower median; 0 without times."""
        return median_from_dict(self._timed, self.response_times) or 0

    @property
    def avg_content_length(self) -> float:
        return self.total_content_length / self.num_requests if self.num_requests else 0

    @property
    def current_rps(self) -> float:
        """Successes per second, over the ten seconds that end two seconds before the last request of all."""
        return self._current(self.num_reqs_per_sec)

    @property
    def current_fail_per_sec(self) -> float:
        return self._current(self.num_fail_per_sec)

    def _current(self, counts: Rates) -> float:
        last = int(self.stats.last_request_timestamp)
        seconds = range(max(last - RATE_BEGIN, int(self.stats.start_time or 0)), last - RATE_END + 1)
        return sum(counts.get(second, 0) for second in seconds) / len(seconds) if seconds else 0.0

    @property
    def total_rps(self) -> float:
        """Successes per second since the start; 0 when the statistics have not been started."""
        return self.num_requests / self.stats.seconds if self.stats.start_time else 0.0

    @property
    def total_fail_per_sec(self) -> float:
        return self.num_failures / self.stats.seconds if self.stats.start_time else 0.0

    def get_response_time_percentile(self, percent: float) -> Optional[Millis]:
        """The time within which that fraction (0..1) of the requests was answered; None without times."""
        return self.percentiles([percent])[0]

    def percentiles(self, percents: Iterable[float]) -> List[Optional[Millis]]:
        """The same for several at once."""
        times, timed = self.response_times, self._timed
        return [calculate_response_time_percentile(times, timed, percent) for percent in percents]

    def get_current_response_time_percentile(self, percent: float) -> Optional[Millis]:
        """The same for the last seconds (CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW, 10 s).

        None where there was no request then, or it is not known how things stood before. ValueError: only the total
        knows.
        """
        if self.response_times_cache is None:
            raise ValueError("only the total of all requests knows its earlier response times")
        now = int(time.time()) - _window()
        near = [now] + [second for distance in range(1, 9) for second in (now - distance, now + distance)]
        earlier = next((self.response_times_cache[second] for second in near if second in self.response_times_cache),
                       None)
        if earlier is None:
            return None
        return calculate_response_time_percentile(
            diff_response_time_dicts(self.response_times, earlier.response_times),
            self._timed - earlier.num_requests, percent)

    # reports and merging

    def extend(self, other: "StatsEntry") -> None:
        """Adds what `other` counted."""
        before = self.last_request_timestamp or 0
        self.last_request_timestamp = max(before, other.last_request_timestamp or 0)
        self.start_time = min(self.start_time, other.start_time)
        self.num_requests += other.num_requests
        self.num_none_requests += other.num_none_requests
        self.num_failures += other.num_failures
        self.total_response_time += other.total_response_time
        self.max_response_time = max(self.max_response_time, other.max_response_time)
        least = [entry.min_response_time for entry in (self, other) if entry.min_response_time is not None]
        self.min_response_time = min(least, default=None)
        self.total_content_length += other.total_content_length
        for mine, others in ((self.response_times, other.response_times), (self.num_reqs_per_sec, other.num_reqs_per_sec),
                             (self.num_fail_per_sec, other.num_fail_per_sec)):
            for key, count in others.items():
                _count(mine, key, count)
        if self.use_response_times_cache and self.last_request_timestamp > before:
            self._cache_response_times(int(self.last_request_timestamp))

    def serialize(self) -> Dict[str, Any]:
        """As a slave reports it to its master."""
        return {field: getattr(self, field) for field in SERIALIZED}

    @classmethod
    def unserialize(cls, data: Mapping[str, Any]) -> "StatsEntry":
        """The entry that was serialized so; KeyError when something is missing."""
        entry = StatsEntry(None, data["name"], data["method"])
        for field in SERIALIZED:
            setattr(entry, field, data[field])
        return entry

    def get_stripped_report(self) -> Dict[str, Any]:
        """serialize(), then reset()."""
        report = self.serialize()
        self.reset()
        return report

    def __str__(self) -> str:
        """Its row of the request table."""
        return tables.request_table([self]).splitlines()[2]

    def percentile(self, tpl: Optional[str] = None) -> str:
        """Its row of the percentile table, or `tpl`, a %-format of eleven values: label, number of requests, the times of
        50 66 75 80 90 95 98 99 and 100 %. ValueError without times."""
        if not self.response_times:
            raise ValueError(f"no request of {self.name!r} succeeded: there are no percentiles")
        if tpl is None:
            return tables.percentile_table([self], None).splitlines()[3]
        label = f"{self.method} {self.name}" if self.method else self.name
        return tpl % (label, self.num_requests, *tables.percentiles(self))


def _window() -> int:
    from .. import stats  # imports this module

    return stats.CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW


def _count(counts: Any, key: Any, times: int = 1) -> None:
    counts[key] = counts.get(key, 0) + times


def sort_stats(stats: Mapping[Any, StatsEntry]) -> List[StatsEntry]:
    """Entries in order of name and method."""
    return [stats[key] for key in sorted(stats)]
