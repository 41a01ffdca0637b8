/* SPDX-License-Identifier: MIT */
/*
 * number - numbers as Python's optparse reads them from a command line (spec/locust-0.9.md 1.1).
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* "12", "-3", " 7 ", "1_000", "0x1f", "0b11"; a leading zero means octal. Clamped to the ends of int64_t.
 * ACR_ERR_INVALID. */
ACR_MUST_CHECK int acr_number_parse_integer(const char *text, int64_t *ret_value);

/* Whatever float() takes: "2.5", "1e3", ".5", "inf", "nan". ACR_ERR_INVALID. */
ACR_MUST_CHECK int acr_number_parse_float(const char *text, double *ret_value);
