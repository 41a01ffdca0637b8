/* SPDX-License-Identifier: MIT */
/* record - counts in the engine first, then calls Python's listeners if there are any. */
#include "python/record.h"

#include "python/convert.h"

/* Borrows the UTF-8 of a str; what UTF-8 cannot hold (half a surrogate pair) is escaped, in bytes that *ret_keep holds,
 * which is NULL otherwise. -1 with an exception. */
static int borrow_text(PyObject *text, PyObject **ret_keep, struct acr_str *ret_str)
{
    PyObject *escaped = NULL;
    if (acr_python_str(text, ret_str) != 0) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
            return -1;
        PyErr_Clear();
        escaped = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace");
        if (escaped == NULL)
            return -1;
        *ret_str = (struct acr_str){PyBytes_AS_STRING(escaped), (size_t)PyBytes_GET_SIZE(escaped)};
    }
    *ret_keep = escaped;
    return 0;
}

struct acr_stats_entry *acr_python_entry(PyObject *name, PyObject *method)
{
    struct acr_str name_str, method_str;
    PyObject *name_keep = NULL, *method_keep = NULL;
    struct acr_stats_entry *entry = NULL;
    if (borrow_text(name, &name_keep, &name_str) == 0 && borrow_text(method, &method_keep, &method_str) == 0)
        entry = acr_stats_entry_get(acr_python.engine->stats, name_str, method_str);
    Py_XDECREF(name_keep);
    Py_XDECREF(method_keep);
    return entry;
}

PyObject *acr_python_error_text(PyObject *error)
{
    PyObject *text = PyObject_Repr(error);
    if (text != NULL || !PyErr_ExceptionMatches(PyExc_Exception))
        return text;
    PyErr_Clear(); /* an exception whose repr fails is still a failed request */
    return PyUnicode_FromFormat("<%s without a repr>", Py_TYPE(error)->tp_name);
}

static int count_failure(const struct acr_python_record *record)
{
    struct acr_str text;
    PyObject *keep;
    if (borrow_text(record->error_text, &keep, &text) != 0)
        return -1;
    acr_stats_failure(acr_python.engine->stats, record->entry, record->time, text);
    Py_XDECREF(keep);
    return 0;
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
    PyObject *context = record->context != NULL ? Py_NewRef(record->context) : PyDict_New();
    PyObject *keywords =
        context == NULL
            ? NULL
            : Py_BuildValue("{sOsOsdsKsOsOsOsdsO}", "request_type", record->method, "name", record->name,
                            "response_time", millis, "response_length", (unsigned long long)record->size, "context",
                            context, "response", or_none(record->response), "exception", or_none(record->error),
                            "start_time", record->started, "url", or_none(record->url));
    Py_XDECREF(context);
    return call_hook(acr_python.request_hook, keywords);
}

int acr_python_tell(const struct acr_python_record *record)
{
    double millis = (double)record->time / 1e6;
    int code = tell_generation_9(record, millis);
    return code == 0 ? tell_generation_2(record, millis) : code;
}
