/* SPDX-License-Identifier: MIT */
/*
 * locustfile - finds the files that -f means (spec/locust-0.9.md 1.4).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A value without a folder is looked for in the working directory and then in each one above it; "NAME" also means
 * "NAME.py" and, after that, "NAME.c"; a package (a folder with __init__.py) of that name comes first. "~" is the home
 * folder. ret_path is absolute (free with acr_free). ACR_ERR_NOT_FOUND with a sentence in `error`. */
ACR_MUST_CHECK int acr_locustfile_find(const char *value, char **ret_path, struct acr_error *error);

struct acr_locustfiles {
    char **paths; /* absolute */
    size_t count;
};

/* The files of all -f together, `count` > 0. A value is a name, or names between commas if there is no file of that
 * name. Scenarios in C may be several: each file once, in the order given; a folder that is no package stands for those
 * in it, by name, but for names that begin with '.' or '_'. Of Python the last value counts, as with Locust 0.9, and is
 * one file. Errors as above, and ACR_ERR_INVALID for several files in Python, or for both languages.
 * acr_locustfiles_done() is due in any case. */
ACR_MUST_CHECK int acr_locustfiles_find(const char *const *values, size_t count, struct acr_locustfiles *files,
                                        struct acr_error *error);
void acr_locustfiles_done(struct acr_locustfiles *files);

/* For the front end: is it to be run by Python, and not as a scenario in C (.c, .cc, .cpp, .so)? */
bool acr_locustfile_is_python(const char *path);
