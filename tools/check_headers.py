#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Check that every header compiles alone: it includes what it uses."""
import concurrent.futures
import os
import subprocess
import sys
import sysconfig

from sources import c_files, parse_root

# Headers under tests/ and src/ are named from there, public ones from include/.
INCLUDE_FOLDERS = ("include", "src", "tests")
FLAGS = ("-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-fsyntax-only")


def compile_alone(root, header):
    """The compiler's complaints about a file that includes only `header`; empty when there are none."""
    name = header.relative_to(header.parts[0])
    command = ["gcc", *FLAGS, *(f"-I{folder}" for folder in INCLUDE_FOLDERS),
               "-isystem", sysconfig.get_paths()["include"], "-x", "c", "-"]
    run = subprocess.run(command, cwd=root, input=f'#include "{name}"\n', capture_output=True, text=True)
    return f"{header} does not compile alone:\n{run.stderr}" if run.returncode else ""


def main():
    root = parse_root(__doc__)
    headers = c_files(root, INCLUDE_FOLDERS, suffixes=(".h",))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [text for text in pool.map(lambda header: compile_alone(root, header), headers) if text]
    print(*problems, sep="\n", end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
