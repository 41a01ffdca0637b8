/* SPDX-License-Identifier: MIT */
/*
 * program - what the program does, from its command line to its exit code. It is part of the library, so that programs
 * with a main of their own do the same.
 */
#pragma once

struct acr_user_definition;

/* Both tell on standard error what is wrong. SIGPIPE must be ignored: a peer that closes early is an error code, not
 * the end. */

/* Runs the locustfile that -f names. */
int acr_program_run(int argc, char **argv);

/* Runs the user classes that are registered in this process, or `only` if it is not NULL; there is no -f. */
int acr_program_run_own(int argc, char **argv, const struct acr_user_definition *only);
