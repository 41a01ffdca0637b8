/* SPDX-License-Identifier: MIT */
/*
 * backtrace - the calls that led to a place in the code, in words.
 *
 * With libdw (elfutils) each has its function and source line, where the object was compiled with -g; without it only
 * the innermost one, as an address in its file. Looks at this process's memory and files only, and copes with a stack
 * that is torn; but it takes memory.
 */
#pragma once

#include <stdint.h>
#include <ucontext.h>

#include "base/buffer.h"

struct acr_backtrace_start {
    ucontext_t machine; /* as a signal handler was given it */
    /* What was on the stack then, for one that has been used since: from that address on. None: size 0. */
    uintptr_t stack;
    const char *copy;
    size_t copy_size;
};

/* Appends a newline and a call for each of the innermost ones; this library's own calls around the scenario are left
 * out. Nothing when nothing is known. */
ACR_MUST_CHECK int acr_backtrace(const struct acr_backtrace_start *start, struct acr_buffer *out);
