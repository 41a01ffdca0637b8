/* SPDX-License-Identifier: MIT */
/*
 * convert - values across the border between C and Python.
 */
#pragma once

#include "python/state.h"

#include "base/buffer.h"
#include "base/str.h"

/* Borrows the UTF-8 of a str for as long as the object lives. -1 with TypeError or UnicodeEncodeError. */
int acr_python_str(PyObject *object, struct acr_str *ret_str);

/* str as UTF-8, or bytes, borrowed; -1 with TypeError naming `what`. */
int acr_python_bytes(PyObject *object, const char *what, struct acr_str *ret_str);

/* Latin-1 bytes of a str, as http.client writes header values, or the bytes given. New reference; NULL with
 * UnicodeEncodeError. */
PyObject *acr_python_latin1(PyObject *object);

/* A str of bytes from the wire: UTF-8 if they are, else Latin-1, which cannot fail. New reference. */
PyObject *acr_python_from_wire(struct acr_str str);

/* Seconds as a number to nanoseconds; None gives 0. -1 with TypeError or ValueError (negative, zero, NaN) naming
 * `what`. */
int acr_python_seconds(PyObject *object, const char *what, acr_nanos *ret_nanos);

/* bool(object), `otherwise` for NULL. -1 with what its __bool__ raised. */
int acr_python_truth(PyObject *object, bool otherwise, bool *ret_value);

/* Appends a dict, a list or tuple of pairs as an urlencoded form or query, as requests does: values may be lists, None
 * is left out. 1: `fields` or something in it is of another kind, which requests has to look at. -1 with an exception.
 */
int acr_python_form(PyObject *fields, struct acr_buffer *out);

/* For `static PyObject *` getters that cannot run out of anything but memory: NULL with MemoryError. */
PyObject *acr_python_no_memory(void);
