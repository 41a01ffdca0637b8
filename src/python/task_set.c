/* SPDX-License-Identifier: MIT */
/* task_set - the type: the methods a script may call or override, and its life. */
#include "python/task_loop.h"

#include <structmember.h>

#include "python/greenlets.h"

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
    return acr_python_task_set_check(cast(self)) == 0 ? acr_python_pick_task(cast(self)) : NULL;
}

static PyObject *task_set_execute_next_task(PyObject *self, PyObject *unused)
{
    (void)unused;
    if (acr_python_task_set_check(cast(self)) != 0)
        return NULL;
    if (!acr_python_has_queued(cast(self))) {
        PyErr_SetString(PyExc_IndexError, "no task is scheduled");
        return NULL;
    }
    return none_or_error(acr_python_execute_queued(cast(self)));
}

static PyObject *task_set_execute_task(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (PyTuple_GET_SIZE(args) < 1) {
        PyErr_SetString(PyExc_TypeError, "execute_task() missing 1 required positional argument: 'task'");
        return NULL;
    }
    if (acr_python_task_set_check(cast(self)) != 0)
        return NULL;
    if (PyTuple_GET_SIZE(args) == 1 && (kwargs == NULL || PyDict_GET_SIZE(kwargs) == 0))
        return none_or_error(acr_python_execute(cast(self), PyTuple_GET_ITEM(args, 0), NULL, NULL));
    PyObject *rest = PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args));
    if (rest == NULL)
        return NULL;
    int code = acr_python_execute(cast(self), PyTuple_GET_ITEM(args, 0), rest, kwargs);
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
    if (task_args == Py_True || task_args == Py_False) { /* 2.x: schedule_task(task, first) */
        first |= task_args == Py_True;
        task_args = NULL;
    }
    if (set->queue == NULL && (set->queue = PyList_New(0)) == NULL)
        return NULL;
    int has_args = task_args != NULL ? PyObject_IsTrue(task_args) : 0;
    int has_kwargs = has_args >= 0 && task_kwargs != NULL ? PyObject_IsTrue(task_kwargs) : 0;
    if (has_args < 0 || has_kwargs < 0)
        return NULL;
    PyObject *list = has_args ? Py_NewRef(task_args) : PyList_New(0);
    PyObject *dict = has_kwargs ? Py_NewRef(task_kwargs) : PyDict_New();
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
    if (acr_python_task_set_check(cast(self)) != 0)
        return NULL;
    acr_python_task_set_refresh(cast(self));
    return none_or_error(acr_python_task_set_pause(cast(self), true));
}

static PyObject *task_set_wait_function(PyObject *self, PyObject *unused)
{
    (void)unused;
    acr_nanos nanos = 0;
    if (acr_python_task_set_check(cast(self)) != 0)
        return NULL;
    acr_python_task_set_refresh(cast(self));
    if (cast(self)->plan->wait_source == ACR_WAIT_FROM_SET_FUNCTION ? acr_python_wait_by_limits(cast(self), &nanos) != 0
                                                                    : acr_python_choose_pause(cast(self), &nanos) != 0)
        return NULL;
    if (nanos % ACR_NANOS_PER_MILLI == 0)
        return PyLong_FromLongLong(nanos / ACR_NANOS_PER_MILLI);
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

void acr_python_task_set_replan(struct acr_python_task_set *set)
{
    PyObject *self = (PyObject *)set;
    if (acr_python_plan_is_stale(set->shared_plan))
        acr_python_plan_update(set->shared_plan);
    set->plan = set->shared_plan;
    if (acr_python_plan_misses(self, set->user))
        set->plan = set->own_plan = acr_python_plan_for(set->own_plan, self, set->user);
    set->attributes_seen = acr_python_attributes_version(set->attributes);
    set->user_attributes_seen = acr_python_attributes_version(set->user_attributes);
}

/* Binds the set to a user. */
static int take_user(struct acr_python_task_set *set, PyObject *user)
{
    set->shared_plan = acr_python_plan_get(Py_TYPE(set), Py_TYPE(user));
    if (set->shared_plan == NULL)
        return -1;
    Py_XSETREF(set->user, Py_NewRef(user));
    set->attributes = _PyObject_GetDictPtr((PyObject *)set);
    set->user_attributes = _PyObject_GetDictPtr(user);
    acr_python_task_set_replan(set);
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
    if (acr_python_attach_hub() != 0)
        return -1;
    if (take_user(set, user) != 0)
        return -1;
    Py_XSETREF(set->parent, Py_NewRef(parent));
    set->created = acr_loop_refresh_now(acr_python.engine->loop);
    acr_wait_begin(&set->wait_state, set->created);
    return 0;
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
    acr_python_plan_free(cast(self)->own_plan);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *get_locust(PyObject *self, void *closure)
{
    (void)closure;
    return Py_NewRef(cast(self)->user != NULL ? cast(self)->user : Py_None);
}

static int set_locust(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    if (value != NULL && PyObject_TypeCheck(value, acr_python.user_base))
        return take_user(cast(self), value);
    PyErr_SetString(PyExc_TypeError, "a task set's `locust` must be a user");
    return -1;
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

static int set_queue(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    PyObject *queue = value != NULL && !PyList_Check(value) ? PySequence_List(value) : Py_XNewRef(value);
    if (queue == NULL && value != NULL)
        return -1;
    Py_XSETREF(cast(self)->queue, queue);
    return 0;
}

static PyObject *get_time_start(PyObject *self, void *closure)
{
    (void)closure;
    const struct acr_clock *clock = acr_python.engine->clock;
    acr_nanos age = clock->monotonic(clock) - cast(self)->created;
    return PyFloat_FromDouble(acr_nanos_to_seconds(clock->wall(clock) - age));
}

static int set_time_start(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    const struct acr_clock *clock = acr_python.engine->clock;
    if (value == NULL)
        return PyErr_SetString(PyExc_AttributeError, "_time_start cannot be deleted"), -1;
    double seconds = PyFloat_AsDouble(value);
    if (seconds == -1.0 && PyErr_Occurred())
        return -1;
    cast(self)->created = clock->monotonic(clock) - (clock->wall(clock) - acr_nanos_from_seconds(seconds));
    return 0;
}

static PyMethodDef task_set_methods[] = {
    {"run", (PyCFunction)(void (*)(void))acr_python_task_set_run, METH_VARARGS | METH_KEYWORDS,
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
    {"parent", T_OBJECT, offsetof(struct acr_python_task_set, parent), 0, "The set around this one, or the user."},
    {"args", T_OBJECT, offsetof(struct acr_python_task_set, args), 0, "Positional arguments of run()."},
    {"kwargs", T_OBJECT, offsetof(struct acr_python_task_set, kwargs), 0, "Keyword arguments of run()."},
    {"_serves_user", T_BOOL, offsetof(struct acr_python_task_set, serves_user), 0, "Tasks get the user."},
    {0}};

static PyGetSetDef task_set_getset[] = {
    {"locust", get_locust, set_locust, "The user.", NULL},
    {"client", get_client, NULL, "The user's client.", NULL},
    {"user", get_user, set_user, "The user, or whatever a script has put here.", NULL},
    {"_task_queue", get_queue, set_queue, "Scheduled tasks.", NULL},
    {"_time_start", get_time_start, set_time_start, "When this set was made, seconds since the epoch.", NULL},
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
