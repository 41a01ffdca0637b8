/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/csv.h"
#include "unit/report/sample.h"

static char directory[64];

static int setup(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/acrida-csv-XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

/* Removes the directory and returns how many files were in it. */
static int remove_directory(void)
{
    DIR *files = opendir(directory);
    int count = 0;
    for (struct dirent *file; files != NULL && (file = readdir(files)) != NULL;) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", directory, file->d_name);
        if (file->d_name[0] != '.') {
            unlink(path);
            count++;
        }
    }
    if (files != NULL)
        closedir(files);
    rmdir(directory);
    return count;
}

static int teardown(void **state)
{
    remove_directory();
    return 0;
}

static void test_the_requests_file_is_that_of_locust_but_rounded_and_quoted(void **state)
{
    struct acr_snapshot *snapshot = sample_take();
    struct acr_buffer text = {0};
    acr_csv_requests(snapshot, &text);
    assert_golden(&text, "requests.csv");
    acr_snapshot_unref(snapshot);
}

static void test_the_distribution_file_is_that_of_locust_but_rounded_and_quoted(void **state)
{
    struct acr_snapshot *snapshot = sample_take();
    struct acr_buffer text = {0};
    acr_csv_distribution(snapshot, &text);
    assert_golden(&text, "distribution.csv");
    acr_snapshot_unref(snapshot);
}

static void test_files_without_requests_have_a_header_and_a_total(void **state)
{
    struct acr_snapshot *snapshot = empty_take();
    struct acr_buffer text = {0};
    acr_csv_requests(snapshot, &text);
    assert_golden(&text, "empty_requests.csv");
    acr_csv_distribution(snapshot, &text);
    assert_golden(&text, "empty_distribution.csv");
    acr_snapshot_unref(snapshot);
}

static void test_both_files_are_written_and_replace_former_ones(void **state)
{
    char base[128], path[160];
    struct acr_error error = {0};
    struct acr_snapshot *empty = empty_take(), *snapshot = sample_take();
    snprintf(base, sizeof base, "%s/run 1", directory);
    assert_int_equal(acr_csv_write(snapshot, base, &error), 0);
    assert_int_equal(acr_csv_write(empty, base, &error), 0);
    snprintf(path, sizeof path, "%s_requests.csv", base);
    struct acr_buffer text = file_read(path);
    assert_golden(&text, "empty_requests.csv");
    assert_int_equal(acr_csv_write(snapshot, base, NULL), 0);
    text = file_read(path);
    assert_golden(&text, "requests.csv");
    snprintf(path, sizeof path, "%s_distribution.csv", base);
    text = file_read(path);
    assert_golden(&text, "distribution.csv");
    assert_int_equal(remove_directory(), 2);
    acr_snapshot_unref(empty);
    acr_snapshot_unref(snapshot);
}

static void test_a_missing_directory_is_an_error_that_names_the_path(void **state)
{
    char base[128];
    struct acr_error error = {0};
    struct acr_snapshot *snapshot = empty_take();
    snprintf(base, sizeof base, "%s/none/run", directory);
    assert_int_equal(acr_csv_write(snapshot, base, &error), ACR_ERR_SYSTEM);
    assert_int_equal(error.system, ENOENT);
    assert_non_null(strstr(error.detail, base));
    acr_snapshot_unref(snapshot);
}

static void test_a_file_that_cannot_be_replaced_leaves_nothing_behind(void **state)
{
    char base[128], path[160];
    struct acr_error error = {0};
    struct acr_snapshot *snapshot = empty_take();
    snprintf(base, sizeof base, "%s/run", directory);
    snprintf(path, sizeof path, "%s_requests.csv", base);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(acr_csv_write(snapshot, base, &error), ACR_ERR_SYSTEM);
    assert_int_equal(error.system, EISDIR);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(remove_directory(), 0);
    acr_snapshot_unref(snapshot);
}
