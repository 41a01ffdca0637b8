/* SPDX-License-Identifier: MIT */
/* response_text - decodes bodies: charset, text, JSON. */
#include "python/convert.h"
#include "python/response_parts.h"

static struct acr_python_response *cast(PyObject *object)
{
    return (struct acr_python_response *)object;
}

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
PyObject *acr_python_response_encoding(struct acr_python_response *response)
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
    if (!PyUnicode_Check(name) || !PyUnicode_IS_COMPACT_ASCII(name))
        return false;
    return acr_python_str(name, &str) == 0 &&
           (acr_str_equal_nocase(str, ACR_STR("utf-8")) || acr_str_equal_nocase(str, ACR_STR("utf8")));
}

/* As str(bytes, name, errors="replace"); UTF-8 for a charset that is none. */
static PyObject *decode(struct acr_str str, PyObject *name)
{
    const char *charset = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    PyObject *decoded = charset != NULL ? PyUnicode_Decode(str.data, (Py_ssize_t)str.size, charset, "replace") : NULL;
    if (decoded != NULL ||
        (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_LookupError) && !PyErr_ExceptionMatches(PyExc_ValueError)))
        return decoded;
    PyErr_Clear();
    return PyUnicode_DecodeUTF8(str.data, (Py_ssize_t)str.size, "replace");
}

PyObject *acr_python_response_text(PyObject *self)
{
    PyObject *bytes = acr_python_response_content(cast(self));
    PyObject *name = bytes != NULL ? acr_python_response_encoding(cast(self)) : NULL;
    if (name == NULL)
        return NULL;
    if (bytes == Py_None)
        return PyUnicode_FromString("");
    struct acr_str str = {PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)};
    if (is_utf8_name(name) || (name == Py_None && is_ascii(str)))
        return PyUnicode_DecodeUTF8(str.data, (Py_ssize_t)str.size, "replace");
    if (name != Py_None)
        return decode(str, name);
    PyObject *guessed = PyObject_GetAttrString(self, "apparent_encoding");
    PyObject *decoded = guessed != NULL ? decode(str, guessed) : NULL;
    Py_XDECREF(guessed);
    return decoded;
}

/* JSON: Python's own scanner; what it does not take whole goes to requests' json(), which raises the proper errors. */
static PyObject *json_scanner(void)
{
    if (acr_python.json_scanner != NULL)
        return acr_python.json_scanner;
    PyObject *decoder = PyImport_ImportModule("json.decoder");
    PyObject *instance = decoder != NULL ? PyObject_CallMethod(decoder, "JSONDecoder", NULL) : NULL;
    acr_python.json_scanner = instance != NULL ? PyObject_GetAttrString(instance, "scan_once") : NULL;
    Py_XDECREF(decoder);
    Py_XDECREF(instance);
    return acr_python.json_scanner;
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

PyObject *acr_python_response_json(PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *bytes = acr_python_response_content(cast(self));
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
