/* SPDX-License-Identifier: MIT */
/*
 * scenario - the front end for locustfile.py: what the program calls after it loaded this extension.
 */
#pragma once

#include "run/scenario.h"

/* Starts an interpreter in this thread and loads the file into it (run/scenario.h: acr_scenario_load_fn). Once per
 * process. */
int acr_python_load(const struct acr_scenario_request *request, struct acr_scenario **ret_scenario,
                    struct acr_error *error);
