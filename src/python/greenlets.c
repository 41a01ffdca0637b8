/* SPDX-License-Identifier: MIT */
/* greenlets - suspends a greenlet by switching to gevent's hub, resumes it from the hub's callback. */
#include "python/greenlets.h"

#include <greenlet.h>

#include "base/memory.h"
#include "loop/loop.h"

/* Fibers kept for reuse. */
#define SPARE_FIBERS_MAX 1024

struct greenlet_fiber {
    struct acr_fiber fiber;
    PyGreenlet *greenlet; /* owned while taken */
    struct greenlet_fiber *next_spare;
};

static struct {
    PyGreenlet *hub;
    PyObject *watcher;
    PyObject *handle_error; /* hub.handle_error */
    struct greenlet_fiber *spare;
    size_t spare_count;
    size_t waiting; /* greenlets suspended in the engine */
    uint64_t suspensions;
} hub;

/* With nobody waiting, the engine must not keep gevent's loop alive: gevent tells a deadlock by an empty loop. */
static void count_waiting(int change)
{
    bool was = hub.waiting > 0;
    hub.waiting += (size_t)change;
    bool is = hub.waiting > 0;
    if (was != is && PyObject_SetAttrString(hub.watcher, "ref", is ? Py_True : Py_False) != 0)
        PyErr_WriteUnraisable(hub.watcher);
}

static int suspend(struct acr_fiber *fiber)
{
    (void)fiber;
    hub.suspensions++;
    count_waiting(+1);
    PyObject *result = PyGreenlet_Switch(hub.hub, NULL, NULL);
    if (result == NULL) {
        /* Thrown into: kill, gevent.Timeout. The exception is set and travels up as ACR_ERR_CANCELLED. */
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        count_waiting(-1);
        PyErr_Restore(type, value, traceback);
        return ACR_ERR_CANCELLED;
    }
    count_waiting(-1);
    Py_DECREF(result);
    return 0;
}

/* A greenlet died of an exception that nobody caught: gevent prints it, the others go on. */
static void report_error(PyGreenlet *greenlet)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *result =
        PyObject_CallFunctionObjArgs(hub.handle_error, (PyObject *)greenlet, type, value != NULL ? value : Py_None,
                                     traceback != NULL ? traceback : Py_None, NULL);
    if (result == NULL)
        PyErr_WriteUnraisable(hub.handle_error);
    Py_XDECREF(result);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

static void resume(struct acr_fiber *fiber)
{
    PyGreenlet *greenlet = ACR_CONTAINER_OF(fiber, struct greenlet_fiber, fiber)->greenlet;
    Py_INCREF(greenlet); /* the fiber may be given back, and the greenlet end, before the switch returns */
    PyObject *result = PyGreenlet_Switch(greenlet, NULL, NULL);
    if (result == NULL)
        report_error(greenlet);
    Py_XDECREF(result);
    Py_DECREF(greenlet);
}

static const struct acr_fiber_ops greenlet_ops = {suspend, resume};

struct acr_fiber *acr_python_fiber_take(void)
{
    PyGreenlet *current = PyGreenlet_GetCurrent();
    if (current == NULL)
        return NULL;
    if (current == hub.hub) {
        Py_DECREF(current);
        PyErr_SetString(PyExc_RuntimeError,
                        "a request cannot be made from a callback of gevent's hub: spawn a greenlet for it");
        return NULL;
    }
    struct greenlet_fiber *taken = hub.spare;
    if (taken != NULL) {
        hub.spare = taken->next_spare;
        hub.spare_count--;
    } else {
        taken = acr_alloc_zero(sizeof *taken);
        acr_fiber_init(&taken->fiber, acr_python.engine->loop, &greenlet_ops);
    }
    taken->greenlet = current;
    return &taken->fiber;
}

void acr_python_fiber_give(struct acr_fiber *fiber)
{
    struct greenlet_fiber *given = ACR_CONTAINER_OF(fiber, struct greenlet_fiber, fiber);
    acr_fiber_forget_wake(fiber);
    Py_CLEAR(given->greenlet);
    if (hub.spare_count == SPARE_FIBERS_MAX) {
        acr_fiber_done(fiber);
        acr_free(given);
        return;
    }
    given->next_spare = hub.spare;
    hub.spare = given;
    hub.spare_count++;
}

uint64_t acr_python_suspensions(void)
{
    return hub.suspensions;
}

/* Called by gevent's hub when the engine's descriptor is readable. Never raises. */
static PyObject *drain(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    /* A turn inside a turn (a scenario that runs the hub from a callback) has nothing to do: the outer one goes on. */
    if (!acr_loop_in_turn(acr_python.engine->loop)) {
        int code = acr_loop_turn(acr_python.engine->loop, 0);
        if (code != 0)
            PySys_WriteStderr("acrida: the engine's loop failed: %s\n", acr_error_text(code));
    }
    Py_RETURN_NONE;
}

static PyMethodDef drain_method = {"drain", drain, METH_NOARGS, "One turn of the engine, from gevent's hub."};

static int watch_engine(void)
{
    PyObject *loop = PyObject_GetAttrString((PyObject *)hub.hub, "loop");
    if (loop == NULL)
        return -1;
    hub.watcher = PyObject_CallMethod(loop, "io", "ii", acr_loop_fd(acr_python.engine->loop), 1);
    Py_DECREF(loop);
    if (hub.watcher == NULL || PyObject_SetAttrString(hub.watcher, "ref", Py_False) != 0)
        return -1;
    PyObject *callback = PyCFunction_New(&drain_method, NULL);
    PyObject *started = callback != NULL ? PyObject_CallMethod(hub.watcher, "start", "O", callback) : NULL;
    Py_XDECREF(callback);
    Py_XDECREF(started);
    return started != NULL ? 0 : -1;
}

static int find_hub(void)
{
    PyGreenlet_Import();
    if (_PyGreenlet_API == NULL)
        return -1;
    PyObject *gevent = PyImport_ImportModule("gevent");
    if (gevent == NULL)
        return -1;
    hub.hub = (PyGreenlet *)PyObject_CallMethod(gevent, "get_hub", NULL);
    Py_DECREF(gevent);
    if (hub.hub == NULL)
        return -1;
    hub.handle_error = PyObject_GetAttrString((PyObject *)hub.hub, "handle_error");
    return hub.handle_error != NULL ? 0 : -1;
}

int acr_python_attach_hub(void)
{
    if (acr_python.engine != NULL)
        return 0;
    if (find_hub() != 0)
        return -1;
    struct acr_error error = {0};
    if (acr_engine_open(acr_clock_system(), &acr_python.engine, &error) != 0) {
        char text[ACR_ERROR_DETAIL_MAX + 64];
        acr_error_format(&error, text, sizeof text);
        PyErr_Format(PyExc_OSError, "the engine could not be opened: %s", text);
        return -1;
    }
    return watch_engine();
}
