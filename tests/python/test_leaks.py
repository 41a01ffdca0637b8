# SPDX-License-Identifier: MIT
"""Each kind of call a few hundred times: objects, memory, descriptors and connections stay as many as they were."""
import ctypes
import gc
import logging
import sys

import _acrida
import gevent
import pytest
from calls import CASES, Rig
from echo import EchoServer, open_descriptors

# Calls per round. The first round fills pools and caches, the next ones are measured.
CALLS = 400
# What a small leak in each call would exceed. Histograms of response times grow a little with every new duration.
GROWTH_BYTES_MAX = 150 * CALLS
# What may differ by chance: a cache, a greenlet that has yet to end.
OBJECTS_MAX = 40

OURS = (_acrida.NativeResponse, _acrida.NativeSession, _acrida.NativeTaskSet, _acrida.NativeUser)


@pytest.fixture(scope="module")
def rig():
    server = EchoServer()
    logging.disable(logging.CRITICAL)  # pytest keeps the records of a test
    yield Rig(server)
    logging.disable(logging.NOTSET)
    server.stop()


def in_use():
    """Bytes that malloc has given out and not got back."""
    class Info(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in
                    "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Info
    info = libc.mallinfo2()
    return info.uordblks + info.hblkhd


def measure():
    for _ in range(3):
        gc.collect()
    objects = gc.get_objects()
    ours = sum(isinstance(one, OURS) for one in objects)
    count = len(objects)
    del objects
    return {"ours": ours, "objects": count, "blocks": sys.getallocatedblocks(), "bytes": in_use(),
            "descriptors": open_descriptors(), "connections": _acrida.connection_counts()[0]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_nothing_is_left_behind(rig, case):
    def play():
        for _ in range(CALLS):
            case(rig)
        rig.session.close(), rig.modern.close()
        gc.collect()  # users and their sessions are cycles
        rig.server.wait_for_silence()
        gevent.sleep(0.001)
        del rig.server.asked[:]
        _acrida.stats_clear()  # of each of the last 32 seconds times are kept

    play()
    growths = []
    for _ in range(3):
        before = measure()
        play()
        after = measure()
        growths.append({name: after[name] - before[name] for name in before})
        if _is_flat(growths[-1]):
            return
    assert False, growths


def _is_flat(growth):
    """A table that doubles now and then is no leak: one round of three has to be flat."""
    return (growth["ours"] <= 0 and growth["connections"] <= 0 and growth["descriptors"] <= 0
            and growth["objects"] <= OBJECTS_MAX and growth["blocks"] <= CALLS // 3
            and growth["bytes"] <= GROWTH_BYTES_MAX)
