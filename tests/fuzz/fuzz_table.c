/* SPDX-License-Identifier: MIT */
/*
 * fuzz_table - a byte of options, then a file of CSV or lines: it is refused with a reason, or it becomes rows of as
 * many fields as there are headings, which are the same from memory, and when they are written down and read again.
 */
#include "fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "capi/table.h"

static int read_file(const void *data, size_t size, struct acr_table_source source, struct acr_table *table)
{
    char path[64];
    struct acr_error error = {0};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    source.path = path;
    int rc = acr_table_read(&source, table, &error);
    close(fd);
    assert(rc == 0 || (error.detail[0] != '\0' && table->text == NULL && table->rows == NULL));
    return rc;
}

static void check_table(const struct acr_table *table)
{
    assert(table->row_count > 0 && table->column_count > 0);
    for (size_t i = 0; i < table->row_count; i++)
        assert(table->rows[i].table == table);
    for (size_t i = 0; i < table->column_count; i++)
        assert(acr_table_find(table, acr_table_heading(table, i)) == i);
}

static void check_equal(const struct acr_table *a, const struct acr_table *b)
{
    assert(a->row_count == b->row_count && a->column_count == b->column_count && a->bytes == b->bytes);
    for (size_t column = 0; column < a->column_count; column++)
        assert(strcmp(acr_table_heading(a, column), acr_table_heading(b, column)) == 0);
    for (size_t row = 0; row < a->row_count; row++)
        for (size_t column = 0; column < a->column_count; column++)
            assert(strcmp(acr_table_field(&a->rows[row], column), acr_table_field(&b->rows[row], column)) == 0);
}

static void append(struct acr_buffer *out, const char *bytes, size_t size)
{
    assert(acr_buffer_append(out, bytes, size) == 0);
}

static void append_quoted(struct acr_buffer *out, const char *field, char end)
{
    append(out, "\"", 1);
    for (; *field != '\0'; field++)
        append(out, *field == '"' ? "\"\"" : field, *field == '"' ? 2 : 1);
    append(out, "\"", 1);
    append(out, &end, 1);
}

static void check_written_down(const struct acr_table *table)
{
    struct acr_buffer out = {0};
    struct acr_table again = {0};
    size_t last = table->column_count - 1;
    for (size_t column = 0; column <= last; column++)
        append_quoted(&out, acr_table_heading(table, column), column == last ? '\n' : ',');
    for (size_t row = 0; row < table->row_count; row++)
        for (size_t column = 0; column <= last; column++)
            append_quoted(&out, acr_table_field(&table->rows[row], column), column == last ? '\n' : ',');
    assert(read_file(out.data, out.size, (struct acr_table_source){0}, &again) == 0);
    check_equal(table, &again);
    acr_table_done(&again);
    acr_buffer_done(&out);
}

/* `table`: what came of the file; NULL: it was refused. A zero byte ends a text, so there is no such text. */
static void check_from_memory(const void *data, size_t size, struct acr_table_source source,
                              const struct acr_table *table)
{
    struct acr_table again = {0};
    struct acr_error error = {0};
    if (size == 0 || memchr(data, '\0', size) != NULL)
        return;
    char *text = acr_strndup(data, size);
    source.text = text;
    source.name = ".text";
    int rc = acr_table_read(&source, &again, &error);
    assert((rc == 0) == (table != NULL));
    if (rc == 0)
        check_equal(table, &again);
    acr_table_done(&again);
    acr_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct acr_table table = {0};
    if (size == 0)
        return 0;
    struct acr_table_source source = {.lines = data[0] & 1};
    if (!source.lines) {
        source.separator = data[0] & 2 ? ';' : '\0';
        source.headings = data[0] & 4 ? (data[0] & 2 ? "a;b" : "a,b") : NULL;
    }
    int rc = read_file(data + 1, size - 1, source, &table);
    check_from_memory(data + 1, size - 1, source, rc == 0 ? &table : NULL);
    if (rc == 0) {
        check_table(&table);
        check_written_down(&table);
    }
    acr_table_done(&table);
    return 0;
}
