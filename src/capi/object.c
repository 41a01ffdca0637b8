/* SPDX-License-Identifier: MIT */
/* object - looks at the header of an object before the linker does, and takes the linker's reasons apart. */
#include "capi/object.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/str.h"
#include "capi/compile.h"
#include "capi/registry.h"

struct acr_object {
    void *handle;                 /* of dlopen() */
    struct acr_compiled compiled; /* of a source */
};

/* ---- before it is opened */

/* What 32-bit and 64-bit objects have in common at their beginning. */
struct beginning {
    unsigned char ident[EI_NIDENT];
    uint16_t type, machine;
};

/* False: it is too short, or cannot be read. */
static bool read_beginning(const char *path, struct beginning *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, ret, sizeof *ret);
    close(fd);
    return size == (ssize_t)sizeof *ret;
}

static bool same_machine(const struct beginning *one, const struct beginning *other)
{
    return one->machine == other->machine && one->ident[EI_CLASS] == other->ident[EI_CLASS] &&
           one->ident[EI_DATA] == other->ident[EI_DATA];
}

int acr_object_check(const char *path, struct acr_error *error)
{
    struct stat info;
    struct beginning object, program;
    if (stat(path, &info) < 0)
        return acr_error_set_system(error, ACR_ERR_SCRIPT, errno, "%s", path);
    if (!S_ISREG(info.st_mode))
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s does not load: it is no file", path);
    if (access(path, R_OK) < 0)
        return acr_error_set_system(error, ACR_ERR_SCRIPT, errno, "%s does not load", path);
    if (!read_beginning(path, &object) || memcmp(object.ident, ELFMAG, SELFMAG) != 0)
        return acr_error_set(error, ACR_ERR_SCRIPT,
                             "%s does not load: it is no shared object. A source is named with its own ending, .c",
                             path);
    if (read_beginning("/proc/self/exe", &program) && !same_machine(&object, &program))
        return acr_error_set(error, ACR_ERR_SCRIPT,
                             "%s does not load: it was built for another kind of machine. Build it on this one", path);
    if (object.type == ET_REL)
        return acr_error_set(error, ACR_ERR_SCRIPT,
                             "%s does not load: it was compiled and not linked. Link it: cc -shared -o scenario.so ...",
                             path);
    return 0;
}

/* ---- why it does not open */

static int explain_symbol(const char *path, const char *symbol, struct acr_error *error)
{
    size_t size = strcspn(symbol, " ,\t");
    if (strncmp(symbol, "acr_", 4) == 0)
        return acr_error_set(error, ACR_ERR_SCRIPT,
                             "%s does not load: this version of Acrida has no %.*s. Was it made for another one?", path,
                             (int)size, symbol);
    if (acr_str_ends(acr_str_of(path), ACR_STR(".so")))
        return acr_error_set(error, ACR_ERR_SCRIPT,
                             "%s does not load: there is no %.*s. If a library has it, link with that library: -lNAME",
                             path, (int)size, symbol);
    return acr_error_set(
        error, ACR_ERR_SCRIPT,
        "%s does not load: there is no %.*s. If a library has it, name that in a line // acrida: -lNAME", path,
        (int)size, symbol);
}

/* `reason` is glibc's: "FILE: undefined symbol: NAME", "LIBRARY: cannot open shared object file: No such file ...". */
static int explain(const char *path, const char *opened, const char *reason, struct acr_error *error)
{
    static const char undefined[] = "undefined symbol: ", missing[] = ": cannot open shared object file";
    const char *symbol = strstr(reason, undefined), *library_end = strstr(reason, missing);
    if (symbol != NULL)
        return explain_symbol(path, symbol + sizeof undefined - 1, error);
    if (library_end != NULL)
        return acr_error_set(error, ACR_ERR_SCRIPT,
                             "%s does not load: it needs the library %.*s, which is not there. Install it, or name its "
                             "folder in LD_LIBRARY_PATH",
                             path, (int)(library_end - reason), reason);
    if (strncmp(reason, opened, strlen(opened)) == 0 && strncmp(reason + strlen(opened), ": ", 2) == 0)
        reason += strlen(opened) + 2;
    return acr_error_set(error, ACR_ERR_SCRIPT, "%s does not load: %s", path, reason);
}

/* ---- life cycle */

static int open_file(struct acr_object *object, const char *path, struct acr_error *error)
{
    bool is_object = acr_str_ends(acr_str_of(path), ACR_STR(".so"));
    int rc = is_object ? acr_object_check(path, error) : acr_compile(path, &object->compiled, error);
    if (rc < 0)
        return rc;
    const char *opened = is_object ? path : object->compiled.path;
    acr_registry_begin_file(path);
    object->handle = dlopen(opened, RTLD_NOW | RTLD_LOCAL);
    acr_registry_begin_file(NULL);
    return object->handle != NULL ? 0 : explain(path, opened, dlerror(), error);
}

int acr_object_open(const char *path, struct acr_object **ret_object, struct acr_error *error)
{
    struct acr_object *object = acr_alloc_zero(sizeof *object);
    int rc = open_file(object, path, error);
    if (rc < 0)
        acr_object_close(object);
    else
        *ret_object = object;
    return rc;
}

void acr_object_close(struct acr_object *object)
{
    if (object == NULL)
        return;
    if (object->handle != NULL)
        dlclose(object->handle);
    acr_compiled_done(&object->compiled);
    acr_free(object);
}
