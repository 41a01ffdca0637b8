# SPDX-License-Identifier: MIT
import json

import pytest


def cmocka(passed, failed=0, skipped=0):
    """What a cmocka program prints at its end."""
    text = f"[==========] {passed + failed + skipped} test(s) run.\n[  PASSED  ] {passed} test(s).\n"
    if skipped:
        text += f"[  SKIPPED ] {skipped} test(s), listed below:\n[  SKIPPED ] test_x\n"
    return text + (f"[  FAILED  ] {failed} test(s), listed below:\n[  FAILED  ] test_y\n" if failed else "")


@pytest.mark.parametrize("result, output, closing", [
    ("OK", cmocka(3), "3 passed, 0 failed"),
    ("FAIL", cmocka(3, failed=2), "3 passed, 2 failed"),
    ("OK", cmocka(3, skipped=1), "3 passed, 0 failed, 1 skipped"),
    ("FAIL", "[       OK ] test_x\nSegmentation fault\n", "0 passed, 1 failed"),
    ("TIMEOUT", "", "0 passed, 1 failed"),
    ("FAIL", cmocka(3) + "LeakSanitizer: detected memory leaks\n", "3 passed, 1 failed"),
    ("OK", "12 inputs\n", "1 passed, 0 failed"),
    ("SKIP", "", "0 passed, 0 failed, 1 skipped"),
])
def test_programs_of_meson_are_counted_by_their_tests(tmp_path, tool, result, output, closing):
    log = tmp_path / "testlog.json"
    log.write_text(json.dumps({"name": "a", "result": result, "stdout": "", "stderr": output}) + "\n")
    finished = tool("count_results", log)
    assert finished.stdout.splitlines()[-1] == closing
    assert finished.returncode == (0 if "0 failed" in closing and not closing.startswith("0 passed") else 1)


def test_junit_files_and_single_checks_are_added(tmp_path, tool):
    junit, checks = tmp_path / "a.xml", tmp_path / "checks.txt"
    junit.write_text('<testsuites><testsuite errors="1" failures="2" skipped="3" tests="10"/></testsuites>')
    checks.write_text("passed lint: style\nfailed lint: layers\n")
    assert tool("count_results", junit, checks).stdout.splitlines()[-1] == "5 passed, 4 failed, 3 skipped"


def test_a_runner_that_left_nothing_is_a_failure(tmp_path, tool):
    broken, checks = tmp_path / "broken.xml", tmp_path / "checks.txt"
    broken.write_text("<testsuites>")
    checks.write_text("passed a\n")
    finished = tool("count_results", tmp_path / "missing.json", broken, checks)
    assert finished.returncode == 1 and finished.stdout.splitlines()[-1] == "1 passed, 2 failed"


def test_nothing_passed_is_no_success(tmp_path, tool):
    (tmp_path / "checks.txt").write_text("")
    finished = tool("count_results", tmp_path / "checks.txt")
    assert finished.returncode == 1 and finished.stdout == "0 passed, 0 failed\n"
