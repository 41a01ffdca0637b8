/* SPDX-License-Identifier: MIT */
/* session_cookies - the door to the native cookie jar. */
#include "base/memory.h"
#include "python/convert.h"
#include "python/session.h"

static PyObject *cookie_tuple(const struct acr_cookie *cookie)
{
    PyObject *expires = cookie->expires == INT64_MAX ? Py_NewRef(Py_None) : PyLong_FromLongLong(cookie->expires);
    PyObject *value = acr_python_from_wire(acr_str_of(cookie->value));
    PyObject *name = acr_python_from_wire(acr_str_of(cookie->name));
    PyObject *path = acr_python_from_wire(acr_str_of(cookie->path));
    PyObject *tuple = NULL;
    if (expires != NULL && value != NULL && name != NULL && path != NULL)
        tuple = Py_BuildValue("OOsOOOOO", name, value, cookie->domain, path, expires,
                              cookie->host_only ? Py_True : Py_False, cookie->secure ? Py_True : Py_False,
                              cookie->http_only ? Py_True : Py_False);
    Py_XDECREF(expires);
    Py_XDECREF(value);
    Py_XDECREF(name);
    Py_XDECREF(path);
    return tuple;
}

static int compare_age(const void *a, const void *b)
{
    const struct acr_cookie *first = *(const struct acr_cookie *const *)a;
    const struct acr_cookie *second = *(const struct acr_cookie *const *)b;
    return first->serial < second->serial ? -1 : first->serial > second->serial;
}

PyObject *acr_python_session_cookie_list(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct acr_cookies *jar = acr_client_cookies(acr_python_session_client((struct acr_python_session *)self));
    const struct acr_cookie **sorted = acr_alloc(jar->count * sizeof *sorted);
    for (size_t i = 0; i < jar->count; i++)
        sorted[i] = &jar->list[i];
    qsort(sorted, jar->count, sizeof *sorted, compare_age);
    /* A collection could run a finalizer that changes the jar. */
    int collects = PyGC_Disable();
    PyObject *list = PyList_New((Py_ssize_t)jar->count);
    for (size_t i = 0; list != NULL && i < jar->count; i++) {
        PyObject *tuple = cookie_tuple(sorted[i]);
        if (tuple == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, (Py_ssize_t)i, tuple);
    }
    if (collects)
        PyGC_Enable();
    acr_free(sorted);
    return list;
}

PyObject *acr_python_session_cookie_set(PyObject *self, PyObject *args)
{
    struct acr_cookie cookie = {0};
    PyObject *expires;
    int host_only, secure, http_only;
    if (!PyArg_ParseTuple(args, "ssssOppp:cookie_set", &cookie.name, &cookie.value, &cookie.domain, &cookie.path,
                          &expires, &host_only, &secure, &http_only))
        return NULL;
    cookie.expires = INT64_MAX;
    if (expires != Py_None) {
        cookie.expires = PyLong_AsLongLong(expires);
        if (cookie.expires == -1 && PyErr_Occurred())
            return NULL;
    }
    cookie.host_only = host_only != 0;
    cookie.secure = secure != 0;
    cookie.http_only = http_only != 0;
    struct acr_cookies *jar = acr_client_cookies(acr_python_session_client((struct acr_python_session *)self));
    int code = acr_cookies_set(jar, &cookie);
    if (code != 0)
        return PyErr_Format(PyExc_ValueError, "cookie %s: %s", cookie.name, acr_error_text(code));
    Py_RETURN_NONE;
}

PyObject *acr_python_session_cookie_remove(PyObject *self, PyObject *args)
{
    const char *domain, *path, *name;
    if (!PyArg_ParseTuple(args, "zzz:cookie_remove", &domain, &path, &name))
        return NULL;
    struct acr_cookies *jar = acr_client_cookies(acr_python_session_client((struct acr_python_session *)self));
    return PyLong_FromSize_t(acr_cookies_remove(jar, domain, path, name));
}

PyObject *acr_python_session_cookie_version(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct acr_cookies *jar = acr_client_cookies(acr_python_session_client((struct acr_python_session *)self));
    return PyLong_FromUnsignedLongLong(jar->version);
}
