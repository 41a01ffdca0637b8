/* SPDX-License-Identifier: MIT */
/* plan - compares a class's attributes with those of the C bases. */
#include "python/plan.h"

#include "base/memory.h"
#include "python/wait_time.h"

/* Has `type` an attribute `name` other than the C base's own? */
static bool overrides(PyTypeObject *type, PyTypeObject *base, PyObject *name)
{
    return _PyType_Lookup(type, name) != _PyType_Lookup(base, name);
}

/* The attribute when it says something: present, not None, and not the user's. Borrowed. */
static PyObject *stated(PyTypeObject *type, PyObject *name)
{
    PyObject *value = _PyType_Lookup(type, name);
    return value == NULL || value == Py_None || Py_TYPE(value) == acr_python.from_user_type ? NULL : value;
}

static int generation_of(PyTypeObject *user_type)
{
    PyObject *value = stated(user_type, acr_python.names.generation);
    return value != NULL && PyLong_Check(value) && PyLong_AsLong(value) == 2 ? 2 : 9;
}

static bool states_limits(PyTypeObject *type)
{
    return stated(type, acr_python.names.min_wait) != NULL || stated(type, acr_python.names.max_wait) != NULL;
}

static enum acr_python_wait_source choose_wait(PyTypeObject *set, PyTypeObject *user)
{
    PyTypeObject *set_base = acr_python.task_set_base;
    if (stated(set, acr_python.names.wait_time) != NULL)
        return ACR_WAIT_FROM_SET_TIME;
    if (generation_of(user) == 2) {
        if (stated(user, acr_python.names.wait_time) != NULL)
            return ACR_WAIT_FROM_USER_TIME;
        return states_limits(set) || states_limits(user) ? ACR_WAIT_FROM_LIMITS : ACR_WAIT_MISSING;
    }
    PyObject *own = stated(set, acr_python.names.wait_function);
    if (own != NULL && own != _PyType_Lookup(set_base, acr_python.names.wait_function))
        return ACR_WAIT_FROM_SET_FUNCTION;
    if (states_limits(set))
        return ACR_WAIT_FROM_LIMITS;
    if (stated(user, acr_python.names.wait_time) != NULL)
        return ACR_WAIT_FROM_USER_TIME;
    own = stated(user, acr_python.names.wait_function);
    if (own != NULL && own != _PyType_Lookup(acr_python.user_base, acr_python.names.wait_function))
        return ACR_WAIT_FROM_USER_FUNCTION;
    return ACR_WAIT_FROM_LIMITS;
}

static struct acr_python_plan *make_plan(PyTypeObject *set, PyTypeObject *user)
{
    struct acr_python_plan *plan = acr_alloc_zero(sizeof *plan);
    PyTypeObject *base = acr_python.task_set_base;
    plan->wait_source = choose_wait(set, user);
    PyObject *time = NULL;
    if (plan->wait_source == ACR_WAIT_FROM_SET_TIME)
        time = stated(set, acr_python.names.wait_time);
    else if (plan->wait_source == ACR_WAIT_FROM_USER_TIME)
        time = stated(user, acr_python.names.wait_time);
    if (acr_python_is_wait_time(time))
        plan->wait_time = (struct acr_python_wait_time *)Py_NewRef(time);
    PyObject *schedule_task = PyUnicode_FromString("schedule_task");
    plan->own_schedule_task = schedule_task == NULL || overrides(set, base, schedule_task);
    Py_XDECREF(schedule_task);
    plan->own_wait = overrides(set, base, acr_python.names.wait);
    plan->own_get_next_task = overrides(set, base, acr_python.names.get_next_task);
    plan->own_execute_next_task = overrides(set, base, acr_python.names.execute_next_task);
    plan->own_execute_task = overrides(set, base, acr_python.names.execute_task);
    plan->states_limits = states_limits(set);
    plan->has_on_start = stated(set, acr_python.names.on_start) != NULL;
    plan->has_on_stop = stated(set, acr_python.names.on_stop) != NULL;
    return plan;
}

const struct acr_python_plan *acr_python_plan_get(PyTypeObject *set_type, PyTypeObject *user_type)
{
    static PyObject *plans; /* (set type, user type) -> capsule */
    if (plans == NULL && (plans = PyDict_New()) == NULL)
        return NULL;
    PyObject *key = PyTuple_Pack(2, set_type, user_type);
    if (key == NULL)
        return NULL;
    PyObject *capsule = PyDict_GetItemWithError(plans, key);
    struct acr_python_plan *plan = NULL;
    if (capsule != NULL) {
        plan = PyCapsule_GetPointer(capsule, NULL);
    } else if (!PyErr_Occurred()) {
        plan = make_plan(set_type, user_type);
        capsule = PyCapsule_New(plan, NULL, NULL);
        if (capsule == NULL || PyDict_SetItem(plans, key, capsule) != 0) {
            acr_free(plan);
            plan = NULL;
        }
        Py_XDECREF(capsule);
    }
    Py_DECREF(key);
    return plan;
}
