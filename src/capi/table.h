/* SPDX-License-Identifier: MIT */
/*
 * table - rows of texts, read from a file of CSV (RFC 4180) or of lines, or from CSV in memory.
 *
 * All fields lie one behind the other in one piece of memory, each ended by a zero byte; a row is 16 bytes beside that.
 * Nothing changes once it has been read.
 *
 * A byte order mark is dropped, lines end in \n or \r\n, empty ones are no rows. Bytes are not looked at further (so
 * they need not be UTF-8), but for the zero byte, which makes it no text. What a file may not be is said with the
 * number of the line and what to do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <acrida.h>

#include "base/error.h"

struct acr_table {
    char *text;           /* the headings, then the rows; owned */
    struct acr_row *rows; /* owned */
    size_t row_count;
    size_t column_count;
    size_t bytes; /* of memory */
};

struct acr_row {
    const struct acr_table *table;
    size_t offset; /* of its first field */
};

struct acr_table_source { /* borrowed for the call */
    const char *path;     /* NULL: `text` is the CSV */
    const char *text;
    const char *name;     /* of the text, in messages */
    const char *headings; /* as a line of CSV; NULL: they are the first line */
    char separator;
    bool lines; /* each line is a row of one column; there are no headings, and no separators */
};

/* Fills in *ret_table, which must not be moved afterwards. ACR_ERR_SCRIPT for what is wrong with the contents,
 * ACR_ERR_NOT_FOUND, ACR_ERR_SYSTEM, ACR_ERR_OUT_OF_MEMORY. */
ACR_MUST_CHECK int acr_table_read(const struct acr_table_source *source, struct acr_table *ret_table,
                                  struct acr_error *error);

/* A zeroed one is fine. */
void acr_table_done(struct acr_table *table);

/* `column` must be there. */
const char *acr_table_field(const struct acr_row *row, size_t column);

/* The heading of a column that is there. */
const char *acr_table_heading(const struct acr_table *table, size_t column);

/* The number of the column of that heading; column_count when there is none. */
size_t acr_table_find(const struct acr_table *table, const char *heading);
