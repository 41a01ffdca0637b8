/* SPDX-License-Identifier: MIT */
/*
 * compile - a scenario's source made into a shared object by the system's compiler.
 *
 * What was compiled before is found again by what it came from: the source after preprocessing (so that a change in a
 * header counts), compiler and flags. It is kept in $XDG_CACHE_HOME/acrida, or ~/.cache/acrida. Where that cannot be
 * written, a warning says so, and the object lasts as long as the run.
 *
 * Compiler: $CC or cc; $CXX or c++ for .cc and .cpp. Flags: those of this module, then what lines "// acrida: -lfoo" in
 * the source say, then $ACRIDA_CFLAGS. What the compiler has to say goes to standard error as it is.
 */
#pragma once

#include "base/error.h"

/* Zeroed: none. */
struct acr_compiled {
    char *path;   /* of the shared object */
    char *folder; /* to be removed with it; NULL: it is kept */
};

/* Fills `ret`, which must be zeroed; acr_compiled_done() is due if it succeeds. ACR_ERR_SCRIPT when it does not
 * compile, ACR_ERR_NOT_FOUND without a compiler, ACR_ERR_SYSTEM for the rest. */
ACR_MUST_CHECK int acr_compile(const char *source, struct acr_compiled *ret, struct acr_error *error);

void acr_compiled_done(struct acr_compiled *compiled);
