/* SPDX-License-Identifier: MIT */
/*
 * response_parts - the parts of response.c: what its tables of methods and attributes refer to.
 */
#pragma once

#include "python/response.h"

/* response_report.c: what is counted, and catch_response */
PyObject *acr_python_response_success(PyObject *self, PyObject *unused);
PyObject *acr_python_response_failure(PyObject *self, PyObject *error);
PyObject *acr_python_response_enter(PyObject *self, PyObject *unused);
PyObject *acr_python_response_exit(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *acr_python_response_raise_for_status(PyObject *self, PyObject *unused);

/* Is the status one of 400..599? */
bool acr_python_response_is_http_error(const struct acr_python_response *response);

/* response_stream.c: the body as bytes */

/* All of it, borrowed, read to its end if it is still coming; Py_None for a failed exchange; NULL with an exception. */
PyObject *acr_python_response_content(struct acr_python_response *response);

/* Closes a streamed answer that was not read to its end; a greenlet that reads it gets an exception. */
void acr_python_response_give_up(struct acr_python_response *response);
PyObject *acr_python_response_close(PyObject *self, PyObject *unused);
PyObject *acr_python_response_read_raw(PyObject *self, PyObject *argument);
PyObject *acr_python_response_iter_raw(PyObject *self, PyObject *args);

/* response_text.c: the body as text and JSON */

/* Borrowed, or NULL with an exception. */
PyObject *acr_python_response_encoding(struct acr_python_response *response);
PyObject *acr_python_response_text(PyObject *self);
PyObject *acr_python_response_json(PyObject *self, PyObject *args, PyObject *keywords);

/* response_request.c: the request behind it */

/* The URL that was asked last. */
const struct acr_url *acr_python_response_url(const struct acr_python_response *response);
/* The same as requests tells it: with user name and password. Errors and statistics name it without. */
PyObject *acr_python_response_url_text(const struct acr_python_response *response);
PyObject *acr_python_response_request_parts(PyObject *self, PyObject *unused);
