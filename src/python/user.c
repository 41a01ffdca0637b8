/* SPDX-License-Identifier: MIT */
/* user - the C base of Locust and User: makes the root task set and runs it. */
#include "python/greenlets.h"
#include "python/task_set.h"

/* The root set: task_set, or the implicit one around a user's own tasks. New reference. */
static PyObject *make_root(PyObject *self)
{
    PyObject *type = PyObject_GetAttr(self, acr_python.names.task_set);
    if (type == NULL && !PyErr_ExceptionMatches(PyExc_AttributeError))
        return NULL;
    PyErr_Clear();
    bool serves_user = type == NULL || type == Py_None;
    if (serves_user)
        Py_XSETREF(type, PyObject_GetAttr(self, acr_python.names._default_task_set));
    PyObject *root = type != NULL ? PyObject_CallOneArg(type, self) : NULL;
    Py_XDECREF(type);
    if (root != NULL && PyObject_TypeCheck(root, acr_python.task_set_base))
        ((struct acr_python_task_set *)root)->serves_user = serves_user;
    return root;
}

/* interrupt() in the root set has no parent to go back to. */
static void explain_interrupt(PyObject *self, PyObject *root)
{
    bool serves_user =
        PyObject_TypeCheck(root, acr_python.task_set_base) && ((struct acr_python_task_set *)root)->serves_user;
    PyErr_Format(acr_python.locust_error,
                 "interrupt() or a reschedule left the root task set %s (%s.%s); only a nested TaskSet can be "
                 "interrupted. Raise StopLocust or StopUser to end a user.",
                 Py_TYPE(root)->tp_name, Py_TYPE(self)->tp_name, serves_user ? "tasks" : "task_set");
}

static PyObject *user_run_loop(PyObject *self, PyObject *unused)
{
    (void)unused;
    if (acr_python_attach_hub() != 0)
        return NULL;
    acr_wait_begin(&((struct acr_python_user *)self)->wait_state, acr_loop_refresh_now(acr_python.engine->loop));
    PyObject *root = make_root(self);
    PyObject *result = root != NULL ? PyObject_CallMethodNoArgs(root, acr_python.names.run) : NULL;
    if (result == NULL && PyErr_ExceptionMatches(acr_python.stop_user)) {
        PyErr_Clear();
        result = Py_NewRef(Py_None);
    } else if (result == NULL && root != NULL &&
               (PyErr_ExceptionMatches(acr_python.reschedule) || PyErr_ExceptionMatches(acr_python.reschedule_now) ||
                PyErr_ExceptionMatches(acr_python.interrupt))) {
        explain_interrupt(self, root);
    }
    Py_XDECREF(root);
    return result;
}

static int user_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void user_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef user_methods[] = {
    {"run_loop", user_run_loop, METH_NOARGS, "Run the root task set until the user ends."}, {0}};

static PyType_Slot user_slots[] = {{Py_tp_traverse, user_traverse},
                                   {Py_tp_dealloc, user_dealloc},
                                   {Py_tp_methods, user_methods},
                                   {Py_tp_doc, "C base of Locust and User. See _acrida.pyi."},
                                   {0, NULL}};

static PyType_Spec user_spec = {"_acrida.NativeUser", sizeof(struct acr_python_user), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, user_slots};

PyTypeObject *acr_python_user_type_new(void)
{
    return (PyTypeObject *)PyType_FromSpec(&user_spec);
}
