/* SPDX-License-Identifier: MIT */
/* log - formats one record and writes it with one system call. */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"

/* Longest record; a longer text is cut. Pipes take up to PIPE_BUF = 4096 bytes in one piece. */
#define RECORD_MAX 4096

static const struct {
    int level;
    const char *name;
} level_names[] = {
    {ACR_LOG_DEBUG, "DEBUG"}, {ACR_LOG_INFO, "INFO"},         {ACR_LOG_WARNING, "WARNING"},
    {ACR_LOG_ERROR, "ERROR"}, {ACR_LOG_CRITICAL, "CRITICAL"},
};

/* The process has one standard error, so where records go is process-wide, too. */
static _Atomic int current_level = ACR_LOG_INFO;
static _Atomic int current_fd = STDERR_FILENO;

void acr_log_set_level(int level)
{
    current_level = level;
}

int acr_log_level(void)
{
    return current_level;
}

void acr_log_set_fd(int fd)
{
    current_fd = fd;
}

int acr_log_level_from_name(const char *name)
{
    for (size_t i = 0; i < ACR_ARRAY_SIZE(level_names); i++)
        if (strcasecmp(level_names[i].name, name) == 0)
            return level_names[i].level;
    return -1;
}

static const char *level_name(int level)
{
    for (size_t i = 0; i < ACR_ARRAY_SIZE(level_names); i++)
        if (level_names[i].level == level)
            return level_names[i].name;
    return "NOTSET";
}

/* "[date time,ms] host/LEVEL/logger: "; returns its length. */
static size_t format_prefix(char *out, size_t size, int level, const char *logger)
{
    acr_nanos now = acr_clock_system()->wall(acr_clock_system());
    time_t seconds = (time_t)(now / ACR_NANOS_PER_SECOND);
    int millis = (int)(now % ACR_NANOS_PER_SECOND / ACR_NANOS_PER_MILLI);
    struct tm local;
    localtime_r(&seconds, &local);
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local);
    char host[256];
    if (gethostname(host, sizeof host) != 0)
        snprintf(host, sizeof host, "localhost");
    host[sizeof host - 1] = '\0';
    int used = snprintf(out, size, "[%s,%03d] %s/%s/%s: ", date, millis, host, level_name(level), logger);
    return used < 0 ? 0 : (size_t)used < size ? (size_t)used : size - 1;
}

void acr_log(int level, const char *logger, const char *format, ...)
{
    if (level < current_level)
        return;
    char record[RECORD_MAX];
    size_t used = format_prefix(record, sizeof record - 1, level, logger);
    va_list args;
    va_start(args, format);
    int text = vsnprintf(record + used, sizeof record - 1 - used, format, args);
    va_end(args);
    if (text > 0)
        used += (size_t)text < sizeof record - 1 - used ? (size_t)text : sizeof record - 2 - used;
    record[used++] = '\n';
    ssize_t written = write(current_fd, record, used);
    (void)written; /* there is nowhere to report that reporting failed */
}
