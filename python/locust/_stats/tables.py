# SPDX-License-Identifier: MIT
"""Entries as rows of the console's tables. The layout is the engine's (src/report)."""
from typing import Any, Iterable, List, Optional, Tuple

import _acrida

PERCENTILES = (0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
NAME_WIDTH_MAX = 1000


def name_width() -> int:
    """locust.stats.STATS_NAME_WIDTH as a locustfile may have set it."""
    from .. import stats  # imports this module

    return min(max(int(stats.STATS_NAME_WIDTH), 0), NAME_WIDTH_MAX)


def request_table(entries: Iterable[Any]) -> str:
    """With a last row for all of them."""
    rows = [_request_row(entry) for entry in entries]
    total = ("", "Total", sum(row[2] for row in rows), sum(row[3] for row in rows), 0, 0, 0, 0,
             sum(row[8] for row in rows))
    return _acrida.request_table(rows, total, name_width())


def _request_row(entry: Any) -> Tuple[Any, ...]:
    return (*_label(entry), entry.num_successes, entry.num_failures, entry.avg_response_time,
            entry.min_response_time or 0, entry.max_response_time, entry.median_response_time, entry.current_rps)


def percentile_table(entries: Iterable[Any], total: Optional[Any]) -> str:
    """Entries without times are left out."""
    rows: List[Tuple[Any, ...]] = [_percentile_row(entry) for entry in entries if entry.response_times]
    last = _percentile_row(total) if total is not None and total.response_times else None
    return _acrida.percentile_table(rows, last, name_width())


def _percentile_row(entry: Any) -> Tuple[Any, ...]:
    return (*_label(entry), entry.num_successes, percentiles(entry))


def percentiles(entry: Any) -> Tuple[float, ...]:
    """The nine times of the tables, in milliseconds."""
    return tuple(millis or 0 for millis in entry.percentiles(PERCENTILES))


def error_table(errors: Iterable[Any]) -> str:
    return _acrida.error_table([(*_label(error), _encodable(repr(error.error)), error.occurences) for error in errors],
                               name_width())


def _label(of: Any) -> Tuple[str, str]:
    return _encodable(str(of.method or "")), _encodable(str(of.name))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
