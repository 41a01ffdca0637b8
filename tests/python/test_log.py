# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import sys

import pytest
from locust import log

HERE = os.path.dirname(__file__)


def run(code, *arguments):
    """(standard output, standard error) of a process that has set up logging and runs `code`."""
    program = f"import sys; sys.path.insert(0, {HERE!r}); import conftest, logging\nfrom locust import log\n{code}"
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)
    return done.stdout, done.stderr


def test_records_have_locusts_layout():
    _, err = run("log.setup_logging('INFO')\nlogging.getLogger('locust.runners').info('Hatching %d', 3)")
    assert re.fullmatch(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] \S+/INFO/locust\.runners: Hatching 3\n", err)


def test_a_print_is_one_record_and_standard_output_stays_empty():
    out, err = run("log.setup_logging('info')\nprint('a', 1)\nprint()\nprint('50% done')")
    assert out == "" and [line.split("/", 1)[1] for line in err.splitlines()] == [
        "INFO/stdout: a 1", "INFO/stdout: 50% done"]


def test_a_text_of_several_lines_is_one_record():
    _, err = run("log.setup_logging(20)\nsys.stderr.write('\\none\\ntwo\\n')")
    assert err.endswith("/ERROR/stderr: one\ntwo\n") and err.count("/ERROR/") == 1


def test_a_print_of_several_lines_is_one_record():
    _, err = run("log.setup_logging(20)\nprint('one\\ntwo', 3)\nprint('next')")
    assert err.partition("/INFO/")[2].startswith("stdout: one\ntwo 3\n[") and err.count("/INFO/") == 2


def test_an_unfinished_line_is_logged_when_flushed():
    _, err = run("log.setup_logging('INFO')\nprint('a', end='')\nprint('b', end='', flush=True)")
    assert err.endswith("/INFO/stdout: ab\n") and err.count("stdout") == 1


def test_prints_disappear_above_info_and_tables_do_too():
    _, err = run("log.setup_logging('WARNING')\nprint('a')\nlog.console_logger.info('table')")
    assert err == ""


def test_tables_have_no_prefix():
    _, err = run("log.setup_logging('INFO')\nlog.console_logger.info('table')")
    assert err == "table\n"


def test_a_log_file_is_appended_to(tmp_path):
    path = tmp_path / "log"
    path.write_text("before\n")
    _, err = run("log.setup_logging('INFO', sys.argv[1])\nprint('x')\nlog.console_logger.info('table')", str(path))
    assert err == "table\n"
    assert path.read_text().startswith("before\n[") and path.read_text().endswith("/INFO/stdout: x\n")


def test_requests_is_quiet_below_warning():
    _, err = run("log.setup_logging('DEBUG')\nlogging.getLogger('requests').info('x')\n"
                 "logging.getLogger('urllib3').debug('y')")
    assert "requests" not in err and "urllib3: y" in err


def test_the_wrappers_behave_as_streams():
    _, err = run("log.setup_logging('INFO')\nassert not sys.stdout.isatty() and sys.stderr.encoding == 'utf-8'\n"
                 "assert sys.stderr.fileno() == 2 and sys.stdout.write('abc') == 3")
    assert "Traceback" not in err


def test_a_word_that_is_no_level_is_a_value_error():
    with pytest.raises(ValueError):
        log.setup_logging("LOUD")
