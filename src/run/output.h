/* SPDX-License-Identifier: MIT */
/*
 * output - what a headless run prints and writes: tables on the console, CSV files. For the control thread.
 */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "stats/snapshot.h"

/* Takes text that is meant for the console. */
typedef void acr_output_fn(void *context, struct acr_str text);

/* A zeroed one with `print` and `name_width` prints tables and writes no files; `text` is private. */
struct acr_output {
    acr_output_fn *print;
    void *context;
    unsigned name_width;
    const char *csv_base; /* NULL: none */
    bool csv_failed;      /* the last attempt did; logged once */
    struct acr_buffer text;
};

/* Frees the buffer only. */
void acr_output_done(struct acr_output *output);

/* The periodic request table, with rates as of `now_wall`. Tables are information: silent when the log level is above
 * INFO (spec/locust-0.9.md Q23). */
void acr_output_table(struct acr_output *output, const struct acr_snapshot *snapshot, acr_nanos now_wall);

/* A failure is logged when it is the first in a row. */
void acr_output_csv(struct acr_output *output, const struct acr_snapshot *snapshot);

/* The tables of the end and the error report. */
void acr_output_final(struct acr_output *output, const struct acr_snapshot *snapshot, acr_nanos now_wall);
