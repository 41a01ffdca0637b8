/* SPDX-License-Identifier: MIT */
/* session - the type: construction, lazily made attributes. */
#include "python/session.h"

#include <structmember.h>

#include "base/memory.h"
#include "python/convert.h"
#include "python/greenlets.h"
#include "python/request.h"

struct acr_client *acr_python_session_client(struct acr_python_session *session)
{
    if (session->client == NULL)
        session->client = acr_client_new(acr_python.engine->http);
    return session->client;
}

/* Attributes made when touched */

struct attribute {
    const char *name;
    bool container; /* made by session_attribute(); else None or the default below */
    bool opaque;    /* its changes cannot be seen */
    PyObject *(*make_default)(void);
};

static PyObject *make_none(void)
{
    Py_RETURN_NONE;
}

static PyObject *make_true(void)
{
    Py_RETURN_TRUE;
}

static PyObject *make_false(void)
{
    Py_RETURN_FALSE;
}

static PyObject *make_redirects_max(void)
{
    return PyLong_FromLong(ACR_CLIENT_REDIRECTS_MAX);
}

static struct attribute attributes[] = {
    {"headers", .container = true},
    {"cookies", .container = true},
    {"hooks", .container = true, .opaque = true},
    {"params", .container = true, .opaque = true},
    {"proxies", .container = true, .opaque = true},
    {"adapters", .container = true, .opaque = true},
    {"auth", .make_default = make_none},
    {"stream", .make_default = make_false},
    {"verify", .make_default = make_true},
    {"cert", .make_default = make_none},
    {"max_redirects", .make_default = make_redirects_max},
    {"trust_env", .make_default = make_true},
};

static int store_attribute(struct acr_python_session *session, const struct attribute *attribute, PyObject *value)
{
    if (session->attributes == NULL && (session->attributes = PyDict_New()) == NULL)
        return -1;
    if (PyDict_SetItemString(session->attributes, attribute->name, value) != 0)
        return -1;
    /* The cookie view writes through to the native jar; making it changes nothing. */
    if (strcmp(attribute->name, "cookies") != 0)
        acr_python_session_forget_state(session);
    if (attribute->opaque)
        session->ask_always = true;
    return 0;
}

static PyObject *attribute_get(PyObject *self, void *closure)
{
    struct acr_python_session *session = (struct acr_python_session *)self;
    const struct attribute *attribute = closure;
    if (session->attributes != NULL) {
        PyObject *known = PyDict_GetItemString(session->attributes, attribute->name);
        if (known != NULL)
            return Py_NewRef(known);
    }
    if (!attribute->container)
        return strcmp(attribute->name, "trust_env") == 0 && session->generation == 2 ? make_false()
                                                                                     : attribute->make_default();
    PyObject *made = PyObject_CallFunction(acr_python.session_attribute, "Os", self, attribute->name);
    if (made != NULL && store_attribute(session, attribute, made) != 0)
        Py_CLEAR(made);
    return made;
}

static int attribute_set(PyObject *self, PyObject *value, void *closure)
{
    struct acr_python_session *session = (struct acr_python_session *)self;
    const struct attribute *attribute = closure;
    if (value == NULL) {
        PyErr_Format(PyExc_AttributeError, "a session's %s cannot be deleted", attribute->name);
        return -1;
    }
    if (store_attribute(session, attribute, value) != 0)
        return -1;
    /* A mapping of the script's own may change without our seeing it. */
    if (attribute->container && strcmp(attribute->name, "cookies") != 0)
        session->ask_always = true;
    return 0;
}

/* Construction */

static int session_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"base_url", "generation", "user", NULL};
    struct acr_python_session *session = (struct acr_python_session *)self;
    PyObject *base_url, *user = NULL;
    int generation = 9;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "U|iO:HttpSession", names, &base_url, &generation, &user))
        return -1;
    struct acr_str text;
    if (acr_python_str(base_url, &text) != 0 || acr_python_attach_hub() != 0)
        return -1;
    session->site = acr_python_site_get(text);
    session->generation = generation;
    Py_XSETREF(session->base_url, Py_NewRef(base_url));
    Py_XSETREF(session->user, user != NULL && user != Py_None ? Py_NewRef(user) : NULL);
    acr_python_session_forget_state(session);
    return 0;
}

static int session_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct acr_python_session *session = (struct acr_python_session *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(session->base_url);
    Py_VISIT(session->user);
    Py_VISIT(session->request_name);
    Py_VISIT(session->attributes);
    return 0;
}

static int session_clear(PyObject *self)
{
    struct acr_python_session *session = (struct acr_python_session *)self;
    Py_CLEAR(session->base_url);
    Py_CLEAR(session->user);
    Py_CLEAR(session->request_name);
    Py_CLEAR(session->attributes);
    return 0;
}

static void session_dealloc(PyObject *self)
{
    struct acr_python_session *session = (struct acr_python_session *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    session_clear(self);
    acr_python_session_forget_state(session);
    acr_client_free(session->client);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *get_base_url(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *base_url = ((struct acr_python_session *)self)->base_url;
    return base_url != NULL ? Py_NewRef(base_url) : PyUnicode_FromString("");
}

static int set_base_url(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    struct acr_python_session *session = (struct acr_python_session *)self;
    struct acr_str text;
    if (value == NULL || !PyUnicode_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "base_url must be a str");
        return -1;
    }
    if (acr_python_str(value, &text) != 0)
        return -1;
    session->site = acr_python_site_get(text);
    Py_XSETREF(session->base_url, Py_NewRef(value));
    acr_python_session_forget_state(session);
    return 0;
}

/* Methods */

static PyObject *session_invalidate(PyObject *self, PyObject *unused)
{
    (void)unused;
    acr_python_session_forget_state((struct acr_python_session *)self);
    Py_RETURN_NONE;
}

static PyObject *session_touched(PyObject *self, PyObject *name)
{
    PyObject *touched = ((struct acr_python_session *)self)->attributes;
    int found = touched != NULL ? PyDict_Contains(touched, name) : 0;
    return found < 0 ? NULL : PyBool_FromLong(found);
}

static PyObject *session_native_count(PyObject *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(((struct acr_python_session *)self)->native_count);
}

static PyObject *session_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct acr_python_session *session = (struct acr_python_session *)self;
    if (session->client != NULL)
        acr_client_close_idle(session->client);
    PyObject *adapters = session->attributes != NULL ? PyDict_GetItemString(session->attributes, "adapters") : NULL;
    if (adapters == NULL)
        Py_RETURN_NONE;
    Py_INCREF(adapters); /* its values() may be the script's */
    PyObject *values = PyMapping_Values(adapters);
    Py_DECREF(adapters);
    if (values == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(values); i++) {
        PyObject *result = PyObject_CallMethod(PyList_GET_ITEM(values, i), "close", NULL);
        if (result == NULL) {
            Py_DECREF(values);
            return NULL;
        }
        Py_DECREF(result);
    }
    Py_DECREF(values);
    Py_RETURN_NONE;
}

#define VERB(name)                                                                                 \
    {                                                                                              \
#name, (PyCFunction)(void (*)(void))acr_python_##name, METH_FASTCALL | METH_KEYWORDS, NULL \
    }

static PyMethodDef session_methods[] = {
    VERB(get),
    VERB(options),
    VERB(head),
    VERB(post),
    VERB(put),
    VERB(patch),
    VERB(delete),
    VERB(request),
    {"invalidate", session_invalidate, METH_NOARGS, "Ask session_state() again before the next request."},
    {"touched", session_touched, METH_O, "Was this attribute ever read or written?"},
    {"native_count", session_native_count, METH_NOARGS, "Requests that went the native way."},
    {"close", session_close, METH_NOARGS, "Close all connections that are kept alive. The session can be used again."},
    {"cookie_list", acr_python_session_cookie_list, METH_NOARGS,
     "(name, value, domain, path, expires or None, host_only, secure, http_only) of each cookie, oldest first."},
    {"cookie_set", acr_python_session_cookie_set, METH_VARARGS,
     "Store a cookie: name, value, domain, path, expires or None, host_only, secure, http_only."},
    {"cookie_remove", acr_python_session_cookie_remove, METH_VARARGS,
     "Remove by domain, path, name; None matches all."},
    {"cookie_version", acr_python_session_cookie_version, METH_NOARGS, "Changes with every change of the jar."},
    {0}};

static PyMemberDef session_members[] = {
    {"user", T_OBJECT, offsetof(struct acr_python_session, user), 0, "The user this session belongs to, or None."},
    {"request_name", T_OBJECT, offsetof(struct acr_python_session, request_name), 0,
     "Name for requests that are given none, or None."},
    {"generation", T_INT, offsetof(struct acr_python_session, generation), READONLY, "9 (0.9's rules) or 2 (2.x's)."},
    {0}};

static PyGetSetDef session_getset[ACR_ARRAY_SIZE(attributes) + 2];

static PyType_Slot session_slots[] = {{Py_tp_init, session_init},
                                      {Py_tp_traverse, session_traverse},
                                      {Py_tp_clear, session_clear},
                                      {Py_tp_dealloc, session_dealloc},
                                      {Py_tp_methods, session_methods},
                                      {Py_tp_members, session_members},
                                      {Py_tp_getset, session_getset},
                                      {Py_tp_doc, "C base of HttpSession. See _acrida.pyi."},
                                      {0, NULL}};

static PyType_Spec session_spec = {"_acrida.NativeSession", sizeof(struct acr_python_session), 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, session_slots};

PyTypeObject *acr_python_session_type_new(void)
{
    size_t count = 0;
    for (; count < ACR_ARRAY_SIZE(attributes); count++)
        session_getset[count] =
            (PyGetSetDef){attributes[count].name, attribute_get, attribute_set, NULL, &attributes[count]};
    session_getset[count] =
        (PyGetSetDef){"base_url", get_base_url, set_base_url, "Put before URLs that are only a path.", NULL};
    return (PyTypeObject *)PyType_FromSpec(&session_spec);
}
