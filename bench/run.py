#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measure load generators side by side and write the table in README.md.

The built-in target runs on one core, one generator at a time on another. Rounds are interleaved, so that a machine that
gets slower meanwhile is unfair to nobody, and the median of the rounds is reported. What compares is the generator's own
processor time per request: what it has used in the whole run, start included, over what the target has counted. Those
that speak TLS have a target of their own, and wrk over TLS to be compared with.

After them come users that only wait: the memory they take, what it costs to start them and to let them wait.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import re
import shutil
import ssl
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
BASE, TLS_BASE = "wrk", "wrk over TLS"
# Spread of wrk's own cost, as a share of its median, beyond which rounds are added, up to so many.
NOISE, MORE_ROUNDS = 0.15, 3
# Runs of each crowd, and how long the share of a core is measured, once the start is forgotten.
CROWD_RUNS, SETTLE_SECONDS, STEADY_SECONDS = 3, 3, 5
# One that uses less than such a share of a core for so long has no more to do.
QUIET_SHARE, QUIET_SECONDS = 0.02, 0.25


@dataclasses.dataclass
class Peer:
    """A generator: `command(url, connections, seconds)` is its command line; `base` the peer it is compared with."""

    name: str
    command: object
    base: str = BASE


@dataclasses.dataclass
class Crowd:
    """Users that only wait; `waits` is what Acrida logs when all of them do."""

    name: str
    script: str
    count: int
    waits: str
    steady: bool = False  # what counts is the share of a core while they wait, not their start


@dataclasses.dataclass
class CrowdSample:
    """A crowd less what a run with one user takes."""

    kib_each: float
    start_seconds: float  # of processor time
    core_share: float  # while they wait


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


def wrk(url, connections, seconds):
    return ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"{url}/"]


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
        Peer(BASE, wrk),
        Peer("Acrida, HttpUser", acrida("http_user.py")),
        Peer("Acrida, HttpLocust", acrida("http_locust.py")),
        Peer("Acrida, HttpLocust with execute_task overridden", acrida("execute_task.py")),
        Peer("Acrida, HttpUser with cookie, name, json, catch_response", acrida("checked.py")),
        Peer("Acrida, scenario in C", acrida("plain.c")),
        Peer("Acrida, scenario in C with cookie, name, json, catch_response", acrida("checked.c")),
        Peer(TLS_BASE, wrk, TLS_BASE),
        Peer("Acrida, scenario in C, over TLS", acrida("plain.c"), TLS_BASE),
        Peer("ab", lambda url, connections, seconds: [
            "ab", "-q", "-k", "-c", connections, "-t", seconds, "-n", 100_000_000, f"{url}/"]),
        Peer("h2load, HTTP/1.1", lambda url, connections, seconds: [
            "h2load", "--h1", "-t1", "-c", connections, "-D", seconds, f"{url}/"]),
        Peer(f"{locust_name}, FastHttpUser", locust("fast_http_user.py")),
        Peer(f"{locust_name}, HttpUser", locust("http_user.py")),
        Peer(f"{locust_name}, HttpUser with cookie, name, json, catch_response", locust("checked.py")),
    ]


def all_crowds():
    """The crowds, in the order of the sentences below the table."""
    return [
        Crowd("waiting Python users", "idle.py", 10_000, "All users are waiting"),
        Crowd("idle users in C", "idle.c", 100_000, "All locusts hatched"),
        Crowd("users in C that wait 1 to 2 s", "waiting.c", 100_000, "All locusts hatched", steady=True),
    ]


def output(command):
    """What a command prints; None when it cannot be run."""
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, timeout=60, env=environment())
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout


def environment(**more):
    """The environment of every peer: no package of ours in the way of another's."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")} | more


def on_core(core):
    """For preexec_fn: keeps the child on one core, where nothing else gets in its way if this may be asked for (root)."""
    def prepare():
        os.sched_setaffinity(0, {core})
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
        except PermissionError:
            pass
    return prepare


def make_certificate(folder):
    """A certificate for 127.0.0.1 that is its own authority, with its key, in one file."""
    path = pathlib.Path(folder) / "target.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path, "-out", f"{path}.cert",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path.write_text(path.read_text() + pathlib.Path(f"{path}.cert").read_text())
    return path


class Target:
    """The built-in target on a core of its own, for the time of a `with`; over TLS if it has a certificate."""

    def __init__(self, core, certificate=None):
        options = ["--tls-cert", certificate] if certificate else []
        self.certificate = certificate
        self.process = subprocess.Popen([ACRIDA, "target", "--port", "0", *options], stdout=subprocess.PIPE, text=True,
                                        stdin=subprocess.DEVNULL, preexec_fn=on_core(core))
        self.url = self.process.stdout.readline().split()[-1]
        context = ssl.create_default_context(cafile=certificate) if certificate else None
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                  urllib.request.HTTPSHandler(context=context))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def counts(self):
        """Its /__stats__."""
        with self.opener.open(f"{self.url}/__stats__", timeout=10) as answer:
            return json.load(answer)

    def environment(self):
        """That of its clients, who are to trust it."""
        return environment(SSL_CERT_FILE=str(self.certificate)) if self.certificate else environment()


def failed(counts):
    """Answers with a status of 400 or more."""
    return sum(count for status, count in counts["by_status"].items() if int(status) >= 400)


def measure(peer, target, core, connections, seconds):
    """Runs `peer` once; SystemExit when it did not do its work."""
    before = target.counts()
    command = [str(word) for word in peer.command(target.url, connections, seconds)]
    with tempfile.TemporaryFile("w+", errors="replace") as printed:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT,
                                 cwd=ROOT / "bench", env=target.environment(), preexec_fn=on_core(core))
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


def table(peers, samples, args):
    """The Markdown that goes into README.md: {peer name: samples} as medians, and as ratios to the base of each."""
    lines = ["| Generator | Requests/s | × wrk | CPU µs per request | × wrk | Memory, MiB |",
             "|---|---:|---:|---:|---:|---:|"]
    for peer in peers:
        runs, base = samples[peer.name], samples[peer.base]
        rate, cpu = median(runs, "rate"), median(runs, "cpu_micros")
        lines.append(f"| {peer.name} | {rate:,.0f} | {rate / median(base, 'rate'):.2f} | {cpu:.2f} | "
                     f"{cpu / median(base, 'cpu_micros'):.2f} | {median(runs, 'peak_mib'):.0f} |")
    rounds = len(samples[BASE])
    lines += ["", f"Median of {rounds} interleaved runs of {args.seconds} s with {args.connections} connections "
              f"against `acrida target`, each on one core{', real-time priority' if os.geteuid() == 0 else ''}; the "
              f"generator's own processor time, its start included. Over TLS compared with wrk over TLS. "
              f"{machine()}. Made by `./dev bench`."]
    return "\n".join(lines)


def measure_crowd(crowd, core):
    """A crowd's samples, each against a run with one user."""
    samples = []
    for number in range(CROWD_RUNS):
        one, many = (crowd_run(crowd, count, core) for count in (1, crowd.count))
        sample = CrowdSample(*((b - a) / scale for a, b, scale in zip(one, many, (crowd.count, 1, 1))))
        samples.append(sample)
        print(f"run {number + 1}  {crowd.count:,} {crowd.name:<60} {sample.kib_each:6.2f} KiB each, start "
              f"{sample.start_seconds:.2f} s, then {sample.core_share:.1%} of a core", flush=True)
    return samples


def processor_seconds(pid):
    """What all threads of a process have used so far."""
    return sum(int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def start_seconds(pid):
    """What a process has used when it is quiet, which it is once every user has run as far as its wait."""
    before, used = -1, processor_seconds(pid)
    while used - before > QUIET_SHARE * QUIET_SECONDS:
        time.sleep(QUIET_SECONDS)
        before, used = used, processor_seconds(pid)
    return before


def core_share(pid):
    """Of a core, while nothing happens but what is to happen all the time."""
    time.sleep(SETTLE_SECONDS)
    before, began = processor_seconds(pid), time.monotonic()
    time.sleep(STEADY_SECONDS)
    return (processor_seconds(pid) - before) / (time.monotonic() - began)


def crowd_run(crowd, count, core):
    """(resident KiB, processor seconds) of a run with so many users once all of them wait, and its share of a core
    then."""
    child = subprocess.Popen([ACRIDA, "-f", SCRIPTS / crowd.script, "--no-web", "-c", str(count), "-r", "1000000", "-t",
                              "60s", "--only-summary"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True, env=environment(), preexec_fn=on_core(core))
    printed = ""
    for line in child.stderr:
        printed += line
        if crowd.waits in line:
            break
    else:
        sys.exit(f"{crowd.script} with {count:,} users ended before all of them waited\n{printed}")
    seconds, share = (0, core_share(child.pid)) if crowd.steady else (start_seconds(child.pid), 0)
    status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
    child.terminate()
    child.communicate()
    return int(re.search(r"VmRSS:\s*(\d+)", status)[1]), seconds, share


def crowd_text(crowd, samples):
    """The sentence below the table."""
    if crowd.steady:
        return f"{crowd.count:,} {crowd.name}: {median(samples, 'core_share'):.1%} of a core."
    seconds = median(samples, "start_seconds")
    return (f"{crowd.count:,} {crowd.name}: {median(samples, 'kib_each'):.1f} KiB each, started with {seconds:.2f} s of "
            f"processor time ({crowd.count / seconds:,.0f} per second).")


def write_json(samples, crowds, args):
    """All samples, for machines."""
    path = ROOT / "build" / "bench.json"
    path.write_text(json.dumps({
        "machine": machine(), "seconds": args.seconds, "connections": args.connections,
        "peers": {name: [dataclasses.asdict(one) for one in runs] for name, runs in samples.items()},
        "crowds": {name: [dataclasses.asdict(one) for one in runs] for name, runs in crowds.items()}}, indent=1) + "\n")
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
    parser.add_argument("--seconds", type=int, default=8, help="length of one run")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each peer")
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--only", metavar="TEXT",
                        help="rows (and what they are compared with) and crowds whose name contains TEXT; README.md stays")
    parser.add_argument("--list", action="store_true", help="the names of rows and crowds")
    return parser.parse_args()


def choose(only):
    """(peers, crowds) to be measured."""
    if only is None:
        return all_peers(), all_crowds()
    peers, crowds = all_peers(), [crowd for crowd in all_crowds() if only in crowd.name]
    wanted = [peer for peer in peers if only in peer.name]
    if not wanted and not crowds:
        sys.exit(f"no row and no crowd has a name with {only!r}; --list shows them")
    bases = {peer.base for peer in wanted} | ({BASE} if wanted else set())
    return [peer for peer in peers if peer in wanted or peer.name in bases], crowds


def main():
    args = parse_args()
    if args.list:
        print("\n".join(one.name for one in [*all_peers(), *all_crowds()]))
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed: one for the target, one for the generator")
    peers, crowds = choose(args.only)
    missing = [name for name in ("wrk", "ab", "h2load", "openssl") if shutil.which(name) is None]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}; ./dev bench installs what is needed")
    samples = measure_peers(peers, cores, args)
    waiting = {crowd.name: measure_crowd(crowd, cores[1]) for crowd in crowds}
    sentences = " ".join(crowd_text(crowd, waiting[crowd.name]) for crowd in crowds)
    text = "\n\n".join(part for part in (table(peers, samples, args) if peers else "", sentences) if part)
    print(f"\n{text}")
    write_json(samples, waiting, args)
    if args.only is None:
        write_readme(text)


def measure_peers(peers, cores, args):
    """{peer name: samples}"""
    samples = {peer.name: [] for peer in peers}
    rounds = 0
    with tempfile.TemporaryDirectory() as folder, Target(cores[0]) as plain, \
            Target(cores[0], make_certificate(folder)) as secure:
        while peers and (rounds < args.rounds or (rounds < args.rounds + MORE_ROUNDS and is_noisy(samples))):
            rounds += 1
            one_round(peers, samples, {BASE: plain, TLS_BASE: secure}, cores[1], args, rounds)
    return samples


def one_round(peers, samples, targets, core, args, number):
    """Measures each peer once; the base of a peer says which target it has."""
    for peer in peers:
        sample = measure(peer, targets[peer.base], core, args.connections, args.seconds)
        samples[peer.name].append(sample)
        print(f"round {number}  {peer.name:<60} {sample.rate:>9,.0f}/s {sample.cpu_micros:8.2f} µs "
              f"{sample.peak_mib:5.0f} MiB", flush=True)
        time.sleep(0.5)  # for the sockets that were closed last


if __name__ == "__main__":
    main()
