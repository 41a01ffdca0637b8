/* SPDX-License-Identifier: MIT */
/* table - libcsv cuts records into fields; this hands it line by line, so that an error has its line. */
#include "capi/table.h"

#include <csv.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/memory.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
/* By which libcsv's buffer for a field grows. */
#define FIELD_BLOCK 4096
/* The heading of the one column of a file of lines. */
#define LINE_HEADING "line"

struct reader {
    const struct acr_table_source *source;
    struct acr_error *error;
    struct csv_parser parser;
    struct acr_buffer text, rows;
    size_t column_count; /* 0: the headings are to come */
    size_t field_count;  /* of the record that is being read */
    size_t begin;        /* where that begins in `text` */
    size_t line;         /* 0: .headings */
    size_t begin_line;   /* where the record begins */
    bool is_open;        /* it goes on in the next line */
    int rc;              /* of the first thing that went wrong; callbacks cannot stop the parser */
};

/* ---- what is wrong */

static int complain(struct reader *reader, size_t line, const char *what)
{
    const struct acr_table_source *source = reader->source;
    const char *where = source->path != NULL ? source->path : source->name;
    if (line == 0)
        return acr_error_set(reader->error, ACR_ERR_SCRIPT, "%s: .headings: %s", where, what);
    return acr_error_set(reader->error, ACR_ERR_SCRIPT, "%s:%zu: %s", where, line, what);
}

static int complain_of_size(struct reader *reader)
{
    char what[160];
    bool too_many = reader->field_count > reader->column_count;
    snprintf(what, sizeof what, "%zu field%s, but %zu heading%s: %s", reader->field_count,
             reader->field_count == 1 ? "" : "s", reader->column_count, reader->column_count == 1 ? "" : "s",
             too_many ? "put a value with the separator in it in quotes" : "give each a value, if only an empty one");
    return complain(reader, reader->begin_line, what);
}

static int complain_of_quotes(struct reader *reader)
{
    char what[200];
    if (csv_error(&reader->parser) != CSV_EPARSE)
        return acr_error_set(reader->error, ACR_ERR_OUT_OF_MEMORY, "line %zu is too long", reader->line);
    int size =
        snprintf(what, sizeof what, "a quote within a value: put the value in quotes, and each quote in it twice");
    if (reader->begin_line != reader->line)
        snprintf(what + size, sizeof what - (size_t)size, " (its row begins in line %zu)", reader->begin_line);
    return complain(reader, reader->line, what);
}

/* ---- records */

static void fail(struct reader *reader, int rc)
{
    if (reader->rc == 0)
        reader->rc = rc;
}

static const char *next_field(const char *field)
{
    return field + strlen(field) + 1;
}

static int check_headings(struct reader *reader)
{
    char what[160];
    const char *heading = reader->text.data;
    for (size_t i = 0; i < reader->field_count; i++, heading = next_field(heading)) {
        const char *other = reader->text.data;
        while (other != heading && strcmp(other, heading) != 0)
            other = next_field(other);
        if (heading[0] != '\0' && other == heading)
            continue;
        if (heading[0] == '\0')
            snprintf(what, sizeof what, "column %zu has no heading", i + 1);
        else
            snprintf(what, sizeof what, "two columns are called %.100s", heading);
        return complain(reader, reader->begin_line, what);
    }
    return 0;
}

static void on_field(void *field, size_t size, void *context)
{
    struct reader *reader = context;
    if (reader->rc != 0)
        return;
    fail(reader, acr_buffer_append(&reader->text, field, size + 1)); /* CSV_APPEND_NULL */
    reader->field_count++;
}

static void end_record(struct reader *reader)
{
    struct acr_row row = {.offset = reader->begin};
    if (reader->rc != 0)
        return;
    if (reader->column_count == 0) {
        fail(reader, check_headings(reader));
        reader->column_count = reader->field_count;
    } else if (reader->field_count != reader->column_count) {
        fail(reader, complain_of_size(reader));
    } else {
        fail(reader, acr_buffer_append(&reader->rows, &row, sizeof row));
    }
    reader->begin = reader->text.size;
    reader->field_count = 0;
}

static void on_record(int end, void *context)
{
    struct reader *reader = context;
    (void)end;
    reader->is_open = false;
    end_record(reader);
}

/* ---- lines */

static struct acr_str without_end(struct acr_str line)
{
    if (line.size > 0 && line.data[line.size - 1] == '\n')
        line.size--;
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    return line;
}

/* With its end. Records may go over several lines. */
static void take_csv(struct reader *reader, struct acr_str line)
{
    if (!reader->is_open) {
        reader->begin_line = reader->line;
        reader->is_open = without_end(line).size > 0;
    }
    if (csv_parse(&reader->parser, line.data, line.size, on_field, on_record, reader) != line.size)
        fail(reader, complain_of_quotes(reader));
}

static void take_plain(struct reader *reader, struct acr_str line)
{
    line = without_end(line);
    if (line.size == 0)
        return;
    fail(reader, acr_buffer_append_str(&reader->text, line));
    fail(reader, acr_buffer_append(&reader->text, "", 1));
    reader->field_count = 1;
    end_record(reader);
}

static void take_line(struct reader *reader, struct acr_str line)
{
    reader->line++;
    if (reader->line == 1 && acr_str_starts_nocase(line, ACR_STR(BYTE_ORDER_MARK)))
        line = (struct acr_str){line.data + 3, line.size - 3};
    if (memchr(line.data, '\0', line.size) != NULL)
        fail(reader, complain(reader, reader->line, "a zero byte: this is no text, or it is UTF-16; save it as UTF-8"));
    else if (reader->source->lines)
        take_plain(reader, line);
    else
        take_csv(reader, line);
}

static int read_memory(struct reader *reader)
{
    struct acr_str rest = acr_str_of(reader->source->text);
    while (reader->rc == 0 && rest.size > 0) {
        ptrdiff_t end = acr_str_find_char(rest, '\n');
        size_t size = end < 0 ? rest.size : (size_t)end + 1;
        take_line(reader, (struct acr_str){rest.data, size});
        rest = (struct acr_str){rest.data + size, rest.size - size};
    }
    return reader->rc;
}

/* No field takes more memory than it does in the file, with its separator. */
static int reserve(struct reader *reader, FILE *file)
{
    struct stat info;
    if (fstat(fileno(file), &info) < 0 || !S_ISREG(info.st_mode))
        return 0;
    return acr_buffer_reserve(&reader->text, (size_t)info.st_size + 1);
}

static int read_lines(struct reader *reader, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    errno = 0;
    while (reader->rc == 0 && (size = getline(&line, &capacity, file)) >= 0)
        take_line(reader, (struct acr_str){line, (size_t)size});
    int system = errno;
    free(line);
    if (reader->rc != 0 || feof(file))
        return reader->rc;
    return acr_error_set_system(reader->error, ACR_ERR_SYSTEM, system, "%s", reader->source->path);
}

static int read_file(struct reader *reader)
{
    const char *path = reader->source->path;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return acr_error_set_system(reader->error, errno == ENOENT ? ACR_ERR_NOT_FOUND : ACR_ERR_SYSTEM, errno, "%s",
                                    path);
    int rc = reserve(reader, file);
    if (rc == 0)
        rc = read_lines(reader, file);
    fclose(file);
    return rc;
}

/* ---- all of it */

/* RFC 4180: "Spaces are considered part of a field and should not be ignored." */
static int is_space(unsigned char byte)
{
    (void)byte;
    return 0;
}

static int open_parser(struct reader *reader)
{
    struct csv_parser *parser = &reader->parser;
    if (csv_init(parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
        return ACR_ERR_OUT_OF_MEMORY;
    csv_set_space_func(parser, is_space);
    csv_set_blk_size(parser, FIELD_BLOCK);
    if (reader->source->separator != '\0')
        csv_set_delim(parser, (unsigned char)reader->source->separator);
    return 0;
}

static int take_headings(struct reader *reader)
{
    const char *headings = reader->source->lines ? LINE_HEADING : reader->source->headings;
    if (headings == NULL)
        return 0;
    take_csv(reader, acr_str_of(headings));
    take_csv(reader, ACR_STR("\n"));
    if (reader->rc == 0 && (reader->column_count == 0 || reader->rows.size > 0))
        fail(reader, complain(reader, 0, "they are one line of CSV"));
    return reader->rc;
}

static int finish(struct reader *reader)
{
    if (csv_fini(&reader->parser, on_field, on_record, reader) != 0)
        return complain(reader, reader->begin_line, "quotes that are opened in this row are never closed");
    if (reader->rc != 0)
        return reader->rc;
    const char *where = reader->source->path != NULL ? reader->source->path : reader->source->name;
    if (reader->column_count == 0)
        return acr_error_set(reader->error, ACR_ERR_SCRIPT,
                             "%s is empty: it needs a line of headings, and a line for each row", where);
    if (reader->rows.size == 0)
        return acr_error_set(reader->error, ACR_ERR_SCRIPT, "%s has no rows%s", where,
                             reader->source->lines ? "" : ", only headings");
    return 0;
}

/* Gives the memory that is not needed back. */
static void hand_over(struct reader *reader, struct acr_table *table)
{
    size_t text_bytes, row_bytes;
    table->text = acr_buffer_take(&reader->text, &text_bytes);
    table->rows = (struct acr_row *)(void *)acr_buffer_take(&reader->rows, &row_bytes);
    table->text = acr_realloc(table->text, text_bytes);
    table->rows = acr_realloc(table->rows, row_bytes);
    table->row_count = row_bytes / sizeof *table->rows;
    table->column_count = reader->column_count;
    table->bytes = text_bytes + row_bytes;
    for (size_t i = 0; i < table->row_count; i++)
        table->rows[i].table = table;
}

int acr_table_read(const struct acr_table_source *source, struct acr_table *ret_table, struct acr_error *error)
{
    struct reader reader = {.source = source, .error = error};
    int rc = open_parser(&reader);
    if (rc < 0)
        return rc;
    rc = take_headings(&reader);
    if (rc == 0)
        rc = source->path != NULL ? read_file(&reader) : read_memory(&reader);
    if (rc == 0)
        rc = finish(&reader);
    csv_free(&reader.parser);
    if (rc == 0)
        hand_over(&reader, ret_table);
    acr_buffer_done(&reader.text);
    acr_buffer_done(&reader.rows);
    return rc;
}

void acr_table_done(struct acr_table *table)
{
    acr_free(table->text);
    acr_free(table->rows);
    *table = (struct acr_table){0};
}

static const char *field_from(const char *field, size_t column)
{
    for (; column > 0; column--)
        field = next_field(field);
    return field;
}

const char *acr_table_field(const struct acr_row *row, size_t column)
{
    return field_from(row->table->text + row->offset, column);
}

const char *acr_table_heading(const struct acr_table *table, size_t column)
{
    return field_from(table->text, column);
}

size_t acr_table_find(const struct acr_table *table, const char *heading)
{
    const char *other = table->text;
    for (size_t i = 0; i < table->column_count; i++, other = next_field(other))
        if (strcmp(other, heading) == 0)
            return i;
    return table->column_count;
}
