# SPDX-License-Identifier: MIT
"""--run-tasks: chosen tasks of a scenario in C, each once."""
import pytest

# What is done is logged, in order.
SCENARIO = """
static void say(acr_user *user, const char *what)
{
    acr_log_info(user, "%s", what);
    acr_get(user, "/", .name = what);
}
static void in(acr_user *user) { say(user, "in"); }
static void out(acr_user *user) { say(user, "out"); }
static void first(acr_user *user) { say(user, "first"); acr_sleep(user, 0.01); }
static void second(acr_user *user) { say(user, "second"); }
static void quits_its_set(acr_user *user) { say(user, "quits"); acr_interrupt(user, true); }
static void fails(acr_user *user) { acr_get(user, "/nowhere"); }
static void leaves(acr_user *user) { say(user, "leaves"); acr_stop_user(user); }
static void enter(acr_user *user) { say(user, "enter"); }
static void exit_set(acr_user *user) { say(user, "exit"); }
ACR_TASK_SET(deep, .tasks = {ACR_TASK(second, .name = "deepest", .weight = 5)}, .on_start = enter, .on_stop = exit_set);
ACR_TASK_SET(forum, .tasks = {ACR_TASK(quits_its_set), ACR_SUBSET(deep)}, .on_start = enter, .on_stop = exit_set,
             .wait = acr_constant(60));
ACR_TASK_SET(way, .tasks = {ACR_TASK(second), ACR_TASK(quits_its_set)}, .sequence = true, .on_start = enter);
ACR_USER(visitor, .wait = acr_constant(60), .on_start = in, .on_stop = out,
         .tasks = {ACR_TASK(first, .weight = 7), ACR_TASK(second), ACR_TASK(quits_its_set), ACR_TASK(fails),
                   ACR_TASK(leaves), ACR_SUBSET(forum), ACR_SUBSET(way)});
ACR_USER(other, .tasks = {ACR_TASK(second), ACR_TASK(leaves, .name = "only here")}, .fixed_count = 3);
"""


@pytest.fixture
def steps(play_c, target):
    """steps(names, *options, code): what was done, in order."""

    def run_tasks(names, *options, code=0, logger="visitor"):
        report = play_c(SCENARIO, "--run-tasks", names, "-c", 9, *options, host=target.url, code=code, headless=False)
        assert sum(report.total()) == target.stats()["requests"]
        return report.records("INFO", logger)

    return run_tasks


@pytest.mark.parametrize("names, done", [
    ("first", "first"),
    ("second,first,second", "second first second"),
    ("quits_its_set,first", "quits first"),
    ("leaves,first", "leaves"),
    (",".join(["second"] * 50), "second " * 50),
    ("deepest,first", "enter enter second exit exit first"),
])
def test_tasks_are_run_once_in_their_order_as_one_user(steps, names, done):
    assert steps(names) == ["in", *done.split(), "out"]


def test_a_task_set_runs_until_it_is_left(steps):
    assert steps("way,first") == ["in", "enter", "second", "quits", "first", "out"]


def test_a_failed_request_makes_the_exit_code_1(steps):
    assert steps("first,fails,second", code=1) == ["in", "first", "second", "out"]


def test_the_class_is_the_one_that_has_all_tasks(steps):
    assert steps("only here", logger="other") == ["leaves"]


@pytest.mark.parametrize("names, options, said", [
    ("nothing", [], "no user class has all of these tasks; nothing is missing. There are: "
                    "visitor: first, second, quits_its_set, fails, leaves, forum, quits_its_set, deep, deepest, way, second, quits_its_set; "
                    "other: second, only here"),
    ("first,only here", [], "no user class has all of these tasks; only here is missing. There are: visitor: first"),
    ("first", ["other"], "no user class has all of these tasks; first is missing. There are: other: second, only here\n"),
])
def test_unknown_names_are_told_with_those_there_are(play_c, names, options, said):
    report = play_c(SCENARIO, "--run-tasks", names, *options, code=1, headless=False)
    assert f"--run-tasks: {said}" in report.stderr


@pytest.mark.parametrize("names, said", [
    ("", "a name is missing, as in --run-tasks a,b"), ("first,,second", "a name is missing"), ("first,", "a name is missing")])
def test_wrong_lists_are_wrong_usage(play_c, names, said):
    report = play_c(SCENARIO, f"--run-tasks={names}", code=2, headless=False)
    assert f"option --run-tasks: {said}" in report.stderr


def test_python_has_no_run_tasks(play):
    report = play("""
        from locust import HttpUser, task
        class Reader(HttpUser):
            @task
            def index(self): pass
    """, "--run-tasks", "index", code=2, headless=False)
    assert "option --run-tasks: it is for scenarios in C, and " in report.stderr


def test_it_does_not_matter_to_options_that_only_look(play_c):
    assert "only here" in play_c(SCENARIO, "--show-task-ratio", "--run-tasks", "first", headless=False).stdout
