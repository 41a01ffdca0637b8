#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write docs/acceptance.md: which test stands for which promise of Locust's 0.9 manual and of the 2017 article.

A test is a function test_M4_07_... of tests/integration/acceptance/test_rows_*.py: row 7 of the manual's chapter 4 (B:
of the article); the first line of its docstring is the promise. Rows without a test are in elsewhere.txt beside them, with
what stands for them. Each row must be in one of the two, once. Functions test_vector_... are listed at the end.

With --check nothing is written: what is missing, there twice or out of date is printed, and the exit code is 1.
"""
import argparse
import ast
import dataclasses
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = "docs/acceptance.md"
TESTS = "tests/integration/acceptance"
ELSEWHERE = f"{TESTS}/elsewhere.txt"

# What each chapter is about, and how many promises it makes.
CHAPTERS = {
    "M1": ("What it is", 13),
    "M2": ("Installation", 8),
    "M3": ("Quick start", 18),
    "M4": ("Writing a locustfile", 63),
    "M5": ("Running on several machines", 16),
    "M6": ("Running without the web page", 10),
    "M7": ("CSV files", 14),
    "M8": ("Testing other systems", 8),
    "M9": ("API", 81),
    "M10": ("Extending", 4),
    "M11": ("Workers in other languages", 5),
    "M12": ("Changes up to 0.9", 60),
    "B": ("The article", 54),
}

HEAD = """# Acceptance

What Locust's manual of version 0.9 and the article of 2017 promise, a row each, and the test that shows it
(a function named after the row). Made by `tools/acceptance.py`; do not edit.
"""


@dataclasses.dataclass(frozen=True, order=True)
class Row:
    """A promise and what stands for it; `name`: its id (M4-07), or that of a test vector; `source`: for messages."""

    name: str
    promise: str
    proof: str
    source: str


def expected_names():
    return [f"{chapter}-{number:02}" for chapter, (_, count) in CHAPTERS.items() for number in range(1, count + 1)]


def tests_of(path, root):
    """A Row for each test of a row or of a vector in the module."""
    source = path.relative_to(root).as_posix()
    area = path.stem.removeprefix("test_rows_")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        found = isinstance(node, ast.FunctionDef) and re.match(r"test_(?:(M\d+|B)_(\d+)|vector)(?=_|$)", node.name)
        if found:
            name = f"{found[1]}-{found[2]}" if found[1] else node.name.removeprefix("test_")
            promise = (ast.get_docstring(node) or "").partition("\n")[0]
            yield Row(name, promise, f"[{area}](../{source})", f"{source}:{node.lineno}")


def rows_elsewhere(root):
    """A Row for each line "id | promise | what stands for it"; lines that begin with # are comments."""
    for number, line in enumerate((root / ELSEWHERE).read_text(encoding="utf-8").splitlines(), 1):
        if line and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            name, promise, proof = cells if len(cells) == 3 else (line, "", "")
            yield Row(name, promise, proof, f"{ELSEWHERE}:{number}")


def read_rows(root):
    paths = sorted((root / TESTS).glob("test_rows_*.py"))
    return [*rows_elsewhere(root), *(row for path in paths for row in tests_of(path, root))]


def problems_of(rows):
    """What keeps the table from being complete, a line each."""
    expected = expected_names()
    places = {}
    for row in rows:
        if row.name not in expected and not row.name.startswith("vector_"):
            yield f"{row.source}: there is no row {row.name}"
        if not row.promise or not row.proof:
            yield f"{row.source}: {row.name} does not say what is promised"
        places.setdefault(row.name, []).append(row.source)
    for name, found in places.items():
        if len(found) > 1:
            yield f"{name} is there more than once: {', '.join(found)}"
    yield from (f"{name} is missing" for name in expected if name not in places)


def table(heading, rows):
    yield from ("", f"## {heading}", "", "| Row | Promise | Shown by |", "|---|---|---|")
    for row in sorted(rows):
        promise = row.promise.replace("|", r"\|")
        yield f"| {row.name} | {promise} | {row.proof} |"


def page_of(rows):
    lines = [HEAD.rstrip()]
    for chapter, (heading, _) in CHAPTERS.items():
        number = "" if chapter == "B" else f"{chapter[1:]}. "
        lines += table(number + heading, [row for row in rows if row.name.startswith(f"{chapter}-")])
    vectors = [dataclasses.replace(row, name=row.name.removeprefix("vector_")) for row in rows
               if row.name.startswith("vector_")]
    lines += table("Test vectors", vectors) if vectors else []
    return "\n".join(lines) + "\n"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is wrong")
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=ROOT)
    return parser.parse_args()


def main():
    options = parse_arguments()
    page = options.root / PAGE
    rows = read_rows(options.root)
    problems = list(problems_of(rows))
    if not options.check:
        page.write_text(page_of(rows), encoding="utf-8")
    elif not page.exists() or page.read_text(encoding="utf-8") != page_of(rows):
        problems.append(f"{PAGE} is out of date: run tools/acceptance.py")
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
