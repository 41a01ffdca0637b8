/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "cli/locustfile.h"

/* A folder of its own per test; the working directory is there. */
static char root[PATH_MAX];
static int old_folder;

static int setup(void **state)
{
    (void)state;
    char folder[] = "/tmp/acrida-test-XXXXXX";
    old_folder = open(".", O_RDONLY | O_CLOEXEC);
    if (old_folder < 0 || mkdtemp(folder) == NULL || realpath(folder, root) == NULL)
        return -1;
    return chdir(root);
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
    (void)state;
    int rc = fchdir(old_folder);
    close(old_folder);
    return rc != 0 ? rc : nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0777), 0);
}

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    close(fd);
}

/* `expected` is relative to the test's folder. */
static void check_found(const char *value, const char *expected)
{
    char path[2 * PATH_MAX];
    char *found = NULL;
    struct acr_error error = {0};
    if (acr_locustfile_find(value, &found, &error) != 0)
        fail_msg("%s: %s", value, error.detail);
    snprintf(path, sizeof path, "%s/%s", root, expected);
    assert_string_equal(found, path);
    acr_free(found);
}

/* `expected`: base names with a blank between. */
static void check_files(const char *const *values, size_t count, const char *expected)
{
    struct acr_locustfiles files;
    struct acr_error error = {0};
    struct acr_buffer names = {0};
    if (acr_locustfiles_find(values, count, &files, &error) != 0)
        fail_msg("%s: %s", values[0], error.detail);
    for (size_t i = 0; i < files.count; i++) {
        assert_int_equal(files.paths[i][0], '/');
        assert_int_equal(acr_buffer_append_format(&names, "%s%s", i > 0 ? " " : "", strrchr(files.paths[i], '/') + 1),
                         0);
    }
    acr_locustfiles_done(&files);
    assert_int_equal(acr_buffer_append(&names, "", 1), 0);
    assert_string_equal(names.data, expected);
    acr_buffer_done(&names);
}

static void check_files_refused(const char *const *values, size_t count, int code, const char *reason)
{
    struct acr_locustfiles files;
    struct acr_error error = {0};
    assert_int_equal(acr_locustfiles_find(values, count, &files, &error), code);
    acr_locustfiles_done(&files);
    if (strstr(error.detail, reason) == NULL)
        fail_msg("%s: '%s' lacks '%s'", values[0], error.detail, reason);
}

#define VALUES(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static void check_missing(const char *value, const char *reason)
{
    char *found = NULL;
    struct acr_error error = {0};
    assert_int_equal(acr_locustfile_find(value, &found, &error), ACR_ERR_NOT_FOUND);
    assert_null(found);
    if (strstr(error.detail, reason) == NULL)
        fail_msg("%s: '%s' lacks '%s'", value, error.detail, reason);
}

static void test_a_name_stands_for_the_file_with_or_without_its_suffix(void **state)
{
    (void)state;
    make_file("demo.py");
    check_found("demo.py", "demo.py");
    check_found("demo", "demo.py");
}

static void test_a_name_without_a_folder_is_looked_for_upward(void **state)
{
    (void)state;
    make_file("locustfile.py");
    make_folder("a");
    make_folder("a/b");
    assert_int_equal(chdir("a/b"), 0);
    check_found("locustfile", "locustfile.py");
    make_file("../locustfile.py");
    check_found("locustfile", "a/locustfile.py");
}

static void test_a_package_comes_before_the_file_of_that_name(void **state)
{
    (void)state;
    make_file("locustfile.py");
    make_folder("locustfile");
    check_found("locustfile", "locustfile.py");
    make_file("locustfile/__init__.py");
    check_found("locustfile", "locustfile");
    check_found("locustfile.py", "locustfile.py");
}

static void test_a_path_with_a_folder_is_not_looked_for_upward(void **state)
{
    (void)state;
    make_folder("files");
    make_file("files/my-test.py");
    make_folder("elsewhere");
    check_found("files/my-test.py", "files/my-test.py");
    check_found("files/my-test", "files/my-test.py");
    check_found("./files/../files//my-test.py", "files/my-test.py");
    assert_int_equal(chdir("elsewhere"), 0);
    check_missing("files/my-test.py", "no locustfile found");
    check_found("../files/my-test.py", "files/my-test.py");
}

static void test_an_absolute_path_stays_what_it_is(void **state)
{
    (void)state;
    char path[PATH_MAX + 16];
    make_file("demo.py");
    make_folder("x");
    snprintf(path, sizeof path, "%s/demo.py", root);
    check_found(path, "demo.py");
    snprintf(path, sizeof path, "%s/./x/../demo", root);
    check_found(path, "demo.py");
}

static void test_scenarios_in_c_may_be_several(void **state)
{
    (void)state;
    make_file("a.c");
    make_file("b.so");
    make_folder("more");
    make_file("more/z.cpp");
    make_file("more/d.cc");
    make_file("more/_left_out.c");
    make_file("more/.hidden.c");
    make_file("more/notes.txt");
    check_files(VALUES("a.c"), "a.c");
    check_files(VALUES("a.c,b.so"), "a.c b.so");
    check_files(VALUES("b.so", "a,a.c", "./more/../b.so"), "b.so a.c");
    check_files(VALUES("more", ",a.c,"), "d.cc z.cpp a.c");
    make_file("a.c,b.so");
    check_files(VALUES("a.c,b.so"), "a.c,b.so");
    check_files_refused(VALUES("a.c", "c.c"), ACR_ERR_NOT_FOUND, "there is no c.c");
    check_files_refused(VALUES("a.c,c.c"), ACR_ERR_NOT_FOUND, "there is no c.c");
    check_files_refused(VALUES(","), ACR_ERR_NOT_FOUND, "there is no ,");
    check_files_refused(VALUES(""), ACR_ERR_NOT_FOUND, "no locustfile found");
}

static void test_a_folder_of_scenarios_comes_after_a_file_or_package_of_that_name(void **state)
{
    (void)state;
    make_folder("shop");
    make_file("shop/one.c");
    check_files(VALUES("shop"), "one.c");
    make_file("shop.py");
    check_files(VALUES("shop"), "shop.py");
    check_files(VALUES("shop/"), "one.c");
    make_file("shop/__init__.py");
    check_files(VALUES("shop"), "shop");
}

static void test_of_python_the_last_value_counts_and_is_one_file(void **state)
{
    (void)state;
    make_file("a.py");
    make_file("b.py");
    make_file("c.c");
    check_files(VALUES("a.py", "b.py"), "b.py");
    check_files(VALUES("none.py", "b"), "b.py");
    check_files(VALUES("a.py,b.py", "a.py"), "a.py");
    check_files_refused(VALUES("a.py,b.py"), ACR_ERR_INVALID, "only scenarios in C can be several");
    check_files_refused(VALUES("a.py", "c.c"), ACR_ERR_INVALID, "a run has one language");
    check_files_refused(VALUES("c.c", "a.py"), ACR_ERR_INVALID, "a run has one language");
    check_files_refused(VALUES("c.c,a.py"), ACR_ERR_INVALID, "a run has one language");
}

static void test_a_tilde_is_the_home_folder(void **state)
{
    (void)state;
    char *home = getenv("HOME") != NULL ? acr_strdup(getenv("HOME")) : NULL;
    assert_int_equal(setenv("HOME", root, 1), 0);
    make_file("demo.py");
    check_found("~/demo.py", "demo.py");
    check_missing("~nobody-of-that-name/demo.py", "no locustfile found");
    assert_int_equal(home != NULL ? setenv("HOME", home, 1) : unsetenv("HOME"), 0);
    acr_free(home);
}

static void test_a_link_is_named_as_it_was_given(void **state)
{
    (void)state;
    make_file("real.py");
    assert_int_equal(symlink("real.py", "link.py"), 0);
    check_found("link", "link.py");
}

static void test_scenarios_in_other_languages_are_told_by_their_names(void **state)
{
    (void)state;
    const char *const names[] = {"scenario.c", "scenario.cc", "scenario.cpp", "scenario.so"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(names); i++) {
        make_file(names[i]);
        check_found(names[i], names[i]);
        assert_false(acr_locustfile_is_python(names[i]));
    }
    assert_true(acr_locustfile_is_python("scenario.py"));
    assert_true(acr_locustfile_is_python("package"));
}

static void test_a_name_alone_is_one_in_c_if_there_is_none_in_python(void **state)
{
    (void)state;
    make_file("locustfile.c");
    check_found("locustfile", "locustfile.c");
    make_file("locustfile.py");
    check_found("locustfile", "locustfile.py");
    check_missing("locustfile.cc", "there is no locustfile.cc in");
}

static void test_what_cannot_be_used_is_refused_with_the_reason(void **state)
{
    (void)state;
    make_file("notes.txt");
    make_folder("plain");
    check_missing("nothing-of-that-name", "there is no nothing-of-that-name.py or .c in the working directory");
    check_missing("notes.txt", "must end in .py");
    check_missing("plain", "without __init__.py");
    check_missing("missing.c", "there is no missing.c in");
    check_missing("", "no locustfile");
}

static void test_names_longer_than_a_path_are_missing_not_cut(void **state)
{
    (void)state;
    char *name = acr_alloc_zero(2 * PATH_MAX);
    memset(name, 'x', 2 * PATH_MAX - 1);
    check_missing(name, "no locustfile found");
    name[1] = '/';
    check_missing(name, "no locustfile found");
    acr_free(name);
}
