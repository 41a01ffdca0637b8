/* SPDX-License-Identifier: MIT */
/*
 * reporter - keeps the latest numbers of the load thread, and shows them: tables and CSV files at their intervals, and
 * both at the end. For the control thread.
 *
 * A table waits for fresh numbers, but only briefly: when the load thread does not answer it shows the last ones.
 */
#pragma once

#include <stdbool.h>

#include "loop/timer.h"
#include "run/local.h"
#include "run/message.h"
#include "run/output.h"

struct acr_reporter;
typedef void acr_reporter_fn(struct acr_reporter *reporter);

struct acr_reporter {              /* fields are private, but for the first three, which may be read */
    struct acr_snapshot *snapshot; /* the latest; owned */
    size_t user_count;             /* as last heard */
    bool late;                     /* the load thread owes an answer for longer than a table waits */

    const struct acr_run_options *options;
    struct acr_loop *loop;
    struct acr_mailbox *load;
    acr_reporter_fn *shown;
    struct acr_message *asking; /* SNAPSHOT message; NULL while the load thread has it */
    bool table_wanted, csv_wanted;
    struct acr_timer table_timer, csv_timer, refresh_timer, late_timer;
    struct acr_output output;
};

struct acr_reporter_setup { /* everything is borrowed but `snapshot`, to which a reference is taken */
    const struct acr_run_options *options;
    struct acr_loop *loop;
    struct acr_mailbox *load;
    struct acr_snapshot *snapshot; /* what to show before the load thread sends one */
    acr_output_fn *print;
    void *context;          /* of print */
    acr_reporter_fn *shown; /* called after a snapshot that was asked for came, or was late */
};

void acr_reporter_init(struct acr_reporter *reporter, const struct acr_reporter_setup *setup);
void acr_reporter_done(struct acr_reporter *reporter);

/* The first table, and the intervals. */
void acr_reporter_start(struct acr_reporter *reporter);
/* Nothing more is shown by itself. */
void acr_reporter_stop(struct acr_reporter *reporter);

/* Asks for fresh numbers; `shown` tells when they are there. */
void acr_reporter_ask(struct acr_reporter *reporter);

/* Takes what a message of the load thread says; the message stays the caller's. */
void acr_reporter_take(struct acr_reporter *reporter, struct acr_message *message);

/* The SNAPSHOT message came back; it is taken. */
void acr_reporter_answered(struct acr_reporter *reporter, struct acr_message *message);

/* Writes the files a last time. False when they could not be written. */
bool acr_reporter_write_files(struct acr_reporter *reporter);

/* The tables of the end. */
void acr_reporter_print_final(struct acr_reporter *reporter);
