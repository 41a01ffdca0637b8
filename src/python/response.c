/* SPDX-License-Identifier: MIT */
/* response - getters that convert on demand, and what catch_response records. */
#include "python/response.h"

#include <datetime.h>
#include <structmember.h>

#include "base/memory.h"
#include "python/convert.h"
#include "python/exceptions.h"
#include "python/greenlets.h"

struct acr_python_response *acr_python_response_make(PyObject *type)
{
    PyTypeObject *made = (PyTypeObject *)type;
    return (struct acr_python_response *)made->tp_alloc(made, 0);
}

static struct acr_python_response *cast(PyObject *object)
{
    return (struct acr_python_response *)object;
}

/* A streamed body is read to its end when somebody wants all of it. */
static int read_all(struct acr_python_response *response)
{
    if (response->answer == NULL || response->answer->connection == NULL)
        return 0;
    struct acr_fiber *fiber = acr_python_fiber_take();
    if (fiber == NULL)
        return -1;
    struct acr_error error = {0};
    int code = acr_response_read_all(response->answer, fiber, ACR_NEVER, &error);
    acr_python_fiber_give(fiber);
    if (code == 0)
        return 0;
    if (code != ACR_ERR_CANCELLED)
        acr_python_raise_request_error(code, &error, (PyObject *)response->session, response->method,
                                       response->route->url.whole);
    return -1;
}

static PyObject *content(struct acr_python_response *response)
{
    if (response->content != NULL)
        return response->content;
    if (response->answer == NULL)
        return Py_None;
    if (read_all(response) != 0)
        return NULL;
    struct acr_str body = acr_buffer_str(&response->answer->body);
    response->content = PyBytes_FromStringAndSize(body.data, (Py_ssize_t)body.size);
    return response->content;
}

/* Reporting */

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

static const struct acr_url *final_url(const struct acr_python_response *response)
{
    return response->answer != NULL && response->answer->url != NULL ? response->answer->url : &response->route->url;
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
    PyObject *where = reported && response->session->generation == 2 ? Py_NewRef(response->name)
                                                                     : acr_python_from_wire(final_url(response)->whole);
    PyObject *text = NULL;
    if (reason != NULL && where != NULL)
        text = PyUnicode_FromFormat("%ld %s Error: %U for url: %U", status, status < 500 ? "Client" : "Server", reason,
                                    where);
    Py_XDECREF(reason);
    Py_XDECREF(where);
    return text;
}

static bool is_http_error(const struct acr_python_response *response)
{
    long status = ACR_UNLIKELY(response->overrides != NULL) ? status_of(response)
                  : ACR_LIKELY(response->answer != NULL)    ? response->answer->status
                                                            : 0;
    return status >= 400 && status < 600 && response->answer != NULL;
}

static PyObject *http_error(struct acr_python_response *response, bool reported)
{
    if (!is_http_error(response))
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

/* The user's context() with the call's own on top; a new reference. */
static PyObject *merged_context(const struct acr_python_response *response)
{
    PyObject *user = response->session->user;
    PyObject *method = user != NULL ? PyObject_GetAttr(user, acr_python.names.context) : NULL;
    if (method == NULL) {
        PyErr_Clear(); /* 0.9's users have none */
        return response->context != NULL ? Py_NewRef(response->context) : PyDict_New();
    }
    PyObject *given = PyObject_CallNoArgs(method);
    PyObject *merged = given != NULL ? PyDict_New() : NULL;
    if (merged != NULL && (PyDict_Update(merged, given) != 0 ||
                           (response->context != NULL && PyDict_Update(merged, response->context) != 0)))
        Py_CLEAR(merged);
    Py_DECREF(method);
    Py_XDECREF(given);
    return merged;
}

/* Looked up when something is recorded and not before: a request that nobody reports has no line in the tables. */
static struct acr_stats_entry *find_entry(const struct acr_python_response *response)
{
    return response->name == response->route->label
               ? acr_python_route_entry(response->route, (enum acr_python_verb)response->asked, response->method)
               : acr_python_entry(response->name, response->method);
}

int acr_python_response_record(struct acr_python_response *response, PyObject *error, PyObject *error_text)
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
    PyObject *url = NULL, *context = NULL;
    if (ACR_UNLIKELY(PyList_GET_SIZE(acr_python.request_handlers) > 0)) {
        record.url = url = acr_python_from_wire(response->route->url.whole);
        record.context = context = merged_context(response);
        if (url == NULL || context == NULL) {
            Py_XDECREF(url);
            return -1;
        }
    }
    int code = acr_python_record(&record);
    Py_XDECREF(url);
    Py_XDECREF(context);
    return code;
}

/* An HTTP error is listed as repr(HTTPError(text)); the exception itself is only made if somebody listens. */
static int report_http_error(struct acr_python_response *response)
{
    PyObject *error = NULL, *text = NULL;
    int code = -1;
    if (acr_python_has_listeners()) {
        error = http_error(response, true);
        code = error != NULL ? acr_python_response_record(response, error, NULL) : -1;
    } else {
        PyObject *message = http_error_text(response, true);
        text = message != NULL ? PyUnicode_FromFormat("HTTPError(%R)", message) : NULL;
        Py_XDECREF(message);
        code = text != NULL ? acr_python_response_record(response, Py_None, text) : -1;
    }
    Py_XDECREF(error);
    Py_XDECREF(text);
    return code;
}

int acr_python_response_report(struct acr_python_response *response)
{
    if (ACR_UNLIKELY(response->error != NULL))
        return acr_python_response_record(response, response->error, NULL);
    if (ACR_UNLIKELY(is_http_error(response)))
        return report_http_error(response);
    return acr_python_response_record(response, NULL, NULL);
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
    if (response->session->generation == 9 && acr_python_response_record(response, error, NULL) != 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *response_success(PyObject *self, PyObject *unused)
{
    (void)unused;
    return misused(cast(self)) != 0 ? NULL : give_verdict(cast(self), ACR_VERDICT_SUCCESS, NULL);
}

static PyObject *response_failure(PyObject *self, PyObject *error)
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

static PyObject *response_enter(PyObject *self, PyObject *unused)
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
    return acr_python_response_record(response,
                                      response->verdict == ACR_VERDICT_FAILURE ? response->verdict_error : NULL, NULL);
}

static PyObject *response_exit(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    struct acr_python_response *response = cast(self);
    PyObject *type = count > 0 ? args[0] : Py_None;
    if (!response->catching) {
        if (response->answer != NULL)
            acr_response_close(response->answer);
        Py_RETURN_FALSE;
    }
    bool manual = response->verdict != ACR_VERDICT_NONE;
    int code = 0;
    bool swallow = false;
    if (type == Py_None || manual) {
        code = report_verdict(response);
    } else if (PyObject_IsSubclass(type, acr_python.response_error) == 1) {
        code = acr_python_response_record(response, count > 1 ? args[1] : Py_None, NULL);
        swallow = true;
    }
    response->entered = false;
    return code != 0 ? NULL : PyBool_FromLong(swallow);
}

static PyObject *response_raise_for_status(PyObject *self, PyObject *unused)
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

/* Text */

/* requests' rule: the charset given; else ISO-8859-1 for text/..., UTF-8 for JSON; else None. New reference. */
static PyObject *encoding_by_header(struct acr_str type)
{
    ptrdiff_t semicolon = acr_str_find_char(type, ';');
    struct acr_str essence = acr_str_trim((struct acr_str){type.data, semicolon >= 0 ? (size_t)semicolon : type.size});
    while (semicolon >= 0) {
        type.data += semicolon + 1;
        type.size -= (size_t)semicolon + 1;
        semicolon = acr_str_find_char(type, ';');
        struct acr_str part = acr_str_trim((struct acr_str){type.data, semicolon >= 0 ? (size_t)semicolon : type.size});
        if (!acr_str_starts_nocase(part, ACR_STR("charset=")))
            continue;
        part.data += 8;
        part.size -= 8;
        while (part.size > 0 && (part.data[0] == '"' || part.data[0] == '\'')) {
            part.data++;
            part.size--;
        }
        while (part.size > 0 && (part.data[part.size - 1] == '"' || part.data[part.size - 1] == '\''))
            part.size--;
        return acr_python_from_wire(part);
    }
    if (acr_str_starts_nocase(essence, ACR_STR("text")))
        return PyUnicode_FromString("ISO-8859-1");
    if (acr_str_starts_nocase(essence, ACR_STR("application/json")))
        return PyUnicode_FromString("utf-8");
    Py_RETURN_NONE;
}

/* Borrowed, or NULL with an exception. */
static PyObject *encoding(struct acr_python_response *response)
{
    if (response->encoding != NULL)
        return response->encoding;
    struct acr_str type = {NULL, 0};
    if (response->answer != NULL)
        type = acr_response_header(response->answer, ACR_STR("Content-Type"));
    response->encoding = encoding_by_header(type);
    return response->encoding;
}

static bool is_ascii(struct acr_str str)
{
    for (size_t i = 0; i < str.size; i++)
        if ((unsigned char)str.data[i] >= 0x80)
            return false;
    return true;
}

static bool is_utf8_name(PyObject *name)
{
    struct acr_str str;
    return PyUnicode_Check(name) && acr_python_str(name, &str) == 0 &&
           (acr_str_equal_nocase(str, ACR_STR("utf-8")) || acr_str_equal_nocase(str, ACR_STR("utf8")));
}

static PyObject *text(PyObject *self)
{
    PyObject *bytes = content(cast(self));
    PyObject *name = bytes != NULL ? encoding(cast(self)) : NULL;
    if (name == NULL)
        return NULL;
    if (bytes == Py_None)
        return PyUnicode_FromString("");
    struct acr_str str = {PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)};
    if (is_utf8_name(name) || (name == Py_None && is_ascii(str)))
        return PyUnicode_DecodeUTF8(str.data, (Py_ssize_t)str.size, "replace");
    if (name != Py_None) {
        PyObject *decoded = PyUnicode_Decode(str.data, (Py_ssize_t)str.size, PyUnicode_AsUTF8(name), "replace");
        if (decoded != NULL || !PyErr_ExceptionMatches(PyExc_LookupError))
            return decoded;
        PyErr_Clear(); /* a charset nobody knows */
        return PyUnicode_DecodeUTF8(str.data, (Py_ssize_t)str.size, "replace");
    }
    PyObject *guessed = PyObject_GetAttrString(self, "apparent_encoding");
    PyObject *decoded = NULL;
    if (guessed != NULL && PyUnicode_Check(guessed))
        decoded = PyUnicode_Decode(str.data, (Py_ssize_t)str.size, PyUnicode_AsUTF8(guessed), "replace");
    else if (guessed != NULL)
        decoded = PyUnicode_DecodeUTF8(str.data, (Py_ssize_t)str.size, "replace");
    Py_XDECREF(guessed);
    return decoded;
}

/* JSON: Python's own scanner; what it does not take whole goes to requests' json(), which raises the proper errors. */
static PyObject *json_scanner(void)
{
    static PyObject *scanner;
    if (scanner == NULL) {
        PyObject *decoder = PyImport_ImportModule("json.decoder");
        PyObject *instance = decoder != NULL ? PyObject_CallMethod(decoder, "JSONDecoder", NULL) : NULL;
        scanner = instance != NULL ? PyObject_GetAttrString(instance, "scan_once") : NULL;
        Py_XDECREF(decoder);
        Py_XDECREF(instance);
    }
    return scanner;
}

static bool only_blanks(PyObject *string, Py_ssize_t from)
{
    for (Py_ssize_t i = from; i < PyUnicode_GET_LENGTH(string); i++) {
        Py_UCS4 c = PyUnicode_READ_CHAR(string, i);
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return false;
    }
    return true;
}

/* NULL without an exception: not to be parsed this way. */
static PyObject *fast_json(PyObject *bytes)
{
    const char *data = PyBytes_AS_STRING(bytes);
    Py_ssize_t size = PyBytes_GET_SIZE(bytes);
    if (size < 2 || (data[0] != '{' && data[0] != '[') || data[1] == '\0')
        return NULL;
    PyObject *scanner = json_scanner();
    PyObject *string = scanner != NULL ? PyUnicode_DecodeUTF8(data, size, NULL) : NULL;
    PyObject *zero = string != NULL ? PyLong_FromLong(0) : NULL;
    PyObject *pair = zero != NULL ? PyObject_CallFunctionObjArgs(scanner, string, zero, NULL) : NULL;
    PyObject *value = NULL;
    if (pair != NULL && PyTuple_Check(pair) && only_blanks(string, PyLong_AsSsize_t(PyTuple_GET_ITEM(pair, 1))))
        value = Py_NewRef(PyTuple_GET_ITEM(pair, 0));
    Py_XDECREF(string);
    Py_XDECREF(zero);
    Py_XDECREF(pair);
    PyErr_Clear();
    return value;
}

static PyObject *response_json(PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *bytes = content(cast(self));
    if (bytes == NULL)
        return NULL;
    if (PyTuple_GET_SIZE(args) == 0 && (keywords == NULL || PyDict_GET_SIZE(keywords) == 0) && PyBytes_Check(bytes)) {
        PyObject *value = fast_json(bytes);
        if (value != NULL)
            return value;
    }
    PyObject *super =
        PyObject_CallFunctionObjArgs((PyObject *)&PySuper_Type, (PyObject *)acr_python.response_base, self, NULL);
    PyObject *method = super != NULL ? PyObject_GetAttr(super, acr_python.names.json) : NULL;
    PyObject *value = method != NULL ? PyObject_Call(method, args, keywords) : NULL;
    Py_XDECREF(super);
    Py_XDECREF(method);
    return value;
}

/* Attributes */

static PyObject *get_status_code(struct acr_python_response *response)
{
    return PyLong_FromLong(response->answer != NULL ? response->answer->status : 0);
}

static PyObject *get_content(struct acr_python_response *response)
{
    return Py_XNewRef(content(response));
}

static PyObject *get_text(struct acr_python_response *response)
{
    return text((PyObject *)response);
}

static PyObject *get_encoding(struct acr_python_response *response)
{
    return response->answer == NULL && response->encoding == NULL ? Py_NewRef(Py_None) : Py_XNewRef(encoding(response));
}

static PyObject *get_url(struct acr_python_response *response)
{
    if (response->answer == NULL)
        Py_RETURN_NONE;
    return acr_python_from_wire(final_url(response)->whole);
}

static PyObject *get_reason(struct acr_python_response *response)
{
    if (response->answer == NULL)
        Py_RETURN_NONE;
    return acr_python_from_wire(acr_response_reason(response->answer));
}

static PyObject *get_ok(struct acr_python_response *response)
{
    return PyBool_FromLong(response->answer != NULL && !is_http_error(response));
}

static PyObject *get_elapsed(struct acr_python_response *response)
{
    acr_nanos nanos = 0;
    if (response->answer != NULL)
        nanos = response->answer->head_at - response->answer->started;
    return PyDelta_FromDSU((int)(nanos / ACR_NANOS_PER_SECOND / 86400), (int)(nanos / ACR_NANOS_PER_SECOND % 86400),
                           (int)(nanos % ACR_NANOS_PER_SECOND / ACR_NANOS_PER_MICRO));
}

static PyObject *get_error(struct acr_python_response *response)
{
    return Py_NewRef(response->error != NULL ? response->error : Py_None);
}

static PyObject *field_text(struct acr_str str)
{
    return PyUnicode_DecodeLatin1(str.data, (Py_ssize_t)str.size, NULL); /* as http.client reads them */
}

/* Is the body still to come, at least in part? Then iter_raw() takes it as it comes. */
static PyObject *get_streaming(struct acr_python_response *response)
{
    return PyBool_FromLong(response->answer != NULL && response->answer->connection != NULL);
}

static PyObject *get_raw_headers(struct acr_python_response *response)
{
    PyObject *list = PyList_New(0);
    if (list == NULL || response->answer == NULL)
        return list;
    struct acr_head *head = acr_alloc(sizeof *head);
    acr_response_head(response->answer, head);
    for (size_t i = 0; list != NULL && i < head->field_count; i++) {
        PyObject *pair = Py_BuildValue("NN", field_text(head->fields[i].name), field_text(head->fields[i].value));
        if (pair == NULL || PyList_Append(list, pair) != 0)
            Py_CLEAR(list);
        Py_XDECREF(pair);
    }
    acr_free(head);
    return list;
}

/* A response object for an earlier hop; it shares everything but the answer. */
static PyObject *hop_object(struct acr_python_response *last, struct acr_response *answer)
{
    struct acr_python_response *hop = acr_python_response_make(acr_python.response_type);
    if (hop == NULL)
        return NULL;
    hop->answer = acr_response_ref(answer);
    hop->route = last->route;
    hop->route->references++;
    hop->session = (struct acr_python_session *)Py_NewRef(last->session);
    hop->method = Py_NewRef(last->method);
    hop->name = Py_NewRef(last->name);
    hop->state = last->state;
    if (hop->state != NULL)
        hop->state->references++;
    hop->extra_lines = Py_XNewRef(last->extra_lines);
    hop->body = Py_XNewRef(last->body);
    hop->all_lines = last->all_lines;
    hop->reported = true;
    return (PyObject *)hop;
}

static PyObject *get_history(struct acr_python_response *response)
{
    PyObject *list = PyList_New(0);
    struct acr_response *hop = response->answer != NULL ? response->answer->previous : NULL;
    for (; list != NULL && hop != NULL; hop = hop->previous) {
        PyObject *object = hop_object(response, hop);
        if (object == NULL || PyList_Insert(list, 0, object) != 0)
            Py_CLEAR(list);
        Py_XDECREF(object);
    }
    return list;
}

static PyObject *get_meta(struct acr_python_response *response)
{
    const struct acr_clock *clock = acr_python.engine->clock;
    double start = acr_nanos_to_seconds(clock->wall(clock) - response->time);
    return Py_BuildValue("{sOsdsdsOsK}", "method", response->method, "start_time", start, "response_time",
                         (double)response->time / 1e6, "name", response->name, "content_size",
                         (unsigned long long)acr_python_response_size(response));
}

struct getter {
    const char *name;
    PyObject *(*get)(struct acr_python_response *response);
    bool keep; /* the object made is handed out again: identity, and changes to it, last */
};

static struct getter getters[] = {
    {"status_code", get_status_code, false},
    {"content", get_content, false},
    {"text", get_text, false},
    {"encoding", get_encoding, false},
    {"url", get_url, false},
    {"reason", get_reason, false},
    {"ok", get_ok, false},
    {"elapsed", get_elapsed, false},
    {"error", get_error, false},
    {"raw_headers", get_raw_headers, false},
    {"streaming", get_streaming, false},
    {"history", get_history, true},
    {"locust_request_meta", get_meta, true},
    {"request_meta", get_meta, true},
};

static int override(struct acr_python_response *response, const char *name, PyObject *value)
{
    if (response->overrides == NULL && (response->overrides = PyDict_New()) == NULL)
        return -1;
    return PyDict_SetItemString(response->overrides, name, value);
}

static PyObject *response_get(PyObject *self, void *closure)
{
    struct acr_python_response *response = cast(self);
    const struct getter *attribute = closure;
    if (ACR_UNLIKELY(response->overrides != NULL)) {
        PyObject *value = PyDict_GetItemString(response->overrides, attribute->name);
        if (value != NULL)
            return Py_NewRef(value);
    }
    if (response->session == NULL)
        return PyErr_Format(PyExc_AttributeError, "%s: not a response of the engine", attribute->name);
    PyObject *value = attribute->get(response);
    if (value != NULL && attribute->keep && override(response, attribute->name, value) != 0)
        Py_CLEAR(value);
    return value;
}

static int response_set(PyObject *self, PyObject *value, void *closure)
{
    const struct getter *attribute = closure;
    if (value == NULL) {
        PyErr_Format(PyExc_AttributeError, "a response's %s cannot be deleted", attribute->name);
        return -1;
    }
    if (strcmp(attribute->name, "encoding") == 0)
        Py_XSETREF(cast(self)->encoding, Py_NewRef(value));
    /* Scripts and mocking libraries put a body of their own there, which text and json() then tell of. */
    if (strcmp(attribute->name, "content") == 0 && PyBytes_Check(value))
        Py_XSETREF(cast(self)->content, Py_NewRef(value));
    return override(cast(self), attribute->name, value);
}

static int response_bool(PyObject *self)
{
    PyObject *ok = PyObject_GetAttrString(self, "ok");
    int truth = ok != NULL ? PyObject_IsTrue(ok) : -1;
    Py_XDECREF(ok);
    return truth;
}

/* Streaming */

static PyObject *response_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    if (cast(self)->answer != NULL)
        acr_response_close(cast(self)->answer);
    Py_RETURN_NONE;
}

/* The next at most `size` decoded bytes; b"" at the end. What iter_content() and raw.read() are made of. */
static PyObject *response_read_raw(PyObject *self, PyObject *argument)
{
    struct acr_python_response *response = cast(self);
    Py_ssize_t size = PyLong_AsSsize_t(argument);
    if (size <= 0 && PyErr_Occurred())
        return NULL;
    if (response->answer == NULL)
        return PyBytes_FromStringAndSize(NULL, 0);
    if (response->content != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the content of this response was read already");
        return NULL;
    }
    struct acr_fiber *fiber = acr_python_fiber_take();
    if (fiber == NULL)
        return NULL;
    struct acr_error error = {0};
    int code = acr_response_wait_body(response->answer, fiber, ACR_NEVER, &error);
    acr_python_fiber_give(fiber);
    if (code == ACR_ERR_CANCELLED)
        return NULL;
    if (code != 0)
        return acr_python_raise_request_error(code, &error, (PyObject *)response->session, response->method,
                                              response->route->url.whole),
               NULL;
    struct acr_buffer *body = &response->answer->body;
    size_t take = (size_t)size < body->size ? (size_t)size : body->size;
    PyObject *bytes = PyBytes_FromStringAndSize(body->data, (Py_ssize_t)take);
    if (bytes != NULL && take > 0)
        acr_buffer_drop_front(body, take);
    return bytes;
}

static PyObject *response_iter_raw(PyObject *self, PyObject *args)
{
    Py_ssize_t size = 65536;
    if (!PyArg_ParseTuple(args, "|n:iter_raw", &size))
        return NULL;
    PyObject *functools = PyImport_ImportModule("functools");
    PyObject *read = PyObject_GetAttrString(self, "read_raw");
    PyObject *next =
        functools != NULL && read != NULL ? PyObject_CallMethod(functools, "partial", "On", read, size) : NULL;
    PyObject *end = PyBytes_FromStringAndSize(NULL, 0);
    PyObject *iterator = next != NULL && end != NULL ? PyCallIter_New(next, end) : NULL;
    Py_XDECREF(functools);
    Py_XDECREF(read);
    Py_XDECREF(next);
    Py_XDECREF(end);
    return iterator;
}

/* Appends header lines, without those about a body when there is none any more. */
static int append_lines(struct acr_buffer *out, struct acr_str lines, bool with_body)
{
    int code = 0;
    while (code == 0 && lines.size > 0) {
        const char *end = memchr(lines.data, '\n', lines.size);
        struct acr_str line = {lines.data, end != NULL ? (size_t)(end - lines.data) + 1 : lines.size};
        if (with_body || !acr_str_starts_nocase(line, ACR_STR("Content-")))
            code = acr_buffer_append_str(out, line);
        lines.data += line.size;
        lines.size -= line.size;
    }
    return code;
}

static int append_request_lines(const struct acr_python_response *response, bool with_body, struct acr_buffer *out)
{
    const struct acr_python_session_state *state = response->all_lines ? NULL : response->state;
    int code = state != NULL ? append_lines(out, acr_buffer_str(&state->header_lines), with_body) : 0;
    if (code == 0 && state != NULL && state->authorization.size > 0)
        code = acr_request_header_line(out, ACR_STR("Authorization"), acr_buffer_str(&state->authorization));
    if (code != 0 || response->extra_lines == NULL)
        return code;
    struct acr_str extra = {PyBytes_AS_STRING(response->extra_lines), (size_t)PyBytes_GET_SIZE(response->extra_lines)};
    return append_lines(out, extra, with_body);
}

/* Did this answer's request carry the body of the first one? requests drops it and what tells of it at any redirect but
 * 307 and 308. */
static bool carried_body(const struct acr_response *answer)
{
    for (const struct acr_response *hop = answer != NULL ? answer->previous : NULL; hop != NULL; hop = hop->previous)
        if (hop->status != 307 && hop->status != 308)
            return false;
    return true;
}

/* Of the last request of a chain of redirects. */
static PyObject *response_request_parts(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct acr_python_response *response = cast(self);
    struct acr_buffer lines = {0};
    PyObject *method =
        response->answer != NULL ? acr_python_from_wire(response->answer->method) : Py_NewRef(response->method);
    bool with_body = carried_body(response->answer);
    int code = method != NULL ? append_request_lines(response, with_body, &lines) : -1;
    PyObject *url = code == 0 ? acr_python_from_wire(final_url(response)->whole) : NULL;
    PyObject *parts = NULL;
    if (url != NULL)
        parts = Py_BuildValue("OOy#O", method, url, lines.data != NULL ? lines.data : "", (Py_ssize_t)lines.size,
                              with_body && response->body != NULL ? response->body : Py_None);
    else if (!PyErr_Occurred())
        acr_python_no_memory();
    Py_XDECREF(method);
    Py_XDECREF(url);
    acr_buffer_done(&lines);
    return parts;
}

/* Life */

static int response_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct acr_python_response *response = cast(self);
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(response->session);
    Py_VISIT(response->error);
    Py_VISIT(response->overrides);
    Py_VISIT(response->context);
    Py_VISIT(response->verdict_error);
    return 0;
}

static int response_clear(PyObject *self)
{
    struct acr_python_response *response = cast(self);
    /* A streamed answer leaves its client before the client can go. */
    acr_response_unref(response->answer);
    response->answer = NULL;
    Py_CLEAR(response->session);
    Py_CLEAR(response->error);
    Py_CLEAR(response->overrides);
    Py_CLEAR(response->context);
    Py_CLEAR(response->verdict_error);
    return 0;
}

static void response_dealloc(PyObject *self)
{
    struct acr_python_response *response = cast(self);
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    response_clear(self);
    acr_python_route_unref(response->route);
    acr_python_session_state_unref(response->state);
    Py_CLEAR(response->method);
    Py_CLEAR(response->name);
    Py_CLEAR(response->content);
    Py_CLEAR(response->encoding);
    Py_CLEAR(response->body);
    Py_CLEAR(response->extra_lines);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *response_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    (void)args;
    (void)keywords;
    return PyErr_Format(PyExc_TypeError, "%s objects are made by requests only", type->tp_name);
}

static PyMethodDef response_methods[] = {
    {"success", response_success, METH_NOARGS, "Count the request as a success."},
    {"failure", response_failure, METH_O, "Count the request as a failure: an exception, or a text."},
    {"raise_for_status", response_raise_for_status, METH_NOARGS, "Raise the error of a failed request, if it failed."},
    {"json", (PyCFunction)(void (*)(void))response_json, METH_VARARGS | METH_KEYWORDS,
     "The body as JSON. Raises requests.exceptions.JSONDecodeError (a ValueError)."},
    {"close", response_close, METH_NOARGS, "Give up a streamed body that was not read to its end."},
    {"read_raw", response_read_raw, METH_O, "The next at most N decoded bytes of a streamed body; empty at its end."},
    {"iter_raw", response_iter_raw, METH_VARARGS, "Iterator of the decoded bytes, at most N at a time."},
    {"request_parts", response_request_parts, METH_NOARGS, "(method, url, header lines, body or None) as sent."},
    {"__enter__", response_enter, METH_NOARGS, NULL},
    {"__exit__", (PyCFunction)(void (*)(void))response_exit, METH_FASTCALL, NULL},
    {0}};

static PyGetSetDef response_getset[ACR_ARRAY_SIZE(getters) + 1];

static PyType_Slot response_slots[] = {{Py_tp_new, response_new},
                                       {Py_tp_traverse, response_traverse},
                                       {Py_tp_clear, response_clear},
                                       {Py_tp_dealloc, response_dealloc},
                                       {Py_tp_methods, response_methods},
                                       {Py_tp_getset, response_getset},
                                       {Py_nb_bool, response_bool},
                                       {Py_tp_doc, "C base of LocustResponse. See _acrida.pyi."},
                                       {0, NULL}};

static PyType_Spec response_spec = {"_acrida.NativeResponse", sizeof(struct acr_python_response), 0,
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, response_slots};

PyTypeObject *acr_python_response_type_new(void)
{
    PyDateTime_IMPORT;
    if (PyDateTimeAPI == NULL)
        return NULL;
    for (size_t i = 0; i < ACR_ARRAY_SIZE(getters); i++)
        response_getset[i] = (PyGetSetDef){getters[i].name, response_get, response_set, NULL, &getters[i]};
    return (PyTypeObject *)PyType_FromSpec(&response_spec);
}
