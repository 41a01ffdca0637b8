/* SPDX-License-Identifier: MIT */
/* task_loop - picks a task, runs it, pauses, again; and what the exceptions that leave a task mean. */
#include "python/task_loop.h"

#include <pthread.h>

#include "python/greenlets.h"

/* Left for what a task itself calls, and for telling of its error. */
#define STACK_RESERVE_BYTES (512 * 1024)

static struct acr_python_task_set *cast(PyObject *object)
{
    return (struct acr_python_task_set *)object;
}

static int discard(PyObject *result)
{
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

int acr_python_task_set_check(const struct acr_python_task_set *set)
{
    if (ACR_LIKELY(set->user != NULL))
        return 0;
    PyErr_SetString(PyExc_RuntimeError, "the task set's __init__ was not called");
    return -1;
}

PyObject *acr_python_pick_task(struct acr_python_task_set *set)
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

/* The lowest address that the load thread's stack may reach, which all greenlets run on; NULL when unknown. */
static const char *stack_bottom(void)
{
    pthread_attr_t attributes;
    void *bottom = NULL;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return NULL;
    if (pthread_attr_getstack(&attributes, &bottom, &size) != 0)
        bottom = NULL;
    pthread_attr_destroy(&attributes);
    return bottom;
}

/* Is there room for one more set? Each takes some of the stack, whatever sys.setrecursionlimit() allows. */
static int check_stack(void)
{
    if (acr_python.stack_bottom == NULL)
        acr_python.stack_bottom = stack_bottom();
    const char *here = __builtin_frame_address(0);
    if (ACR_LIKELY(here > acr_python.stack_bottom + STACK_RESERVE_BYTES))
        return 0;
    PyErr_SetString(PyExc_RecursionError, "task sets are nested too deeply");
    return -1;
}

/* Runs a nested set with this one, or the user, as parent. */
static int run_nested(PyObject *parent, PyObject *type, PyObject *args, PyObject *kwargs)
{
    if (check_stack() != 0 || Py_EnterRecursiveCall(" in nested task sets"))
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

/* The code of a function or bound method; NULL of other callables. Borrowed. */
static PyObject *code_of(PyObject *task)
{
    PyObject *function = PyMethod_Check(task) ? PyMethod_GET_FUNCTION(task) : task;
    return PyFunction_Check(function) ? PyFunction_GET_CODE(function) : NULL;
}

/* Why a task that gave this has not run; NULL: it has. A generator that the task got from elsewhere is a mere result.
 */
static const char *find_not_run(PyObject *task, PyObject *result)
{
    if (PyCoro_CheckExact(result) || PyAsyncGen_CheckExact(result))
        return "async def";
    if (PyGen_CheckExact(result) && (PyObject *)((PyGenObject *)result)->gi_code == code_of(task))
        return "a generator (it has a yield)";
    return NULL;
}

/* What a task returns is ignored, unless it tells that none of the task's lines have run. Takes the result. */
static int check_result(PyObject *task, PyObject *result)
{
    if (ACR_LIKELY(result == Py_None) || result == NULL)
        return discard(result);
    const char *reason = find_not_run(task, result);
    if (reason == NULL)
        return discard(result);
    if (PyCoro_CheckExact(result)) /* closed, it does not warn that nobody has awaited it */
        Py_XDECREF(PyObject_CallMethod(result, "close", NULL));
    Py_DECREF(result);
    PyErr_Format(PyExc_TypeError, "task %R is %s: a call runs none of its lines", task, reason);
    return -1;
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
    return check_result(task, result);
}

static int call_bound(PyObject *task, PyObject *args, PyObject *kwargs)
{
    PyObject *all = args != NULL ? Py_NewRef(args) : PyTuple_New(0);
    PyObject *result = all != NULL ? PyObject_Call(task, all, kwargs) : NULL;
    Py_XDECREF(all);
    return check_result(task, result);
}

/* Is it a method of this set, or of the user whom the set serves? -1 with an exception. */
static int is_bound(const struct acr_python_task_set *set, PyObject *task)
{
    PyObject *owner;
    if (_PyObject_LookupAttr(task, acr_python.names.__self__, &owner) < 0)
        return -1;
    int bound = owner == (const PyObject *)set || (set->serves_user && owner == set->user);
    Py_XDECREF(owner);
    return bound;
}

int acr_python_execute(struct acr_python_task_set *set, PyObject *task, PyObject *args, PyObject *kwargs)
{
    PyObject *self = set->serves_user ? set->user : (PyObject *)set;
    if (ACR_LIKELY(PyFunction_Check(task)))
        return call_with_first(task, self, args, kwargs);
    int bound = is_bound(set, task);
    if (bound != 0)
        return bound > 0 ? call_bound(task, args, kwargs) : -1;
    if (is_task_set_class(task))
        return run_nested(self, task, args, kwargs);
    return call_with_first(task, self, args, kwargs);
}

/* The arguments that a queued item has for its task: a tuple and a dict, new references; a dict of nothing is NULL. */
static int read_arguments(PyObject *item, PyObject **ret_args, PyObject **ret_kwargs)
{
    PyObject *args = PyMapping_GetItemString(item, "args");
    PyObject *kwargs = args != NULL ? PyMapping_GetItemString(item, "kwargs") : NULL;
    PyObject *tuple = kwargs != NULL ? PySequence_Tuple(args) : NULL;
    PyObject *dict = tuple != NULL ? PyDict_New() : NULL;
    int code = dict != NULL ? PyDict_Update(dict, kwargs) : -1;
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    if (code != 0) {
        Py_XDECREF(tuple);
        Py_XDECREF(dict);
        return -1;
    }
    if (PyDict_GET_SIZE(dict) == 0)
        Py_CLEAR(dict);
    *ret_args = tuple;
    *ret_kwargs = dict;
    return 0;
}

static int execute_by_method(struct acr_python_task_set *set, PyObject *task, PyObject *args, PyObject *kwargs)
{
    PyObject *head = PyTuple_Pack(1, task);
    PyObject *all = head != NULL ? PySequence_Concat(head, args) : NULL;
    PyObject *method = all != NULL ? PyObject_GetAttr((PyObject *)set, acr_python.names.execute_task) : NULL;
    PyObject *result = method != NULL ? PyObject_Call(method, all, kwargs) : NULL;
    Py_XDECREF(head);
    Py_XDECREF(all);
    Py_XDECREF(method);
    return discard(result);
}

int acr_python_execute_queued(struct acr_python_task_set *set)
{
    PyObject *item = Py_NewRef(PyList_GET_ITEM(set->queue, 0));
    int code = PyList_SetSlice(set->queue, 0, 1, NULL);
    PyObject *task = code == 0 ? PyMapping_GetItemString(item, "callable") : NULL;
    PyObject *args = NULL, *kwargs = NULL;
    code = task != NULL ? read_arguments(item, &args, &kwargs) : -1;
    if (code == 0)
        code = set->plan->own_execute_task ? execute_by_method(set, task, args, kwargs)
                                           : acr_python_execute(set, task, args, kwargs);
    Py_DECREF(item);
    Py_XDECREF(task);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    return code;
}

bool acr_python_has_queued(const struct acr_python_task_set *set)
{
    return set->queue != NULL && PyList_GET_SIZE(set->queue) > 0;
}

/* By methods that a script has replaced: the task goes over the queue. */
static bool goes_by_queue(const struct acr_python_plan *plan)
{
    return plan->own_execute_next_task || plan->own_schedule_task;
}

/* The task that is next, a new reference; NULL without an exception when it is the first queued one. */
static PyObject *choose(struct acr_python_task_set *set)
{
    PyObject *self = (PyObject *)set;
    if (acr_python_has_queued(set))
        return NULL;
    PyObject *task = set->plan->own_get_next_task ? PyObject_CallMethodNoArgs(self, acr_python.names.get_next_task)
                                                  : acr_python_pick_task(set);
    if (task == NULL || !goes_by_queue(set->plan))
        return task;
    discard(PyObject_CallMethodOneArg(self, acr_python.names.schedule_task, task));
    Py_DECREF(task);
    return NULL;
}

/* task: NULL for the first queued one. */
static int execute(struct acr_python_task_set *set, PyObject *task)
{
    const struct acr_python_plan *plan = set->plan;
    if (goes_by_queue(plan))
        return discard(PyObject_CallMethodNoArgs((PyObject *)set, acr_python.names.execute_next_task));
    if (task == NULL)
        return acr_python_execute_queued(set);
    return plan->own_execute_task
               ? discard(PyObject_CallMethodOneArg((PyObject *)set, acr_python.names.execute_task, task))
               : acr_python_execute(set, task, NULL, NULL);
}

static int pause_between(struct acr_python_task_set *set, bool ran_without_waiting)
{
    acr_python_task_set_refresh(set);
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
    if (PyErr_ExceptionMatches(acr_python.interrupt)) {
        raise_reschedule();
        return -1;
    }
    if (PyErr_ExceptionMatches(acr_python.stop_user) || !PyErr_ExceptionMatches(PyExc_Exception))
        return -1;
    return handle_task_error(set);
}

/* Is the user's stop_timeout over? -1 with an exception. */
static int is_expired(const struct acr_python_task_set *set)
{
    if (ACR_LIKELY(!set->plan->states_stop_timeout))
        return 0;
    PyObject *value = PyObject_GetAttr(set->user, acr_python.names.stop_timeout);
    if (value == NULL)
        return -1;
    bool stated = value != Py_None;
    double seconds = stated ? PyFloat_AsDouble(value) : 0;
    Py_DECREF(value);
    if (seconds == -1.0 && PyErr_Occurred())
        return -1;
    return stated && acr_nanos_to_seconds(acr_loop_refresh_now(acr_python.engine->loop) - set->created) > seconds;
}

/* What a task asks for by an exception, after which the loop goes on; -1: it is another. */
static int follow_reschedule(bool *ret_waits)
{
    if (PyErr_ExceptionMatches(acr_python.reschedule_now))
        *ret_waits = false;
    else if (!PyErr_ExceptionMatches(acr_python.reschedule))
        return -1;
    PyErr_Clear();
    return 0;
}

/* A task, then the pause. Without a pause the others get their turn all the same. */
static int turn(struct acr_python_task_set *set)
{
    uint64_t before = acr_python_suspensions();
    PyObject *task = choose(set);
    if (ACR_UNLIKELY(task == NULL) && PyErr_Occurred())
        return -1;
    int code = execute(set, task);
    Py_XDECREF(task);
    bool waits = true;
    if (ACR_UNLIKELY(code != 0) && follow_reschedule(&waits) != 0)
        return -1;
    bool ran_without_waiting = acr_python_suspensions() == before;
    if (ACR_LIKELY(waits))
        return pause_between(set, ran_without_waiting);
    return ran_without_waiting ? acr_python_sleep(0) : 0;
}

/* Until something leaves (-1 with the exception) or the time is up (0). */
static int loop(struct acr_python_task_set *set)
{
    for (;;) {
        acr_python_task_set_refresh(set);
        int expired = is_expired(set);
        if (ACR_UNLIKELY(expired > 0))
            return 0;
        int code = expired == 0 ? turn(set) : -1;
        if (ACR_UNLIKELY(code != 0) && handle_exception(set) != 0)
            return -1;
        if (ACR_UNLIKELY(PyErr_CheckSignals() != 0))
            return -1;
    }
}

static int start(struct acr_python_task_set *set)
{
    if (!set->plan->has_on_start || discard(PyObject_CallMethodNoArgs((PyObject *)set, acr_python.names.on_start)) == 0)
        return 0;
    if (PyErr_ExceptionMatches(acr_python.interrupt))
        raise_reschedule();
    return -1;
}

/* Does this exception end the user, and not only a task? */
static bool ends_user(PyObject *type)
{
    return type != NULL && (PyErr_GivenExceptionMatches(type, acr_python.stop_user) ||
                            !PyErr_GivenExceptionMatches(type, PyExc_Exception));
}

/* Logs the pending exception of an on_stop, unless it ends the user: then it stays. */
static void log_on_stop(struct acr_python_task_set *set)
{
    if (ends_user(PyErr_Occurred()))
        return;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL)
        PyException_SetTraceback(value, traceback);
    if (discard(PyObject_CallFunctionObjArgs(acr_python.task_error, (PyObject *)set, value, NULL)) != 0 &&
        !ends_user(PyErr_Occurred()))
        PyErr_Clear();
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

/* on_stop runs however a started set ends (D3). What it raises is logged and does not replace the reason of the end;
 * but a kill that reaches the user there ends it, when the set alone was to end. */
static int stop(struct acr_python_task_set *set, int code)
{
    if (!set->plan->has_on_stop)
        return code;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (discard(PyObject_CallMethodNoArgs((PyObject *)set, acr_python.names.on_stop)) != 0)
        log_on_stop(set);
    if (PyErr_Occurred() && !ends_user(type)) {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
        return -1;
    }
    PyErr_Restore(type, value, traceback);
    return code;
}

PyObject *acr_python_task_set_run(PyObject *self, PyObject *args, PyObject *kwargs)
{
    struct acr_python_task_set *set = cast(self);
    if (acr_python_task_set_check(set) != 0)
        return NULL;
    Py_XSETREF(set->args, Py_NewRef(args));
    Py_XSETREF(set->kwargs, kwargs != NULL ? Py_NewRef(kwargs) : PyDict_New());
    int code = start(set);
    bool started = code == 0;
    if (started) {
        code = stop(set, loop(set));
    } else if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_Exception)) {
        code = stop(set, code); /* killed inside on_start */
    }
    if (code != 0)
        return NULL;
    Py_RETURN_NONE;
}
