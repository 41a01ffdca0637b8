/* SPDX-License-Identifier: MIT */
/*
 * task_set - the C base of TaskSet: picks a task, runs it, waits, again.
 *
 * The loop looks once which methods the script overrides and where the wait comes from (struct acr_python_plan,
 * plan.h); what is not overridden never becomes a Python call.
 */
#pragma once

#include "python/plan.h"

#include "user/wait.h"

struct acr_python_user {
    PyObject_HEAD struct acr_wait_state wait_state;
};

struct acr_python_task_set {
    PyObject_HEAD PyObject *user; /* owned */
    PyObject *parent;             /* owned: a task set, or the user */
    PyObject *args;               /* as given to run(); NULL until then */
    PyObject *kwargs;
    PyObject *own_user;                  /* what a script has put into `user`; NULL: the user */
    PyObject *queue;                     /* list of {"callable", "args", "kwargs"}, or NULL while never used */
    struct acr_python_plan *plan;        /* what holds now: shared_plan or own_plan; NULL until __init__ */
    struct acr_python_plan *shared_plan; /* of the types */
    struct acr_python_plan *own_plan;    /* of this object, owned; NULL until it is needed */
    PyObject *const *attributes, *const *user_attributes; /* where this object and the user keep their own */
    uint64_t attributes_seen, user_attributes_seen;       /* acr_python_attributes_version() when `plan` was chosen */
    struct acr_wait_state wait_state;
    acr_nanos created;
    bool serves_user; /* the implicit set of a user with `tasks`: those get the user, not this set */
};

PyTypeObject *acr_python_task_set_type_new(void);
PyTypeObject *acr_python_user_type_new(void);
PyTypeObject *acr_python_from_user_type_new(void);

/* Makes `plan` true again after the script has changed a class, the set or its user. */
void acr_python_task_set_replan(struct acr_python_task_set *set);
static inline void acr_python_task_set_refresh(struct acr_python_task_set *set)
{
    if (ACR_UNLIKELY(acr_python_plan_is_stale(set->plan) ||
                     acr_python_attributes_version(set->attributes) != set->attributes_seen ||
                     acr_python_attributes_version(set->user_attributes) != set->user_attributes_seen))
        acr_python_task_set_replan(set);
}

/* Where pacing keeps what it remembers: of a task set or user, else NULL. */
struct acr_wait_state *acr_python_wait_state(PyObject *object);

/* pause.c */

/* The pause between two tasks: computed, then slept on the engine's wheel. `ran_without_waiting` tells that the task
 * before did not let others run, so that a pause of nothing still must. -1 with an exception. */
int acr_python_task_set_pause(struct acr_python_task_set *set, bool ran_without_waiting);

/* How long that pause is; -1 with an exception. The second goes by min_wait and max_wait only; the third by limits in
 * whole milliseconds, both included. */
int acr_python_choose_pause(struct acr_python_task_set *set, acr_nanos *ret_nanos);
int acr_python_wait_by_limits(struct acr_python_task_set *set, acr_nanos *ret_nanos);
int acr_python_draw_millis(double low, double high, acr_nanos *ret_nanos);

/* Sleeps on the engine's timer wheel. -1 with an exception (thrown in from outside). */
int acr_python_sleep(acr_nanos nanos);
