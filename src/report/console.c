/* SPDX-License-Identifier: MIT */
/* console - the three tables. */
#include "report/console.h"

#include <inttypes.h>
#include <stdio.h>

#include "report/text.h"

#define RULE_WIDTH (80 + ACR_CONSOLE_NAME_WIDTH)
#define ERROR_WIDTH 100

static void put_rule(struct acr_buffer *out)
{
    for (int i = 0; i < RULE_WIDTH; i++)
        acr_text_append(out, ACR_STR("-"));
    acr_text_append(out, ACR_STR("\n"));
}

static void put_name(struct acr_buffer *out, const struct acr_snapshot_entry *entry)
{
    acr_text_append(out, ACR_STR(" "));
    size_t start = out->size;
    acr_text_label(out, entry->method, entry->name);
    acr_text_pad(out, start, ACR_CONSOLE_NAME_WIDTH);
}

static void put_counts(struct acr_buffer *out, const struct acr_snapshot_entry *entry)
{
    char failures[64];
    snprintf(failures, sizeof failures, "%" PRIu64 "(%.2f%%)", entry->failure_count, acr_text_fail_percent(entry));
    acr_text_format(out, " %7" PRIu64 " %12s", entry->success_count, failures);
}

static void put_request_row(struct acr_buffer *out, const struct acr_snapshot *snapshot,
                            const struct acr_snapshot_entry *entry, acr_nanos now_wall)
{
    const struct acr_histogram *times = &entry->successes;
    put_name(out, entry);
    put_counts(out, entry);
    acr_text_format(out, " %7" PRIu64 " %7" PRIu64 " %7" PRIu64 "  | %7" PRIu64 " %7.2f\n",
                    acr_text_millis_truncated((uint64_t)acr_histogram_mean(times)),
                    acr_text_millis_truncated(times->min_nanos), acr_text_millis_truncated(times->max_nanos),
                    acr_text_millis_truncated(acr_histogram_quantile(times, 0.5)),
                    acr_snapshot_current_rps(snapshot, entry, now_wall));
}

void acr_console_requests(const struct acr_snapshot *snapshot, acr_nanos now_wall, struct acr_buffer *out)
{
    acr_text_format(out, " %-*s %7s %12s %7s %7s %7s  | %7s %7s\n", ACR_CONSOLE_NAME_WIDTH, "Name", "# reqs", "# fails",
                    "Avg", "Min", "Max", "Median", "req/s");
    put_rule(out);
    for (size_t i = 0; i < snapshot->entry_count; i++)
        put_request_row(out, snapshot, &snapshot->entries[i], now_wall);
    put_rule(out);
    put_name(out, &snapshot->total);
    put_counts(out, &snapshot->total);
    acr_text_format(out, " %42.2f\n\n", acr_snapshot_current_rps(snapshot, &snapshot->total, now_wall));
}

static void put_percentile_row(struct acr_buffer *out, const struct acr_snapshot_entry *entry)
{
    const struct acr_histogram *times = &entry->successes;
    if (times->count == 0)
        return;
    put_name(out, entry);
    acr_text_format(out, " %8" PRIu64, entry->success_count);
    for (int i = 0; i < ACR_TEXT_PERCENTILES; i++)
        acr_text_format(out, " %6" PRIu64,
                        acr_text_millis_truncated(acr_histogram_percentile(times, acr_text_percentiles[i])));
    acr_text_append(out, ACR_STR("\n"));
}

void acr_console_percentiles(const struct acr_snapshot *snapshot, struct acr_buffer *out)
{
    acr_text_append(out, ACR_STR("Percentage of the requests completed within given times\n"));
    acr_text_format(out, " %-*s %8s %6s %6s %6s %6s %6s %6s %6s %6s %6s\n", ACR_CONSOLE_NAME_WIDTH, "Name", "# reqs",
                    "50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "100%");
    put_rule(out);
    for (size_t i = 0; i < snapshot->entry_count; i++)
        put_percentile_row(out, &snapshot->entries[i]);
    put_rule(out);
    put_percentile_row(out, &snapshot->total);
    acr_text_append(out, ACR_STR("\n"));
}

static void put_error_row(struct acr_buffer *out, const struct acr_stats_error *error)
{
    acr_text_format(out, " %-18" PRIu64 " ", error->occurrences);
    size_t start = out->size;
    acr_text_label(out, error->method, error->name);
    if (out->size > start)
        acr_text_append(out, ACR_STR(": "));
    acr_text_python_repr(out, error->text);
    acr_text_pad(out, start, ERROR_WIDTH);
    acr_text_append(out, ACR_STR("\n"));
}

void acr_console_errors(const struct acr_snapshot *snapshot, struct acr_buffer *out)
{
    if (snapshot->error_count == 0)
        return;
    acr_text_append(out, ACR_STR("Error report\n"));
    acr_text_format(out, " %-18s %-*s\n", "# occurrences", ERROR_WIDTH, "Error");
    put_rule(out);
    for (size_t i = 0; i < snapshot->error_count; i++)
        put_error_row(out, &snapshot->errors[i]);
    put_rule(out);
    acr_text_append(out, ACR_STR("\n"));
}
