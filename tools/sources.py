# SPDX-License-Identifier: MIT
"""What the lint tools share: which C files there are, and their text without comments and strings."""
import argparse
import pathlib
import re

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def parse_root(description):
    """The folder to work on: the command line's only argument, by default the repository this file is part of."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    return parser.parse_args().root


def c_files(root, folders, suffixes=(".c", ".cc", ".h", ".def", ".S")):
    """Paths of the C files below `folders` of `root`, sorted, as paths relative to `root`."""
    found = (path for folder in folders for path in (root / folder).rglob("*"))
    return sorted(path.relative_to(root) for path in found if path.suffix in suffixes and path.is_file())


def _blank(text):
    """Spaces in place of `text`; line breaks stay, so that line numbers do."""
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """The C source `text` with its comments blanked; strings stay."""
    return TOKEN.sub(lambda found: found[0] if found[0][0] in "\"'" else _blank(found[0]), text)


def without_comments_and_strings(text):
    """The C source `text` with comments, strings and character constants blanked."""
    return TOKEN.sub(lambda found: _blank(found[0]), text)
