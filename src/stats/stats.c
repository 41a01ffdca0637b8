/* SPDX-License-Identifier: MIT */
/* stats - entries and errors of one thread. */
#include "stats/stats.h"

#include <stdbool.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "stats/error_text.h"

#define OTHER_NAMES ACR_STR("(other names)")
#define OTHER_ERRORS ACR_STR("(other errors)")
#define SMALL_KEY 256 /* keys up to this size need no allocation */

struct acr_stats {
    const struct acr_clock *clock;
    struct acr_map entries;          /* name and method to struct acr_stats_entry */
    struct acr_map errors;           /* entry and text to struct acr_stats_error */
    struct acr_stats_entry **sorted; /* by (name, method); as many as `entries` holds */
    size_t sorted_capacity;
    uint64_t epoch;
    struct acr_stats_entry total;
    struct acr_stats_mark marks[ACR_STATS_SECONDS]; /* the one of a second is at its remainder */
    struct acr_error_text masked;                   /* scratch */
};

static void mark_done(struct acr_stats_mark *mark)
{
    acr_histogram_done(&mark->successes);
    acr_histogram_done(&mark->failures);
    mark->second = 0;
}

static void mark_second(struct acr_stats *stats, int64_t second)
{
    struct acr_stats_mark *mark = &stats->marks[(uint64_t)second % ACR_STATS_SECONDS];
    mark_done(mark);
    mark->second = second;
    acr_histogram_share(&stats->total.successes, &mark->successes);
    acr_histogram_share(&stats->total.failures, &mark->failures);
}

static void marks_done(struct acr_stats *stats)
{
    for (size_t i = 0; i < ACR_STATS_SECONDS; i++)
        mark_done(&stats->marks[i]);
}

static void total_open(struct acr_stats *stats)
{
    acr_nanos now = acr_stats_now_wall(stats);
    stats->total = (struct acr_stats_entry){.name = ACR_STR("Total"), .start_wall = now, .last_wall = now};
    mark_second(stats, now / ACR_NANOS_PER_SECOND);
}

static void total_close(struct acr_stats *stats)
{
    acr_histogram_done(&stats->total.successes);
    acr_histogram_done(&stats->total.failures);
    marks_done(stats);
}

struct acr_stats *acr_stats_new(const struct acr_clock *clock)
{
    struct acr_stats *stats = acr_alloc_zero(sizeof *stats);
    stats->clock = clock;
    stats->epoch = 1;
    total_open(stats);
    acr_map_init(&stats->entries);
    acr_map_init(&stats->errors);
    return stats;
}

static struct acr_str copy_str(struct acr_str str)
{
    return (struct acr_str){acr_strndup(str.size > 0 ? str.data : "", str.size), str.size};
}

static void entry_free(struct acr_stats_entry *entry)
{
    acr_histogram_done(&entry->successes);
    acr_histogram_done(&entry->failures);
    acr_free((char *)entry->name.data);
    acr_free((char *)entry->method.data);
    acr_free(entry);
}

static void error_free(struct acr_stats_error *error)
{
    acr_free((char *)error->method.data);
    acr_free((char *)error->name.data);
    acr_free((char *)error->text.data);
    acr_free(error);
}

static void forget_all(struct acr_stats *stats)
{
    const struct acr_map_slot *slot;
    for (size_t at = 0; (slot = acr_map_next(&stats->entries, &at)) != NULL;)
        entry_free(slot->value);
    for (size_t at = 0; (slot = acr_map_next(&stats->errors, &at)) != NULL;)
        error_free(slot->value);
    acr_map_done(&stats->entries);
    acr_map_done(&stats->errors);
    total_close(stats);
}

void acr_stats_free(struct acr_stats *stats)
{
    if (stats == NULL)
        return;
    forget_all(stats);
    acr_free(stats->sorted);
    acr_free(stats);
}

static int compare_str(struct acr_str a, struct acr_str b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Bytes of UTF-8 sort as their code points do, which is Python's order. */
static int compare_entries(const struct acr_stats_entry *a, const struct acr_stats_entry *b)
{
    int order = compare_str(a->name, b->name);
    return order != 0 ? order : compare_str(a->method, b->method);
}

/* Call before the entry enters the map. */
static void sort_in(struct acr_stats *stats, struct acr_stats_entry *entry)
{
    size_t count = stats->entries.live, low = 0, high = count;
    if (count == stats->sorted_capacity) {
        stats->sorted_capacity = count != 0 ? count * 2 : 16;
        stats->sorted = acr_realloc(stats->sorted, stats->sorted_capacity * sizeof(struct acr_stats_entry *));
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_entries(stats->sorted[middle], entry) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(stats->sorted + low + 1, stats->sorted + low, (count - low) * sizeof(struct acr_stats_entry *));
    stats->sorted[low] = entry;
}

static struct acr_stats_entry *entry_add(struct acr_stats *stats, struct acr_str key, struct acr_str name,
                                         struct acr_str method)
{
    struct acr_stats_entry *entry = acr_alloc_zero(sizeof *entry);
    entry->name = copy_str(name);
    entry->method = copy_str(method);
    entry->start_wall = entry->last_wall = acr_stats_now_wall(stats);
    sort_in(stats, entry);
    acr_map_set(&stats->entries, key, entry);
    return entry;
}

/* Writes both parts and what tells them apart; the caller frees what is not `small`. */
static struct acr_str make_key(const void *first, size_t first_size, struct acr_str second, char *small)
{
    size_t size = sizeof first_size + first_size + second.size;
    char *key = size <= SMALL_KEY ? small : acr_alloc(size);
    memcpy(key, &first_size, sizeof first_size);
    if (first_size > 0)
        memcpy(key + sizeof first_size, first, first_size);
    if (second.size > 0)
        memcpy(key + sizeof first_size + first_size, second.data, second.size);
    return (struct acr_str){key, size};
}

struct acr_stats_entry *acr_stats_entry_get(struct acr_stats *stats, struct acr_str name, struct acr_str method)
{
    char small[SMALL_KEY];
    struct acr_str key = make_key(name.data, name.size, method, small);
    struct acr_stats_entry *entry = acr_map_find(&stats->entries, key);
    bool is_other = method.size == 0 && acr_str_equal(name, OTHER_NAMES);
    if (entry == NULL && (stats->entries.live < ACR_STATS_ENTRIES_MAX || is_other))
        entry = entry_add(stats, key, name, method);
    if (key.data != small)
        acr_free((char *)key.data);
    return entry != NULL ? entry : acr_stats_entry_get(stats, OTHER_NAMES, (struct acr_str){0});
}

struct acr_stats_entry *acr_stats_entry_find(const struct acr_stats *stats, struct acr_str name, struct acr_str method)
{
    char small[SMALL_KEY];
    struct acr_str key = make_key(name.data, name.size, method, small);
    struct acr_stats_entry *entry = acr_map_find(&stats->entries, key);
    if (key.data != small)
        acr_free((char *)key.data);
    return entry;
}

uint64_t acr_stats_epoch(const struct acr_stats *stats)
{
    return stats->epoch;
}

struct acr_stats_entry *const *acr_stats_entries(const struct acr_stats *stats, size_t *ret_count)
{
    *ret_count = stats->entries.live;
    return stats->sorted;
}

const struct acr_stats_error *acr_stats_error_next(const struct acr_stats *stats, size_t *position)
{
    const struct acr_map_slot *slot = acr_map_next(&stats->errors, position);
    return slot != NULL ? slot->value : NULL;
}

struct acr_stats_entry *acr_stats_total(struct acr_stats *stats)
{
    return &stats->total;
}

const struct acr_stats_mark *acr_stats_marks(const struct acr_stats *stats)
{
    return stats->marks;
}

acr_nanos acr_stats_now_wall(const struct acr_stats *stats)
{
    return stats->clock->wall(stats->clock);
}

/* Says that the entry is used now and returns the counts of this second. */
static struct acr_stats_second *touch(struct acr_stats *stats, struct acr_stats_entry *entry, acr_nanos now,
                                      int64_t second)
{
    struct acr_stats_second *counts = &entry->seconds[(uint64_t)second % ACR_STATS_SECONDS];
    if (ACR_UNLIKELY(counts->second != second)) {
        if (entry == &stats->total)
            mark_second(stats, second - 1);
        *counts = (struct acr_stats_second){.second = second};
    }
    entry->last_wall = now;
    return counts;
}

void acr_stats_success(struct acr_stats *stats, struct acr_stats_entry *entry, acr_nanos nanos, uint64_t content_bytes)
{
    acr_nanos now = acr_stats_now_wall(stats);
    int64_t second = now / ACR_NANOS_PER_SECOND;
    struct acr_stats_entry *both[] = {entry, &stats->total};
    for (int i = 0; i < 2; i++) {
        touch(stats, both[i], now, second)->successes++;
        both[i]->success_count++;
        both[i]->content_bytes += content_bytes;
        if (nanos >= 0)
            acr_histogram_record(&both[i]->successes, (uint64_t)nanos);
    }
}

static struct acr_stats_error *error_add(struct acr_stats *stats, struct acr_str key,
                                         const struct acr_stats_entry *entry, struct acr_str text)
{
    struct acr_stats_error *error = acr_alloc_zero(sizeof *error);
    error->method = copy_str(entry != NULL ? entry->method : (struct acr_str){0});
    error->name = copy_str(entry != NULL ? entry->name : (struct acr_str){0});
    error->text = copy_str(text);
    acr_map_set(&stats->errors, key, error);
    return error;
}

/* `entry` NULL: the error that stands for all beyond the most that are kept. */
static struct acr_stats_error *error_get(struct acr_stats *stats, const struct acr_stats_entry *entry,
                                         struct acr_str text)
{
    char small[SMALL_KEY];
    uintptr_t owner = (uintptr_t)entry; /* entries and errors are forgotten together */
    struct acr_str key = make_key(&owner, sizeof owner, text, small);
    struct acr_stats_error *error = acr_map_find(&stats->errors, key);
    if (error == NULL && (stats->errors.live < ACR_STATS_ERRORS_MAX || entry == NULL))
        error = error_add(stats, key, entry, text);
    if (key.data != small)
        acr_free((char *)key.data);
    return error != NULL ? error : error_get(stats, NULL, OTHER_ERRORS);
}

void acr_stats_failure(struct acr_stats *stats, struct acr_stats_entry *entry, acr_nanos nanos, struct acr_str text)
{
    acr_nanos now = acr_stats_now_wall(stats);
    int64_t second = now / ACR_NANOS_PER_SECOND;
    struct acr_stats_entry *both[] = {entry, &stats->total};
    for (int i = 0; i < 2; i++) {
        touch(stats, both[i], now, second)->failures++;
        both[i]->failure_count++;
        if (nanos >= 0)
            acr_histogram_record(&both[i]->failures, (uint64_t)nanos);
    }
    error_get(stats, entry, acr_error_text_mask(&stats->masked, text))->occurrences++;
}

uint64_t acr_stats_request_count(const struct acr_stats *stats)
{
    return stats->total.success_count + stats->total.failure_count;
}

uint64_t acr_stats_failure_count(const struct acr_stats *stats)
{
    return stats->total.failure_count;
}

void acr_stats_entry_reset(struct acr_stats *stats, struct acr_stats_entry *entry)
{
    acr_nanos now = acr_stats_now_wall(stats);
    acr_histogram_reset(&entry->successes);
    acr_histogram_reset(&entry->failures);
    entry->success_count = entry->failure_count = entry->content_bytes = 0;
    entry->start_wall = entry->last_wall = now;
    memset(entry->seconds, 0, sizeof entry->seconds);
    if (entry == &stats->total) {
        marks_done(stats);
        mark_second(stats, now / ACR_NANOS_PER_SECOND);
    }
}

void acr_stats_reset(struct acr_stats *stats)
{
    acr_stats_entry_reset(stats, &stats->total);
    for (size_t i = 0; i < stats->entries.live; i++)
        acr_stats_entry_reset(stats, stats->sorted[i]);
}

void acr_stats_clear(struct acr_stats *stats)
{
    forget_all(stats);
    total_open(stats);
    stats->epoch++;
}
