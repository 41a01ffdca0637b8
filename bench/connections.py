#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Hold many connections open at once, from one address of this machine and from eight.

As many as one process may have open, 60,000 at most. What is printed is what the generator needed, and whether the
target has counted as many requests as the report says.
"""
import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile

from run import ACRIDA, ROOT, SCRIPTS, Target, environment, on_core, wait

SOURCES = "127.0.0.2-127.0.0.9"
# What target and generator may open beside connections.
OWN = 200


def hold(target, core, connections, seconds, options):
    """One run; a line about it."""
    before = target.counts()
    command = [ACRIDA, "-f", SCRIPTS / "hold.c", "--no-web", "-c", connections, "-r", connections, "-t", f"{seconds}s",
               "-H", target.url, "--only-summary", *options]
    with tempfile.TemporaryFile("w+", errors="replace") as printed:
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=printed,
                                 stderr=subprocess.STDOUT, cwd=ROOT, env=environment(), preexec_fn=on_core(core))
        code, used = wait(child, seconds + 120)
        printed.seek(0)
        text = printed.read()
    after = target.counts()
    counted = after["requests"] - before["requests"]
    reported, failures = re.search(r"^ Total +(\d+) +(\d+)\(", text, re.M).groups()
    if code != 0 or int(failures) or counted != int(reported):
        sys.exit(f"{counted} requests at the target, {reported} in the report ({code}):\n{text}")
    accepted = after["connections"]["accepted"] - before["connections"]["accepted"] - 1  # this look
    return (f"{accepted:,} connections, {int(reported):,} requests at the target and in the report, "
            f"{used.ru_utime + used.ru_stime:.1f} s of processor time, {used.ru_maxrss / 1024:.0f} MiB, "
            f"response times up to {slowest(text)} ms")


def slowest(text):
    """The longest response time of the tables' total, in ms."""
    return re.findall(r"^ GET / .*?(\d+) *$", text, re.M)[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=60_000)
    parser.add_argument("--seconds", type=int, default=10)
    args = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = args.connections if hard == resource.RLIM_INFINITY else min(args.connections, hard - OWN)
    if connections < args.connections:
        print(f"one process may have {hard:,} files open on this machine: {connections:,} connections are held", flush=True)
    cores = sorted(os.sched_getaffinity(0))
    for name, options in (("one address", []), (SOURCES, ["--source-ips", SOURCES])):
        with Target(cores[0]) as target:
            print(f"from {name}: {hold(target, cores[-1], connections, args.seconds, options)}", flush=True)


if __name__ == "__main__":
    main()
