/* SPDX-License-Identifier: MIT */
/*
 * runner - what the objects of locust.runners ask of the run. _acrida.pyi is the contract of each function.
 */
#pragma once

#include "python/state.h"

/* Adds the functions to the module; -1 with an exception. */
int acr_python_runner_add(PyObject *module);
