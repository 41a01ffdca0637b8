/* SPDX-License-Identifier: MIT */
/*
 * local - a run on one machine, headless: the control thread with the runner's state machine, the clock, the tables,
 * the files.
 *
 * acr_run_local() is called on the load thread. It starts the control thread, runs the scenario's loop until the test
 * is over, and returns the exit code. The control thread never touches users or live statistics; a script that blocks
 * the load thread stops neither tables nor clock, and the stall is measured and reported.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/time.h"
#include "run/scenario.h"

struct acr_run_options {
    size_t users;             /* -c */
    double spawn_rate;        /* -r, users per second, > 0 */
    acr_nanos run_time;       /* -t; 0 = no limit */
    uint64_t request_limit;   /* -n; 0 = none */
    acr_nanos stop_timeout;   /* how long users may take to end before the report is made without them; 0 = until they
                                 end, second Ctrl-C gives up */
    const char *csv_base;     /* --csv; NULL: none */
    acr_nanos csv_interval;   /* 2 s by default */
    acr_nanos table_interval; /* 2 s by default */
    unsigned name_width;      /* of the tables' first column; ACR_CONSOLE_NAME_WIDTH by default */
    bool print_tables;        /* the periodic ones; the final ones are always printed */
    bool reset_stats;         /* --reset-stats */
    int error_exit_code;      /* --exit-code-on-error: when a request failed; 1 by default */
};

/* The exit code of decisions.md D20: the script's own if it has one; 1 when set-up failed or the last CSV files could
 * not be written; error_exit_code when a failed request was reported in the last test; 2 when the script was faulty
 * (see struct acr_scenario); else 0. -1 with `error` when the run could not be held at all.
 *
 * SIGINT and SIGTERM are handled meanwhile: the first stops the test, the second ends it without waiting for users, the
 * third kills. Ends the process itself, with everything printed, when users or the load thread did not end in time. */
int acr_run_local(struct acr_scenario *scenario, const struct acr_run_options *options, struct acr_error *error);
