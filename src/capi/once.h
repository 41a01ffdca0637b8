/* SPDX-License-Identifier: MIT */
/*
 * once - a user class that runs chosen tasks of another one, each once, for --run-tasks.
 *
 * What is made is a definition like a scenario's own: a sequence of the chosen tasks, behind which its user ends. A
 * task of a task set stands in a set of its own, with on_start and on_stop of the sets that it is in.
 */
#pragma once

#include <acrida.h>

#include "base/error.h"

struct acr_capi_once;

/* `names`: of tasks of one class, separated by commas, in the order in which to run them. ret_number: which of
 * `definitions` it is, the first that has them all. ACR_ERR_SCRIPT with the names there are; the definitions are
 * borrowed, and none has task sets without end. */
ACR_MUST_CHECK int acr_capi_once_new(const char *names, const acr_user_definition *const *definitions, size_t count,
                                     struct acr_capi_once **ret_once, size_t *ret_number, struct acr_error *error);
/* Accepts NULL. */
void acr_capi_once_free(struct acr_capi_once *once);

const acr_user_definition *acr_capi_once_definition(const struct acr_capi_once *once);
