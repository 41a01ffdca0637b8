# SPDX-License-Identifier: MIT
"""RequestStats: all entries, their total and the errors, counted by a script itself."""
import time
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .entry import StatsEntry
from .errors import StatsError


class RequestStats:
    """entries: (name, method) -> StatsEntry. errors: key -> StatsError, in order of first occurrence. total: the entry
    of all requests. start_time: seconds since the epoch, or None before the statistics are started."""

    entries: Mapping[Tuple[str, str], StatsEntry]
    errors: Mapping[str, StatsError]
    total: StatsEntry
    start_time: Optional[float]

    def __init__(self) -> None:
        self.clear_all()

    @property
    def num_requests(self) -> int:
        return self.total.num_requests

    @property
    def num_failures(self) -> int:
        return self.total.num_failures

    @property
    def last_request_timestamp(self) -> Optional[float]:
        return self.total.last_request_timestamp

    @property
    def seconds(self) -> float:
        """From the start to the last request, one at least: what the rates of the whole test refer to."""
        return max((self.last_request_timestamp or 0) - (self.start_time or 0), 1)

    def get(self, name: str, method: str) -> StatsEntry:
        """The entry of that name and method; made if there is none."""
        entry = self.entries.get((name, method))
        if entry is None:
            entry = StatsEntry(self, name, method)
            self.entries[name, method] = entry  # type: ignore[index]
        return entry

    def log_request(self, method: str, name: str, response_time: Optional[float], content_length: int) -> None:
        """Counts a success: milliseconds (None: not known), bytes."""
        self.total.log(response_time, content_length)
        self.get(name, method).log(response_time, content_length)

    def log_error(self, method: str, name: str, error: Any) -> None:
        """Counts a failure; `error` is listed by its repr()."""
        self.total.log_error(error)
        self.get(name, method).log_error(error)
        key = StatsError.create_key(method, name, error)
        if key not in self.errors:
            self.errors[key] = StatsError(method, name, error)  # type: ignore[index]
        self.errors[key].occured()

    def reset_all(self) -> None:
        """Zeroes all numbers; keeps entries and errors."""
        self.start_time = time.time()
        self.total.reset()
        for entry in self.entries.values():
            entry.reset()

    def clear_all(self) -> None:
        """Forgets everything."""
        self.total = StatsEntry(self, "Total", None, use_response_times_cache=True)
        self.entries, self.errors = {}, {}
        self.start_time = None

    def serialize_stats(self) -> List[Dict[str, Any]]:
        """The entries that counted something, as a slave reports them: each is reset by that."""
        return [entry.get_stripped_report() for entry in list(self.entries.values())
                if entry.num_requests or entry.num_failures]

    def serialize_errors(self) -> Dict[str, Dict[str, Any]]:
        return {key: error.to_dict() for key, error in self.errors.items()}
