/* SPDX-License-Identifier: MIT */
/*
 * snapshot - an immutable copy of the statistics that any thread may read.
 *
 * Made on the load thread, handed over by pointer, freed by the last reader (reference counted, thread-safe). Entries
 * are sorted by (name, method) as Locust prints them; errors are in order of first occurrence.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "stats/stats.h"

struct acr_snapshot_entry {
    struct acr_str name, method;
    struct acr_histogram successes, failures;
    uint64_t success_count, failure_count, content_bytes;
    acr_nanos start_wall, last_wall;
    struct acr_stats_second seconds[ACR_STATS_SECONDS];
};

struct acr_snapshot { /* fields are read-only */
    struct acr_snapshot_entry *entries;
    size_t entry_count;
    struct acr_snapshot_entry total; /* name "Total", empty method */
    struct acr_stats_error *errors;
    size_t error_count;
    acr_nanos taken_wall;
};

/* Takes time for the names, not for what they hold: cells are copied one group at a time, when they next change. */
struct acr_snapshot *acr_snapshot_take(struct acr_stats *stats);
struct acr_snapshot *acr_snapshot_ref(struct acr_snapshot *snapshot);
/* Accepts NULL. */
void acr_snapshot_unref(struct acr_snapshot *snapshot);

/* Requests per second as Locust 0.9 shows them: the mean over the at most 10 whole seconds that end 2 s before
 * `now_wall` (spec locust-0.9.md 5.3, but bound to the clock so that it decays instead of freezing, Q13). Successes
 * only. */
double acr_snapshot_current_rps(const struct acr_snapshot *snapshot, const struct acr_snapshot_entry *entry,
                                acr_nanos now_wall);

/* The same for failures per second. */
double acr_snapshot_current_fps(const struct acr_snapshot *snapshot, const struct acr_snapshot_entry *entry,
                                acr_nanos now_wall);

/* Whole-run average of successes per second: count / max(last request of the total - start, 1 s). */
double acr_snapshot_total_rps(const struct acr_snapshot *snapshot, const struct acr_snapshot_entry *entry);
