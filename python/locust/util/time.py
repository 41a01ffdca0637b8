# SPDX-License-Identifier: MIT
"""0.9's place for parse_timespan()."""
from .timespan import parse_timespan

__all__ = ["parse_timespan"]
