/* SPDX-License-Identifier: MIT */
/*
 * interpreter - Python inside the program.
 */
#pragma once

#include "python/state.h"

#include "run/scenario.h"

/* Starts it as a plain python3 would, but for signals, which are the run's. */
int acr_python_interpreter_start(const struct acr_scenario_request *request, struct acr_error *error);

/* Puts the extension, the package `locust` and Debian's packages on sys.path. -1 with an exception. */
int acr_python_interpreter_set_path(void);
