/* SPDX-License-Identifier: MIT */
/*
 * stats - what happened: an entry per (name, method), a total, the errors, all as of one thread.
 *
 * The load thread records; nobody else touches a struct acr_stats. Others read an immutable snapshot (snapshot.h). A
 * request is recorded once, as a success or as a failure; whatever its kind it enters the entry and the total. Nothing
 * is buffered: a snapshot holds every request recorded before it. Locust 0.9 shows times of successes only, 2.x those
 * of all requests (decisions.md D40): an entry keeps both histograms, `successes` and `failures`, and reports merge as
 * their generation wants.
 *
 * Errors are grouped by (method, name, text) with the addresses in "object at 0x7f...>" masked as Locust does.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/time.h"
#include "stats/histogram.h"

/* Seconds of which counts and the total's times are kept: Locust's current rate looks back 12 s, its current
 * percentiles 10 s and, when nothing happened then, up to 18 s. */
#define ACR_STATS_SECONDS 32

/* Most different names and errors kept; what comes beyond is counted under the name "(other names)" without a method /
 * the text "(other errors)" without name and method. Guards against names made from ids. */
#define ACR_STATS_ENTRIES_MAX 20000
#define ACR_STATS_ERRORS_MAX 5000

/* Most bytes of an error's text looked at; longer ones are cut at a character. A script may pass a whole page. */
#define ACR_STATS_ERROR_TEXT_MAX 4096

struct acr_stats_second {
    int64_t second; /* Unix time; other values in the ring are stale */
    uint32_t successes;
    uint32_t failures;
};

struct acr_stats_entry {   /* fields may be read, not written */
    struct acr_str name;   /* owned */
    struct acr_str method; /* owned; empty for the total */
    struct acr_histogram successes;
    struct acr_histogram failures;
    uint64_t success_count; /* includes requests recorded without a time */
    uint64_t failure_count;
    uint64_t content_bytes; /* of successes */
    acr_nanos start_wall;   /* creation or reset */
    acr_nanos last_wall;    /* last request; start_wall when none */
    struct acr_stats_second seconds[ACR_STATS_SECONDS];
};

/* The total's times as they were when a second was over. */
struct acr_stats_mark {
    int64_t second; /* Unix time; 0: none */
    struct acr_histogram successes, failures;
};

struct acr_stats_error {
    struct acr_str method, name, text; /* owned; text is masked */
    uint64_t occurrences;
};

struct acr_stats;

/* `clock` (borrowed) gives the wall time of each record. */
struct acr_stats *acr_stats_new(const struct acr_clock *clock);
void acr_stats_free(struct acr_stats *stats);

/* Find or create. The entry lives until acr_stats_clear(); callers may cache it as long as acr_stats_epoch() is the
 * same. */
struct acr_stats_entry *acr_stats_entry_get(struct acr_stats *stats, struct acr_str name, struct acr_str method);

/* NULL when there is none. */
struct acr_stats_entry *acr_stats_entry_find(const struct acr_stats *stats, struct acr_str name, struct acr_str method);

/* Changes whenever entries cached by callers have become invalid. Starts at 1. */
uint64_t acr_stats_epoch(const struct acr_stats *stats);

/* A success. `nanos` < 0: no time known, only counted. */
void acr_stats_success(struct acr_stats *stats, struct acr_stats_entry *entry, acr_nanos nanos, uint64_t content_bytes);

/* A failure with the text its error is listed under. */
void acr_stats_failure(struct acr_stats *stats, struct acr_stats_entry *entry, acr_nanos nanos, struct acr_str text);

/* Every entry, sorted by (name, method); `stats` owns the array, which is valid until an entry is added or cleared. */
struct acr_stats_entry *const *acr_stats_entries(const struct acr_stats *stats, size_t *ret_count);

/* All entries together, under the name "Total". Its start is that of the measurement: creation, last reset or clear. */
struct acr_stats_entry *acr_stats_total(struct acr_stats *stats);

/* ACR_STATS_SECONDS of them, in no order: one of the last reset, and one of each second before one with a request. */
const struct acr_stats_mark *acr_stats_marks(const struct acr_stats *stats);

/* Walks the errors in order of first occurrence: start with *position = 0; NULL at the end. */
const struct acr_stats_error *acr_stats_error_next(const struct acr_stats *stats, size_t *position);

/* The present, by the clock of `stats`. */
acr_nanos acr_stats_now_wall(const struct acr_stats *stats);

/* Successes + failures since the last clear or reset. */
uint64_t acr_stats_request_count(const struct acr_stats *stats);
uint64_t acr_stats_failure_count(const struct acr_stats *stats);

/* Empties every entry's numbers and restarts the clock; keeps entries and errors (Locust's reset_all). */
void acr_stats_reset(struct acr_stats *stats);

/* Empties the numbers of one entry, or of the total. */
void acr_stats_entry_reset(struct acr_stats *stats, struct acr_stats_entry *entry);

/* Forgets everything, starts a new epoch (Locust's clear_all). */
void acr_stats_clear(struct acr_stats *stats);
