#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measure load generators side by side and write the table in README.md.

The built-in target runs on one core, one generator at a time on another. Rounds are interleaved, so that a machine that
gets slower meanwhile is unfair to nobody, and the median of the rounds is reported. What compares is the generator's own
processor time per request: what it has used in the whole run, start included, over what the target has counted.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACRIDA = ROOT / "build" / "acrida"
SCRIPTS = ROOT / "bench" / "locustfiles"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
BASE = "wrk"


@dataclasses.dataclass
class Peer:
    """A generator: `command(url, connections, seconds)` is its command line."""

    name: str
    command: object


@dataclasses.dataclass
class Sample:
    """One run of one peer."""

    requests: int
    seconds: float  # the generator's own idea of the run, not counting its start
    cpu_seconds: float

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_micros(self):
        return self.cpu_seconds / self.requests * 1e6


def acrida(script):
    """Acrida running a locustfile."""
    return lambda url, connections, seconds: [
        ACRIDA, "-f", SCRIPTS / script, "--no-web", "-c", connections, "-r", connections, "-t", f"{seconds}s", "-H", url,
        "--only-summary"]


def locust(script):
    """Debian's Locust running the same file."""
    return lambda url, connections, seconds: [
        "/usr/bin/python3", "-m", "locust", "-f", SCRIPTS / script, "--headless", "-u", connections, "-r", connections,
        "-t", f"{seconds}s", "-H", url, "--only-summary"]


def all_peers():
    """The peers, in the order of the table."""
    version = re.search(r"\d[\d.]*", output(["/usr/bin/python3", "-m", "locust", "--version"]) or "?")
    locust_name = f"Locust {version[0] if version else ''}".strip()
    return [
        Peer("wrk", lambda url, connections, seconds: ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"{url}/"]),
        Peer("Acrida, HttpUser", acrida("http_user.py")),
        Peer("Acrida, FastHttpUser", acrida("fast_http_user.py")),
        Peer("Acrida, HttpLocust", acrida("http_locust.py")),
        Peer("Acrida, HttpUser with cookie, name, json, catch_response", acrida("checked.py")),
        Peer("ab", lambda url, connections, seconds: [
            "ab", "-q", "-k", "-c", connections, "-t", seconds, "-n", 100_000_000, f"{url}/"]),
        Peer("h2load, HTTP/1.1", lambda url, connections, seconds: [
            "h2load", "--h1", "-t1", "-c", connections, "-D", seconds, f"{url}/"]),
        Peer(f"{locust_name}, FastHttpUser", locust("fast_http_user.py")),
        Peer(f"{locust_name}, HttpUser", locust("http_user.py")),
        Peer(f"{locust_name}, HttpUser with cookie, name, json, catch_response", locust("checked.py")),
    ]


def output(command):
    """What a command prints; None when it cannot be run."""
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, timeout=60, env=environment())
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout


def environment():
    """The environment of every peer: no package of ours in the way of another's."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def on_core(core):
    """For preexec_fn: keeps the child on one core."""
    return lambda: os.sched_setaffinity(0, {core})


class Target:
    """The built-in target on a core of its own, for the time of a `with`."""

    def __init__(self, core):
        self.process = subprocess.Popen([ACRIDA, "target", "--port", "0"], stdout=subprocess.PIPE, text=True,
                                        stdin=subprocess.DEVNULL, preexec_fn=on_core(core))
        self.url = self.process.stdout.readline().split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def counts(self):
        """Its /__stats__."""
        with OPENER.open(f"{self.url}/__stats__", timeout=10) as answer:
            return json.load(answer)


def cpu_of_children():
    """Seconds of processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def failed(counts):
    """Answers with a status of 400 or more."""
    return sum(count for status, count in counts["by_status"].items() if int(status) >= 400)


def measure(peer, target, core, connections, seconds):
    """Runs `peer` once; SystemExit when it did not do its work."""
    before, start = target.counts(), cpu_of_children()
    command = [str(word) for word in peer.command(target.url, connections, seconds)]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", cwd=ROOT / "bench", env=environment(), preexec_fn=on_core(core),
                         timeout=seconds + 120)
    after, end = target.counts(), cpu_of_children()
    requests = after["requests"] - before["requests"]
    if run.returncode != 0 or requests == 0 or failed(after) > failed(before):
        sys.exit(f"{peer.name} failed ({run.returncode}): {' '.join(command)}\n{run.stdout}")
    return Sample(requests, seconds, end - start)


def machine():
    """One line about where this was measured."""
    model = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    versions = [re.search(r"[\d][\w.]*", output(command) or "") for command in (["wrk", "-v"], ["h2load", "--version"])]
    names = [f"{name} {found[0]}" for name, found in zip(("wrk", "h2load"), versions) if found]
    return ", ".join([f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}",
                      f"Linux {platform.release()}", f"Python {platform.python_version()}", *names])


def table(samples, args):
    """The Markdown that goes into README.md: {peer name: samples} as medians, and as a ratio to wrk."""
    medians = {name: (statistics.median(one.rate for one in runs), statistics.median(one.cpu_micros for one in runs))
               for name, runs in samples.items()}
    base = medians.get(BASE, (None, None))[1]
    lines = ["| Generator | Requests/s | CPU µs per request | × wrk |", "|---|---:|---:|---:|"]
    for name, (rate, cpu) in medians.items():
        ratio = f"{cpu / base:.2f}" if base else ""
        lines.append(f"| {name} | {rate:,.0f} | {cpu:.1f} | {ratio} |")
    lines += ["", f"Median of {args.rounds} interleaved runs of {args.seconds} s with {args.connections} connections "
              f"against `acrida target`, each on one core. {machine()}."]
    return "\n".join(lines)


def write_readme(text):
    """Puts `text` between the markers of README.md."""
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    new, count = re.subn(r"(<!-- bench -->\n).*?(<!-- /bench -->)", lambda found: f"{found[1]}{text}\n{found[2]}", old,
                         flags=re.S)
    if count != 1:
        sys.exit("README.md has no place for the table: <!-- bench --> ... <!-- /bench -->")
    path.write_text(new, encoding="utf-8")


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10, help="length of one run")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each peer")
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--only", metavar="TEXT", help="peers whose name contains TEXT, and wrk; README.md stays")
    return parser.parse_args()


def main():
    args = parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed: one for the target, one for the generator")
    peers = [peer for peer in all_peers() if not args.only or args.only in peer.name or peer.name == BASE]
    missing = [name for name in ("wrk", "ab", "h2load") if shutil.which(name) is None]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}; ./dev bench installs what is needed")
    samples = {peer.name: [] for peer in peers}
    with Target(cores[0]) as target:
        for round_number in range(1, args.rounds + 1):
            for peer in peers:
                sample = measure(peer, target, cores[1], args.connections, args.seconds)
                samples[peer.name].append(sample)
                print(f"{round_number}/{args.rounds}  {peer.name:<60} {sample.rate:>9,.0f}/s {sample.cpu_micros:8.1f} µs",
                      flush=True)
                time.sleep(0.5)  # for the sockets that were closed last
    text = table(samples, args)
    print(f"\n{text}")
    if not args.only:
        write_readme(text)


if __name__ == "__main__":
    main()
