/* SPDX-License-Identifier: MIT */
/* call - keyword names are compared by identity first, since the compiler interns them. */
#include "python/call.h"

static PyObject **slot_by_identity(struct acr_python_call *call, PyObject *name)
{
#define X(keyword)                        \
    if (name == acr_python.names.keyword) \
        return &call->keyword;
    ACR_PYTHON_KEYWORDS(X)
#undef X
    return name == acr_python.names.url ? &call->url : name == acr_python.names.method ? &call->method : NULL;
}

/* For names built at run time: f(**{"na" + "me": ...}). */
static PyObject **slot_by_text(struct acr_python_call *call, PyObject *name)
{
#define X(keyword)                                             \
    if (PyUnicode_CompareWithASCIIString(name, #keyword) == 0) \
        return &call->keyword;
    ACR_PYTHON_KEYWORDS(X)
#undef X
    if (PyUnicode_CompareWithASCIIString(name, "url") == 0)
        return &call->url;
    return PyUnicode_CompareWithASCIIString(name, "method") == 0 ? &call->method : NULL;
}

int acr_python_call_keyword(struct acr_python_call *call, PyObject *name, PyObject *value)
{
    PyObject **slot = slot_by_identity(call, name);
    if (slot == NULL)
        slot = slot_by_text(call, name);
    bool is_method = slot == &call->method;
    if (slot == NULL || (is_method && call->verb != ACR_VERB_OTHER))
        return 1;
    if (*slot != NULL) {
        PyErr_Format(PyExc_TypeError, "got multiple values for argument '%U'", name);
        return -1;
    }
    if (value == Py_None && slot == &call->allow_redirects)
        value = Py_False;
    *slot = value == Py_None && !is_method ? NULL : value;
    return 0;
}

PyObject *acr_python_call_keywords(const struct acr_python_call *call)
{
    struct acr_python_call given = *call;
    given.name = given.catch_response = given.context = NULL;
    PyObject *keywords = PyDict_New();
#define X(keyword)                                                              \
    if (keywords != NULL && given.keyword != NULL &&                            \
        PyDict_SetItem(keywords, acr_python.names.keyword, given.keyword) != 0) \
        Py_CLEAR(keywords);
    ACR_PYTHON_KEYWORDS(X)
#undef X
    return keywords;
}
