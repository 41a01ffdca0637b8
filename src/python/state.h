/* SPDX-License-Identifier: MIT */
/*
 * state - what the extension knows once per process.
 *
 * One interpreter, one gevent hub, one engine: greenlet's C API and gevent's hub are per thread and Locust's are the
 * main thread's, so this is one struct and not a per-module one. Everything here is read and written with the
 * interpreter lock held, by the load thread.
 *
 * The interpreter lock: the load thread holds it whenever engine code runs, since turns are run from gevent's callback.
 * The engine never blocks, so nothing in src/python releases it; waiting is done by switching to the hub.
 */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "base/map.h"
#include "run/scenario.h"

/* Python objects the Python half hands over by configure(); owned. */
#define ACR_PYTHON_CONFIGURED(X) \
    X(response_type)             \
    X(context_type)              \
    X(session_state)             \
    X(session_attribute)         \
    X(fallback)                  \
    X(encode_json)               \
    X(prepare)                   \
    X(make_error)                \
    X(http_error)                \
    X(catch_error)               \
    X(response_error)            \
    X(locust_error)              \
    X(interrupt)                 \
    X(reschedule)                \
    X(reschedule_now)            \
    X(stop_user)                 \
    X(user_kill)                 \
    X(task_error)                \
    X(wait_by_limits)            \
    X(success_hook)              \
    X(failure_hook)              \
    X(request_hook)

/* Names looked up by identity, made once; owned. */
#define ACR_PYTHON_NAMES(X) \
    X(allow_redirects)      \
    X(args)                 \
    X(auth)                 \
    X(call)                 \
    X(catch_response)       \
    X(cert)                 \
    X(client)               \
    X(context)              \
    X(cookies)              \
    X(data)                 \
    X(execute_next_task)    \
    X(execute_task)         \
    X(files)                \
    X(generation)           \
    X(get_next_task)        \
    X(headers)              \
    X(hooks)                \
    X(host)                 \
    X(json)                 \
    X(max_wait)             \
    X(method)               \
    X(min_wait)             \
    X(name)                 \
    X(on_start)             \
    X(on_stop)              \
    X(params)               \
    X(proxies)              \
    X(reschedule)           \
    X(run)                  \
    X(schedule_task)        \
    X(stop_timeout)         \
    X(stream)               \
    X(task_set)             \
    X(tasks)                \
    X(timeout)              \
    X(url)                  \
    X(user)                 \
    X(verify)               \
    X(wait)                 \
    X(wait_function)        \
    X(wait_time)            \
    X(_default_task_set)    \
    X(_handlers)            \
    X(__self__)

struct acr_python {
    struct acr_engine *engine;     /* NULL until attach_hub() */
    struct acr_scenario *scenario; /* the program's locustfile; NULL in a plain Python */
    struct acr_map sites;          /* base URL -> struct acr_python_site (site.h) */
#define X(name) PyObject *name;
    ACR_PYTHON_CONFIGURED(X)
#undef X
    struct {
#define X(name) PyObject *name;
        ACR_PYTHON_NAMES(X)
#undef X
    } names;
    PyObject *success_handlers, *failure_handlers, *request_handlers; /* lists of the hooks; owned */
    uint64_t states_made, routes_made;                                /* numbers of what heads are made of (draft.c) */
    PyObject *plans;          /* (set type, user type) -> capsule of struct acr_python_plan (plan.h); owned */
    const char *stack_bottom; /* of the load thread; NULL until needed */
    PyObject *json_scanner;   /* of Python's json module; owned, NULL until needed */
    PyTypeObject *session_base, *response_base, *task_set_base, *user_base, *wait_time_type,
        *from_user_type; /* owned */
};

/* The one there is; zero until the module was imported. */
extern struct acr_python acr_python;
