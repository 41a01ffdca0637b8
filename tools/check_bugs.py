#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run clang-tidy (.clang-tidy) over the sources of src/, as many at once as there are cores.

Usage: check_bugs.py BUILD [FILE...]

BUILD holds the compile_commands.json of a clang build. With files given, only those are looked at.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Included before every file but the one that defines what it describes.
ANALYZER_HEADER = ROOT / "tools" / "analyzer.h"
DESCRIBED = ROOT / "src" / "base" / "error.c"


def sources_of(build):
    """The files of src/ that `build` compiles, largest first, so that none is left alone at the end."""
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    paths = {(pathlib.Path(entry["directory"]) / entry["file"]).resolve() for entry in commands}
    return sorted((path for path in paths if ROOT / "src" in path.parents and path.suffix == ".c"),
                  key=lambda path: -path.stat().st_size)


def look_at(build, path):
    """clang-tidy's findings in `path` ("" when there are none) and the seconds it took."""
    start = time.monotonic()
    more = [] if path == DESCRIBED else [f"--extra-arg=-include{ANALYZER_HEADER}"]
    run = subprocess.run(["clang-tidy", "--quiet", "--warnings-as-errors=*", *more, "-p", str(build), str(path)],
                         cwd=ROOT, capture_output=True, text=True)
    return (run.stdout + run.stderr if run.returncode else ""), time.monotonic() - start


def main():
    build = pathlib.Path(sys.argv[1])
    paths = [pathlib.Path(name).resolve() for name in sys.argv[2:]] or sources_of(build)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda path: look_at(build, path), paths))
    for text, _ in results:
        print(text, end="")
    # Once more without the paths that lead there, which are long.
    for text, _ in results:
        print(*re.findall(r"^[^\n]*(?:error|warning): [^\n]*\n", text, re.M), sep="", end="")
    slowest, seconds = max(zip(paths, (seconds for _, seconds in results)), key=lambda pair: pair[1])
    print(f"{len(paths)} files; the slowest, {slowest.relative_to(ROOT)}, took {seconds:.1f} s")
    return 1 if any(text for text, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
