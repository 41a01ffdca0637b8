#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run a command and write what it prints as a picture of a terminal, an SVG.

Usage: picture.py FILE COMMAND [ARGUMENT...]

The picture begins with the command as it was given. Log records are dimmed.
"""
import os
import pathlib
import shlex
import subprocess
import sys
from xml.sax.saxutils import escape

# Pixels: a character of the usual fonts at this size, a line, and the rim around the text.
FONT, CHARACTER, LINE, RIM = 12, 7.2, 16, 14
HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<style>
rect {{ fill: #16181d }}
text {{ font: {font}px monospace; fill: #d6d9e0; white-space: pre }}
.command {{ fill: #8fd18a }}
.record {{ fill: #7f8794 }}
</style>
<rect width="100%" height="100%" rx="8"/>
"""


def kind_of(line):
    if line.startswith("$ "):
        return ' class="command"'
    return ' class="record"' if line.startswith("[") else ""


def text_element(number, line):
    """A line at its place, as wide as its characters in whatever font there is."""
    place = f'x="{RIM}" y="{RIM + LINE * number + FONT}" textLength="{len(line) * CHARACTER:.0f}"'
    return f'<text {place}{kind_of(line)} xml:space="preserve">{escape(line)}</text>\n'


def picture(lines):
    width = round(2 * RIM + CHARACTER * max(map(len, lines)))
    head = HEAD.format(width=width, height=2 * RIM + LINE * len(lines), font=FONT)
    return head + "".join(text_element(number, line) for number, line in enumerate(lines) if line) + "</svg>\n"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    file, *command = sys.argv[1:]
    finished = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
    lines = ["$ " + shlex.join(command), *finished.stdout.decode(errors="replace").rstrip().splitlines()]
    pathlib.Path(file).write_text(picture([line.rstrip().expandtabs() for line in lines]), encoding="utf-8")


if __name__ == "__main__":
    main()
