/* SPDX-License-Identifier: MIT */
/* runner - passes a script's wishes on to the run. */
#include "python/runner.h"

#include <math.h>

#include "base/memory.h"
#include "run/load.h"

/* More than any machine serves; guards against slips. */
#define USERS_MAX 10000000

/* Of the run that is held; NULL with an exception when there is none. */
static struct acr_load *load(void)
{
    struct acr_load *load = acr_python.scenario != NULL ? acr_python.scenario->load : NULL;
    if (load == NULL)
        PyErr_SetString(PyExc_RuntimeError, "no test is running");
    return load;
}

static PyObject *user_ended(PyObject *module, PyObject *argument)
{
    (void)module;
    unsigned long long id = PyLong_AsUnsignedLongLong(argument);
    if (PyErr_Occurred())
        return NULL;
    if (acr_python.scenario != NULL && acr_python.scenario->load != NULL)
        acr_load_user_ended(acr_python.scenario->load, id);
    Py_RETURN_NONE;
}

static int take_users(Py_ssize_t users)
{
    if (users >= 0 && users <= USERS_MAX)
        return 0;
    PyErr_Format(PyExc_ValueError, "%zd users: between 0 and %d are possible", users, USERS_MAX);
    return -1;
}

static PyObject *request_start(PyObject *module, PyObject *args)
{
    Py_ssize_t users;
    double rate;
    int ends_by_rate;
    (void)module;
    if (!PyArg_ParseTuple(args, "ndp:request_start", &users, &rate, &ends_by_rate) || take_users(users) != 0)
        return NULL;
    if (isnan(rate))
        return PyErr_Format(PyExc_ValueError, "a rate that is not a number");
    if (load() == NULL)
        return NULL;
    acr_load_request_start(load(), (size_t)users, rate, ends_by_rate);
    Py_RETURN_NONE;
}

static PyObject *request_stop(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (load() == NULL)
        return NULL;
    acr_load_request_stop(load());
    Py_RETURN_NONE;
}

static PyObject *request_quit(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (load() == NULL)
        return NULL;
    acr_load_request_quit(load());
    Py_RETURN_NONE;
}

static PyObject *list_of(const size_t *counts, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
        PyObject *number = PyLong_FromSize_t(counts[i]);
        if (number == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, number);
    }
    return list;
}

/* (weight, fixed count) of each class. */
static int take_classes(PyObject *sequence, struct acr_user_class *classes)
{
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sequence); i++)
        if (!PyArg_ParseTuple(PySequence_Fast_GET_ITEM(sequence, i), "dI:user_shares", &classes[i].weight,
                              &classes[i].fixed_count))
            return -1;
    return 0;
}

static PyObject *user_shares(PyObject *module, PyObject *args)
{
    PyObject *given;
    Py_ssize_t users;
    (void)module;
    if (!PyArg_ParseTuple(args, "On:user_shares", &given, &users) || take_users(users) != 0)
        return NULL;
    PyObject *sequence = PySequence_Fast(given, "user_shares: a sequence of (weight, fixed_count)");
    if (sequence == NULL)
        return NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence);
    struct acr_user_class *classes = acr_alloc_zero(((size_t)count + 1) * sizeof *classes);
    size_t *shares = acr_alloc_zero(((size_t)count + 1) * sizeof *shares);
    PyObject *result = NULL;
    if (take_classes(sequence, classes) == 0) {
        acr_user_shares(classes, (size_t)count, (size_t)users, shares);
        result = list_of(shares, count);
    }
    acr_free(classes);
    acr_free(shares);
    Py_DECREF(sequence);
    return result;
}

static PyMethodDef functions[] = {
    {"user_ended", user_ended, METH_O, "The user with this id is gone."},
    {"request_start", request_start, METH_VARARGS, "Ask for so many users: users, rate, ends_by_rate."},
    {"request_stop", request_stop, METH_NOARGS, "Ask for the end of all users."},
    {"request_quit", request_quit, METH_NOARGS, "End the run as if its time were up."},
    {"user_shares", user_shares, METH_VARARGS, "How many of so many users each class gets."},
    {0}};

int acr_python_runner_add(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
