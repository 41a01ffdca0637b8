# SPDX-License-Identifier: MIT
"""What a scenario in C adds to the command line, and several files with scenarios in C."""
import os
import subprocess

import pytest

from c_source import HEAD
from programs import ROOT

OPTIONS = """
ACR_OPTION(depth, "--depth", .metavar = "N", .otherwise = "3", .help = "how deep to go", .kind = ACR_NUMBER,
           .environment = "SHOP_DEPTH");
ACR_OPTION(tenant_name, "--tenant-name", .help = "whose shop it is");
ACR_OPTION(dry, "--dry", .kind = ACR_FLAG, .environment = "SHOP_DRY");

static void show(void)
{
    const char *tenant = acr_option_text(&tenant_name);
    printf("depth %g %s %d, tenant %s %d, dry %d\\n", acr_option_number(&depth), acr_option_text(&depth),
           acr_option_given(&depth), tenant != NULL ? tenant : "-", acr_option_given(&tenant_name), acr_option_given(&dry));
    if (acr_option_given(&dry) && strcmp(acr_option_text(&dry), "") != 0)
        printf("a flag has the text %s\\n", acr_option_text(&dry));
}
static void leave(acr_user *user) { acr_record_success(user, "T", "one", 0, 0); acr_quit(user); acr_stop_user(user); }
static void leave_too(acr_user *user) { acr_record_success(user, "T", "other", 0, 0); acr_quit(user); acr_stop_user(user); }
ACR_USER(one, .tasks = {ACR_TASK(leave)});
ACR_USER(other, .tasks = {ACR_TASK(leave_too)});
ACR_TEST(.on_init = show);
"""


@pytest.mark.parametrize("arguments, environment, shown", [
    ([], {}, "depth 3 3 0, tenant - 0, dry 0"),
    (["--depth", "4.5", "--tenant-name=ann b", "--dry"], {}, "depth 4.5 4.5 1, tenant ann b 1, dry 1"),
    (["--depth=-5", "--depth", "-1e1"], {}, "depth -10 -1e1 1, tenant - 0, dry 0"),
    (["--tenant-name=", "--dry"], {}, "depth 3 3 0, tenant  1, dry 1"),
    (["--tenant-name", "one"], {}, "depth 3 3 0, tenant one 1, dry 0"),
    ([], {"SHOP_DEPTH": "7", "SHOP_DRY": "True"}, "depth 7 7 1, tenant - 0, dry 1"),
    (["--depth", "8"], {"SHOP_DEPTH": "7", "SHOP_DRY": "off"}, "depth 8 8 1, tenant - 0, dry 0"),
], ids=lambda value: None)
def test_options_have_the_value_of_the_command_line_or_of_the_environment(play_c, arguments, environment, shown):
    report = play_c(OPTIONS, *arguments, env=environment)
    assert report.stdout == shown + "\n"


def test_options_and_names_of_classes_may_be_mixed(play_c):
    report = play_c(OPTIONS, "--depth", 5, "other", "--dry", "-c", 3, "--tenant-name", "one")
    assert list(report.table()) == ["T other"] and report.stdout.startswith("depth 5 5 1, tenant one 1, dry 1")


def test_the_program_s_options_count_beside_options_of_one_s_own(play_c, run, script):
    report = play_c(OPTIONS, "--depth", 5, "one", "--max-rps", 50, "-t", "2s")
    assert report.stdout.startswith("depth 5") and 0 < sum(report.total()) < 150, str(report)
    finished = run(["-f", script(HEAD + OPTIONS, "scenario.c"), "--no-web", "--depth", "5", "--max-rps", "-1"])
    assert finished.code == 2 and "option --max-rps: the number of tasks" in finished.stderr, str(finished)


@pytest.mark.parametrize("arguments, environment, reason", [
    (["--deptn", "4"], {}, "no such option: --deptn"),
    (["--deptn=4"], {}, "no such option: --deptn"),
    (["--dept=4"], {}, "no such option: --dept"),
    (["-x4"], {}, "no such option: -x"),
    (["--depth"], {}, "--depth option requires 1 argument"),
    (["--depth", "--dry"], {}, "--depth option requires 1 argument"),
    (["--tenant-name", "--depth=3"], {}, "--tenant-name option requires 1 argument"),
    (["--tenant-name", "-c", "1", "one"], {}, "--tenant-name option requires 1 argument"),
    (["--depth", "--only-summary", "4"], {}, "--depth option requires 1 argument"),
    (["--depth", "deep"], {}, "option --depth: not a number: 'deep'"),
    (["--depth="], {}, "option --depth: not a number: ''"),
    (["--depth", "nan"], {}, "option --depth: not a number: 'nan'"),
    (["--depth", "1e999"], {}, "option --depth: not a number: '1e999'"),
    (["--dry=1"], {}, "--dry option does not take a value"),
    ([], {"SHOP_DEPTH": "deep"}, "SHOP_DEPTH --depth: not a number: 'deep'"),
    ([], {"SHOP_DRY": "maybe"}, "SHOP_DRY for the flag --dry: true or false, not 'maybe'"),
    (["--depth", "1", "-c", "0"], {}, "option -c: there must be at least one user"),
])
def test_wrong_options_are_wrong_usage(run, script, arguments, environment, reason):
    path = script(HEAD + OPTIONS, "scenario.c")
    finished = run(["-f", path, "--no-web", "-t", "1s", *arguments], env=environment)
    assert finished.code == 2 and finished.stdout == "", str(finished)
    assert finished.stderr.startswith("Usage: ") and finished.stderr.endswith(f"error: {reason}\n"), str(finished)


@pytest.mark.parametrize("declared, code, reason", [
    ('"--host"', 2, "--host is an option of the program: "),
    ('"--use"', 2, "--use is an option of the program: "),
    ('"depth"', 1, 'ACR_OPTION "depth": a name is like --depth'),
    ('"--a=b"', 1, 'ACR_OPTION "--a=b": a name is like --depth'),
    ('"--depth", .kind = 3', 1, "--depth: .kind is ACR_TEXT, ACR_NUMBER or ACR_FLAG"),
    ('"--depth", .otherwise = "deep", .kind = ACR_NUMBER', 1, "--depth: .otherwise is not a number: 'deep'"),
    ('"--dry", .otherwise = "yes", .kind = ACR_FLAG', 1, "--dry is a flag: it has no value, so no .otherwise"),
])
@pytest.mark.parametrize("option", [["--no-web", "-t", "1s"], ["--help"]], ids=["run", "help"])
def test_declarations_that_cannot_be_are_refused(run, script, option, declared, code, reason):
    path = script(HEAD + f"ACR_OPTION(wrong, {declared});\nstatic void t(acr_user *user) {{}}\n"
                  "ACR_USER(x, .tasks = {ACR_TASK(t)});", "scenario.c")
    finished = run(["-f", path, *option])
    assert finished.code == code and reason in finished.stderr, str(finished)


def test_options_are_in_the_help_of_their_file_only(run, script):
    long = "a text that does not fit into one line of the help and is therefore wrapped like the program's own texts are"
    path = script(HEAD + OPTIONS + f'ACR_OPTION(more, "--quite-a-long-name-of-an-option", .help = "{long}");\n',
                  "scenario.c")
    shown, plain = run(["-f", path, "--help"]), run(["--help"])
    assert shown.code == 0 and shown.stdout.startswith(plain.stdout) and "--depth" not in plain.stdout
    assert shown.stdout[len(plain.stdout):] == """
Options of the scenario:
  --depth=N                 how deep to go [3; SHOP_DEPTH]
  --tenant-name=TENANT_NAME
                            whose shop it is
  --dry                     [SHOP_DRY]
  --quite-a-long-name-of-an-option=QUITE_A_LONG_NAME_OF_AN_OPTION
                            a text that does not fit into one line of the help and is therefore
                            wrapped like the program's own texts are
"""


def test_options_can_be_declared_in_cxx(play_c):
    report = play_c("""
        ACR_OPTION(plain, "--plain");
        ACR_OPTION(depth, "--depth", .otherwise = "3", .kind = ACR_NUMBER, .environment = "SHOP_DEPTH");
        static void leave(acr_user *user)
        {
            printf("%g %s\\n", acr_option_number(&depth), acr_option_text(&plain));
            acr_quit(user);
            acr_stop_user(user);
        }
        ACR_USER(one, .tasks = {ACR_TASK(leave)});
    """, "--plain", "text", name="scenario.cc")
    assert report.stdout == "3 text\n"


# ---- several files

def user(name, before=""):
    """The source of a class whose users count one request and leave."""
    return HEAD + before + f"""
static void once(acr_user *user) {{ acr_record_success(user, "T", "{name}", 0, 0); acr_stop_user(user); }}
ACR_USER({name}, .fixed_count = 1, .tasks = {{ACR_TASK(once)}});
"""


@pytest.fixture
def files(script, tmp_path):
    """Three scenarios in C, the last one of them in a folder and compiled by itself."""
    script(user("first"), "a.c")
    script(user("second"), "b.cc")
    script(user("third"), "more/c.c")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", f"-I{ROOT / 'include'}", "-o",
                    tmp_path / "more" / "c.so", tmp_path / "more" / "c.c"], check=True, capture_output=True)
    (tmp_path / "more" / "c.c").unlink()
    return tmp_path


@pytest.fixture
def names(run, files):
    """names(*options): of the classes that --list shows."""

    def list_names(*options):
        finished = run([*options, "--list"], cwd=files)
        assert finished.code == 0 and finished.stderr == "", str(finished)
        return finished.stdout.split()[2:]

    return list_names


@pytest.mark.parametrize("options, expected", [
    (["-f", "a.c,b.cc,more/c.so"], ["first", "second", "third"]),
    (["-f", "more/c.so", "-f", "b.cc"], ["third", "second"]),
    (["-f", "b.cc,a.c", "--locustfile=more/c.so"], ["second", "first", "third"]),
    (["-f", "a.c,a.c", "-f", "./a.c"], ["first"]),
    (["-f", "a.c,,b.cc,"], ["first", "second"]),
    (["-f", "more"], ["third"]),
    (["-f", "more/,a.c"], ["third", "first"]),
    (["-f", "."], ["first", "second"]),
], ids=lambda value: None)
def test_several_files_are_one_scenario(names, options, expected):
    assert names(*options) == expected


def test_of_a_folder_its_files_are_taken_by_name(script, names):
    for name in ("z", "m", "a"):
        script(user(name), f"many/{name}.c")
    script("#error not to be compiled\n", "many/_helper.c")
    script("#error not to be compiled\n", "many/.hidden.c")
    script("#error not to be compiled\n", "many/deeper/d.c")
    script("no source\n", "many/notes.txt")
    assert names("-f", "many") == ["a", "m", "z"]


def test_a_file_with_a_comma_in_its_name_is_one_file(script, names):
    script(user("odd"), "a.c,b.cc")
    assert names("-f", "a.c,b.cc") == ["odd"]


def test_the_users_of_all_files_run_together_and_names_choose_among_them(begin, files):
    def play(*options):
        report_of = begin(files / "a.c", "-f", files / "b.cc", "-f", files / "more", "-c", 3, "-t", "1s", *options)
        return report_of.finish(60)

    finished = play()
    assert finished.code == 0 and all(f"T {name}" in finished.stderr for name in ("first", "second", "third"))
    finished = play("third", "first")
    assert finished.code == 0 and "T second" not in finished.stderr and "T third" in finished.stderr


LISTENS = HEAD + """
ACR_OPTION(depth, "--depth", .otherwise = "NAME has none");
static int calls;
static void on_init(void) { printf("NAME init: %s\\n", acr_option_text(&depth)); }
static void on_quit(int exit_code) { printf("NAME quit: %d, %d calls\\n", exit_code, calls); }
ACR_TEST(.on_init = on_init, .on_quit = on_quit);
static void heard(acr_user *user, void *argument) { (void)user; calls += *(int *)argument; }
ACR_LISTENER("step", heard);
"""


def test_events_and_options_are_shared_by_the_files_and_nothing_else(begin, script, tmp_path):
    """The names in them are the same: each file is a world of its own."""
    script(LISTENS.replace("NAME", "listener"), "listener.c")
    path = script(LISTENS.replace("NAME", "walker") + """
        static void once(acr_user *user) { int steps = 21; acr_fire(user, "step", &steps); acr_quit(user); acr_stop_user(user); }
        ACR_USER(walker, .tasks = {ACR_TASK(once)});
    """, "walker.c")
    finished = begin(path, "-f", tmp_path / "listener.c", "--depth", 5).finish(60)
    assert finished.stdout.splitlines() == ["walker init: 5", "listener init: 5", "walker quit: 0, 21 calls",
                                            "listener quit: 0, 21 calls"]
    finished = begin(path, "-f", tmp_path / "listener.c").finish(60)
    assert finished.stdout.splitlines()[:2] == ["walker init: walker has none", "listener init: listener has none"]


def test_the_same_class_in_two_files_is_refused(run, script, tmp_path):
    for name in ("one.c", "other.c"):
        script(user("twin"), name)
    finished = run(["-f", "one.c,other.c", "--no-web", "-t", "1s"], cwd=tmp_path)
    assert finished.code == 1 and "two user classes are called twin, in " in finished.stderr
    assert "/one.c and in " in finished.stderr and "/other.c: rename one" in finished.stderr


def test_an_option_of_two_kinds_is_refused(run, script, tmp_path):
    script(user("one", 'ACR_OPTION(depth, "--depth", .kind = ACR_FLAG);'), "one.c")
    script(user("two", 'ACR_OPTION(depth, "--depth");'), "two.c")
    finished = run(["-f", "one.c,two.c", "--no-web", "-t", "1s"], cwd=tmp_path)
    assert finished.code == 1 and "--depth is of another kind in " in finished.stderr, str(finished)


@pytest.mark.parametrize("options, reason", [
    (["-f", "a.c,locustfile.py"], "/locustfile.py, in Python, and "),
    (["-f", "locustfile.py", "-f", "a.c"], "/locustfile.py, in Python, and "),
    (["-f", "a.c", "-f", "locustfile.py"], "/locustfile.py, in Python, and "),
    (["-f", "more,locustfile"], "/locustfile.py, in Python, and "),
    (["-f", "locustfile.py,other.py"], "/other.py: only scenarios in C can be several"),
    (["-f", "a.c,none.c"], "there is no none.c"),
    (["-f", "none.c", "-f", "a.c"], "there is no none.c"),
    (["-f", ","], "there is no ,"),
    (["-f", "nothing"], "nothing is a folder without __init__.py and without scenarios in C"),
    (["-f", "a.c,nothing"], "nothing is a folder without __init__.py and without scenarios in C"),
], ids=lambda value: None)
def test_files_that_do_not_go_together_are_refused(run, script, files, options, reason):
    for name in ("locustfile.py", "other.py"):
        script("from locust import User, task\nclass Visitor(User):\n    @task\n    def t(self): pass\n", name)
    script("no source\n", "nothing/notes.txt")
    finished = run([*options, "--no-web", "-t", "1s"], cwd=files)
    assert finished.code == 1 and reason in finished.stderr and "Hatching" not in finished.stderr, str(finished)


@pytest.mark.parametrize("options", [["-f", "none.py", "-f", "locustfile.py"], ["-f", "other.py", "-f", "locustfile"]])
def test_of_files_in_python_the_last_one_counts(run, script, tmp_path, options):
    for name in ("locustfile", "other"):
        script(f"from locust import User, task\nclass {name.title()}(User):\n    @task\n    def t(self): pass\n",
               f"{name}.py")
    assert run([*options, "--list"], cwd=tmp_path).stdout == "Available Locusts:\n    Locustfile\n"


def test_without_a_class_in_any_file_that_is_said(run, script, tmp_path):
    for name in ("one.c", "two.c"):
        script("int nothing;\n", name)
    finished = run(["-f", "one.c,two.c", "--no-web", "-t", "1s"], cwd=tmp_path)
    assert finished.code == 1 and "No user class found in any of the files" in finished.stderr


def test_an_object_for_another_version_among_others_is_named(run, script, files):
    script(HEAD + "#undef ACR_ABI\n#define ACR_ABI 77\n" + user("old"), "old.c")
    finished = run(["-f", "a.c,old.c,b.cc", "--no-web", "-t", "1s"], cwd=files)
    assert finished.code == 1 and "/old.c was compiled for version 77 of acrida.h" in finished.stderr


# ---- a program of one's own

def test_a_program_s_own_options_and_listeners_are_those_of_each_of_its_runs(embed):
    program = embed("""
        ACR_OPTION(depth, "--depth", .otherwise = "3", .kind = ACR_NUMBER, .help = "how deep to go");
        static void once(acr_user *user)
        {
            acr_fire(user, "step", NULL);
            acr_record_success(user, "T", "t", 0, 0);
            acr_stop_user(user);
        }
        ACR_USER(walker, .tasks = {ACR_TASK(once)});
        static int steps;
        static void step(acr_user *user, void *argument) { (void)user; (void)argument; steps++; }
        ACR_LISTENER("step", step);
        static void on_init(void) { printf("init, depth %g\\n", acr_option_number(&depth)); }
        static void judge(void) { acr_set_exit_code(acr_option_given(&depth) ? 5 : 0); }
        ACR_TEST(.on_init = on_init, .on_quitting = judge);
        int main(int argc, char **argv)
        {
            char *plain[] = {argv[0], NULL};
            int first = acr_run(argc, argv);
            printf("%d, %d steps\\n", first, steps);
            return first == 2 ? 2 : acr_run(1, plain);
        }
    """)
    report = program.run("--depth", 7)
    assert report.stdout.splitlines() == ["init, depth 7", "5, 1 steps", "init, depth 3"]
    assert "--depth=DEPTH             how deep to go [3]" in program.run("--help").stdout
    report = program.run("--depth", "deep", code=2)
    assert "program: error: option --depth: not a number: 'deep'" in report.stderr
