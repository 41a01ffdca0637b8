/* SPDX-License-Identifier: MIT */
/*
 * csv - the two files of Locust 0.9: BASE_requests.csv and BASE_distribution.csv (spec section 7).
 *
 * Rounded, not truncated, and quoted so that every CSV reader reads the names back (decisions.md D6, D38).
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "stats/snapshot.h"

void acr_csv_requests(const struct acr_snapshot *snapshot, struct acr_buffer *out);
void acr_csv_distribution(const struct acr_snapshot *snapshot, struct acr_buffer *out);

/* Writes both files; each is written beside its name and renamed, so a reader never sees half a file. ACR_ERR_SYSTEM
 * with the path in `error`. */
ACR_MUST_CHECK int acr_csv_write(const struct acr_snapshot *snapshot, const char *base, struct acr_error *error);
