/* SPDX-License-Identifier: MIT */
/*
 * frontend - brings in what runs a locustfile of a given language, when one is to be run and not before.
 */
#pragma once

#include "base/error.h"
#include "run/scenario.h"

/* Loads the interpreter's library and the extension _acrida, and the locustfile with them. The extension is looked for
 * beside the program (build tree, then installed) unless ACRIDA_PYTHON_MODULE names it. ACR_ERR_NOT_FOUND when either
 * is missing (`error` says what to install); else as acr_scenario_load_fn. */
ACR_MUST_CHECK int acr_frontend_load(const struct acr_scenario_request *request, struct acr_scenario **ret_scenario,
                                     struct acr_error *error);
