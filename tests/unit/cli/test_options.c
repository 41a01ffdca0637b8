/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "cli/options.h"

#define WORDS_MAX 32

/* A command line, split at blanks ("_" stands for an empty argument). */
struct line {
    char text[512];
    char *argv[WORDS_MAX + 1];
    int argc;
    struct acr_options options;
    struct acr_buffer reason;
};

static void split(struct line *line, const char *text)
{
    memset(line, 0, sizeof *line);
    assert_true(strlen(text) < sizeof line->text);
    memcpy(line->text, text, strlen(text));
    line->argv[line->argc++] = (char *)"locust";
    char *rest = NULL;
    for (char *word = strtok_r(line->text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(line->argc < WORDS_MAX);
        line->argv[line->argc++] = strcmp(word, "_") == 0 ? (char *)"" : word;
    }
}

static void finish(struct line *line)
{
    acr_options_done(&line->options);
    acr_buffer_done(&line->reason);
}

/* Parses and checks; to be finished. */
static struct acr_options *parse(struct line *line, const char *text)
{
    split(line, text);
    int rc = acr_options_parse(line->argc, line->argv, &line->options, &line->reason);
    if (rc == 0 && !line->options.help && !line->options.version)
        rc = acr_options_check(&line->options, &line->reason);
    if (rc != 0)
        fail_msg("'%s': %.*s", text, ACR_STR_ARGS(acr_buffer_str(&line->reason)));
    return &line->options;
}

static void check_refused(const char *text, const char *reason)
{
    struct line line;
    split(&line, text);
    int rc = acr_options_parse(line.argc, line.argv, &line.options, &line.reason);
    if (rc == 0)
        rc = acr_options_check(&line.options, &line.reason);
    assert_int_equal(rc, ACR_ERR_USAGE);
    assert_int_equal(acr_buffer_append(&line.reason, "", 1), 0);
    assert_string_equal(line.reason.data, reason);
    finish(&line);
}

static struct acr_options *leave(struct line *line, const char *text, const char *const *rest)
{
    split(line, text);
    int rc = acr_options_parse(line->argc, line->argv, &line->options, &line->reason);
    assert_int_equal(rc, 0);
    size_t count = 0;
    for (; rest[count] != NULL; count++)
        assert_string_equal(line->options.rest[count], rest[count]);
    assert_int_equal(line->options.rest_count, count);
    return &line->options;
}

static void check_unknown(const char *text, const char *reason)
{
    struct line line;
    split(&line, text);
    int rc = acr_options_parse(line.argc, line.argv, &line.options, &line.reason);
    assert_int_equal(rc, 0);
    assert_int_equal(acr_options_refuse_unknown(&line.options, &line.reason), ACR_ERR_USAGE);
    assert_int_equal(acr_buffer_append(&line.reason, "", 1), 0);
    assert_string_equal(line.reason.data, reason);
    finish(&line);
}

static void test_defaults_are_those_of_locust(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options = parse(&line, "--no-web");
    assert_string_equal(options->locustfile, "locustfile");
    assert_int_equal(options->locustfile_count, 1);
    assert_string_equal(options->locustfiles[0], "locustfile");
    assert_null(options->host);
    assert_null(options->csv_base);
    assert_null(options->log_file);
    assert_int_equal(options->users, 1);
    assert_true(options->spawn_rate == 1);
    assert_int_equal(options->request_limit, 0);
    assert_int_equal(options->error_exit_code, 1);
    assert_string_equal(options->log_level_name, "INFO");
    assert_false(options->only_summary || options->reset_stats || options->list || options->help || options->version);
    assert_int_equal(options->rest_count, 0);
    finish(&line);
}

static void test_the_command_lines_of_manual_and_article_are_understood(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options = parse(&line, "-f locust_files/my_locust_file.py --no-web -c 1000 -r 100");
    assert_string_equal(options->locustfile, "locust_files/my_locust_file.py");
    assert_int_equal(options->users, 1000);
    assert_true(options->spawn_rate == 100);
    finish(&line);

    options = parse(&line, "-f examples/basic.py --csv=example --no-web -t10m");
    assert_string_equal(options->csv_base, "example");
    assert_string_equal(options->run_time_text, "10m");
    finish(&line);

    options = parse(&line, "-H https://debugtalk.com -f demo.py --no-web -c1 -n2");
    assert_string_equal(options->host, "https://debugtalk.com");
    assert_int_equal(options->users, 1);
    assert_int_equal(options->request_limit, 2);
    finish(&line);

    options = parse(&line, "-f locustfile.py --no_web -c 1 -n 1");
    assert_true(options->no_web);
    finish(&line);
}

/* decisions.md D10: the manual's `locust -f --no-web -c 1000 -r 100 --run-time 1h30m`. */
static void test_f_does_not_swallow_an_option(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options = parse(&line, "-f --no-web -c 1000 -r 100 --run-time 1h30m");
    assert_true(options->no_web);
    assert_true(options->locustfile_left_out);
    assert_string_equal(options->locustfile, "locustfile");
    assert_int_equal(options->users, 1000);
    finish(&line);

    options = parse(&line, "--locustfile --no-web -f other.py");
    assert_false(options->locustfile_left_out);
    assert_string_equal(options->locustfile, "other.py");
    finish(&line);

    options = parse(&line, "--locustfile=-odd.py --no-web");
    assert_string_equal(options->locustfile, "-odd.py");
    finish(&line);
}

static void test_the_names_of_locust_2_mean_the_same(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options =
        parse(&line, "--headless -u 20 --spawn-rate 2.5 --stop-timeout 99 --num-requests 7 --host=http://a");
    assert_true(options->no_web);
    assert_int_equal(options->users, 20);
    assert_true(options->spawn_rate == 2.5);
    assert_int_equal(options->request_limit, 7);
    assert_string_equal(options->stop_timeout_text, "99");
    assert_string_equal(options->host, "http://a");
    finish(&line);
    assert_int_equal(parse(&line, "--headless --users=5")->users, 5);
    finish(&line);
    assert_int_equal(parse(&line, "--headless --num-users 6")->users, 6);
    finish(&line);
    assert_string_equal(parse(&line, "--headless -s 3")->stop_timeout_text, "3");
    finish(&line);
    assert_int_equal(parse(&line, "--headless --exit-code-on-error 0")->error_exit_code, 0);
    finish(&line);
}

static void test_single_tasks_need_one_user_and_no_page(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options = parse(&line, "--run-tasks a,b -c 20 Visitor");
    assert_string_equal(options->run_tasks, "a,b");
    assert_int_equal(options->users, 1);
    assert_true(options->no_web);
    finish(&line);
    check_refused("--no-web --run-tasks", "--run-tasks option requires 1 argument");
}

static void test_classes_and_options_may_be_mixed(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options = parse(&line, "Web --no-web Mobile -c 3 - -- --csv -c");
    const char *const names[] = {"Web", "Mobile", "-", "--csv", "-c"};
    assert_int_equal(options->rest_count, ACR_ARRAY_SIZE(names));
    for (size_t i = 0; i < ACR_ARRAY_SIZE(names); i++)
        assert_string_equal(options->rest[i], names[i]);
    assert_int_equal(options->users, 3);
    finish(&line);
}

static void test_values_may_be_attached_or_follow_and_look_like_anything(void **state)
{
    (void)state;
    struct line line;
    assert_string_equal(parse(&line, "--no-web -H --csv")->host, "--csv");
    finish(&line);
    assert_string_equal(parse(&line, "--no-web --host -- --list")->host, "--");
    finish(&line);
    assert_string_equal(parse(&line, "--no-web --host=")->host, "");
    finish(&line);
    assert_string_equal(parse(&line, "--no-web --host _")->host, "");
    finish(&line);
    assert_string_equal(parse(&line, "--no-web --host=a=b")->host, "a=b");
    finish(&line);
    assert_string_equal(parse(&line, "--no-web -H=a")->host, "=a");
    finish(&line);
}

static void test_flags_may_be_clustered_up_to_one_with_a_value(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options = parse(&line, "-lc10");
    assert_true(options->list);
    assert_int_equal(options->users, 10);
    finish(&line);
    options = parse(&line, "-lHhost -Vl");
    assert_true(options->version && options->list);
    assert_string_equal(options->host, "host");
    finish(&line);
    assert_int_equal(parse(&line, "-lc 010")->users, 8);
    finish(&line);
}

static void test_the_last_occurrence_wins(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options = parse(&line, "--no-web -c 1 --users 2 -c3 -f a.py -f b.py");
    assert_int_equal(options->users, 3);
    assert_string_equal(options->locustfile, "b.py");
    assert_int_equal(options->locustfile_count, 2);
    assert_string_equal(options->locustfiles[0], "a.py");
    assert_string_equal(options->locustfiles[1], "b.py");
    finish(&line);
}

static void test_long_names_may_be_cut_to_a_unique_prefix(void **state)
{
    (void)state;
    struct line line;
    assert_true(parse(&line, "--no-w")->no_web);
    finish(&line);
    assert_int_equal(parse(&line, "--no-w --cl 4")->users, 4);
    finish(&line);
    assert_true(parse(&line, "--no-w --hat=4")->spawn_rate == 4);
    finish(&line);
    assert_true(parse(&line, "--no-w --pr")->print_stats);
    finish(&line);
    assert_true(parse(&line, "--no-w --no-r")->no_reset_stats);
    finish(&line);
    /* Two names of one option are one meaning. */
    assert_int_equal(parse(&line, "--no-w --num-r 4")->request_limit, 4);
    finish(&line);
    assert_string_equal(parse(&line, "--no-w --csv 4 --cs 5")->csv_base, "5");
    finish(&line);
}

static void test_help_ends_the_parsing_where_it_stands(void **state)
{
    (void)state;
    struct line line;
    assert_true(parse(&line, "-c 5 --help --no-such-thing")->help);
    finish(&line);
    assert_true(parse(&line, "-hx")->help);
    finish(&line);
    assert_true(parse(&line, "--no-such-thing --help")->help);
    finish(&line);
}

static void test_unknown_options_are_left_to_the_locustfile(void **state)
{
    (void)state;
    struct line line;
    const char *const rest[] = {"--tenant", "acme", "User", "-Qfast", "--size=3", "-1", "--no-web", NULL};
    const struct acr_options *options =
        leave(&line, "--no-web --tenant acme -c5 User -Qfast --csv a --size=3 -- -1 --no-web", rest);
    const char *const known[] = {"--no-web", "-c5", "--csv", "a"};
    assert_int_equal(options->known_count, ACR_ARRAY_SIZE(known));
    for (size_t i = 0; i < ACR_ARRAY_SIZE(known); i++)
        assert_string_equal(options->known[i], known[i]);
    assert_string_equal(options->unknown, "--tenant");
    assert_int_equal(options->users, 5);
    finish(&line);
    check_unknown("--foo", "no such option: --foo");
    check_unknown("--foo=1 --bar", "no such option: --foo");
    check_unknown("-x", "no such option: -x");
    check_unknown("--re --foo5", "no such option: --foo5");
}

static void test_tags_are_all_words_up_to_the_next_option(void **state)
{
    (void)state;
    struct line line;
    const char *const none[] = {NULL}, *const user[] = {"User", NULL};
    assert_int_equal(leave(&line, "-T a b c -E d --no-web", none)->known_count, 7);
    finish(&line);
    assert_int_equal(leave(&line, "--tags=a User", user)->known_count, 1);
    finish(&line);
    assert_null(leave(&line, "--no-web -Ta User --exclude-tags b", user)->unknown);
    finish(&line);
    check_refused("--no-web -T", "-T option requires 1 argument");
    check_refused("--tags --no-web", "--tags option requires 1 argument");
}

static void test_wrong_usage_is_reported_in_the_words_of_optparse(void **state)
{
    (void)state;
    check_refused("-lx", "no such option: -x");
    check_refused("-c x", "option -c: invalid integer value: 'x'");
    check_refused("-cx", "option -c: invalid integer value: 'x'");
    check_refused("--clients=1.5", "option --clients: invalid integer value: '1.5'");
    check_refused("--cli=x", "option --clients: invalid integer value: 'x'");
    check_refused("-c it's", "option -c: invalid integer value: \"it's\"");
    check_refused("-r fast", "option -r: invalid floating-point value: 'fast'");
    check_refused("-n _", "option -n: invalid integer value: ''");
    check_refused("-c", "-c option requires 1 argument");
    check_refused("-lc", "-c option requires 1 argument");
    check_refused("--cli", "--clients option requires 1 argument");
    check_refused("-f", "-f option requires 1 argument");
    check_refused("--no-web=1", "--no-web option does not take a value");
    check_refused("--no", "ambiguous option: --no (--no-reset-stats, --no-web?)");
    check_refused("--c", "ambiguous option: --c (--clients, --csv, --csv-base-name?)");
    check_refused("--l=1", "ambiguous option: --l (--list, --locustfile, --logfile, --loglevel?)");
}

#define NO_CEILING \
    "option --max-rps: the number of tasks per second is from 0.000001 to 1000000000, as in 500; 0 for no ceiling"
#define NO_INCREASE(text)                                                                                       \
    "option --request-increase-rate: '" text "' is no increase. Valid are 10 (a second) and 10/1m (a minute), " \
    "numbers from 0.000001 to 1000000000; -1 for none"

static void test_limits_are_read(void **state)
{
    (void)state;
    struct line line;
    const struct acr_limits *limits = &parse(&line, "--no-web")->limits;
    assert_true(limits->ceiling == 0 && limits->step == 0);
    finish(&line);
    limits = &parse(&line, "--no-web --max-rps 0 --request-increase-rate -1")->limits;
    assert_true(limits->ceiling == 0 && limits->step == 0);
    finish(&line);
    limits = &parse(&line, "--no-web --max-rps=2.5 --request-increase-rate 0.5/1m")->limits;
    assert_true(limits->ceiling == 2.5 && limits->step == 0.5);
    assert_int_equal(limits->period, 60 * ACR_NANOS_PER_SECOND);
    finish(&line);
}

static void test_impossible_values_are_refused(void **state)
{
    (void)state;
    check_refused("--no-web -c 0", "option -c: there must be at least one user");
    check_refused("--no-web -c -3", "option -c: there must be at least one user");
    check_refused("--no-web -c 10000001", "option -c: more than 10000000 users are not possible");
    check_refused("--no-web -r 0", "option -r: the rate must be a number above 0");
    check_refused("--no-web -r -1", "option -r: the rate must be a number above 0");
    check_refused("--no-web -r nan", "option -r: the rate must be a number above 0");
    check_refused("--no-web -r inf", "option -r: the rate must be a number above 0");
    check_refused("--no-web -n 0", "option -n: there must be at least one request");
    check_refused("--no-web -n -1", "option -n: there must be at least one request");
    check_refused("--no-web --max-rps -5", NO_CEILING);
    check_refused("--no-web --max-rps nan", NO_CEILING);
    check_refused("--no-web --max-rps inf", NO_CEILING);
    check_refused("--no-web --max-rps 1e-9", NO_CEILING);
    check_refused("--no-web --request-increase-rate=fast", NO_INCREASE("fast"));
    check_refused("--no-web --request-increase-rate 10/0", NO_INCREASE("10/0"));
    check_refused("--no-web --exit-code-on-error=-1",
                  "option --exit-code-on-error: an exit code is a number from 0 to 255");
    check_refused("--no-web --exit-code-on-error 256",
                  "option --exit-code-on-error: an exit code is a number from 0 to 255");
}

#define NO_CLUSTER "there is no cluster yet in this version; without it the test runs on this machine alone"
#define NO_PAGE                                                                                              \
    "there is no web page yet in this version: start the test with --no-web, as in --no-web -c 10 -r 2 for " \
    "ten users, two more each second"

static void test_what_comes_in_a_later_version_says_so(void **state)
{
    (void)state;
    check_refused("--master", "option --master: " NO_CLUSTER);
    check_refused("--no-web --slave --master-host=192.168.0.100", "option --slave: " NO_CLUSTER);
    check_refused("--worker", "option --slave: " NO_CLUSTER);
    check_refused("-P 8088", NO_PAGE);
    check_refused("-f demo.py", NO_PAGE);
    check_refused("_", NO_PAGE);
    check_refused("--html x", "--html is not available yet in this version");
    check_refused("--json", "--json is not available yet in this version");
}

static void test_options_of_page_and_cluster_are_no_error_without_them(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options =
        parse(&line, "--no-web -P 8090 --web-host=::1 --master-host a --master-port 1 --master-bind-host b "
                     "--master-bind-port=0x10 --expect-slaves 3");
    assert_int_equal(options->web_port, 8090);
    assert_string_equal(options->web_host, "::1");
    assert_string_equal(options->master_host, "a");
    assert_int_equal(options->master_port, 1);
    assert_string_equal(options->master_bind_host, "b");
    assert_int_equal(options->master_bind_port, 16);
    assert_int_equal(options->expect_slaves, 3);
    finish(&line);
    check_refused("--no-web --web-port x", "option --web-port: invalid integer value: 'x'");
    check_refused("--no-web --expect-slaves", "--expect-slaves option requires 1 argument");

    options = parse(&line, "--no-web");
    assert_int_equal(options->web_port, 8089);
    assert_string_equal(options->web_host, "");
    assert_string_equal(options->master_host, "127.0.0.1");
    assert_int_equal(options->master_port, 5557);
    assert_string_equal(options->master_bind_host, "*");
    assert_int_equal(options->master_bind_port, 5557);
    assert_int_equal(options->expect_slaves, 1);
    finish(&line);
}

static void test_what_only_looks_at_the_file_needs_no_mode(void **state)
{
    (void)state;
    const char *const lines[] = {"-l", "--list --master", "--show-task-ratio", "--show-task-ratio-json --slave"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(lines); i++) {
        struct line line;
        assert_true(acr_options_only_show(parse(&line, lines[i])));
        finish(&line);
    }
    struct line line;
    assert_false(acr_options_only_show(parse(&line, "--no-web")));
    finish(&line);
}

/* Each option of 0.9 by the shortest prefix that is good there, whatever other versions have. */
static void test_prefixes_of_locust_0_9_stay_unique(void **state)
{
    (void)state;
    struct line line;
    assert_true(parse(&line, "--he")->help);
    finish(&line);
    assert_int_equal(parse(&line, "--no-w --e 2")->expect_slaves, 2);
    finish(&line);
    assert_int_equal(parse(&line, "--no-w --po 2")->web_port, 2);
    finish(&line);
    assert_string_equal(parse(&line, "--no-w --logf a")->log_file, "a");
    finish(&line);
    assert_true(parse(&line, "--no-w --o")->only_summary);
    finish(&line);
    assert_true(parse(&line, "--no-w --re --ru 7")->reset_stats);
    finish(&line);
    assert_true(parse(&line, "--v")->version);
    finish(&line);
    check_refused("--sl", "option --slave: " NO_CLUSTER);
    check_refused("--s", "ambiguous option: --s (--show-task-ratio, --show-task-ratio-json, --slave?)");
    check_refused("--master-b", "ambiguous option: --master-b (--master-bind-host, --master-bind-port?)");
    assert_true(parse(&line, "--head")->no_web);
    finish(&line);
    assert_int_equal(parse(&line, "--no-w --us 3")->users, 3);
    finish(&line);
}

/* Interprets what parse() took; the sentence it is refused with, or "". To be finished. */
static const char *interpret(struct line *line, const char *text, struct acr_error *error)
{
    memset(error, 0, sizeof *error);
    int rc = acr_options_interpret(parse(line, text), error);
    assert_true(rc == 0 || rc == ACR_ERR_INVALID);
    return rc == 0 ? "" : error->detail;
}

static void test_log_levels_are_those_of_python_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int level;
    } cases[] = {{"--no-web -L debug", ACR_LOG_DEBUG},      {"--no-web --loglevel=Warn", ACR_LOG_WARNING},
                 {"--no-web -LCRITICAL", ACR_LOG_CRITICAL}, {"--no-web -L fatal", ACR_LOG_CRITICAL},
                 {"--no-web --loglevel notset", 0},         {"--no-web", ACR_LOG_INFO},
                 {"--no-web -L error", ACR_LOG_ERROR},      {"--no-web -L WARNING", ACR_LOG_WARNING}};
    struct line line;
    struct acr_error error;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(cases); i++) {
        assert_string_equal(interpret(&line, cases[i].text, &error), "");
        assert_int_equal(line.options.log_level, cases[i].level);
        finish(&line);
    }
    const char *const wrong[] = {"--no-web -L loud", "--no-web -L 20", "--no-web -L _"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(wrong); i++) {
        assert_non_null(strstr(interpret(&line, wrong[i], &error), "--loglevel is no level"));
        finish(&line);
    }
}

static void test_times_are_read_and_a_wrong_one_names_its_option(void **state)
{
    (void)state;
    struct line line;
    struct acr_error error;
    assert_string_equal(interpret(&line, "--no-web -t 1h30m -s 5", &error), "");
    assert_int_equal(line.options.run_time, 5400 * ACR_NANOS_PER_SECOND);
    assert_int_equal(line.options.stop_timeout, 5 * ACR_NANOS_PER_SECOND);
    finish(&line);
    assert_string_equal(interpret(&line, "--no-web -t0", &error), "");
    assert_int_equal(line.options.run_time, 0);
    finish(&line);
    assert_non_null(strstr(interpret(&line, "--no-web -t 1h30", &error), "--run-time is no time: '1h30'"));
    finish(&line);
    assert_non_null(strstr(interpret(&line, "--no-web -s soon", &error), "--stop-timeout"));
    finish(&line);
}

static void test_a_file_in_the_place_of_a_class_is_told_where_it_belongs(void **state)
{
    (void)state;
    struct line line;
    struct acr_error error;
    assert_string_equal(interpret(&line, "--no-web Web other.py", &error),
                        "other.py is no name of a user class. If it is the locustfile: -f other.py");
    finish(&line);
    assert_non_null(strstr(interpret(&line, "--no-web a/b", &error), "-f a/b"));
    finish(&line);
    assert_non_null(strstr(interpret(&line, "--no-web scenario.c", &error), "-f scenario.c"));
    finish(&line);
    assert_string_equal(interpret(&line, "--list other.py", &error), "");
    finish(&line);
}

static void test_a_run_time_needs_no_web(void **state)
{
    (void)state;
    struct line line;
    struct acr_error error;
    assert_string_equal(interpret(&line, "-t 5s", &error), "--run-time needs --no-web, which starts the test at once");
    finish(&line);
    assert_string_equal(interpret(&line, "-t 5s --list", &error), "");
    finish(&line);
}

static const char *find(const char *text, const char *wanted)
{
    const char *found = strstr(text, wanted);
    if (found == NULL)
        fail_msg("no '%s' in %s", wanted, text);
    return found;
}

static void test_help_names_every_option_within_its_width(void **state)
{
    (void)state;
    struct acr_buffer text = {0};
    acr_options_help("locust", true, &text);
    assert_int_equal(acr_buffer_append(&text, "", 1), 0);
    assert_int_equal(strncmp(text.data, "Usage: locust [options] [LocustClass [LocustClass2 ... ]]\n\nOptions:\n", 67),
                     0);
    /* Every option of 0.9, in its order. */
    const char *const names[] = {"-h, --help",
                                 "-H HOST, --host=HOST",
                                 "--web-host=HOST",
                                 "-P PORT, --port=PORT, --web-port=PORT",
                                 "-f FILE, --locustfile=FILE",
                                 "--csv=BASE, --csv-base-name=BASE",
                                 "--master ",
                                 "--slave, --worker",
                                 "--master-host=HOST",
                                 "--master-port=PORT",
                                 "--master-bind-host=HOST",
                                 "--master-bind-port=PORT",
                                 "--expect-slaves=N",
                                 "--no-web, --headless, --no_web",
                                 "-c N, --clients=N, -u N, --users=N",
                                 "-r R, --hatch-rate=R, --spawn-rate=R",
                                 "-t TIME, --run-time=TIME",
                                 "-L LEVEL, --loglevel=LEVEL",
                                 "--logfile=FILE",
                                 "--print-stats",
                                 "--only-summary",
                                 "--no-reset-stats",
                                 "--reset-stats",
                                 "-l, --list",
                                 "--show-task-ratio ",
                                 "--show-task-ratio-json",
                                 "-V, --version"};
    const char *rest = text.data;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(names); i++)
        rest = find(rest, names[i]);
    for (const char *line = text.data; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
    acr_buffer_done(&text);
}
