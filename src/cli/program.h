/* SPDX-License-Identifier: MIT */
/*
 * program - what the program does, from its command line to its exit code. It is part of the library, so that programs
 * with a main of their own do the same.
 */
#pragma once

/* Tells on standard error what is wrong. SIGPIPE must be ignored: a peer that closes early is an error code, not the
 * end. */
int acr_program_run(int argc, char **argv);
