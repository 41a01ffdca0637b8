/* SPDX-License-Identifier: MIT */
/*
 * pattern - a regular expression of Perl's kind, as Python's are nearly, with PCRE2.
 *
 * The text is UTF-8; bytes that are not match nothing. A search that takes too long, for which all users
 * wait, or too much memory is given up.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct acr_capi_pattern;

/* Never NULL. What is no expression is logged, and matches nothing. */
struct acr_capi_pattern *acr_capi_pattern_new(const char *text);
void acr_capi_pattern_free(struct acr_capi_pattern *pattern);

/* What the first group matched in `text`, or the whole expression if it has none; {NULL, 0}: nothing. Giving up is
 * logged, once for a pattern. */
struct acr_str acr_capi_pattern_find(struct acr_capi_pattern *pattern, struct acr_str text);
