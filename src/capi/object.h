/* SPDX-License-Identifier: MIT */
/*
 * object - a file of a scenario, loaded: compiled if it is a source, and opened. What keeps it from being loaded is
 * said in words of scenarios, not of the linker.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct acr_object;

/* Loads PATH.so as it is, anything else by way of acr_compile(). What it registers of itself is of the file `path`,
 * which must stay until acr_registry_clear(). ACR_ERR_SCRIPT, ACR_ERR_NOT_FOUND, ACR_ERR_SYSTEM. */
ACR_MUST_CHECK int acr_object_open(const char *path, struct acr_object **ret_object, struct acr_error *error);

/* Its code must not run any more, and the registry must have forgotten it. Accepts NULL. */
void acr_object_close(struct acr_object *object);

/* Is there a shared object for this machine? ACR_ERR_SCRIPT with what is wrong with it. */
ACR_MUST_CHECK int acr_object_check(const char *path, struct acr_error *error);
