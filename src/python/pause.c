/* SPDX-License-Identifier: MIT */
/* pause - how long a user waits between two tasks, by the rules of both generations, and the waiting. */
#include <math.h>

#include "python/greenlets.h"
#include "python/task_set.h"
#include "python/wait_time.h"

int acr_python_sleep(acr_nanos nanos)
{
    struct acr_fiber *fiber = acr_python_fiber_take();
    if (fiber == NULL)
        return -1;
    acr_nanos now = acr_loop_refresh_now(acr_python.engine->loop);
    int code = acr_fiber_sleep_until(fiber, acr_deadline_after(now, nanos));
    acr_python_fiber_give(fiber);
    return code;
}

/* Takes `value`, what an attribute or method of that name gave. */
static int take_number(PyObject *value, PyObject *name, double *ret_number)
{
    if (value == NULL)
        return -1;
    double number = PyFloat_AsDouble(value);
    bool failed = number == -1.0 && PyErr_Occurred();
    if (failed && PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear(); /* before a repr() of the script's runs */
        PyErr_Format(PyExc_TypeError, "%U must be a number, not %R", name, value);
    }
    Py_DECREF(value);
    *ret_number = number;
    return failed ? -1 : 0;
}

/* A limit in whole milliseconds: the set's own unless None, else the user's. */
static int read_limit(struct acr_python_task_set *set, PyObject *name, double *ret_millis)
{
    PyObject *value = NULL;
    if (set->plan->states_limits) {
        value = PyObject_GetAttr((PyObject *)set, name);
        if (value == NULL)
            return -1;
    }
    if (value == NULL || value == Py_None)
        Py_XSETREF(value, PyObject_GetAttr(set->user, name));
    return take_number(value, name, ret_millis);
}

int acr_python_draw_millis(double low, double high, acr_nanos *ret_nanos)
{
    if (low == 0 && high == 0) { /* no wait at all: how a target is driven as hard as it goes */
        *ret_nanos = 0;
        return 0;
    }
    struct acr_wait wait = {.kind = ACR_WAIT_MILLIS, .low = low, .high = high};
    struct acr_wait_state unused = {0};
    struct acr_error error;
    if (acr_wait_check(&wait, &error) != 0) {
        PyErr_Format(PyExc_ValueError, "min_wait and max_wait: %s", error.detail);
        return -1;
    }
    *ret_nanos = acr_wait_next(&wait, &unused, &acr_python.engine->random, 0);
    return 0;
}

int acr_python_wait_by_limits(struct acr_python_task_set *set, acr_nanos *ret_nanos)
{
    double low = set->plan->low_millis, high = set->plan->high_millis;
    if (set->plan->knows_limits)
        return acr_python_draw_millis(low, high, ret_nanos);
    if (read_limit(set, acr_python.names.min_wait, &low) != 0 || read_limit(set, acr_python.names.max_wait, &high) != 0)
        return -1;
    return acr_python_draw_millis(low, high, ret_nanos);
}

/* Calls object.name() and takes the number it gives, times `unit`. */
static int wait_by_call(PyObject *object, PyObject *name, acr_nanos unit, acr_nanos *ret_nanos)
{
    double value = 0;
    if (take_number(PyObject_CallMethodNoArgs(object, name), name, &value) != 0)
        return -1;
    if (isnan(value)) {
        PyErr_Format(PyExc_ValueError, "%U() gave not a number", name);
        return -1;
    }
    *ret_nanos = acr_nanos_from_seconds(value * ((double)unit / (double)ACR_NANOS_PER_SECOND));
    return 0;
}

static int wait_by_time(PyObject *owner, const struct acr_python_plan *plan, acr_nanos *ret_nanos)
{
    if (plan->wait_time == NULL)
        return wait_by_call(owner, acr_python.names.wait_time, ACR_NANOS_PER_SECOND, ret_nanos);
    const struct acr_wait *wait = &plan->wait_time->wait;
    acr_nanos now = wait->kind == ACR_WAIT_PACING ? acr_loop_refresh_now(acr_python.engine->loop) : 0;
    *ret_nanos = acr_wait_next(wait, acr_python_wait_state(owner), &acr_python.engine->random, now);
    return 0;
}

int acr_python_choose_pause(struct acr_python_task_set *set, acr_nanos *ret_nanos)
{
    const struct acr_python_plan *plan = set->plan;
    switch (plan->wait_source) {
    case ACR_WAIT_FROM_SET_TIME:
        return wait_by_time((PyObject *)set, plan, ret_nanos);
    case ACR_WAIT_FROM_USER_TIME:
        return wait_by_time(set->user, plan, ret_nanos);
    case ACR_WAIT_FROM_SET_FUNCTION:
        return wait_by_call((PyObject *)set, acr_python.names.wait_function, ACR_NANOS_PER_MILLI, ret_nanos);
    case ACR_WAIT_FROM_USER_FUNCTION:
        return wait_by_call(set->user, acr_python.names.wait_function, ACR_NANOS_PER_MILLI, ret_nanos);
    case ACR_WAIT_FROM_LIMITS:
        return acr_python_wait_by_limits(set, ret_nanos);
    case ACR_WAIT_MISSING:
        break;
    }
    PyErr_Format(acr_python.locust_error, "%s has no wait_time", Py_TYPE(set->user)->tp_name);
    return -1;
}

int acr_python_task_set_pause(struct acr_python_task_set *set, bool ran_without_waiting)
{
    acr_nanos nanos = 0;
    if (acr_python_choose_pause(set, &nanos) != 0)
        return -1;
    return nanos > 0 || ran_without_waiting ? acr_python_sleep(nanos) : 0;
}
