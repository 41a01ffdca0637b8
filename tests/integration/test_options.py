# SPDX-License-Identifier: MIT
"""The command line: what each option does to a run, and what is printed where."""
import re

import pytest

from tables import agree, read_csv

SITE = """
from locust import HttpLocust, TaskSet, task
from probe import note

class Tasks(TaskSet):
    def on_start(self):
        note("start", user=type(self.locust).__name__)
    @task
    def index(self):
        self.client.get("/")

class WebUser(HttpLocust):
    task_set = Tasks
    weight = 3
    min_wait = max_wait = 20

class MobileUser(HttpLocust):
    task_set = Tasks
    weight = 1
    min_wait = max_wait = 20
"""


def test_count_and_rate_give_users_over_time(play, probe, target):
    play(SITE, "-c", 10, "-r", 5, "-t", "3s", host=target.url)
    starts = [note["time"] for note in probe.all("start")]
    assert len(starts) == 10
    for number, time in enumerate(starts):
        assert abs(time - starts[0] - number / 5) < 0.3, [time - starts[0] for time in starts]


def test_a_rate_below_one_and_a_fraction_are_taken(play, probe, target):
    report = play(SITE, "-c", 3, "-r", "2.5", "-t", "2s", host=target.url)
    starts = [note["time"] for note in probe.all("start")]
    assert "at the rate 2.5 clients/s" in report.stderr
    assert [round(time - starts[0], 1) for time in starts] == pytest.approx([0, 0.4, 0.8], abs=0.2)


@pytest.mark.parametrize("spelling", ["1s", "1", "0h0m1s"])
def test_run_time_ends_the_run(play, target, spelling):
    report = play(SITE, "-c", 2, "-t", spelling, host=target.url)
    assert "Run time limit set to 1 seconds" in report.stderr and "Time limit reached" in report.stderr
    assert 1 <= report.seconds < 15
    agree(report, target.stats())


def test_run_time_zero_is_no_limit(begin, target, probe):
    program = begin(SITE, "-t", "0", host=target.url)
    probe.wait("start")
    program.signal(2)
    assert "Time limit" not in program.finish(20).stderr


def test_class_names_choose_classes(play, target, probe):
    play(SITE, "-c", 4, "-t", "1s", "MobileUser", host=target.url)
    assert probe.values("start", "user") == ["MobileUser"] * 4


def test_without_names_all_classes_share_by_weight(play, target, probe):
    report = play(SITE, "-c", 8, "-t", "1s", host=target.url)
    assert sorted(probe.values("start", "user")) == ["MobileUser"] * 2 + ["WebUser"] * 6
    assert "All locusts hatched: WebUser: 6, MobileUser: 2" in report.stderr


def test_several_names_and_options_in_any_order(play, target, probe):
    play(SITE, "MobileUser", "-c4", "WebUser", "--run-time=1s", host=target.url)
    assert probe.count("start") == 4


def test_tables_come_every_two_seconds_unless_unwanted(begin, script, start, target, tmp_path, script_environment):
    path = script(SITE)
    common = ["-f", path, "--no-web", "-c", "2", "-r", "10", "-t", "3s", "-H", target.url]
    programs = [start(*common, *more, env=script_environment) for more in ((), ("--only-summary",), ("--print-stats",))]
    finished = [program.finish(30) for program in programs]
    tables = [one.stderr.count(" # fails") for one in finished]
    assert tables == [3, 1, 3]  # at the start, after two seconds, at the end
    assert all(one.stdout == "" for one in finished)


def test_csv_files_are_there_from_the_start_and_at_the_end(begin, target, probe, tmp_path):
    program = begin(SITE, "-c", 2, "-t", "3s", "--csv", "results", host=target.url)
    probe.wait("start")
    requests, distribution = read_csv(tmp_path / "results")
    assert [row["Name"] for row in requests] == ["Total"]
    finished = program.finish(30)
    from tables import Report
    agree(Report(finished), target.stats(), tmp_path / "results")
    assert sorted(path.name for path in tmp_path.glob("results*")) == ["results_distribution.csv", "results_requests.csv"]


def test_csv_base_may_be_a_path_elsewhere(play, target, tmp_path):
    (tmp_path / "out").mkdir()
    play(SITE, "-t", "1s", f"--csv-base-name={tmp_path}/out/x", host=target.url)
    assert read_csv(tmp_path / "out" / "x")[0][-1]["Name"] == "Total"


def test_list_version_and_help_go_to_standard_output(run, script, script_environment):
    path = script(SITE)
    for option in ("-l", "--list"):
        listed = run(["-f", path, option], env=script_environment)
        assert listed.code == 0 and listed.stdout == "Available Locusts:\n    WebUser\n    MobileUser\n"
        assert listed.stderr == ""
    for option in ("-V", "--version"):
        version = run([option])
        assert version.code == 0 and re.fullmatch(r"Acrida \d+\.\d+.*\n", version.stdout)
    for option in ("-h", "--help"):
        told = run([option])
        assert told.code == 0 and told.stdout.startswith("Usage: ") and told.stderr == ""
        for name in ("--host", "--locustfile", "--no-web", "--clients", "--hatch-rate", "--run-time", "--csv",
                     "--print-stats", "--only-summary", "--logfile", "--loglevel", "--list", "--version"):
            assert name in told.stdout, name


def test_names_of_files_that_are_no_identifiers(run, script, script_environment):
    for name in ("my-file.py", "my file.py", "my.file.py", "1.py", "json.py", "locust.py", "ünï.py", "requests.py",
                 "test.py", "_acrida.py"):
        listed = run(["-f", script(SITE, name), "-l"], env=script_environment)
        assert listed.code == 0 and "WebUser" in listed.stdout, (name, str(listed))


def test_prefixes_of_long_options_are_enough(play, target):
    report = play(SITE, "--no-we", "--client", "2", "--hatch=100", "--run-t=1s", "--only", host=target.url, headless=False)
    assert report.total()[0] > 0 and report.tables() == 1


@pytest.mark.parametrize("arguments, code", [(["--exit-code-on-error", "7"], 7), (["--exit-code-on-error=0"], 0)])
def test_the_exit_code_of_failed_requests_can_be_chosen(play, target, arguments, code):
    report = play(SITE.replace('"/"', '"/status/500"'), "-n", 3, *arguments, host=target.url, code=code)
    assert report.total() == (0, 3) and f"Shutting down (exit code {code})" in report.stderr


OWN_OPTIONS = """
from locust import HttpUser, events, tag, task

@events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--tenant", default="acme", help="whose shop it is")

class Buyer(HttpUser):
    @tag("buying")
    @task
    def buy(self):
        self.client.get("/", name=self.environment.parsed_options.tenant)
"""


def test_a_locustfile_adds_options(play, target):
    report = play(OWN_OPTIONS, "-n", 3, "--tenant", "globex", "Buyer", "-c", 1, host=target.url)
    assert set(report.table()) == {"GET globex"}


def test_help_shows_the_options_of_the_file_it_is_given(run, script):
    path = script(OWN_OPTIONS)
    shown = run(["-f", path, "--help"])
    assert shown.code == 0 and "--tenant TENANT" in shown.stdout and "whose shop it is" in shown.stdout
    assert shown.stdout.startswith(run(["--help"]).stdout.rstrip())


@pytest.mark.parametrize("arguments, code, reason", [
    (["--no-web", "--nothing", "5"], 2, "error: no such option: --nothing"),
    (["--no-web", "--tenant"], 2, "error: argument --tenant: expected one argument"),
    (["--tenant", "x"], 2, "start the test with --no-web"),
    (["--no-web", "-H", "http://127.0.0.1:9", "--tags", "selling"], 1, "no task has the tags"),
    (["--no-web", "-H", "http://127.0.0.1:9", "-E", "buying"], 1, "Buyer does not run: none of its tasks has the tags")])
def test_what_a_locustfile_does_not_know_is_refused(run, script, arguments, code, reason):
    finished = run(["-f", script(OWN_OPTIONS), *arguments])
    assert finished.code == code and reason in finished.stderr


def test_an_unknown_option_without_a_locustfile_is_refused(run):
    finished = run(["--nothing"])
    assert finished.code == 2 and finished.stderr.endswith("error: no such option: --nothing\n")
