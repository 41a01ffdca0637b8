/* SPDX-License-Identifier: MIT */
/*
 * request - a verb call of a session: arguments taken apart, sent by the engine, recorded, answered with a response
 * object.
 *
 * Keyword arguments that C understands go the native way; the Python half prepares the odd ones; a session or call that
 * only requests itself can serve goes to the fallback.
 */
#pragma once

#include "python/session.h"

#define ACR_PYTHON_VERB(name) \
    PyObject *acr_python_##name(PyObject *session, PyObject *const *args, Py_ssize_t count, PyObject *keywords)

ACR_PYTHON_VERB(get);
ACR_PYTHON_VERB(options);
ACR_PYTHON_VERB(head);
ACR_PYTHON_VERB(post);
ACR_PYTHON_VERB(put);
ACR_PYTHON_VERB(patch);
ACR_PYTHON_VERB(delete);
ACR_PYTHON_VERB(request);

/* Interns the method names. -1 with an exception. */
int acr_python_request_init(void);
