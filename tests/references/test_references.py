# SPDX-License-Identifier: MIT
"""Each kind of call repeated in a debug interpreter: no reference, no block and no object more than before.

Run by python3-dbg with the extension built for it, so that what the interpreter asserts of extensions is checked, too.
tests/python/test_leaks.py looks at the memory below Python.
"""
import ctypes
import gc
import logging
import sys
import types

import gevent
import greenlet
import pytest
from calls import CASES, Rig
from echo import EchoServer

# Calls per round. A call that leaks one reference exceeds GROWTH_MAX, what happens by chance does not.
CALLS = 24
GROWTH_MAX = CALLS // 2
ROUNDS = 3


@pytest.fixture(scope="module")
def rig():
    server = EchoServer()
    logging.disable(logging.CRITICAL)  # pytest keeps the records of a test
    yield Rig(server)
    logging.disable(logging.NOTSET)
    server.stop()


def all_objects():
    """id -> object, of all that the garbage collector knows, and what those refer to: texts, numbers, code."""
    known = gc.get_objects()
    objects = by_id(gc.get_referents(*known))
    objects.update(by_id(known))
    codes = [one for one in objects.values() if type(one) is types.CodeType]
    for one in codes:
        objects.update(by_id(one.co_consts))
        objects.update(by_id(one.co_names))
    return objects


def by_id(objects):
    return dict(zip(map(id, objects), objects))


class Census:
    """references: id -> number of references, of all objects there are; blocks: pieces of memory they take.

    sys.gettotalrefcount() does not know of references that gevent, built for the plain interpreter, takes and gives.
    """

    def __init__(self):
        gc.collect()
        sys._clear_type_cache()  # it holds on to names
        self.blocks = sys.getallocatedblocks()
        objects = all_objects()
        self.references = dict(zip(objects, map(sys.getrefcount, objects.values())))


def growth(before, after):
    """(references more on objects that were there, objects more, blocks more)"""
    known = before.references
    more = sum(count - known[number] for number, count in after.references.items() if number in known)
    return more, len(after.references) - len(known), after.blocks - before.blocks


def suspects(before, after):
    """The objects with the most new references: how many, type, text."""
    there = all_objects()
    grown = sorted((count - before.references.get(number, 0), number)
                   for number, count in after.references.items() if number in there)
    return [(count, type(there[number]).__name__, repr(there[number])[:80]) for count, number in grown[:-9:-1]]


def switches(function):
    """How often calling it changes the greenlet."""
    changes = []
    greenlet.settrace(lambda event, pair: changes.append(event))
    try:
        function()
    finally:
        greenlet.settrace(None)
    return len(changes)


def play(rig, cases):
    for case in cases:
        for _ in range(CALLS):
            case(rig)
    rig.session.close(), rig.modern.close()
    gc.collect()  # users and their sessions are cycles
    rig.server.wait_for_silence()
    gevent.sleep(0.001)
    del rig.server.asked[:]


def leak(rig, cases):
    """What playing the cases leaves behind in each of some rounds, in words; "" when nothing in one of them."""
    play(rig, cases)
    before, after, seen = Census(), Census(), []  # each is counted by the next but one
    for _ in range(ROUNDS):
        before = Census()
        play(rig, cases)
        after = Census()
        seen.append(growth(before, after))
        if max(map(abs, seen[-1])) <= GROWTH_MAX:
            return ""
    return f"references, objects and blocks more, by round: {seen}; most of them {suspects(before, after)}"


def test_references_are_given_back(rig):
    if leak(rig, CASES):
        leaks = {case.__name__: leak(rig, [case]) for case in CASES}
        assert not any(leaks.values()), "\n".join(f"{name}: {what}" for name, what in leaks.items() if what)


def test_references_too_many_are_found(rig):
    kept = ["kept"]
    assert "['kept']" in leak(rig, [lambda rig: ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))] * 4)


def test_texts_that_are_lost_are_found(rig):
    def lose(rig):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object("x" * len(rig.server.url)))

    assert leak(rig, [lose] * 4)


def test_calls_without_a_switch_leave_the_total_as_it_was(rig):
    """The interpreter's own count, to the single reference."""
    quiet = [case for case in CASES if switches(lambda: case(rig)) == 0]
    assert len(quiet) >= 5
    for case in quiet:
        for _ in range(3):
            case(rig)
        gc.collect()
        totals = []
        for _ in range(ROUNDS):
            before = sys.gettotalrefcount()
            for _ in range(CALLS):
                case(rig)
            gc.collect()
            totals.append(sys.gettotalrefcount() - before)
        assert min(totals) <= GROWTH_MAX, (case, totals)
