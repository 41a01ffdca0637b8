#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Add up what the test runners reported and print the closing line of ./dev check.

Usage: count_results.py FILE...

A file is meson's testlog.json (one JSON object a line, cmocka's output inside), a JUnit file of pytest (.xml), or a
list of single checks (.txt, a line each: `passed NAME` or `failed NAME`). A file that is missing or cannot be read is
one failure: its runner did not get to its end. Exit code 1 when anything failed or nothing passed.
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree
from collections import Counter

CMOCKA = {"passed": re.compile(r"^\[ {2}PASSED {2}\] (\d+) test", re.M),
          "failed": re.compile(r"^\[ {2}FAILED {2}\] (\d+) test", re.M),
          "skipped": re.compile(r"^\[ {2}SKIPPED \] (\d+) test", re.M)}
MESON = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def count_program(entry):
    """The results of one program that meson ran: cmocka's own counts when it printed them, else one."""
    output = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
    outcome = MESON.get(entry["result"], "failed")
    counts = Counter({name: sum(map(int, found.findall(output))) for name, found in CMOCKA.items()})
    # A program that crashed or ran out of time has no counts, one that leaked has only good ones.
    if not sum(counts.values()) or (outcome == "failed" and not counts["failed"]):
        counts[outcome] += 1
    return counts


def count_meson(text):
    """The results in a testlog.json."""
    return sum((count_program(json.loads(line)) for line in text.splitlines()), Counter())


def count_junit(text):
    """The results in a JUnit file."""
    counts = Counter()
    for suite in xml.etree.ElementTree.fromstring(text).iter("testsuite"):
        total, failed, skipped = (int(suite.get(name, 0)) for name in ("tests", "failures", "skipped"))
        failed += int(suite.get("errors", 0))
        counts.update(passed=max(0, total - failed - skipped), failed=failed, skipped=skipped)
    return counts


def count_checks(text):
    """The results in a list of single checks."""
    return Counter(line.split()[0] for line in text.splitlines())


def count_file(path):
    """The results in one file of any kind."""
    count = {".json": count_meson, ".xml": count_junit, ".txt": count_checks}[path.suffix]
    try:
        return count(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, KeyError, xml.etree.ElementTree.ParseError) as error:
        print(f"{path}: no results: {error}")
        return Counter(failed=1)


def main():
    counts = sum((count_file(pathlib.Path(name)) for name in sys.argv[1:]), Counter())
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
