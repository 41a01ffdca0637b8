/* SPDX-License-Identifier: MIT */
/* plan - compares the attributes of a task set and its user with those of the C bases. */
#include "python/plan.h"

#include "base/memory.h"
#include "python/wait_time.h"

/* What to look at: a type, and the attributes of one of its instances or NULL. */
struct view {
    PyTypeObject *type;
    PyObject *own;
};

/* The attributes of a plan's task set and user that matter when an instance has them. */
#define SET_NAMES(X)     \
    X(execute_next_task) \
    X(execute_task)      \
    X(get_next_task)     \
    X(max_wait)          \
    X(min_wait)          \
    X(on_start)          \
    X(on_stop)           \
    X(schedule_task)     \
    X(wait)              \
    X(wait_function)     \
    X(wait_time)
#define USER_NAMES(X) \
    X(max_wait)       \
    X(min_wait)       \
    X(stop_timeout)   \
    X(wait_function)  \
    X(wait_time)

static PyObject *attributes_of(PyObject *object)
{
    PyObject **dict = _PyObject_GetDictPtr(object);
    return dict != NULL ? *dict : NULL;
}

static PyObject *own_attribute(struct view view, PyObject *name)
{
    return view.own != NULL ? PyDict_GetItemWithError(view.own, name) : NULL; /* names are str: nothing can fail */
}

/* The attribute as it stands, unbound; NULL when there is none. Borrowed. */
static PyObject *find(struct view view, PyObject *name)
{
    PyObject *own = own_attribute(view, name);
    return own != NULL ? own : _PyType_Lookup(view.type, name);
}

/* Has it an attribute `name` other than the C base's own? */
static bool overrides(struct view view, PyObject *name)
{
    return find(view, name) != _PyType_Lookup(acr_python.task_set_base, name) ||
           view.type->tp_getattro != PyObject_GenericGetAttr; /* __getattr__ or __getattribute__ decides each time */
}

/* The attribute when it says something: present, not None, and not the user's. Borrowed. */
static PyObject *stated(struct view view, PyObject *name)
{
    PyObject *value = find(view, name);
    return value == NULL || value == Py_None || Py_TYPE(value) == acr_python.from_user_type ? NULL : value;
}

static int generation_of(struct view user)
{
    PyObject *value = stated(user, acr_python.names.generation);
    return value != NULL && PyLong_Check(value) && PyLong_AsLong(value) == 2 ? 2 : 9;
}

static bool states_limits(struct view view)
{
    return stated(view, acr_python.names.min_wait) != NULL || stated(view, acr_python.names.max_wait) != NULL;
}

/* Is there a wait_function other than Locust's, which goes by the limits? */
static bool states_function(struct view view)
{
    PyObject *function = stated(view, acr_python.names.wait_function);
    return function != NULL && function != acr_python.wait_by_limits;
}

static enum acr_python_wait_source choose_wait(struct view set, struct view user)
{
    if (stated(set, acr_python.names.wait_time) != NULL)
        return ACR_WAIT_FROM_SET_TIME;
    if (generation_of(user) == 2) {
        if (stated(user, acr_python.names.wait_time) != NULL)
            return ACR_WAIT_FROM_USER_TIME;
        return states_limits(set) || states_limits(user) ? ACR_WAIT_FROM_LIMITS : ACR_WAIT_MISSING;
    }
    if (states_function(set))
        return ACR_WAIT_FROM_SET_FUNCTION;
    if (states_limits(set))
        return ACR_WAIT_FROM_LIMITS;
    if (stated(user, acr_python.names.wait_time) != NULL)
        return ACR_WAIT_FROM_USER_TIME;
    return states_function(user) ? ACR_WAIT_FROM_USER_FUNCTION : ACR_WAIT_FROM_LIMITS;
}

/* The WaitTime of a class, which the loop evaluates without a call. One of an instance's own is called: it is not bound
 * to the instance. */
static PyObject *find_wait_time(enum acr_python_wait_source source, struct view set, struct view user)
{
    if (source != ACR_WAIT_FROM_SET_TIME && source != ACR_WAIT_FROM_USER_TIME)
        return NULL;
    struct view owner = source == ACR_WAIT_FROM_SET_TIME ? set : user;
    PyObject *time = own_attribute(owner, acr_python.names.wait_time) == NULL
                         ? _PyType_Lookup(owner.type, acr_python.names.wait_time)
                         : NULL;
    return acr_python_is_wait_time(time) ? time : NULL;
}

/* The limit of that name, when it is a plain number of the set or else of the user. */
static bool find_limit(struct view set, struct view user, PyObject *name, double *ret_millis)
{
    PyObject *value = stated(set, name);
    if (value == NULL)
        value = user.type->tp_getattro == PyObject_GenericGetAttr ? find(user, name) : NULL;
    if (value == NULL || (!PyLong_CheckExact(value) && !PyFloat_CheckExact(value)))
        return false;
    *ret_millis = PyFloat_AsDouble(value);
    if (!PyErr_Occurred())
        return true;
    PyErr_Clear(); /* an integer too large: told when it is read to be used */
    return false;
}

static void fill(struct acr_python_plan *plan, struct view set, struct view user)
{
    plan->wait_source = choose_wait(set, user);
    plan->own_schedule_task = overrides(set, acr_python.names.schedule_task);
    plan->own_wait = overrides(set, acr_python.names.wait);
    plan->own_get_next_task = overrides(set, acr_python.names.get_next_task);
    plan->own_execute_next_task = overrides(set, acr_python.names.execute_next_task);
    plan->own_execute_task = overrides(set, acr_python.names.execute_task);
    plan->states_limits = states_limits(set);
    plan->knows_limits = set.type->tp_getattro == PyObject_GenericGetAttr &&
                         find_limit(set, user, acr_python.names.min_wait, &plan->low_millis) &&
                         find_limit(set, user, acr_python.names.max_wait, &plan->high_millis);
    plan->states_stop_timeout = generation_of(user) == 9 && stated(user, acr_python.names.stop_timeout) != NULL;
    plan->has_on_start = stated(set, acr_python.names.on_start) != NULL;
    plan->has_on_stop = stated(set, acr_python.names.on_stop) != NULL;
    plan->set_type = set.type;
    plan->user_type = user.type;
    /* After the lookups, which give a changed type its new version. */
    plan->set_version = set.type->tp_version_tag;
    plan->user_version = user.type->tp_version_tag;
    PyObject *time = find_wait_time(plan->wait_source, set, user);
    Py_XSETREF(plan->wait_time, (struct acr_python_wait_time *)Py_XNewRef(time));
}

void acr_python_plan_update(struct acr_python_plan *plan)
{
    fill(plan, (struct view){plan->set_type, NULL}, (struct view){plan->user_type, NULL});
}

bool acr_python_plan_misses(PyObject *set, PyObject *user)
{
    struct view of_set = {Py_TYPE(set), attributes_of(set)}, of_user = {Py_TYPE(user), attributes_of(user)};
#define X(name) own_attribute(of_set, acr_python.names.name) != NULL ||
    if (SET_NAMES(X) false)
        return true;
#undef X
#define X(name) own_attribute(of_user, acr_python.names.name) != NULL ||
    return USER_NAMES(X) false;
#undef X
}

struct acr_python_plan *acr_python_plan_for(struct acr_python_plan *plan, PyObject *set, PyObject *user)
{
    if (plan == NULL)
        plan = acr_alloc_zero(sizeof *plan);
    fill(plan, (struct view){Py_TYPE(set), attributes_of(set)}, (struct view){Py_TYPE(user), attributes_of(user)});
    return plan;
}

void acr_python_plan_free(struct acr_python_plan *plan)
{
    if (plan != NULL)
        Py_XDECREF(plan->wait_time);
    acr_free(plan);
}

static void capsule_free(PyObject *capsule)
{
    acr_python_plan_free(PyCapsule_GetPointer(capsule, NULL));
}

static struct acr_python_plan *plan_new(PyObject *key, PyTypeObject *set_type, PyTypeObject *user_type)
{
    struct acr_python_plan *plan = acr_alloc_zero(sizeof *plan);
    plan->set_type = set_type;
    plan->user_type = user_type;
    acr_python_plan_update(plan);
    PyObject *capsule = PyCapsule_New(plan, NULL, capsule_free);
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
