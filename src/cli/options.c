/* SPDX-License-Identifier: MIT */
/* options - walks the command line. */
#include "cli/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/memory.h"
#include "cli/bytesize.h"
#include "cli/increase.h"
#include "cli/number.h"
#include "cli/option_table.h"
#include "cli/timespan.h"

/* Most names that a prefix can stand for. */
#define CANDIDATES_MAX 64
/* What a process can end with. */
#define EXIT_CODE_MAX 255
/* -n was not given; no number on a command line is read as this. */
#define NO_LIMIT INT64_MIN

struct parser {
    char *const *argv;
    int argc;
    int next; /* the argument to look at next */
    struct acr_options *options;
    struct acr_buffer *reason;
};

static int refuse(struct acr_buffer *reason, const char *format, ...) ACR_PRINTF(2, 3);

static int refuse(struct acr_buffer *reason, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int rc = acr_buffer_append_str(reason, acr_str_of(text));
    (void)rc; /* the reason may be cut, the refusal stays */
    return ACR_ERR_USAGE;
}

/* ---- looking names up */

static bool is_long(const char *name)
{
    return name[0] == '-' && name[1] == '-';
}

static const struct acr_option *find_short(char letter)
{
    for (const struct acr_option *option = acr_option_table(); option->names[0] != NULL; option++)
        for (size_t i = 0; option->names[i] != NULL; i++)
            if (!is_long(option->names[i]) && option->names[i][1] == letter)
                return option;
    return NULL;
}

struct candidate {
    const struct acr_option *option;
    const char *name;
};

static bool find_exact(struct acr_str wanted, struct candidate *ret_found)
{
    for (const struct acr_option *option = acr_option_table(); option->names[0] != NULL; option++) {
        for (size_t i = 0; option->names[i] != NULL; i++) {
            if (acr_str_equal(acr_str_of(option->names[i]), wanted)) {
                *ret_found = (struct candidate){option, option->names[i]};
                return true;
            }
        }
    }
    return false;
}

/* Adds the names of `option` that begin with `prefix`, of the first `names` that it has. */
static void add_candidates(const struct acr_option *option, size_t names, struct acr_str prefix,
                           struct candidate *candidates, size_t *count)
{
    for (size_t i = 0; i < names && option->names[i] != NULL && *count < CANDIDATES_MAX; i++)
        if (is_long(option->names[i]) && strncmp(option->names[i], prefix.data, prefix.size) == 0)
            candidates[(*count)++] = (struct candidate){option, option->names[i]};
}

/* All that `prefix` may mean. Names of other versions count only if none of 0.9 matches, so that they do not take a
 * prefix away that Locust 0.9 understands. */
static size_t find_candidates(struct acr_str prefix, struct candidate *candidates)
{
    size_t count = 0;
    for (int others = 0; others < 2 && count == 0; others++)
        for (const struct acr_option *option = acr_option_table(); option->names[0] != NULL; option++)
            add_candidates(option, others ? ACR_OPTION_NAMES_MAX : option->old_names, prefix, candidates, &count);
    return count;
}

/* The option whose names all candidates are; NULL when there are several or none. */
static const struct acr_option *only_option(const struct candidate *candidates, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (candidates[i].option != candidates[0].option)
            return NULL;
    return count > 0 ? candidates[0].option : NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct candidate *)a)->name, ((const struct candidate *)b)->name);
}

static void refuse_ambiguous(struct parser *parser, struct acr_str name, struct candidate *candidates, size_t count)
{
    qsort(candidates, count, sizeof *candidates, compare_names);
    refuse(parser->reason, "ambiguous option: %.*s (", ACR_STR_ARGS(name));
    for (size_t i = 0; i < count; i++)
        refuse(parser->reason, "%s%s", i == 0 ? "" : ", ", candidates[i].name);
    refuse(parser->reason, "?)");
}

static int find_long(struct parser *parser, struct acr_str name, struct candidate *ret_found)
{
    struct candidate candidates[CANDIDATES_MAX] = {{NULL, NULL}};
    if (find_exact(name, ret_found))
        return 0;
    size_t count = find_candidates(name, candidates);
    const struct acr_option *option = only_option(candidates, count);
    if (option != NULL) {
        *ret_found = (struct candidate){option, candidates[0].name};
        return 0;
    }
    refuse_ambiguous(parser, name, candidates, count); /* is_unknown() has found that there are some */
    return ACR_ERR_USAGE;
}

/* "--name" of "--name=value", "-n" of "-nvalue". */
static struct acr_str name_of(const char *argument)
{
    return (struct acr_str){argument, is_long(argument) ? strcspn(argument, "=") : 2};
}

static bool is_unknown(const char *argument)
{
    struct candidate candidates[CANDIDATES_MAX];
    if (!is_long(argument))
        return find_short(argument[1]) == NULL;
    struct acr_str name = name_of(argument);
    return !find_exact(name, candidates) && find_candidates(name, candidates) == 0;
}

bool acr_options_has(const char *name)
{
    return !is_unknown(name);
}

/* ---- storing values */

/* Python's repr() of plain text. */
static char quote_for(const char *value)
{
    return strchr(value, '\'') != NULL && strchr(value, '"') == NULL ? '"' : '\'';
}

static int refuse_value(struct acr_buffer *reason, const char *name, const char *what, const char *value)
{
    char quote = quote_for(value);
    return refuse(reason, "option %s: %s: %c%s%c", name, what, quote, value, quote);
}

static void *field(struct parser *parser, const struct acr_option *option)
{
    return (char *)parser->options + option->offset;
}

static void store_flag(struct parser *parser, const struct acr_option *option)
{
    bool *flag = field(parser, option);
    *flag = true;
}

static int store_value(struct parser *parser, const struct candidate *found, const char *value)
{
    void *target = field(parser, found->option);
    switch (found->option->kind) {
    case ACR_OPTION_INTEGER:
        if (acr_number_parse_integer(value, target) < 0)
            return refuse_value(parser->reason, found->name, "invalid integer value", value);
        return 0;
    case ACR_OPTION_FLOAT:
        if (acr_number_parse_float(value, target) < 0)
            return refuse_value(parser->reason, found->name, "invalid floating-point value", value);
        return 0;
    case ACR_OPTION_FILE:
        parser->options->locustfile_left_out = false;
        parser->options->locustfile_given = true;
        parser->options->locustfiles[parser->options->locustfile_count++] = value;
        *(const char **)target = value;
        return 0;
    case ACR_OPTION_WORDS:
        store_flag(parser, found->option);
        return 0;
    default:
        *(const char **)target = value;
        return 0;
    }
}

/* Stores the next argument, whatever it looks like. */
static int store_next(struct parser *parser, const struct candidate *found)
{
    bool takes_words = found->option->kind == ACR_OPTION_WORDS;
    if (parser->next >= parser->argc || (takes_words && parser->argv[parser->next][0] == '-'))
        return refuse(parser->reason, "%s option requires 1 argument", found->name);
    if (takes_words) {
        while (parser->next < parser->argc && parser->argv[parser->next][0] != '-')
            parser->next++;
        store_flag(parser, found->option);
        return 0;
    }
    const char *value = parser->argv[parser->next];
    if (found->option->kind == ACR_OPTION_FILE && value[0] == '-') {
        parser->options->locustfile_left_out = true;
        return 0;
    }
    parser->next++;
    return store_value(parser, found, value);
}

static int refuse_later(struct parser *parser, const struct candidate *found)
{
    return refuse(parser->reason, "%s is not available yet in this version", found->name);
}

/* ---- walking */

static int take_long(struct parser *parser, const char *argument)
{
    const char *equals = strchr(argument, '=');
    struct acr_str name = name_of(argument);
    struct candidate found;
    int rc = find_long(parser, name, &found);
    if (rc < 0)
        return rc;
    if (found.option->kind == ACR_OPTION_LATER)
        return refuse_later(parser, &found);
    if (acr_option_takes_value(found.option))
        return equals != NULL ? store_value(parser, &found, equals + 1) : store_next(parser, &found);
    if (equals != NULL)
        return refuse(parser->reason, "%s option does not take a value", found.name);
    store_flag(parser, found.option);
    return 0;
}

/* "-lV", "-c10", "-c 10": flags up to the first letter that takes a value. */
static int take_cluster(struct parser *parser, const char *argument)
{
    for (const char *letter = argument + 1; *letter != '\0' && !parser->options->help; letter++) {
        const char name[] = {'-', *letter, '\0'};
        struct candidate found = {find_short(*letter), name};
        if (found.option == NULL)
            return refuse(parser->reason, "no such option: %s", name);
        if (found.option->kind == ACR_OPTION_LATER)
            return refuse_later(parser, &found);
        if (acr_option_takes_value(found.option))
            return letter[1] != '\0' ? store_value(parser, &found, letter + 1) : store_next(parser, &found);
        store_flag(parser, found.option);
    }
    return 0;
}

static void take_rest(struct parser *parser, const char *argument)
{
    parser->options->rest[parser->options->rest_count++] = argument;
}

static int take_option(struct parser *parser, const char *argument)
{
    struct acr_options *options = parser->options;
    int first = parser->next - 1;
    if (is_unknown(argument)) {
        take_rest(parser, argument);
        if (options->unknown == NULL)
            options->unknown = argument;
        return 0;
    }
    int rc = is_long(argument) ? take_long(parser, argument) : take_cluster(parser, argument);
    for (int i = first; i < parser->next && !options->help; i++)
        options->known[options->known_count++] = parser->argv[i];
    return rc;
}

static int take_next(struct parser *parser, bool *only_names)
{
    const char *argument = parser->argv[parser->next++];
    if (!*only_names && strcmp(argument, "--") == 0) {
        *only_names = true;
        return 0;
    }
    if (*only_names || argument[0] != '-' || argument[1] == '\0') {
        take_rest(parser, argument);
        return 0;
    }
    return take_option(parser, argument);
}

static void set_defaults(struct acr_options *options, int argc)
{
    *options = (struct acr_options){.locustfile = "locustfile",
                                    .log_level_name = "INFO",
                                    .users = 1,
                                    .spawn_rate = 1,
                                    .request_limit = NO_LIMIT,
                                    .increase_text = "-1",
                                    .error_exit_code = 1,
                                    .web_host = "",
                                    .web_port = 8089,
                                    .master_host = "127.0.0.1",
                                    .master_port = 5557,
                                    .master_bind_host = "*",
                                    .master_bind_port = 5557,
                                    .expect_slaves = 1};
    options->known = acr_alloc_zero((size_t)(argc > 0 ? argc : 1) * sizeof *options->known);
    options->rest = acr_alloc_zero((size_t)(argc > 0 ? argc : 1) * sizeof *options->rest);
    options->locustfiles = acr_alloc_zero((size_t)(argc > 0 ? argc : 1) * sizeof *options->locustfiles);
}

int acr_options_parse(int argc, char *const *argv, struct acr_options *options, struct acr_buffer *reason)
{
    struct parser parser = {.argv = argv, .argc = argc, .next = 1, .options = options, .reason = reason};
    bool only_names = false;
    set_defaults(options, argc);
    while (parser.next < argc && !options->help) {
        int rc = take_next(&parser, &only_names);
        if (rc < 0)
            return rc;
    }
    if (options->locustfile_left_out)
        options->locustfile = "locustfile";
    if (options->locustfile_left_out || options->locustfile_count == 0) {
        options->locustfiles[0] = options->locustfile;
        options->locustfile_count = 1;
    }
    return 0;
}

void acr_options_done(struct acr_options *options)
{
    acr_free(options->known);
    acr_free(options->rest);
    acr_free(options->locustfiles);
    options->known = options->rest = options->locustfiles = NULL;
    options->known_count = options->rest_count = options->locustfile_count = 0;
}

int acr_options_refuse_unknown(const struct acr_options *options, struct acr_buffer *reason)
{
    return refuse(reason, "no such option: %.*s", ACR_STR_ARGS(name_of(options->unknown)));
}

/* ---- values that cannot be */

static int check_numbers(struct acr_options *options, struct acr_buffer *reason)
{
    if (options->users < 1)
        return refuse(reason, "option -c: there must be at least one user");
    if (options->users > ACR_OPTIONS_USERS_MAX)
        return refuse(reason, "option -c: more than %d users are not possible", ACR_OPTIONS_USERS_MAX);
    if (!(options->spawn_rate > 0) || isinf(options->spawn_rate))
        return refuse(reason, "option -r: the rate must be a number above 0");
    if (options->request_limit != NO_LIMIT && options->request_limit < 1)
        return refuse(reason, "option -n: there must be at least one request");
    if (options->error_exit_code < 0 || options->error_exit_code > EXIT_CODE_MAX)
        return refuse(reason, "option --exit-code-on-error: an exit code is a number from 0 to %d", EXIT_CODE_MAX);
    if (options->request_limit == NO_LIMIT)
        options->request_limit = 0;
    return 0;
}

static int check_limits(struct acr_options *options, struct acr_buffer *reason)
{
    struct acr_limits *limits = &options->limits;
    limits->ceiling = options->task_ceiling;
    if (limits->ceiling != 0 && !(limits->ceiling >= ACR_LIMITS_RATE_MIN && limits->ceiling <= ACR_LIMITS_RATE_MAX))
        return refuse(reason, "option --max-rps: the number of tasks per second is from " ACR_LIMITS_RATES
                              ", as in 500; 0 for no ceiling");
    if (acr_increase_parse(options->increase_text, &limits->step, &limits->period) == 0)
        return 0;
    return refuse(reason,
                  "option --request-increase-rate: '%s' is no increase. Valid are 10 (a second) and 10/1m (a minute), "
                  "numbers from " ACR_LIMITS_RATES "; -1 for none",
                  options->increase_text);
}

/* The names that Python's logging has beside acr_log's own. */
static int level_of(const char *name)
{
    if (strcasecmp(name, "WARN") == 0)
        return ACR_LOG_WARNING;
    if (strcasecmp(name, "FATAL") == 0)
        return ACR_LOG_CRITICAL;
    if (strcasecmp(name, "NOTSET") == 0)
        return 0;
    return acr_log_level_from_name(name);
}

bool acr_options_only_show(const struct acr_options *options)
{
    return options->list || options->show_task_ratio || options->show_task_ratio_json;
}

/* --run-time without --no-web is Locust's to refuse, with another exit code. */
static int check_mode(const struct acr_options *options, struct acr_buffer *reason)
{
    if (options->master || options->slave)
        return refuse(reason,
                      "option %s: there is no cluster yet in this version; without it the test runs on this "
                      "machine alone",
                      options->master ? "--master" : "--slave");
    if (!options->no_web && options->run_time_text == NULL)
        return refuse(reason, "there is no web page yet in this version: start the test with --no-web, as in "
                              "--no-web -c 10 -r 2 for ten users, two more each second");
    return 0;
}

int acr_options_check(struct acr_options *options, struct acr_buffer *reason)
{
    if (options->run_tasks != NULL) {
        options->no_web = true;
        options->users = 1;
    }
    int rc = check_numbers(options, reason);
    if (rc == 0)
        rc = check_limits(options, reason);
    return rc == 0 && !acr_options_only_show(options) ? check_mode(options, reason) : rc;
}

static int read_log_level(struct acr_options *options, struct acr_error *error)
{
    int level = level_of(options->log_level_name);
    if (level < 0)
        return acr_error_set(
            error, ACR_ERR_INVALID,
            "the value of --loglevel is no level: '%s'. Valid are DEBUG, INFO, WARNING, ERROR, CRITICAL",
            options->log_level_name);
    options->log_level = level;
    return 0;
}

static int read_span(const char *name, const char *text, acr_nanos *span, struct acr_error *error)
{
    if (text == NULL || acr_timespan_parse(text, span) == 0)
        return 0;
    return acr_error_set(error, ACR_ERR_INVALID,
                         "the value of %s is no time: '%s'. Valid are 20, 20s, 3m, 2h, 1h20m, 3h30m10s and the like",
                         name, text);
}

static int read_run_time(struct acr_options *options, struct acr_error *error)
{
    if (options->run_time_text != NULL && !options->no_web)
        return acr_error_set(error, ACR_ERR_INVALID, "--run-time needs --no-web, which starts the test at once");
    return read_span("--run-time", options->run_time_text, &options->run_time, error);
}

/* No class has such a name: a file was meant. */
static int check_class_names(const struct acr_options *options, struct acr_error *error)
{
    for (size_t i = 0; i < options->rest_count; i++) {
        const char *name = options->rest[i];
        if (strpbrk(name, "./") != NULL)
            return acr_error_set(error, ACR_ERR_INVALID,
                                 "%s is no name of a user class. If it is the locustfile: -f %s", name, name);
    }
    return 0;
}

static int read_stack_size(struct acr_options *options, struct acr_error *error)
{
    const char *text = options->stack_size_text;
    if (text == NULL || (acr_bytesize_parse(text, &options->stack_size) == 0 && options->stack_size > 0))
        return 0;
    return acr_error_set(error, ACR_ERR_INVALID,
                         "the value of --stack-size is no size: '%s'. Valid are 65536, 256k, 1m and the like", text);
}

int acr_options_interpret(struct acr_options *options, struct acr_error *error)
{
    int rc = read_log_level(options, error);
    if (rc == 0 && !acr_options_only_show(options))
        rc = read_run_time(options, error);
    if (rc == 0 && !options->list && options->unknown == NULL)
        rc = check_class_names(options, error);
    if (rc == 0)
        rc = read_stack_size(options, error);
    return rc < 0 ? rc : read_span("--stop-timeout", options->stop_timeout_text, &options->stop_timeout, error);
}
