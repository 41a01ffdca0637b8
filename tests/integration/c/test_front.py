# SPDX-License-Identifier: MIT
"""What a scenario in C adds to the command line, and what the command line makes of its files."""
import pytest

from c_source import HEAD

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


@pytest.mark.parametrize("arguments, environment, reason", [
    (["--deptn", "4"], {}, "no such option: --deptn"),
    (["--deptn=4"], {}, "no such option: --deptn"),
    (["--dept=4"], {}, "no such option: --dept"),
    (["-x4"], {}, "no such option: -x"),
    (["--depth"], {}, "--depth option requires 1 argument"),
    (["--depth", "--dry"], {}, "--depth option requires 1 argument"),
    (["--tenant-name", "--depth=3"], {}, "--tenant-name option requires 1 argument"),
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
    assert finished.code == (1 if option == ["--help"] else code) and reason in finished.stderr, str(finished)


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
