/* SPDX-License-Identifier: MIT */
/* columns - pads and wraps. */
#include "base/columns.h"

#include <string.h>

/* Where the right column begins, and where lines end. */
#define COLUMN 28
#define WIDTH 100

static void add(struct acr_buffer *out, struct acr_str text)
{
    int rc = acr_buffer_append_str(out, text);
    (void)rc; /* callers give a buffer without a limit */
}

static void add_spaces(struct acr_buffer *out, size_t count)
{
    while (count-- > 0)
        add(out, ACR_STR(" "));
}

static struct acr_str take_word(const char **text)
{
    size_t size = strcspn(*text, " ");
    struct acr_str word = {*text, size};
    *text += size + strspn(*text + size, " ");
    return word;
}

static void add_wrapped(struct acr_buffer *out, const char *text)
{
    size_t column = COLUMN;
    while (*text != '\0') {
        struct acr_str word = take_word(&text);
        if (column > COLUMN && column + 1 + word.size > WIDTH) {
            add(out, ACR_STR("\n"));
            add_spaces(out, COLUMN);
            column = COLUMN;
        } else if (column > COLUMN) {
            add(out, ACR_STR(" "));
            column++;
        }
        add(out, word);
        column += word.size;
    }
    add(out, ACR_STR("\n"));
}

void acr_columns_append(struct acr_buffer *out, struct acr_str names, const char *text)
{
    size_t used = names.size;
    add(out, names);
    if (text[0] != '\0' && used + 2 > COLUMN) {
        add(out, ACR_STR("\n"));
        used = 0;
    }
    if (text[0] != '\0')
        add_spaces(out, COLUMN - used);
    add_wrapped(out, text);
}
