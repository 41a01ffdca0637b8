/* SPDX-License-Identifier: MIT */
/*
 * options - the command line, by the rules of Python's optparse and with the names of both generations.
 *
 * Options and class names may be mixed; `--` ends the options; a long name may be cut to any unique prefix; short flags
 * may be clustered; the last occurrence wins (but for -f, cli/locustfile.h); an option that needs a value takes the
 * next argument whatever it looks like (but for -f, decisions.md D10). spec/locust-0.9.md 1.1, spec/locust-2.md 1.1.
 *
 * A locustfile may have options of its own (2.x's init_command_line_parser), and they are known only when it has been
 * loaded. So an option that is not in the table is not wrong yet: it stays, with the names of classes, in `rest`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/time.h"
#include "user/limiter.h"

/* More than one machine serves; guards against slips. */
#define ACR_OPTIONS_USERS_MAX 10000000

/* Strings are borrowed from argv. */
struct acr_options {
    const char *locustfile;
    const char **locustfiles; /* of every -f, the default if there is none; the array is owned */
    size_t locustfile_count;
    bool locustfile_given;
    bool locustfile_left_out; /* -f was given without a value */
    const char *host;
    const char *csv_base;
    const char *log_level_name;
    const char *log_file;
    const char *run_time_text;
    const char *stop_timeout_text;
    const char *source_ips;
    const char *run_tasks;
    const char *stack_size_text;
    int64_t users;
    double spawn_rate;
    int64_t request_limit; /* 0: none */
    double task_ceiling;   /* --max-rps; 0: none */
    const char *increase_text;
    int64_t error_exit_code;
    bool no_web;
    bool only_summary;
    bool print_stats;
    bool reset_stats;
    bool no_reset_stats;
    bool list;
    bool show_task_ratio;
    bool show_task_ratio_json;
    bool has_tags; /* -T or -E was given */
    bool version;
    bool help; /* then nothing behind it was looked at */

    /* The arguments as they were given, in order: those understood here but --help, and the rest. The arrays are owned.
     */
    const char **known;
    size_t known_count;
    const char **rest; /* names of classes, options of the locustfile's own and their values */
    size_t rest_count;
    const char *unknown; /* the first option in `rest`, NULL: there are only names */

    /* Of the web page and of the cluster; as in Locust, no error where there is none. */
    const char *web_host;
    int64_t web_port;
    bool master;
    bool slave;
    const char *master_host;
    int64_t master_port;
    const char *master_bind_host;
    int64_t master_bind_port;
    int64_t expect_slaves;

    struct acr_limits limits; /* by acr_options_check() */

    /* By acr_options_interpret(). */
    int log_level;
    acr_nanos run_time;     /* 0: no limit */
    acr_nanos stop_timeout; /* 0: none */
    size_t stack_size;      /* 0: not given */
};

/* Fills `options` (uninitialised memory); acr_options_done() is due in any case. ACR_ERR_USAGE with the reason, worded
 * as optparse does, appended to `reason`. */
ACR_MUST_CHECK int acr_options_parse(int argc, char *const *argv, struct acr_options *options,
                                     struct acr_buffer *reason);

/* The locustfile is only looked at: --list, --show-task-ratio. */
bool acr_options_only_show(const struct acr_options *options);

/* Is `name` ("--users", or "--use") an option of the program? */
bool acr_options_has(const char *name);

/* The locustfile does not know options->unknown either. */
int acr_options_refuse_unknown(const struct acr_options *options, struct acr_buffer *reason);

/* What optparse could not know: are the numbers possible, is the mode there? Same errors. To be called when neither
 * help nor version was asked for. */
ACR_MUST_CHECK int acr_options_check(struct acr_options *options, struct acr_buffer *reason);

/* Reads the level of the log, the times and the size. ACR_ERR_INVALID with a sentence; not wrong usage to Locust, which
 * exits with 1 here and not with 2. */
ACR_MUST_CHECK int acr_options_interpret(struct acr_options *options, struct acr_error *error);

void acr_options_done(struct acr_options *options);

/* "Usage: PROGRAM [options] [LocustClass [LocustClass2 ... ]]" and a newline. */
void acr_options_usage(const char *program, struct acr_buffer *out);

/* The whole of --help; `has_files`: of a program that runs locustfiles, and has `target`. */
void acr_options_help(const char *program, bool has_files, struct acr_buffer *out);
