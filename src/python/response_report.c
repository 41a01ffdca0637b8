/* SPDX-License-Identifier: MIT */
/* response_report - what a response is counted as, by itself or by the script's word with catch_response. */
#include "python/convert.h"
#include "python/greenlets.h"
#include "python/response_parts.h"

static struct acr_python_response *cast(PyObject *object)
{
    return (struct acr_python_response *)object;
}

double acr_python_response_start_time(const struct acr_python_response *response)
{
    const struct acr_clock *clock = acr_python.engine->clock;
    acr_nanos age = clock->monotonic(clock) - response->started;
    return acr_nanos_to_seconds(clock->wall(clock) - age);
}

uint64_t acr_python_response_size(const struct acr_python_response *response)
{
    const struct acr_response *answer = response->answer;
    uint64_t size = 0;
    if (answer == NULL)
        return 0;
    if (!response->streamed)
        return answer->body.size;
    struct acr_str length = acr_response_header(answer, ACR_STR("Content-Length"));
    return length.data != NULL && acr_str_parse_u64(length, &size) == 0 ? size : 0;
}

/* 0 for the dummy; what a script has set instead counts. */
static long status_of(const struct acr_python_response *response)
{
    PyObject *own = response->overrides != NULL ? PyDict_GetItemString(response->overrides, "status_code") : NULL;
    if (own != NULL && PyLong_Check(own)) {
        long status = PyLong_AsLong(own);
        if (status != -1 || !PyErr_Occurred())
            return status;
        PyErr_Clear();
    }
    return response->answer != NULL ? response->answer->status : 0;
}

/* "404 Client Error: Not Found for url: ..."; 2.x reports the request's name instead of the URL. New reference. */
static PyObject *http_error_text(struct acr_python_response *response, bool reported)
{
    long status = status_of(response);
    PyObject *reason = acr_python_from_wire(acr_response_reason(response->answer));
    PyObject *where = reported && response->session->generation == 2
                          ? Py_NewRef(response->name)
                          : acr_python_from_wire(acr_python_response_url(response)->whole);
    PyObject *text = NULL;
    if (reason != NULL && where != NULL)
        text = PyUnicode_FromFormat("%ld %s Error: %U for url: %U", status, status < 500 ? "Client" : "Server", reason,
                                    where);
    Py_XDECREF(reason);
    Py_XDECREF(where);
    return text;
}

bool acr_python_response_is_http_error(const struct acr_python_response *response)
{
    long status = ACR_UNLIKELY(response->overrides != NULL) ? status_of(response)
                  : ACR_LIKELY(response->answer != NULL)    ? response->answer->status
                                                            : 0;
    return status >= 400 && status < 600 && response->answer != NULL;
}

static PyObject *http_error(struct acr_python_response *response, bool reported)
{
    if (!acr_python_response_is_http_error(response))
        Py_RETURN_NONE;
    PyObject *text = http_error_text(response, reported);
    PyObject *arguments = text != NULL ? PyTuple_Pack(1, text) : NULL;
    PyObject *keywords = arguments != NULL ? Py_BuildValue("{sO}", "response", response) : NULL;
    PyObject *error = keywords != NULL ? PyObject_Call(acr_python.http_error, arguments, keywords) : NULL;
    Py_XDECREF(text);
    Py_XDECREF(arguments);
    Py_XDECREF(keywords);
    return error;
}

/* A 2.x user's context() with the call's own on top; a new reference. */
static PyObject *merged_context(const struct acr_python_response *response)
{
    PyObject *user = response->session->generation == 2 ? response->session->user : NULL;
    PyObject *given = NULL;
    if (user != NULL && user != Py_None) {
        given = PyObject_CallMethodNoArgs(user, acr_python.names.context);
        if (given == NULL)
            return NULL;
    }
    PyObject *merged = PyDict_New();
    if (merged != NULL && ((given != NULL && PyDict_Update(merged, given) != 0) ||
                           (response->context != NULL && PyDict_Update(merged, response->context) != 0)))
        Py_CLEAR(merged);
    Py_XDECREF(given);
    return merged;
}

static int tell(struct acr_python_response *response, struct acr_python_record *record)
{
    PyObject *url = NULL, *context = NULL;
    int code = 0;
    if (PyList_GET_SIZE(acr_python.request_handlers) > 0) {
        record->started = acr_python_response_start_time(response);
        record->url = url = acr_python_from_wire(response->route->url.whole);
        record->context = context = url != NULL ? merged_context(response) : NULL;
        code = context != NULL ? 0 : -1;
    }
    if (code == 0)
        code = acr_python_tell(record);
    Py_XDECREF(url);
    Py_XDECREF(context);
    return code;
}

/* The request that reaches the limit (-n) is told to the listeners, too, before stop_user ends its user. */
static int tell_counted(struct acr_python_response *response, struct acr_python_record *record, int counted)
{
    PyObject *type = NULL, *value = NULL, *traceback = NULL;
    if (counted != 0)
        PyErr_Fetch(&type, &value, &traceback);
    int told = tell(response, record);
    if (told == 0 && type != NULL) {
        PyErr_Restore(type, value, traceback);
        return -1;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return told;
}

/* Looked up when something is recorded and not before: a request that nobody reports has no line in the tables. */
static struct acr_stats_entry *find_entry(const struct acr_python_response *response)
{
    return response->name == response->route->label
               ? acr_python_route_entry(response->route, (enum acr_python_verb)response->asked, response->method)
               : acr_python_entry(response->name, response->method);
}

/* As below, with the text known. */
static int record_as(struct acr_python_response *response, PyObject *error, PyObject *error_text)
{
    struct acr_stats_entry *entry = find_entry(response);
    if (entry == NULL)
        return -1;
    response->reported = true;
    struct acr_python_record record = {.method = response->method,
                                       .name = response->name,
                                       .entry = entry,
                                       .time = response->time,
                                       .size = acr_python_response_size(response),
                                       .error = error,
                                       .error_text = error_text,
                                       .response = (PyObject *)response};
    int code = acr_python_count(&record);
    return ACR_LIKELY(!acr_python_has_listeners()) ? code : tell_counted(response, &record, code);
}

/* Records a success, or a failure with `error` (any object). -1 with an exception. */
static int record(struct acr_python_response *response, PyObject *error)
{
    if (ACR_LIKELY(error == NULL))
        return record_as(response, NULL, NULL);
    PyObject *text = acr_python_error_text(error);
    int code = text != NULL ? record_as(response, error, text) : -1;
    Py_XDECREF(text);
    return code;
}

/* An HTTP error is listed as repr(HTTPError(text)); the exception itself is only made if somebody listens. */
static int report_http_error(struct acr_python_response *response)
{
    PyObject *error = NULL, *text = NULL;
    int code = -1;
    if (acr_python_has_listeners()) {
        error = http_error(response, true);
        code = error != NULL ? record(response, error) : -1;
    } else {
        PyObject *message = http_error_text(response, true);
        text = message != NULL ? PyUnicode_FromFormat("HTTPError(%R)", message) : NULL;
        Py_XDECREF(message);
        code = text != NULL ? record_as(response, Py_None, text) : -1;
    }
    Py_XDECREF(error);
    Py_XDECREF(text);
    return code;
}

int acr_python_response_report(struct acr_python_response *response)
{
    if (ACR_UNLIKELY(response->error != NULL))
        return record(response, response->error);
    if (ACR_UNLIKELY(acr_python_response_is_http_error(response)))
        return report_http_error(response);
    return record(response, NULL);
}

/* catch_response */

static int misused(struct acr_python_response *response)
{
    if (response->session->generation == 9 ? response->catching : response->catching && response->entered)
        return 0;
    if (response->session->generation == 9) {
        PyErr_SetString(PyExc_AttributeError, "success() and failure() need catch_response=True");
        return -1;
    }
    PyErr_SetString(acr_python.locust_error,
                    "success() and failure() need catch_response=True and a `with` block around the response");
    return -1;
}

/* 0.9 counts at once, and each call again; 2.x remembers the last word until the block is left (spec 3.6,
 * locust-2 5.1). */
static PyObject *give_verdict(struct acr_python_response *response, enum acr_python_verdict verdict, PyObject *error)
{
    response->verdict = (uint8_t)verdict;
    Py_XSETREF(response->verdict_error, Py_XNewRef(error));
    if (response->session->generation == 9 && record(response, error) != 0)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *acr_python_response_success(PyObject *self, PyObject *unused)
{
    (void)unused;
    return misused(cast(self)) != 0 ? NULL : give_verdict(cast(self), ACR_VERDICT_SUCCESS, NULL);
}

PyObject *acr_python_response_failure(PyObject *self, PyObject *error)
{
    struct acr_python_response *response = cast(self);
    if (misused(response) != 0)
        return NULL;
    bool wrap = response->session->generation == 9 ? PyUnicode_Check(error) : !PyExceptionInstance_Check(error);
    PyObject *wrapped = wrap ? PyObject_CallOneArg(acr_python.catch_error, error) : Py_NewRef(error);
    if (wrapped == NULL)
        return NULL;
    PyObject *result = give_verdict(response, ACR_VERDICT_FAILURE, wrapped);
    Py_DECREF(wrapped);
    return result;
}

PyObject *acr_python_response_enter(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct acr_python_response *response = cast(self);
    if (!response->catching && response->session->generation == 2) {
        PyErr_SetString(acr_python.locust_error, "a response is a context manager only with catch_response=True");
        return NULL;
    }
    response->entered = true;
    return Py_NewRef(self);
}

static int report_verdict(struct acr_python_response *response)
{
    if (response->reported)
        return 0;
    if (response->verdict == ACR_VERDICT_NONE)
        return acr_python_response_report(response);
    return record(response, response->verdict == ACR_VERDICT_FAILURE ? response->verdict_error : NULL);
}

/* At the end of a `with` block: true when a stop's kill that waited for the block was raised. An exception that is
 * passing is not replaced: either it ends the user, too, or the kill arrives at its next wait. */
static bool meet_late_kill(PyObject *type, bool failed, bool swallow)
{
    PyObject *passing = failed ? PyErr_Occurred() : type != Py_None && !swallow ? type : NULL;
    if (passing == NULL)
        return acr_python_late_kill_raise();
    if (PyErr_GivenExceptionMatches(passing, acr_python.stop_user) ||
        !PyErr_GivenExceptionMatches(passing, PyExc_Exception))
        acr_python_late_kill_forget();
    return false;
}

PyObject *acr_python_response_exit(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    struct acr_python_response *response = cast(self);
    PyObject *type = count > 0 ? args[0] : Py_None;
    if (!response->catching) {
        acr_python_response_give_up(response);
        Py_RETURN_FALSE;
    }
    bool manual = response->verdict != ACR_VERDICT_NONE;
    int code = 0;
    bool swallow = false;
    if (type == Py_None || manual) {
        code = report_verdict(response);
    } else if ((code = PyObject_IsSubclass(type, acr_python.response_error)) > 0) {
        code = record(response, count > 1 ? args[1] : Py_None);
        swallow = true;
    }
    response->entered = false;
    bool killed = meet_late_kill(type, code != 0, swallow);
    return code != 0 || killed ? NULL : PyBool_FromLong(swallow);
}

PyObject *acr_python_response_raise_for_status(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct acr_python_response *response = cast(self);
    PyObject *error;
    if (response->session->generation == 2 && response->verdict == ACR_VERDICT_SUCCESS)
        Py_RETURN_NONE;
    if (response->session->generation == 2 && response->verdict == ACR_VERDICT_FAILURE)
        error = Py_NewRef(response->verdict_error);
    else
        error = response->error != NULL ? Py_NewRef(response->error) : http_error(response, false);
    if (error == NULL || error == Py_None)
        return error;
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
    return NULL;
}
