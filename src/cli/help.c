/* SPDX-License-Identifier: MIT */
/* help - what --help prints, in optparse's layout. */
#include "base/columns.h"
#include "cli/option_table.h"
#include "cli/options.h"

static void add(struct acr_buffer *out, struct acr_str text)
{
    int rc = acr_buffer_append_str(out, text);
    (void)rc; /* callers give a buffer without a limit */
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

static void add_option(struct acr_buffer *out, const struct acr_option *option)
{
    struct acr_buffer names = {0};
    add_names(&names, option);
    acr_columns_append(out, acr_buffer_str(&names), option->help);
    acr_buffer_done(&names);
}

void acr_options_usage(const char *program, struct acr_buffer *out)
{
    add(out, ACR_STR("Usage: "));
    add(out, acr_str_of(program));
    add(out, ACR_STR(" [options] [LocustClass [LocustClass2 ... ]]\n"));
}

void acr_options_help(const char *program, bool has_files, struct acr_buffer *out)
{
    acr_options_usage(program, out);
    add(out, ACR_STR("\nOptions:\n"));
    for (const struct acr_option *option = acr_option_table(); option->names[0] != NULL; option++)
        if (option->help != NULL && (has_files || option->kind != ACR_OPTION_FILE))
            add_option(out, option);
    if (!has_files)
        return;
    add(out, ACR_STR("\n"));
    add(out, acr_str_of(program));
    add(out, ACR_STR(" target --help tells about the built-in HTTP server to practise on.\n"));
}
