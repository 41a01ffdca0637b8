/* SPDX-License-Identifier: MIT */
/* The cache and the command, with a compiler of the test's own that writes down how it was called. */
#include "support/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "capi/compile.h"
#include "capi/object.h"

static char root[PATH_MAX], log_path[2 * PATH_MAX], cache_path[2 * PATH_MAX];
static int log_file;
static struct acr_error error;

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* Preprocesses by copying, and makes an object of a program that is one. */
static const char compiler[] = "#!/bin/sh\n"
                               "echo \"$@\" >>log\n"
                               "case \"$*\" in\n"
                               "*--version) echo \"$VERSION\";;\n"
                               "*\" -E \"*) for source; do :; done; cat \"$source\" header.h;;\n"
                               "*) while [ \"$1\" != -o ]; do shift; done; cp /proc/$$/exe \"$2\"; exit ${FAIL:-0};;\n"
                               "esac\n";

static int setup(void **state)
{
    (void)state;
    char folder[] = "/tmp/acrida-test-XXXXXX";
    if (mkdtemp(folder) == NULL || realpath(folder, root) == NULL || chdir(root) < 0)
        return -1;
    snprintf(log_path, sizeof log_path, "%s/log", root);
    snprintf(cache_path, sizeof cache_path, "%s/cache", root);
    write_file("compiler", compiler, 0755);
    write_file("header.h", "one\n", 0644);
    write_file("scenario.c", "text\n// acrida: -DOWN  -lown\n//acrida: -DNOT\n // acrida: -DNOT\n", 0644);
    setenv("CC", "./compiler -DBY_CC", 1);
    setenv("CXX", "./compiler -DBY_CXX", 1);
    setenv("ACRIDA_CFLAGS", "-DBY_FLAGS", 1);
    setenv("XDG_CACHE_HOME", cache_path, 1);
    setenv("VERSION", "1", 1);
    log_file = open("records", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    acr_log_set_fd(log_file);
    error = (struct acr_error){0};
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *position)
{
    (void)info;
    (void)flag;
    (void)position;
    return remove(path);
}

static int teardown(void **state)
{
    static const char *const names[] = {"CC", "CXX", "ACRIDA_CFLAGS", "XDG_CACHE_HOME", "VERSION", "FAIL", "TMPDIR"};
    (void)state;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(names); i++)
        unsetenv(names[i]);
    acr_log_set_fd(STDERR_FILENO);
    close(log_file);
    return chdir("/") < 0 ? -1 : nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Of the compiler's calls; they are forgotten. */
static size_t count_calls(const char *words)
{
    char line[4096];
    size_t count = 0;
    FILE *file = fopen(log_path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        count += strstr(line, words) != NULL;
    if (file != NULL)
        fclose(file);
    unlink(log_path);
    return count;
}

static size_t count_files(const char *pattern)
{
    glob_t found;
    int code = glob(pattern, 0, NULL, &found);
    size_t count = code == 0 ? found.gl_pathc : 0;
    if (code == 0)
        globfree(&found);
    return count;
}

/* Compiles it; returns whether that was necessary. */
static bool compiles(const char *source)
{
    struct acr_compiled made = {0};
    if (acr_compile(source, &made, &error) != 0)
        fail_msg("%s", error.detail);
    assert_null(made.folder);
    assert_int_equal(acr_object_check(made.path, &error), 0);
    acr_compiled_done(&made);
    return count_calls("-shared") > 0;
}

static void test_what_was_compiled_is_found_again_until_something_changes(void **state)
{
    (void)state;
    assert_true(compiles("scenario.c"));
    assert_false(compiles("scenario.c"));
    write_file("header.h", "two\n", 0644);
    assert_true(compiles("scenario.c"));
    setenv("VERSION", "2", 1);
    assert_true(compiles("scenario.c"));
    setenv("ACRIDA_CFLAGS", "-DOTHER", 1);
    assert_true(compiles("scenario.c"));
    write_file("scenario.c", "text\n// acrida: -lown\n", 0644);
    assert_true(compiles("scenario.c"));
    assert_false(compiles("scenario.c"));
    assert_int_equal(count_files("cache/acrida/scenario.c-????????????????.so"), 5);
    assert_int_equal(count_files("cache/acrida/*"), 5);
}

static void test_flags_are_those_of_the_compiler_of_the_source_and_of_the_environment(void **state)
{
    (void)state;
    assert_true(compiles("scenario.c"));
    write_file("scenario.cpp", "text\n", 0644);
    struct acr_compiled made = {0};
    assert_int_equal(acr_compile("scenario.c", &made, NULL), 0);
    acr_compiled_done(&made);
    assert_int_equal(count_calls("-DBY_CC -O2 -g"), 2); /* its version, and the source */
    assert_int_equal(acr_compile("scenario.cpp", &made, NULL), 0);
    acr_compiled_done(&made);
    assert_int_equal(count_calls("-DBY_CXX -O2 -g -fPIC"), 3);
    write_file("scenario.c", "new\n// acrida: -DOWN\t-lown\n // acrida: -DNOT\n", 0644);
    assert_int_equal(acr_compile("scenario.c", &made, NULL), 0);
    acr_compiled_done(&made);
    FILE *file = fopen(log_path, "re");
    char line[4096] = "";
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        continue;
    if (file != NULL)
        fclose(file);
    assert_non_null(strstr(line, " -DOWN -lown -DBY_FLAGS "));
    assert_null(strstr(line, "-DNOT"));
}

static void test_a_compilation_that_fails_leaves_nothing(void **state)
{
    (void)state;
    struct acr_compiled made = {0};
    setenv("FAIL", "1", 1);
    assert_int_equal(acr_compile("scenario.c", &made, &error), ACR_ERR_SCRIPT);
    assert_string_equal(error.detail, "scenario.c does not compile");
    assert_null(made.path);
    assert_int_equal(count_files("cache/acrida"), 1);
    assert_int_equal(count_files("cache/acrida/*"), 0);
}

static void test_a_compiler_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct acr_compiled made = {0};
    setenv("CC", "./none", 1);
    assert_int_equal(acr_compile("scenario.c", &made, &error), ACR_ERR_NOT_FOUND);
    assert_non_null(strstr(error.detail, "there is no compiler ./none to compile scenario.c"));
    assert_int_equal(acr_compile("none.c", &made, &error), ACR_ERR_NOT_FOUND);
    assert_non_null(strstr(error.detail, "none.c: No such file"));
    assert_int_equal(acr_compile(".", &made, &error), ACR_ERR_NOT_FOUND);
    assert_non_null(strstr(error.detail, ".: Is a directory"));
}

static void test_without_a_cache_the_object_goes_when_it_is_not_needed(void **state)
{
    (void)state;
    struct acr_compiled made = {0};
    char text[1024] = "";
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    setenv("TMPDIR", root, 1);
    assert_int_equal(acr_compile("scenario.c", &made, &error), 0);
    assert_int_equal(count_files("acrida-*/scenario.c-*.so"), 1);
    acr_compiled_done(&made);
    assert_int_equal(count_files("acrida-*"), 0);
    assert_true(pread(log_file, text, sizeof text - 1, 0) > 0);
    assert_non_null(strstr(text, "the cache /dev/null/acrida cannot be written (Not a directory)"));
    setenv("TMPDIR", "/dev/null", 1);
    assert_int_equal(acr_compile("scenario.c", &made, &error), ACR_ERR_SYSTEM);
}

static void test_an_object_that_is_none_is_made_again(void **state)
{
    (void)state;
    struct acr_compiled made = {0};
    assert_int_equal(acr_compile("scenario.c", &made, &error), 0);
    assert_int_equal(truncate(made.path, 3), 0);
    acr_compiled_done(&made);
    count_calls("");
    assert_true(compiles("scenario.c"));
    assert_false(compiles("scenario.c"));
}
