/* SPDX-License-Identifier: MIT */
/*
 * registry - what scenarios register of themselves when they are loaded (ACR_USER, ACR_TEST), in that order.
 *
 * One per process; for the thread that loads.
 */
#pragma once

#include <stddef.h>

#include <acrida.h>

#include "base/error.h"

/* ACR_ERR_SCRIPT when something was compiled for another version of this library. */
ACR_MUST_CHECK int acr_registry_check(struct acr_error *error);

const acr_user_definition *const *acr_registry_users(size_t *ret_count);
const acr_test_definition *const *acr_registry_tests(size_t *ret_count);

/* Forgets everything, before the objects are unloaded. */
void acr_registry_clear(void);
