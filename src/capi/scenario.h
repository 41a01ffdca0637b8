/* SPDX-License-Identifier: MIT */
/*
 * scenario - the front end for scenarios in C: a compiled file's user classes, and their users on coroutines.
 */
#pragma once

#include "base/error.h"
#include "run/scenario.h"

struct acr_user_definition;

/* Loads a shared object (NAME.so) or compiles a source (anything else, capi/compile.h) and loads what came of it.
 * ACR_ERR_SCRIPT, ACR_ERR_NOT_FOUND; `error` says what in a sentence. */
ACR_MUST_CHECK int acr_capi_load(const struct acr_scenario_request *request, struct acr_scenario **ret_scenario,
                                 struct acr_error *error);

/* The user classes that are registered in this process (ACR_USER in a program's own source), or `only` if it is not
 * NULL; they stay registered. request->paths is not looked at. Else as acr_capi_load(). */
ACR_MUST_CHECK int acr_capi_load_own(const struct acr_scenario_request *request, const struct acr_user_definition *only,
                                     struct acr_scenario **ret_scenario, struct acr_error *error);
