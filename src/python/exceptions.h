/* SPDX-License-Identifier: MIT */
/*
 * exceptions - engine errors as Python exceptions.
 */
#pragma once

#include "python/state.h"

#include "base/error.h"
#include "base/str.h"

/* The requests exception for a failed exchange (make_error of the Python half), a new reference; NULL with another
 * exception. */
PyObject *acr_python_request_error(int code, const struct acr_error *error, PyObject *session, PyObject *method,
                                   struct acr_str url);

/* Raises it. */
void acr_python_raise_request_error(int code, const struct acr_error *error, PyObject *session, PyObject *method,
                                    struct acr_str url);
