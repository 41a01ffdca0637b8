/* SPDX-License-Identifier: MIT */
/* locustfile - the search for it, or for them. */
#include "cli/locustfile.h"

#include <dirent.h>
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

static int is_scenario_entry(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_name[0] != '_' && is_compiled(entry->d_name);
}

/* In order; returns how many there are. Each name and the array are to be freed with free(). */
static size_t list_scenarios(const char *folder, struct dirent ***ret_entries)
{
    int count = scandir(folder, ret_entries, is_scenario_entry, alphasort);
    return count > 0 ? (size_t)count : 0;
}

static void free_entries(struct dirent **entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
}

static bool is_scenario_folder(const char *path)
{
    struct dirent **entries = NULL;
    if (!is_folder(path) || is_package(path))
        return false;
    size_t count = list_scenarios(path, &entries);
    free_entries(entries, count);
    return count > 0;
}

bool acr_locustfile_is_python(const char *path)
{
    return !is_compiled(path);
}

static bool is_acceptable(const char *path)
{
    return is_folder(path) ? is_package(path) : exists(path) && has_ending(path);
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

typedef bool accept_fn(const char *path);

/* The absolute path of what stands at `folder`/`name`, or there with an ending; NULL when nothing usable does. */
static char *try_in(const char *folder, const char *name, accept_fn *accept)
{
    static const char *const suffixes[] = {"", ".py", ".c"};
    for (size_t i = 0; i < (has_ending(name) ? 1 : ACR_ARRAY_SIZE(suffixes)); i++) {
        char path[PATH_MAX];
        int size = snprintf(path, sizeof path, "%s/%s%s", name[0] == '/' ? "" : folder, name, suffixes[i]);
        if (size < 0 || (size_t)size >= sizeof path || !accept(path))
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
        char *found = try_in(folder, name, is_acceptable);
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

static char *find_in_folder(const char *value, accept_fn *accept)
{
    char cwd[PATH_MAX];
    char *path = expand_home(value);
    char *found = getcwd(cwd, sizeof cwd) != NULL ? try_in(cwd, path, accept) : NULL;
    acr_free(path);
    return found;
}

static int report_missing(const char *value, struct acr_error *error)
{
    if (is_folder(value))
        return acr_error_set(error, ACR_ERR_NOT_FOUND,
                             "%s is a folder without __init__.py and without scenarios in C (.c, .cc, .cpp, .so): name "
                             "one file in it",
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
    char *found = value[0] == '\0' ? NULL : has_folder ? find_in_folder(value, is_acceptable) : search_upward(value);
    if (found == NULL)
        return report_missing(value, error);
    *ret_path = found;
    return 0;
}

/* ---- several */

static void add_file(struct acr_locustfiles *files, char *path)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->paths[i], path) == 0) {
            acr_free(path);
            return;
        }
    }
    files->paths = acr_realloc(files->paths, (files->count + 1) * sizeof *files->paths);
    files->paths[files->count++] = path;
}

static int add_folder(struct acr_locustfiles *files, const char *folder, struct acr_error *error)
{
    struct dirent **entries = NULL;
    size_t count = list_scenarios(folder, &entries);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        char path[PATH_MAX];
        int size = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (size < 0 || (size_t)size >= sizeof path)
            rc = acr_error_set(error, ACR_ERR_LIMIT, "%s: a name in it is too long", folder);
        else
            add_file(files, acr_strdup(path));
    }
    free_entries(entries, count);
    return rc;
}

static int add_name(struct acr_locustfiles *files, const char *name, struct acr_error *error)
{
    char *path = NULL;
    int rc = acr_locustfile_find(name, &path, error);
    if (rc == 0) {
        add_file(files, path);
        return 0;
    }
    path = name[0] != '\0' ? find_in_folder(name, is_scenario_folder) : NULL;
    rc = path != NULL ? add_folder(files, path, error) : rc;
    acr_free(path);
    return rc;
}

static int add_names(struct acr_locustfiles *files, const char *value, struct acr_error *error)
{
    char *names = acr_strdup(value), *rest = NULL;
    int rc = 0;
    for (char *name = strtok_r(names, ",", &rest); rc == 0 && name != NULL; name = strtok_r(NULL, ",", &rest))
        rc = add_name(files, name, error);
    acr_free(names);
    return rc;
}

static int add_value(struct acr_locustfiles *files, const char *value, struct acr_error *error)
{
    char *whole = NULL;
    bool has_names = value[strcspn(value, ",")] == ',' && value[strspn(value, ",")] != '\0';
    if (has_names && acr_locustfile_find(value, &whole, NULL) != 0)
        return add_names(files, value, error);
    acr_free(whole);
    return add_name(files, value, error);
}

/* The first file of that language; NULL. */
static const char *first_of(const struct acr_locustfiles *files, bool python)
{
    for (size_t i = 0; i < files->count; i++)
        if (acr_locustfile_is_python(files->paths[i]) == python)
            return files->paths[i];
    return NULL;
}

static int check_languages(const struct acr_locustfiles *files, struct acr_error *error)
{
    const char *python = first_of(files, true), *compiled = first_of(files, false);
    if (python != NULL && compiled != NULL)
        return acr_error_set(error, ACR_ERR_INVALID, "-f names %s, in Python, and %s: a run has one language", python,
                             compiled);
    if (python != NULL && files->count > 1)
        return acr_error_set(error, ACR_ERR_INVALID,
                             "-f names %s and %s: only scenarios in C can be several. Import one in the other", python,
                             files->paths[1]);
    return 0;
}

/* With the last value alone if it is Python and those before it are no scenarios in C: they need not even exist. */
static size_t first_that_counts(const char *const *values, size_t count)
{
    struct acr_locustfiles last = {0};
    bool python = add_value(&last, values[count - 1], NULL) == 0 && first_of(&last, false) == NULL;
    acr_locustfiles_done(&last);
    for (size_t i = 0; python && i + 1 < count; i++)
        python = !is_compiled(values[i]) && !is_scenario_folder(values[i]);
    return python ? count - 1 : 0;
}

int acr_locustfiles_find(const char *const *values, size_t count, struct acr_locustfiles *files,
                         struct acr_error *error)
{
    int rc = 0;
    *files = (struct acr_locustfiles){0};
    for (size_t i = first_that_counts(values, count); rc == 0 && i < count; i++)
        rc = add_value(files, values[i], error);
    return rc < 0 ? rc : check_languages(files, error);
}

void acr_locustfiles_done(struct acr_locustfiles *files)
{
    for (size_t i = 0; i < files->count; i++)
        acr_free(files->paths[i]);
    acr_free(files->paths);
    *files = (struct acr_locustfiles){0};
}
