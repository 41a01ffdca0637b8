# SPDX-License-Identifier: MIT
"""Programs with a main of their own, built against what `meson install` copies, that run user classes and tasks."""
import re
import shlex
import signal

import pytest

from programs import ROOT
from tables import Report, agree

EXAMPLES = ROOT / "examples" / "c"
MAIN = "int main(int argc, char **argv) { return acr_run(argc, argv); }\n"
VISITOR = """
static void index_page(acr_user *user) { acr_get(user, "/"); }
static void about(acr_user *user) { acr_get(user, "/about/"); }
ACR_USER(visitor, .wait = acr_constant(0.02), .tasks = {ACR_TASK(index_page, .weight = 3), ACR_TASK(about)});
"""


@pytest.mark.parametrize("command", ["gcc -std=c11", "clang -std=c11", "g++ -std=c++20", "clang++ -std=c++20"])
def test_a_program_runs_the_classes_in_its_source(embed, target, command):
    program = embed(VISITOR + MAIN, f"{command} -Wall -Wextra -Wpedantic -Werror")
    report = program.run("-c", 4, "-r", 1000, "-t", "1s", "-H", target.url, "--csv", "numbers")
    assert set(report.table()) == {"GET /", "GET /about/"}
    assert report.total()[0] > 20 and report.errors() == {}
    agree(report, target.stats(), report.finished.cwd / "numbers")


def test_options_and_names_of_classes_are_those_of_acrida(embed, target):
    program = embed(VISITOR + """
        static void once(acr_user *user) { acr_get(user, "/profile"); acr_stop_user(user); }
        ACR_USER(other, .tasks = {ACR_TASK(once)}, .host = "http://127.0.0.1:1");
    """ + MAIN)
    assert program.run("--list").stdout == "Available Locusts:\n    visitor\n    other\n"
    assert program.run("--version").stdout.startswith("Acrida ")
    ratio = program.run("--show-task-ratio", "visitor").stdout
    assert re.search(r"75\.0 +index_page", ratio) and "other" not in ratio
    shown = program.run("--help").stdout
    assert shown.startswith("Usage: program [options]") and "--run-tasks" in shown
    assert "--locustfile" not in shown and "target --help" not in shown
    report = program.run("-n", 20, "-c", 2, "-r", 100, "-H", target.url, "visitor", "--only-summary")
    assert set(report.table()) <= {"GET /", "GET /about/"} and 20 <= report.total()[0] <= 22
    assert program.run("other", code=1).table()["GET /profile"].failures == 1


@pytest.mark.parametrize("arguments, code, said", [
    (["-f", "x.c"], 2, "program: error: option -f: this program runs the user classes that it was built with"),
    (["-f"], 2, "program: error: -f option requires 1 argument"),
    (["--wrong"], 2, "program: error: no such option: --wrong"),
    (["nobody"], 1, "Unknown user class(es): nobody"),
    (["-t", "soon"], 1, "the value of --run-time is no time: 'soon'"),
    (["-T", "x"], 2, "tasks in C have no tags"),
])
def test_a_wrong_command_line_is_refused(embed, arguments, code, said):
    report = embed(VISITOR + MAIN).run(*arguments, code=code)
    assert said in report.stderr, str(report)


def test_a_program_without_a_class_says_so(embed):
    report = embed(MAIN).run(code=1)
    assert "No user class found in this program: define one with ACR_USER(...)" in report.stderr


def test_classes_are_registered_at_run_time(embed, target):
    program = embed("""
        static void fetch(acr_user *user) { acr_get(user, acr_task_data(user)); acr_sleep(user, 0.01); }
        int main(int argc, char **argv)
        {
            acr_user_definition made = {.name = "made", .tasks = {{.run = fetch, .name = "first", .data = (void *)"/"},
                                                                  {.run = fetch, .name = "second", .data = (void *)"/profile"}}};
            acr_user_definition nameless = {.tasks = {{.run = fetch, .name = "x"}}};
            acr_user_definition idle = {.name = "b", .tasks = {{.run = fetch}}};
            acr_register_user(ACR_ABI, argc > 1 && strcmp(argv[1], "a") == 0 ? &nameless
                                       : argc > 1 && strcmp(argv[1], "b") == 0 ? &idle : &made);
            return acr_run(argc, argv);
        }
    """)
    report = program.run("-c", 2, "-r", 100, "-n", 50, "-H", target.url)
    assert set(report.table()) == {"GET /", "GET /profile"}
    agree(report, target.stats())
    assert re.search(r"50\.0 +second", program.run("--show-task-ratio").stdout)
    assert "a user class in the program has no .name" in program.run("a", code=1).stderr
    assert "b: task 1 has no .name" in program.run("b", code=1).stderr


def test_a_class_of_another_version_of_the_header_is_refused(embed):
    program = embed(VISITOR + """
        int main(int argc, char **argv)
        {
            static const acr_user_definition old = {.name = "old"};
            acr_register_user(99, &old);
            return acr_run(argc, argv);
        }
    """)
    assert "the program was compiled for version 99 of acrida.h" in program.run(code=1).stderr


# What a run might change of the process that holds it.
STATE = r"""
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct state {
    struct sigaction actions[65];
    sigset_t mask;
    stack_t stack;
    struct rlimit files;
    int open_files, threads;
};

#define SA_RESTORER 0x04000000 /* which the C library sets, and shows */

static int entries(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static struct state *take(void)
{
    struct state *state = calloc(1, sizeof *state);
    for (int i = 1; i <= 64; i++)
        sigaction(i, NULL, &state->actions[i]);
    sigprocmask(SIG_SETMASK, NULL, &state->mask);
    sigaltstack(NULL, &state->stack);
    getrlimit(RLIMIT_NOFILE, &state->files);
    state->open_files = entries("/proc/self/fd");
    state->threads = entries("/proc/self/task");
    return state;
}

static int compare(struct state *before)
{
    int changes = 0;
    /* A thread that was waited for has ended, but the kernel may need a moment to take it off its list. */
    for (int i = 0; i < 1000 && entries("/proc/self/task") != before->threads; i++)
        usleep(1000);
    struct state *after = take();
    for (int i = 1; i <= 64; i++) {
        if (before->actions[i].sa_handler != after->actions[i].sa_handler ||
            ((before->actions[i].sa_flags ^ after->actions[i].sa_flags) & ~SA_RESTORER) != 0)
            changes += printf("signal %d is handled otherwise\n", i);
        if (sigismember(&before->mask, i) != sigismember(&after->mask, i))
            changes += printf("signal %d is blocked otherwise\n", i);
    }
    if (before->stack.ss_sp != after->stack.ss_sp || before->stack.ss_flags != after->stack.ss_flags)
        changes += printf("another stack for signals\n");
    if (before->files.rlim_cur != after->files.rlim_cur || before->files.rlim_max != after->files.rlim_max)
        changes += printf("another limit of open files\n");
    if (before->open_files != after->open_files)
        changes += printf("%d open files, not %d\n", after->open_files, before->open_files);
    if (before->threads != after->threads)
        changes += printf("%d threads, not %d\n", after->threads, before->threads);
    free(before);
    free(after);
    return changes > 0;
}
"""


def test_the_process_is_as_it_was_after_each_run(embed, target):
    program = embed(STATE + VISITOR + """
        static void on_usr1(int number) { (void)number; }
        int main(int argc, char **argv)
        {
            char *wrong[] = {argv[0], (char *)"--wrong", NULL}, *list[] = {argv[0], (char *)"--list", NULL};
            struct rlimit files = {100, 0};
            getrlimit(RLIMIT_NOFILE, &files);
            files.rlim_cur = 100;
            setrlimit(RLIMIT_NOFILE, &files);
            signal(SIGINT, on_usr1);
            signal(SIGUSR1, on_usr1);
            signal(SIGPIPE, SIG_DFL);
            struct state *before = take();
            int code = acr_run(argc, argv) + acr_run(argc, argv);
            code += 10 * acr_run(2, wrong);
            code += 100 * acr_run(2, list);
            return compare(before) ? 77 : code == 20 ? 0 : 78;
        }
    """)
    report = program.run("-c", 2, "-r", 100, "-n", 30, "-H", target.url, "--logfile", "log.txt", "-L", "DEBUG")
    assert report.stdout == "Available Locusts:\n    visitor\n", str(report)
    log = (report.finished.cwd / "log.txt").read_text()
    assert log.count("Shutting down (exit code 0)") == 2
    assert 60 <= target.stats()["requests"] <= 62  # each user may finish the request it is in


def test_runs_follow_each_other_with_numbers_of_their_own(embed, target):
    program = embed(VISITOR + """
        static void once(acr_user *user) { acr_get(user, "/nowhere"); acr_stop_user(user); }
        ACR_USER(wrong, .tasks = {ACR_TASK(once)});
        static int begun;
        static void begin(void) { begun++; }
        ACR_TEST(.on_start = begin);
        int main(int argc, char **argv)
        {
            const char *classes[] = {"visitor", "wrong", "visitor"};
            int codes[3];
            for (int i = 0; i < 3; i++) {
                argv[argc - 1] = (char *)classes[i];
                codes[i] = acr_run(argc, argv);
            }
            printf("%d %d %d, %d tests\\n", codes[0], codes[1], codes[2], begun);
            return 0;
        }
    """)
    report = program.run("-n", 40, "-H", target.url, "--only-summary", "CLASS")
    assert report.stdout == "0 1 0, 3 tests\n"
    tables = report.stderr.split("Shutting down")[1:]
    assert ["GET /nowhere" in table for table in tables] == [False, True, False]
    assert report.total() == (40, 0) and target.stats()["requests"] == 81


def test_what_a_scenario_has_besides_classes_is_new_in_each_run(embed, target):
    program = embed("""
        ACR_FEEDER(names, .text = "name\\nann\\nbob\\n", .order = ACR_ONCE);
        ACR_OPTION(depth, "--depth", .otherwise = "1", .kind = ACR_NUMBER);
        static void once(acr_user *user)
        {
            const acr_row *row = acr_next_row(user, &names);
            if (row == NULL)
                acr_stop_user(user);
            else
                acr_get(user, "/", .name = acr_field(row, "name"));
        }
        ACR_USER(reader, .tasks = {ACR_TASK(once)});
        static int tests;
        static void judge(void)
        {
            acr_summary all;
            acr_totals(NULL, NULL, &all);
            printf("%d requests, depth %g\\n", (int)all.successes, acr_option_number(&depth));
            if (++tests == 1)
                acr_set_exit_code(7);
        }
        ACR_TEST(.on_quitting = judge);
        int main(int argc, char **argv)
        {
            int first = acr_run(argc, argv);
            printf("%d\\n", first);
            return acr_run(argc - 2, argv);
        }
    """)
    report = program.run("-H", target.url, "--depth", 5)
    assert report.stdout == "2 requests, depth 5\n7\n2 requests, depth 1\n"
    assert set(report.table()) == {"GET ann", "GET bob"}


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_all_may_stand_in_an_anonymous_namespace(embed, target, compiler):
    report = embed("namespace {" + VISITOR + """
        ACR_FEEDER(names, .text = "name\\nann\\n");
        ACR_RENDEZVOUS(gate, .users = 1);
        ACR_OPTION(depth, "--depth", .kind = ACR_NUMBER);
        void meet(acr_user *user) { acr_meet(user, &gate); acr_fire(user, "met", (void *)acr_field(acr_next_row(user, &names), "name")); }
        void listen(acr_user *user, void *name) { acr_log_info(user, "%s %g", (const char *)name, acr_option_number(&depth)); }
        ACR_LISTENER("met", listen);
        ACR_TASK_SET(inner, .tasks = {ACR_TASK(meet), ACR_TASK(acr_stop_user)}, .sequence = true);
        ACR_USER(other, .tasks = {ACR_SUBSET(inner)});
        void begin() {}
        ACR_TEST(.on_start = begin);
        }
    """ + MAIN, f"{compiler} -std=c++20 -Wall -Wextra -Wpedantic -Werror").run("other", "--depth", 3, "-H", target.url)
    assert report.records("INFO", "other") == ["ann 3"]


STUCK = {
    "in a wait": ("acr_sleep(user, 60);", 0, "Not all users ended within 1 s"),
    "in a call": ("for (;;) sleep(1);", 3, "was cut off in block of stuck (user 1)"),
}


@pytest.mark.parametrize("where", STUCK)
def test_users_that_do_not_end_end_the_process(embed, where):
    statement, code, words = STUCK[where]
    program = embed("""
        #include <unistd.h>
        static void block(acr_user *user) { acr_record_success(user, "T", "begun", 0, 0); %s }
        ACR_USER(stuck, .tasks = {ACR_TASK(block)}, .on_stop = block);
        int main(int argc, char **argv) { acr_run(argc, argv); puts("here again"); return 5; }
    """ % statement)
    report = program.run("-t", "1s", "-s", "1s", code=code)
    assert report.stdout == "" and report.total()[0] > 0
    assert words in report.stderr


def test_a_run_within_a_run_is_refused(embed, target):
    program = embed("""
        static void nested(acr_user *user)
        {
            char *argv[] = {(char *)"inner", NULL};
            acr_get(user, "/");
            printf("inner: %d\\n", acr_run(1, argv));
            acr_stop_user(user);
        }
        ACR_USER(outer, .tasks = {ACR_TASK(nested)});
    """ + MAIN)
    report = program.run("-H", target.url)
    assert report.stdout == "inner: 1\n" and report.total()[0] == 1
    assert "a run is under way in this process" in report.stderr


def test_a_signal_ends_the_run_and_the_program_goes_on(embed, target):
    program = embed("#include <signal.h>\n" + VISITOR + """
        int main(int argc, char **argv)
        {
            int code = acr_run(argc, argv);
            printf("the run ended with %d\\n", code);
            fflush(stdout);
            raise(SIGINT); /* as before it */
            return 5;
        }
    """).start("-c", 2, "-r", 100, "-H", target.url)
    program.wait_for("All locusts hatched")
    program.signal(signal.SIGINT)
    report = Report(program.finish(30))
    assert report.code == -signal.SIGINT and report.stdout == "the run ended with 0\n", str(report)
    assert report.records("INFO", "locust.main") and "Got SIGINT: stopping" in report.stderr


# ---- boomer's model

TASKS = """
static void often(acr_user *user) { acr_record_success(user, "T", "often", 0.01, 5); acr_sleep(user, 0.001); }
static void seldom(acr_user *user) { acr_record_success(user, "T", acr_task_data(user), 0.02, 5); acr_sleep(user, 0.001); }
"""


def test_tasks_without_a_class_are_chosen_by_weight(embed):
    program = embed(TASKS + """
        int main(int argc, char **argv)
        {
            acr_task tasks[2] = {ACR_TASK(often, .weight = 3)};
            char name[] = "made at run time";
            tasks[1].run = seldom;
            tasks[1].name = name;
            tasks[1].data = name;
            return acr_run_tasks(argc, argv, tasks, 2);
        }
    """)
    table = program.run("-c", 4, "-r", 100, "-n", 4000).table()
    often, seldom = table["T often"].requests, table["T made at run time"].requests
    assert 4000 <= often + seldom <= 4004 and 2.5 < often / seldom < 3.6
    assert program.run("--list").stdout == "Available Locusts:\n    user\n"
    assert re.search(r"25\.0 +made at run time", program.run("--show-task-ratio").stdout)
    assert program.run("--run-tasks", "made at run time").table().keys() == {"T made at run time"}


def test_there_may_be_any_number_of_tasks(embed):
    report = embed(TASKS + """
        int main(int argc, char **argv)
        {
            static char names[500][8];
            static acr_task tasks[500];
            for (int i = 0; i < 500; i++) {
                snprintf(names[i], sizeof names[i], "%03d", i);
                tasks[i].run = seldom;
                tasks[i].name = tasks[i].data = names[i];
                tasks[i].weight = i == 499 ? 4294967295u : 4000000000u;
            }
            (void)often;
            return acr_run_tasks(argc, argv, tasks, 500);
        }
    """).run("-c", 10, "-r", 1000, "-n", 10000, "--only-summary")
    assert set(report.table()) == {f"T {number:03}" for number in range(500)}


def test_classes_beside_the_tasks_are_not_run(embed, target):
    program = embed(TASKS + VISITOR + """
        int main(int argc, char **argv)
        {
            acr_task tasks[] = {ACR_TASK(often)};
            int first = acr_run_tasks(argc, argv, tasks, 1);
            (void)seldom;
            return first + acr_run(argc, argv);
        }
    """)
    report = program.run("-n", 50, "-H", target.url, "--only-summary")
    assert report.stderr.split("Shutting down")[1].count("GET /") == 0
    assert set(report.table()) == {"GET /", "GET /about/"} and report.total() == (50, 0)


@pytest.mark.parametrize("tasks, count, said", [
    ("{ACR_TASK(often)}", 0, "user has nothing to do: give it .tasks"),
    ("{ACR_TASK(often)}", 2, "user: task 2 has no .run"),
    ("{ACR_TASK(often), {.run = seldom}}", 2, "user: task 2 has no .name"),
])
def test_tasks_that_cannot_be_run_are_refused(embed, tasks, count, said):
    report = embed(TASKS + f"""
        int main(int argc, char **argv)
        {{
            acr_task tasks[40] = {tasks};
            (void)seldom;
            return acr_run_tasks(argc, argv, tasks, {count});
        }}
    """).run("-t", "1s", code=1)
    assert said in report.stderr


# ---- the examples

def commands_of(example):
    """The lines for the shell in the comment at its top."""
    return re.findall(r"^ \*     (\S.*)$", example.read_text(), re.M)


def run_example(kit, name, url, options, code=0):
    """As the comment at its top says, but for the time, the address, and where it lies."""
    build, run = commands_of(EXAMPLES / name)
    (kit.folder / "examples").symlink_to(ROOT / "examples")
    kit.build(build.replace(" -O2 ", f" -O2 {kit.sanitizers} "))  # its own code as well
    program, *words = shlex.split(run)
    assert program.startswith("./") and words[-1] == "http://127.0.0.1:8000"
    time = words.index("-t") + 1
    return kit.run(*words[:time], "1s", *words[time + 1:-1], url, *options, program=program, code=code)


def test_the_example_in_c(kit, target):
    report = run_example(kit, "embedding.c", target.url, [])
    assert set(report.table()) == {"GET /", "GET /profile", "GET /items/[number].json"}
    assert report.stdout == "all requests succeeded\n" and report.total()[1] == 0
    agree(report, target.stats())
    before = target.stats()["requests"]
    report = kit.run("-n", 50, "-H", target.url, "robot", program="embedding", env={"ROBOT_PAUSE": "0.001"})
    assert set(report.table()) == {"GET /items/[number].json"} and target.stats()["requests"] == before + 50


def test_the_example_in_cxx(kit, target):
    report = run_example(kit, "embedding.cpp", target.url, [])
    assert report.stdout == "with 8 users: well\nwith 16 users: well\nwith 32 users: well\n"
    assert len(report.records("INFO", "visitor")) == 8 + 16 + 32
    assert "usage: find_limit" in kit.run(program="find_limit", code=2).stderr
    failed = kit.run(64, "-n", 100, "-H", "http://127.0.0.1:1", program="find_limit", code=1)
    assert failed.stdout == "with 8 users: exit code 1\n"


def test_the_example_of_boomers_model(kit, target):
    report = run_example(kit, "boomer_model.c", target.url, [], code=1)
    table = report.table()
    assert set(table) == {"store get", "store put", "GET /profile"}
    get, put, fetch = (table[name].requests + table[name].failures for name in ("store get", "store put", "GET /profile"))
    assert 1.5 < get / put < 2.7 and 2 < put / fetch < 4.5
    assert 0.03 < table["store get"].failures / get < 0.2 and set(report.errors()) != set()
    assert report.table()["GET /profile"].requests == target.stats()["requests"]
    once = kit.run("--run-tasks", "put,fetch profile", "-H", target.url, program="boomer_model")
    assert {name: row.requests for name, row in once.table().items()} == {"store put": 1, "GET /profile": 1}


def test_the_example_of_boomer_over_http(kit, target):
    report = run_example(kit, "boomer_http.c", target.url, [])
    table = report.table()
    assert set(table) == {"GET front page", "POST search"} and report.total()[1] == 0
    assert 20 < report.total()[0] <= 215 and table["GET front page"].requests > table["POST search"].requests
    agree(report, target.stats())


def test_the_program_of_the_page(kit, target):
    """Its -rpath finds the library, not the environment."""
    page = (ROOT / "docs" / "locustfile-c.md").read_text()
    section = page.split("## A program of one's own\n")[1].split("\n## ")[0]
    source, = re.findall(r"```c\n(.*?)```", section, re.S)
    (kit.folder / "load.c").write_text(source)
    build, run = re.findall(r"^\$ (.*)$", section, re.M)
    kit.build(build)
    program, *words = shlex.split(run.replace("10s", "1s").replace("http://127.0.0.1:8000", target.url))
    report = kit.run(*words, program=program, env={"LD_LIBRARY_PATH": ""})
    assert report.total()[0] > 20
    agree(report, target.stats())
