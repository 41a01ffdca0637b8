/* SPDX-License-Identifier: MIT */
/*
 * bytesize - how much memory: "65536", "256k", "1m".
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

/* Digits alone are bytes; with k, m or g behind them, in any case, 1024 times as much, and so on. ACR_ERR_INVALID for
 * anything else, ACR_ERR_LIMIT past what can be counted. */
ACR_MUST_CHECK int acr_bytesize_parse(const char *text, size_t *ret_bytes);
