# SPDX-License-Identifier: MIT
"""2.x's place for the wait times."""
from ..wait_time import between, constant, constant_pacing, constant_throughput

__all__ = ["between", "constant", "constant_pacing", "constant_throughput"]
