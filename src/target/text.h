/* SPDX-License-Identifier: MIT */
/*
 * text - append words, numbers and JSON to a scratch buffer; read parameters out of a query or a form.
 *
 * The buffers written to are the target's own: unlimited, and bounded by what one request may hold
 * (ACR_TARGET_HEAD_MAX, ACR_TARGET_BODY_MAX). So appending returns nothing; it aborts where memory is out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/str.h"

void acr_text_put(struct acr_buffer *out, struct acr_str text);
void acr_text_put_u64(struct acr_buffer *out, uint64_t number);

/* A quoted JSON string. Bytes that are not UTF-8 become the code point of the same number (Latin-1). */
void acr_text_put_json(struct acr_buffer *out, struct acr_str text);

/* With &, <, > and " as entities. */
void acr_text_put_html(struct acr_buffer *out, struct acr_str text);

/* Appends `text` with %XX decoded and '+' as a blank, as in queries and forms; a broken escape is kept as it is. */
void acr_text_put_decoded(struct acr_buffer *out, struct acr_str text);

/* Walks "a=1&b=2": takes the first pair (still encoded) off *rest; false at the end. Empty pairs are skipped. */
bool acr_text_next_pair(struct acr_str *rest, struct acr_str *ret_name, struct acr_str *ret_value);

/* The first value of `name` (an undecoded word), still encoded; {NULL, 0} when there is none. */
struct acr_str acr_text_parameter(struct acr_str query, struct acr_str name);

/* The same as a number; `fallback` when absent or not a number. */
uint64_t acr_text_parameter_u64(struct acr_str query, struct acr_str name, uint64_t fallback);
double acr_text_parameter_double(struct acr_str query, struct acr_str name, double fallback);

/* All of `text` as a number in the C locale's notation, not negative; false when it is none. */
bool acr_text_double(struct acr_str text, double *ret_number);
