/* SPDX-License-Identifier: MIT */
/* convert - strings, numbers and forms from Python objects. */
#include "python/convert.h"

#include <math.h>

#include "http/url.h"

int acr_python_str(PyObject *object, struct acr_str *ret_str)
{
    Py_ssize_t size;
    const char *data = PyUnicode_AsUTF8AndSize(object, &size);
    if (data == NULL)
        return -1;
    *ret_str = (struct acr_str){data, (size_t)size};
    return 0;
}

int acr_python_bytes(PyObject *object, const char *what, struct acr_str *ret_str)
{
    if (PyUnicode_Check(object))
        return acr_python_str(object, ret_str);
    if (PyBytes_Check(object)) {
        *ret_str = (struct acr_str){PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object)};
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "%s must be str or bytes, not %.100s", what, Py_TYPE(object)->tp_name);
    return -1;
}

PyObject *acr_python_latin1(PyObject *object)
{
    return PyUnicode_Check(object) ? PyUnicode_AsLatin1String(object) : Py_NewRef(object);
}

PyObject *acr_python_from_wire(struct acr_str str)
{
    PyObject *text = PyUnicode_DecodeUTF8(str.data, (Py_ssize_t)str.size, NULL);
    if (text != NULL)
        return text;
    PyErr_Clear();
    return PyUnicode_DecodeLatin1(str.data, (Py_ssize_t)str.size, NULL);
}

int acr_python_seconds(PyObject *object, const char *what, acr_nanos *ret_nanos)
{
    if (object == Py_None) {
        *ret_nanos = 0;
        return 0;
    }
    double seconds = PyFloat_AsDouble(object);
    if (seconds == -1.0 && PyErr_Occurred())
        return -1;
    if (!(seconds > 0)) {
        PyErr_Format(PyExc_ValueError, "%s must be a number of seconds greater than 0, not %R", what, object);
        return -1;
    }
    acr_nanos nanos = acr_nanos_from_seconds(seconds);
    *ret_nanos = nanos > 0 ? nanos : 1; /* 0 would mean none */
    return 0;
}

static bool is_text(PyObject *object)
{
    return PyUnicode_Check(object) || PyBytes_Check(object);
}

static int quote_object(PyObject *object, struct acr_buffer *out)
{
    PyObject *text = is_text(object) ? Py_NewRef(object) : PyObject_Str(object);
    struct acr_str str;
    if (text == NULL || acr_python_bytes(text, "form field", &str) != 0) {
        Py_XDECREF(text);
        return -1;
    }
    int code = acr_url_quote(out, str, NULL, true);
    Py_DECREF(text);
    return code == 0 ? 0 : (acr_python_no_memory(), -1);
}

static int append_pair(PyObject *key, PyObject *value, struct acr_buffer *out)
{
    if (out->size > 0 && acr_buffer_append(out, "&", 1) != 0)
        return acr_python_no_memory(), -1;
    if (quote_object(key, out) != 0)
        return -1;
    if (acr_buffer_append(out, "=", 1) != 0)
        return acr_python_no_memory(), -1;
    return quote_object(value, out);
}

/* urlencode() takes apart what has a length. */
static bool has_length(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    return (type->tp_as_sequence != NULL && type->tp_as_sequence->sq_length != NULL) ||
           (type->tp_as_mapping != NULL && type->tp_as_mapping->mp_length != NULL);
}

/* Several values of one field. str() of one may run the script's code, which may change the list. */
static int append_values(PyObject *key, PyObject *values, struct acr_buffer *out)
{
    int code = 0;
    for (Py_ssize_t i = 0; code == 0 && i < PySequence_Fast_GET_SIZE(values); i++) {
        PyObject *value = Py_NewRef(PySequence_Fast_GET_ITEM(values, i));
        if (!is_text(value) && has_length(value))
            code = 1;
        else if (value != Py_None)
            code = append_pair(key, value, out);
        Py_DECREF(value);
    }
    return code;
}

/* One field: a value, or a list or tuple of them. */
static int append_field(PyObject *key, PyObject *values, struct acr_buffer *out)
{
    if (values == Py_None)
        return 0;
    if (PyList_CheckExact(values) || PyTuple_CheckExact(values))
        return append_values(key, values, out);
    if (!is_text(values) && (Py_TYPE(values)->tp_iter != NULL || has_length(values)))
        return 1;
    return append_pair(key, values, out);
}

static int append_item(PyObject *pair, struct acr_buffer *out)
{
    if ((!PyTuple_CheckExact(pair) && !PyList_CheckExact(pair)) || PySequence_Fast_GET_SIZE(pair) != 2)
        return 1;
    PyObject *key = Py_NewRef(PySequence_Fast_GET_ITEM(pair, 0));
    PyObject *value = Py_NewRef(PySequence_Fast_GET_ITEM(pair, 1));
    int code = append_field(key, value, out);
    Py_DECREF(key);
    Py_DECREF(value);
    return code;
}

/* str() of a value may run the script's code, which may change the list. */
static int append_items(PyObject *sequence, struct acr_buffer *out)
{
    int code = 0;
    for (Py_ssize_t i = 0; code == 0 && i < PySequence_Fast_GET_SIZE(sequence); i++)
        code = append_item(PySequence_Fast_GET_ITEM(sequence, i), out);
    return code;
}

int acr_python_form(PyObject *fields, struct acr_buffer *out)
{
    if (PyList_CheckExact(fields) || PyTuple_CheckExact(fields))
        return append_items(fields, out);
    if (!PyDict_CheckExact(fields))
        return 1;
    /* A dict must not change while it is walked: by a copy of its items. */
    PyObject *items = PyDict_Items(fields);
    int code = items != NULL ? append_items(items, out) : -1;
    Py_XDECREF(items);
    return code;
}

int acr_python_truth(PyObject *object, bool otherwise, bool *ret_value)
{
    if (object == NULL) {
        *ret_value = otherwise;
        return 0;
    }
    int value = PyObject_IsTrue(object);
    if (value < 0)
        return -1;
    *ret_value = value != 0;
    return 0;
}

PyObject *acr_python_no_memory(void)
{
    return PyErr_NoMemory();
}
