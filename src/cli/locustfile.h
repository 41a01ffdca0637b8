/* SPDX-License-Identifier: MIT */
/*
 * locustfile - finds the file that -f means (spec/locust-0.9.md 1.4).
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* A value without a folder is looked for in the working directory and then in each one above it; "NAME" also means
 * "NAME.py" and, after that, "NAME.c"; a package (a folder with __init__.py) of that name comes first. "~" is the home
 * folder. ret_path is absolute (free with acr_free). ACR_ERR_NOT_FOUND with a sentence in `error`. */
ACR_MUST_CHECK int acr_locustfile_find(const char *value, char **ret_path, struct acr_error *error);

/* For the front end: is it to be run by Python, and not as a scenario in C (.c, .cc, .cpp, .so)? */
bool acr_locustfile_is_python(const char *path);
