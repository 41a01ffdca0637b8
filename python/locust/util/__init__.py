# SPDX-License-Identifier: MIT
"""Helpers that scripts import."""
from . import cache, time, timespan

__all__ = ["cache", "time", "timespan"]
