/* SPDX-License-Identifier: MIT */
/*
 * timespan - how long, as Locust writes it: "90", "20s", "3m", "1h30m" (spec/locust-0.9.md 1.7).
 */
#pragma once

#include "base/error.h"
#include "base/time.h"

/* Digits alone are seconds; else hours, minutes, seconds in that order, at least one of them. ACR_ERR_INVALID for
 * anything else, trailing text included (decisions.md D34); ACR_ERR_LIMIT past what can be counted. */
ACR_MUST_CHECK int acr_timespan_parse(const char *text, acr_nanos *ret_span);
