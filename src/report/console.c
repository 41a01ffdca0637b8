/* SPDX-License-Identifier: MIT */
/* console - the three tables. */
#include "report/console.h"

#include <inttypes.h>
#include <stdio.h>

#include "report/text.h"

#define ERROR_WIDTH 100

static void put_rule(unsigned name_width, struct acr_buffer *out)
{
    for (unsigned i = 0; i < 80 + name_width; i++)
        acr_text_append(out, ACR_STR("-"));
    acr_text_append(out, ACR_STR("\n"));
}

static void put_name(struct acr_str method, struct acr_str name, unsigned name_width, struct acr_buffer *out)
{
    acr_text_append(out, ACR_STR(" "));
    size_t start = out->size;
    acr_text_label(out, method, name);
    acr_text_pad(out, start, name_width);
}

static void put_counts(const struct acr_request_row *row, struct acr_buffer *out)
{
    char failures[64];
    snprintf(failures, sizeof failures, "%" PRIu64 "(%.2f%%)", row->failures,
             acr_text_fail_percent(row->requests, row->failures));
    acr_text_format(out, " %7" PRIu64 " %12s", row->requests, failures);
}

/* Cut, not rounded, as Locust prints its numbers. What no time can be is shown as 0. */
static uint64_t whole(double millis)
{
    return millis >= 1 && millis < 1e15 ? (uint64_t)millis : 0;
}

/* ---- requests */

void acr_console_requests_head(unsigned name_width, struct acr_buffer *out)
{
    acr_text_format(out, " %-*s %7s %12s %7s %7s %7s  | %7s %7s\n", (int)name_width, "Name", "# reqs", "# fails", "Avg",
                    "Min", "Max", "Median", "req/s");
    put_rule(name_width, out);
}

void acr_console_requests_row(const struct acr_request_row *row, unsigned name_width, struct acr_buffer *out)
{
    put_name(row->method, row->name, name_width, out);
    put_counts(row, out);
    acr_text_format(out, " %7" PRIu64 " %7" PRIu64 " %7" PRIu64 "  | %7" PRIu64 " %7.2f\n", whole(row->average_ms),
                    whole(row->least_ms), whole(row->most_ms), whole(row->median_ms), row->rps);
}

void acr_console_requests_end(const struct acr_request_row *total, unsigned name_width, struct acr_buffer *out)
{
    put_rule(name_width, out);
    put_name(total->method, total->name, name_width, out);
    put_counts(total, out);
    acr_text_format(out, " %42.2f\n\n", total->rps);
}

static struct acr_request_row request_row(const struct acr_snapshot *snapshot, const struct acr_snapshot_entry *entry,
                                          acr_nanos now_wall)
{
    const struct acr_histogram *times = &entry->successes;
    return (struct acr_request_row){
        .method = entry->method,
        .name = entry->name,
        .requests = entry->success_count,
        .failures = entry->failure_count,
        .average_ms = acr_text_millis(acr_histogram_mean(times)),
        .least_ms = acr_text_millis((double)times->min_nanos),
        .most_ms = acr_text_millis((double)times->max_nanos),
        .median_ms = acr_text_millis((double)acr_histogram_quantile(times, 0.5)),
        .rps = acr_snapshot_current_rps(snapshot, entry, now_wall),
    };
}

void acr_console_requests(const struct acr_snapshot *snapshot, acr_nanos now_wall, unsigned name_width,
                          struct acr_buffer *out)
{
    acr_console_requests_head(name_width, out);
    for (size_t i = 0; i < snapshot->entry_count; i++) {
        struct acr_request_row row = request_row(snapshot, &snapshot->entries[i], now_wall);
        acr_console_requests_row(&row, name_width, out);
    }
    struct acr_request_row total = request_row(snapshot, &snapshot->total, now_wall);
    acr_console_requests_end(&total, name_width, out);
}

/* ---- percentiles */

void acr_console_percentiles_head(unsigned name_width, struct acr_buffer *out)
{
    acr_text_append(out, ACR_STR("Percentage of the requests completed within given times\n"));
    acr_text_format(out, " %-*s %8s %6s %6s %6s %6s %6s %6s %6s %6s %6s\n", (int)name_width, "Name", "# reqs", "50%",
                    "66%", "75%", "80%", "90%", "95%", "98%", "99%", "100%");
    put_rule(name_width, out);
}

void acr_console_percentiles_row(const struct acr_percentile_row *row, unsigned name_width, struct acr_buffer *out)
{
    put_name(row->method, row->name, name_width, out);
    acr_text_format(out, " %8" PRIu64, row->requests);
    for (int i = 0; i < ACR_TEXT_PERCENTILES; i++)
        acr_text_format(out, " %6" PRIu64, whole(row->times_ms[i]));
    acr_text_append(out, ACR_STR("\n"));
}

void acr_console_percentiles_end(const struct acr_percentile_row *total, unsigned name_width, struct acr_buffer *out)
{
    put_rule(name_width, out);
    if (total != NULL)
        acr_console_percentiles_row(total, name_width, out);
    acr_text_append(out, ACR_STR("\n"));
}

static struct acr_percentile_row percentile_row(const struct acr_snapshot_entry *entry)
{
    struct acr_percentile_row row = {.method = entry->method, .name = entry->name, .requests = entry->success_count};
    for (int i = 0; i < ACR_TEXT_PERCENTILES; i++)
        row.times_ms[i] = acr_text_millis((double)acr_histogram_percentile(&entry->successes, acr_text_percentiles[i]));
    return row;
}

void acr_console_percentiles(const struct acr_snapshot *snapshot, unsigned name_width, struct acr_buffer *out)
{
    acr_console_percentiles_head(name_width, out);
    for (size_t i = 0; i < snapshot->entry_count; i++) {
        struct acr_percentile_row row = percentile_row(&snapshot->entries[i]);
        if (snapshot->entries[i].successes.count > 0)
            acr_console_percentiles_row(&row, name_width, out);
    }
    struct acr_percentile_row total = percentile_row(&snapshot->total);
    acr_console_percentiles_end(snapshot->total.successes.count > 0 ? &total : NULL, name_width, out);
}

/* ---- errors */

static void put_error(const struct acr_stats_error *error, struct acr_buffer *out)
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

void acr_console_errors(const struct acr_stats_error *errors, size_t count, unsigned name_width, struct acr_buffer *out)
{
    if (count == 0)
        return;
    acr_text_append(out, ACR_STR("Error report\n"));
    acr_text_format(out, " %-18s %-*s\n", "# occurrences", ERROR_WIDTH, "Error");
    put_rule(name_width, out);
    for (size_t i = 0; i < count; i++)
        put_error(&errors[i], out);
    put_rule(name_width, out);
    acr_text_append(out, ACR_STR("\n"));
}
