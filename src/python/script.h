/* SPDX-License-Identifier: MIT */
/*
 * script - a locustfile as user classes of the run.
 */
#pragma once

#include "python/state.h"

#include "run/scenario.h"

/* Imports the Python half and has it load the file; fills scenario->classes. *ret_half, a new reference, may be set on
 * failure, too; ACR_ERR_SCRIPT then, and what there is to say was printed or is in `error`. */
int acr_python_script_load(const struct acr_scenario_request *request, struct acr_scenario *scenario,
                           PyObject **ret_half, struct acr_error *error);

/* Takes the exception that a function of the Python half raised: the text of a LoadError is `error`'s, any other is
 * printed. `half` may be NULL. */
void acr_python_script_failed(PyObject *half, struct acr_error *error);

void acr_python_script_free_classes(struct acr_scenario *scenario);
