/* SPDX-License-Identifier: MIT */
/* answer - what a task reads in an answer, and how it is counted. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/blocking.h"
#include "capi/events.h"
#include "capi/internal.h"
#include "capi/json.h"
#include "capi/pattern.h"

/* Compiled expressions kept: those that a script makes anew for each request must not fill the memory. */
#define PATTERNS_MAX 256

/* ---- counting */

static struct acr_stats *stats_of(const acr_response *answer)
{
    return answer->user->capi->scenario.engine->stats;
}

void acr_capi_check_limit(acr_user *user)
{
    const struct acr_engine *engine = user->capi->scenario.engine;
    if (engine->request_limit > 0 && acr_stats_request_count(engine->stats) >= engine->request_limit)
        user->ending = true;
}

static struct acr_stats_entry *entry_of(acr_response *answer)
{
    if (answer->name != NULL)
        return acr_stats_entry_get(stats_of(answer), acr_str_of(answer->name), acr_str_of(answer->method));
    return acr_capi_route_entry(answer, stats_of(answer));
}

static void tell(const struct acr_capi_count *count, struct acr_str error)
{
    bool failed = error.size > 0;
    acr_capi_tell_request(&(const acr_request_record){
        .type = count->entry->method.data,
        .name = count->entry->name.data,
        .seconds = count->time < 0 ? -1 : acr_nanos_to_seconds(count->time),
        .bytes = failed ? 0 : count->bytes,
        .error = failed ? acr_capi_text_copy(count->user, error) : NULL,
        .user = count->user,
        .response = count->response,
    });
}

void acr_capi_count(const struct acr_capi_count *count, struct acr_str error)
{
    struct acr_stats *stats = count->user->capi->scenario.engine->stats;
    if (error.size == 0)
        acr_stats_success(stats, count->entry, count->time, count->bytes);
    else
        acr_stats_failure(stats, count->entry, count->time, error);
    if (acr_capi_has_request_listeners(count->user->capi))
        tell(count, error);
    acr_capi_check_limit(count->user);
}

void acr_capi_answer_count(acr_response *answer, struct acr_str error)
{
    answer->open = false;
    struct acr_capi_count count = {.user = answer->user,
                                   .entry = entry_of(answer),
                                   .time = answer->time,
                                   .bytes = answer->http != NULL ? answer->http->body.size : 0,
                                   .response = answer};
    acr_capi_count(&count, error);
}

static struct acr_str final_url(const acr_response *answer)
{
    return answer->http->url != NULL ? answer->http->url->whole : answer->route->url.whole;
}

void acr_capi_answer_judge(acr_response *answer)
{
    struct acr_buffer text = {0};
    int rc = 0;
    if (answer->http == NULL) {
        rc = acr_buffer_append_str(&text, acr_str_of(answer->why));
    } else if (answer->http->status >= 400 && answer->http->status < 600) {
        struct acr_str reason = acr_response_reason(answer->http), url = final_url(answer);
        rc = acr_buffer_append_format(&text, "%d %s Error: %.*s for url: %.*s", answer->http->status,
                                      answer->http->status < 500 ? "Client" : "Server", ACR_STR_ARGS(reason),
                                      ACR_STR_ARGS(url));
    }
    (void)rc; /* without a limit there is no failure */
    acr_capi_answer_count(answer, acr_buffer_str(&text));
    acr_buffer_done(&text);
}

/* Once: a task that does so does it each time. */
static void complain_of_uncaught(const acr_response *response, const char *function)
{
    struct acr_capi *capi = response->user->capi;
    if (!response->uncaught || capi->told_of_uncaught)
        return;
    capi->told_of_uncaught = true;
    struct acr_str target = response->route != NULL ? response->route->url.target : ACR_STR("to no valid URL");
    acr_log(ACR_LOG_ERROR, "locust.runners",
            "%s: %s() changes nothing for a request without .catch_response = true (%s %.*s): its status counts",
            response->user->class->definition->name, function, response->method, ACR_STR_ARGS(target));
}

static bool may_count(const acr_response *response)
{
    return !response->user->in_work || !acr_capi_refuse_in_work("acr_success() or acr_failure()");
}

void acr_success(acr_response *response)
{
    if (!may_count(response))
        return;
    if (response->open)
        acr_capi_answer_count(response, (struct acr_str){0});
    else
        complain_of_uncaught(response, "acr_success");
}

void acr_failure(acr_response *response, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!may_count(response))
        return;
    if (response->open)
        acr_capi_answer_count(response, text[0] != '\0' ? acr_str_of(text) : ACR_STR("failure"));
    else
        complain_of_uncaught(response, "acr_failure");
}

static void answer_free(acr_response *answer)
{
    acr_response_unref(answer->http);
    if (answer->route != NULL && !answer->route->kept)
        acr_capi_route_free(answer->route);
    acr_free(answer);
}

void acr_capi_answers_end(acr_user *user)
{
    while (user->answers != NULL) {
        acr_response *answer = user->answers;
        user->answers = answer->next;
        if (answer->open)
            acr_capi_answer_judge(answer);
        answer_free(answer);
    }
}

/* ---- reading */

int acr_status(const acr_response *response)
{
    return response->http != NULL ? response->http->status : 0;
}

const char *acr_why(const acr_response *response)
{
    return response->why;
}

const char *acr_body(acr_response *response)
{
    struct acr_buffer *body = response->http != NULL ? &response->http->body : NULL;
    if (body == NULL)
        return "";
    body->limit = 0; /* it has all it will get, and may have come up to the limit */
    if (acr_buffer_reserve(body, 1) != 0)
        return "";
    body->data[body->size] = '\0';
    return body->data;
}

size_t acr_body_size(const acr_response *response)
{
    return response->http != NULL ? response->http->body.size : 0;
}

static const char *find(const char *data, const char *end, const char *text)
{
    return memmem(data, (size_t)(end - data), text, strlen(text));
}

bool acr_body_contains(acr_response *response, const char *text)
{
    const char *body = acr_body(response);
    return find(body, body + acr_body_size(response), text) != NULL;
}

const char *acr_header(acr_response *response, const char *name)
{
    if (response->http == NULL)
        return NULL;
    struct acr_str value = acr_response_header(response->http, acr_str_of(name));
    return value.data != NULL ? acr_capi_text_copy(response->user, value) : NULL;
}

double acr_elapsed(const acr_response *response)
{
    return acr_nanos_to_seconds(response->time);
}

const char *acr_find_between(acr_response *response, const char *left, const char *right)
{
    const char *body = acr_body(response), *end = body + acr_body_size(response);
    const char *begin = find(body, end, left);
    if (begin == NULL)
        return NULL;
    begin += strlen(left);
    const char *stop = find(begin, end, right);
    return stop != NULL ? acr_capi_text_copy(response->user, (struct acr_str){begin, (size_t)(stop - begin)}) : NULL;
}

void acr_capi_patterns_free(struct acr_capi *capi)
{
    size_t position = 0;
    const struct acr_map_slot *slot;
    while ((slot = acr_map_next(&capi->patterns, &position)) != NULL)
        acr_capi_pattern_free(slot->value);
    acr_map_done(&capi->patterns);
}

static const char *match(acr_response *response, struct acr_capi_pattern *pattern)
{
    struct acr_str body = {acr_body(response), acr_body_size(response)};
    struct acr_str found = acr_capi_pattern_find(pattern, body);
    return found.data != NULL ? acr_capi_text_copy(response->user, found) : NULL;
}

const char *acr_find_regex(acr_response *response, const char *pattern)
{
    struct acr_map *patterns = &response->user->capi->patterns;
    bool is_shared = !response->user->in_work; /* else this is another thread */
    struct acr_capi_pattern *known = is_shared ? acr_map_find(patterns, acr_str_of(pattern)) : NULL;
    if (known != NULL)
        return match(response, known);
    struct acr_capi_pattern *made = acr_capi_pattern_new(pattern);
    const char *found = match(response, made);
    if (is_shared && patterns->live < PATTERNS_MAX)
        acr_map_set(patterns, acr_str_of(pattern), made);
    else
        acr_capi_pattern_free(made);
    return found;
}

static const char *find_in_json(acr_response *response, struct acr_capi_json *json, const char *pointer)
{
    struct acr_str value;
    return acr_capi_json_find(json, pointer, &value.data, &value.size) ? acr_capi_text_copy(response->user, value)
                                                                       : NULL;
}

/* On a thread of its own, with a parser of its own. */
static const char *find_in_work(acr_response *response, const char *pointer)
{
    struct acr_capi_json *json = acr_capi_json_new();
    const char *found = NULL;
    if (acr_capi_json_take(json, acr_body(response), acr_body_size(response)) != 0)
        found = find_in_json(response, json, pointer);
    acr_capi_json_free(json);
    return found;
}

/* Other users' answers may have been looked into meanwhile. */
static bool take_json(acr_response *response)
{
    struct acr_capi_json *json = response->user->capi->json;
    if (acr_capi_json_has(json, response->json_number))
        return true;
    if (!response->json_refused)
        response->json_number = acr_capi_json_take(json, acr_body(response), acr_body_size(response));
    response->json_refused = response->json_number == 0;
    return !response->json_refused;
}

const char *acr_json(acr_response *response, const char *pointer)
{
    if (response->user->in_work)
        return find_in_work(response, pointer);
    return take_json(response) ? find_in_json(response, response->user->capi->json, pointer) : NULL;
}
