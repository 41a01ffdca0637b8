/* SPDX-License-Identifier: MIT */
/* statistics - reads, resets and clears the engine's statistics for Python. */
#include "python/statistics.h"

#include "python/convert.h"
#include "python/greenlets.h"
#include "stats/stats.h"

/* No garbage is collected until allow_collection(): finalizers of scripts may record requests or clear the statistics,
 * and what is being read here would move or be gone. Returns whether it was allowed before. */
static int forbid_collection(void)
{
    return PyGC_Disable();
}

static void allow_collection(int allowed)
{
    if (allowed)
        PyGC_Enable();
}

/* NULL with an exception when there is no engine. */
static struct acr_stats *live(void)
{
    return acr_python_attach_hub() == 0 ? acr_python.engine->stats : NULL;
}

/* The entry by name and method; the total when both are None. NULL without an exception: no such entry. */
static struct acr_stats_entry *find(struct acr_stats *stats, PyObject *name, PyObject *method)
{
    struct acr_str name_str, method_str = {0};
    if (name == Py_None)
        return acr_stats_total(stats);
    if (acr_python_str(name, &name_str) != 0 || (method != Py_None && acr_python_str(method, &method_str) != 0))
        return NULL;
    return acr_stats_entry_find(stats, name_str, method_str);
}

/* Takes (name, method) and finds the entry. -1 with an exception. */
static int take_entry(PyObject *args, struct acr_stats **ret_stats, struct acr_stats_entry **ret_entry)
{
    PyObject *name, *method;
    if (!PyArg_ParseTuple(args, "OO", &name, &method) || (*ret_stats = live()) == NULL)
        return -1;
    *ret_entry = find(*ret_stats, name, method);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *stats_get(PyObject *module, PyObject *args)
{
    PyObject *name, *method;
    struct acr_str name_str, method_str;
    (void)module;
    if (!PyArg_ParseTuple(args, "UU:stats_get", &name, &method) || acr_python_str(name, &name_str) != 0 ||
        acr_python_str(method, &method_str) != 0 || live() == NULL)
        return NULL;
    struct acr_stats_entry *entry = acr_stats_entry_get(live(), name_str, method_str);
    return Py_BuildValue("NN", acr_python_from_wire(entry->name), acr_python_from_wire(entry->method));
}

static PyObject *stats_entries(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    struct acr_stats *stats = live();
    if (stats == NULL)
        return NULL;
    int allowed = forbid_collection();
    size_t count;
    struct acr_stats_entry *const *entries = acr_stats_entries(stats, &count);
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *key =
            Py_BuildValue("NN", acr_python_from_wire(entries[i]->name), acr_python_from_wire(entries[i]->method));
        if (key == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, (Py_ssize_t)i, key);
    }
    allow_collection(allowed);
    return list;
}

/* (count, sum, least, most), times in milliseconds. */
static PyObject *summary(const struct acr_histogram *times)
{
    return Py_BuildValue("Kddd", (unsigned long long)times->count,
                         acr_histogram_mean(times) / 1e6 * (double)times->count, (double)times->min_nanos / 1e6,
                         (double)times->max_nanos / 1e6);
}

static PyObject *stats_counts(PyObject *module, PyObject *args)
{
    struct acr_stats *stats;
    struct acr_stats_entry *entry;
    (void)module;
    if (take_entry(args, &stats, &entry) != 0)
        return NULL;
    if (entry == NULL)
        Py_RETURN_NONE;
    int allowed = forbid_collection();
    PyObject *counts =
        Py_BuildValue("KKKddNN", (unsigned long long)entry->success_count, (unsigned long long)entry->failure_count,
                      (unsigned long long)entry->content_bytes, acr_nanos_to_seconds(entry->start_wall),
                      acr_nanos_to_seconds(entry->last_wall), summary(&entry->successes), summary(&entry->failures));
    allow_collection(allowed);
    return counts;
}

/* Takes both references. */
static int dict_set(PyObject *dict, PyObject *key, PyObject *value)
{
    int code = key != NULL && value != NULL ? PyDict_SetItem(dict, key, value) : -1;
    Py_XDECREF(key);
    Py_XDECREF(value);
    return code;
}

/* What a cell stands for, in milliseconds: the highest whole number in it, because scripts count in those; if there is
 * none, its upper end. */
static PyObject *cell_millis(uint32_t cell)
{
    uint64_t low, high;
    acr_histogram_cell_range(cell, &low, &high);
    uint64_t whole = high - high % 1000;
    return whole >= low ? PyLong_FromUnsignedLongLong(whole / 1000) : PyFloat_FromDouble((double)high / 1000);
}

static int add_times(PyObject *dict, const struct acr_histogram *times, const struct acr_histogram *counted)
{
    uint64_t count;
    for (uint32_t cell = 0; (count = acr_histogram_next(times, &cell)) > 0; cell++) {
        count += counted != NULL ? acr_histogram_cell_count(counted, cell) : 0;
        if (dict_set(dict, cell_millis(cell), PyLong_FromUnsignedLongLong(count)) != 0)
            return -1;
    }
    return 0;
}

/* {milliseconds: count} of one histogram, or of two together. */
static PyObject *times_dict(const struct acr_histogram *first, const struct acr_histogram *second)
{
    int allowed = forbid_collection();
    PyObject *dict = PyDict_New();
    if (dict != NULL && (add_times(dict, first, NULL) != 0 || (second != NULL && add_times(dict, second, first) != 0)))
        Py_CLEAR(dict);
    allow_collection(allowed);
    return dict;
}

static PyObject *stats_times(PyObject *module, PyObject *args)
{
    PyObject *name, *method;
    int with_failures;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOp:stats_times", &name, &method, &with_failures) || live() == NULL)
        return NULL;
    const struct acr_stats_entry *entry = find(live(), name, method);
    if (entry == NULL)
        return PyErr_Occurred() ? NULL : PyDict_New();
    return times_dict(&entry->successes, with_failures ? &entry->failures : NULL);
}

static PyObject *stats_seconds(PyObject *module, PyObject *args)
{
    struct acr_stats *stats;
    struct acr_stats_entry *entry;
    (void)module;
    if (take_entry(args, &stats, &entry) != 0)
        return NULL;
    int allowed = forbid_collection();
    PyObject *dict = PyDict_New();
    for (int i = 0; entry != NULL && dict != NULL && i < ACR_STATS_SECONDS; i++) {
        const struct acr_stats_second *counts = &entry->seconds[i];
        if (counts->second != 0 && dict_set(dict, PyLong_FromLongLong(counts->second),
                                            Py_BuildValue("II", counts->successes, counts->failures)) != 0)
            Py_CLEAR(dict);
    }
    allow_collection(allowed);
    return dict;
}

static PyObject *stats_marks(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    struct acr_stats *stats = live();
    PyObject *list = stats != NULL ? PyList_New(0) : NULL;
    for (int i = 0; list != NULL && i < ACR_STATS_SECONDS; i++) {
        PyObject *second = PyLong_FromLongLong(acr_stats_marks(stats)[i].second);
        if (second == NULL || (acr_stats_marks(stats)[i].second != 0 && PyList_Append(list, second) != 0))
            Py_CLEAR(list);
        Py_XDECREF(second);
    }
    if (list != NULL && PyList_Sort(list) != 0)
        Py_CLEAR(list);
    return list;
}

static PyObject *stats_mark(PyObject *module, PyObject *args)
{
    long long second;
    int with_failures;
    (void)module;
    if (!PyArg_ParseTuple(args, "Lp:stats_mark", &second, &with_failures) || live() == NULL)
        return NULL;
    for (int i = 0; i < ACR_STATS_SECONDS; i++) {
        const struct acr_stats_mark *mark = &acr_stats_marks(live())[i];
        if (second != 0 && mark->second == second)
            return times_dict(&mark->successes, with_failures ? &mark->failures : NULL);
    }
    Py_RETURN_NONE;
}

static PyObject *stats_errors(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    struct acr_stats *stats = live();
    if (stats == NULL)
        return NULL;
    int allowed = forbid_collection();
    PyObject *list = PyList_New(0);
    const struct acr_stats_error *error;
    for (size_t at = 0; list != NULL && (error = acr_stats_error_next(stats, &at)) != NULL;) {
        PyObject *tuple = Py_BuildValue("NNNK", acr_python_from_wire(error->method), acr_python_from_wire(error->name),
                                        acr_python_from_wire(error->text), (unsigned long long)error->occurrences);
        if (tuple == NULL || PyList_Append(list, tuple) != 0)
            Py_CLEAR(list);
        Py_XDECREF(tuple);
    }
    allow_collection(allowed);
    return list;
}

static PyObject *stats_reset(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (live() == NULL)
        return NULL;
    acr_stats_reset(live());
    Py_RETURN_NONE;
}

static PyObject *stats_reset_entry(PyObject *module, PyObject *args)
{
    struct acr_stats *stats;
    struct acr_stats_entry *entry;
    (void)module;
    if (take_entry(args, &stats, &entry) != 0)
        return NULL;
    if (entry != NULL)
        acr_stats_entry_reset(stats, entry);
    Py_RETURN_NONE;
}

static PyObject *stats_clear(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (live() == NULL)
        return NULL;
    acr_stats_clear(live());
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"stats_get", stats_get, METH_VARARGS, "(name, method) of the entry that counts these; made if there is none."},
    {"stats_entries", stats_entries, METH_NOARGS, "(name, method) of every entry, sorted."},
    {"stats_counts", stats_counts, METH_VARARGS, "The numbers of an entry, or of the total."},
    {"stats_times", stats_times, METH_VARARGS, "{milliseconds: count} of an entry, or of the total."},
    {"stats_seconds", stats_seconds, METH_VARARGS, "{second: (successes, failures)} of the last seconds."},
    {"stats_marks", stats_marks, METH_NOARGS, "The seconds of which the total's times are kept."},
    {"stats_mark", stats_mark, METH_VARARGS, "{milliseconds: count} of the total when that second was over, or None."},
    {"stats_errors", stats_errors, METH_NOARGS, "(method, name, text, occurrences) of every error."},
    {"stats_reset", stats_reset, METH_NOARGS, "Empty the numbers of all entries."},
    {"stats_reset_entry", stats_reset_entry, METH_VARARGS, "Empty the numbers of one entry, or of the total."},
    {"stats_clear", stats_clear, METH_NOARGS, "Forget all entries and errors."},
    {0}};

int acr_python_statistics_add(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
