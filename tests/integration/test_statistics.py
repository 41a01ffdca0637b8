# SPDX-License-Identifier: MIT
"""Scripts that read and change the run's statistics while requests are under way."""
from tables import agree, read_csv

HEAD = """
import gevent, os, shutil, time
from locust import HttpLocust, HttpUser, TaskSet, constant, events, stats, task
from locust.exception import StopLocust, StopUser
from locust.stats import global_stats
from probe import note
"""


def test_the_statistics_may_be_cleared_under_requests_in_flight(play, probe, target):
    report = play(HEAD + """
turns = 0

class Tasks(TaskSet):
    @task
    def turn(self):
        global turns
        turns += 1
        mine = turns
        with self.client.get("/slow?ms=3", catch_response=True, name="slow %d" % (mine % 7)) as response:
            if mine % 5 == 0:
                global_stats.clear_all()
            if mine % 7 == 0:
                gevent.sleep(0.001)
            if mine % 3 == 0:
                response.failure("bad %d" % mine)
        response = self.client.get("/stream/50", stream=True)
        if mine % 2:
            global_stats.clear_all()
        response.content
        if mine % 11 == 0:
            global_stats.reset_all()
        str(global_stats.get("/", "GET")), dict(global_stats.errors), dict(global_stats.total.response_times_cache)
        if mine == 500:
            entries = global_stats.entries.values()
            note("enough", requests=[global_stats.num_requests, sum(entry.num_requests for entry in entries)],
                 failures=[global_stats.num_failures, sum(entry.num_failures for entry in entries)])
        if mine >= 500:
            raise StopLocust()

class User(HttpLocust):
    min_wait = max_wait = 0
    task_set = Tasks
""", "-c", 20, "--csv", "cleared", host=target.url, code=None)
    assert target.stats()["requests"] > 900
    [enough] = probe.all("enough")
    assert enough["requests"][0] == enough["requests"][1] and enough["failures"][0] == enough["failures"][1]
    assert sum(sum(row[:2]) for row in report.table().values()) == sum(report.total()) < 900


def test_a_script_sees_its_own_request_at_once(play, probe, target):
    report = play(HEAD + """
class User(HttpUser):
    @task
    def once(self):
        for i in range(3):
            self.client.get("/")
            note("seen", requests=global_stats.num_requests, of_entry=global_stats.get("/", "GET").num_requests)
        self.client.get("/nowhere")
        note("failed", failures=global_stats.num_failures, of_2=self.environment.stats.num_requests,
             errors=[(error.name, error.occurences) for error in global_stats.errors.values()])
        raise StopUser()
""", host=target.url, code=1)
    assert probe.values("seen", "requests") == probe.values("seen", "of_entry") == [1, 2, 3]
    [failed] = probe.all("failed")
    assert (failed["failures"], failed["of_2"], failed["errors"]) == (1, 4, [["/nowhere", 1]])
    agree(report, target.stats())


def test_current_percentiles_and_rates_of_a_run(play, probe):
    """Slow at first, then fast: what counts as of late is the fast part."""
    play(HEAD + """
stats.CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW = 2

class User(HttpUser):
    host = "http://127.0.0.1:1"
    @task
    def once(self):
        begin = time.monotonic()
        for millis, until in ((500, 1.1), (20, 3.6)):
            while time.monotonic() - begin < until:
                events.request_success.fire(request_type="GET", name="/", response_time=millis, response_length=0)
                time.sleep(0.02)
        total = global_stats.total
        note("end", now=total.get_current_response_time_percentile(0.99), all=total.get_response_time_percentile(0.99),
             rps=total.current_rps, average=total.total_rps)
        raise StopUser()
""")
    [end] = probe.all("end")
    assert end["now"] == 20 and end["all"] == 500
    assert 5 < end["rps"] < 60 and 5 < end["average"] < 60


def test_a_folder_that_goes_away_costs_the_files_only(play, target, tmp_path):
    (tmp_path / "out").mkdir()
    report = play(HEAD + """
class User(HttpUser):
    @task
    def once(self):
        self.client.get("/")
        shutil.rmtree("out")
        raise StopUser()
""", "--csv", "out/x", host=target.url, code=1)
    [record] = report.records("ERROR")
    assert "out/x_requests.csv" in record and "No such file or directory" in record
    assert report.total() == (1, 0) and report.percentiles()["Total"][0] == 1


def test_a_script_prints_the_runs_tables_and_writes_its_files(play, target):
    report = play(HEAD + """
@events.quitting.add_listener
def report(**kwargs):
    stats.write_stat_csvs("mine")
    stats.print_stats(global_stats)
    stats.print_percentile_stats(global_stats.entries)
    stats.print_error_report()

class User(HttpUser):
    @task
    def once(self):
        for path in ("/", "/slow?ms=30", "/nowhere", "/bytes/1000"):
            self.client.get(path)
        raise StopUser()
""", "--csv", "own", "--only-summary", host=target.url, code=1)
    heads = [i for i, line in enumerate(report.lines) if line.startswith(" Name ") and "# fails" in line]
    assert len(heads) == 2
    size = report.lines[heads[0]:].index("Error report") + 6
    assert report.lines[heads[0]:heads[0] + size] == report.lines[heads[1]:heads[1] + size]
    folder = report.finished.cwd
    assert read_csv(folder / "mine") == read_csv(folder / "own")


def test_what_no_setting_of_the_report_can_be_ends_the_program_with_a_sentence(run, script):
    finished = run(["-f", script("""
import locust.stats
from locust import User, task
locust.stats.CSV_STATS_INTERVAL_SEC = "often"
class Idle(User):
    @task
    def nothing(self): pass
"""), "--no-web"])
    assert finished.code == 1 and "Traceback" not in finished.stderr, str(finished)
    assert "locust.stats.CSV_STATS_INTERVAL_SEC must be a number of seconds" in finished.stderr
