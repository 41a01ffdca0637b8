/* SPDX-License-Identifier: MIT */
/*
 * own_options - options that a scenario adds to the command line (ACR_OPTION).
 */
#pragma once

#include "base/buffer.h"
#include "capi/internal.h"

/* Words of the command line that are left when options and their values are taken out: names of classes. */
struct acr_capi_words {
    const char **items; /* the texts are borrowed, the array is owned: acr_free() */
    size_t count;
};

/* Gives each registered option its value: of the command line, else of its environment variable, else none. With
 * request->may_be_empty only its declaration is looked at. ACR_ERR_USAGE: an option is unknown, is one of the program's
 * own, or its value is wrong; ACR_ERR_SCRIPT: a declaration is. `words` may be filled in any case. */
ACR_MUST_CHECK int acr_capi_options_read(const struct acr_scenario_request *request, struct acr_capi_words *words,
                                         struct acr_error *error);

/* Takes the values away again. */
void acr_capi_options_forget(void);

/* What --help says of them; nothing when there are none. */
void acr_capi_options_help(struct acr_buffer *out);
