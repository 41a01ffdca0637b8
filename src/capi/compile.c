/* SPDX-License-Identifier: MIT */
/* compile - runs the compiler twice: to see what the source is, and, if that is new, to compile it. */
#include "capi/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"
#include "capi/object.h"

#define ARGUMENTS_MAX 256
/* Those that say what to do and with which file. */
#define MORE_ARGUMENTS_MAX 8
/* The exit code by which posix_spawn() and shells tell that there is no such program. */
#define NO_SUCH_PROGRAM 127

extern char **environ;

struct command {
    const char *arguments[ARGUMENTS_MAX + 1];
    size_t count;
    struct acr_buffer words; /* what the arguments were split from */
    char include[PATH_MAX];
};

static void add(struct command *command, const char *argument)
{
    if (command->count < ARGUMENTS_MAX)
        command->arguments[command->count++] = argument;
}

/* Adds the words of a line; there is no quoting. The bytes stay where they are, which is `words`. */
static void add_words(struct command *command, char *line)
{
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t\r\n", &rest); word != NULL; word = strtok_r(NULL, " \t\r\n", &rest))
        add(command, word);
}

static bool is_cxx(const char *source)
{
    const char *dot = strrchr(source, '.');
    return dot != NULL && (strcmp(dot, ".cc") == 0 || strcmp(dot, ".cpp") == 0);
}

/* A value of blanks is none. */
static const char *environment_or(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && value[strspn(value, " \t")] != '\0' ? value : otherwise;
}

/* ../include of the program's folder: in a build tree and in an installation. */
static void find_include(struct command *command)
{
    char folder[PATH_MAX] = "";
    ssize_t used = readlink("/proc/self/exe", folder, sizeof folder - 1);
    char *slash = used > 0 ? strrchr(folder, '/') : NULL;
    if (slash == NULL)
        return;
    *slash = '\0';
    int size = snprintf(command->include, sizeof command->include, "-I%s/../include", folder);
    if (size > 0 && (size_t)size < sizeof command->include)
        add(command, command->include);
}

/* The flags that the source names for itself: "// acrida: ..." at the beginning of a line. */
static int read_own_flags(const char *source, struct acr_buffer *words, struct acr_error *error)
{
    static const char mark[] = "// acrida:";
    char *line = NULL;
    size_t room = 0;
    struct stat info;
    if (stat(source, &info) == 0 && S_ISFIFO(info.st_mode)) /* it would be waited for */
        return acr_error_set(error, ACR_ERR_SCRIPT, "%s does not compile: it is a pipe, and read twice", source);
    FILE *file = fopen(source, "re");
    if (file == NULL)
        return acr_error_set_system(error, ACR_ERR_NOT_FOUND, errno, "%s", source);
    int rc = 0;
    while (rc == 0 && getline(&line, &room, file) >= 0)
        if (strncmp(line, mark, sizeof mark - 1) == 0)
            rc = acr_buffer_append_format(words, " %s", line + sizeof mark - 1);
    if (ferror(file))
        rc = acr_error_set_system(error, ACR_ERR_NOT_FOUND, errno, "%s", source);
    free(line);
    fclose(file);
    return rc;
}

/* All but what to do and with which file. */
static int make_command(struct command *command, const char *source, struct acr_error *error)
{
    const char *compiler = is_cxx(source) ? environment_or("CXX", "c++") : environment_or("CC", "cc");
    int rc = acr_buffer_append_format(&command->words, "%s -O2 -g -fPIC -fstack-clash-protection %s", compiler,
                                      is_cxx(source) ? "-std=c++20" : "");
    rc = rc < 0 ? rc : read_own_flags(source, &command->words, error);
    rc = rc < 0 ? rc : acr_buffer_append_format(&command->words, " %s", environment_or("ACRIDA_CFLAGS", ""));
    rc = rc < 0 ? rc : acr_buffer_append(&command->words, "", 1);
    if (rc < 0)
        return rc;
    add_words(command, command->words.data);
    find_include(command);
    return command->count + MORE_ARGUMENTS_MAX <= ARGUMENTS_MAX
               ? 0
               : acr_error_set(error, ACR_ERR_LIMIT, "%s: more than %d flags to compile it", source,
                               ARGUMENTS_MAX - MORE_ARGUMENTS_MAX);
}

static void command_done(struct command *command)
{
    acr_buffer_done(&command->words);
}

/* Runs it with two more arguments, standard output going to `output` (-1: as it is). Returns the exit code, or -1. */
static int run(struct command *command, const char *const *more, size_t count, int output)
{
    size_t own = command->count;
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_t actions;
    for (size_t i = 0; i < count; i++)
        add(command, more[i]);
    command->arguments[command->count] = NULL;
    posix_spawn_file_actions_init(&actions);
    if (output >= 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    int code = posix_spawnp(&pid, command->arguments[0], &actions, NULL, (char *const *)command->arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    command->count = own;
    if (code != 0)
        return NO_SUCH_PROGRAM;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int judge(int code, const struct command *command, const char *source, struct acr_error *error)
{
    if (code == 0)
        return 0;
    if (code == NO_SUCH_PROGRAM)
        return acr_error_set(error, ACR_ERR_NOT_FOUND,
                             "there is no compiler %s to compile %s: install one (gcc), or name one in CC",
                             command->arguments[0], source);
    return acr_error_set(error, ACR_ERR_SCRIPT, "%s does not compile", source);
}

static int hash_file(int fd, uint64_t *hash, struct acr_error *error)
{
    char block[65536];
    ssize_t size;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "reading what the compiler wrote");
    while ((size = read(fd, block, sizeof block)) > 0)
        *hash = *hash * UINT64_C(0x9e3779b97f4a7c15) ^ acr_hash_bytes(block, (size_t)size);
    return size == 0 ? 0 : acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "reading what the compiler wrote");
}

/* A hash of the command, of its compiler's version and of the preprocessed source. */
static int identify(struct command *command, const char *source, uint64_t *ret_hash, struct acr_error *error)
{
    int fd = memfd_create("acrida-source", MFD_CLOEXEC);
    if (fd < 0)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "memory for %s", source);
    const char *version[] = {"--version"};
    const char *preprocess[] = {"-E", source};
    int rc = judge(run(command, version, 1, fd), command, source, error);
    rc = rc < 0 ? rc : judge(run(command, preprocess, 2, fd), command, source, error);
    uint64_t hash = 1;
    for (size_t i = 0; i < command->count; i++)
        hash = hash * 31 + acr_hash_bytes(command->arguments[i], strlen(command->arguments[i]) + 1);
    rc = rc < 0 ? rc : hash_file(fd, &hash, error);
    close(fd);
    if (rc == 0)
        *ret_hash = hash;
    return rc;
}

/* ---- where the object is kept */

/* As far as there is one; the home of the password file if HOME does not say. */
static const char *home_folder(void)
{
    const char *home = environment_or("HOME", NULL);
    const struct passwd *entry = home == NULL ? getpwuid(getuid()) : NULL; /* nobody else asks at this time */
    return home != NULL ? home : entry != NULL ? entry->pw_dir : NULL;
}

/* False: it would be too long, or there is none. */
static bool name_cache(char folder[PATH_MAX])
{
    const char *cache = environment_or("XDG_CACHE_HOME", "");
    bool given = cache[0] == '/';
    const char *base = given ? cache : home_folder();
    int size = base != NULL ? snprintf(folder, PATH_MAX, "%s%s/acrida", base, given ? "" : "/.cache") : -1;
    return size > 0 && size < PATH_MAX;
}

/* Makes each folder on the way; 0 or errno. */
static int make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        int code = mkdir(path, 0777) < 0 && errno != EEXIST ? errno : 0;
        if (slash != NULL)
            *slash = '/';
        if (slash == NULL || code != 0)
            return code;
    }
}

static bool can_write(const char *source, char folder[PATH_MAX])
{
    int code = make_folders(folder);
    if (code == 0 && access(folder, W_OK | X_OK) < 0)
        code = errno;
    if (code != 0)
        acr_log(ACR_LOG_WARNING, "locust.main", "the cache %s cannot be written (%s): %s is compiled for this run only",
                folder, strerror(code), source);
    return code == 0;
}

/* A folder of its own, for as long as the object is used. */
static int make_temporary(struct acr_compiled *ret, char folder[PATH_MAX], struct acr_error *error)
{
    int size = snprintf(folder, PATH_MAX, "%s/acrida-XXXXXX", environment_or("TMPDIR", "/tmp"));
    if (size < 0 || size >= PATH_MAX || mkdtemp(folder) == NULL)
        return acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "no folder to compile into: %s", folder);
    ret->folder = acr_strdup(folder);
    return 0;
}

static int name_object(struct acr_compiled *ret, const char *folder, const char *source, uint64_t hash,
                       struct acr_error *error)
{
    char path[PATH_MAX];
    const char *slash = strrchr(source, '/');
    int size = snprintf(path, sizeof path, "%s/%s-%016llx.so", folder, slash != NULL ? slash + 1 : source,
                        (unsigned long long)hash);
    if (size < 0 || (size_t)size >= sizeof path)
        return acr_error_set(error, ACR_ERR_LIMIT, "the name of the cache for %s is too long", source);
    ret->path = acr_strdup(path);
    return 0;
}

/* Under another name first: two of us may do this at once. */
static int compile_into(struct command *command, const char *source, const char *object, struct acr_error *error)
{
    char unfinished[PATH_MAX];
    int size = snprintf(unfinished, sizeof unfinished, "%s.%d", object, (int)getpid());
    if (size < 0 || (size_t)size >= sizeof unfinished)
        return acr_error_set(error, ACR_ERR_LIMIT, "the name of the cache for %s is too long", source);
    const char *more[] = {"-shared", "-o", unfinished, source};
    int rc = judge(run(command, more, ACR_ARRAY_SIZE(more), -1), command, source, error);
    if (rc == 0 && rename(unfinished, object) < 0)
        rc = acr_error_set_system(error, ACR_ERR_SYSTEM, errno, "%s", object);
    if (rc < 0)
        unlink(unfinished);
    return rc;
}

/* In the cache, where it may be already, or in a folder for this run. */
static int compile_somewhere(struct command *command, const char *source, uint64_t hash, struct acr_compiled *ret,
                             struct acr_error *error)
{
    char folder[PATH_MAX];
    bool has_cache = name_cache(folder);
    int rc = has_cache ? name_object(ret, folder, source, hash, error) : 0;
    if (rc < 0 || (has_cache && acr_object_check(ret->path, NULL) == 0))
        return rc;
    if (!has_cache || !can_write(source, folder)) {
        acr_free(ret->path);
        ret->path = NULL;
        rc = make_temporary(ret, folder, error);
        rc = rc < 0 ? rc : name_object(ret, folder, source, hash, error);
    }
    return rc < 0 ? rc : compile_into(command, source, ret->path, error);
}

int acr_compile(const char *source, struct acr_compiled *ret, struct acr_error *error)
{
    struct command command = {0};
    uint64_t hash = 0;
    int rc = make_command(&command, source, error);
    rc = rc < 0 ? rc : identify(&command, source, &hash, error);
    rc = rc < 0 ? rc : compile_somewhere(&command, source, hash, ret, error);
    command_done(&command);
    if (rc < 0)
        acr_compiled_done(ret);
    return rc;
}

void acr_compiled_done(struct acr_compiled *compiled)
{
    if (compiled->folder != NULL && compiled->path != NULL)
        unlink(compiled->path);
    if (compiled->folder != NULL)
        rmdir(compiled->folder);
    acr_free(compiled->path);
    acr_free(compiled->folder);
    *compiled = (struct acr_compiled){0};
}
