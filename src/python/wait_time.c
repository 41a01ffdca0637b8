/* SPDX-License-Identifier: MIT */
/* wait_time - the WaitTime type: callable, and bound like a function when it is a class attribute. */
#include "python/wait_time.h"

#include "python/greenlets.h"
#include "python/task_set.h"

static int wait_time_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"kind", "low", "high", NULL};
    struct acr_wait *wait = &((struct acr_python_wait_time *)self)->wait;
    const char *kind;
    double low, high = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "sd|d:WaitTime", names, &kind, &low, &high))
        return -1;
    if (strcmp(kind, "between") == 0)
        wait->kind = ACR_WAIT_BETWEEN;
    else if (strcmp(kind, "constant") == 0)
        wait->kind = ACR_WAIT_CONSTANT;
    else if (strcmp(kind, "pacing") == 0)
        wait->kind = ACR_WAIT_PACING;
    else
        return PyErr_Format(PyExc_ValueError, "unknown kind of wait '%s'", kind), -1;
    wait->low = low;
    wait->high = wait->kind == ACR_WAIT_BETWEEN ? high : low;
    struct acr_error error = {0};
    if (acr_wait_check(wait, &error) != 0)
        return PyErr_Format(PyExc_ValueError, "%s", error.detail), -1;
    return 0;
}

static PyObject *wait_time_call(PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *instance = NULL;
    static char *names[] = {"instance", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:wait_time", names, &instance))
        return NULL;
    if (acr_python_attach_hub() != 0)
        return NULL;
    struct acr_wait_state alone = {0};
    struct acr_wait_state *state = acr_python_wait_state(instance);
    acr_nanos now = acr_loop_refresh_now(acr_python.engine->loop);
    acr_nanos nanos = acr_wait_next(&((struct acr_python_wait_time *)self)->wait, state != NULL ? state : &alone,
                                    &acr_python.engine->random, now);
    return PyFloat_FromDouble(acr_nanos_to_seconds(nanos));
}

static PyObject *wait_time_bind(PyObject *self, PyObject *instance, PyObject *owner)
{
    (void)owner;
    return instance == NULL || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

static void wait_time_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot wait_time_slots[] = {
    {Py_tp_init, wait_time_init},
    {Py_tp_new, PyType_GenericNew},
    {Py_tp_call, wait_time_call},
    {Py_tp_descr_get, wait_time_bind},
    {Py_tp_dealloc, wait_time_dealloc},
    {Py_tp_doc, "Seconds to wait between two tasks; a class attribute like a method."},
    {0, NULL}};

static PyType_Spec wait_time_spec = {"_acrida.WaitTime", sizeof(struct acr_python_wait_time), 0, Py_TPFLAGS_DEFAULT,
                                     wait_time_slots};

PyTypeObject *acr_python_wait_time_type_new(void)
{
    return (PyTypeObject *)PyType_FromSpec(&wait_time_spec);
}
