# SPDX-License-Identifier: MIT
"""Feeders of test data, and rendezvous."""
import os
import shlex
import subprocess

import pytest

from c_source import HEAD
from programs import ROOT
from tables import agree

EXAMPLES = ROOT / "examples" / "c"


def write_rows(path, count):
    path.write_text("number,name\n" + "".join(f'{number},"user, {number}"\n' for number in range(count)))


# ---- feeders

COUNT_ROWS = """
    static unsigned seen[5000], wrong;
    static void take(acr_user *user)
    {
        const acr_row *row = acr_next_row(user, &people);
        char name[32];
        if (row == NULL) {
            acr_stop_user(user);
            return;
        }
        snprintf(name, sizeof name, "user, %s", acr_field(row, "number"));
        wrong += strcmp(name, acr_field(row, "name")) != 0 || strcmp(name, acr_column(row, 1)) != 0;
        seen[strtoul(acr_column(row, 0), NULL, 10)]++;
        acr_sleep(user, 0.001);
    }
    static void tell(void)
    {
        unsigned low = seen[0], high = 0;
        for (int i = 0; i < 5000; i++) {
            low = seen[i] < low ? seen[i] : low;
            high = seen[i] > high ? seen[i] : high;
        }
        printf("%u to %u times, %u wrong\\n", low, high, wrong);
    }
    ACR_TEST(.on_stop = tell);
    ACR_USER(taker, .tasks = {ACR_TASK(take)});
"""


@pytest.mark.parametrize("suffix", ["c", "cpp"])
def test_each_row_is_used_exactly_once_by_a_thousand_users_and_then_there_is_none(play_c, tmp_path, suffix):
    write_rows(tmp_path / "people.csv", 5000)
    report = play_c("#include <stdlib.h>\nACR_FEEDER(people, .csv = \"people.csv\", .order = ACR_ONCE);\n" + COUNT_ROWS,
                    "-c", 1000, "-r", 5000, name=f"scenario.{suffix}")
    assert report.stdout == "1 to 1 times, 0 wrong\n"
    assert report.records("INFO", "locust.runners").count("people: all 5000 rows have been used") == 1


def test_cyclic_rows_go_round_among_all_users(play_c, tmp_path):
    write_rows(tmp_path / "people.csv", 5000)
    report = play_c("#include <stdlib.h>\nACR_FEEDER(people, .csv = \"people.csv\");\n" + COUNT_ROWS.replace(
        "acr_sleep(user, 0.001);", "if (user_rows++ == 12500) acr_quit(user);").replace(
        "static unsigned seen", "static unsigned user_rows; static unsigned seen"), "-c", 7)
    low, high = (int(report.stdout.split()[place]) for place in (0, 2))
    assert low >= 2 and high - low <= 1 and "0 wrong" in report.stdout


def test_one_user_gets_the_rows_in_the_order_of_the_file(play_c):
    report = play_c(r"""
        ACR_FEEDER(words, .text = "word\none\n\"two, too\"\nthree\n");
        ACR_FEEDER(plain, .text = "1;a\n2;b\n", .headings = "number;letter", .separator = ';', .order = ACR_ONCE);
        static void once(acr_user *user)
        {
            for (int i = 0; i < 4; i++) {
                const acr_row *row = acr_next_row(user, &plain);
                printf("%s/%s ", acr_field(acr_next_row(user, &words), "word"), row ? acr_field(row, "letter") : "-");
            }
            acr_stop_user(user);
        }
        ACR_USER(reader, .tasks = {ACR_TASK(once)});
    """)
    assert report.stdout == "one/a two, too/b three/- one/- "


def test_random_rows_are_the_same_again_with_the_same_seed(play_c, tmp_path):
    (tmp_path / "words.txt").write_text("".join(f"word {number}\r\n" for number in range(100)))
    text = """
        ACR_FEEDER(words, .lines = "words.txt", .order = ACR_RANDOM);
        static void once(acr_user *user)
        {
            for (int i = 0; i < 30; i++)
                puts(acr_column(acr_next_row(user, &words), 0));
            acr_stop_user(user);
        }
        ACR_USER(reader, .tasks = {ACR_TASK(once)});
    """
    first, again, other = (play_c(text, env={"ACRIDA_SEED": seed}).stdout.splitlines() for seed in ("7", "7", "8"))
    assert first == again != other and len(first) == 30
    assert len(set(first)) > 10 and set(first) <= {f"word {number}" for number in range(100)}


def test_a_recycled_row_is_never_in_two_hands_and_none_is_lost(play_c, target):
    report = play_c(r"""
        #include <stdlib.h>
        ACR_FEEDER(accounts, .text = "0\n1\n2\n3\n4\n5\n6\n7\n", .headings = "number", .order = ACR_RECYCLED);
        static unsigned hands[8], uses[8], shared, leavers;
        static void visit(acr_user *user)
        {
            const acr_row *row = acr_next_row(user, &accounts);
            if (row == NULL)
                return;
            int number = atoi(acr_field(row, "number"));
            shared += ++hands[number] != 1;
            uses[number]++;
            acr_get(user, "/");
            hands[number]--;
            if (acr_random_int(user, 0, 50) == 0 && leavers < 20) {
                leavers++;
                acr_stop_user(user); /* and the row is free again at its end */
            } else {
                acr_give_back(user, row);
            }
        }
        static void tell(void)
        {
            unsigned low = uses[0];
            for (int i = 0; i < 8; i++)
                low = uses[i] < low ? uses[i] : low;
            printf("%u shared, %u left, least used %u\n", shared, leavers, low > 20);
        }
        ACR_TEST(.on_stop = tell);
        ACR_USER(member, .tasks = {ACR_TASK(visit)});
    """, "-c", 40, "-t", "2s", host=target.url)
    assert report.stdout == "0 shared, 20 left, least used 1\n"
    waits = [text for text in report.records("WARNING") if text.startswith("accounts: all 8 rows are in use")]
    assert len(waits) == 1
    agree(report, target.stats())


def test_users_that_wait_for_a_row_end_with_the_test_also_in_their_on_stop(play_c):
    report = play_c(r"""
        ACR_FEEDER(keys, .text = "key\nonly\n", .order = ACR_RECYCLED);
        static unsigned got, none;
        static void take(acr_user *user)
        {
            if (acr_next_row(user, &keys) != NULL)
                got++;
            acr_sleep(user, 60);
        }
        static void out(acr_user *user)
        {
            none += acr_next_row(user, &keys) == NULL && !acr_ending(user);
            acr_sleep(user, 0.2); /* so that no key is given back meanwhile */
        }
        static void tell(void) { printf("%u got it, %u had none at the end\n", got, none); }
        ACR_TEST(.on_stop = tell);
        ACR_USER(waiter, .tasks = {ACR_TASK(take)}, .on_stop = out);
    """, "-c", 20, "-t", "1s")
    assert report.stdout == "1 got it, 20 had none at the end\n"
    assert report.seconds < 20


def test_an_unknown_column_is_said_once_and_is_null(play_c, tmp_path):
    write_rows(tmp_path / "people.csv", 3)
    report = play_c("""
        ACR_FEEDER(people, .csv = "people.csv");
        static unsigned nulls;
        static void once(acr_user *user)
        {
            const acr_row *row = acr_next_row(user, &people);
            nulls += acr_field(row, "nmae") == NULL && acr_column(row, 2) == NULL;
            acr_stop_user(user);
        }
        static void tell(void) { printf("%u", nulls); }
        ACR_TEST(.on_stop = tell);
        ACR_USER(reader, .tasks = {ACR_TASK(once)});
    """, "-c", 5)
    assert report.stdout == "5"
    assert report.records("ERROR") == ['people has no column nmae; it has "number", "name"']


ONE_TASK = """
    static void read_one(acr_user *user)
    {
        printf("%s ", acr_column(acr_next_row(user, &people), 0));
        acr_stop_user(user);
    }
    ACR_USER(reader, .tasks = {ACR_TASK(read_one)});
"""


def test_a_path_begins_where_the_scenario_is_not_where_the_program_was_started(play_c, tmp_path):
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
        (folder / "people.csv").write_text(f"name\n{folder.name}\n")
    text = 'ACR_FEEDER(people, .csv = "people.csv");' + ONE_TASK
    assert play_c(text, name="here/scenario.c", cwd=elsewhere).stdout == "here "
    text = f'ACR_FEEDER(people, .csv = "{elsewhere}/people.csv");' + ONE_TASK
    assert play_c(text, name="here/scenario.c").stdout == "elsewhere "


def test_a_path_begins_in_the_folder_of_a_shared_object(play, script, tmp_path):
    source = script(HEAD + 'ACR_FEEDER(people, .csv = "people.csv");' + ONE_TASK, "source/scenario.c")
    ready = tmp_path / "ready"
    ready.mkdir()
    (ready / "people.csv").write_text("name\nready\n")
    subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-fPIC", "-shared", f"-I{ROOT}/include", source, "-o",
                    ready / "scenario.so"], check=True, timeout=60)
    assert play(ready / "scenario.so").stdout == "ready "


def test_a_path_begins_in_the_working_directory_of_a_program_of_ones_own_and_each_run_has_all_rows(embed):
    program = embed('ACR_FEEDER(people, .csv = "people.csv", .order = ACR_ONCE);' + ONE_TASK +
                    "int main(int argc, char **argv) { return acr_run(argc, argv) + acr_run(argc, argv); }\n")
    report = program.run("-c", 1, code=2)
    assert report.stderr.count("feeder people: people.csv: No such file or directory") == 2
    (program.folder / "people.csv").write_text("name\nann\nbob\n")
    assert program.run("-c", 2, "-r", 100).stdout == "ann bob ann bob "


BAD_FEEDERS = {
    "missing": ('.csv = "people.csv"', None, "people.csv: No such file or directory"),
    "folder": ('.csv = "."', None, "/.: Is a directory"),
    "empty": ('.csv = "people.csv"', b"", "people.csv is empty: it needs a line of headings"),
    "only headings": ('.csv = "people.csv"', b"name,age\n", "people.csv has no rows, only headings"),
    "no lines": ('.lines = "people.csv"', b"\n\n", "people.csv has no rows"),
    "too many": ('.csv = "people.csv"', b"name,age\nann,1\nbob,2,3\n", "people.csv:3: 3 fields, but 2 headings: put a"),
    "too few": ('.csv = "people.csv"', b"name,age\n\nann\n", "people.csv:3: 1 field, but 2 headings: give each"),
    "open quotes": ('.csv = "people.csv"', b'name\n"ann\nbob\n', "people.csv:2: quotes that are opened in this row"),
    "stray quote": ('.csv = "people.csv"', b'name\nann "x"\n', "people.csv:2: a quote within a value"),
    "utf-16": ('.csv = "people.csv"', "name\nann\n".encode("utf-16"), "it is UTF-16; save it as UTF-8"),
    "same headings": ('.csv = "people.csv"', b"name,name\n1,2\n", "people.csv:1: two columns are called name"),
    "two sources": ('.csv = "people.csv", .text = "a"', b"name\nann\n", "give it one of .csv, .lines and .text"),
    "no source": (".order = ACR_ONCE", None, "give it one of .csv, .lines and .text"),
}


@pytest.mark.parametrize("options, contents, complaint", BAD_FEEDERS.values(), ids=BAD_FEEDERS)
def test_what_is_wrong_with_a_feeder_is_said_before_the_run(play_c, tmp_path, options, contents, complaint):
    if contents is not None:
        (tmp_path / "people.csv").write_bytes(contents)
    report = play_c(f"ACR_FEEDER(people, {options});" + ONE_TASK, code=1)
    (error,) = report.records("ERROR")
    assert error.startswith("feeder people: ") and complaint in error
    assert report.stdout == "" and not [text for text in report.records("INFO") if "Starting" in text]


def test_a_listing_reads_no_data(play_c):
    report = play_c('ACR_FEEDER(people, .csv = "people.csv");' + ONE_TASK, "--list", headless=False)
    assert "reader" in report.stdout


def test_what_was_not_made_by_the_macros_is_refused(play_c):
    report = play_c("""
        static acr_feeder words;
        static acr_rendezvous place;
        static void take(acr_user *user)
        {
            printf("%d", acr_next_row(user, &words) == NULL);
        }
        static void go(acr_user *user)
        {
            printf("%d", acr_meet(user, &place));
        }
        ACR_USER(taker, .tasks = {ACR_TASK(take)}, .fixed_count = 1);
        ACR_USER(goer, .tasks = {ACR_TASK(go)}, .fixed_count = 1);
    """, "-c", 2)
    assert sorted(report.stdout) == ["0", "1"]
    assert report.records("ERROR", "taker") == ["acr_next_row(): this feeder was not made by ACR_FEEDER at file level"]
    assert report.records("ERROR", "goer") == [
        "acr_meet(): this rendezvous was not made by ACR_RENDEZVOUS at file level"]


# ---- rendezvous

def test_nobody_goes_on_before_the_last_has_come_round_after_round(play_c):
    report = play_c("""
        ACR_RENDEZVOUS(checkout, .users = 20);
        static unsigned arrived, early, meetings;
        struct buyer { unsigned round; };
        static void buy(acr_user *user)
        {
            acr_sleep(user, 0.001 * acr_random_int(user, 0, 50));
            arrived++;
            if (!acr_meet(user, &checkout))
                return;
            early += arrived < 20 * ++ACR_STATE(struct buyer, user)->round;
            meetings++;
            if (ACR_STATE(struct buyer, user)->round == 10)
                acr_stop_user(user);
        }
        static void tell(void) { printf("%u meetings, %u early", meetings, early); }
        ACR_TEST(.on_stop = tell);
        ACR_USER(buyer, .tasks = {ACR_TASK(buy)}, .state_size = sizeof(struct buyer));
    """, "-c", 20)
    assert report.stdout == "200 meetings, 0 early"
    assert report.records("WARNING") == []


def test_groups_form_as_users_come(play_c):
    report = play_c("""
        ACR_RENDEZVOUS(boat, .users = 3);
        static unsigned crossed;
        static void cross(acr_user *user)
        {
            crossed += acr_meet(user, &boat);
            acr_stop_user(user);
        }
        static void tell(void) { printf("%u", crossed); }
        ACR_TEST(.on_stop = tell);
        ACR_USER(passenger, .tasks = {ACR_TASK(cross)});
    """, "-c", 11, "-t", "1s")
    assert report.stdout == "9" and report.seconds < 20


def test_those_that_wait_go_on_at_the_timeout_which_is_said_once_and_counted(play_c):
    report = play_c("""
        ACR_RENDEZVOUS(checkout, .users = 5, .timeout = 0.2);
        static unsigned met, alone, patient;
        static void buy(acr_user *user)
        {
            double before = acr_now(user);
            if (acr_meet(user, &checkout))
                met++;
            else
                alone++;
            patient += acr_now(user) - before > 0.19; /* at least the first of each meeting */
            if (++*ACR_STATE(unsigned, user) == 3)
                acr_stop_user(user);
        }
        static void tell(void) { printf("%u met, %u alone%s", met, alone, patient >= 3 ? "" : ", too early"); }
        ACR_TEST(.on_stop = tell);
        ACR_USER(buyer, .tasks = {ACR_TASK(buy)}, .state_size = sizeof(unsigned));
    """, "-c", 3)
    assert report.stdout == "0 met, 9 alone"
    assert report.records("WARNING", "locust.runners") == [
        "rendezvous checkout: 5 users are to meet, but the test has only 3",
        "rendezvous checkout: only 3 came within 0.2 s, they go on without the others",
        "rendezvous checkout: 3 of 3 meetings timed out"]


ALL_MEET = """
    ACR_RENDEZVOUS(start);
    static unsigned started, early, met;
    static void go(acr_user *user)
    {
        started++;
        bool all = acr_meet(user, &start);
        met += all;
        early += all && started < %d;
    }
    static void rest(acr_user *user) { acr_sleep(user, 60); }
    static void tell(void) { printf("%%u met, %%u early", met, early); }
    ACR_TEST(.on_stop = tell);
    ACR_USER(goer, .tasks = {ACR_TASK(rest)}, .on_start = go);
"""


def test_all_users_meet_when_the_last_has_been_started(play_c):
    assert play_c(ALL_MEET % 12, "-c", 12, "-r", 24, "-t", "2s").stdout == "12 met, 0 early"


def test_all_users_are_those_that_have_not_ended(play_c):
    report = play_c("""
        static void leave(acr_user *user) { acr_sleep(user, 0.3); acr_stop_user(user); }
        ACR_USER(leaver, .tasks = {ACR_TASK(leave)}, .fixed_count = 2);
    """ + ALL_MEET % 5, "-c", 7, "-t", "2s")
    assert report.stdout == "5 met, 0 early"


def test_users_that_wait_end_with_the_test_also_in_their_on_stop(play_c, target):
    report = play_c("""
        ACR_RENDEZVOUS(never, .users = 1000);
        ACR_RENDEZVOUS(all);
        static unsigned met, ending;
        static void first(acr_user *user)
        {
            met += acr_meet(user, &never);
            ending += acr_ending(user);
        }
        static void second(acr_user *user)
        {
            met += acr_meet(user, &all);
            ending += acr_ending(user);
        }
        static void busy(acr_user *user) { acr_sleep(user, 60); }
        static void out(acr_user *user)
        {
            met += acr_meet(user, &never) || acr_meet(user, &all);
            acr_get(user, "/logout");
        }
        static void tell(void) { printf("%u met, %u ending", met, ending); }
        ACR_TEST(.on_stop = tell);
        ACR_USER(one, .tasks = {ACR_TASK(first)}, .on_stop = out, .fixed_count = 300);
        ACR_USER(two, .tasks = {ACR_TASK(second)}, .on_stop = out, .fixed_count = 300);
        ACR_USER(other, .tasks = {ACR_TASK(busy)}, .fixed_count = 1);
    """, "-c", 601, "-r", 5000, "-t", "1s", host=target.url)
    assert report.stdout == "0 met, 600 ending"
    assert report.table()["GET /logout"].requests == 600 and report.seconds < 20
    agree(report, target.stats())


def test_a_timeout_that_is_none_is_refused(play_c):
    report = play_c("""
        ACR_RENDEZVOUS(checkout, .timeout = -1);
        static void buy(acr_user *user) { acr_meet(user, &checkout); }
        ACR_USER(buyer, .tasks = {ACR_TASK(buy)});
    """, code=1)
    assert report.records("ERROR") == ["rendezvous checkout: .timeout must be seconds, or 0 for none"]


# ---- examples

def test_the_example_of_data_uses_each_coupon_once(play, target):
    report = play(EXAMPLES / "data_from_csv.c", "-c", 8, "-t", "2s", host=target.url)
    table = report.table()
    assert set(table) == {"POST /login", "GET /?search=[word]", "GET /logout", "GET /?coupon=[code]"}
    assert table["GET /?coupon=[code]"].requests == 3 and table["POST /login"].requests > 10
    agree(report, target.stats())


def test_the_example_of_rendezvous_has_users_order_in_tens(play, target):
    report = play(EXAMPLES / "rendezvous.c", "-c", 20, "-t", "3s", host=target.url)
    table = report.table()
    assert table["POST order together"].requests >= 20 and table["POST order together"].requests % 10 == 0
    agree(report, target.stats())
