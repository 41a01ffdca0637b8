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
