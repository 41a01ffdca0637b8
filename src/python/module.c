/* SPDX-License-Identifier: MIT */
/* module - the extension `_acrida`: types, functions, and configure(). */
#include <math.h>

#include "base/log.h"
#include "python/convert.h"
#include "python/greenlets.h"
#include "python/record.h"
#include "python/request.h"
#include "python/response.h"
#include "python/runner.h"
#include "python/statistics.h"
#include "python/tables.h"
#include "python/task_set.h"
#include "python/wait_time.h"

/* A petabyte: what is longer is no length, and would overflow the sum of a long run. */
#define LENGTH_MAX 1e15

struct acr_python acr_python;

static PyObject *attach_hub(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (acr_python_attach_hub() != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* Takes a keyword into a slot of the state. -1 with an exception when it is missing. */
static int take_configured(PyObject *keywords, const char *name, PyObject **slot)
{
    PyObject *value = PyDict_GetItemString(keywords, name);
    if (value == NULL) {
        PyErr_Format(PyExc_TypeError, "configure() needs %s", name);
        return -1;
    }
    Py_XSETREF(*slot, Py_NewRef(value));
    return 0;
}

static int take_handlers(PyObject *hook, PyObject **slot)
{
    PyObject *handlers = PyObject_GetAttr(hook, acr_python.names._handlers);
    if (handlers != NULL && !PyList_Check(handlers)) {
        Py_CLEAR(handlers);
        PyErr_SetString(PyExc_TypeError, "a hook's _handlers must be a list");
    }
    if (handlers == NULL)
        return -1;
    Py_XSETREF(*slot, handlers);
    return 0;
}

static PyObject *configure(PyObject *module, PyObject *args, PyObject *keywords)
{
    (void)module;
    if (PyTuple_GET_SIZE(args) != 0 || keywords == NULL)
        return PyErr_Format(PyExc_TypeError, "configure() takes keyword arguments only");
#define X(name)                                                  \
    if (take_configured(keywords, #name, &acr_python.name) != 0) \
        return NULL;
    ACR_PYTHON_CONFIGURED(X)
#undef X
    if (take_handlers(acr_python.success_hook, &acr_python.success_handlers) != 0 ||
        take_handlers(acr_python.failure_hook, &acr_python.failure_handlers) != 0 ||
        take_handlers(acr_python.request_hook, &acr_python.request_handlers) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* A number of any kind; -1 with a TypeError that names `what`, or with what its __float__ raised. */
static int take_number(PyObject *object, const char *what, double *ret_number)
{
    double number = PyFloat_AsDouble(object);
    if (number == -1.0 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(PyExc_TypeError, "%s, not %R", what, object);
        return -1;
    }
    *ret_number = number;
    return 0;
}

/* None and NaN: only counted. A clock that was set back gives negative ones: 0. */
static int take_millis(PyObject *object, acr_nanos *ret_nanos)
{
    double millis = NAN;
    if (object != Py_None &&
        take_number(object, "response_time must be a number of milliseconds or None", &millis) != 0)
        return -1;
    *ret_nanos = isnan(millis) ? -1 : acr_nanos_from_seconds(millis / 1000);
    return 0;
}

static int take_length(PyObject *object, uint64_t *ret_bytes)
{
    double bytes = 0;
    if (object != Py_None && take_number(object, "response_length must be a number of bytes or None", &bytes) != 0)
        return -1;
    if (bytes > LENGTH_MAX) {
        PyErr_Format(PyExc_OverflowError, "a response of %R bytes", object);
        return -1;
    }
    *ret_bytes = bytes > 0 ? (uint64_t)bytes : 0;
    return 0;
}

/* What stands in the tables for any object: clients of other protocols have names of bytes. */
static PyObject *label(PyObject *object)
{
    if (PyBytes_Check(object))
        return PyUnicode_DecodeUTF8(PyBytes_AS_STRING(object), PyBytes_GET_SIZE(object), "backslashreplace");
    return PyObject_Str(object);
}

/* The rest of the record is known; its labels are made last, because that may run code of the script's. */
static PyObject *count(PyObject *method, PyObject *name, struct acr_python_record *record)
{
    record->method = label(method);
    record->name = record->method != NULL ? label(name) : NULL;
    int code = -1;
    if (record->name != NULL && acr_python_attach_hub() == 0 &&
        (record->entry = acr_python_entry(record->name, record->method)) != NULL)
        code = acr_python_count(record);
    Py_XDECREF(record->method);
    Py_XDECREF(record->name);
    return code == 0 ? Py_NewRef(Py_None) : NULL;
}

static PyObject *record_success(PyObject *module, PyObject *args)
{
    PyObject *method, *name, *millis, *length;
    struct acr_python_record record = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOO:record_success", &method, &name, &millis, &length) ||
        take_millis(millis, &record.time) != 0 || take_length(length, &record.size) != 0)
        return NULL;
    return count(method, name, &record);
}

static PyObject *record_failure(PyObject *module, PyObject *args)
{
    PyObject *method, *name, *millis;
    struct acr_python_record record = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOO:record_failure", &method, &name, &millis, &record.error) ||
        take_millis(millis, &record.time) != 0 || (record.error_text = acr_python_error_text(record.error)) == NULL)
        return NULL;
    PyObject *result = count(method, name, &record);
    Py_DECREF(record.error_text);
    return result;
}

static PyObject *random_index(PyObject *module, PyObject *argument)
{
    (void)module;
    long long bound = PyLong_AsLongLong(argument);
    if (bound == -1 && PyErr_Occurred())
        return NULL;
    if (bound <= 0 || acr_python_attach_hub() != 0)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_IndexError, "nothing to choose from");
    return PyLong_FromUnsignedLongLong(acr_random_below(&acr_python.engine->random, (uint64_t)bound));
}

static PyObject *random_millis(PyObject *module, PyObject *args)
{
    (void)module;
    double low, high;
    acr_nanos nanos = 0;
    if (!PyArg_ParseTuple(args, "dd:random_millis", &low, &high) || acr_python_attach_hub() != 0 ||
        acr_python_draw_millis(low, high, &nanos) != 0)
        return NULL;
    return PyLong_FromLongLong(nanos / ACR_NANOS_PER_MILLI);
}

static PyObject *seed(PyObject *module, PyObject *argument)
{
    (void)module;
    unsigned long long value = PyLong_AsUnsignedLongLongMask(argument);
    if (PyErr_Occurred() || acr_python_attach_hub() != 0)
        return NULL;
    acr_random_init(&acr_python.engine->random, value);
    Py_RETURN_NONE;
}

static PyObject *sleep_seconds(PyObject *module, PyObject *argument)
{
    (void)module;
    double seconds = PyFloat_AsDouble(argument);
    if ((seconds == -1.0 && PyErr_Occurred()) || acr_python_attach_hub() != 0 ||
        acr_python_sleep(acr_nanos_from_seconds(seconds)) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* What tests may ask of the engine. */

static PyObject *request_count(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (acr_python_attach_hub() != 0)
        return NULL;
    struct acr_stats *stats = acr_python.engine->stats;
    return Py_BuildValue("KK", (unsigned long long)acr_stats_request_count(stats),
                         (unsigned long long)acr_stats_failure_count(stats));
}

static PyObject *connection_counts(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (acr_python_attach_hub() != 0)
        return NULL;
    return Py_BuildValue("KK", (unsigned long long)acr_http_connections_open(acr_python.engine->http),
                         (unsigned long long)acr_http_connections_made(acr_python.engine->http));
}

static PyMethodDef functions[] = {
    {"attach_hub", attach_hub, METH_NOARGS, "Open the engine and watch it in this thread's gevent hub."},
    {"configure", (PyCFunction)(void (*)(void))configure, METH_VARARGS | METH_KEYWORDS,
     "Hand the Python half's types and callbacks over."},
    {"record_success", record_success, METH_VARARGS,
     "Count a success: request_type, name, milliseconds or None, response length in bytes."},
    {"record_failure", record_failure, METH_VARARGS,
     "Count a failure: request_type, name, milliseconds or None, error."},
    {"random_index", random_index, METH_O, "Uniform in 0 .. N-1 from the engine's generator."},
    {"random_millis", random_millis, METH_VARARGS, "Whole milliseconds, uniform in low .. high."},
    {"seed", seed, METH_O, "Make the engine's choices repeatable."},
    {"sleep", sleep_seconds, METH_O, "Wait so many seconds on the engine's timer wheel; other greenlets run."},
    {"request_count", request_count, METH_NOARGS, "(requests, failures) recorded so far."},
    {"connection_counts", connection_counts, METH_NOARGS, "(open now, made so far) connections of native clients."},
    {0}};

static int make_names(void)
{
#define X(name)                                                              \
    if ((acr_python.names.name = PyUnicode_InternFromString(#name)) == NULL) \
        return -1;
    ACR_PYTHON_NAMES(X)
#undef X
    return 0;
}

static int add_type(PyObject *module, const char *name, PyTypeObject **slot, PyTypeObject *type)
{
    *slot = type;
    return type != NULL ? PyModule_AddObjectRef(module, name, (PyObject *)type) : -1;
}

/* Until configure(): what is raised without the Python half. */
static void preset_exceptions(void)
{
    PyObject **slots[] = {&acr_python.http_error,     &acr_python.catch_error, &acr_python.response_error,
                          &acr_python.locust_error,   &acr_python.interrupt,   &acr_python.reschedule,
                          &acr_python.reschedule_now, &acr_python.stop_user,   &acr_python.user_kill};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(slots); i++)
        *slots[i] = Py_NewRef(PyExc_RuntimeError);
}

static int fill_module(PyObject *module)
{
    acr_map_init(&acr_python.sites);
    preset_exceptions();
    if ((acr_python.plans = PyDict_New()) == NULL || make_names() != 0 || acr_python_request_init() != 0 ||
        acr_python_statistics_add(module) != 0 || acr_python_tables_add(module) != 0 ||
        acr_python_runner_add(module) != 0 || PyModule_AddStringConstant(module, "__version__", ACR_VERSION) != 0)
        return -1;
    if (add_type(module, "NativeSession", &acr_python.session_base, acr_python_session_type_new()) != 0 ||
        add_type(module, "NativeResponse", &acr_python.response_base, acr_python_response_type_new()) != 0 ||
        add_type(module, "NativeTaskSet", &acr_python.task_set_base, acr_python_task_set_type_new()) != 0 ||
        add_type(module, "NativeUser", &acr_python.user_base, acr_python_user_type_new()) != 0)
        return -1;
    if (add_type(module, "FromUser", &acr_python.from_user_type, acr_python_from_user_type_new()) != 0)
        return -1;
    return add_type(module, "WaitTime", &acr_python.wait_time_type, acr_python_wait_time_type_new());
}

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_acrida",
                                        .m_doc = "Acrida's engine for the package locust. See _acrida.pyi.",
                                        .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit__acrida(void); /* found by name */

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__acrida(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && fill_module(module) != 0)
        Py_CLEAR(module);
    return module;
}
