# SPDX-License-Identifier: MIT
"""locust.stats: entries that a script counts itself, and the run's own."""
import gc
import time

import _acrida
import gevent
import locust
import pytest
from locust import events, stats
from locust.log import console_logger
from locust.stats import (CachedResponseTimes, RequestStats, StatsEntry, StatsError, calculate_response_time_percentile,
                          diff_response_time_dicts, global_stats, median_from_dict, sort_stats)


@pytest.fixture
def own():
    """A RequestStats that was started now."""
    own = RequestStats()
    own.start_time = time.time()
    return own


@pytest.fixture
def entry(own):
    return StatsEntry(own, "name", "GET")


@pytest.fixture
def counted():
    """The run's statistics, empty."""
    global_stats.clear_all()
    yield global_stats
    global_stats.clear_all()


def log(entry, *times):
    for millis in times:
        entry.log(millis, 0)
    return entry


def succeed(name="/", millis=10, length=0, method="GET"):
    events.request_success.fire(request_type=method, name=name, response_time=millis, response_length=length)


def fail(name="/", millis=10, error=None, method="GET"):
    events.request_failure.fire(request_type=method, name=name, response_time=millis,
                                exception=error or ValueError("bad"))


# Numbers of one's own; more of them are in tests/integration/acceptance (test_vector_statistics)


def test_a_failure_leaves_no_trace_in_times(entry):
    log(entry, 45, 135, 44, 375, 601, 35, 79)
    for _ in range(3):
        entry.log_error(Exception("refused"))
    assert (entry.min_response_time, entry.max_response_time) == (35, 601)
    assert entry.fail_ratio == 0.3


def test_an_entry_without_requests_is_zero(entry):
    assert (entry.num_requests, entry.num_failures, entry.fail_ratio) == (0, 0, 0.0)
    assert (entry.median_response_time, entry.avg_response_time, entry.avg_content_length) == (0, 0, 0)
    assert entry.min_response_time is None and entry.max_response_time == 0
    assert entry.get_response_time_percentile(0.5) is None
    assert (entry.current_rps, entry.total_rps) == (0.0, 0.0)


@pytest.mark.parametrize("millis, key", [
    (0, 0), (99, 99), (45.127153, 45.127153), (99.99, 99.99), (100, 100), (122, 120), (127, 130), (147, 150),
    (145, 140), (155, 160), (250, 250), (557, 560), (995, 1000), (3432, 3400), (58760, 59000), (9999, 10000)])
def test_times_are_counted_under_two_digits(entry, millis, key):
    log(entry, millis)
    assert entry.response_times == {key: 1}
    assert entry.get_response_time_percentile(0.5) == entry.median_response_time == key
    assert entry.max_response_time == millis


def test_the_median_is_the_lower_one_and_may_differ_from_the_50_percentile(entry):
    log(entry, 250, 260)
    assert entry.median_response_time == 250 and entry.get_response_time_percentile(0.5) == 260
    assert median_from_dict(2, {250: 1, 260: 1}) == 250
    assert calculate_response_time_percentile({250: 1, 260: 1}, 2, 0.5) == 260
    assert median_from_dict(0, {}) is calculate_response_time_percentile({}, 0, 0.5) is None


def test_the_difference_of_no_times():
    assert diff_response_time_dicts({}, {}) == {}


def test_a_request_without_a_time_is_counted_only(entry):
    entry.log(None, 10)
    log(entry, 30)
    assert (entry.num_requests, entry.num_none_requests) == (2, 1)
    assert entry.avg_response_time == entry.median_response_time == entry.get_response_time_percentile(1.0) == 30
    assert entry.avg_content_length == 5


def test_the_current_rate_is_the_mean_of_the_ten_seconds_that_end_two_before_the_last_request(own, entry):
    log(entry, *[10] * 7)
    second = int(time.time())
    own.start_time = second
    for later, rate in ((2, 0.0), (4, 3.5), (12, 0.7), (25, 0.0)):
        entry.num_reqs_per_sec = {second: 7}
        own.total.last_request_timestamp = second + later
        assert entry.current_rps == rate, later


def test_the_total_rate_lasts_a_second_at_least_and_needs_a_start(own, entry):
    log(entry, *[10] * 7)
    assert entry.total_rps == 7
    own.start_time = own.total.last_request_timestamp - 14
    assert entry.total_rps == 0.5
    own.start_time = None
    assert entry.total_rps == 0.0


def test_reset_forgets_all_but_the_name(entry):
    log(entry, 45, 135)
    entry.log_error(Exception("refused"))
    entry.reset()
    log(entry, 756)
    assert (entry.num_requests, entry.num_failures, entry.min_response_time, entry.max_response_time) == (1, 0, 756, 756)
    assert (entry.name, entry.method, entry.response_times) == ("name", "GET", {760: 1})


def test_merging(own):
    first, second = log(StatsEntry(own, "n", "GET"), 12, 12, 38), log(StatsEntry(own, "n", "GET"), 12, 99, 14, 55, 38, 55,
                                                                      97)
    first.log_error(Exception())
    second.log_error(Exception())
    second.log_error(Exception())
    second.start_time -= 10
    second.last_request_timestamp += 5
    start, last = second.start_time, second.last_request_timestamp
    first.extend(second)
    assert (first.num_requests, first.num_failures) == (10, 3)
    assert (first.min_response_time, first.max_response_time) == (12, 99)
    assert (first.start_time, first.last_request_timestamp) == (start, last)
    assert sum(first.num_reqs_per_sec.values()) == 10 and first.response_times[12] == 3


def test_merging_with_an_idle_entry_keeps_the_minimum(own, entry):
    log(entry, 45)
    entry.extend(StatsEntry(own, "n", "GET"))
    assert entry.min_response_time == 45


def test_an_entry_survives_serialisation(entry):
    log(entry, 122, 40)
    entry.log_error(Exception())
    data = entry.serialize()
    assert list(data) == ["name", "method", "last_request_timestamp", "start_time", "num_requests", "num_failures",
                          "total_response_time", "max_response_time", "min_response_time", "total_content_length",
                          "response_times", "num_reqs_per_sec"]
    again = StatsEntry.unserialize(data)
    assert again.serialize() == data and again.median_response_time == 40 and again.stats is None
    with pytest.raises(KeyError):
        StatsEntry.unserialize({"name": "n", "method": "GET"})


def test_a_stripped_report_resets(entry):
    log(entry, 10)
    assert entry.get_stripped_report()["num_requests"] == 1
    assert entry.num_requests == 0


# Errors


def test_errors_are_told_apart_by_method_name_and_text(own):
    for error in (ValueError("a"), ValueError("a"), ValueError("b"), KeyError("a")):
        own.log_error("GET", "/", error)
    own.log_error("POST", "/", ValueError("a"))
    assert [error.occurences for error in own.errors.values()] == [2, 1, 1, 1]
    assert [error.occurrences for error in own.errors.values()] == [2, 1, 1, 1]
    first = next(iter(own.errors.values()))
    assert first.to_name() == """GET /: "ValueError('a')\""""
    assert first.to_dict() == {"method": "GET", "name": "/", "error": "ValueError('a')", "occurences": 2}
    assert own.serialize_errors() == {key: error.to_dict() for key, error in own.errors.items()}
    again = StatsError.from_dict(first.to_dict())
    assert (again.error, again.occurences) == ("ValueError('a')", 2)


def test_addresses_are_masked():
    class Odd(Exception):
        def __repr__(self):
            return "Odd(<a object at 0x7f12ab>, 0x7f12ab, <b object at 0x7f99>)"

    assert StatsError.parse_error(Odd()) == "Odd(<a object at 0x....>, 0x...., <b object at 0x7f99>)"
    assert StatsError.parse_error("object at 0x12") == "'object at 0x12'"


# All of one's own


def test_a_request_enters_its_entry_and_the_total(own):
    own.log_request("GET", "/", 10, 100)
    own.log_request("POST", "/", 20, 200)
    own.log_error("GET", "/", Exception("refused"))
    assert set(own.entries) == {("/", "GET"), ("/", "POST")}
    assert (own.num_requests, own.num_failures) == (2, 1)
    assert own.get("/", "GET") is own.entries["/", "GET"]
    assert (own.get("/", "GET").num_requests, own.get("/", "GET").num_failures) == (1, 1)
    assert (own.total.name, own.total.method, own.total.avg_content_length) == ("Total", None, 150)
    assert own.last_request_timestamp == own.total.last_request_timestamp
    assert [(entry.name, entry.method) for entry in sort_stats(own.entries)] == [("/", "GET"), ("/", "POST")]


def test_reset_all_keeps_entries_and_errors_and_clear_all_does_not(own):
    own.log_request("GET", "/", 10, 100)
    own.log_error("GET", "/", Exception("refused"))
    own.reset_all()
    assert own.num_requests == own.get("/", "GET").num_requests == 0
    assert len(own.entries) == len(own.errors) == 1 and own.start_time
    own.clear_all()
    assert not own.entries and not own.errors and own.start_time is None


def test_serialising_reports_what_counted_something_and_resets_it(own):
    own.log_request("GET", "/a", 10, 100)
    own.log_error("GET", "/b", Exception())
    own.get("/idle", "GET")
    assert sorted(one["name"] for one in own.serialize_stats()) == ["/a", "/b"]
    assert own.serialize_stats() == []


def test_current_percentiles_are_those_since_ten_seconds_ago(own):
    now = int(time.time())
    total = own.total
    log(total, *[500] * 10)
    total.response_times_cache.clear()
    assert total.get_current_response_time_percentile(0.5) is None
    total.response_times_cache[now - 12] = CachedResponseTimes({500: 4}, 4)
    total.response_times_cache[now - 9] = CachedResponseTimes({500: 10}, 10)
    log(total, 30, 40)
    assert total.get_current_response_time_percentile(1.0) == 40
    total.response_times_cache[now - 9] = CachedResponseTimes({500: 10, 30: 1, 40: 1}, 12)
    assert total.get_current_response_time_percentile(1.0) is None
    with pytest.raises(ValueError):
        own.get("/", "GET").get_current_response_time_percentile(0.5)


def test_earlier_times_are_remembered_once_a_second_and_as_many_as_the_window_needs(own, monkeypatch):
    clock = [time.time()]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    own.reset_all()
    for _ in range(30):
        clock[0] += 1
        log(own.total, 10, 10)
    assert len(own.total.response_times_cache) == 20
    last = int(clock[0])
    assert own.total.response_times_cache[last - 1] == CachedResponseTimes({10: 58}, 58)
    monkeypatch.setattr(stats, "CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW", 15)
    for _ in range(30):
        clock[0] += 1
        log(own.total, 10)
    assert len(own.total.response_times_cache) == 25


# The run's


def test_the_runs_statistics_are_read_like_ones_own(counted):
    succeed("/a", 45, 100)
    succeed("/a", 145.3, 200)
    fail("/a", 5)
    fail("/b")
    assert isinstance(counted, RequestStats) and isinstance(counted.total, StatsEntry)
    assert (counted.num_requests, counted.num_failures) == (2, 2)
    assert list(counted.entries) == [("/a", "GET"), ("/b", "GET")] and len(counted.entries) == 2
    entry = counted.entries["/a", "GET"]
    assert (entry.name, entry.method, entry.num_requests, entry.num_failures) == ("/a", "GET", 2, 1)
    assert (entry.min_response_time, entry.max_response_time) == (45, 145.3)
    assert entry.avg_response_time == pytest.approx(95.15) and entry.avg_content_length == 150
    assert entry.total_response_time == pytest.approx(190.3) and entry.fail_ratio == pytest.approx(1 / 3)
    assert entry.median_response_time == 45 and entry.get_response_time_percentile(1.0) == 145.3
    assert sum(entry.response_times.values()) == 2 and entry.response_times[45] == 1
    assert sum(entry.num_reqs_per_sec.values()) == 2 and sum(entry.num_fail_per_sec.values()) == 1
    assert time.time() - 5 < entry.last_request_timestamp <= time.time() and type(entry.last_request_timestamp) is int
    assert counted.start_time <= entry.start_time <= time.time()
    assert entry.total_rps == 2 and entry.total_fail_per_sec == 1
    assert (counted.total.name, counted.total.method) == ("Total", None)
    assert ("/none", "GET") not in counted.entries and counted.entries.get(("/none", "GET")) is None


def test_reading_makes_no_entry_and_get_does(counted):
    for key in (("/", "GET"), "/", 1, (1, "GET"), ("\ud800", "GET")):
        assert key not in counted.entries
        with pytest.raises(KeyError):
            counted.entries[key]
    assert counted.get("/", "GET").num_requests == 0
    assert list(counted.entries) == [("/", "GET")]
    entry = counted.get("/", "GET")
    succeed("/", 10)
    assert entry.num_requests == 1  # it is a view


def test_a_view_of_a_forgotten_entry_is_zero(counted):
    entry = counted.get("/", "GET")
    succeed("/", 10)
    counted.clear_all()
    assert (entry.num_requests, entry.response_times, entry.num_reqs_per_sec) == (0, {}, {})
    assert entry.min_response_time is None and entry.get_response_time_percentile(0.5) is None
    entry.reset()
    assert len(counted.entries) == 0


def test_the_runs_times_are_exact_to_a_thousandth(counted):
    times = [0.25, 1, 12.3456, 45, 99.9, 122, 557, 999, 1500, 12345.678]
    for millis in times:
        succeed("/", millis)
    for known, millis in zip(sorted(counted.total.response_times), times):
        assert known == pytest.approx(millis, rel=0.001)
    for share in (0.0, 0.3, 0.5, 0.9, 1.0):
        expected = calculate_response_time_percentile(dict.fromkeys(times, 1), len(times), share)
        assert counted.total.get_response_time_percentile(share) == pytest.approx(expected, rel=0.001)
    assert counted.total.median_response_time == pytest.approx(99.9, rel=0.001)
    assert {45, 122, 557, 999} < set(counted.total.response_times)


def test_the_runs_times_are_few_however_many_there_are(counted):
    for i in range(20000):
        succeed("/", 50 + i / 2000)
    times = counted.total.response_times
    assert len(times) < 400 and sum(times.values()) == 20000 and 49.99 < min(times) < max(times) < 60.1


def test_the_runs_errors(counted):
    for _ in range(3):
        fail("/", error=locust.exception.CatchResponseError("my fail"))
    fail("/b", error=KeyError("x"), method="POST")
    key = StatsError.create_key("GET", "/", locust.exception.CatchResponseError("my fail"))
    error = counted.errors[key]
    assert (error.method, error.name, error.occurences, str(error.error)) == (
        "GET", "/", 3, "CatchResponseError('my fail')")
    assert len(counted.errors) == 2 and list(counted.errors)[0] == key and key in counted.errors
    assert [error.to_name() for error in counted.errors.values()] == [
        """GET /: "CatchResponseError('my fail')\"""", """POST /b: "KeyError('x')\""""]
    assert counted.serialize_errors()[key] == {
        "method": "GET", "name": "/", "error": "CatchResponseError('my fail')", "occurences": 3}


def test_resetting_and_clearing_the_run(counted):
    succeed("/", 45)
    fail("/")
    before = counted.start_time
    gevent.sleep(0.01)
    counted.reset_all()
    assert (counted.num_requests, counted.num_failures, counted.total.min_response_time) == (0, 0, None)
    assert len(counted.entries) == len(counted.errors) == 1 and counted.start_time > before
    succeed("/", 756)
    assert (counted.total.min_response_time, counted.total.max_response_time) == (756, 756)
    counted.clear_all()
    assert not counted.entries and not counted.errors and counted.num_requests == 0


def test_counting_by_hand(counted):
    counted.log_request("GET", "/", 10, 100)
    counted.log_error("GET", "/", ValueError("bad"))
    counted.get("/", "GET").log(30, 100)
    counted.get("/", "GET").log_error(ValueError("bad"))
    assert (counted.num_requests, counted.num_failures) == (2, 2)
    assert [error.occurences for error in counted.errors.values()] == [2]
    with pytest.raises(TypeError):
        counted.total.log(10, 10)
    with pytest.raises(TypeError):
        counted.get("/", "GET").extend(StatsEntry(None, "/", "GET"))


def test_the_runs_entries_merge_into_ones_own(counted):
    succeed("/", 45)
    own = StatsEntry(None, "all", "GET")
    own.extend(counted.get("/", "GET"))
    own.extend(counted.get("/", "GET"))
    assert own.num_requests == 2 and own.response_times == {45: 2} and own.min_response_time == 45
    assert StatsEntry.unserialize(counted.get("/", "GET").serialize()).num_requests == 1


def test_serialising_the_run_resets_what_was_reported(counted):
    succeed("/a")
    fail("/b")
    counted.get("/idle", "GET")
    assert [one["name"] for one in counted.serialize_stats()] == ["/a", "/b"]
    assert counted.serialize_stats() == [] and len(counted.entries) == 3
    assert counted.num_requests == 1  # the total is reported by itself
    assert counted.total.get_stripped_report()["num_requests"] == 1 and counted.num_requests == 0


def test_the_runs_times_of_earlier_seconds(counted):
    succeed("/", 500)
    remembered = counted.total.response_times_cache
    first = min(remembered)
    assert remembered[first] == CachedResponseTimes({}, 0) and len(remembered) >= 1
    assert counted.total.get_current_response_time_percentile(0.5) is None  # nothing is older than two seconds
    assert 12345 not in remembered
    with pytest.raises(ValueError):
        counted.get("/", "GET").get_current_response_time_percentile(0.5)


def test_the_environment_counts_failures_as_requests(counted):
    succeed("/a", 40, 100)
    fail("/a", 20)
    fail("/b", None)
    of_2 = locust.env.Environment().stats
    assert (of_2.num_requests, of_2.num_failures, of_2.total.num_none_requests) == (3, 2, 1)
    assert (of_2.total.name, of_2.total.method) == ("Aggregated", "")
    assert of_2.total.fail_ratio == counted.total.fail_ratio == pytest.approx(2 / 3)
    assert (of_2.total.avg_response_time, of_2.total.min_response_time, of_2.total.max_response_time) == (30, 20, 40)
    assert of_2.get("/a", "GET").response_times == {20: 1, 40: 1}
    assert of_2.get("/a", "GET").get_response_time_percentile(0.5) == 40
    assert sum(of_2.total.num_reqs_per_sec.values()) == 3
    assert [error.occurrences for error in of_2.errors.values()] == [1, 1]
    assert (counted.num_requests, counted.total.avg_response_time) == (1, 40)


# Tables and files


@pytest.fixture
def printed(monkeypatch):
    """Lines that went to the console, for ones that print there."""
    lines = []
    monkeypatch.setattr(console_logger, "info", lambda text, *values: lines.append(text % values))
    return lines


HEAD = " Name                                                          # reqs      # fails     Avg     Min     Max  |  Median   req/s"
PERCENT_HEAD = " Name                                                           # reqs    50%    66%    75%    80%    90%    95%    98%    99%   100%"
RULE = "-" * 140


def test_the_request_table(own, printed):
    for millis in (122, 992, 142, 552, 557, 387, 557, 977):
        own.log_request("GET", "/b", millis, 0)
    own.log_request("GET", "/a", 7.9, 0)
    own.log_error("", "c", ValueError("bad"))
    stats.print_stats(own.entries)
    assert printed == [
        HEAD, RULE,
        " GET /a                                                             1     0(0.00%)       7       7       7  |       7    0.00",
        " GET /b                                                             8     0(0.00%)     535     122     992  |     550    0.00",
        " c                                                                  0   1(100.00%)       0       0       0  |       0    0.00",
        RULE, " Total                                                              9    1(10.00%)                                       0.00",
        ""]
    assert [str(entry) for entry in sort_stats(own.entries)] == printed[2:5]
    assert str(own.total).startswith(" Total  ")


def test_the_percentile_table_leaves_out_what_has_no_times(own, printed):
    for millis in [400] * 19 + [1200]:
        own.log_request("GET", "/b", millis, 0)
    own.log_error("GET", "/a", ValueError("bad"))
    stats.print_percentile_stats(own)
    row = "    400    400    400    400    400   1200   1200   1200   1200"
    assert printed == [
        "Percentage of the requests completed within given times", PERCENT_HEAD, RULE,
        f" {'GET /b':60s}       20{row}", RULE, f" {'Total':60s}       20{row}", ""]
    assert own.get("/b", "GET").percentile() == printed[3]
    assert own.get("/b", "GET").percentile('"%s",%i' + ",%i" * 9) == '"GET /b",20,400,400,400,400,400,1200,1200,1200,1200'
    with pytest.raises(ValueError):
        own.get("/a", "GET").percentile()


def test_the_error_report(own, printed):
    stats.print_error_report(own)
    assert printed == []
    own.log_error("GET", "/", ValueError("it's \"so\""))
    own.log_error("GET", "/", ValueError("it's \"so\""))
    own.log_error("", "job", Exception("\ud800"))
    stats.print_error_report(own)
    assert printed == [
        "Error report", f" {'# occurrences':18s} {'Error':100s}", RULE,
        f" {2:<18d} {next(iter(own.errors.values())).to_name():100s}",
        f" {1:<18d} " + r"job: " + repr(r"Exception('\ud800')").ljust(95), RULE, ""]


def test_the_runs_tables_are_those_of_its_entries(counted, printed):
    succeed("/a", 45.5, 100)
    fail("/b", error=KeyError("x"))
    stats.print_stats(counted)
    stats.print_percentile_stats(counted)
    stats.print_error_report()
    once = list(printed)
    assert [line[:8] for line in once if line.startswith((" GET", " 1 "))] == [" GET /a ", " GET /b ", " GET /a ", " 1      "]
    del printed[:]
    stats.print_stats(counted.entries)
    stats.print_percentile_stats(counted.entries)
    stats.print_error_report(counted)
    assert printed == once
    del printed[:]
    stats.print_stats(locust.env.Environment().stats)  # in the one layout there is: failures apart
    assert printed[3:6] == once[3:6]


def test_the_name_column_is_as_wide_as_a_script_wants(own, printed, monkeypatch):
    own.log_request("GET", "/", 10, 0)
    monkeypatch.setattr(stats, "STATS_NAME_WIDTH", 10)
    stats.print_stats(own)
    assert printed[0] == HEAD.replace("Name" + " " * 56, "Name" + " " * 6) and printed[1] == "-" * 90
    assert printed[2].startswith(" GET /            1 ")


def test_the_runs_csv_files(counted, tmp_path):
    succeed('say "hi", twice', 45, 100)
    fail("/b", error=KeyError("x"), method="POST")
    requests = (
        '"Method","Name","# requests","# failures","Median response time","Average response time","Min response time",'
        '"Max response time","Average Content Size","Requests/s"\n'
        '"POST","/b",0,1,0,0,0,0,0,0.00\n'
        '"GET","say ""hi"", twice",1,0,45,45,45,45,100,1.00\n'
        '"None","Total",1,1,45,45,45,45,100,1.00')
    distribution = (
        '"Name","# requests","50%","66%","75%","80%","90%","95%","98%","99%","100%"\n'
        '"/b",0,"N/A","N/A","N/A","N/A","N/A","N/A","N/A","N/A","N/A"\n'
        '"GET say ""hi"", twice",1,45,45,45,45,45,45,45,45,45\n'
        '"Total",1,45,45,45,45,45,45,45,45,45')
    assert stats.requests_csv() == requests and stats.distribution_csv() == distribution
    stats.write_stat_csvs(tmp_path / "x")
    assert (tmp_path / "x_requests.csv").read_text() == requests
    assert (tmp_path / "x_distribution.csv").read_text() == distribution
    with pytest.raises(FileNotFoundError, match="none/x"):
        stats.write_stat_csvs(str(tmp_path / "none/x"))


def test_printer_and_writer_repeat_at_their_intervals(counted, printed, tmp_path, monkeypatch):
    monkeypatch.setattr(stats, "CONSOLE_STATS_INTERVAL_SEC", 0.001)
    monkeypatch.setattr(stats, "CSV_STATS_INTERVAL_SEC", 0.001)
    of_2 = stats.stats_printer(counted)
    greenlets = [gevent.spawn(stats.stats_printer), gevent.spawn(stats.stats_writer, str(tmp_path / "x"))]
    with gevent.Timeout(5):
        while printed.count(HEAD) < 3:
            gevent.sleep(0)
        (tmp_path / "x_requests.csv").unlink()
        while not (tmp_path / "x_requests.csv").exists():
            gevent.sleep(0)
    gevent.killall(greenlets)
    del printed[:]
    greenlet = gevent.spawn(of_2)
    gevent.sleep(0)
    greenlet.kill()
    assert printed[0] == HEAD


def test_the_listeners_of_0_9_count(counted, hear):
    heard = hear("request_success")
    stats.on_request_success("GET", "/", 10, 100)
    stats.on_request_failure("GET", "/", 10, ValueError("bad"))
    assert (counted.num_requests, counted.num_failures, heard) == (1, 1, [])


# While the engine's numbers are read, garbage waits: its finalizers may change them


class Clearing:
    """Garbage as soon as it is dropped, which clears the statistics when it is collected."""

    def __init__(self):
        self.itself = self

    def __del__(self):
        global_stats.clear_all()


@pytest.fixture
def collect_after():
    """Has garbage collected after so many allocations from now on; Python's own number again after the test."""
    before = gc.get_threshold()
    gc.collect()
    yield gc.set_threshold
    gc.set_threshold(*before)


def test_entries_and_errors_are_read_to_the_end(counted, collect_after):
    names = [f"name {number}" for number in range(3000)]
    for read, name_at in (_acrida.stats_entries, 0), (_acrida.stats_errors, 1):
        for name in names:
            fail(name)
        Clearing()
        collect_after(1000)
        seen = read()
        collect_after(100000)
        assert sorted(row[name_at] for row in seen) == sorted(names)
        gc.collect()


def test_counts_of_an_entry_are_of_one_moment(counted, collect_after):
    kept = [tuple(range(size)) for size in (4, 7) for _ in range(3000)]  # so that tuples freed earlier are not reused
    for allocations in range(1, 20):
        succeed("/")
        fail("/")
        Clearing()
        collect_after(allocations)
        counts = counted.total.counts()
        collect_after(100000)
        assert (counts.successes, counts.failures) == (counts.success_times.count, counts.failure_times.count)
        gc.collect()
    assert kept


def test_views_of_the_run_are_shown_like_dicts(counted):
    counted.log_error("GET", "/x", ValueError("no"))
    key, = counted.errors
    assert repr(counted.errors).startswith("{'%s': <" % key) and repr(counted.entries).startswith("{('/x', 'GET'): <")
