/* SPDX-License-Identifier: MIT */
/* scenario - drives the users of a locustfile for the run. */
#include "python/scenario.h"

#include "base/memory.h"
#include "python/greenlets.h"
#include "python/interpreter.h"
#include "python/script.h"
#include "run/load.h"

struct python_scenario {
    struct acr_scenario scenario;
    PyObject *half; /* module locust._scenario */
};

static struct python_scenario *cast(struct acr_scenario *scenario)
{
    return ACR_CONTAINER_OF(scenario, struct python_scenario, scenario);
}

/* Calls */

/* Prints an exception that must not stop the run. */
static void print_error(void)
{
    if (PyErr_Occurred())
        PyErr_WriteUnraisable(NULL);
}

static void call_half(struct python_scenario *python, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PyObject *method = PyObject_GetAttrString(python->half, name);
    PyObject *tuple = method != NULL ? Py_VaBuildValue(format, args) : NULL;
    va_end(args);
    PyObject *result = tuple != NULL ? PyObject_Call(method, tuple, NULL) : NULL;
    Py_XDECREF(method);
    Py_XDECREF(tuple);
    Py_XDECREF(result);
    if (result == NULL)
        print_error();
}

static void user_start(struct acr_scenario *scenario, size_t class_number, uint64_t id)
{
    PyObject *result =
        PyObject_CallMethod(cast(scenario)->half, "start_user", "nK", (Py_ssize_t)class_number, (unsigned long long)id);
    if (result == NULL) {
        print_error();
        acr_load_user_ended(scenario->load, id);
    }
    Py_XDECREF(result);
}

static void user_stop(struct acr_scenario *scenario, uint64_t id)
{
    call_half(cast(scenario), "stop_user", "(K)", (unsigned long long)id);
}

static int set_up(struct acr_scenario *scenario)
{
    PyObject *result = PyObject_CallMethod(cast(scenario)->half, "set_up", NULL);
    int code = result == NULL || result == Py_False ? ACR_ERR_SCRIPT : 0;
    if (result == NULL)
        PyErr_Print();
    Py_XDECREF(result);
    return code;
}

/* What the script makes of the exit code: its own, or that something went wrong in it. */
static void read_verdict(struct python_scenario *python)
{
    PyObject *verdict = PyObject_CallMethod(python->half, "verdict", NULL);
    int exit_code, erred, faulty;
    if (verdict != NULL && PyArg_ParseTuple(verdict, "ipp", &exit_code, &erred, &faulty)) {
        python->scenario.exit_code = exit_code;
        python->scenario.erred = erred;
        python->scenario.faulty = faulty;
    }
    Py_XDECREF(verdict);
    print_error();
}

static void event(struct acr_scenario *scenario, enum acr_run_event number, uint64_t value)
{
    call_half(cast(scenario), "event", "(iK)", (int)number, (unsigned long long)value);
    if (number == ACR_RUN_QUITTING) {
        call_half(cast(scenario), "finish", "()");
        read_verdict(cast(scenario));
    }
}

static void status(struct acr_scenario *scenario, const struct acr_run_status *now)
{
    call_half(cast(scenario), "status", "(ind)", (int)now->state, (Py_ssize_t)now->users, now->rate);
}

/* Running */

static void wake_main(void *context)
{
    acr_fiber_wake(context);
}

/* The main greenlet waits; gevent's hub runs, and in it the engine. */
static int run(struct acr_scenario *scenario, struct acr_error *error)
{
    struct acr_load *load = scenario->load;
    struct acr_fiber *fiber = acr_python_fiber_take();
    int code = fiber != NULL ? 0 : ACR_ERR_SCRIPT;
    if (fiber != NULL) {
        acr_load_on_finished(load, wake_main, fiber);
        while (code == 0 && !acr_load_finished(load))
            code = acr_fiber_wait(fiber);
        acr_load_on_finished(load, NULL, NULL);
        acr_python_fiber_give(fiber);
    }
    if (code == 0)
        return 0;
    PyErr_Print();
    return acr_error_set(error, ACR_ERR_SCRIPT, "gevent's main loop was left by an exception");
}

/* Appends what a function of the Python half answered; steals `text`, which is NULL when it raised. */
static int append_text(PyObject *half, PyObject *text, struct acr_buffer *out, struct acr_error *error)
{
    Py_ssize_t size = 0;
    const char *utf8 = text != NULL ? PyUnicode_AsUTF8AndSize(text, &size) : NULL;
    int code = utf8 != NULL ? acr_buffer_append(out, utf8, (size_t)size) : ACR_ERR_SCRIPT;
    if (utf8 == NULL)
        acr_python_script_failed(half, error);
    Py_XDECREF(text);
    return code;
}

static int task_ratio(struct acr_scenario *scenario, bool as_json, struct acr_buffer *out, struct acr_error *error)
{
    PyObject *half = cast(scenario)->half;
    return append_text(half, PyObject_CallMethod(half, "task_ratio", "O", as_json ? Py_True : Py_False), out, error);
}

static int options_help(struct acr_scenario *scenario, struct acr_buffer *out, struct acr_error *error)
{
    PyObject *half = cast(scenario)->half;
    return append_text(half, PyObject_CallMethod(half, "options_help", NULL), out, error);
}

/* Python is finalized, the engine is not closed: objects that scripts keep in global variables own connections to the
 * very end. */
static void scenario_close(struct acr_scenario *scenario)
{
    struct python_scenario *python = cast(scenario);
    acr_python.scenario = NULL;
    Py_CLEAR(python->half);
    acr_python_script_free_classes(scenario);
    acr_free(python);
    Py_FinalizeEx();
}

static const struct acr_scenario_ops scenario_ops = {.user_start = user_start,
                                                     .user_stop = user_stop,
                                                     .run = run,
                                                     .set_up = set_up,
                                                     .event = event,
                                                     .status = status,
                                                     .task_ratio = task_ratio,
                                                     .options_help = options_help,
                                                     .close = scenario_close};

__attribute__((visibility("default"))) int acr_python_load(const struct acr_scenario_request *request,
                                                           struct acr_scenario **ret_scenario, struct acr_error *error)
{
    int code = acr_python_interpreter_start(request, error);
    if (code != 0)
        return code;
    struct python_scenario *python = acr_alloc_zero(sizeof *python);
    python->scenario.ops = &scenario_ops;
    python->scenario.exit_code = -1;
    code = acr_python_script_load(request, &python->scenario, &python->half, error);
    if (code != 0) {
        scenario_close(&python->scenario);
        return code;
    }
    python->scenario.engine = acr_python.engine;
    acr_python.scenario = &python->scenario;
    *ret_scenario = &python->scenario;
    return 0;
}
