/* SPDX-License-Identifier: MIT */
/*
 * stacks - how large the stacks of users are, and how much of them was needed.
 */
#pragma once

#include "capi/internal.h"

/* Opens capi->pool: by `asked_for` (0: nobody asked), or by the largest that an ACR_TEST wants. To be called when
 * everything is registered. ACR_ERR_USAGE, ACR_ERR_SCRIPT: no such stack is possible; ACR_ERR_SYSTEM. */
ACR_MUST_CHECK int acr_capi_stacks_open(struct acr_capi *capi, size_t asked_for, struct acr_error *error);

/* Logs how full the fullest was: for those who look closely, or as a warning for all. Looks at each stack. */
void acr_capi_stacks_tell(const struct acr_capi *capi);
