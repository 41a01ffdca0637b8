/* SPDX-License-Identifier: MIT */
/*
 * record - puts finished requests into the statistics and tells the listeners.
 *
 * All return 0, or -1 with an exception: what a listener let through, or stop_user when the request limit (-n) is
 * reached, after the request was counted.
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
    PyObject *error_text; /* str listed in the error report instead of repr(error); NULL */
    /* for 2.x's request event; may be NULL */
    PyObject *response;
    PyObject *context;
    PyObject *url;
};

int acr_python_record(const struct acr_python_record *record);

/* Only the statistics, no hook: for record_success() and record_failure(). */
int acr_python_count(const struct acr_python_record *record);

/* The entry for a name and a method given as Python strings; NULL with an exception. */
struct acr_stats_entry *acr_python_entry(PyObject *name, PyObject *method);

/* Does anybody listen? Then acr_python_record needs real exception and response objects. */
static inline bool acr_python_has_listeners(void)
{
    return PyList_GET_SIZE(acr_python.success_handlers) > 0 || PyList_GET_SIZE(acr_python.failure_handlers) > 0 ||
           PyList_GET_SIZE(acr_python.request_handlers) > 0;
}
