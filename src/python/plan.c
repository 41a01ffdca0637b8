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

static PyObject *find_wait_time(const struct acr_python_plan *plan)
{
    PyObject *time = NULL;
    if (plan->wait_source == ACR_WAIT_FROM_SET_TIME)
        time = stated(plan->set_type, acr_python.names.wait_time);
    else if (plan->wait_source == ACR_WAIT_FROM_USER_TIME)
        time = stated(plan->user_type, acr_python.names.wait_time);
    return acr_python_is_wait_time(time) ? time : NULL;
}

void acr_python_plan_update(struct acr_python_plan *plan)
{
    PyTypeObject *set = plan->set_type, *base = acr_python.task_set_base;
    plan->wait_source = choose_wait(set, plan->user_type);
    plan->own_schedule_task = overrides(set, base, acr_python.names.schedule_task);
    plan->own_wait = overrides(set, base, acr_python.names.wait);
    plan->own_get_next_task = overrides(set, base, acr_python.names.get_next_task);
    plan->own_execute_next_task = overrides(set, base, acr_python.names.execute_next_task);
    plan->own_execute_task = overrides(set, base, acr_python.names.execute_task);
    plan->states_limits = states_limits(set);
    plan->has_on_start = stated(set, acr_python.names.on_start) != NULL;
    plan->has_on_stop = stated(set, acr_python.names.on_stop) != NULL;
    /* After the lookups, which give a changed type its new version. */
    plan->set_version = set->tp_version_tag;
    plan->user_version = plan->user_type->tp_version_tag;
    Py_XSETREF(plan->wait_time, (struct acr_python_wait_time *)Py_XNewRef(find_wait_time(plan)));
}

static void plan_free(PyObject *capsule)
{
    struct acr_python_plan *plan = PyCapsule_GetPointer(capsule, NULL);
    Py_XDECREF(plan->wait_time);
    acr_free(plan);
}

static struct acr_python_plan *plan_new(PyObject *key, PyTypeObject *set_type, PyTypeObject *user_type)
{
    struct acr_python_plan *plan = acr_alloc_zero(sizeof *plan);
    plan->set_type = set_type;
    plan->user_type = user_type;
    acr_python_plan_update(plan);
    PyObject *capsule = PyCapsule_New(plan, NULL, plan_free);
    if (capsule == NULL || PyDict_SetItem(acr_python.plans, key, capsule) != 0)
        plan = NULL;
    Py_XDECREF(capsule);
    return plan;
}

struct acr_python_plan *acr_python_plan_get(PyTypeObject *set_type, PyTypeObject *user_type)
{
    PyObject *key = PyTuple_Pack(2, set_type, user_type);
    if (key == NULL)
        return NULL;
    struct acr_python_plan *plan = NULL;
    PyObject *capsule = PyDict_GetItemWithError(acr_python.plans, key);
    if (capsule != NULL)
        plan = PyCapsule_GetPointer(capsule, NULL);
    else if (!PyErr_Occurred())
        plan = plan_new(key, set_type, user_type);
    Py_DECREF(key);
    if (plan != NULL && acr_python_plan_is_stale(plan))
        acr_python_plan_update(plan);
    return plan;
}
