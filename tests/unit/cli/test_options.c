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

static void test_defaults_are_those_of_locust(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options = parse(&line, "--no-web");
    assert_string_equal(options->locustfile, "locustfile");
    assert_null(options->host);
    assert_null(options->csv_base);
    assert_null(options->log_file);
    assert_int_equal(options->users, 1);
    assert_true(options->spawn_rate == 1);
    assert_int_equal(options->request_limit, 0);
    assert_int_equal(options->log_level, ACR_LOG_INFO);
    assert_false(options->only_summary || options->reset_stats || options->list || options->help || options->version);
    assert_int_equal(options->class_name_count, 0);
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
}

static void test_classes_and_options_may_be_mixed(void **state)
{
    (void)state;
    struct line line;
    const struct acr_options *options = parse(&line, "Web --no-web Mobile -c 3 - -- --csv -c");
    const char *const names[] = {"Web", "Mobile", "-", "--csv", "-c"};
    assert_int_equal(options->class_name_count, ACR_ARRAY_SIZE(names));
    for (size_t i = 0; i < ACR_ARRAY_SIZE(names); i++)
        assert_string_equal(options->class_names[i], names[i]);
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
    assert_string_equal(parse(&line, "--no-w --csv 4")->csv_base, "4");
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
    check_refused("--no-such-thing --help", "no such option: --no-such-thing");
}

static void test_wrong_usage_is_reported_in_the_words_of_optparse(void **state)
{
    (void)state;
    check_refused("--foo", "no such option: --foo");
    check_refused("--foo=1", "no such option: --foo");
    check_refused("-x", "no such option: -x");
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
    check_refused("--l=1", "ambiguous option: --l (--list, --locustfile, --logfile, --loglevel?)");
    check_refused("--re --foo", "no such option: --foo");
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
    check_refused("--no-web -L loud", "option -L: not one of DEBUG, INFO, WARNING, ERROR, CRITICAL: 'loud'");
}

static void test_what_comes_in_a_later_version_says_so(void **state)
{
    (void)state;
    check_refused("--master", "--master is not available yet in this version");
    check_refused("--slave --master-host=192.168.0.100", "--slave is not available yet in this version");
    check_refused("--worker", "--worker is not available yet in this version");
    check_refused("-P 8088", "-P is not available yet in this version");
    check_refused("--port=8088", "--port is not available yet in this version");
    check_refused("--web-host x", "--web-host is not available yet in this version");
    check_refused("--show-task-ratio", "--show-task-ratio is not available yet in this version");
    check_refused("-f demo.py", "the web page is not available yet in this version: start the test with --no-web");
    check_refused("_", "the web page is not available yet in this version: start the test with --no-web");
}

static void test_log_levels_are_those_of_python_in_any_case(void **state)
{
    (void)state;
    struct line line;
    assert_int_equal(parse(&line, "--no-web -L debug")->log_level, ACR_LOG_DEBUG);
    finish(&line);
    assert_int_equal(parse(&line, "--no-web --loglevel=Warn")->log_level, ACR_LOG_WARNING);
    finish(&line);
    assert_int_equal(parse(&line, "--no-web -LCRITICAL")->log_level, ACR_LOG_CRITICAL);
    finish(&line);
}

static void test_times_are_read_and_a_wrong_one_names_its_option(void **state)
{
    (void)state;
    struct line line;
    struct acr_error error = {0};
    struct acr_options *options = parse(&line, "--no-web -t 1h30m -s 5");
    assert_int_equal(acr_options_read_times(options, &error), 0);
    assert_int_equal(options->run_time, 5400 * ACR_NANOS_PER_SECOND);
    assert_int_equal(options->stop_timeout, 5 * ACR_NANOS_PER_SECOND);
    finish(&line);
    assert_int_equal(acr_options_read_times(parse(&line, "--no-web -t 1h30"), &error), ACR_ERR_INVALID);
    assert_non_null(strstr(error.detail, "--run-time is no time: '1h30'"));
    finish(&line);
    assert_int_equal(acr_options_read_times(parse(&line, "--no-web -s soon"), &error), ACR_ERR_INVALID);
    assert_non_null(strstr(error.detail, "--stop-timeout"));
    finish(&line);
}

static void test_help_names_every_option_within_its_width(void **state)
{
    (void)state;
    struct acr_buffer text = {0};
    acr_options_help("locust", &text);
    assert_int_equal(acr_buffer_append(&text, "", 1), 0);
    assert_int_equal(strncmp(text.data, "Usage: locust [options] [LocustClass [LocustClass2 ... ]]\n\nOptions:\n", 67),
                     0);
    const char *const names[] = {"--no-web",       "--headless",      "--clients=N", "--users=N", "--hatch-rate=R",
                                 "--spawn-rate=R", "--run-time=TIME", "--csv=BASE",  "--list",    "--version"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(names); i++)
        assert_non_null(strstr(text.data, names[i]));
    for (const char *line = text.data; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
    acr_buffer_done(&text);
}
