/* SPDX-License-Identifier: MIT */
/* request - from a call's options to a counted answer. */
#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/blocking.h"
#include "capi/internal.h"
#include "http/auth.h"
#include "run/load.h"

/* What every request carries unless its options say otherwise. */
#define DEFAULTS(X)                        \
    X("User-Agent", "acrida/" ACR_VERSION) \
    X("Accept", "*/*")                     \
    X("Accept-Encoding", "gzip, deflate, br, zstd")
#define LINE(name, value) name ": " value "\r\n"
#define NAME_AND_LINE(name, value) {name, LINE(name, value)},
static const struct {
    const char *name, *line;
} defaults[] = {DEFAULTS(NAME_AND_LINE)};

static struct acr_engine *engine_of(const acr_user *user)
{
    return user->capi->scenario.engine;
}

/* ---- routes */

static bool is_absolute(struct acr_str text)
{
    return acr_str_starts_nocase(text, ACR_STR("http://")) || acr_str_starts_nocase(text, ACR_STR("https://"));
}

/* It is known at the first request only whether a class needs a host: then the run ends, or each of its requests would
 * fail. The user is ended as if it had been told to. */
static int miss_host(const acr_user *user, struct acr_str text, struct acr_error *error)
{
    struct acr_capi *capi = user->capi;
    const char *host = user->class->host;
    const char *name = user->class->definition->name;
    if (host == NULL)
        acr_error_set(error, ACR_ERR_CANCELLED, "%s: no host to talk to for %.*s. Give --host (-H), or set .host", name,
                      ACR_STR_ARGS(text));
    else
        acr_error_set(error, ACR_ERR_CANCELLED,
                      "%s: the host %s is not one of http:// or https://, so no request for %.*s", name, host,
                      ACR_STR_ARGS(text));
    if (!capi->host_missed)
        acr_log(ACR_LOG_ERROR, "locust.main", "%s", error->detail);
    capi->host_missed = true;
    if (capi->scenario.exit_code < 0)
        capi->scenario.exit_code = 1;
    acr_load_request_quit(capi->scenario.load);
    return ACR_ERR_CANCELLED;
}

/* "http://site" and "about" would be the site "siteabout". */
static bool runs_into(const char *host, struct acr_str path)
{
    return path.size > 0 && strchr("/?#", path.data[0]) == NULL && !acr_str_ends(acr_str_of(host), ACR_STR("/"));
}

/* "http:" and the like (RFC 3986 section 3.1) before "//", which no path begins with. */
static bool has_scheme(struct acr_str text)
{
    size_t size = 0;
    while (size < text.size && (isalnum((unsigned char)text.data[size]) || strchr("+-.", text.data[size]) != NULL))
        size++;
    return size > 0 && acr_str_starts_nocase((struct acr_str){text.data + size, text.size - size}, ACR_STR("://"));
}

static int parse(const acr_user *user, struct acr_str text, struct acr_url *ret_url, struct acr_error *error)
{
    const char *host = user->class->host;
    if (has_scheme(text))
        return acr_url_parse(text, ret_url, error);
    if (host == NULL || !is_absolute(acr_str_of(host)))
        return miss_host(user, text, error);
    if (runs_into(host, text))
        return acr_error_set(error, ACR_ERR_INVALID_URL, "%.*s: a path begins with '/'", ACR_STR_ARGS(text));
    struct acr_buffer whole = {.limit = ACR_URL_MAX};
    int rc = acr_buffer_append_str(&whole, acr_str_of(host));
    if (rc == 0)
        rc = acr_buffer_append_str(&whole, text);
    rc = rc == 0 ? acr_url_parse(acr_buffer_str(&whole), ret_url, error)
                 : acr_error_set(error, rc, "URL longer than %d bytes", ACR_URL_MAX);
    acr_buffer_done(&whole);
    return rc;
}

void acr_capi_route_free(struct acr_capi_route *route)
{
    acr_url_done(&route->url);
    acr_free(route);
}

void acr_capi_routes_free(struct acr_capi_class *class)
{
    size_t position = 0;
    const struct acr_map_slot *slot;
    while ((slot = acr_map_next(&class->routes, &position)) != NULL)
        acr_capi_route_free(slot->value);
    acr_map_done(&class->routes);
}

/* NULL when the text is no URL; then `error` says why. */
static struct acr_capi_route *find_route(const acr_user *user, struct acr_str text, struct acr_error *error)
{
    struct acr_map *routes = &user->class->routes;
    struct acr_capi_route *route = acr_map_find(routes, text);
    struct acr_url url = {0};
    if (ACR_LIKELY(route != NULL))
        return route;
    if (parse(user, text, &url, error) != 0)
        return NULL;
    route = acr_alloc_zero(sizeof *route);
    route->url = url;
    route->number = ++user->capi->routes_made;
    route->kept = routes->live < ACR_CAPI_ROUTES_MAX;
    if (route->kept)
        acr_map_set(routes, text, route);
    return route;
}

struct acr_stats_entry *acr_capi_route_entry(const acr_response *answer, struct acr_stats *stats)
{
    struct acr_capi_route *route = answer->route;
    int number = answer->method_number;
    if (number < ACR_CAPI_METHODS && route->entries[number].epoch == acr_stats_epoch(stats))
        return route->entries[number].entry;
    struct acr_stats_entry *entry = acr_stats_entry_get(stats, route->url.target, acr_str_of(answer->method));
    if (number < ACR_CAPI_METHODS) {
        route->entries[number].entry = entry;
        route->entries[number].epoch = acr_stats_epoch(stats);
    }
    return entry;
}

/* ---- options */

/* Memory that what is sent refers to. */
struct draft {
    struct acr_buffer lines, authorization;
    bool has_own[ACR_ARRAY_SIZE(defaults)]; /* of the default lines: among `lines` is one of that name */
};

static void draft_done(struct draft *draft)
{
    acr_buffer_done(&draft->lines);
    acr_buffer_done(&draft->authorization);
}

static int add_line(struct acr_request *request, struct draft *draft, struct acr_str line)
{
    ptrdiff_t colon = acr_str_find_char(line, ':');
    if (colon < 0)
        return ACR_ERR_INVALID_HEADER;
    struct acr_str name = acr_str_trim((struct acr_str){line.data, (size_t)colon});
    struct acr_str value = acr_str_trim((struct acr_str){line.data + colon + 1, line.size - (size_t)colon - 1});
    if (acr_str_equal_nocase(name, ACR_STR("content-type"))) {
        request->content_type = value;
        return 0;
    }
    if (acr_str_equal_nocase(name, ACR_STR("content-length")))
        return 0; /* the engine knows better */
    for (size_t i = 0; i < ACR_ARRAY_SIZE(defaults); i++)
        draft->has_own[i] = draft->has_own[i] || acr_str_equal_nocase(name, acr_str_of(defaults[i].name));
    request->own_host = request->own_host || acr_str_equal_nocase(name, ACR_STR("host"));
    request->own_cookies = request->own_cookies || acr_str_equal_nocase(name, ACR_STR("cookie"));
    return acr_request_header_line(&draft->lines, name, value);
}

/* "Name: value" lines, ended by \n or \r\n. */
static int take_headers(struct acr_request *request, const char *headers, struct draft *draft, struct acr_error *error)
{
    struct acr_str rest = acr_str_of(headers);
    while (rest.size > 0) {
        ptrdiff_t end = acr_str_find_char(rest, '\n');
        struct acr_str line = {rest.data, end < 0 ? rest.size : (size_t)end};
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        if (line.size > 0 && add_line(request, draft, line) != 0)
            return acr_error_set(error, ACR_ERR_INVALID_HEADER, "%.*s", ACR_STR_ARGS(line));
        size_t used = end < 0 ? rest.size : (size_t)end + 1;
        rest = (struct acr_str){rest.data + used, rest.size - used};
    }
    return 0;
}

static int add_defaults(struct draft *draft)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ACR_ARRAY_SIZE(defaults); i++)
        if (!draft->has_own[i])
            rc = acr_buffer_append_str(&draft->lines, acr_str_of(defaults[i].line));
    return rc;
}

static int take_body(struct acr_request *request, const acr_options *options, struct acr_error *error)
{
    if ((options->json != NULL) + (options->form != NULL) + (options->body != NULL) > 1)
        return acr_error_set(error, ACR_ERR_INVALID, "a request has one of .body, .json and .form");
    const char *text = options->json != NULL ? options->json : options->form != NULL ? options->form : options->body;
    if (text == NULL)
        return 0;
    request->body = acr_str_of(text);
    if (text == options->body && options->body_size > 0)
        request->body.size = options->body_size;
    request->has_body = true;
    if (request->content_type.size > 0)
        return 0;
    if (options->json != NULL)
        request->content_type = ACR_STR("application/json");
    else if (options->form != NULL)
        request->content_type = ACR_STR("application/x-www-form-urlencoded");
    return 0;
}

static const struct acr_tls_settings *any_certificate(struct acr_capi *capi)
{
    struct acr_tls_settings settings = {.insecure = true};
    if (capi->any_certificate == NULL)
        capi->any_certificate = acr_http_tls(capi->scenario.engine->http, &settings);
    return capi->any_certificate;
}

static int take_authorization(struct acr_request *request, const acr_options *options, struct draft *draft)
{
    if (options->user_name == NULL)
        return 0;
    int rc = acr_auth_basic(&draft->authorization, acr_str_of(options->user_name), acr_str_of(options->password));
    request->authorization = acr_buffer_str(&draft->authorization);
    return rc;
}

static int make_request(acr_user *user, const acr_options *options, struct acr_request *request, struct draft *draft,
                        struct acr_error *error)
{
    request->header_lines = ACR_STR(DEFAULTS(LINE));
    request->follow_redirects = !options->keep_redirects;
    request->connect_timeout = request->read_timeout = acr_nanos_from_seconds(options->timeout);
    if (options->any_certificate)
        request->tls = any_certificate(user->capi);
    if (options->headers != NULL) {
        int rc = take_headers(request, options->headers, draft, error);
        rc = rc < 0 ? rc : add_defaults(draft);
        if (rc < 0)
            return rc;
        request->header_lines = acr_buffer_str(&draft->lines);
    }
    int rc = take_body(request, options, error);
    return rc < 0 ? rc : take_authorization(request, options, draft);
}

/* ---- sending */

static void fail(acr_response *answer, const struct acr_error *error)
{
    char text[ACR_ERROR_DETAIL_MAX + 64];
    acr_error_format(error, text, sizeof text);
    answer->why = acr_capi_text_copy(answer->user, acr_str_of(text));
}

struct acr_client *acr_capi_client_get(acr_user *user)
{
    if (user->client == NULL)
        user->client = acr_client_new(engine_of(user)->http);
    return user->client;
}

static int send_and_wait(acr_user *user, const struct acr_request *request, acr_response *answer,
                         struct acr_error *error)
{
    struct acr_loop *loop = engine_of(user)->loop;
    acr_nanos started = acr_loop_refresh_now(loop);
    struct acr_client *client = acr_capi_client_get(user);
    user->in_request = true;
    int rc = acr_client_request(client, user->fiber, request, &answer->http, error);
    user->in_request = false;
    acr_timer_disarm(&user->patience);
    answer->time = rc == 0 ? answer->http->finished - answer->http->started : acr_loop_refresh_now(loop) - started;
    return rc;
}

/* Of a plain request all of the head comes from the route and the method (struct acr_request). */
static uint64_t head_number(const acr_response *answer, const acr_options *options)
{
    bool plain = options->headers == NULL && options->body == NULL && options->json == NULL && options->form == NULL &&
                 options->user_name == NULL && answer->method_number < ACR_CAPI_METHODS;
    return plain ? answer->route->number * ACR_CAPI_METHODS + (uint64_t)answer->method_number : 0;
}

/* From the options to an answer; `error` says why there is none. */
static int exchange(acr_user *user, const acr_options *options, acr_response *answer, struct acr_error *error)
{
    struct draft draft = {0};
    struct acr_request request = {
        .method = acr_str_of(answer->method), .url = &answer->route->url, .head = head_number(answer, options)};
    int rc = make_request(user, options, &request, &draft, error);
    if (rc == 0)
        rc = send_and_wait(user, &request, answer, error);
    draft_done(&draft);
    return rc;
}

static struct acr_str with_params(acr_user *user, const char *url, const char *params)
{
    if (params == NULL || params[0] == '\0')
        return acr_str_of(url);
    return acr_str_of(acr_format(user, "%s%c%s", url, strchr(url, '?') != NULL ? '&' : '?', params));
}

static void take_method(acr_response *answer, const char *method)
{
    static const char *const methods[ACR_CAPI_METHODS] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
    int number = 0;
    while (number < ACR_CAPI_METHODS && strcmp(method, methods[number]) != 0)
        number++;
    answer->method_number = number;
    answer->method = number < ACR_CAPI_METHODS ? methods[number] : acr_capi_text_copy(answer->user, acr_str_of(method));
}

static acr_response *answer_new(acr_user *user, const char *method, const acr_options *options)
{
    acr_response *answer = acr_alloc(sizeof *answer); /* not zeroed by calloc(), which has no memory at hand */
    *answer = (acr_response){.user = user, .why = "", .name = options->name, .next = user->answers};
    take_method(answer, method);
    user->answers = answer;
    return answer;
}

/* What is judged later must not depend on the memory of the caller. */
static void keep_open(acr_response *answer)
{
    answer->open = true;
    if (answer->name != NULL)
        answer->name = acr_capi_text_copy(answer->user, acr_str_of(answer->name));
}

static const char *why_not(const acr_user *user)
{
    if (user->in_work)
        return "work that blocks makes no requests here";
    return user->ending ? "the user is being ended" : "a listener must not wait";
}

/* A request that fails without a wait, for want of a descriptor perhaps, must not keep all others waiting when it is
 * made again and again. */
static void give_way(acr_user *user)
{
    acr_capi_may_go_on(user, acr_fiber_sleep_until(user->fiber, 0));
}

acr_response *acr_request_with(acr_user *user, const char *method, const char *url, const acr_options *options)
{
    static const acr_options none;
    struct acr_error error;
    acr_error_clear(&error);
    options = options != NULL ? options : &none;
    acr_response *answer = answer_new(user, method, options);
    if (!acr_capi_may_wait(user)) {
        answer->why = why_not(user);
        return answer;
    }
    answer->route = find_route(user, with_params(user, url, options->params), &error);
    if (answer->route == NULL && answer->name == NULL)
        answer->name = acr_capi_text_copy(user, acr_str_of(url));
    int rc = answer->route != NULL ? exchange(user, options, answer, &error) : error.code;
    if (acr_capi_may_go_on(user, rc) && rc != 0)
        give_way(user);
    if (rc != 0)
        fail(answer, &error);
    if (rc == ACR_ERR_CANCELLED)
        return answer; /* nothing came, and nothing is counted */
    answer->uncaught = !options->catch_response;
    if (options->catch_response)
        keep_open(answer);
    else
        acr_capi_answer_judge(answer);
    return answer;
}

/* ---- other protocols */

static struct acr_capi_count count_of(acr_user *user, const char *type, const char *name, double seconds)
{
    struct acr_stats_entry *entry = acr_stats_entry_get(engine_of(user)->stats, acr_str_of(name), acr_str_of(type));
    return (struct acr_capi_count){
        .user = user, .entry = entry, .time = seconds < 0 ? -1 : acr_nanos_from_seconds(seconds)};
}

void acr_record_success(acr_user *user, const char *type, const char *name, double seconds, uint64_t bytes)
{
    if (user->in_work) {
        acr_capi_work_record(
            user, &(const acr_request_record){.type = type, .name = name, .seconds = seconds, .bytes = bytes});
        return;
    }
    struct acr_capi_count count = count_of(user, type, name, seconds);
    count.bytes = bytes;
    acr_capi_count(&count, (struct acr_str){0});
}

void acr_record_failure(acr_user *user, const char *type, const char *name, double seconds, const char *error)
{
    if (user->in_work) {
        acr_capi_work_record(user,
                             &(const acr_request_record){
                                 .type = type, .name = name, .seconds = seconds, .error = error != NULL ? error : ""});
        return;
    }
    struct acr_capi_count count = count_of(user, type, name, seconds);
    acr_capi_count(&count, error != NULL && error[0] != '\0' ? acr_str_of(error) : ACR_STR("failure"));
}
