/* SPDX-License-Identifier: MIT */
/*
 * option_table - every option there is: names, kind of value, where it goes, what --help says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ACR_OPTION_NAMES_MAX 6

enum acr_option_kind {
    ACR_OPTION_FLAG,
    ACR_OPTION_HELP, /* a flag that ends the parsing */
    ACR_OPTION_STRING,
    ACR_OPTION_FILE,    /* a string; a next argument that begins with '-' is not taken */
    ACR_OPTION_INTEGER, /* int64_t */
    ACR_OPTION_FLOAT,   /* double */
    ACR_OPTION_WORDS, /* all arguments up to the next option, one at least; a bool says that it was given, the words are
                         in `known`, for the front end */
    ACR_OPTION_LATER, /* known to Locust 2, not yet to this version */
};

struct acr_option {
    const char
        *names[ACR_OPTION_NAMES_MAX + 1]; /* "-c", "--clients", ...; those of Locust 0.9 first, NULL at the end */
    size_t old_names;                     /* how many 0.9 has: only these count when a prefix is one of theirs */
    enum acr_option_kind kind;
    size_t offset;       /* into struct acr_options, where a value is kept there */
    const char *metavar; /* NULL for flags */
    const char *help;    /* NULL: not listed */
};

/* Ends with an entry whose names[0] is NULL. */
const struct acr_option *acr_option_table(void);

static inline bool acr_option_takes_value(const struct acr_option *option)
{
    return option->metavar != NULL;
}
