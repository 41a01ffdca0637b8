/* SPDX-License-Identifier: MIT */
/* csv - rows, quoting, and files that appear whole. */
#include "report/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "report/text.h"

/* Doubles the quotes of what was appended since `start`. */
static void double_quotes(struct acr_buffer *out, size_t start)
{
    size_t size = out->size - start, quotes = 0;
    for (size_t i = start; i < out->size; i++)
        quotes += out->data[i] == '"';
    if (quotes == 0 || acr_buffer_reserve(out, quotes) != 0)
        return;
    for (char *from = out->data + start + size, *to = from + quotes; to > from;) {
        *--to = *--from;
        if (*from == '"')
            *--to = '"';
    }
    out->size += quotes;
}

static void put_quoted(struct acr_buffer *out, struct acr_str method, struct acr_str name)
{
    acr_text_append(out, ACR_STR("\""));
    size_t start = out->size;
    acr_text_label(out, method, name);
    double_quotes(out, start);
    acr_text_append(out, ACR_STR("\""));
}

static void put_request_row(struct acr_buffer *out, const struct acr_snapshot *snapshot,
                            const struct acr_snapshot_entry *entry, struct acr_str method)
{
    const struct acr_histogram *times = &entry->successes;
    uint64_t requests = entry->success_count;
    uint64_t size = requests > 0 ? (entry->content_bytes + requests / 2) / requests : 0;
    acr_text_append(out, ACR_STR("\n"));
    put_quoted(out, (struct acr_str){0}, method);
    acr_text_append(out, ACR_STR(","));
    put_quoted(out, (struct acr_str){0}, entry->name);
    acr_text_format(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.2f",
                    requests, entry->failure_count, acr_text_millis_rounded(acr_histogram_quantile(times, 0.5)),
                    acr_text_millis_rounded((uint64_t)acr_histogram_mean(times)),
                    acr_text_millis_rounded(times->min_nanos), acr_text_millis_rounded(times->max_nanos), size,
                    acr_snapshot_total_rps(snapshot, entry));
}

void acr_csv_requests(const struct acr_snapshot *snapshot, struct acr_buffer *out)
{
    acr_text_append(out, ACR_STR("\"Method\",\"Name\",\"# requests\",\"# failures\",\"Median response time\","
                                 "\"Average response time\",\"Min response time\",\"Max response time\","
                                 "\"Average Content Size\",\"Requests/s\""));
    for (size_t i = 0; i < snapshot->entry_count; i++)
        put_request_row(out, snapshot, &snapshot->entries[i], snapshot->entries[i].method);
    put_request_row(out, snapshot, &snapshot->total, ACR_STR("None"));
}

static void put_distribution_row(struct acr_buffer *out, const struct acr_snapshot_entry *entry)
{
    const struct acr_histogram *times = &entry->successes;
    bool has_successes = entry->success_count > 0;
    acr_text_append(out, ACR_STR("\n"));
    put_quoted(out, has_successes ? entry->method : (struct acr_str){0}, entry->name);
    acr_text_format(out, ",%" PRIu64, entry->success_count);
    for (int i = 0; i < ACR_TEXT_PERCENTILES; i++) {
        if (times->count == 0)
            acr_text_append(out, ACR_STR(",\"N/A\""));
        else
            acr_text_format(out, ",%" PRIu64,
                            acr_text_millis_rounded(acr_histogram_percentile(times, acr_text_percentiles[i])));
    }
}

void acr_csv_distribution(const struct acr_snapshot *snapshot, struct acr_buffer *out)
{
    acr_text_append(out, ACR_STR("\"Name\",\"# requests\",\"50%\",\"66%\",\"75%\",\"80%\",\"90%\",\"95%\",\"98%\","
                                 "\"99%\",\"100%\""));
    for (size_t i = 0; i < snapshot->entry_count; i++)
        put_distribution_row(out, &snapshot->entries[i]);
    put_distribution_row(out, &snapshot->total);
}

/* 0 or an errno. */
static int write_all(int fd, struct acr_str text)
{
    while (text.size > 0) {
        ssize_t written = write(fd, text.data, text.size);
        if (written < 0 && errno != EINTR)
            return errno;
        if (written > 0) {
            text.data += written;
            text.size -= (size_t)written;
        }
    }
    return 0;
}

/* Writes `text` to `temporary` and renames it to `path`: 0 or an errno. */
static int replace_file(const char *path, const char *temporary, struct acr_str text)
{
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    int failed = write_all(fd, text);
    if (close(fd) != 0 && failed == 0)
        failed = errno;
    if (failed == 0 && rename(temporary, path) != 0)
        failed = errno;
    if (failed != 0)
        unlink(temporary);
    return failed;
}

static int write_file(const char *base, const char *suffix, struct acr_str text, struct acr_error *error)
{
    struct acr_buffer path = {0}, temporary = {0};
    acr_text_format(&path, "%s%s%c", base, suffix, '\0');
    acr_text_format(&temporary, "%s%s.tmp%c", base, suffix, '\0');
    int failed = replace_file(path.data, temporary.data, text), result = 0;
    if (failed != 0)
        result = acr_error_set_system(error, ACR_ERR_SYSTEM, failed, "%s", path.data);
    acr_buffer_done(&path);
    acr_buffer_done(&temporary);
    return result;
}

int acr_csv_write(const struct acr_snapshot *snapshot, const char *base, struct acr_error *error)
{
    struct acr_buffer requests = {0}, distribution = {0};
    acr_csv_requests(snapshot, &requests);
    acr_csv_distribution(snapshot, &distribution);
    int result = write_file(base, "_requests.csv", acr_buffer_str(&requests), error);
    if (result == 0)
        result = write_file(base, "_distribution.csv", acr_buffer_str(&distribution), error);
    acr_buffer_done(&requests);
    acr_buffer_done(&distribution);
    return result;
}
