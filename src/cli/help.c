/* SPDX-License-Identifier: MIT */
/* help - what --help prints, in optparse's layout. */
#include "cli/option_table.h"
#include "cli/options.h"

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

/* "  -c N, --clients=N" */
static void add_names(struct acr_buffer *out, const struct acr_option *option)
{
    for (size_t i = 0; option->names[i] != NULL; i++) {
        bool is_long = option->names[i][1] == '-';
        add(out, i == 0 ? ACR_STR("  ") : ACR_STR(", "));
        add(out, acr_str_of(option->names[i]));
        if (option->metavar != NULL) {
            add(out, is_long ? ACR_STR("=") : ACR_STR(" "));
            add(out, acr_str_of(option->metavar));
        }
    }
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

static void add_option(struct acr_buffer *out, const struct acr_option *option)
{
    size_t start = out->size;
    add_names(out, option);
    size_t used = out->size - start;
    if (used + 2 > COLUMN) {
        add(out, ACR_STR("\n"));
        used = 0;
    }
    add_spaces(out, COLUMN - used);
    add_wrapped(out, option->help);
}

void acr_options_usage(const char *program, struct acr_buffer *out)
{
    add(out, ACR_STR("Usage: "));
    add(out, acr_str_of(program));
    add(out, ACR_STR(" [options] [LocustClass [LocustClass2 ... ]]\n"));
}

void acr_options_help(const char *program, struct acr_buffer *out)
{
    acr_options_usage(program, out);
    add(out, ACR_STR("\nOptions:\n"));
    for (const struct acr_option *option = acr_option_table(); option->names[0] != NULL; option++)
        if (option->help != NULL)
            add_option(out, option);
    add(out, ACR_STR("\n"));
    add(out, acr_str_of(program));
    add(out, ACR_STR(" target --help tells about the built-in HTTP server to practise on.\n"));
}
