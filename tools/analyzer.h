/* SPDX-License-Identifier: MIT */
/*
 * analyzer - what tools/check_bugs.py tells clang's analyzer, which sees one source file at a time.
 *
 * The fillers of struct acr_error return the code they are given; without this every failing path looks as if it could
 * return 0.
 */
#pragma once

#include "base/error.h"

#define acr_error_set(error, code, ...) (acr_error_set(error, code, __VA_ARGS__), (code))
#define acr_error_set_system(error, code, ...) (acr_error_set_system(error, code, __VA_ARGS__), (code))
