#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Check that no file of src/ includes a folder above its own.

The rule is the table in ARCHITECTURE.md whose columns are `Folder`, `Holds` and `May include`; a row may name only rows
before it, or say `all`, `all but X`, or `-`. Python.h and what builds on it belong to src/python alone.
"""
import re
import sys

from sources import c_files, parse_root, without_comments

HEADING = re.compile(r"^\|\s*Folder\s*\|\s*Holds\s*\|\s*May include\s*\|\s*$", re.I)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
PYTHON_HEADERS = re.compile(r"^(Python|structmember|frameobject|pythread)\.h$|^(greenlet|cpython|internal)/")
PYTHON_FOLDER = "python"


class TableError(Exception):
    """The table in ARCHITECTURE.md is missing or says something impossible."""


def table_rows(text):
    """(folder, third column) of each row of the layer table."""
    lines = iter(text.splitlines())
    if not any(HEADING.match(line) for line in lines):
        raise TableError("no table with the columns Folder, Holds, May include")
    next(lines, None)
    for line in lines:
        if not line.startswith("|"):
            return
        folder, _, allowed = (cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|"))
        yield folder.removeprefix("src/").rstrip("/"), allowed


def read_layers(text):
    """{folder: set of folders it may include}, its own among them."""
    rows = list(table_rows(text))
    names = [folder for folder, _ in rows]
    layers = {}
    for folder, allowed in rows:
        words = [word for word in re.split(r"[,\s]+", allowed) if word and word != "-"]
        if words[:1] == ["all"]:
            may = set(names) - set(words[2:] if words[1:2] == ["but"] else [])
        else:
            may = set(words)
            for word in words:
                if word not in layers:
                    raise TableError(f"{folder} may include {word}, which is no row above it")
        layers[folder] = may | {folder}
    return layers


def folder_problems(root, layers):
    """Folders of src/ that are not in the table, and rows that are no folder."""
    present = {path.name for path in (root / "src").iterdir() if path.is_dir()}
    for folder in sorted(present - set(layers)):
        yield f"ARCHITECTURE.md: src/{folder} is not in the layer table"
    for folder in sorted(set(layers) - present):
        yield f"ARCHITECTURE.md: the layer table names src/{folder}, which does not exist"


def include_problem(folder, quote, target, layers):
    """What is wrong with this include in src/`folder`, or None."""
    if PYTHON_HEADERS.match(target) and folder != PYTHON_FOLDER:
        return f"{target} belongs to src/{PYTHON_FOLDER}: the engine is built without Python"
    if quote == "<":
        return None
    other = target.split("/")[0]
    if "/" not in target or other not in layers:
        return f'"{target}" is no header of this project written from src/, as in "base/error.h"'
    if other not in layers[folder]:
        allowed = ", ".join(sorted(layers[folder] - {folder})) or "nothing"
        return f'"{target}" points upward: {folder} may include {allowed} (layer table in ARCHITECTURE.md)'
    return None


def include_problems(root, layers):
    """All includes of src/ that break the rule, as file:line: text."""
    for path in c_files(root, ["src"]):
        folder = path.parts[1]
        if folder not in layers:
            continue
        text = without_comments((root / path).read_text(encoding="utf-8"))
        for found in INCLUDE.finditer(text):
            problem = include_problem(folder, found[1], found[2], layers)
            if problem:
                yield f"{path}:{text.count(chr(10), 0, found.start()) + 1}: {problem}"


def main():
    root = parse_root(__doc__)
    try:
        layers = read_layers((root / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    except TableError as error:
        sys.exit(f"ARCHITECTURE.md: {error}")
    problems = [*folder_problems(root, layers), *include_problems(root, layers)]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
