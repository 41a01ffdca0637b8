/* SPDX-License-Identifier: MIT */
/*
 * descriptors - how many files this process may open, and whether that is enough for its users' connections.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Descriptors that are not users' connections: the program's own, the interpreter's, libraries'. */
#define ACR_DESCRIPTORS_OWN 64

/* Raises the soft limit to the hard one. ret_limit gets what may be opened now. ACR_ERR_SYSTEM. */
ACR_MUST_CHECK int acr_descriptors_raise(uint64_t *ret_limit, struct acr_error *error);

/* ACR_ERR_LIMIT when `limit` is not enough for so many users with a connection each; `error` says what to do. Not all
 * have one, so it is worth a warning only. */
ACR_MUST_CHECK int acr_descriptors_check(uint64_t limit, size_t users, struct acr_error *error);
