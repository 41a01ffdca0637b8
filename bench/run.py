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
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACRIDA = ROOT / "build" / "acrida"
SCRIPTS = ROOT / "bench" / "locustfiles"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
BASE = "wrk"
# Spread of wrk's own cost, as a share of its median, beyond which rounds are added, up to twice as many.
NOISE = 0.15
IDLE_USERS = 10_000


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
    peak_mib: float  # most memory resident at once

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
    version = re.search(r"\d+\.[\d.]+", output(["dpkg-query", "-W", "-f", "${Version}", "python3-locust"]) or "?")
    locust_name = f"Locust {version[0] if version else ''}".strip()
    return [
        Peer("wrk", lambda url, connections, seconds: ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"{url}/"]),
        Peer("Acrida, HttpUser", acrida("http_user.py")),
        Peer("Acrida, HttpLocust", acrida("http_locust.py")),
        Peer("Acrida, HttpLocust with execute_task overridden", acrida("execute_task.py")),
        Peer("Acrida, HttpUser with cookie, name, json, catch_response", acrida("checked.py")),
        Peer("Acrida, scenario in C", acrida("plain.c")),
        Peer("Acrida, scenario in C with cookie, name, json, catch_response", acrida("checked.c")),
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
    """For preexec_fn: keeps the child on one core, where nothing else gets in its way if this may be asked for (root)."""
    def prepare():
        os.sched_setaffinity(0, {core})
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
        except PermissionError:
            pass
    return prepare


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


def failed(counts):
    """Answers with a status of 400 or more."""
    return sum(count for status, count in counts["by_status"].items() if int(status) >= 400)


def measure(peer, target, core, connections, seconds):
    """Runs `peer` once; SystemExit when it did not do its work."""
    before = target.counts()
    command = [str(word) for word in peer.command(target.url, connections, seconds)]
    with tempfile.TemporaryFile("w+", errors="replace") as printed:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT,
                                 cwd=ROOT / "bench", env=environment(), preexec_fn=on_core(core))
        code, used = wait(child, seconds + 120)
        printed.seek(0)
        text = printed.read()
    after = target.counts()
    requests = after["requests"] - before["requests"]
    if code != 0 or requests == 0 or failed(after) > failed(before):
        sys.exit(f"{peer.name} failed ({code}): {' '.join(command)}\n{text}")
    return Sample(requests, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def wait(child, timeout):
    """(exit code, what it used) of a child when it has ended; it is killed after `timeout` seconds."""
    alarm = threading.Timer(timeout, child.kill)
    alarm.start()
    _, status, used = os.wait4(child.pid, 0)
    alarm.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, used


def machine():
    """One line about where this was measured."""
    model = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    versions = [re.search(r"\d+\.[\d.]+", output(command) or "") for command in (["wrk", "-v"], ["h2load", "--version"])]
    names = [f"{name} {found[0]}" for name, found in zip(("wrk", "h2load"), versions) if found]
    return ", ".join([f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}",
                      f"Linux {platform.release()}", f"Python {platform.python_version()}", *names])


def median(samples, field):
    return statistics.median(getattr(one, field) for one in samples)


def is_noisy(samples):
    """Did the machine's speed change so much meanwhile that more rounds are wanted? By wrk's own figures."""
    costs = [one.cpu_micros for one in samples[BASE]]
    return max(costs) - min(costs) > NOISE * statistics.median(costs)


def table(samples, args):
    """The Markdown that goes into README.md: {peer name: samples} as medians, and as a ratio to wrk."""
    base = median(samples[BASE], "cpu_micros")
    lines = ["| Generator | Requests/s | CPU µs per request | × wrk | Memory, MiB |", "|---|---:|---:|---:|---:|"]
    for name, runs in samples.items():
        cpu = median(runs, "cpu_micros")
        lines.append(f"| {name} | {median(runs, 'rate'):,.0f} | {cpu:.2f} | {cpu / base:.2f} | "
                     f"{median(runs, 'peak_mib'):.0f} |")
    rounds = len(samples[BASE])
    lines += ["", f"Median of {rounds} interleaved runs of {args.seconds} s with {args.connections} connections "
              f"against `acrida target`, each on one core{', real-time priority' if os.geteuid() == 0 else ''}; the "
              f"generator's own processor time, its start included. "
              f"{machine()}. Made by `./dev bench`."]
    return "\n".join(lines)


def idle(core):
    """What 10,000 waiting Python users cost: (KiB of memory for each, seconds of processor time to start them all)."""
    one, many = (idle_run(count, core) for count in (1, IDLE_USERS))
    return (many[0] - one[0]) / IDLE_USERS, many[1] - one[1]


def idle_run(count, core):
    """(resident KiB, processor seconds) of a run with so many users, once all of them wait."""
    child = subprocess.Popen([ACRIDA, "-f", SCRIPTS / "idle.py", "--no-web", "-c", str(count), "-r", "1000000", "-t", "60s",
                              "--only-summary"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True, env=environment(), preexec_fn=on_core(core))
    for line in child.stderr:
        if "All users are waiting" in line:
            break
    status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
    times = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    child.terminate()
    child.communicate()
    return int(re.search(r"VmRSS:\s*(\d+)", status)[1]), (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def idle_text(core):
    """The sentence below the table."""
    kib, seconds = idle(core)
    text = f"{IDLE_USERS:,} waiting Python users: {kib:.1f} KiB each, started with {seconds:.2f} s of processor time."
    micro = output([ROOT / "build" / "bench" / "micro" / "bench_loop"])
    found = re.search(r"idle coroutine +([\d.]+) KiB", micro or "")
    if found:
        text += f" 100,000 waiting C coroutines: {found[1]} KiB each."
    return text


def write_json(samples, idle_sentence, args):
    """All samples, for machines."""
    path = ROOT / "build" / "bench.json"
    path.write_text(json.dumps({
        "machine": machine(), "seconds": args.seconds, "connections": args.connections, "idle": idle_sentence,
        "peers": {name: [dataclasses.asdict(one) for one in runs] for name, runs in samples.items()}}, indent=1) + "\n")
    print(f"samples: {path.relative_to(ROOT)}")


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
        rounds = 0
        while rounds < args.rounds or (rounds < 2 * args.rounds and is_noisy(samples)):
            rounds += 1
            one_round(peers, samples, target, cores[1], args, rounds)
    idle_sentence = idle_text(cores[1])
    text = f"{table(samples, args)}\n\n{idle_sentence}"
    print(f"\n{text}")
    write_json(samples, idle_sentence, args)
    if not args.only:
        write_readme(text)


def one_round(peers, samples, target, core, args, number):
    """Measures each peer once."""
    for peer in peers:
        sample = measure(peer, target, core, args.connections, args.seconds)
        samples[peer.name].append(sample)
        print(f"round {number}  {peer.name:<60} {sample.rate:>9,.0f}/s {sample.cpu_micros:8.2f} µs "
              f"{sample.peak_mib:5.0f} MiB", flush=True)
        time.sleep(0.5)  # for the sockets that were closed last


if __name__ == "__main__":
    main()
