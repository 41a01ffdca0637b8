/* SPDX-License-Identifier: MIT */
/*
 * plan - what the C loop needs to know of a task set and its user: which methods the script replaces and where the wait
 * comes from, looked up once per change.
 *
 * One for each pair of task-set class and user class, shared by their instances, and made anew when a script changes
 * one of the classes while it runs (`TaskSet.execute_task = f`). An instance with such an attribute of its own
 * (`self.wait_function = f`) has one of its own.
 */
#pragma once

#include "python/state.h"

#include "user/wait.h"

/* Where the pause between tasks comes from, by the rules of both generations (spec 2.5 with decisions.md D1 and D2;
 * locust-2.md 2.4). */
enum acr_python_wait_source {
    ACR_WAIT_FROM_SET_FUNCTION,  /* set.wait_function(), milliseconds */
    ACR_WAIT_FROM_USER_FUNCTION, /* user.wait_function(), milliseconds */
    ACR_WAIT_FROM_SET_TIME,      /* set.wait_time(), seconds */
    ACR_WAIT_FROM_USER_TIME,     /* user.wait_time(), seconds */
    ACR_WAIT_FROM_LIMITS,        /* min_wait..max_wait, milliseconds, the set's or else the user's */
    ACR_WAIT_MISSING,            /* 2.x without any: an error at the first pause */
};

struct acr_python_plan {
    enum acr_python_wait_source wait_source;
    struct acr_python_wait_time *wait_time; /* when the class attribute is a WaitTime: no call is needed; owned */
    bool own_wait;      /* the script overrides wait(); wait_source is then for the C base's, which it may call */
    bool states_limits; /* the set has min_wait or max_wait of its own */
    bool knows_limits;  /* both limits are plain numbers, these: no attribute need be read */
    double low_millis, high_millis;
    bool states_stop_timeout;
    bool own_get_next_task;
    bool own_execute_next_task;
    bool own_execute_task;
    bool own_schedule_task;
    bool has_on_start;
    bool has_on_stop;
    PyTypeObject *set_type, *user_type; /* owned by the table of plans */
    unsigned set_version, user_version; /* of these types when the plan was made; CPython's, changes with a type */
};

/* The plan that the instances of two types share, kept for ever; NULL with an exception. */
struct acr_python_plan *acr_python_plan_get(PyTypeObject *set_type, PyTypeObject *user_type);

/* Has a script changed one of the classes since? Then acr_python_plan_update() makes the plan true again, in place. */
static inline bool acr_python_plan_is_stale(const struct acr_python_plan *plan)
{
    return plan->set_type->tp_version_tag != plan->set_version || plan->user_type->tp_version_tag != plan->user_version;
}
void acr_python_plan_update(struct acr_python_plan *plan);

/* Has one of these two objects an attribute of its own that the shared plan of their types does not know of? */
bool acr_python_plan_misses(PyObject *set, PyObject *user);

/* The plan for just these objects; made anew in `plan`, or in new memory when that is NULL. */
struct acr_python_plan *acr_python_plan_for(struct acr_python_plan *plan, PyObject *set, PyObject *user);
void acr_python_plan_free(struct acr_python_plan *plan); /* one made by acr_python_plan_for(), or NULL */

/* Changes with every change of an object's own attributes, so also with those of no interest; 0: it has none. `dict` is
 * where the object keeps them, by _PyObject_GetDictPtr(), which stays the same for its life; or NULL. */
static inline uint64_t acr_python_attributes_version(PyObject *const *dict)
{
    return dict != NULL && *dict != NULL && PyDict_GET_SIZE(*dict) > 0 ? ((PyDictObject *)*dict)->ma_version_tag : 0;
}
