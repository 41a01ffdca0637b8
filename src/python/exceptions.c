/* SPDX-License-Identifier: MIT */
/* exceptions - the one way from error codes to exceptions; which class is which is table in the Python half. */
#include "python/exceptions.h"

#include "python/convert.h"

PyObject *acr_python_request_error(int code, const struct acr_error *error, PyObject *session, PyObject *method,
                                   struct acr_str url)
{
    char text[ACR_ERROR_DETAIL_MAX + 64];
    struct acr_error whole = *error;
    whole.code = code;
    acr_error_format(&whole, text, sizeof text);
    PyObject *text_object = acr_python_from_wire(acr_str_of(text));
    PyObject *url_object = acr_python_from_wire(url);
    PyObject *exception = NULL;
    if (text_object != NULL && url_object != NULL && error->system != 0)
        exception = PyObject_CallFunction(acr_python.make_error, "iOiOOO", code, text_object, error->system, session,
                                          method, url_object);
    else if (text_object != NULL && url_object != NULL)
        exception = PyObject_CallFunction(acr_python.make_error, "iOOOOO", code, text_object, Py_None, session, method,
                                          url_object);
    Py_XDECREF(text_object);
    Py_XDECREF(url_object);
    return exception;
}

void acr_python_raise_request_error(int code, const struct acr_error *error, PyObject *session, PyObject *method,
                                    struct acr_str url)
{
    PyObject *exception = acr_python_request_error(code, error, session, method, url);
    if (exception == NULL)
        return;
    PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    Py_DECREF(exception);
}
