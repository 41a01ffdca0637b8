/* SPDX-License-Identifier: MIT */
/*
 * increase - how fast a ceiling rises, as boomer writes it: "10", "10/1m".
 */
#pragma once

#include "base/error.h"
#include "base/time.h"

/* "STEP" or "STEP/TIME": a number above 0, and a time as of timespan.h that is not 0; without one a second. "-1": it
 * does not rise, *ret_step is 0. ACR_ERR_INVALID for anything else, ACR_ERR_LIMIT for a number that cannot be meant. */
ACR_MUST_CHECK int acr_increase_parse(const char *text, double *ret_step, acr_nanos *ret_period);
