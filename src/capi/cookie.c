/* SPDX-License-Identifier: MIT */
/* cookie - a task's hand in its user's cookies. */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/blocking.h"
#include "capi/internal.h"

static int64_t seconds_now(const acr_user *user)
{
    const struct acr_clock *clock = user->capi->scenario.engine->clock;
    return clock->wall(clock) / ACR_NANOS_PER_SECOND;
}

/* False: the user has no host. */
static bool parse_host(const acr_user *user, struct acr_url *ret_url)
{
    return user->class->host != NULL && acr_url_parse(acr_str_of(user->class->host), ret_url, NULL) == 0;
}

const char *acr_cookie(acr_user *user, const char *name)
{
    struct acr_url url;
    if (user->client == NULL || acr_capi_refuse_in_work("acr_cookie()"))
        return NULL;
    bool has_host = parse_host(user, &url);
    const struct acr_cookie *found =
        acr_cookies_find(acr_client_cookies(user->client), has_host ? &url : NULL, seconds_now(user), name);
    if (has_host)
        acr_url_done(&url);
    return found != NULL ? acr_capi_text_copy(user, acr_str_of(found->value)) : NULL;
}

/* What would be taken for something else in a Cookie header. */
static bool is_value(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == ';' || *text == 0x7f)
            return false;
    return true;
}

static int store(acr_user *user, const char *name, const char *value)
{
    struct acr_url url;
    struct acr_cookie cookie = {.name = (char *)name,
                                .value = (char *)value,
                                .domain = (char *)"",
                                .path = (char *)"/",
                                .expires = INT64_MAX,
                                .host_only = true};
    if (!parse_host(user, &url))
        return acr_cookies_set(acr_client_cookies(user->client), &cookie);
    cookie.domain = acr_capi_text_new(user, url.host.size);
    memcpy(cookie.domain, url.host.data, url.host.size);
    acr_url_done(&url);
    return acr_cookies_set(acr_client_cookies(user->client), &cookie);
}

static bool refuse(const acr_user *user, const char *name, const char *why)
{
    acr_log(ACR_LOG_ERROR, "locust.runners", "%s: acr_set_cookie(\"%.64s\"): %s", user->class->definition->name, name,
            why);
    return false;
}

bool acr_set_cookie(acr_user *user, const char *name, const char *value)
{
    if (acr_capi_refuse_in_work("acr_set_cookie()"))
        return false;
    acr_capi_client_get(user);
    if (value == NULL) {
        acr_cookies_remove(acr_client_cookies(user->client), NULL, NULL, name);
        return true;
    }
    if (!acr_request_is_name(acr_str_of(name)))
        return refuse(user, name, "this is no name for a cookie");
    if (!is_value(value))
        return refuse(user, name, "a value has no semicolons, line breaks and other control characters");
    if (store(user, name, value) != 0)
        return refuse(user, name, "name and value are longer than a cookie may be, 4096 bytes");
    return true;
}

void acr_clear_cookies(acr_user *user)
{
    if (user->client != NULL && !acr_capi_refuse_in_work("acr_clear_cookies()"))
        acr_cookies_remove(acr_client_cookies(user->client), NULL, NULL, NULL);
}
