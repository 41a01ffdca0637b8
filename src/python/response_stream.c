/* SPDX-License-Identifier: MIT */
/* response_stream - reads bodies, whole or as they come. */
#include "python/convert.h"
#include "python/exceptions.h"
#include "python/greenlets.h"
#include "python/response_parts.h"

static struct acr_python_response *cast(PyObject *object)
{
    return (struct acr_python_response *)object;
}

/* One greenlet at a time: the engine wakes one, and a second would find the connection gone. NULL with an exception. */
static struct acr_fiber *begin_reading(struct acr_python_response *response)
{
    if (response->reader != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "another greenlet is reading the body of this response");
        return NULL;
    }
    response->reader = acr_python_fiber_take();
    return response->reader;
}

/* 0, or -1 with the exception that `code` means. */
static int conclude(struct acr_python_response *response, int code, const struct acr_error *error)
{
    if (code == 0)
        return 0;
    if (code == ACR_ERR_CANCELLED && PyErr_Occurred())
        return -1;
    struct acr_error given_up = {0};
    if (code == ACR_ERR_CANCELLED)
        code = acr_error_set(&given_up, ACR_ERR_CLOSED_EARLY, "reading the body was given up");
    acr_python_raise_request_error(code, given_up.code != 0 ? &given_up : error, (PyObject *)response->session,
                                   response->method, response->route->url.whole);
    return -1;
}

static void end_reading(struct acr_python_response *response)
{
    acr_python_fiber_give(response->reader);
    response->reader = NULL;
}

static acr_nanos patience(const struct acr_python_response *response)
{
    return response->read_timeout > 0 ? response->read_timeout : ACR_NEVER;
}

/* A streamed body is read to its end when somebody wants all of it. */
static int read_all(struct acr_python_response *response)
{
    struct acr_error error = {0};
    int code;
    if (ACR_LIKELY(response->answer->connection == NULL)) {
        if (ACR_LIKELY(response->answer->complete))
            return 0;
        code = acr_response_read_all(response->answer, NULL, ACR_NEVER, &error); /* how it failed before */
    } else {
        struct acr_fiber *fiber = begin_reading(response);
        if (fiber == NULL)
            return -1;
        code = acr_response_read_all(response->answer, fiber, patience(response), &error);
        end_reading(response);
    }
    return conclude(response, code, &error);
}

PyObject *acr_python_response_content(struct acr_python_response *response)
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

void acr_python_response_give_up(struct acr_python_response *response)
{
    if (response->reader != NULL)
        acr_fiber_cancel(response->reader); /* it closes the connection itself: it is waiting on it */
    else if (response->answer != NULL)
        acr_response_close(response->answer);
}

PyObject *acr_python_response_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    acr_python_response_give_up(cast(self));
    Py_RETURN_NONE;
}

/* The next at most `size` decoded bytes; b"" at the end. What iter_content() and raw.read() are made of. */
PyObject *acr_python_response_read_raw(PyObject *self, PyObject *argument)
{
    struct acr_python_response *response = cast(self);
    Py_ssize_t size = PyLong_AsSsize_t(argument);
    if (size == -1 && PyErr_Occurred())
        return NULL;
    if (response->answer == NULL)
        return PyBytes_FromStringAndSize(NULL, 0);
    if (response->content != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the content of this response was read already");
        return NULL;
    }
    struct acr_fiber *fiber = begin_reading(response);
    if (fiber == NULL)
        return NULL;
    struct acr_error error = {0};
    int code = acr_response_wait_body(response->answer, fiber, patience(response), &error);
    end_reading(response);
    if (conclude(response, code, &error) != 0)
        return NULL;
    struct acr_buffer *body = &response->answer->body;
    size_t take = (size_t)size < body->size ? (size_t)size : body->size;
    PyObject *bytes = PyBytes_FromStringAndSize(body->data, (Py_ssize_t)take);
    if (bytes != NULL && take > 0)
        acr_buffer_drop_front(body, take);
    return bytes;
}

PyObject *acr_python_response_iter_raw(PyObject *self, PyObject *args)
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
