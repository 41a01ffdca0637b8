#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""few_ports.py PORTS ACRIDA OPTION...: a target, and ACRIDA aimed at it, on a loopback of their own with so many local ports.

To be run in a new network namespace. Prints how many requests the target has counted.
"""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from programs import Target  # noqa: E402 (the path comes first)

RANGE = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")


def main(ports, acrida, *options):
    """Returns the program's exit code."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        target = Target(acrida, [], pathlib.Path(folder) / "target.txt")
        before = RANGE.read_text()
        RANGE.write_text(f"40000 {40000 + int(ports) - 1}\n")
        code = subprocess.run([acrida, *options, "-H", target.url]).returncode
        RANGE.write_text(before)
        print(sum(target.stats()["by_path"].values()))
        target.end()
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
