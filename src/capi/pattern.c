/* SPDX-License-Identifier: MIT */
/* pattern - compiled once, with the memory for its matches. */
#include "capi/pattern.h"

#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/log.h"
#include "base/memory.h"

/* PCRE2 counts its own steps; so many take some 20 ms. */
#define STEPS_MAX 1000000
/* It keeps what a search needed for the next one of the expression. */
#define KIBIBYTES_MAX (32 * 1024)
/* PCRE2 calls itself for each pair of brackets within another, and users have small stacks. */
#define NESTED_MAX 32
#define LOGGER "locust.runners"

struct acr_capi_pattern {
    pcre2_code *code; /* NULL: it is no expression */
    pcre2_match_data *matches;
    pcre2_match_context *context;
    char *text;
    uint32_t groups;
    bool told; /* that it was given up */
};

static pcre2_code *compile(const char *text, int *ret_code, PCRE2_SIZE *ret_at)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_parens_nest_limit(context, NESTED_MAX);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF,
                                     ret_code, ret_at, context);
    pcre2_compile_context_free(context);
    return code;
}

struct acr_capi_pattern *acr_capi_pattern_new(const char *text)
{
    struct acr_capi_pattern *pattern = acr_alloc_zero(sizeof *pattern);
    PCRE2_SIZE at;
    PCRE2_UCHAR why[256];
    int code;
    pattern->text = acr_strdup(text);
    pattern->code = compile(text, &code, &at);
    if (pattern->code == NULL) {
        pcre2_get_error_message(code, why, sizeof why);
        acr_log(ACR_LOG_ERROR, LOGGER, "acr_find_regex(): %s: %s, at character %zu", text, (const char *)why, at + 1);
        return pattern;
    }
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &pattern->groups);
    pattern->matches = pcre2_match_data_create(2, NULL);
    pattern->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(pattern->context, STEPS_MAX);
    pcre2_set_heap_limit(pattern->context, KIBIBYTES_MAX);
    return pattern;
}

void acr_capi_pattern_free(struct acr_capi_pattern *pattern)
{
    pcre2_match_context_free(pattern->context);
    pcre2_match_data_free(pattern->matches);
    pcre2_code_free(pattern->code);
    acr_free(pattern->text);
    acr_free(pattern);
}

static void tell_of_failure(struct acr_capi_pattern *pattern, int code, size_t size)
{
    PCRE2_UCHAR why[256];
    if (pattern->told)
        return;
    pattern->told = true;
    pcre2_get_error_message(code, why, sizeof why);
    acr_log(ACR_LOG_ERROR, LOGGER,
            "acr_find_regex(): %s: given up in a body of %zu bytes (%s): make it simpler, or take acr_find_between()",
            pattern->text, size, (const char *)why);
}

struct acr_str acr_capi_pattern_find(struct acr_capi_pattern *pattern, struct acr_str text)
{
    static const struct acr_str nothing = {0};
    if (pattern->code == NULL)
        return nothing;
    int code = pcre2_match(pattern->code, (PCRE2_SPTR)text.data, text.size, 0, 0, pattern->matches, pattern->context);
    if (code < 0 && code != PCRE2_ERROR_NOMATCH)
        tell_of_failure(pattern, code, text.size);
    if (code < 0)
        return nothing;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(pattern->matches) + (pattern->groups > 0 ? 2 : 0);
    if (ends[0] == PCRE2_UNSET || ends[1] < ends[0])
        return nothing;
    return (struct acr_str){text.data + ends[0], ends[1] - ends[0]};
}
