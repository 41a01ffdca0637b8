# SPDX-License-Identifier: MIT
"""What a plain python3 needs to load the extension of a build, also of one with sanitizers."""
import functools
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


@functools.lru_cache(maxsize=None)
def preload(module):
    """The sanitizers' libraries that a module wants loaded before all others; "" for none."""
    listed = subprocess.run(["ldd", module], capture_output=True, text=True, check=True).stdout
    return ":".join(line.split()[2] for line in listed.splitlines() if "libasan" in line or "libubsan" in line)


def plain_environment(acrida):
    """Environment for /usr/bin/python3 in which `import locust` is that of the program `acrida`."""
    folder = pathlib.Path(acrida).parent / "src" / "python"
    environment = {"PYTHONPATH": f"{ROOT / 'python'}:{folder}"}
    libraries = preload(folder / "_acrida.so")
    return {**environment, "LD_PRELOAD": libraries} if libraries else environment


def scenario_environment(acrida):
    """Environment in which `acrida` compiles scenarios in C with its own sanitizers; empty when it has none.

    It looks for leaks as well: without Python in the process all that is allocated is freed.
    """
    if "libasan" not in preload(acrida):
        return {}
    return {"CC": "gcc", "ACRIDA_CFLAGS": "-fsanitize=address,undefined -fno-omit-frame-pointer",
            "ASAN_OPTIONS": "detect_leaks=1:exitcode=99"}
