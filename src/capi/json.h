/* SPDX-License-Identifier: MIT */
/*
 * json - looks into a text of JSON without making a tree of it.
 *
 * Most tests look at one or two members of a small answer, for which a tree costs twenty times as much as to read the
 * text where it stands. Jansson says what is JSON and how a value is written: numbers that may be too large for it and
 * names with escapes are shown to it, and tests compare all the rest with what it finds. (It overlooks a zero byte
 * behind a number; here that is no JSON.)
 *
 * Every text here is followed by a zero byte, as bodies are (acr_body()).
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* Documents nested more deeply are none: who parses them may recurse, and users have small stacks. */
#define ACR_CAPI_JSON_DEPTH_MAX 64

/* Is this one value, with blanks around it at most, that Jansson would take (JSON_DECODE_ANY)? */
bool acr_capi_json_check(struct acr_str text);

/* The value at a pointer (RFC 6901), as it is written in a text that was checked; {NULL, 0}: there is none. Of members
 * of one name the last one counts, and an index may be written as strtoul() takes it. */
struct acr_str acr_capi_json_find(struct acr_str text, const char *pointer);

/* Of a value that was found: may it be given to a script without its quotes, or else as it is? If not, Jansson has to
 * undo escapes, or to write it in its own way. */
bool acr_capi_json_is_plain(struct acr_str value);

/* One part of a pointer, from behind its '/' to the next one, without the escapes ("~1", "~0"); to be freed. */
char *acr_capi_json_unescape(const char *begin, const char *end);
