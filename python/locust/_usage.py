# SPDX-License-Identifier: MIT
"""What this process takes of the machine, told to the listeners of 2.x's usage_monitor and cpu_warning."""
import os
import time
from typing import Any

import gevent

from . import events, runners

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def watch(environment: Any) -> None:
    """Samples from now on, every runners.CPU_MONITOR_INTERVAL seconds, until the process ends. Returns at once.

    cpu_usage: percent of one processor core, all threads together, since the sample before.
    memory_usage: bytes of memory in use (resident).
    """
    gevent.spawn(_sample_forever, environment)


def _sample_forever(environment: Any) -> None:
    while True:
        cpu_usage = _cpu_usage_over(runners.CPU_MONITOR_INTERVAL)
        events.usage_monitor.fire(environment=environment, cpu_usage=cpu_usage, memory_usage=_memory_usage())
        if cpu_usage > runners.CPU_WARNING_THRESHOLD:
            events.cpu_warning.fire(environment=environment, cpu_usage=cpu_usage)


def _cpu_usage_over(seconds: float) -> float:
    begin, used = time.monotonic(), time.process_time()
    gevent.sleep(seconds, ref=False)  # nobody waits for this
    return (time.process_time() - used) / (time.monotonic() - begin) * 100


def _memory_usage() -> int:
    with open("/proc/self/statm", "rb") as statm:
        return int(statm.read().split()[1]) * PAGE_BYTES
