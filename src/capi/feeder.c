/* SPDX-License-Identifier: MIT */
/* feeder - hands the rows of a table out to users, in the feeder's order. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "capi/blocking.h"
#include "capi/internal.h"
#include "capi/registry.h"
#include "capi/table.h"

#define LOGGER "locust.runners"

/* Who has a row of ACR_RECYCLED. */
struct hold {
    struct acr_list link; /* among the feeder's free rows, or its user's */
    acr_user *user;       /* NULL: it is free */
};

struct acr_capi_feeder {
    struct acr_table table; /* rows know it by its address */
    acr_feeder *definition;
    size_t next;                                      /* ACR_CYCLIC, ACR_ONCE */
    struct hold *holds;                               /* of each row; NULL unless ACR_RECYCLED */
    struct acr_list free;                             /* the one given back longest ago first */
    struct acr_list queue;                            /* users that wait for a row */
    bool told_of_end, told_of_wait, told_of_stranger; /* in the log */
    atomic_bool told_of_column;                       /* the same; also by work that blocks, on its thread */
};

static struct acr_capi_feeder *feeder_of(const acr_row *row)
{
    return ACR_CONTAINER_OF(row->table, struct acr_capi_feeder, table);
}

/* ---- rows that go from hand to hand */

static void hold_for(acr_user *user, struct hold *hold)
{
    hold->user = user;
    acr_list_append(&user->rows, &hold->link);
}

/* To the user that has waited longest, if any does. */
static void pass_on(struct acr_capi_feeder *feeder, struct hold *hold)
{
    acr_list_remove(&hold->link);
    struct acr_list *first = acr_list_take_first(&feeder->queue);
    if (first == NULL) {
        hold->user = NULL;
        acr_list_append(&feeder->free, &hold->link);
        return;
    }
    acr_user *user = ACR_LIST_ENTRY(first, acr_user, queued);
    user->row = &feeder->table.rows[hold - feeder->holds];
    hold_for(user, hold);
    acr_fiber_wake(user->fiber);
}

static struct acr_capi_feeder *feeder_of_hold(struct acr_capi *capi, const struct hold *hold)
{
    struct acr_capi_feeder *feeder = capi->feeders;
    while (feeder->holds == NULL || hold < feeder->holds || hold >= feeder->holds + feeder->table.row_count)
        feeder++;
    return feeder;
}

void acr_capi_rows_end(acr_user *user)
{
    while (!acr_list_empty(&user->rows)) {
        struct hold *hold = ACR_LIST_ENTRY(user->rows.next, struct hold, link);
        pass_on(feeder_of_hold(user->capi, hold), hold);
    }
}

static const acr_row *wait_for_row(acr_user *user, struct acr_capi_feeder *feeder)
{
    int rc = 0;
    if (!feeder->told_of_wait)
        acr_log(ACR_LOG_WARNING, LOGGER,
                "%s: all %zu rows are in use, users wait for one to be given back (acr_give_back())",
                feeder->definition->name, feeder->table.row_count);
    feeder->told_of_wait = true;
    user->row = NULL;
    acr_list_append(&feeder->queue, &user->queued);
    while (rc == 0 && acr_list_linked(&user->queued))
        rc = acr_fiber_wait(user->fiber);
    acr_list_remove(&user->queued);
    if (acr_capi_may_go_on(user, rc))
        return user->row;
    acr_give_back(user, user->row);
    return NULL;
}

static const acr_row *next_free(acr_user *user, struct acr_capi_feeder *feeder)
{
    struct acr_list *first = acr_list_take_first(&feeder->free);
    if (first == NULL && user->told) { /* in its on_stop: nobody would end the wait */
        acr_capi_may_go_on(user, acr_fiber_sleep_until(user->fiber, 0));
        return NULL;
    }
    if (first == NULL)
        return wait_for_row(user, feeder);
    struct hold *hold = ACR_LIST_ENTRY(first, struct hold, link);
    hold_for(user, hold);
    return &feeder->table.rows[hold - feeder->holds];
}

void acr_give_back(acr_user *user, const acr_row *row)
{
    if (row == NULL || feeder_of(row)->holds == NULL || acr_capi_refuse_in_work("acr_give_back()"))
        return;
    struct acr_capi_feeder *feeder = feeder_of(row);
    struct hold *hold = &feeder->holds[row - feeder->table.rows];
    if (hold->user == user) {
        pass_on(feeder, hold);
    } else if (!feeder->told_of_stranger) {
        feeder->told_of_stranger = true;
        acr_log(ACR_LOG_ERROR, LOGGER, "%s: user %llu gave a row back that it does not have", feeder->definition->name,
                (unsigned long long)acr_user_number(user));
    }
}

/* ---- rows that stay where they are */

static const acr_row *next_once(struct acr_capi_feeder *feeder)
{
    if (feeder->next < feeder->table.row_count)
        return &feeder->table.rows[feeder->next++];
    if (!feeder->told_of_end)
        acr_log(ACR_LOG_INFO, LOGGER, "%s: all %zu rows have been used", feeder->definition->name,
                feeder->table.row_count);
    feeder->told_of_end = true;
    return NULL;
}

static const acr_row *next_in_turn(struct acr_capi_feeder *feeder)
{
    const acr_row *row = &feeder->table.rows[feeder->next++];
    if (feeder->next == feeder->table.row_count)
        feeder->next = 0;
    return row;
}

const acr_row *acr_next_row(acr_user *user, const acr_feeder *definition)
{
    struct acr_capi_feeder *feeder = definition->rows_;
    if (feeder == NULL) {
        acr_log_error(user, "acr_next_row(): this feeder was not made by ACR_FEEDER at file level");
        acr_stop_user(user);
    }
    if (feeder == NULL || !acr_capi_may_wait(user))
        return NULL;
    switch (definition->order) {
    case ACR_ONCE:
        return next_once(feeder);
    case ACR_RECYCLED:
        return next_free(user, feeder);
    case ACR_RANDOM:
        return &feeder->table.rows[acr_random_below(&user->random, feeder->table.row_count)];
    case ACR_CYCLIC:
        break;
    }
    return next_in_turn(feeder);
}

/* ---- fields */

static void append_headings(const struct acr_table *table, struct acr_buffer *out)
{
    for (size_t i = 0; i < table->column_count; i++) {
        int rc = acr_buffer_append_format(out, "%s\"%s\"", i == 0 ? "" : ", ", acr_table_heading(table, i));
        (void)rc; /* without a limit there is no failure */
    }
}

static void tell_of_column(struct acr_capi_feeder *feeder, const char *wanted)
{
    struct acr_buffer headings = {0};
    if (atomic_exchange(&feeder->told_of_column, true))
        return;
    append_headings(&feeder->table, &headings);
    acr_log(ACR_LOG_ERROR, LOGGER, "%s has no column %s; it has %.*s", feeder->definition->name, wanted,
            ACR_STR_ARGS(acr_buffer_str(&headings)));
    acr_buffer_done(&headings);
}

const char *acr_column(const acr_row *row, size_t number)
{
    char wanted[32];
    if (row == NULL)
        return NULL;
    if (number < row->table->column_count)
        return acr_table_field(row, number);
    snprintf(wanted, sizeof wanted, "%zu", number);
    tell_of_column(feeder_of(row), wanted);
    return NULL;
}

const char *acr_field(const acr_row *row, const char *heading)
{
    if (row == NULL)
        return NULL;
    size_t column = acr_table_find(row->table, heading);
    if (column < row->table->column_count)
        return acr_table_field(row, column);
    tell_of_column(feeder_of(row), heading);
    return NULL;
}

/* ---- reading */

static int refuse(const acr_feeder *definition, const char *what, struct acr_error *error)
{
    return acr_error_set(error, ACR_ERR_SCRIPT, "feeder %s: %s", definition->name, what);
}

static int check(const acr_feeder *definition, struct acr_error *error)
{
    int sources = (definition->csv != NULL) + (definition->lines != NULL) + (definition->text != NULL);
    if (sources != 1)
        return refuse(definition, "give it one of .csv, .lines and .text", error);
    if (definition->lines != NULL && (definition->headings != NULL || definition->separator != '\0'))
        return refuse(definition, ".headings and .separator are for CSV, lines have one column", error);
    if (definition->separator == '"' || definition->separator == '\r' || definition->separator == '\n')
        return refuse(definition, ".separator must not be a quote or the end of a line", error);
    if ((unsigned)definition->order > ACR_RANDOM)
        return refuse(definition, ".order must be ACR_CYCLIC, ACR_ONCE, ACR_RECYCLED or ACR_RANDOM", error);
    return 0;
}

/* Free with acr_free(); NULL for CSV in the source. */
static char *path_of(const struct acr_registered_feeder *registered)
{
    const acr_feeder *definition = registered->definition;
    const char *path = definition->csv != NULL ? definition->csv : definition->lines;
    const char *slash = registered->file != NULL ? strrchr(registered->file, '/') : NULL;
    struct acr_buffer whole = {0};
    if (path == NULL)
        return NULL;
    if (path[0] == '/' || slash == NULL)
        return acr_strdup(path);
    int rc = acr_buffer_append(&whole, registered->file, (size_t)(slash + 1 - registered->file));
    rc = rc < 0 ? rc : acr_buffer_append(&whole, path, strlen(path) + 1);
    (void)rc; /* without a limit there is no failure */
    return whole.data;
}

static int read_table(struct acr_capi_feeder *feeder, const struct acr_registered_feeder *registered,
                      struct acr_error *error)
{
    const acr_feeder *definition = registered->definition;
    struct acr_error why = {0};
    char *path = path_of(registered);
    struct acr_table_source source = {.path = path,
                                      .text = definition->text,
                                      .name = ".text",
                                      .headings = definition->headings,
                                      .separator = definition->separator,
                                      .lines = definition->lines != NULL};
    int rc = acr_table_read(&source, &feeder->table, &why);
    acr_free(path);
    if (rc < 0)
        return acr_error_set(error, rc, "feeder %s: %s", definition->name, why.detail);
    acr_log(ACR_LOG_DEBUG, LOGGER, "feeder %s: %zu rows, %zu bytes", definition->name, feeder->table.row_count,
            feeder->table.bytes);
    return 0;
}

static void make_holds(struct acr_capi_feeder *feeder)
{
    size_t count = feeder->table.row_count;
    feeder->holds = acr_alloc_zero(count * sizeof *feeder->holds);
    for (size_t i = 0; i < count; i++)
        acr_list_append(&feeder->free, &feeder->holds[i].link);
}

static int open_feeder(struct acr_capi_feeder *feeder, const struct acr_registered_feeder *registered,
                       struct acr_error *error)
{
    int rc = check(registered->definition, error);
    if (rc == 0)
        rc = read_table(feeder, registered, error);
    if (rc < 0)
        return rc;
    feeder->definition = registered->definition;
    acr_list_init(&feeder->free);
    acr_list_init(&feeder->queue);
    if (feeder->definition->order == ACR_RECYCLED)
        make_holds(feeder);
    feeder->definition->rows_ = feeder;
    return 0;
}

int acr_capi_feeders_open(struct acr_capi *capi, struct acr_error *error)
{
    const struct acr_registered_feeder *registered = acr_registry()->feeders;
    size_t count = acr_registry()->feeder_count;
    int rc = 0;
    capi->feeders = acr_alloc_zero(count * sizeof *capi->feeders);
    for (; rc == 0 && capi->feeder_count < count; capi->feeder_count += rc == 0)
        rc = open_feeder(&capi->feeders[capi->feeder_count], &registered[capi->feeder_count], error);
    return rc;
}

void acr_capi_feeders_close(struct acr_capi *capi)
{
    for (size_t i = 0; i < capi->feeder_count; i++) {
        capi->feeders[i].definition->rows_ = NULL;
        acr_free(capi->feeders[i].holds);
        acr_table_done(&capi->feeders[i].table);
    }
    acr_free(capi->feeders);
}
