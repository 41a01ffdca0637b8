/* SPDX-License-Identifier: MIT */
/*
 * tables - the texts of src/report for Python: tables of rows that a script has, the CSV files of the run.
 */
#pragma once

#include "python/state.h"

/* Adds the functions to the module (_acrida.pyi is their contract); -1 with an exception. */
int acr_python_tables_add(PyObject *module);
