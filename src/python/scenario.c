/* SPDX-License-Identifier: MIT */
/* scenario - starts Python inside the program, loads a locustfile, and drives its users for the run. */
#include "python/scenario.h"

#include <dlfcn.h>
#include <libgen.h>
#include <signal.h>
#include <unistd.h>

#include "base/memory.h"
#include "python/convert.h"
#include "python/greenlets.h"
#include "run/load.h"

struct python_scenario {
    struct acr_scenario scenario;
    PyObject *half; /* module locust._scenario */
};

static struct python_scenario *cast(struct acr_scenario *scenario)
{
    return ACR_CONTAINER_OF(scenario, struct python_scenario, scenario);
}

/* Interpreter */

/* Where the package `locust` lies: beside the extension when installed, else in the source tree. */
static void find_package(char *out, size_t size)
{
    Dl_info info;
    char path[4096];
    snprintf(out, size, "%s", ACR_PYTHON_SOURCE_DIR);
    if (dladdr((void *)(uintptr_t)find_package, &info) == 0)
        return;
    snprintf(path, sizeof path, "%s", info.dli_fname);
    char installed[4096 + 64];
    snprintf(installed, sizeof installed, "%s/locust/__init__.py", dirname(path));
    if (access(installed, R_OK) == 0)
        snprintf(out, size, "%s", path);
}

static void find_extension(char *out, size_t size)
{
    Dl_info info;
    char path[4096];
    out[0] = '\0';
    if (dladdr((void *)(uintptr_t)find_extension, &info) == 0)
        return;
    snprintf(path, sizeof path, "%s", info.dli_fname);
    snprintf(out, size, "%s", dirname(path));
}

/* The interpreter whose packages are wanted: the active virtual environment's, else Debian's. */
static void find_program(char *out, size_t size)
{
    const char *environment = getenv("VIRTUAL_ENV");
    if (environment != NULL && environment[0] != '\0') {
        snprintf(out, size, "%s/bin/python3", environment);
        if (access(out, X_OK) == 0)
            return;
    }
    snprintf(out, size, "/usr/bin/python3");
}

static int start_failed(PyStatus status, struct acr_error *error)
{
    return acr_error_set(error, ACR_ERR_SCRIPT, "Python did not start: %s",
                         status.err_msg != NULL ? status.err_msg : "unknown reason");
}

/* As a plain python3 would start, but for signals, which are the run's. */
static int start_interpreter(const struct acr_scenario_request *request, struct acr_error *error)
{
    char program[4096];
    find_program(program, sizeof program);
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0;
    config.parse_argv = 0;
    PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, program);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesString(&config, &config.executable, program);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesArgv(&config, request->argc, request->argv);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return PyStatus_Exception(status) ? start_failed(status, error) : 0;
}

static int insert_path(const char *directory)
{
    PyObject *path = PySys_GetObject("path"); /* borrowed */
    PyObject *entry = PyUnicode_DecodeFSDefault(directory);
    int code = path != NULL && entry != NULL ? PyList_Insert(path, 0, entry) : -1;
    Py_XDECREF(entry);
    return code;
}

/* A virtual environment without gevent and requests still gets them from Debian's packages, behind its own. */
static int append_debian_packages(void)
{
    PyObject *path = PySys_GetObject("path");
    PyObject *entry = PyUnicode_FromString("/usr/lib/python3/dist-packages");
    int code = path != NULL && entry != NULL ? PySequence_Contains(path, entry) : -1;
    if (code == 0)
        code = PyList_Append(path, entry);
    Py_XDECREF(entry);
    return code < 0 ? -1 : 0;
}

static int set_path(void)
{
    char package[4096], extension[4096];
    find_package(package, sizeof package);
    find_extension(extension, sizeof extension);
    if (append_debian_packages() != 0 || insert_path(extension) != 0)
        return -1;
    return strcmp(package, extension) != 0 ? insert_path(package) : 0;
}

/* Calls */

/* Prints an exception that must not stop the run. */
static void print_error(void)
{
    if (PyErr_Occurred())
        PyErr_WriteUnraisable(NULL);
}

static void call_half(struct python_scenario *python, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PyObject *method = PyObject_GetAttrString(python->half, name);
    PyObject *tuple = method != NULL ? Py_VaBuildValue(format, args) : NULL;
    va_end(args);
    PyObject *result = tuple != NULL ? PyObject_Call(method, tuple, NULL) : NULL;
    Py_XDECREF(method);
    Py_XDECREF(tuple);
    Py_XDECREF(result);
    if (result == NULL)
        print_error();
}

static void user_start(struct acr_scenario *scenario, size_t class_number, uint64_t id)
{
    PyObject *result =
        PyObject_CallMethod(cast(scenario)->half, "start_user", "nK", (Py_ssize_t)class_number, (unsigned long long)id);
    if (result == NULL) {
        print_error();
        acr_load_user_ended(acr_python.load, id);
    }
    Py_XDECREF(result);
}

static void user_stop(struct acr_scenario *scenario, uint64_t id)
{
    call_half(cast(scenario), "stop_user", "(K)", (unsigned long long)id);
}

static int set_up(struct acr_scenario *scenario)
{
    PyObject *result = PyObject_CallMethod(cast(scenario)->half, "set_up", NULL);
    int code = result == NULL || result == Py_False ? ACR_ERR_SCRIPT : 0;
    if (result == NULL)
        PyErr_Print();
    Py_XDECREF(result);
    return code;
}

/* A process exit code that a listener chose (environment.process_exit_code). */
static void read_exit_code(struct python_scenario *python)
{
    PyObject *code = PyObject_CallMethod(python->half, "exit_code", NULL);
    if (code != NULL && PyLong_Check(code))
        python->scenario.exit_code = (int)PyLong_AsLong(code);
    Py_XDECREF(code);
    print_error();
}

static void event(struct acr_scenario *scenario, enum acr_run_event number, uint64_t value)
{
    if (number == ACR_RUN_TEST_START || number == ACR_RUN_TEST_STOPPING)
        acr_python_set_stopping(number == ACR_RUN_TEST_STOPPING);
    call_half(cast(scenario), "event", "(iK)", (int)number, (unsigned long long)value);
    if (number == ACR_RUN_QUITTING) {
        call_half(cast(scenario), "tear_down", "()");
        read_exit_code(cast(scenario));
    }
}

/* Running */

static void wake_main(void *context)
{
    acr_fiber_wake(context);
}

/* The main greenlet waits; gevent's hub runs, and in it the engine. */
static int run(struct acr_scenario *scenario, struct acr_load *load, struct acr_error *error)
{
    (void)scenario;
    acr_python.load = load;
    struct acr_fiber *fiber = acr_python_fiber_take();
    int code = fiber != NULL ? 0 : ACR_ERR_SCRIPT;
    if (fiber != NULL) {
        acr_load_on_finished(load, wake_main, fiber);
        while (code == 0 && !acr_load_finished(load))
            code = acr_fiber_wait(fiber);
        acr_load_on_finished(load, NULL, NULL);
        acr_python_fiber_give(fiber);
    }
    acr_python.load = NULL;
    if (code == 0)
        return 0;
    PyErr_Print();
    return acr_error_set(error, ACR_ERR_SCRIPT, "gevent's main loop was left by an exception");
}

static void free_classes(struct acr_scenario *scenario)
{
    for (size_t i = 0; i < scenario->class_count; i++) {
        acr_free((char *)scenario->classes[i].name);
        acr_free((char *)scenario->classes[i].host);
    }
    acr_free(scenario->classes);
}

/* Python is finalized, the engine is not closed: objects that scripts keep in global variables own connections to the
 * very end. */
static void scenario_close(struct acr_scenario *scenario)
{
    struct python_scenario *python = cast(scenario);
    Py_CLEAR(python->half);
    free_classes(scenario);
    acr_free(python);
    Py_FinalizeEx();
}

static const struct acr_scenario_ops scenario_ops = {.user_start = user_start,
                                                     .user_stop = user_stop,
                                                     .run = run,
                                                     .set_up = set_up,
                                                     .event = event,
                                                     .close = scenario_close};

/* Loading */

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

/* load() raised: LoadError carries the sentence for the user; anything else is printed. */
static int load_failed(PyObject *half, struct acr_error *error)
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
        acr_error_set(error, ACR_ERR_SCRIPT, "%s", utf8 != NULL ? utf8 : "?");
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
    return ACR_ERR_SCRIPT;
}

static PyObject *names_list(const struct acr_scenario_request *request)
{
    PyObject *list = PyList_New((Py_ssize_t)request->class_name_count);
    for (size_t i = 0; list != NULL && i < request->class_name_count; i++) {
        PyObject *name = PyUnicode_DecodeFSDefault(request->class_names[i]);
        if (name == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, (Py_ssize_t)i, name);
    }
    return list;
}

static PyObject *call_load(PyObject *half, const struct acr_scenario_request *request)
{
    PyObject *names = names_list(request);
    PyObject *path = PyUnicode_DecodeFSDefault(request->path);
    PyObject *result = NULL;
    if (names != NULL && path != NULL)
        result = PyObject_CallMethod(half, "load", "OzOiz", path, request->host, names, request->log_level,
                                     request->log_file);
    Py_XDECREF(names);
    Py_XDECREF(path);
    return result;
}

/* The Python half reports ended users, and a script's runner.quit(), through the extension. */
static int connect_half(PyObject *half)
{
    PyObject *extension = PyImport_ImportModule("_acrida");
    PyObject *ended = extension != NULL ? PyObject_GetAttrString(extension, "user_ended") : NULL;
    PyObject *quit = ended != NULL ? PyObject_GetAttrString(extension, "request_quit") : NULL;
    PyObject *result = quit != NULL ? PyObject_CallMethod(half, "connect", "OO", ended, quit) : NULL;
    Py_XDECREF(extension);
    Py_XDECREF(ended);
    Py_XDECREF(quit);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

static int load_scenario(const struct acr_scenario_request *request, struct python_scenario *python,
                         struct acr_error *error)
{
    if (set_path() == 0)
        python->half = PyImport_ImportModule("locust._scenario");
    PyObject *list = python->half != NULL && acr_python_attach_hub() == 0 ? call_load(python->half, request) : NULL;
    int code = list != NULL ? take_classes(list, &python->scenario) : -1;
    Py_XDECREF(list);
    if (code == 0)
        code = connect_half(python->half);
    return code == 0 ? 0 : load_failed(python->half, error);
}

__attribute__((visibility("default"))) int acr_python_load(const struct acr_scenario_request *request,
                                                           struct acr_scenario **ret_scenario, struct acr_error *error)
{
    int code = start_interpreter(request, error);
    if (code != 0)
        return code;
    struct python_scenario *python = acr_alloc_zero(sizeof *python);
    python->scenario.ops = &scenario_ops;
    python->scenario.exit_code = -1;
    code = load_scenario(request, python, error);
    if (code != 0) {
        scenario_close(&python->scenario);
        return code;
    }
    python->scenario.engine = acr_python.engine;
    *ret_scenario = &python->scenario;
    return 0;
}
