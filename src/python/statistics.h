/* SPDX-License-Identifier: MIT */
/*
 * statistics - the run's statistics as Python reads them: plain tuples, dicts and texts, made when asked for.
 *
 * python/locust/_stats builds Locust's objects of them; _acrida.pyi is the contract of each function.
 */
#pragma once

#include "python/state.h"

/* Adds the functions stats_... and those that make reports to the module; -1 with an exception. */
int acr_python_statistics_add(PyObject *module);
