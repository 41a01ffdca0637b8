/* SPDX-License-Identifier: MIT */
/* record - counts in the engine first, then calls Python's listeners if there are any. */
#include "python/record.h"

#include "python/convert.h"

struct acr_stats_entry *acr_python_entry(PyObject *name, PyObject *method)
{
    struct acr_str name_str, method_str;
    if (acr_python_str(name, &name_str) != 0 || acr_python_str(method, &method_str) != 0)
        return NULL;
    return acr_stats_entry_get(acr_python.engine->stats, name_str, method_str);
}

static int count_failure(const struct acr_python_record *record)
{
    PyObject *text = record->error_text != NULL ? Py_NewRef(record->error_text) : PyObject_Repr(record->error);
    if (text == NULL) {
        PyErr_Clear(); /* an exception whose repr fails is still a failed request */
        text = PyUnicode_FromFormat("<%s without a repr>", Py_TYPE(record->error)->tp_name);
    }
    struct acr_str str;
    int code = text != NULL ? acr_python_str(text, &str) : -1;
    if (code == 0)
        acr_stats_failure(acr_python.engine->stats, record->entry, record->time, str);
    Py_XDECREF(text);
    return code;
}

static int check_limit(void)
{
    uint64_t limit = acr_python.engine->request_limit;
    if (limit == 0 || acr_stats_request_count(acr_python.engine->stats) < limit)
        return 0;
    PyErr_SetNone(acr_python.stop_user);
    return -1;
}

int acr_python_count(const struct acr_python_record *record)
{
    if (record->error == NULL)
        acr_stats_success(acr_python.engine->stats, record->entry, record->time, record->size);
    else if (count_failure(record) != 0)
        return -1;
    return check_limit();
}

static PyObject *or_none(PyObject *object)
{
    return object != NULL ? object : Py_None;
}

static int call_hook(PyObject *hook, PyObject *keywords)
{
    PyObject *call = keywords != NULL ? PyObject_GetAttr(hook, acr_python.names.call) : NULL;
    PyObject *none = call != NULL ? PyTuple_New(0) : NULL;
    PyObject *result = none != NULL ? PyObject_Call(call, none, keywords) : NULL;
    Py_XDECREF(call);
    Py_XDECREF(none);
    Py_XDECREF(keywords);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

static int tell_generation_9(const struct acr_python_record *record, double millis)
{
    if (record->error == NULL) {
        if (PyList_GET_SIZE(acr_python.success_handlers) == 0)
            return 0;
        return call_hook(acr_python.success_hook,
                         Py_BuildValue("{sOsOsdsK}", "request_type", record->method, "name", record->name,
                                       "response_time", millis, "response_length", (unsigned long long)record->size));
    }
    if (PyList_GET_SIZE(acr_python.failure_handlers) == 0)
        return 0;
    return call_hook(acr_python.failure_hook,
                     Py_BuildValue("{sOsOsdsKsO}", "request_type", record->method, "name", record->name,
                                   "response_time", millis, "response_length", (unsigned long long)record->size,
                                   "exception", record->error));
}

static int tell_generation_2(const struct acr_python_record *record, double millis)
{
    if (PyList_GET_SIZE(acr_python.request_handlers) == 0)
        return 0;
    const struct acr_clock *clock = acr_python.engine->clock;
    double start = acr_nanos_to_seconds(clock->wall(clock) - record->time);
    PyObject *context = record->context != NULL ? Py_NewRef(record->context) : PyDict_New();
    PyObject *keywords =
        context == NULL ? NULL
                        : Py_BuildValue("{sOsOsdsKsOsOsOsdsO}", "request_type", record->method, "name", record->name,
                                        "response_time", millis, "response_length", (unsigned long long)record->size,
                                        "context", context, "response", or_none(record->response), "exception",
                                        or_none(record->error), "start_time", start, "url", or_none(record->url));
    Py_XDECREF(context);
    return call_hook(acr_python.request_hook, keywords);
}

int acr_python_record(const struct acr_python_record *record)
{
    int code = acr_python_count(record);
    if (ACR_LIKELY(!acr_python_has_listeners()))
        return code;
    /* The request that reaches the limit is told to the listeners, too, before its user ends. */
    PyObject *type = NULL, *value = NULL, *traceback = NULL;
    if (code != 0)
        PyErr_Fetch(&type, &value, &traceback);
    double millis = (double)record->time / 1e6;
    int told = tell_generation_9(record, millis);
    if (told == 0)
        told = tell_generation_2(record, millis);
    if (told != 0 || type == NULL) {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
        return told;
    }
    PyErr_Restore(type, value, traceback);
    return -1;
}
