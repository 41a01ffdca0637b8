/* SPDX-License-Identifier: MIT */
/* locustfile - the search for it. */
#include "cli/locustfile.h"

#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/str.h"

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool is_package(const char *path)
{
    char init[PATH_MAX];
    int size = snprintf(init, sizeof init, "%s/__init__.py", path);
    return size > 0 && (size_t)size < sizeof init && is_folder(path) && exists(init);
}

/* What is there for other languages than Python. */
static bool is_compiled(const char *path)
{
    static const char *const endings[] = {".c", ".cc", ".cpp", ".so"};
    for (size_t i = 0; i < ACR_ARRAY_SIZE(endings); i++)
        if (acr_str_ends(acr_str_of(path), acr_str_of(endings[i])))
            return true;
    return false;
}

static bool has_ending(const char *name)
{
    return acr_str_ends(acr_str_of(name), ACR_STR(".py")) || is_compiled(name);
}

bool acr_locustfile_is_python(const char *path)
{
    return !is_compiled(path);
}

static bool acceptable(const char *path)
{
    return exists(path) && (has_ending(path) || is_package(path));
}

/* Takes "." and ".." out of the absolute path, as text, without looking at links; in place. */
static void normalise(char *path)
{
    char *out = path, *rest = path;
    while (*rest != '\0') {
        size_t size = strcspn(rest + 1, "/") + 1; /* with the slash before it */
        if (size == 3 && memcmp(rest, "/..", 3) == 0) {
            while (out > path && *--out != '/')
                continue;
        } else if (size > 1 && !(size == 2 && rest[1] == '.')) {
            memmove(out, rest, size);
            out += size;
        }
        rest += size;
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
}

/* The absolute path of what stands at `folder`/`name`, or there with an ending; NULL when nothing usable does. */
static char *try_in(const char *folder, const char *name)
{
    static const char *const suffixes[] = {"", ".py", ".c"};
    for (size_t i = 0; i < (has_ending(name) ? 1 : ACR_ARRAY_SIZE(suffixes)); i++) {
        char path[PATH_MAX];
        int size = snprintf(path, sizeof path, "%s/%s%s", name[0] == '/' ? "" : folder, name, suffixes[i]);
        if (size < 0 || (size_t)size >= sizeof path || !acceptable(path))
            continue;
        normalise(path);
        return acr_strdup(path);
    }
    return NULL;
}

static char *search_upward(const char *name)
{
    char folder[PATH_MAX];
    if (getcwd(folder, sizeof folder) == NULL)
        return NULL;
    for (;;) {
        char *found = try_in(folder, name);
        char *slash = strrchr(folder, '/');
        if (found != NULL || slash == NULL)
            return found;
        *slash = '\0';
    }
}

/* The home folder of the user named between `name` and `end`; of this user if that is empty. NULL when unknown. */
static const char *home_of(const char *name, size_t size, struct passwd *entry, char *buffer, size_t buffer_size)
{
    const char *home = getenv("HOME");
    struct passwd *found = NULL;
    if (size == 0 && home != NULL)
        return home;
    char *user = acr_strndup(name, size);
    if (size == 0)
        getpwuid_r(getuid(), entry, buffer, buffer_size, &found);
    else
        getpwnam_r(user, entry, buffer, buffer_size, &found);
    acr_free(user);
    return found != NULL ? found->pw_dir : NULL;
}

/* As Python's os.path.expanduser: what cannot be expanded is left as it is. Free with acr_free. */
static char *expand_home(const char *value)
{
    char expanded[PATH_MAX], buffer[4096];
    struct passwd entry;
    if (value[0] != '~')
        return acr_strdup(value);
    size_t name_size = strcspn(value + 1, "/");
    const char *home = home_of(value + 1, name_size, &entry, buffer, sizeof buffer);
    if (home == NULL)
        return acr_strdup(value);
    int size = snprintf(expanded, sizeof expanded, "%s%s", home, value + 1 + name_size);
    return acr_strdup(size > 0 && (size_t)size < sizeof expanded ? expanded : value);
}

static char *find_in_folder(const char *value)
{
    char cwd[PATH_MAX];
    char *path = expand_home(value);
    char *found = getcwd(cwd, sizeof cwd) != NULL ? try_in(cwd, path) : NULL;
    acr_free(path);
    return found;
}

static int report_missing(const char *value, struct acr_error *error)
{
    if (is_folder(value))
        return acr_error_set(error, ACR_ERR_NOT_FOUND, "%s is a folder without __init__.py: name one file in it",
                             value);
    if (exists(value))
        return acr_error_set(error, ACR_ERR_NOT_FOUND,
                             "%s is no locustfile: its name must end in .py, .c, .cc, .cpp or .so", value);
    return acr_error_set(error, ACR_ERR_NOT_FOUND, "no locustfile found: there is no %s%s%s; see --help for -f", value,
                         has_ending(value) ? "" : ".py or .c",
                         strchr(value, '/') != NULL ? "" : " in the working directory and those above it");
}

int acr_locustfile_find(const char *value, char **ret_path, struct acr_error *error)
{
    bool has_folder = strchr(value, '/') != NULL;
    char *found = value[0] == '\0' ? NULL : has_folder ? find_in_folder(value) : search_upward(value);
    if (found == NULL)
        return report_missing(value, error);
    *ret_path = found;
    return 0;
}
