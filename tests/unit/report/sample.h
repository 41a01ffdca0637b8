/* SPDX-License-Identifier: MIT */
/*
 * sample - the requests behind the golden files.
 *
 * The files were computed from this table by printf formats and formulas of Locust 0.9, with the deviations that
 * report/console.h and report/csv.h name; they are not output of the code under test.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "stats/snapshot.h"
#include "support/unit.h"

/* The build names the source folder of the tests. */
#ifndef ACR_TESTS_DIR
#define ACR_TESTS_DIR "."
#endif

#define SAMPLE_START (INT64_C(1500000000) * ACR_NANOS_PER_SECOND)
#define SAMPLE_END (SAMPLE_START + 20 * ACR_NANOS_PER_SECOND)

/* `times` requests in each of the seconds first..last, half a second after its beginning. */
struct sample_row {
    const char *method, *name;
    int first, last, times;
    int64_t micros; /* -1: no time known */
    uint64_t bytes;
    const char *error; /* NULL: a success */
};

static const struct sample_row sample_rows[] = {
    {"GET", "/ok", 0, 19, 10, 1900, 1000, NULL},
    {"GET", "/ok", 5, 19, 3, 12700, 1001, NULL},
    {"GET", "/ok", 7, 18, 1, 145300, 999, NULL},
    {"GET", "/ok", 10, 10, 1, 601000, 0, NULL},
    {"POST", "/ok", 3, 12, 2, 99600, 64, NULL},
    {"POST", "/ok", 4, 12, 1, 250000, 0, "HTTPError('404 Client Error: NOT FOUND for url: http://h/ok')"},
    {"GET", "/gone", 2, 15, 1, 3000, 0, "HTTPError(\"it's gone\")"},
    {"GET", "/a/very/long/path/that/goes/on/and/on/and/pushes/the/rest/to/the/right", 1, 19, 1, 2750000, 123456, NULL},
    {"GET", "/caf\xc3\xa9/\xe2\x82\xac", 0, 19, 1, 20000, 7, NULL},
    {"PUT", "say \"hi\", twice\r\n", 9, 19, 1, 44000, 10, NULL},
    {"PUT", "say \"hi\", twice\r\n", 9, 19, 1, 48200, 11, NULL},
    {"", "custom", 6, 19, 4, -1, 0, NULL},
    {"", "custom", 6, 19, 1, 35000, 0, "E('both \\' and \" and \\\\')"},
    {"GET", "/ok", 19, 19, 3, 5000, 0, "E('line\nand \x1b[31m colour, caf\xc3\xa9, \xe2\x80\xae \xff')"},
    {"GET", "/ok", 19, 19, 1, 5000, 0,
     "CatchResponseError('a text that is so long that it does not fit into the column of one hundred characters')"},
};

static struct acr_snapshot *sample_take(void)
{
    struct acr_clock_fake now;
    acr_clock_fake_init(&now, 0, SAMPLE_START);
    struct acr_stats *stats = acr_stats_new(&now.clock);
    for (int second = 0; second < 20; second++) {
        now.wall_now = SAMPLE_START + second * ACR_NANOS_PER_SECOND + ACR_NANOS_PER_SECOND / 2;
        for (const struct sample_row *row = sample_rows; row < sample_rows + ACR_ARRAY_SIZE(sample_rows); row++) {
            struct acr_stats_entry *entry = acr_stats_entry_get(stats, acr_str_of(row->name), acr_str_of(row->method));
            acr_nanos nanos = row->micros < 0 ? -1 : row->micros * ACR_NANOS_PER_MICRO;
            for (int i = 0; second >= row->first && second <= row->last && i < row->times; i++) {
                if (row->error != NULL)
                    acr_stats_failure(stats, entry, nanos, acr_str_of(row->error));
                else
                    acr_stats_success(stats, entry, nanos, row->bytes);
            }
        }
    }
    struct acr_snapshot *snapshot = acr_snapshot_take(stats);
    acr_stats_free(stats);
    return snapshot;
}

static struct acr_snapshot *empty_take(void)
{
    struct acr_clock_fake now;
    acr_clock_fake_init(&now, 0, SAMPLE_START);
    struct acr_stats *stats = acr_stats_new(&now.clock);
    struct acr_snapshot *snapshot = acr_snapshot_take(stats);
    acr_stats_free(stats);
    return snapshot;
}

static struct acr_buffer file_read(const char *path)
{
    struct acr_buffer text = {0};
    char bytes[4096];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t size; (size = fread(bytes, 1, sizeof bytes, file)) > 0;)
        assert_int_equal(acr_buffer_append(&text, bytes, size), 0);
    fclose(file);
    return text;
}

/* Empties `text`. A difference is shown by leaving what was made in the working directory as NAME.actual. */
static void assert_golden(struct acr_buffer *text, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/unit/report/golden/%s", ACR_TESTS_DIR, name);
    struct acr_buffer expected = file_read(path);
    if (!acr_str_equal(acr_buffer_str(text), acr_buffer_str(&expected))) {
        snprintf(path, sizeof path, "%s.actual", name);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(text->data, 1, text->size, file);
        fclose(file);
        fail_msg("%s differs; see %s", name, path);
    }
    acr_buffer_done(&expected);
    acr_buffer_done(text);
}
