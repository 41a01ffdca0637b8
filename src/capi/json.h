/* SPDX-License-Identifier: MIT */
/*
 * json - looks into answers of JSON, with simdjson, whose memory is used again for each text.
 *
 * One for all users of a scenario: it holds the text that was taken in last, and numbers those it takes in, so that
 * whoever comes back knows whether it is still theirs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Documents nested more deeply are none: a guard against answers that are made to exhaust their reader. */
#define ACR_CAPI_JSON_DEPTH_MAX 64

struct acr_capi_json;

struct acr_capi_json *acr_capi_json_new(void);
/* Accepts NULL. */
void acr_capi_json_free(struct acr_capi_json *json);

/* Takes a text in instead of the one before; it is copied. Its number, or 0 when it is no JSON. */
uint64_t acr_capi_json_take(struct acr_capi_json *json, const char *text, size_t size);

/* Is the text of that number still there? */
bool acr_capi_json_has(const struct acr_capi_json *json, uint64_t number);

/* The value at a pointer (RFC 6901): a string without its quotes and escapes, all else as JSON without blanks. Valid
 * until the next call, and not ended by a zero byte. False: there is none. Of members of one name the first counts. */
bool acr_capi_json_find(struct acr_capi_json *json, const char *pointer, const char **ret_value, size_t *ret_size);

#ifdef __cplusplus
}
#endif
