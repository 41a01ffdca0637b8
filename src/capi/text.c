/* SPDX-License-Identifier: MIT */
/* text - memory for as long as a task runs, and what is written into it. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/internal.h"

/* What is longer is cut. */
#define LOG_TEXT_MAX 1024

char *acr_capi_text_new(acr_user *user, size_t size)
{
    struct acr_capi_text *text = acr_alloc(sizeof *text + size + 1);
    text->next = user->texts;
    text->data[size] = '\0';
    user->texts = text;
    return text->data;
}

const char *acr_capi_text_copy(acr_user *user, struct acr_str str)
{
    char *data = acr_capi_text_new(user, str.size);
    if (str.size > 0)
        memcpy(data, str.data, str.size);
    return data;
}

void acr_capi_texts_free(acr_user *user)
{
    while (user->texts != NULL) {
        struct acr_capi_text *text = user->texts;
        user->texts = text->next;
        acr_free(text);
    }
}

void *acr_memory(acr_user *user, size_t size)
{
    return memset(acr_capi_text_new(user, size), 0, size);
}

const char *acr_format(acr_user *user, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *data = acr_capi_text_new(user, size > 0 ? (size_t)size : 0);
    va_start(args, format);
    if (size > 0)
        vsnprintf(data, (size_t)size + 1, format, args);
    va_end(args);
    return data;
}

static void append_pair(struct acr_buffer *out, const char *name, const char *value)
{
    int rc = out->size > 0 ? acr_buffer_append(out, "&", 1) : 0;
    rc = rc < 0 ? rc : acr_url_quote(out, acr_str_of(name), NULL, true);
    rc = rc < 0 ? rc : acr_buffer_append(out, "=", 1);
    rc = rc < 0 ? rc : acr_url_quote(out, acr_str_of(value), NULL, true);
    (void)rc; /* without a limit there is no failure */
}

const char *acr_form(acr_user *user, ...)
{
    struct acr_buffer out = {0};
    va_list args;
    va_start(args, user);
    const char *name, *value;
    while ((name = va_arg(args, const char *)) != NULL && (value = va_arg(args, const char *)) != NULL)
        append_pair(&out, name, value);
    va_end(args);
    const char *text = acr_capi_text_copy(user, acr_buffer_str(&out));
    acr_buffer_done(&out);
    return text;
}

static void log_text(const acr_user *user, int level, const char *format, va_list args)
{
    char text[LOG_TEXT_MAX];
    if (level < acr_log_level())
        return;
    vsnprintf(text, sizeof text, format, args);
    acr_log(level, user != NULL ? user->class->definition->name : "scenario", "%s", text);
}

void acr_log_debug(acr_user *user, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_text(user, ACR_LOG_DEBUG, format, args);
    va_end(args);
}

void acr_log_info(acr_user *user, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_text(user, ACR_LOG_INFO, format, args);
    va_end(args);
}

void acr_log_warning(acr_user *user, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_text(user, ACR_LOG_WARNING, format, args);
    va_end(args);
}

void acr_log_error(acr_user *user, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_text(user, ACR_LOG_ERROR, format, args);
    va_end(args);
}
