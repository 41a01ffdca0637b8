# SPDX-License-Identifier: MIT
"""Where this machine, and not the target, is the limit: descriptors, local ports, addresses to connect from."""
import shutil
import subprocess
import sys

import pytest

from probing import SUPPORT
from programs import Program
from tables import Report

SCRIPT = """
from locust import HttpLocust, TaskSet, task
class Tasks(TaskSet):
    @task
    def index(self): self.client.get("/")
class WebUser(HttpLocust):
    task_set = Tasks
    min_wait = max_wait = 20
"""
SCENARIO = """
#include <acrida.h>
static void index_page(acr_user *user) { acr_get(user, "/"); }
ACR_USER(web_user, .wait = acr_constant(0.02), .tasks = {ACR_TASK(index_page)});
"""


# ---- descriptors


@pytest.fixture
def play_limited(acrida, script, tmp_path):
    """play_limited(soft, hard, *options): a run that may open so many files."""

    def play(soft, hard, *options, host):
        command = [shutil.which("prlimit"), f"--nofile={soft}:{hard}", acrida, "-f", script(SCRIPT), "--no-web",
                   "-H", host, "-r", "1000", "-t", "1s", *options]
        return Report(Program(command, tmp_path).finish(60))

    return play


def test_too_few_descriptors_are_told_before_and_when_they_run_out(play_limited, target):
    report = play_limited(100, 100, "-c", "200", host=target.url)
    assert report.code == 1
    assert "200 users may need 264 open files, but this machine allows 100" in report.stderr
    assert report.stderr.count("it has no descriptor (or no memory) for another connection") == 1
    assert "these failures are this machine's, not the target's" in report.stderr
    successes, failures = report.total()
    assert successes > 0 < failures and all("Too many open files" in error for error in report.errors())
    assert successes == target.stats()["by_path"]["/"]


def test_enough_descriptors_for_fewer_users(play_limited, target):
    report = play_limited(100, 100, "-c", "2", host=target.url)
    assert report.code == 0 and "open files" not in report.stderr


def test_the_soft_limit_is_raised(play_limited, target):
    report = play_limited(64, 4096, "-c", "200", host=target.url)
    assert report.code == 0 and report.total()[1] == 0, str(report)


# ---- ports


def have_namespaces():
    """May this machine's user make a network namespace?"""
    unshare = shutil.which("unshare")
    return bool(unshare) and subprocess.run([unshare, "-rn", "true"], stderr=subprocess.DEVNULL).returncode == 0


@pytest.fixture
def play_with_few_ports(acrida, script, tmp_path):
    """play_with_few_ports(count, *options): a run with so many local ports; returns its Report."""
    if not have_namespaces():
        pytest.skip("no network namespaces for this user: running out of ports is not tested")

    def play(count, *options, text=SCENARIO, name="scenario.c"):
        command = ["unshare", "-rn", sys.executable, SUPPORT / "few_ports.py", str(count), acrida, "-f",
                   script(text, name), "--no-web", "-c", "30", "-r", "1000", "-t", "1s", *options]
        return Report(Program(command, tmp_path).finish(60))

    return play


@pytest.mark.parametrize("text, name", [(SCENARIO, "scenario.c"), (SCRIPT, "locustfile.py")], ids=["c", "python"])
def test_too_few_ports_are_this_machines_fault_and_not_the_targets(play_with_few_ports, text, name):
    report = play_with_few_ports(20, text=text, name=name)
    successes, failures = report.total()
    assert report.code == 1 and failures > 0
    assert all("out of local ports" in error and "Cannot assign requested address" in error for error in report.errors())
    assert report.stderr.count("no local port is free for another connection") == 1
    assert f"{failures} connections were not made for want of a local port and 0 for want of a desc" in report.stderr
    assert int(report.stdout) == successes > 0


@pytest.mark.parametrize("text, name", [(SCENARIO, "scenario.c"), (SCRIPT, "locustfile.py")], ids=["c", "python"])
def test_each_source_address_gives_as_many_connections_more(play_with_few_ports, text, name):
    report = play_with_few_ports(20, "--source-ips", "127.0.0.2-127.0.0.4", text=text, name=name)
    assert report.code == 0 and report.total() == (int(report.stdout), 0), str(report)
    assert "this machine" not in report.stderr


# ---- addresses to connect from


def test_connections_come_from_the_source_addresses_in_turn(play, script, serve):
    from servers import answer, read_head
    peers = set()

    def handle(connection):
        peers.add(connection.getpeername()[0])
        while read_head(connection):
            connection.sendall(answer(b"hello"))

    report = play(script(SCENARIO, "scenario.c"), "-c", 6, "-n", 60, "--source-ips", "127.0.0.7,127.0.0.8-127.0.0.9",
                  host=serve(handle).url)
    assert report.total()[1] == 0 and peers == {"127.0.0.7", "127.0.0.8", "127.0.0.9"}


@pytest.mark.parametrize("addresses, said", [
    ("here", 'option --source-ips: not an address: "here"'),
    ("", 'option --source-ips: not an address: ""'),
    ("192.0.2.77", "option --source-ips: 192.0.2.77 is no address of this machine"),
    ("127.0.0.9-127.0.0.2", "option --source-ips: not a range of IPv4 addresses")])
def test_wrong_source_addresses_are_refused(run, script, addresses, said):
    finished = run(["-f", script(SCENARIO, "scenario.c"), "--no-web", "-H", "http://127.0.0.1:1", "-t", "1s",
                    "--source-ips", addresses])
    assert finished.code == 1 and said in finished.stderr and " # fails" not in finished.stderr
