/* SPDX-License-Identifier: MIT */
/* from_user - a class attribute of task sets that reads the user's attribute of the same name. */
#include "python/task_set.h"

struct from_user {
    PyObject_HEAD PyObject *name;
};

static int from_user_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *name;
    if (keywords != NULL && PyDict_GET_SIZE(keywords) > 0)
        return PyErr_SetString(PyExc_TypeError, "FromUser takes no keyword arguments"), -1;
    if (!PyArg_ParseTuple(args, "U:FromUser", &name))
        return -1;
    Py_XSETREF(((struct from_user *)self)->name, Py_NewRef(name));
    return 0;
}

/* Without a setter, so that an instance's own attribute hides it. */
static PyObject *from_user_get(PyObject *self, PyObject *instance, PyObject *owner)
{
    (void)owner;
    if (instance == NULL || instance == Py_None)
        return Py_NewRef(self);
    if (!PyObject_TypeCheck(instance, acr_python.task_set_base) ||
        ((struct acr_python_task_set *)instance)->user == NULL)
        return PyErr_Format(PyExc_AttributeError, "the task set's __init__ was not called");
    PyObject *name = ((struct from_user *)self)->name;
    if (name == NULL)
        return PyErr_Format(PyExc_AttributeError, "FromUser's __init__ was not called");
    return PyObject_GetAttr(((struct acr_python_task_set *)instance)->user, name);
}

static void from_user_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_CLEAR(((struct from_user *)self)->name);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot from_user_slots[] = {{Py_tp_init, from_user_init},
                                        {Py_tp_new, PyType_GenericNew},
                                        {Py_tp_descr_get, from_user_get},
                                        {Py_tp_dealloc, from_user_dealloc},
                                        {Py_tp_doc, "Reads the user's attribute of this name."},
                                        {0, NULL}};

static PyType_Spec from_user_spec = {"_acrida.FromUser", sizeof(struct from_user), 0, Py_TPFLAGS_DEFAULT,
                                     from_user_slots};

PyTypeObject *acr_python_from_user_type_new(void)
{
    return (PyTypeObject *)PyType_FromSpec(&from_user_spec);
}
