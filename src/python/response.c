/* SPDX-License-Identifier: MIT */
/* response - the type: attributes that convert on demand, and its life. */
#include "python/response_parts.h"

#include <datetime.h>
#include <structmember.h>

#include "base/memory.h"
#include "python/convert.h"

struct acr_python_response *acr_python_response_make(PyObject *type)
{
    PyTypeObject *made = (PyTypeObject *)type;
    return (struct acr_python_response *)made->tp_alloc(made, 0);
}

static struct acr_python_response *cast(PyObject *object)
{
    return (struct acr_python_response *)object;
}

/* Attributes */

static PyObject *get_status_code(struct acr_python_response *response)
{
    return PyLong_FromLong(response->answer != NULL ? response->answer->status : 0);
}

static PyObject *get_content(struct acr_python_response *response)
{
    return Py_XNewRef(acr_python_response_content(response));
}

static PyObject *get_text(struct acr_python_response *response)
{
    return acr_python_response_text((PyObject *)response);
}

static PyObject *get_encoding(struct acr_python_response *response)
{
    return response->answer == NULL && response->encoding == NULL ? Py_NewRef(Py_None)
                                                                  : Py_XNewRef(acr_python_response_encoding(response));
}

static PyObject *get_url(struct acr_python_response *response)
{
    if (response->answer == NULL)
        Py_RETURN_NONE;
    return acr_python_response_url_text(response);
}

static PyObject *get_reason(struct acr_python_response *response)
{
    if (response->answer == NULL)
        Py_RETURN_NONE;
    return acr_python_from_wire(acr_response_reason(response->answer));
}

static PyObject *get_ok(struct acr_python_response *response)
{
    return PyBool_FromLong(response->answer != NULL && !acr_python_response_is_http_error(response));
}

static PyObject *get_elapsed(struct acr_python_response *response)
{
    acr_nanos nanos = 0;
    const struct acr_response *answer = response->answer;
    if (answer != NULL) /* of this hop alone, as requests measures */
        nanos = answer->head_at - (answer->previous != NULL ? answer->previous->finished : answer->started);
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
    hop->started = answer->started;
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
    double start = acr_python_response_start_time(response);
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

/* Life */

/* What it owns. Strings and bytes are among it because a script may give objects of its own classes for them. */
#define ACR_PYTHON_RESPONSE_OBJECTS(X) \
    X(session)                         \
    X(method)                          \
    X(name)                            \
    X(error)                           \
    X(content)                         \
    X(encoding)                        \
    X(body)                            \
    X(extra_lines)                     \
    X(overrides)                       \
    X(context)                         \
    X(verdict_error)

static int response_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct acr_python_response *response = cast(self);
    Py_VISIT(Py_TYPE(self));
#define X(object) Py_VISIT(response->object);
    ACR_PYTHON_RESPONSE_OBJECTS(X)
#undef X
    return 0;
}

static int response_clear(PyObject *self)
{
    struct acr_python_response *response = cast(self);
    /* A streamed answer leaves its client before the client can go. */
    struct acr_response *answer = response->answer;
    response->answer = NULL;
    acr_response_unref(answer);
#define X(object) Py_CLEAR(response->object);
    ACR_PYTHON_RESPONSE_OBJECTS(X)
#undef X
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
    {"success", acr_python_response_success, METH_NOARGS, "Count the request as a success."},
    {"failure", acr_python_response_failure, METH_O, "Count the request as a failure: an exception, or a text."},
    {"raise_for_status", acr_python_response_raise_for_status, METH_NOARGS,
     "Raise the error of a failed request, if it failed."},
    {"json", (PyCFunction)(void (*)(void))acr_python_response_json, METH_VARARGS | METH_KEYWORDS,
     "The body as JSON. Raises requests.exceptions.JSONDecodeError (a ValueError)."},
    {"close", acr_python_response_close, METH_NOARGS, "Give up a streamed body that was not read to its end."},
    {"read_raw", acr_python_response_read_raw, METH_O,
     "The next at most N decoded bytes of a streamed body; empty at its end."},
    {"iter_raw", acr_python_response_iter_raw, METH_VARARGS, "Iterator of the decoded bytes, at most N at a time."},
    {"request_parts", acr_python_response_request_parts, METH_NOARGS,
     "(method, url, header lines, body or None) as sent."},
    {"__enter__", acr_python_response_enter, METH_NOARGS, NULL},
    {"__exit__", (PyCFunction)(void (*)(void))acr_python_response_exit, METH_FASTCALL, NULL},
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
