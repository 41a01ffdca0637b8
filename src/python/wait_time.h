/* SPDX-License-Identifier: MIT */
/*
 * wait_time - what between(), constant() and constant_pacing() return: a wait the C loop evaluates without calling
 * Python.
 */
#pragma once

#include "python/state.h"

#include "user/wait.h"

struct acr_python_wait_time {
    PyObject_HEAD struct acr_wait wait;
};

PyTypeObject *acr_python_wait_time_type_new(void);

static inline bool acr_python_is_wait_time(PyObject *object)
{
    return object != NULL && Py_TYPE(object) == acr_python.wait_time_type;
}
