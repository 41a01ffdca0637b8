# SPDX-License-Identifier: MIT
"""Ceilings of tasks per second: --max-rps and --request-increase-rate."""
import collections
import itertools
import statistics
import time

import pytest

from c_source import HEAD
from servers import answer, read_head

ASKER = """
    static void ask(acr_user *user) { acr_get(user, "/"); }
    ACR_USER(asker, .tasks = {ACR_TASK(ask)});
"""
OK = answer()


@pytest.fixture
def arrivals(serve):
    """(URL, times at which a request arrived there)."""
    times = []

    def note(connection):
        while read_head(connection):
            times.append(time.monotonic())
            connection.sendall(OK)

    return serve(note).url, times


def bins(times, width):
    """How many in each span of `width` seconds since the first."""
    return collections.Counter(int((moment - times[0]) / width) for moment in times)


def check_steps(times, seconds, rates):
    """At each step no more arrived than its rate allows, and what did arrive came at its pace."""
    times.sort()
    for step, rate in enumerate(rates):
        moments = [moment - times[0] - step * seconds for moment in times]
        within = [moment for moment in moments if 0 <= moment < seconds]
        gap = statistics.median(later - earlier for earlier, later in itertools.pairwise(within))
        assert seconds * rate * 0.3 <= len(within) <= seconds * rate * 1.2 + 2, (rate, within)
        assert 0.7 / rate <= gap <= 1.4 / rate, (rate, gap)


def test_tasks_begin_evenly_at_the_ceiling(play_c, arrivals):
    url, times = arrivals
    report = play_c(ASKER, "-c", 20, "-t", "4s", "--max-rps", 500, host=url)
    times.sort()
    assert report.total() == (len(times), 0)
    # Stalls of this machine cost slots (see the unit tests for exact numbers); nothing brings more of them.
    assert 1000 <= len(times) <= 2030
    per_tenth = bins(times, 0.1)
    assert max(per_tenth.values()) <= 100 and sum(count >= 25 for count in per_tenth.values()) >= 20, per_tenth


def test_a_fraction_is_a_ceiling_and_the_first_task_begins_at_once(play_c, arrivals):
    url, times = arrivals
    play_c(ASKER, "-c", 20, "-t", "5s", "--max-rps", 0.5, host=url)
    assert len(times) == 3
    assert 1.8 < times[1] - times[0] < 2.8


def test_the_ceiling_counts_all_users_and_the_first_to_ask_is_served_first(play_c):
    report = play_c("""
        static void begin(acr_user *user)
        {
            acr_record_success(user, "user", acr_format(user, "%d", (int)acr_user_number(user)), 0, 0);
        }
        ACR_USER(counter, .tasks = {ACR_TASK(begin)});
    """, "-c", 10, "-t", "4s", "--max-rps", 50)
    counts = [row.requests for row in report.table().values()]
    assert len(counts) == 10 and max(counts) - min(counts) <= 2 and 50 <= sum(counts) <= 204


def test_the_ceiling_rises_by_steps_up_to_its_end(play_c, arrivals):
    url, times = arrivals
    play_c(ASKER, "-c", 10, "-t", "6s", "--max-rps", 60, "--request-increase-rate", "20/2s", host=url)
    check_steps(times, 2, (20, 40, 60))


def test_without_an_end_the_ceiling_rises_on(play_c, arrivals):
    url, times = arrivals
    play_c(ASKER, "-c", 10, "-t", "4s", "--request-increase-rate", 20, host=url)
    check_steps(times, 1, (20, 40, 60, 80))


def test_entering_a_set_takes_no_slot_and_tasks_within_do(play_c):
    report = play_c("""
        static void inside(acr_user *user) { acr_record_success(user, "T", "inside", 0, 0); acr_interrupt(user, true); }
        static void enter(acr_user *user) { acr_record_success(user, "T", "entered", 0, 0); }
        ACR_TASK_SET(room, .tasks = {ACR_TASK(inside)}, .on_start = enter);
        ACR_USER(visitor, .tasks = {ACR_SUBSET(room)});
    """, "-c", 3, "-t", "2s", "--max-rps", 20)
    table = report.table()
    assert 8 <= table["T inside"].requests <= 42
    assert 0 <= table["T entered"].requests - table["T inside"].requests <= 3


def test_users_that_wait_for_their_slot_end_at_once(play_c, arrivals):
    url, times = arrivals
    report = play_c(ASKER, "-c", 1000, "-t", "2s", "--max-rps", 2, host=url)
    assert 3 <= len(times) <= 5 and report.seconds < 15


def test_wrong_values_are_refused(run, script):
    path = script(HEAD + ASKER, "scenario.c")
    for option, value, word in (("--max-rps", "many", "invalid floating-point value"), ("--max-rps", "-1", "0 for no"),
                                ("--request-increase-rate", "10/1x", "10/1m (a minute)")):
        finished = run(["-f", path, "--no-web", "-t", "1s", option, value])
        assert finished.code == 2 and option in finished.stderr and word in finished.stderr, str(finished)


@pytest.mark.parametrize("option", [["--max-rps", "10"], ["--request-increase-rate=10/1m"]], ids=str)
def test_a_locustfile_in_python_has_no_such_ceiling(run, script, option):
    path = script("raise SystemExit('not even loaded')")
    finished = run(["-f", path, "--no-web", "-t", "1s", *option])
    name = option[0].split("=")[0]
    assert finished.code == 2 and f"{name} is for scenarios in C" in finished.stderr, str(finished)
