/* SPDX-License-Identifier: MIT */
/* greenlets - suspends a greenlet by switching to gevent's hub, resumes it from the hub's callback. */
#include "python/greenlets.h"

#include <greenlet.h>
#include <pthread.h>

#include "base/memory.h"
#include "loop/loop.h"

/* Fibers kept for reuse. */
#define SPARE_FIBERS_MAX 1024

struct greenlet_fiber {
    struct acr_fiber fiber;
    PyGreenlet *greenlet; /* owned while taken */
    bool shielded;        /* waits for an answer: a kill may be put aside */
    PyObject *kill;       /* the UserKill that was put aside, or NULL */
    struct acr_timer grace;
    struct greenlet_fiber *next_spare;
};

/* A kill that was put aside and is still to arrive (acr_python_fiber_kill_later). */
struct late_kill {
    struct acr_list link;
    PyGreenlet *greenlet; /* owned */
    PyObject *kill;       /* owned */
    struct acr_timer timer;
};

/* How long a late kill waits for its greenlet to come by. */
#define LATE_KILL_WAIT (50 * ACR_NANOS_PER_MILLI)

/* Known to this file alone, and once per process as all of acr_python (state.h) is. */
static struct {
    PyGreenlet *hub;
    PyObject *watcher;
    PyObject *handle_error; /* hub.handle_error */
    unsigned long thread;   /* the hub's */
    bool forked;            /* this is a child: the engine's descriptors are those of the parent, too */
    struct greenlet_fiber *spare;
    size_t spare_count;
    size_t waiting; /* greenlets suspended in the engine */
    uint64_t suspensions;
    struct acr_list late_kills;
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

/* Was a UserKill just thrown in, and is this greenlet to finish its request first? */
static bool put_aside(struct greenlet_fiber *waiting)
{
    if (!waiting->shielded || waiting->kill != NULL || !PyErr_ExceptionMatches(acr_python.user_kill))
        return false;
    PyObject *type, *traceback;
    PyErr_Fetch(&type, &waiting->kill, &traceback);
    PyErr_NormalizeException(&type, &waiting->kill, &traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    acr_loop_refresh_now(waiting->fiber.loop);
    acr_timer_arm(&waiting->grace, acr_deadline_after(acr_loop_now(waiting->fiber.loop), ACR_PYTHON_STOP_GRACE));
    return true;
}

/* The server did not answer in time: the request is given up after all. */
static void on_grace_over(struct acr_timer *timer)
{
    acr_fiber_cancel(&ACR_CONTAINER_OF(timer, struct greenlet_fiber, grace)->fiber);
}

void acr_python_fiber_shield(struct acr_fiber *fiber)
{
    ACR_CONTAINER_OF(fiber, struct greenlet_fiber, fiber)->shielded = true;
}

bool acr_python_fiber_unshield(struct acr_fiber *fiber)
{
    struct greenlet_fiber *waiting = ACR_CONTAINER_OF(fiber, struct greenlet_fiber, fiber);
    waiting->shielded = false;
    if (ACR_LIKELY(waiting->kill == NULL))
        return false;
    acr_timer_disarm(&waiting->grace);
    return true;
}

void acr_python_fiber_raise(struct acr_fiber *fiber)
{
    struct greenlet_fiber *waiting = ACR_CONTAINER_OF(fiber, struct greenlet_fiber, fiber);
    PyErr_SetObject((PyObject *)Py_TYPE(waiting->kill), waiting->kill);
    Py_CLEAR(waiting->kill);
}

static void late_kill_free(struct late_kill *late)
{
    Py_DECREF(late->greenlet);
    Py_DECREF(late->kill);
    acr_free(late);
}

/* The greenlet waits outside of the engine, in gevent.sleep() say: Greenlet.kill(exception, block=False) reaches it
 * there. */
static void on_late_kill(struct acr_timer *timer)
{
    struct late_kill *late = ACR_CONTAINER_OF(timer, struct late_kill, timer);
    acr_list_remove(&late->link);
    PyObject *result = PyObject_CallMethod((PyObject *)late->greenlet, "kill", "OO", late->kill, Py_False);
    if (result == NULL)
        PyErr_WriteUnraisable((PyObject *)late->greenlet);
    Py_XDECREF(result);
    late_kill_free(late);
}

void acr_python_fiber_kill_later(struct acr_fiber *fiber)
{
    struct greenlet_fiber *waiting = ACR_CONTAINER_OF(fiber, struct greenlet_fiber, fiber);
    struct late_kill *late = acr_alloc_zero(sizeof *late);
    late->greenlet = (PyGreenlet *)Py_NewRef(waiting->greenlet);
    late->kill = waiting->kill;
    waiting->kill = NULL;
    acr_list_append(&hub.late_kills, &late->link);
    acr_timer_init(&late->timer, fiber->loop, on_late_kill);
    acr_timer_arm(&late->timer, acr_deadline_after(acr_loop_refresh_now(fiber->loop), LATE_KILL_WAIT));
}

/* The late kill of this greenlet, off the list, or NULL. */
static struct late_kill *take_late_kill(const PyGreenlet *greenlet)
{
    for (struct acr_list *link = hub.late_kills.next; link != &hub.late_kills; link = link->next) {
        struct late_kill *late = ACR_LIST_ENTRY(link, struct late_kill, link);
        if (late->greenlet != greenlet)
            continue;
        acr_list_remove(&late->link);
        acr_timer_disarm(&late->timer);
        return late;
    }
    return NULL;
}

static struct late_kill *take_own_late_kill(void)
{
    if (ACR_LIKELY(acr_list_empty(&hub.late_kills)))
        return NULL;
    PyGreenlet *current = PyGreenlet_GetCurrent();
    struct late_kill *late = current != NULL ? take_late_kill(current) : NULL;
    Py_XDECREF(current);
    return late;
}

bool acr_python_late_kill_raise(void)
{
    struct late_kill *late = take_own_late_kill();
    if (late == NULL)
        return false;
    PyErr_SetObject((PyObject *)Py_TYPE(late->kill), late->kill);
    late_kill_free(late);
    return true;
}

void acr_python_late_kill_forget(void)
{
    struct late_kill *late = take_own_late_kill();
    if (late != NULL)
        late_kill_free(late);
}

static int suspend(struct acr_fiber *fiber)
{
    hub.suspensions++;
    count_waiting(+1);
    /* Straight to the next user that has an answer, if there is one: a detour by the hub costs another switch. */
    struct acr_fiber *next = acr_fiber_take_next(fiber);
    PyGreenlet *target = next != NULL ? ACR_CONTAINER_OF(next, struct greenlet_fiber, fiber)->greenlet : hub.hub;
    PyObject *result = PyGreenlet_Switch(target, NULL, NULL);
    if (result == NULL) {
        /* Thrown into: kill, gevent.Timeout. The exception is set and travels up as ACR_ERR_CANCELLED. */
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        count_waiting(-1);
        PyErr_Restore(type, value, traceback);
        return put_aside(ACR_CONTAINER_OF(fiber, struct greenlet_fiber, fiber)) ? 0 : ACR_ERR_CANCELLED;
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

bool acr_python_in_load_thread(void)
{
    return PyThread_get_thread_ident() == hub.thread && !hub.forked;
}

struct acr_fiber *acr_python_fiber_take(void)
{
    if (!acr_python_in_load_thread()) {
        PyErr_SetString(PyExc_RuntimeError, hub.forked
                                                ? "the engine stays with the process that was forked; this is its child"
                                                : "the engine can wait in the main thread only; this is another one");
        return NULL;
    }
    PyGreenlet *current = PyGreenlet_GetCurrent();
    if (current == NULL)
        return NULL;
    if (current == hub.hub) {
        Py_DECREF(current);
        PyErr_SetString(PyExc_RuntimeError,
                        "a request cannot be made from a callback of gevent's hub: spawn a greenlet for it");
        return NULL;
    }
    if (acr_python_late_kill_raise()) {
        Py_DECREF(current);
        return NULL;
    }
    struct greenlet_fiber *taken = hub.spare;
    if (taken != NULL) {
        hub.spare = taken->next_spare;
        hub.spare_count--;
    } else {
        taken = acr_alloc_zero(sizeof *taken);
        acr_fiber_init(&taken->fiber, acr_python.engine->loop, &greenlet_ops);
        acr_timer_init(&taken->grace, acr_python.engine->loop, on_grace_over);
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

/* A child shares the epoll descriptor: whatever it did there would be done to the parent. */
static void in_child(void)
{
    hub.forked = true;
}

static PyObject *stop_watching(void)
{
    PyObject *stopped = PyObject_CallMethod(hub.watcher, "stop", NULL);
    if (stopped == NULL)
        PyErr_WriteUnraisable(hub.watcher);
    Py_XDECREF(stopped);
    Py_RETURN_NONE;
}

/* Called by gevent's hub when the engine's descriptor is readable. Never raises. */
static PyObject *drain(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    if (ACR_UNLIKELY(hub.forked))
        return stop_watching();
    /* A turn inside a turn (a scenario that runs the hub from a callback) has nothing to do: the outer one goes on. */
    if (!acr_loop_in_turn(acr_python.engine->loop)) {
        int code = acr_loop_turn(acr_python.engine->loop, 0);
        if (code != 0)
            PySys_WriteStderr("acrida: the engine's loop failed: %s\n", acr_error_text(code));
        if (ACR_UNLIKELY(PyErr_Occurred() != NULL))
            PyErr_WriteUnraisable(NULL); /* nobody above could make anything of it */
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
    hub.thread = PyThread_get_thread_ident();
    acr_list_init(&hub.late_kills);
    hub.handle_error = PyObject_GetAttrString((PyObject *)hub.hub, "handle_error");
    return hub.handle_error != NULL && pthread_atfork(NULL, NULL, in_child) == 0 ? 0 : -1;
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
