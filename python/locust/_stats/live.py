# SPDX-License-Identifier: MIT
"""The engine's statistics in the shape of RequestStats. Nothing is kept here: each read asks the engine."""
from typing import (Any, Dict, ItemsView, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple, TypeVar,
                    ValuesView)

import _acrida

from .entry import Rates, StatsEntry
from .errors import StatsError
from .request_stats import RequestStats
from .times import CachedResponseTimes, Millis, Times

K = TypeVar("K")
V = TypeVar("V")


class Summary(NamedTuple):
    """Times in milliseconds; least and most are 0 when there are none."""

    count: int
    sum: float
    least: float
    most: float

    def with_others(self, other: "Summary") -> "Summary":
        """The times of both."""
        least = min((one.least for one in (self, other) if one.count), default=0.0)
        return Summary(self.count + other.count, self.sum + other.sum, least, max(self.most, other.most))


class Counts(NamedTuple):
    """What the engine counted of one name; failures apart from successes. Timestamps are seconds since the epoch."""

    successes: int
    failures: int
    content_bytes: int
    start: float
    last: float
    success_times: Summary
    failure_times: Summary


NO_TIMES = Summary(0, 0.0, 0.0, 0.0)
NOTHING = Counts(0, 0, 0, 0.0, 0.0, NO_TIMES, NO_TIMES)


class LiveEntry(StatsEntry):
    """One name of the run, or its total: whatever the engine has counted at the time of the question; zeros when it has
    forgotten the name. Per-second counts are kept for the last 32 seconds."""

    def __init__(self, stats: "LiveStats", name: str, method: Optional[str], is_total: bool = False) -> None:
        self.stats = stats
        self.name = name
        self.method = method
        self.use_response_times_cache = is_total
        self._key = (None, None) if is_total else (name, method)

    def counts(self) -> Counts:
        """All that is counted, as of one moment."""
        counts = _acrida.stats_counts(*self._key)
        if counts is None:
            return NOTHING
        *numbers, success_times, failure_times = counts
        return Counts(*numbers, Summary(*success_times), Summary(*failure_times))

    def _summary(self) -> Summary:
        counts = self.counts()
        both = self.stats.with_failures
        return counts.success_times.with_others(counts.failure_times) if both else counts.success_times

    @property
    def num_requests(self) -> int:  # type: ignore[override]
        counts = self.counts()
        return counts.successes + counts.failures * self.stats.with_failures

    @property
    def num_successes(self) -> int:
        return self.counts().successes

    @property
    def num_failures(self) -> int:  # type: ignore[override]
        return self.counts().failures

    @property
    def num_none_requests(self) -> int:  # type: ignore[override]
        return self.num_requests - self._timed

    @property
    def _timed(self) -> int:
        return self._summary().count

    @property
    def fail_ratio(self) -> float:
        counts = self.counts()
        requests = counts.successes + counts.failures
        return counts.failures / requests if requests else 0.0

    @property
    def total_response_time(self) -> float:  # type: ignore[override]
        return self._summary().sum

    @property
    def min_response_time(self) -> Optional[Millis]:  # type: ignore[override]
        summary = self._summary()
        return summary.least if summary.count else None

    @property
    def max_response_time(self) -> Millis:  # type: ignore[override]
        return self._summary().most

    @property
    def response_times(self) -> Times:  # type: ignore[override]
        """As exact as the engine counts: to 0.1 %, in whole milliseconds where these are within it."""
        return _acrida.stats_times(*self._key, self.stats.with_failures)

    @property
    def num_reqs_per_sec(self) -> Rates:  # type: ignore[override]
        both = self.stats.with_failures
        return {second: successes + failures * both
                for second, (successes, failures) in _acrida.stats_seconds(*self._key).items()
                if successes or failures and both}

    @property
    def num_fail_per_sec(self) -> Rates:  # type: ignore[override]
        return {second: failures for second, (_, failures) in _acrida.stats_seconds(*self._key).items() if failures}

    @property
    def total_content_length(self) -> int:  # type: ignore[override]
        """Of successes."""
        return self.counts().content_bytes

    @property
    def start_time(self) -> float:  # type: ignore[override]
        return self.counts().start

    @property
    def last_request_timestamp(self) -> int:  # type: ignore[override]
        """The second of the last request, or of the last reset."""
        return int(self.counts().last)

    @property
    def response_times_cache(self) -> Optional[Mapping[int, CachedResponseTimes]]:  # type: ignore[override]
        return Marks(self.stats.with_failures) if self.use_response_times_cache else None

    @property
    def median_response_time(self) -> Millis:
        return min(super().median_response_time, self.max_response_time)

    def percentiles(self, percents: Iterable[float]) -> List[Optional[Millis]]:
        longest = self.max_response_time
        return [None if millis is None else min(millis, longest) for millis in super().percentiles(percents)]

    def log(self, response_time: Optional[Millis], content_length: int) -> None:
        """Counts a success, in the total as well."""
        self._must_have_a_name()
        _acrida.record_success(self.method or "", self.name, response_time, content_length)

    def log_error(self, error: Any) -> None:
        """Counts a failure, in the total and in the error report as well."""
        self._must_have_a_name()
        _acrida.record_failure(self.method or "", self.name, None, error)

    def extend(self, other: StatsEntry) -> None:
        """TypeError: the engine counts by itself. Merge into an entry of your own."""
        raise TypeError("the statistics of the run cannot be merged into; use a StatsEntry of your own")

    def reset(self) -> None:
        _acrida.stats_reset_entry(*self._key)

    def _must_have_a_name(self) -> None:
        if self.use_response_times_cache:
            raise TypeError("the total counts by itself; log to an entry of a name")


class View(Mapping[K, V]):
    """A mapping that is shown like a dict."""

    def __repr__(self) -> str:
        return repr(dict(self.items()))


class Marks(View[int, CachedResponseTimes]):
    """The total's times as they were at the end of seconds past."""

    def __init__(self, with_failures: bool) -> None:
        self._with_failures = with_failures

    def __getitem__(self, second: int) -> CachedResponseTimes:
        times = _acrida.stats_mark(second, self._with_failures)
        if times is None:
            raise KeyError(second)
        return CachedResponseTimes(times, sum(times.values()))

    def __iter__(self) -> Iterator[int]:
        return iter(_acrida.stats_marks())

    def __len__(self) -> int:
        return len(_acrida.stats_marks())


class Entries(View[Tuple[str, str], StatsEntry]):
    """(name, method) -> LiveEntry, in order of name and method."""

    def __init__(self, stats: "LiveStats") -> None:
        self._stats = stats

    def __getitem__(self, key: Tuple[str, str]) -> StatsEntry:
        try:
            name, method = key
            known = name is not None and _acrida.stats_counts(name, method) is not None
        except (TypeError, ValueError):  # no pair, or not of texts
            known = False
        if not known:
            raise KeyError(key)
        return LiveEntry(self._stats, name, method)

    def __iter__(self) -> Iterator[Tuple[str, str]]:
        return iter(_acrida.stats_entries())

    def __len__(self) -> int:
        return len(_acrida.stats_entries())


class Errors(View[str, StatsError]):
    """key -> StatsError as of now, in order of first occurrence."""

    def __getitem__(self, key: str) -> StatsError:
        return self._now()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(_acrida.stats_errors())

    def items(self) -> ItemsView[str, StatsError]:
        return self._now().items()

    def values(self) -> ValuesView[StatsError]:
        return self._now().values()

    @staticmethod
    def _now() -> Dict[str, StatsError]:
        errors = [LiveError(*error) for error in _acrida.stats_errors()]
        return {error.create_key(error.method, error.name, error.error): error for error in errors}


class LiveError(StatsError):
    """An error of the run; .error is a Repr."""

    def __init__(self, method: str, name: str, text: str, occurences: int) -> None:
        super().__init__(method, name, Repr(text), occurences)


class Repr(str):
    """The text of an error of which only that is known: its own repr()."""

    def __repr__(self) -> str:
        return str(self)


class LiveStats(RequestStats):
    """The statistics of the run.

    with_failures: as 2.x counts, for which a request that failed is a request, too. Else, as 0.9 does, num_requests and
    all times are those of successes.
    """

    total: LiveEntry

    def __init__(self, with_failures: bool = False) -> None:
        self.with_failures = with_failures
        self.entries = Entries(self)
        self.errors = Errors()
        self.total = LiveEntry(self, *(("Aggregated", "") if with_failures else ("Total", None)), is_total=True)

    @property
    def start_time(self) -> float:  # type: ignore[override]
        return self.total.start_time

    @property
    def seconds(self) -> float:
        counts = self.total.counts()
        return max(counts.last - counts.start, 1)

    def get(self, name: str, method: str) -> StatsEntry:
        return LiveEntry(self, *_acrida.stats_get(str(name), str(method or "")))

    def log_request(self, method: str, name: str, response_time: Optional[float], content_length: int) -> None:
        _acrida.record_success(method, name, response_time, content_length)

    def log_error(self, method: str, name: str, error: Any) -> None:
        _acrida.record_failure(method, name, None, error)

    def reset_all(self) -> None:
        _acrida.stats_reset()

    def clear_all(self) -> None:
        _acrida.stats_clear()
