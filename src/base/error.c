/* SPDX-License-Identifier: MIT */
/* error - names and texts of the error codes. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

const char *acr_error_name(int code)
{
    switch (code) {
    case 0:
        return "Ok";
#define ACR_ERROR(name, number, title, text) \
    case ACR_ERR_##name:                     \
        return title;
#include "base/error.def"
#undef ACR_ERROR
    default:
        return "Unknown";
    }
}

const char *acr_error_text(int code)
{
    switch (code) {
    case 0:
        return "success";
#define ACR_ERROR(name, number, title, text) \
    case ACR_ERR_##name:                     \
        return text;
#include "base/error.def"
#undef ACR_ERROR
    default:
        return "unknown error";
    }
}

int acr_error_set(struct acr_error *error, int code, const char *format, ...)
{
    if (error == NULL)
        return code;
    error->code = code;
    error->system = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(error->detail, sizeof error->detail, format, args);
    va_end(args);
    return code;
}

int acr_error_set_system(struct acr_error *error, int code, int system, const char *format, ...)
{
    if (error == NULL)
        return code;
    error->code = code;
    error->system = system;
    va_list args;
    va_start(args, format);
    int used = vsnprintf(error->detail, sizeof error->detail, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof error->detail)
        snprintf(error->detail + used, sizeof error->detail - (size_t)used, ": %s", strerror(system));
    return code;
}

void acr_error_format(const struct acr_error *error, char *out, size_t size)
{
    if (error->detail[0] == '\0')
        snprintf(out, size, "%s", acr_error_text(error->code));
    else
        snprintf(out, size, "%s: %s", acr_error_text(error->code), error->detail);
}
