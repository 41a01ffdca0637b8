# SPDX-License-Identifier: MIT
"""Reads what a run printed: tables, error report, log records, CSV files."""
import csv
import re
from typing import NamedTuple

ROW = re.compile(r" (.*?) +(\d+) +(\d+)\(([\d.]+)%\) +(\d+) +(\d+) +(\d+) +\| +(\d+) +([\d.]+)$")
TOTAL = re.compile(r" Total +(\d+) +(\d+)\(([\d.]+)%\) +([\d.]+)$")
PERCENTILES = re.compile(r" (.*?) +(\d+)((?: +\d+){9})$")
RECORD = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\] (\S+)/([A-Z]+)/([\w.]+): (.*)$")
BROKEN = ("Sanitizer", "runtime error:", "Fatal Python error", "Segmentation fault", "double free", "unraisable",
          "Exception ignored")


class Row(NamedTuple):
    requests: int  # successful ones
    failures: int
    avg: int
    min: int
    max: int
    median: int


class Report:
    """What a program that held a run left behind; see Finished in tests/conftest.py."""

    def __init__(self, finished):
        self.finished = finished
        self.code, self.stdout, self.stderr = finished.code, finished.stdout, finished.stderr
        self.seconds = finished.seconds
        self.lines = self.stderr.splitlines()

    def __str__(self):
        return str(self.finished)

    def broken(self):
        """Did a sanitizer, the interpreter or the C library complain?"""
        return self.code < 0 and self.code not in (-2, -15) or any(word in self.stderr for word in BROKEN)

    def _final(self):
        """Lines of the last request table and all that follows."""
        starts = [i for i, line in enumerate(self.lines) if line.startswith(" Name ") and "# fails" in line]
        return self.lines[starts[-1]:] if starts else []

    def table(self):
        """label -> Row of the last request table."""
        table = {}
        for line in self._final():
            if TOTAL.match(line):
                break
            found = ROW.match(line)
            if found:
                table[found[1]] = Row(*map(int, (found[2], found[3], found[5], found[6], found[7], found[8])))
        return table

    def tables(self):
        """How many request tables were printed."""
        return sum(line.startswith(" Name ") and "# fails" in line for line in self.lines)

    def total(self):
        """(successful requests, failures) of the last table's Total row."""
        found = next(filter(None, map(TOTAL.match, self._final())), None)
        assert found, f"no table: {self}"
        return int(found[1]), int(found[2])

    def percentiles(self):
        """label -> (requests, [nine times]); the whole run as "Total"."""
        found = filter(None, map(PERCENTILES.match, self._final()))
        return {one[1]: (int(one[2]), [int(time) for time in one[3].split()]) for one in found}

    def errors(self):
        """error text -> occurrences."""
        final = self._final()
        if "Error report" not in final:
            return {}
        rows = final[final.index("Error report") + 3:]
        errors = {}
        for line in rows[:next(i for i, row in enumerate(rows) if row.startswith("---"))]:
            occurrences, text = line.split(None, 1)
            errors[text.strip()] = int(occurrences)
        return errors

    def records(self, level=None, logger=None):
        """Texts of the log records, of one level or logger; later lines of a record belong to it."""
        found, taken = [], None
        for line in self.lines:
            record = RECORD.match(line)
            if record:
                taken = level in (None, record[3]) and logger in (None, record[4])
                found += [record[5]] if taken else []
            elif taken and not line.startswith((" Name ", "---", "Percentage", "Error report")):
                found[-1] += "\n" + line
        return found


def read_csv(base):
    """(rows of BASE_requests.csv, rows of BASE_distribution.csv), each a list of dicts."""
    tables = []
    for kind in ("requests", "distribution"):
        with open(f"{base}_{kind}.csv", newline="") as file:
            tables.append(list(csv.DictReader(file)))
    return tables


def agree(report, stats, csv_base=None, uncounted=0):
    """The sums of the final table, of the target's own counts and of the CSV files are the same.

    uncounted: how many more the target answered, by redirects or where requests were cut short.
    """
    table = report.table()
    requests, failures = report.total()
    assert sum(row.requests for row in table.values()) == requests
    assert sum(row.failures for row in table.values()) == failures
    answered = stats["requests"] + stats["unanswered"]
    assert requests + failures + uncounted == answered, f"{answered} at the target: {stats}\n{report}"
    percentiles = report.percentiles()
    assert sum(count for name, (count, _) in percentiles.items() if name != "Total") == requests
    if csv_base:
        rows, distribution = read_csv(csv_base)
        labelled = {" ".join(filter(None, (row["Method"], row["Name"]))): row for row in rows if row["Method"] != "None"}
        assert {label: (row.requests, row.failures) for label, row in table.items()} == {
            label: (int(row["# requests"]), int(row["# failures"])) for label, row in labelled.items()}
        assert (int(rows[-1]["# requests"]), int(rows[-1]["# failures"])) == (requests, failures)
        assert {row["Name"]: int(row["# requests"]) for row in distribution if int(row["# requests"])} == {
            name: count for name, (count, _) in percentiles.items()}
