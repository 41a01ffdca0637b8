/* SPDX-License-Identifier: MIT */
/* once - finds the tasks, and puts each into sets that end behind it. */
#include "capi/once.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/str.h"
#include "capi/internal.h"

struct set {
    struct set *next;
    acr_task_set definition;
};

struct acr_capi_once {
    acr_user_definition definition;
    acr_task *tasks; /* its own: the chosen ones and user_end */
    struct set *sets;
};

/* ---- what stands behind the chosen tasks */

static void leave_set(acr_user *user)
{
    acr_interrupt(user, true);
}

static const acr_task set_end = {.run = leave_set, .function = "the end of its set"};
static const acr_task user_end = {.run = acr_stop_user, .function = "the end"};

/* ---- finding */

static bool is_called(const acr_task *task, struct acr_str name)
{
    return acr_str_equal(acr_str_of(acr_capi_task_name(task)), name);
}

/* A task that runs `inner` once; `around`: the set that it was found in, NULL: none. */
static acr_task wrap(struct acr_capi_once *once, const acr_task *inner, const acr_task_set *around)
{
    struct set *set = acr_alloc_zero(sizeof *set);
    set->next = once->sets;
    once->sets = set;
    set->definition = (acr_task_set){.tasks = {*inner, set_end}, .sequence = true};
    set->definition.tasks[0].weight = 1;
    if (around != NULL) {
        set->definition.on_start = around->on_start;
        set->definition.on_stop = around->on_stop;
    }
    return (acr_task){.set = &set->definition, .function = acr_capi_task_name(inner)};
}

/* Those of a set before those within. */
static bool find(struct acr_capi_once *once, struct acr_capi_tasks tasks, struct acr_str name, acr_task *ret_task)
{
    for (size_t i = 0; i < tasks.count; i++) {
        if (!is_called(&tasks.items[i], name))
            continue;
        *ret_task = tasks.items[i];
        return true;
    }
    for (size_t i = 0; i < tasks.count; i++) {
        const acr_task_set *set = tasks.items[i].set;
        acr_task inner;
        if (set == NULL || !find(once, acr_capi_tasks_of(set->tasks), name, &inner))
            continue;
        *ret_task = wrap(once, &inner, set);
        return true;
    }
    return false;
}

static struct acr_str take_name(const char **names)
{
    size_t size = strcspn(*names, ",");
    struct acr_str name = {*names, size};
    *names += size + ((*names)[size] == ',');
    return name;
}

/* ---- of one class */

static void empty(struct acr_capi_once *once)
{
    for (struct set *set = once->sets; set != NULL; set = once->sets) {
        once->sets = set->next;
        acr_free(set);
    }
    acr_free(once->tasks);
    once->tasks = NULL;
}

static size_t count_names(const char *names)
{
    size_t count = 1;
    for (const char *comma = strchr(names, ','); comma != NULL; comma = strchr(comma + 1, ','))
        count++;
    return count;
}

/* Has this class all of them? If not, ret_missing is the first that it has not. */
static bool choose(struct acr_capi_once *once, const char *names, const acr_user_definition *from,
                   struct acr_str *ret_missing)
{
    size_t count = 0;
    acr_task task;
    empty(once);
    once->tasks = acr_alloc_zero((count_names(names) + 1) * sizeof *once->tasks);
    once->definition = (acr_user_definition){.name = from->name,
                                             .host = from->host,
                                             .task_list = once->tasks,
                                             .sequence = true,
                                             .on_start = from->on_start,
                                             .on_stop = from->on_stop,
                                             .state_size = from->state_size};
    while (*names != '\0') {
        *ret_missing = take_name(&names);
        if (!find(once, acr_capi_user_tasks(from), *ret_missing, &task))
            return false;
        once->tasks[count++] = wrap(once, &task, NULL);
    }
    once->tasks[count++] = user_end;
    once->definition.task_count = count;
    return true;
}

/* ---- what is wrong with them */

static int append_names(struct acr_buffer *out, struct acr_capi_tasks tasks, const char *between)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < tasks.count; i++) {
        rc = acr_buffer_append_format(out, "%s%s", i == 0 ? between : ", ", acr_capi_task_name(&tasks.items[i]));
        if (rc == 0 && tasks.items[i].set != NULL)
            rc = append_names(out, acr_capi_tasks_of(tasks.items[i].set->tasks), ", ");
    }
    return rc;
}

static int refuse(struct acr_str missing, const acr_user_definition *const *definitions, size_t count,
                  struct acr_error *error)
{
    struct acr_buffer known = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = acr_buffer_append_format(&known, "%s%s", i == 0 ? "" : "; ", definitions[i]->name);
        if (rc == 0)
            rc = append_names(&known, acr_capi_user_tasks(definitions[i]), ": ");
    }
    acr_error_set(error, ACR_ERR_SCRIPT,
                  "--run-tasks: no user class has all of these tasks; %.*s is missing. There are: %.*s",
                  ACR_STR_ARGS(missing), ACR_STR_ARGS(acr_buffer_str(&known)));
    acr_buffer_done(&known);
    return ACR_ERR_SCRIPT;
}

static int check_names(const char *names, struct acr_error *error)
{
    for (size_t i = count_names(names); i > 0; i--)
        if (take_name(&names).size == 0)
            return acr_error_set(error, ACR_ERR_USAGE, "option --run-tasks: a name is missing, as in --run-tasks a,b");
    return 0;
}

int acr_capi_once_new(const char *names, const acr_user_definition *const *definitions, size_t count,
                      struct acr_capi_once **ret_once, size_t *ret_number, struct acr_error *error)
{
    struct acr_str missing = {0}, last = {0};
    int rc = check_names(names, error);
    if (rc < 0)
        return rc;
    struct acr_capi_once *once = acr_alloc_zero(sizeof *once);
    for (size_t i = 0; i < count; i++) {
        if (choose(once, names, definitions[i], &missing)) {
            *ret_once = once;
            *ret_number = i;
            return 0;
        }
        /* The class that has most of them says what is missing. */
        if (missing.data >= last.data)
            last = missing;
    }
    acr_capi_once_free(once);
    return refuse(last, definitions, count, error);
}

void acr_capi_once_free(struct acr_capi_once *once)
{
    if (once == NULL)
        return;
    empty(once);
    acr_free(once);
}

const acr_user_definition *acr_capi_once_definition(const struct acr_capi_once *once)
{
    return &once->definition;
}
