/* SPDX-License-Identifier: MIT */
/* site - looks routes up by the bytes a script passes; a miss parses the URL. */
#include "python/site.h"

#include "base/memory.h"
#include "python/convert.h"
#include "python/record.h"

struct acr_python_site *acr_python_site_get(struct acr_str base_url)
{
    struct acr_python_site *site = acr_map_find(&acr_python.sites, base_url);
    if (site != NULL)
        return site;
    site = acr_alloc_zero(sizeof *site);
    site->base_url = (struct acr_str){acr_strndup(base_url.data, base_url.size), base_url.size};
    acr_map_init(&site->routes);
    acr_map_set(&acr_python.sites, base_url, site);
    return site;
}

/* An absolute URL is used as it is, anything else is put behind the base URL without a slash added or removed
 * (spec 3.2). */
static bool is_absolute(struct acr_str text)
{
    return acr_str_starts_nocase(text, ACR_STR("http://")) || acr_str_starts_nocase(text, ACR_STR("https://"));
}

static int parse(struct acr_python_site *site, struct acr_str text, struct acr_url *ret_url, struct acr_error *error)
{
    if (is_absolute(text) || site->base_url.size == 0)
        return acr_url_parse(text, ret_url, error);
    struct acr_buffer whole = {.limit = ACR_URL_MAX};
    int code = acr_buffer_append_str(&whole, site->base_url);
    if (code == 0)
        code = acr_buffer_append_str(&whole, text);
    if (code == 0)
        code = acr_url_parse(acr_buffer_str(&whole), ret_url, error);
    else
        acr_error_set(error, code, "URL longer than %d bytes", ACR_URL_MAX);
    acr_buffer_done(&whole);
    return code;
}

static struct acr_python_route *route_new(struct acr_url *url)
{
    PyObject *label = acr_python_from_wire(url->target);
    if (label == NULL)
        return NULL;
    struct acr_python_route *route = acr_alloc_zero(sizeof *route);
    route->url = *url;
    route->label = label;
    route->number = ++acr_python.routes_made;
    route->references = 1;
    return route;
}

struct acr_python_route *acr_python_route_get(struct acr_python_site *site, struct acr_str text)
{
    struct acr_python_route *route = acr_map_find(&site->routes, text);
    if (ACR_LIKELY(route != NULL)) {
        route->references++;
        return route;
    }
    struct acr_url url = {0};
    struct acr_error error = {0};
    if (parse(site, text, &url, &error) != 0)
        return NULL;
    route = route_new(&url);
    if (route == NULL) {
        acr_url_done(&url);
        return NULL;
    }
    if (site->route_count < ACR_PYTHON_ROUTES_MAX) {
        acr_map_set(&site->routes, text, route);
        site->route_count++;
        route->references++;
    }
    return route;
}

void acr_python_route_unref(struct acr_python_route *route)
{
    if (route == NULL || --route->references > 0)
        return;
    acr_url_done(&route->url);
    Py_DECREF(route->label);
    acr_free(route);
}

struct acr_stats_entry *acr_python_route_entry(struct acr_python_route *route, enum acr_python_verb verb,
                                               PyObject *method)
{
    if (verb == ACR_VERB_OTHER)
        return acr_python_entry(route->label, method);
    uint64_t epoch = acr_stats_epoch(acr_python.engine->stats);
    if (ACR_LIKELY(route->entries[verb].epoch == epoch))
        return route->entries[verb].entry;
    struct acr_stats_entry *entry = acr_python_entry(route->label, method);
    if (entry != NULL) {
        route->entries[verb].entry = entry;
        route->entries[verb].epoch = epoch;
    }
    return entry;
}

void acr_python_session_state_unref(struct acr_python_session_state *state)
{
    if (state == NULL || --state->references > 0)
        return;
    acr_buffer_done(&state->header_lines);
    acr_buffer_done(&state->authorization);
    acr_free(state);
}
