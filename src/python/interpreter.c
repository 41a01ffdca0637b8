/* SPDX-License-Identifier: MIT */
/* interpreter - finds and starts Python, and finds our modules for it. */
#include "python/interpreter.h"

#include <dlfcn.h>
#include <libgen.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/log.h"

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

#define VERSION Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION)

/* Is it there, and for this version of Python? One for another is a mistake that the user should know of. */
static bool is_environment(const char *environment)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/bin/python3", environment);
    if (environment[0] == '\0' || access(path, X_OK) != 0)
        return false;
    snprintf(path, sizeof path, "%s/lib/python" VERSION, environment);
    if (access(path, F_OK) == 0)
        return true;
    acr_log(ACR_LOG_WARNING, "locust.main",
            "The virtual environment %s is not for Python " VERSION
            ", which runs locustfiles: its packages are not found.",
            environment);
    return false;
}

/* The interpreter whose packages are wanted: the active virtual environment's, else Debian's. */
static void find_program(char *out, size_t size)
{
    const char *environment = getenv("VIRTUAL_ENV");
    if (environment != NULL && is_environment(environment))
        snprintf(out, size, "%s/bin/python3", environment);
    else
        snprintf(out, size, "/usr/bin/python3");
}

static int start_failed(PyStatus status, struct acr_error *error)
{
    return acr_error_set(error, ACR_ERR_SCRIPT, "Python did not start: %s",
                         status.err_msg != NULL ? status.err_msg : "unknown reason");
}

int acr_python_interpreter_start(const struct acr_scenario_request *request, struct acr_error *error)
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

int acr_python_interpreter_set_path(void)
{
    char package[4096], extension[4096];
    find_package(package, sizeof package);
    find_extension(extension, sizeof extension);
    if (append_debian_packages() != 0 || insert_path(extension) != 0)
        return -1;
    return strcmp(package, extension) != 0 ? insert_path(package) : 0;
}
