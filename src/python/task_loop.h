/* SPDX-License-Identifier: MIT */
/*
 * task_loop - runs a task set: tasks and the pauses between them, until something leaves.
 */
#pragma once

#include "python/task_set.h"

/* Was __init__ called? -1 with an exception: none of what follows is possible. */
int acr_python_task_set_check(const struct acr_python_task_set *set);

/* A random one of the set's tasks (or of its user's); a new reference, NULL with an exception. */
PyObject *acr_python_pick_task(struct acr_python_task_set *set);

/* Runs a task by spec 2.7: a method bound to this set, a nested set, or anything callable. args and kwargs may be NULL.
 * -1 with an exception. */
int acr_python_execute(struct acr_python_task_set *set, PyObject *task, PyObject *args, PyObject *kwargs);

bool acr_python_has_queued(const struct acr_python_task_set *set);

/* Takes the first queued item off and runs it; there must be one. */
int acr_python_execute_queued(struct acr_python_task_set *set);

/* TaskSet.run() */
PyObject *acr_python_task_set_run(PyObject *self, PyObject *args, PyObject *kwargs);
