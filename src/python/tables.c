/* SPDX-License-Identifier: MIT */
/* tables - rows from Python's tuples, texts from buffers. */
#include "python/tables.h"

#include <errno.h>
#include <stdbool.h>

#include "base/memory.h"
#include "python/greenlets.h"
#include "report/console.h"
#include "report/csv.h"

/* A str of the text; empties the buffer. */
static PyObject *take_text(struct acr_buffer *text)
{
    PyObject *str = PyUnicode_DecodeUTF8(text->size > 0 ? text->data : "", (Py_ssize_t)text->size, "replace");
    acr_buffer_done(text);
    return str;
}

/* Fills an acr_str from what "s#" gave. */
static struct acr_str str_of(const char *data, Py_ssize_t size)
{
    return (struct acr_str){data, (size_t)size};
}

static int parse_row(PyObject *row, const char *format, ...)
{
    if (!PyTuple_Check(row)) {
        PyErr_Format(PyExc_TypeError, "a row must be a tuple, not %.100s", Py_TYPE(row)->tp_name);
        return -1;
    }
    va_list args;
    va_start(args, format);
    int parsed = PyArg_VaParse(row, format, args);
    va_end(args);
    return parsed ? 0 : -1;
}

static int take_request_row(PyObject *tuple, struct acr_request_row *ret_row)
{
    const char *method, *name;
    Py_ssize_t method_size, name_size;
    unsigned long long requests, failures;
    struct acr_request_row row;
    if (parse_row(tuple, "s#s#KKddddd;a row of the request table", &method, &method_size, &name, &name_size, &requests,
                  &failures, &row.average_ms, &row.least_ms, &row.most_ms, &row.median_ms, &row.rps) != 0)
        return -1;
    row.method = str_of(method, method_size);
    row.name = str_of(name, name_size);
    row.requests = requests;
    row.failures = failures;
    *ret_row = row;
    return 0;
}

static int take_percentile_row(PyObject *tuple, struct acr_percentile_row *ret_row)
{
    const char *method, *name;
    Py_ssize_t method_size, name_size;
    unsigned long long requests;
    struct acr_percentile_row row;
    double *times = row.times_ms;
    if (parse_row(tuple, "s#s#K(ddddddddd);a row of the percentile table", &method, &method_size, &name, &name_size,
                  &requests, times, times + 1, times + 2, times + 3, times + 4, times + 5, times + 6, times + 7,
                  times + 8) != 0)
        return -1;
    row.method = str_of(method, method_size);
    row.name = str_of(name, name_size);
    row.requests = requests;
    *ret_row = row;
    return 0;
}

static PyObject *request_table(PyObject *module, PyObject *args)
{
    PyObject *rows, *total_tuple;
    unsigned width;
    struct acr_request_row row;
    struct acr_buffer text = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "O!OI:request_table", &PyList_Type, &rows, &total_tuple, &width))
        return NULL;
    acr_console_requests_head(width, &text);
    int code = 0;
    for (Py_ssize_t i = 0; code == 0 && i < PyList_GET_SIZE(rows); i++)
        if ((code = take_request_row(PyList_GET_ITEM(rows, i), &row)) == 0)
            acr_console_requests_row(&row, width, &text);
    if (code == 0 && (code = take_request_row(total_tuple, &row)) == 0)
        acr_console_requests_end(&row, width, &text);
    PyObject *str = take_text(&text);
    if (code != 0)
        Py_CLEAR(str);
    return str;
}

static PyObject *percentile_table(PyObject *module, PyObject *args)
{
    PyObject *rows, *total_tuple;
    unsigned width;
    struct acr_percentile_row row;
    struct acr_buffer text = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "O!OI:percentile_table", &PyList_Type, &rows, &total_tuple, &width))
        return NULL;
    acr_console_percentiles_head(width, &text);
    int code = 0;
    for (Py_ssize_t i = 0; code == 0 && i < PyList_GET_SIZE(rows); i++)
        if ((code = take_percentile_row(PyList_GET_ITEM(rows, i), &row)) == 0)
            acr_console_percentiles_row(&row, width, &text);
    bool has_total = total_tuple != Py_None;
    if (code == 0 && has_total)
        code = take_percentile_row(total_tuple, &row);
    if (code == 0)
        acr_console_percentiles_end(has_total ? &row : NULL, width, &text);
    PyObject *str = take_text(&text);
    if (code != 0)
        Py_CLEAR(str);
    return str;
}

/* Fills `ret_errors`, which has room for all of the list. */
static int take_errors(PyObject *list, struct acr_stats_error *ret_errors)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        const char *method, *name, *text;
        Py_ssize_t method_size, name_size, text_size;
        unsigned long long occurrences;
        if (parse_row(PyList_GET_ITEM(list, i), "s#s#s#K;a row of the error report", &method, &method_size, &name,
                      &name_size, &text, &text_size, &occurrences) != 0)
            return -1;
        ret_errors[i] = (struct acr_stats_error){str_of(method, method_size), str_of(name, name_size),
                                                 str_of(text, text_size), occurrences};
    }
    return 0;
}

static PyObject *error_table(PyObject *module, PyObject *args)
{
    PyObject *list;
    unsigned width;
    struct acr_buffer text = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "O!I:error_table", &PyList_Type, &list, &width))
        return NULL;
    size_t count = (size_t)PyList_GET_SIZE(list);
    struct acr_stats_error *errors = acr_alloc((count + 1) * sizeof *errors);
    int code = take_errors(list, errors);
    if (code == 0)
        acr_console_errors(errors, count, width, &text);
    acr_free(errors);
    PyObject *str = take_text(&text);
    if (code != 0)
        Py_CLEAR(str);
    return str;
}

/* ---- of the run */

static struct acr_snapshot *snapshot_now(void)
{
    return acr_python_attach_hub() == 0 ? acr_snapshot_take(acr_python.engine->stats) : NULL;
}

static PyObject *csv(void (*format)(const struct acr_snapshot *snapshot, struct acr_buffer *out))
{
    struct acr_snapshot *snapshot = snapshot_now();
    if (snapshot == NULL)
        return NULL;
    struct acr_buffer text = {0};
    format(snapshot, &text);
    acr_snapshot_unref(snapshot);
    return take_text(&text);
}

static PyObject *requests_csv(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return csv(acr_csv_requests);
}

static PyObject *distribution_csv(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return csv(acr_csv_distribution);
}

static PyObject *write_csv(PyObject *module, PyObject *argument)
{
    PyObject *path;
    struct acr_error error = {0};
    (void)module;
    if (!PyUnicode_FSConverter(argument, &path))
        return NULL;
    struct acr_snapshot *snapshot = snapshot_now();
    int code = snapshot != NULL ? acr_csv_write(snapshot, PyBytes_AS_STRING(path), &error) : 0;
    bool ready = snapshot != NULL;
    acr_snapshot_unref(snapshot);
    Py_DECREF(path);
    if (code != 0) {
        errno = error.system;
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, argument);
    }
    return ready ? Py_NewRef(Py_None) : NULL;
}

static PyMethodDef functions[] = {
    {"request_table", request_table, METH_VARARGS, "The request table: rows, total, width of the name column."},
    {"percentile_table", percentile_table, METH_VARARGS,
     "The percentile table: rows, total or None, width of the name column."},
    {"error_table", error_table, METH_VARARGS, "The error report: rows, width of the name column."},
    {"requests_csv", requests_csv, METH_NOARGS, "The run's _requests.csv."},
    {"distribution_csv", distribution_csv, METH_NOARGS, "The run's _distribution.csv."},
    {"write_csv", write_csv, METH_O, "Write both CSV files; argument: what their names begin with."},
    {0}};

int acr_python_tables_add(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
