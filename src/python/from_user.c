/* SPDX-License-Identifier: MIT */
/* from_user - a class attribute of task sets that reads the user's attribute of the same name. */
#include "python/task_set.h"

struct from_user {
    PyObject_HEAD PyObject *name;
    PyObject *function; /* or NULL */
};

static int from_user_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *name, *function = NULL;
    if (keywords != NULL && PyDict_GET_SIZE(keywords) > 0)
        return PyErr_SetString(PyExc_TypeError, "FromUser takes no keyword arguments"), -1;
    if (!PyArg_ParseTuple(args, "U|O:FromUser", &name, &function))
        return -1;
    Py_XSETREF(((struct from_user *)self)->name, Py_NewRef(name));
    Py_XSETREF(((struct from_user *)self)->function, Py_XNewRef(function));
    return 0;
}

/* Without a setter, so that an instance's own attribute hides it. None of a class, as 0.9's classes have it. */
static PyObject *from_user_get(PyObject *self, PyObject *instance, PyObject *owner)
{
    (void)owner;
    if (instance == NULL || instance == Py_None)
        Py_RETURN_NONE;
    const struct from_user *from_user = (struct from_user *)self;
    if (from_user->name == NULL)
        return PyErr_Format(PyExc_AttributeError, "FromUser's __init__ was not called");
    if (from_user->function != NULL)
        return PyMethod_New(from_user->function, instance);
    if (!PyObject_TypeCheck(instance, acr_python.task_set_base) ||
        ((struct acr_python_task_set *)instance)->user == NULL)
        return PyErr_Format(PyExc_AttributeError, "the task set's __init__ was not called");
    return PyObject_GetAttr(((struct acr_python_task_set *)instance)->user, from_user->name);
}

static void from_user_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_CLEAR(((struct from_user *)self)->name);
    Py_CLEAR(((struct from_user *)self)->function);
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
