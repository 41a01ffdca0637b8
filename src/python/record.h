/* SPDX-License-Identifier: MIT */
/*
 * record - puts finished requests into the statistics and tells the listeners.
 *
 * Counting runs no code of the script's, so that an entry looked up before it is still there; telling may run any,
 * which may wait, make requests or raise. What a script has a say in (repr() of an error, a user's context) is
 * therefore asked before the entry is looked up, or after the count.
 */
#pragma once

#include "python/state.h"

#include "stats/stats.h"

/* What is known of one request. Objects are borrowed. */
struct acr_python_record {
    PyObject *method; /* str */
    PyObject *name;   /* str */
    struct acr_stats_entry *entry;
    acr_nanos time;
    uint64_t size;
    PyObject *error;      /* exception or anything passed to failure(); NULL: success */
    PyObject *error_text; /* str listed in the error report; needed with error */
    double started;       /* seconds since the epoch */
    /* for 2.x's request event; may be NULL */
    PyObject *response;
    PyObject *context;
    PyObject *url;
};

/* repr(error), whatever that does; a new reference, NULL with an exception. Runs code of the script's. */
PyObject *acr_python_error_text(PyObject *error);

/* Into the statistics. 0, or -1 with stop_user when the request limit (-n) is reached, after counting, or with another
 * exception without. */
int acr_python_count(const struct acr_python_record *record);

/* Calls the listeners; no exception may be pending. 0, or -1 with what one of them let through. */
int acr_python_tell(const struct acr_python_record *record);

/* The entry for a name and a method given as Python strings; NULL with an exception. */
struct acr_stats_entry *acr_python_entry(PyObject *name, PyObject *method);

/* Does anybody listen? Then acr_python_tell() wants real exception and response objects. */
static inline bool acr_python_has_listeners(void)
{
    return PyList_GET_SIZE(acr_python.success_handlers) > 0 || PyList_GET_SIZE(acr_python.failure_handlers) > 0 ||
           PyList_GET_SIZE(acr_python.request_handlers) > 0;
}
