/* SPDX-License-Identifier: MIT */
/* snapshot - taking copies that share their cells with the live histograms, and rates over the last seconds. */
#include "stats/snapshot.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"

/* Locust's window: the ten seconds up to and with the third before the current one. */
#define RATE_FIRST_SECOND 12
#define RATE_LAST_SECOND 3

struct shared_snapshot {
    struct acr_snapshot public;
    atomic_uint references;
    char *strings; /* all names, methods and texts in one piece */
};

static struct shared_snapshot *shared_of(struct acr_snapshot *snapshot)
{
    return ACR_CONTAINER_OF(snapshot, struct shared_snapshot, public);
}

static struct acr_str keep(char **to, struct acr_str str)
{
    struct acr_str kept = {*to, str.size};
    if (str.size > 0)
        memcpy(*to, str.data, str.size);
    *to += str.size;
    return kept;
}

static void copy_entry(struct acr_stats_entry *from, struct acr_snapshot_entry *to, char **strings)
{
    *to = (struct acr_snapshot_entry){
        .name = keep(strings, from->name),
        .method = keep(strings, from->method),
        .success_count = from->success_count,
        .failure_count = from->failure_count,
        .content_bytes = from->content_bytes,
        .start_wall = from->start_wall,
        .last_wall = from->last_wall,
    };
    acr_histogram_share(&from->successes, &to->successes);
    acr_histogram_share(&from->failures, &to->failures);
    memcpy(to->seconds, from->seconds, sizeof to->seconds);
}

static void copy_entries(struct acr_stats *stats, struct acr_snapshot *snapshot, char **strings)
{
    struct acr_stats_entry *const *entries = acr_stats_entries(stats, &snapshot->entry_count);
    snapshot->entries = acr_alloc(snapshot->entry_count * sizeof *snapshot->entries);
    for (size_t i = 0; i < snapshot->entry_count; i++)
        copy_entry(entries[i], &snapshot->entries[i], strings);
    copy_entry(acr_stats_total(stats), &snapshot->total, strings);
}

static void copy_errors(const struct acr_stats *stats, struct acr_snapshot *snapshot, char **strings)
{
    const struct acr_stats_error *from;
    struct acr_stats_error *to = snapshot->errors = acr_alloc(snapshot->error_count * sizeof *snapshot->errors);
    for (size_t at = 0; (from = acr_stats_error_next(stats, &at)) != NULL; to++)
        *to = (struct acr_stats_error){keep(strings, from->method), keep(strings, from->name),
                                       keep(strings, from->text), from->occurrences};
}

/* Bytes of all strings; counts the errors on the way. */
static size_t measure(struct acr_stats *stats, size_t *ret_errors)
{
    size_t count, bytes = acr_stats_total(stats)->name.size, errors = 0;
    struct acr_stats_entry *const *entries = acr_stats_entries(stats, &count);
    const struct acr_stats_error *error;
    for (size_t i = 0; i < count; i++)
        bytes += entries[i]->name.size + entries[i]->method.size;
    for (size_t at = 0; (error = acr_stats_error_next(stats, &at)) != NULL; errors++)
        bytes += error->method.size + error->name.size + error->text.size;
    *ret_errors = errors;
    return bytes;
}

struct acr_snapshot *acr_snapshot_take(struct acr_stats *stats)
{
    struct shared_snapshot *shared = acr_alloc_zero(sizeof *shared);
    struct acr_snapshot *snapshot = &shared->public;
    char *strings = shared->strings = acr_alloc(measure(stats, &snapshot->error_count));
    copy_entries(stats, snapshot, &strings);
    copy_errors(stats, snapshot, &strings);
    snapshot->taken_wall = acr_stats_now_wall(stats);
    atomic_init(&shared->references, 1);
    return snapshot;
}

struct acr_snapshot *acr_snapshot_ref(struct acr_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&shared_of(snapshot)->references, 1, memory_order_relaxed);
    return snapshot;
}

static void entry_done(struct acr_snapshot_entry *entry)
{
    acr_histogram_done(&entry->successes);
    acr_histogram_done(&entry->failures);
}

void acr_snapshot_unref(struct acr_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    struct shared_snapshot *shared = shared_of(snapshot);
    if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < snapshot->entry_count; i++)
        entry_done(&snapshot->entries[i]);
    entry_done(&snapshot->total);
    acr_free(snapshot->entries);
    acr_free(snapshot->errors);
    acr_free(shared->strings);
    acr_free(shared);
}

struct rates {
    double successes, failures; /* per second */
};

static struct rates current_rates(const struct acr_snapshot *snapshot, const struct acr_snapshot_entry *entry,
                                  acr_nanos now_wall)
{
    int64_t now = now_wall / ACR_NANOS_PER_SECOND, last = now - RATE_LAST_SECOND;
    int64_t first = now - RATE_FIRST_SECOND, start = snapshot->total.start_wall / ACR_NANOS_PER_SECOND;
    uint64_t successes = 0, failures = 0;
    if (first < start)
        first = start;
    if (first > last)
        return (struct rates){0, 0};
    for (int64_t second = first; second <= last; second++) {
        const struct acr_stats_second *counts = &entry->seconds[(uint64_t)second % ACR_STATS_SECONDS];
        if (counts->second == second) {
            successes += counts->successes;
            failures += counts->failures;
        }
    }
    double length = (double)(last - first + 1);
    return (struct rates){(double)successes / length, (double)failures / length};
}

double acr_snapshot_current_rps(const struct acr_snapshot *snapshot, const struct acr_snapshot_entry *entry,
                                acr_nanos now_wall)
{
    return current_rates(snapshot, entry, now_wall).successes;
}

double acr_snapshot_current_fps(const struct acr_snapshot *snapshot, const struct acr_snapshot_entry *entry,
                                acr_nanos now_wall)
{
    return current_rates(snapshot, entry, now_wall).failures;
}

double acr_snapshot_total_rps(const struct acr_snapshot *snapshot, const struct acr_snapshot_entry *entry)
{
    double seconds = acr_nanos_to_seconds(snapshot->total.last_wall - snapshot->total.start_wall);
    return (double)entry->success_count / (seconds > 1 ? seconds : 1);
}
