/* SPDX-License-Identifier: MIT */
/* task_set - the task loop and the methods a script may call or override. */
#include "python/task_set.h"

#include <math.h>
#include <structmember.h>

#include "python/convert.h"
#include "python/greenlets.h"
#include "python/wait_time.h"

static struct acr_python_task_set *cast(PyObject *object)
{
    return (struct acr_python_task_set *)object;
}

struct acr_wait_state *acr_python_wait_state(PyObject *object)
{
    if (object == NULL)
        return NULL;
    if (PyObject_TypeCheck(object, acr_python.task_set_base))
        return &cast(object)->wait_state;
    if (PyObject_TypeCheck(object, acr_python.user_base))
        return &((struct acr_python_user *)object)->wait_state;
    return NULL;
}

/* Waiting */

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

/* Did the script give this very object an attribute that its class has, too? */
static bool has_own(PyObject *object, PyObject *name)
{
    PyObject **dict = _PyObject_GetDictPtr(object);
    return dict != NULL && *dict != NULL && PyDict_Contains(*dict, name) == 1;
}

/* A limit in whole milliseconds: the set's own unless None, else the user's. */
static int read_limit(struct acr_python_task_set *set, PyObject *name, double *ret_millis)
{
    PyObject *value = NULL;
    if (set->plan->states_limits || has_own((PyObject *)set, name)) {
        value = PyObject_GetAttr((PyObject *)set, name);
        if (value == NULL)
            return -1;
    }
    if (value == NULL || value == Py_None)
        Py_XSETREF(value, PyObject_GetAttr(set->user, name));
    if (value == NULL)
        return -1;
    *ret_millis = PyFloat_AsDouble(value);
    Py_DECREF(value);
    return *ret_millis == -1.0 && PyErr_Occurred() ? -1 : 0;
}

static int wait_by_limits(struct acr_python_task_set *set, acr_nanos *ret_nanos)
{
    struct acr_wait wait = {.kind = ACR_WAIT_MILLIS};
    if (read_limit(set, acr_python.names.min_wait, &wait.low) != 0 ||
        read_limit(set, acr_python.names.max_wait, &wait.high) != 0)
        return -1;
    struct acr_error error = {0};
    if (acr_wait_check(&wait, &error) != 0) {
        PyErr_Format(PyExc_ValueError, "min_wait and max_wait: %s", error.detail);
        return -1;
    }
    *ret_nanos = acr_wait_next(&wait, &set->wait_state, &acr_python.engine->random, 0);
    return 0;
}

/* Calls object.name() and takes the number it gives, times `unit`. */
static int wait_by_call(PyObject *object, PyObject *name, acr_nanos unit, acr_nanos *ret_nanos)
{
    PyObject *result = PyObject_CallMethodNoArgs(object, name);
    if (result == NULL)
        return -1;
    double value = PyFloat_AsDouble(result);
    Py_DECREF(result);
    if (value == -1.0 && PyErr_Occurred())
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
    if (plan->wait_time == NULL || has_own(owner, acr_python.names.wait_time))
        return wait_by_call(owner, acr_python.names.wait_time, ACR_NANOS_PER_SECOND, ret_nanos);
    const struct acr_wait *wait = &plan->wait_time->wait;
    acr_nanos now = wait->kind == ACR_WAIT_PACING ? acr_loop_refresh_now(acr_python.engine->loop) : 0;
    *ret_nanos = acr_wait_next(wait, acr_python_wait_state(owner), &acr_python.engine->random, now);
    return 0;
}

static int choose_pause(struct acr_python_task_set *set, acr_nanos *ret_nanos)
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
        return wait_by_limits(set, ret_nanos);
    case ACR_WAIT_MISSING:
        break;
    }
    PyErr_Format(acr_python.locust_error, "%s has no wait_time", Py_TYPE(set->user)->tp_name);
    return -1;
}

int acr_python_task_set_pause(struct acr_python_task_set *set, bool ran_without_waiting)
{
    acr_nanos nanos = 0;
    if (choose_pause(set, &nanos) != 0)
        return -1;
    return nanos > 0 || ran_without_waiting ? acr_python_sleep(nanos) : 0;
}

/* Tasks */

/* A new reference to a random element of `tasks`. */
static PyObject *pick_task(struct acr_python_task_set *set)
{
    PyObject *tasks = PyObject_GetAttr(set->serves_user ? set->user : (PyObject *)set, acr_python.names.tasks);
    if (tasks == NULL)
        return NULL;
    PyObject *picked = NULL;
    Py_ssize_t count = PySequence_Size(tasks);
    if (count == 0)
        PyErr_Format(PyExc_IndexError, "%s has no tasks",
                     Py_TYPE(set->serves_user ? set->user : (PyObject *)set)->tp_name);
    else if (count > 0)
        picked = PySequence_GetItem(tasks, (Py_ssize_t)acr_random_below(&acr_python.engine->random, (uint64_t)count));
    Py_DECREF(tasks);
    return picked;
}

static bool is_task_set_class(PyObject *task)
{
    return PyType_Check(task) && PyType_IsSubtype((PyTypeObject *)task, acr_python.task_set_base);
}

/* Runs a nested set with this one, or the user, as parent. */
static int run_nested(PyObject *parent, PyObject *type, PyObject *args, PyObject *kwargs)
{
    if (Py_EnterRecursiveCall(" in nested task sets"))
        return -1;
    PyObject *nested = PyObject_CallOneArg(type, parent);
    PyObject *run = nested != NULL ? PyObject_GetAttr(nested, acr_python.names.run) : NULL;
    PyObject *empty = run != NULL && args == NULL ? PyTuple_New(0) : Py_XNewRef(args);
    PyObject *result = run != NULL && empty != NULL ? PyObject_Call(run, empty, kwargs) : NULL;
    Py_XDECREF(nested);
    Py_XDECREF(run);
    Py_XDECREF(empty);
    Py_XDECREF(result);
    Py_LeaveRecursiveCall();
    return result != NULL ? 0 : -1;
}

static int call_with_first(PyObject *task, PyObject *first, PyObject *args, PyObject *kwargs)
{
    PyObject *result;
    if ((args == NULL || PyTuple_GET_SIZE(args) == 0) && kwargs == NULL) {
        result = PyObject_Vectorcall(task, &first, 1, NULL);
    } else {
        PyObject *head = PyTuple_Pack(1, first);
        PyObject *all = head != NULL && args != NULL ? PySequence_Concat(head, args) : Py_XNewRef(head);
        result = all != NULL ? PyObject_Call(task, all, kwargs) : NULL;
        Py_XDECREF(head);
        Py_XDECREF(all);
    }
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

/* Spec 2.7: a method bound to this set, a nested set, or anything callable. args and kwargs may be NULL. */
static int execute(struct acr_python_task_set *set, PyObject *task, PyObject *args, PyObject *kwargs)
{
    PyObject *self = set->serves_user ? set->user : (PyObject *)set;
    if (ACR_LIKELY(PyFunction_Check(task)))
        return call_with_first(task, self, args, kwargs);
    if (PyMethod_Check(task) && (PyMethod_GET_SELF(task) == (PyObject *)set || PyMethod_GET_SELF(task) == self)) {
        PyObject *empty = args != NULL ? Py_NewRef(args) : PyTuple_New(0);
        PyObject *result = empty != NULL ? PyObject_Call(task, empty, kwargs) : NULL;
        Py_XDECREF(empty);
        Py_XDECREF(result);
        return result != NULL ? 0 : -1;
    }
    if (is_task_set_class(task))
        return run_nested(self, task, args, kwargs);
    return call_with_first(task, self, args, kwargs);
}

static int discard(PyObject *result)
{
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

/* Takes the first queued item off and runs it. */
static int execute_queued(struct acr_python_task_set *set)
{
    PyObject *item = Py_NewRef(PyList_GET_ITEM(set->queue, 0));
    int code = PyList_SetSlice(set->queue, 0, 1, NULL);
    PyObject *task = code == 0 ? PyMapping_GetItemString(item, "callable") : NULL;
    PyObject *args = task != NULL ? PyMapping_GetItemString(item, "args") : NULL;
    PyObject *kwargs = args != NULL ? PyMapping_GetItemString(item, "kwargs") : NULL;
    PyObject *tuple = kwargs != NULL ? PySequence_Tuple(args) : NULL;
    if (tuple == NULL) {
        code = -1;
    } else if (set->plan->own_execute_task) {
        PyObject *head = PyTuple_Pack(1, task);
        PyObject *all = head != NULL ? PySequence_Concat(head, tuple) : NULL;
        PyObject *method = all != NULL ? PyObject_GetAttr((PyObject *)set, acr_python.names.execute_task) : NULL;
        code = method != NULL ? discard(PyObject_Call(method, all, kwargs)) : -1;
        Py_XDECREF(head);
        Py_XDECREF(all);
        Py_XDECREF(method);
    } else {
        code = execute(set, task, tuple, PyDict_Size(kwargs) > 0 ? kwargs : NULL);
    }
    Py_DECREF(item);
    Py_XDECREF(task);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    Py_XDECREF(tuple);
    return code;
}

static bool has_queued(const struct acr_python_task_set *set)
{
    return set->queue != NULL && PyList_GET_SIZE(set->queue) > 0;
}

/* One step by the methods a script may have replaced. */
static int step_by_methods(struct acr_python_task_set *set)
{
    PyObject *self = (PyObject *)set;
    if (!has_queued(set)) {
        PyObject *task = PyObject_CallMethodNoArgs(self, acr_python.names.get_next_task);
        if (task == NULL)
            return -1;
        int code = discard(PyObject_CallMethod(self, "schedule_task", "O", task));
        Py_DECREF(task);
        if (code != 0)
            return -1;
    }
    return discard(PyObject_CallMethodNoArgs(self, acr_python.names.execute_next_task));
}

/* Chooses and runs one task. */
static int step(struct acr_python_task_set *set)
{
    const struct acr_python_plan *plan = set->plan;
    if (plan->own_execute_next_task || plan->own_schedule_task)
        return step_by_methods(set);
    if (has_queued(set))
        return execute_queued(set);
    PyObject *task = plan->own_get_next_task
                         ? PyObject_CallMethodNoArgs((PyObject *)set, acr_python.names.get_next_task)
                         : pick_task(set);
    if (task == NULL)
        return -1;
    int code = plan->own_execute_task
                   ? discard(PyObject_CallMethodOneArg((PyObject *)set, acr_python.names.execute_task, task))
                   : execute(set, task, NULL, NULL);
    Py_DECREF(task);
    return code;
}

static int pause_between(struct acr_python_task_set *set, bool ran_without_waiting)
{
    if (set->plan->own_wait)
        return discard(PyObject_CallMethodNoArgs((PyObject *)set, acr_python.names.wait));
    return acr_python_task_set_pause(set, ran_without_waiting);
}

/* The loop */

/* An exception left a task or a pause: tell the Python half, then pause. 0: the loop goes on. */
static int handle_task_error(struct acr_python_task_set *set)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL)
        PyException_SetTraceback(value, traceback);
    int code = discard(PyObject_CallFunctionObjArgs(acr_python.task_error, (PyObject *)set, value, NULL));
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return code != 0 ? -1 : pause_between(set, true);
}

/* interrupt(): turns the pending InterruptTaskSet into what the parent's loop understands. */
static void raise_reschedule(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *flag = value != NULL ? PyObject_GetAttr(value, acr_python.names.reschedule) : NULL;
    int now = flag != NULL ? PyObject_IsTrue(flag) : -1;
    if (now >= 0)
        PyErr_SetNone(now ? acr_python.reschedule_now : acr_python.reschedule);
    Py_XDECREF(flag);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

/* Decides about the pending exception: 0: handled, go on; -1: it (or another) leaves run(). */
static int handle_exception(struct acr_python_task_set *set)
{
    if (PyErr_ExceptionMatches(acr_python.reschedule_now)) {
        PyErr_Clear();
        return 0;
    }
    if (PyErr_ExceptionMatches(acr_python.reschedule)) {
        PyErr_Clear();
        return pause_between(set, true) == 0 ? 0 : handle_exception(set);
    }
    if (PyErr_ExceptionMatches(acr_python.interrupt)) {
        raise_reschedule();
        return -1;
    }
    if (PyErr_ExceptionMatches(acr_python.stop_user) || !PyErr_ExceptionMatches(PyExc_Exception))
        return -1;
    return handle_task_error(set);
}

static bool is_expired(const struct acr_python_task_set *set)
{
    return set->stop_timeout > 0 && acr_loop_refresh_now(acr_python.engine->loop) - set->created > set->stop_timeout;
}

/* Until something leaves (-1 with the exception) or the time is up (0). */
static int loop(struct acr_python_task_set *set)
{
    while (!is_expired(set)) {
        uint64_t before = acr_python_suspensions();
        int code = step(set);
        if (ACR_LIKELY(code == 0))
            code = pause_between(set, acr_python_suspensions() == before);
        if (ACR_UNLIKELY(code != 0) && handle_exception(set) != 0)
            return -1;
        if (ACR_UNLIKELY(PyErr_CheckSignals() != 0))
            return -1;
    }
    return 0;
}

static int start(struct acr_python_task_set *set)
{
    if (!set->plan->has_on_start || discard(PyObject_CallMethodNoArgs((PyObject *)set, acr_python.names.on_start)) == 0)
        return 0;
    if (PyErr_ExceptionMatches(acr_python.interrupt))
        raise_reschedule();
    return -1;
}

/* on_stop runs however a started set ends (D3); what it raises is logged and does not replace the reason of the end. */
static void stop(struct acr_python_task_set *set)
{
    if (!set->plan->has_on_stop)
        return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (discard(PyObject_CallMethodNoArgs((PyObject *)set, acr_python.names.on_stop)) != 0) {
        PyObject *own_type, *own_value, *own_traceback;
        PyErr_Fetch(&own_type, &own_value, &own_traceback);
        PyErr_NormalizeException(&own_type, &own_value, &own_traceback);
        if (own_traceback != NULL)
            PyException_SetTraceback(own_value, own_traceback);
        if (discard(PyObject_CallFunctionObjArgs(acr_python.task_error, (PyObject *)set, own_value, NULL)) != 0)
            PyErr_Clear();
        Py_XDECREF(own_type);
        Py_XDECREF(own_value);
        Py_XDECREF(own_traceback);
    }
    PyErr_Restore(type, value, traceback);
}

static PyObject *task_set_run(PyObject *self, PyObject *args, PyObject *kwargs)
{
    struct acr_python_task_set *set = cast(self);
    if (set->user == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the task set's __init__ was not called");
        return NULL;
    }
    Py_XSETREF(set->args, Py_NewRef(args));
    Py_XSETREF(set->kwargs, kwargs != NULL ? Py_NewRef(kwargs) : PyDict_New());
    int code = start(set);
    bool started = code == 0;
    if (started) {
        code = loop(set);
        stop(set);
    } else if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_Exception)) {
        stop(set); /* killed inside on_start */
    }
    if (code != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* Methods */

static PyObject *none_or_error(int code)
{
    if (code != 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *task_set_get_next_task(PyObject *self, PyObject *unused)
{
    (void)unused;
    return pick_task(cast(self));
}

static PyObject *task_set_execute_next_task(PyObject *self, PyObject *unused)
{
    (void)unused;
    if (!has_queued(cast(self))) {
        PyErr_SetString(PyExc_IndexError, "no task is scheduled");
        return NULL;
    }
    return none_or_error(execute_queued(cast(self)));
}

static PyObject *task_set_execute_task(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (PyTuple_GET_SIZE(args) < 1) {
        PyErr_SetString(PyExc_TypeError, "execute_task() missing 1 required positional argument: 'task'");
        return NULL;
    }
    PyObject *rest = PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args));
    if (rest == NULL)
        return NULL;
    int code = execute(cast(self), PyTuple_GET_ITEM(args, 0), rest, kwargs);
    Py_DECREF(rest);
    return none_or_error(code);
}

static PyObject *task_set_schedule_task(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"task_callable", "args", "kwargs", "first", NULL};
    struct acr_python_task_set *set = cast(self);
    PyObject *task, *task_args = NULL, *task_kwargs = NULL;
    int first = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOp:schedule_task", names, &task, &task_args, &task_kwargs,
                                     &first))
        return NULL;
    if (set->queue == NULL && (set->queue = PyList_New(0)) == NULL)
        return NULL;
    PyObject *list = task_args == NULL || PyObject_IsTrue(task_args) == 0 ? PyList_New(0) : Py_NewRef(task_args);
    PyObject *dict = task_kwargs == NULL || PyObject_IsTrue(task_kwargs) == 0 ? PyDict_New() : Py_NewRef(task_kwargs);
    PyObject *item =
        list != NULL && dict != NULL ? Py_BuildValue("{sOsOsO}", "callable", task, "args", list, "kwargs", dict) : NULL;
    int code = item == NULL ? -1 : first ? PyList_Insert(set->queue, 0, item) : PyList_Append(set->queue, item);
    Py_XDECREF(list);
    Py_XDECREF(dict);
    Py_XDECREF(item);
    return none_or_error(code);
}

static PyObject *task_set_wait(PyObject *self, PyObject *unused)
{
    (void)unused;
    return none_or_error(acr_python_task_set_pause(cast(self), true));
}

static PyObject *task_set_wait_function(PyObject *self, PyObject *unused)
{
    (void)unused;
    acr_nanos nanos = 0;
    if (cast(self)->plan->wait_source == ACR_WAIT_FROM_SET_FUNCTION ? wait_by_limits(cast(self), &nanos) != 0
                                                                    : choose_pause(cast(self), &nanos) != 0)
        return NULL;
    return PyFloat_FromDouble((double)nanos / 1e6);
}

static PyObject *task_set_interrupt(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"reschedule", NULL};
    PyObject *reschedule = Py_True;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:interrupt", names, &reschedule))
        return NULL;
    PyObject *exception = PyObject_CallOneArg(acr_python.interrupt, reschedule);
    if (exception != NULL)
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    Py_XDECREF(exception);
    return NULL;
}

/* Construction */

static int read_stop_timeout(struct acr_python_task_set *set)
{
    PyObject *value = PyObject_GetAttr(set->user, acr_python.names.stop_timeout);
    if (value == NULL) {
        PyErr_Clear();
        return 0;
    }
    double seconds = value != Py_None ? PyFloat_AsDouble(value) : 0;
    Py_DECREF(value);
    if (seconds == -1.0 && PyErr_Occurred())
        return -1;
    set->stop_timeout = acr_nanos_from_seconds(seconds);
    return 0;
}

static int task_set_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"parent", NULL};
    struct acr_python_task_set *set = cast(self);
    PyObject *parent;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:TaskSet", names, &parent))
        return -1;
    PyObject *user = NULL;
    if (PyObject_TypeCheck(parent, acr_python.task_set_base))
        user = cast(parent)->user;
    else if (PyObject_TypeCheck(parent, acr_python.user_base))
        user = parent;
    if (user == NULL) {
        PyErr_Format(acr_python.locust_error, "a TaskSet's parent must be a TaskSet or a user, not %s",
                     Py_TYPE(parent)->tp_name);
        return -1;
    }
    set->plan = acr_python_plan_get(Py_TYPE(self), Py_TYPE(user));
    if (set->plan == NULL)
        return -1;
    Py_XSETREF(set->user, Py_NewRef(user));
    Py_XSETREF(set->parent, Py_NewRef(parent));
    set->created = acr_loop_refresh_now(acr_python.engine->loop);
    acr_wait_begin(&set->wait_state, set->created);
    return read_stop_timeout(set);
}

static int task_set_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct acr_python_task_set *set = cast(self);
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(set->user);
    Py_VISIT(set->parent);
    Py_VISIT(set->args);
    Py_VISIT(set->kwargs);
    Py_VISIT(set->queue);
    Py_VISIT(set->own_user);
    return 0;
}

static int task_set_clear(PyObject *self)
{
    struct acr_python_task_set *set = cast(self);
    Py_CLEAR(set->user);
    Py_CLEAR(set->parent);
    Py_CLEAR(set->args);
    Py_CLEAR(set->kwargs);
    Py_CLEAR(set->queue);
    Py_CLEAR(set->own_user);
    return 0;
}

static void task_set_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    task_set_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *get_client(PyObject *self, void *closure)
{
    (void)closure;
    if (cast(self)->user == NULL)
        return PyErr_Format(PyExc_AttributeError, "the task set's __init__ was not called");
    return PyObject_GetAttr(cast(self)->user, acr_python.names.client);
}

/* 0.9's scripts keep things of their own in self.user. */
static PyObject *get_user(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *own = cast(self)->own_user;
    PyObject *user = own != NULL ? own : cast(self)->user;
    return user != NULL ? Py_NewRef(user)
                        : PyErr_Format(PyExc_AttributeError, "the task set's __init__ was not called");
}

static int set_user(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    Py_XSETREF(cast(self)->own_user, Py_XNewRef(value));
    return 0;
}

static PyObject *get_queue(PyObject *self, void *closure)
{
    (void)closure;
    struct acr_python_task_set *set = cast(self);
    if (set->queue == NULL)
        set->queue = PyList_New(0);
    return Py_XNewRef(set->queue);
}

static PyObject *get_time_start(PyObject *self, void *closure)
{
    (void)closure;
    const struct acr_clock *clock = acr_python.engine->clock;
    acr_nanos age = clock->monotonic(clock) - cast(self)->created;
    return PyFloat_FromDouble(acr_nanos_to_seconds(clock->wall(clock) - age));
}

static PyMethodDef task_set_methods[] = {
    {"run", (PyCFunction)(void (*)(void))task_set_run, METH_VARARGS | METH_KEYWORDS,
     "on_start, tasks with pauses until interrupted, on_stop."},
    {"get_next_task", task_set_get_next_task, METH_NOARGS, "A random task."},
    {"execute_next_task", task_set_execute_next_task, METH_NOARGS, "Run the first scheduled task."},
    {"execute_task", (PyCFunction)(void (*)(void))task_set_execute_task, METH_VARARGS | METH_KEYWORDS,
     "Run a task with arguments."},
    {"schedule_task", (PyCFunction)(void (*)(void))task_set_schedule_task, METH_VARARGS | METH_KEYWORDS,
     "Put a task on the queue, at its front with first=True."},
    {"wait", task_set_wait, METH_NOARGS, "Pause as between two tasks."},
    {"wait_function", task_set_wait_function, METH_NOARGS, "Milliseconds to pause."},
    {"interrupt", (PyCFunction)(void (*)(void))task_set_interrupt, METH_VARARGS | METH_KEYWORDS,
     "Leave this task set; the parent picks its next task at once, or after its wait with reschedule=False."},
    {0}};

static PyMemberDef task_set_members[] = {
    {"locust", T_OBJECT, offsetof(struct acr_python_task_set, user), READONLY, "The user."},
    {"parent", T_OBJECT, offsetof(struct acr_python_task_set, parent), 0, "The set around this one, or the user."},
    {"args", T_OBJECT, offsetof(struct acr_python_task_set, args), 0, "Positional arguments of run()."},
    {"kwargs", T_OBJECT, offsetof(struct acr_python_task_set, kwargs), 0, "Keyword arguments of run()."},
    {"_serves_user", T_BOOL, offsetof(struct acr_python_task_set, serves_user), 0, "Tasks get the user."},
    {0}};

static PyGetSetDef task_set_getset[] = {
    {"client", get_client, NULL, "The user's client.", NULL},
    {"user", get_user, set_user, "The user, or whatever a script has put here.", NULL},
    {"_task_queue", get_queue, NULL, "Scheduled tasks.", NULL},
    {"_time_start", get_time_start, NULL, "When this set was made, seconds since the epoch.", NULL},
    {0}};

static PyType_Slot task_set_slots[] = {{Py_tp_init, task_set_init},
                                       {Py_tp_traverse, task_set_traverse},
                                       {Py_tp_clear, task_set_clear},
                                       {Py_tp_dealloc, task_set_dealloc},
                                       {Py_tp_methods, task_set_methods},
                                       {Py_tp_members, task_set_members},
                                       {Py_tp_getset, task_set_getset},
                                       {Py_tp_doc, "C base of TaskSet. See _acrida.pyi."},
                                       {0, NULL}};

static PyType_Spec task_set_spec = {"_acrida.NativeTaskSet", sizeof(struct acr_python_task_set), 0,
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, task_set_slots};

PyTypeObject *acr_python_task_set_type_new(void)
{
    return (PyTypeObject *)PyType_FromSpec(&task_set_spec);
}
