/* SPDX-License-Identifier: MIT */
/*
 * serve - from received bytes to counted answers.
 */
#pragma once

#include <stddef.h>

struct acr_target_connection;

/* Takes one step with a reading connection's input: a whole request, the head of one whose body is still coming, or a
 * piece of such a body. Returns how many bytes are used up; 0 when the head is not complete. Answers are in target->out
 * or set aside. */
size_t acr_target_serve(struct acr_target_connection *connection, const char *data, size_t size);

/* A held answer leaves: counts it. */
void acr_target_serve_held(struct acr_target_connection *connection);

/* A flow has composed `size` more bytes: counts them. */
void acr_target_serve_flowed(struct acr_target_connection *connection, size_t size);
