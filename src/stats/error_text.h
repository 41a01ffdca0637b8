/* SPDX-License-Identifier: MIT */
/*
 * error_text - the text an error is grouped by: without the addresses of objects, and of bounded size.
 *
 * Locust replaces the address in "object at 0x7f...>" by "0x....", wherever else it stands in the text, too, but looks
 * at the first such object only. Here every one is masked, so that texts with two objects are grouped as well.
 */
#pragma once

#include "base/str.h"
#include "stats/stats.h"

/* Room for a text that had to be changed, too much for a coroutine's stack. Uninitialised memory will do. */
struct acr_error_text {
    char bytes[ACR_STATS_ERROR_TEXT_MAX];
    char spare[ACR_STATS_ERROR_TEXT_MAX];
};

/* The result points into `text` where nothing was to be changed, else into `memory`. A cut text ends in "...". */
struct acr_str acr_error_text_mask(struct acr_error_text *memory, struct acr_str text);
