/* SPDX-License-Identifier: MIT */
/*
 * log - one line per record, in Locust's layout:
 *
 *     [2026-01-31 12:00:00,123] host/INFO/locust.runners: text
 *
 * Any thread may log; each record is one write(2), so lines never mix. Levels have Python's numbers, so that
 * the Python front end can hand its level over. Logging is for run, report, web, cli and the front ends;
 * base, loop, net, http and stats return errors instead.
 */
#pragma once

#include "base/error.h"

enum acr_log_level {
    ACR_LOG_DEBUG = 10,
    ACR_LOG_INFO = 20,
    ACR_LOG_WARNING = 30,
    ACR_LOG_ERROR = 40,
    ACR_LOG_CRITICAL = 50,
};

/* Records below `level` are dropped. Before the first call: INFO to stderr. */
void acr_log_set_level(int level);
int acr_log_level(void);

/* Sends records to `fd` (borrowed) instead of stderr. */
void acr_log_set_fd(int fd);

/* `logger` is a dotted name such as "locust.runners". A newline is added. */
void acr_log(int level, const char *logger, const char *format, ...) ACR_PRINTF(3, 4);

/* "DEBUG" … "CRITICAL" in any case to its number; -1 for another word. */
int acr_log_level_from_name(const char *name);
