/* SPDX-License-Identifier: MIT */
/* frontend - Python by dlopen, so that the program starts without it; scenarios in C are part of the library. */
#include "cli/frontend.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capi/scenario.h"
#include "cli/locustfile.h"

#define MODULE "_acrida.so"
#define ENTRY "acr_python_load"

/* Where `folder` is relative to the program's own: the build tree, then an installation of any prefix. */
static const char *const module_folders[] = {"/src/python/", "/../" ACR_LIBDIR "/acrida/", "/../lib/acrida/"};

static int program_folder(char *folder, size_t size)
{
    ssize_t used = readlink("/proc/self/exe", folder, size - 1);
    if (used < 0)
        return ACR_ERR_SYSTEM;
    folder[used] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
    return 0;
}

/* `path` takes PATH_MAX bytes; without ".." in it, because tracebacks and sys.path show it. */
static int find_module(char *path, struct acr_error *error)
{
    const char *named = getenv("ACRIDA_PYTHON_MODULE");
    char folder[PATH_MAX], candidate[PATH_MAX];
    if (named != NULL && named[0] != '\0') {
        snprintf(path, PATH_MAX, "%s", named);
        return 0;
    }
    if (program_folder(folder, sizeof folder) == 0) {
        for (size_t i = 0; i < ACR_ARRAY_SIZE(module_folders); i++) {
            int used = snprintf(candidate, sizeof candidate, "%s%s%s", folder, module_folders[i], MODULE);
            if (used > 0 && (size_t)used < sizeof candidate && realpath(candidate, path) != NULL)
                return 0;
        }
    }
    return acr_error_set(error, ACR_ERR_NOT_FOUND,
                         "the Python extension %s is neither beside the program nor installed: build it "
                         "(-Dpython=enabled), or name it in ACRIDA_PYTHON_MODULE",
                         MODULE);
}

static int open_library(const char *path, int flags, const char *advice, void **ret_library, struct acr_error *error)
{
    void *library = dlopen(path, RTLD_NOW | flags);
    if (library == NULL)
        return acr_error_set(error, ACR_ERR_NOT_FOUND, "%s: %s", advice, dlerror());
    *ret_library = library;
    return 0;
}

static int load_python(const struct acr_scenario_request *request, struct acr_scenario **ret_scenario,
                       struct acr_error *error)
{
    char path[PATH_MAX];
    void *library = NULL;
    int rc = find_module(path, error);
    /* Global, because extension modules find the interpreter's symbols in the process. */
    if (rc == 0)
        rc = open_library(ACR_PYTHON_LIBRARY, RTLD_GLOBAL, "install python3 (libpython3.11) to run a locustfile",
                          &library, error);
    if (rc == 0)
        rc = open_library(path, RTLD_LOCAL, "the Python extension does not load", &library, error);
    if (rc < 0)
        return rc;
    /* ISO C has no cast from an object's pointer to a function's; POSIX promises that their bytes agree. */
    acr_scenario_load_fn *load;
    void *symbol = dlsym(library, ENTRY);
    if (symbol == NULL)
        return acr_error_set(error, ACR_ERR_NOT_FOUND, "%s has no " ENTRY, path);
    memcpy(&load, &symbol, sizeof load);
    return load(request, ret_scenario, error);
}

/* What is for scenarios in C. Users in Python run what they like between two requests, so a ceiling of tasks would mean
 * something else. */
static int refuse_others(const struct acr_scenario_request *request, struct acr_error *error)
{
    if (request->run_tasks != NULL)
        return acr_error_set(error, ACR_ERR_USAGE, "option --run-tasks: it is for scenarios in C, and %s is in Python",
                             request->paths[0]);
    if (request->stack_size != 0)
        return acr_error_set(
            error, ACR_ERR_USAGE,
            "option --stack-size: it is for scenarios in C, users in Python have no stack of their own");
    if (!acr_limits_any(&request->limits))
        return 0;
    return acr_error_set(error, ACR_ERR_USAGE,
                         "%s is for scenarios in C: pace the tasks of a locustfile in Python by its wait_time, as in "
                         "constant_throughput(5)",
                         request->limits.ceiling > 0 ? "--max-rps" : "--request-increase-rate");
}

int acr_frontend_load(const struct acr_scenario_request *request, struct acr_scenario **ret_scenario,
                      struct acr_error *error)
{
    if (!acr_locustfile_is_python(request->paths[0]))
        return acr_capi_load(request, ret_scenario, error);
    int rc = refuse_others(request, error);
    return rc < 0 ? rc : load_python(request, ret_scenario, error);
}
