/* SPDX-License-Identifier: MIT */
/*
 * columns - a line of --help: names of an option on the left, what it does on the right, in optparse's layout.
 */
#pragma once

#include "base/buffer.h"

/* Appends the line, wrapped, with its newline. Names that are too long for their column have a line of their own. The
 * buffer must have no limit. */
void acr_columns_append(struct acr_buffer *out, struct acr_str names, const char *text);
