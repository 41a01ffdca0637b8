# SPDX-License-Identifier: MIT
"""Programs that are built against an installed library, as their authors build them, and run with it."""
import os
import subprocess

from programs import Program, end_group
from sanitizer import preload
from tables import Report


class Kit:
    """Compiles in a folder, and runs what came of it. The library may have been moved since it was installed."""

    def __init__(self, folder, installed):
        self.folder = folder
        library, = installed.glob("lib/**/libacrida.so")
        self.building = {**os.environ, "PKG_CONFIG_PATH": str(library.parent / "pkgconfig")}
        self.running = {"LD_LIBRARY_PATH": str(library.parent)}
        self.sanitizers = "-fsanitize=address,undefined" if preload(library) else ""
        if preload(library):
            self.running |= {"LD_PRELOAD": preload(library), "ASAN_OPTIONS": "detect_leaks=1:exitcode=99"}
        self.started = []

    def build(self, command):
        """A line for the shell; the compiler must have nothing to say."""
        done = subprocess.run(command, shell=True, cwd=self.folder, env=self.building, capture_output=True, text=True,
                              timeout=120)
        # The linker's opinion of the sanitizer's library is none of a program's business.
        said = [line for line in done.stderr.splitlines() if "libasan.so" not in line]
        assert (done.returncode, said) == (0, []), f"{command}\n{done.stderr}"

    def start(self, *arguments, program="program", env=None):
        words = [self.folder / program, *map(str, arguments)]
        self.started.append(Program(words, self.folder, {**self.running, **(env or {})}))
        return self.started[-1]

    def run(self, *arguments, code=0, **more):
        report = Report(self.start(*arguments, **more).finish(60))
        assert not report.broken() and report.code == code, str(report)
        return report

    def close(self):
        for program in self.started:
            end_group(program.process)
