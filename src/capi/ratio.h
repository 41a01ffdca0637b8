/* SPDX-License-Identifier: MIT */
/*
 * ratio - how often each task of a scenario will run, for --show-task-ratio(-json).
 */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

struct acr_capi;

/* Appends the trees in Locust's layout (spec/locust-0.9.md 1.6), or as one line of JSON. */
ACR_MUST_CHECK int acr_capi_ratio(const struct acr_capi *capi, bool as_json, struct acr_buffer *out);
