/* SPDX-License-Identifier: MIT */
/* script - loads a locustfile through the Python half and tells the run of its classes. */
#include "python/script.h"

#include "base/memory.h"
#include "python/greenlets.h"
#include "python/interpreter.h"

void acr_python_script_free_classes(struct acr_scenario *scenario)
{
    for (size_t i = 0; i < scenario->class_count; i++) {
        acr_free((char *)scenario->classes[i].name);
        acr_free((char *)scenario->classes[i].host);
    }
    acr_free(scenario->classes);
}

/* One class from (class, name, weight, host or None, fixed_count, generation). */
static int take_class(PyObject *tuple, struct acr_user_class *ret_class)
{
    PyObject *type;
    const char *name, *host;
    double weight;
    unsigned fixed_count;
    int generation;
    if (!PyArg_ParseTuple(tuple, "OsdzIi;load's answer", &type, &name, &weight, &host, &fixed_count, &generation))
        return -1;
    *ret_class = (struct acr_user_class){.name = acr_strdup(name),
                                         .host = host != NULL ? acr_strdup(host) : NULL,
                                         .weight = weight,
                                         .fixed_count = fixed_count};
    return 0;
}

static int take_classes(PyObject *list, struct acr_scenario *scenario)
{
    PyObject *sequence = PySequence_Fast(list, "load must give a list");
    if (sequence == NULL)
        return -1;
    size_t count = (size_t)PySequence_Fast_GET_SIZE(sequence);
    scenario->classes = acr_alloc_zero(count * sizeof *scenario->classes);
    int code = 0;
    for (size_t i = 0; code == 0 && i < count; i++) {
        code = take_class(PySequence_Fast_GET_ITEM(sequence, (Py_ssize_t)i), &scenario->classes[i]);
        scenario->class_count += code == 0;
    }
    Py_DECREF(sequence);
    return code;
}

static bool is_usage_error(PyObject *half, PyObject *type)
{
    PyObject *usage_error = PyObject_GetAttrString(half, "UsageError");
    bool is_one = usage_error != NULL && PyErr_GivenExceptionMatches(type, usage_error);
    if (usage_error == NULL)
        PyErr_Clear();
    Py_XDECREF(usage_error);
    return is_one;
}

void acr_python_script_failed(PyObject *half, struct acr_error *error)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *load_error = half != NULL ? PyObject_GetAttrString(half, "LoadError") : NULL;
    if (load_error == NULL)
        PyErr_Clear();
    if (load_error != NULL && PyErr_GivenExceptionMatches(type, load_error)) {
        PyObject *text = PyObject_Str(value);
        const char *utf8 = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
        acr_error_set(error, is_usage_error(half, type) ? ACR_ERR_USAGE : ACR_ERR_SCRIPT, "%s",
                      utf8 != NULL ? utf8 : "?");
        Py_XDECREF(text);
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    } else {
        acr_error_set(error, ACR_ERR_SCRIPT, "the Python front end failed");
        PyErr_Restore(type, value, traceback);
        PyErr_Print();
    }
    Py_XDECREF(load_error);
    PyErr_Clear();
}

static PyObject *text_list(const char *const *texts, size_t count)
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *text = PyUnicode_DecodeFSDefault(texts[i]);
        if (text == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, (Py_ssize_t)i, text);
    }
    return list;
}

static PyObject *call_load(PyObject *half, const struct acr_scenario_request *request)
{
    PyObject *known = text_list(request->known, request->known_count);
    PyObject *rest = text_list(request->rest, request->rest_count);
    PyObject *path = PyUnicode_DecodeFSDefault(request->paths[0]);
    PyObject *result = NULL;
    if (known != NULL && rest != NULL && path != NULL)
        result = PyObject_CallMethod(half, "load", "OzOOizO", path, request->host, known, rest, request->log_level,
                                     request->log_file, request->may_be_empty ? Py_True : Py_False);
    Py_XDECREF(known);
    Py_XDECREF(rest);
    Py_XDECREF(path);
    return result;
}

/* What the locustfile set in locust.stats. */
static int take_report(PyObject *half, struct acr_scenario_report *ret_report)
{
    double csv_seconds, table_seconds;
    unsigned name_width;
    PyObject *settings = PyObject_CallMethod(half, "report_settings", NULL);
    int code =
        settings != NULL && PyArg_ParseTuple(settings, "ddI", &csv_seconds, &table_seconds, &name_width) ? 0 : -1;
    Py_XDECREF(settings);
    if (code == 0)
        *ret_report = (struct acr_scenario_report){.csv_interval = acr_nanos_from_seconds(csv_seconds),
                                                   .table_interval = acr_nanos_from_seconds(table_seconds),
                                                   .name_width = name_width};
    return code;
}

int acr_python_script_load(const struct acr_scenario_request *request, struct acr_scenario *scenario,
                           PyObject **ret_half, struct acr_error *error)
{
    PyObject *half = acr_python_interpreter_set_path() == 0 ? PyImport_ImportModule("locust._scenario") : NULL;
    PyObject *list = half != NULL && acr_python_attach_hub() == 0 ? call_load(half, request) : NULL;
    int code = list != NULL ? take_classes(list, scenario) : -1;
    Py_XDECREF(list);
    if (code == 0)
        code = take_report(half, &scenario->report);
    if (code != 0)
        acr_python_script_failed(half, error);
    *ret_half = half;
    return code == 0 ? 0 : error->code;
}
